"""The scenes of the page training."""

from course.live.scene import Scene

SCENES = (
    Scene(
        "Six starts, ten layers",
        "training_race",
        {},
        "Let the class vote before the lines grow: how many of the six learn? Three do: Xavier, He and orthogonal. Two "
        "never leave the grey line, the loss of guessing, and the last one is gone at its first step. All thirty "
        "networks see the same batches.",
    ),
    Scene(
        "Before the first step",
        "training_race",
        {"moment": 0.0},
        "The layers are shown as they were before any training, and the points lie on the dashes of theory. Which of "
        "these networks would you still train? Then move the moment slowly to the right: learning shows first where "
        "points leave the dashes.",
    ),
    Scene(
        "Two layers",
        "training_race",
        {"depth": 2},
        "Does the start matter at all? With two layers all five seeds of five starts learn, and even weights of std 1 "
        "get somewhere. Ask which start will be the first to drop out when the network grows. Then go to depth 3.",
    ),
    Scene(
        "Twenty layers",
        "training_race",
        {"depth": 20},
        "The learning rate and the batches are those of before; the network is twice as deep. Who is left? He alone. "
        "Press New seed a few times: the order stays, but not every seed of He's gets there within the 300 steps.",
    ),
    Scene(
        "The same race with tanh",
        "training_race",
        {"activation": "tanh", "depth": 30},
        "Thirty layers, and three starts learn with all five seeds. Why is ReLU the harder one? Xavier and orthogonal "
        "weights keep tanh's signal. Weights of std 1 do not diverge here: tanh is bounded. They saturate, and end "
        "worse than guessing.",
    ),
    Scene(
        "He's weights times a gain",
        "training_race",
        {"line_up": "He's weights times a gain"},
        "How exact must a start be? Half of He's standard deviation does not learn in ten layers, twice as much "
        "diverges, and 0.7 times still learns with all five seeds. Ask what the room would be with two layers, and "
        "with thirty. Then try it.",
    ),
)
