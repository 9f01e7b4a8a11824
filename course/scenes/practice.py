"""The scenes of the pages on today's practice, 12 to 14."""

from course.scenes.scene import Scene

PRACTICE: tuple[Scene, ...] = (
    Scene(
        "13_whats_wrong",
        "The first patient",
        "bug_hunt",
        {},
        "Read the complaint aloud, then the picture before any menu: is it the signal, the gradient, or both, and "
        "in which layer does it begin? The signal is too large from layer 1 on, and far beyond what layers of this "
        "kind could do by luck. Let the class name lines of code before you open the menu.",
    ),
    Scene(
        "13_whats_wrong",
        "Only in this shape",
        "bug_hunt",
        {"patient": "fan_out"},
        "Which decision of a start cannot be seen when all layers are equally wide? Have the class say what changes "
        "along this network: the width. So what is wrong must follow the width. Mend the line with the fan, and "
        "compare the marks before and after.",
    ),
    Scene(
        "13_whats_wrong",
        "Ten layers were fine",
        "bug_hunt",
        {"patient": "gain_squared"},
        "By which factor does each layer multiply the mean square? Count it off the curve: 2, in every layer, "
        "whatever its width. Ask which mistake gives a factor that does not follow the shape. Then ask why nobody "
        "noticed at ten layers.",
    ),
    Scene(
        "13_whats_wrong",
        "It worked with tanh",
        "bug_hunt",
        {"patient": "gain_of_another"},
        "Here the signal halves in every layer. Ask for the name of this start: it is Xavier's, on ReLU. Why is "
        "layer 1 not marked? Its inputs are data, which nothing has halved yet.",
    ),
    Scene(
        "13_whats_wrong",
        "Nothing to be seen",
        "bug_hunt",
        {"patient": "one_key", "diagnosis": "shown"},
        "Every curve is in its band, and every layer but the first is marked. What can be wrong with a network "
        "whose numbers are all right? Let the class guess before you read the diagnosis: the layers have the same "
        "weights.",
    ),
    Scene(
        "13_whats_wrong",
        "Ill before layer 1",
        "bug_hunt",
        {"patient": "half_precision"},
        "One mark, on layer 1, and no curve behind it. Is it the weights? Try their lines in the menu: all were "
        "right. Ask what else a first layer receives. The largest number of float16 is 65504.",
    ),
    Scene(
        "14_tuning",
        "Twelve tries by hand",
        "search_race",
        {},
        "Hand the two sliders to the class: twelve tries, and nobody sees the map. Let the class vote before each "
        "press on Try this point. After the third, ask for a plan: where do you not look any more? With the last try "
        "the map is uncovered.",
    ),
    Scene(
        "14_tuning",
        "The grid",
        "search_race",
        {"strategy": "grid", "uncovered": True},
        "Four gains, three learning rates. How many learning rates have really been tried? Would that matter if the "
        "gain had no effect? Here it does not lose: the good part of the map is larger than the gaps, and no repeat "
        "fails.",
    ),
    Scene(
        "14_tuning",
        "Random points, out of luck",
        "search_race",
        {"uncovered": True, "repeat": 30},
        "Twelve darts, and none in the good part. How often does that happen, if a fifth of the box is good? Let the "
        "class compute 0.8 to the power 12: it is 7 %. Move to other repeats and count.",
    ),
    Scene(
        "14_tuning",
        "What a model does",
        "search_race",
        {"strategy": "bayesian", "uncovered": True, "repeat": 30},
        "The same repeat, and the same first four tries. Where do the other eight go, and why there? Ask the class to "
        "tell the tries that follow a promise from those that go where nobody has been.",
    ),
    Scene(
        "14_tuning",
        "A power of two?",
        "batch_sizes",
        {},
        "Everybody uses 32, 64, 128. Let the class vote: are they faster than the points beside them? Better? Then "
        "read the ratios below the picture. What does matter, and why do small batches win here?",
    ),
    Scene(
        "14_tuning",
        "As many steps",
        "batch_sizes",
        {"after": "steps"},
        "Now all sizes take 100 steps, and large batches see more examples. The order has turned round. Which of the "
        "two comparisons is fair? Ask what else could be held equal.",
    ),
    Scene(
        "14_tuning",
        "A rate for each batch",
        "batch_sizes",
        {"rates": "proportional"},
        "As many examples for all, and a learning rate in proportion to the batch. What is left of the difference? "
        "Nothing that the seeds would not make alone: half as many steps, each twice as long. Where must this rule "
        "end?",
    ),
)
