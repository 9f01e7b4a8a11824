"""The scenes of the page tuning."""

from course.live.scene import Scene

SCENES = (
    Scene(
        "Twelve tries by hand",
        "search_race",
        {},
        "Hand the two sliders to the class: twelve tries, and nobody sees the map. Let the class vote before each "
        "press on Try this point. After the third, ask for a plan: where is it no use to look? With the last try the "
        "map is uncovered.",
    ),
    Scene(
        "The grid",
        "search_race",
        {"strategy": "grid", "uncovered": True},
        "Four gains, three learning rates. How many different learning rates has it tried? Would that matter if the "
        "gain had no effect? Here the grid does not lose: the good part of the map is larger than its gaps, and no "
        "repeat fails.",
    ),
    Scene(
        "Random points that all miss",
        "search_race",
        {"uncovered": True, "repeat": 30},
        "Twelve darts, and none in the good part. How often does that happen, if a fifth of the box is good? Let the "
        "class compute 0.8 to the power 12: it is 7 %. Move to other repeats and count.",
    ),
    Scene(
        "What a model does",
        "search_race",
        {"strategy": "bayesian", "uncovered": True, "repeat": 30},
        "The same repeat, and the same first four tries. Where do the other eight go, and why there? Ask the class to "
        "tell the tries that follow a good mean from those that go where nothing is known.",
    ),
    Scene(
        "A power of two?",
        "batch_sizes",
        {},
        "Everybody uses 32, 64, 128. Let the class vote: are they faster than the points beside them? Better? Then "
        "read the ratios below the picture. What does matter, and why do small batches win here?",
    ),
    Scene(
        "As many steps",
        "batch_sizes",
        {"after": "steps"},
        "Now all sizes take 100 steps, and large batches see more examples. The order is reversed. Which of the "
        "two comparisons is fair? Ask what else could be held equal.",
    ),
    Scene(
        "A rate for each batch",
        "batch_sizes",
        {"rates": "proportional"},
        "As many examples for all, and a learning rate in proportion to the batch. What is left of the difference? "
        "No more than two seeds differ: half as many steps, each twice as long. Where must this rule "
        "end?",
    ),
)
