"""The scenes of the page he."""

from course.live.scene import Scene

_HE = {"scheme": "he_normal", "activation": "relu"}

SCENES = (
    Scene(
        "He initialization, ReLU",
        "signal_propagation",
        _HE,
        "The weights give back the half that ReLU takes, so the dashes are level. The points leave them after layer "
        "35, and layer 50 carries less than a tenth of the input. Is the rule wrong, or was this network unlucky? "
        "Collect votes, and keep them for the hundred networks.",
        slides={"gain": (0.5, 0.7, 0.8, 0.9, 0.95, 1.0, 1.05, 1.1, 1.2, 1.4, 1.7, 2.0)},
    ),
    Scene(
        "Xavier's weights, then He's",
        "signal_propagation",
        {**_HE, "pinned": {**_HE, "scheme": "glorot_normal"}},
        "Xavier initialization is pinned: half of the mean square is lost at every layer, and by theory 8.9e-16 is "
        "left after 50. What must be done to the variance? Double it, which is He initialization; a gain of 1.41 on "
        "Xavier's comes close. Somebody halves Xavier's bound instead. What would that do?",
    ),
    Scene(
        "He initialization, tanh",
        "signal_propagation",
        {"scheme": "he_normal", "pinned": {"scheme": "glorot_uniform"}},
        "He initialization on tanh; Xavier initialization is pinned. Which is better? Forward He's: theory 0.31 at "
        "layer 50, against 0.01. On the backward pass the gradient's variance grows, far from the input by a factor of "
        "1.106 a layer, and reaches 59 times in theory, while Xavier's shrinks to 0.015. Each has its error. What will "
        "it be after 100 layers?",
    ),
    Scene(
        "Another seed",
        "signal_propagation",
        {**_HE, "seed": 1, "pinned": {**_HE, "seed": 0}},
        "The same rule, the same digits, the next seed; seed 0 is pinned. The theory does not know the seed, so its "
        "line is level for both. At layer 50 the two signals are more than ten times apart, one above the line, one "
        "below. Which of them is the typical one?",
    ),
    Scene(
        "A hundred networks",
        "signal_propagation",
        {**_HE, "networks": 100, "pinned": {**_HE, "networks": 1}},
        "Now the votes: the first network is pinned, beside the median of 100 and a band that leaves out a tenth on "
        "either side. At layer 50 it lies below the band, so it was unlucky. Is the typical one on the theory's line? "
        "No, the median is below as well: theory's 1 is the mean over all networks, and a few large ones hold it up.",
    ),
    Scene(
        "Narrower layers",
        "many_draws",
        {},
        "Each thin line is a network of 50 layers, 32 units wide. How many keep what the mean promises, 1? Ten of "
        "the 100 keep that or more; half keep less than 0.016, one in ten less than 5.2e-04. What counts is depth over "
        "width: a network ten times as wide may be ten times as deep.",
        slides={"depth": (1, 2, 5, *range(10, 101, 10))},
    ),
    Scene(
        "Narrow and deep",
        "many_draws",
        {"width": 16, "depth": 100},
        "100 layers of 16 units. Theory's mean is still 1. How likely are you to get it? One network of the 100 "
        "does; half keep less than 2.3e-08, and that one makes nearly all of the measured mean. He initialization is "
        "right on average, and the average is not what you draw.",
    ),
)
