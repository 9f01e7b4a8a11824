"""The scenes of the pages on today's practice, 12 to 14."""

from course.scenes.scene import Scene

PRACTICE: tuple[Scene, ...] = (
    Scene(
        "12_todays_networks",
        "Fifty residual blocks",
        "todays_networks",
        {},
        "He's weights in both layers of every branch. Let the class vote before it opens: is the signal kept, does "
        "it grow fifty-fold, or more? Theory says 7.2e+23, three to the fiftieth power. Why three and not two? Ask "
        "which layer of a branch reads a signal that no ReLU has halved.",
    ),
    Scene(
        "12_todays_networks",
        "Branches times 1/√L",
        "todays_networks",
        {"blocks": "1/√L", "pinned": {"blocks": "none"}},
        "The last weights of each branch start 1/√50 as large, and theory's growth is 7.1 in all; the unscaled "
        "network is pinned. What will 100 blocks make of it? Hardly more: 7.2. Move the depth. Many small interests "
        "never pay more than the power of e that is their sum.",
    ),
    Scene(
        "12_todays_networks",
        "Branches that start at zero",
        "todays_networks",
        {"blocks": "zero"},
        "Every block passes on what it received, to the last digit, and the gradient too. Can such a network learn "
        "at all? Ask what the first weights of a branch get, and what the last ones. The first ones wait for one "
        "step. Then switch to Fixup: which panel changes?",
    ),
    Scene(
        "12_todays_networks",
        "Batch norm's own explosion",
        "todays_networks",
        {"blocks": "plain", "normalization": "batch"},
        "Move the gain: the signal does not care. Now look back. By theory a block multiplies the gradient's "
        "variance by 1.467, and all of them by 1.4e+08. No choice of weights helps. Ask what would: first layer "
        "normalization, then residual blocks.",
    ),
    Scene(
        "12_todays_networks",
        "What a border costs",
        "todays_networks",
        {
            "layer": "convolution, zeros",
            "blocks": "plain",
            "pinned": {"layer": "convolution, circular", "blocks": "plain"},
        },
        "The pinned convolutions wrap round the image; these see zeros beyond its border. He's weights are the "
        "same. Where does the signal go? Theory leaves 0.015 of it. Ask why this hardly ever troubles anybody: real "
        "images are larger than 8 by 8, and lose far less a layer.",
    ),
    Scene(
        "12_todays_networks",
        "Nothing was said",
        "framework_defaults",
        {},
        "One network, ten layers of ReLU, and three ways to begin when nobody chose one. Let the class guess which "
        "points belong to their own framework. By theory Flax and Keras leave 9.8e-04 of the mean square, PyTorch "
        "1.7e-08. What has saved everybody who never noticed?",
    ),
    Scene(
        "12_todays_networks",
        "Gradients in float16",
        "half_precision",
        {},
        "Xavier on ReLU is a start that shrinks, and half precision has less room for it. Which way is the right "
        "panel read? From layer 30 back. Below 6.1e-05 digits are lost, and at layer 1 about 4 % of the gradients "
        "are 0. Ask what a factor on the cost would do. Then raise the loss scale.",
    ),
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
