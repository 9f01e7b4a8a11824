"""The scenes of the page he."""

from course.live.scene import Scene

_HE = {"scheme": "he_normal", "activation": "relu"}

SCENES = (
    Scene(
        "He on ReLU",
        "signal_propagation",
        _HE,
        "He's weights give back the half that ReLU takes, so the dashes are level. The points leave them after layer "
        "35, and layer 50 carries less than a tenth of the input. Is the rule wrong, or was the draw unlucky? Collect "
        "votes, and keep them for the hundred draws.",
    ),
    Scene(
        "Xavier, then He",
        "signal_propagation",
        {**_HE, "pinned": {**_HE, "scheme": "glorot_normal"}},
        "Xavier's weights are pinned: half of the mean square goes at every layer, and by theory 8.9e-16 is left after "
        "50. What must be done to the variance? Double it, for He; a gain of 1.41 on Xavier comes close. A widely read "
        "blog halves Xavier's bound instead. What would that do?",
    ),
    Scene(
        "He on tanh",
        "signal_propagation",
        {"scheme": "he_normal", "pinned": {"scheme": "glorot_uniform"}},
        "He's weights on tanh; Xavier's are pinned. Who wins? Forward He: theory 0.31 at layer 50, against 0.01. On "
        "the way back the gradient's variance grows, far from the input by a factor of 1.106 a layer, and reaches 59 "
        "times in theory, while Xavier's shrinks to 0.015. Each has its error. What will it be after 100 layers?",
    ),
    Scene(
        "Another draw",
        "signal_propagation",
        {**_HE, "seed": 1, "pinned": {**_HE, "seed": 0}},
        "The same rule, the same digits, the next seed; seed 0 is pinned. Theory knows no seed, its line is level for "
        "both. At layer 50 the two signals are more than ten times apart, one above the line, one below. Which of "
        "them is the typical one?",
    ),
    Scene(
        "A hundred draws",
        "signal_propagation",
        {**_HE, "networks": 100, "pinned": {**_HE, "networks": 1}},
        "Now the votes: the first network is pinned, beside the median of 100 and a band that leaves out a tenth on "
        "either side. At layer 50 it lies below the band: an unlucky draw. Is the typical one on theory's line? No, "
        "the median is below as well: theory's 1 is the mean over all draws, and a few large ones hold it up.",
    ),
    Scene(
        "Narrower layers",
        "many_draws",
        {},
        "Each thin line is a network of 50 layers, 32 units wide. How many keep what the mean promises, 1? Ten of "
        "the 100 keep that or more; half keep less than 0.016, one in ten less than 5.2e-04. What counts is depth over "
        "width: ten times as wide may be ten times as deep.",
    ),
    Scene(
        "Narrow and deep",
        "many_draws",
        {"width": 16, "depth": 100},
        "100 layers of 16 units. Theory's mean is still 1. Which of you would get it? One network of the 100 "
        "does; half keep less than 2.3e-08, and that one makes nearly all of the measured mean. He's rule is right on "
        "average, and the average is not what you draw.",
    ),
)
