"""The scenes of the page training."""

from course.live.scene import Scene

SCENES = (
    Scene(
        "Six initializations",
        "training_race",
        {},
        "Let the class vote before the lines grow: how many of the six learn? Three do: Xavier and He initialization, "
        "and orthogonal weights. Two never leave the grey line, the loss of guessing, and the last one is destroyed by "
        "its first step. All thirty networks see the same batches. The layers on the right are those before training.",
    ),
    Scene(
        "After 300 steps",
        "training_race",
        {"moment": 1.0},
        "The same race, and the layers on the right are shown as they are at its end. Move the moment from 0 "
        "slowly to the right: before training all points lie on the dashes of theory. Ask whose points leave them, and "
        "whose never do. What has the loss to do with it?",
        slides={"moment": tuple(step / 10 for step in range(11))},
    ),
    Scene(
        "Two layers",
        "training_race",
        {"depth": 2},
        "Does the initialization matter at all? With two layers all five seeds of five initializations learn, and even "
        "weights of std 1 get somewhere. Ask which of them will drop out first when the network gets deeper. Then go "
        "to depth 3.",
    ),
    Scene(
        "Twenty layers",
        "training_race",
        {"depth": 20},
        "The learning rate and the batches are those of before; the network is twice as deep. Which one is left? He "
        "initialization alone. Press New seed a few times: the order stays, but not every seed learns within the 300 "
        "steps.",
    ),
    Scene(
        "The same race with tanh",
        "training_race",
        {"activation": "tanh", "depth": 30},
        "Thirty layers, and three initializations learn with all five seeds. Why is ReLU the harder one? Xavier and "
        "orthogonal weights nearly keep tanh's signal. Weights of std 1 do not diverge here: tanh is bounded. They "
        "saturate, and end worse than guessing.",
    ),
    Scene(
        "Half or twice as large",
        "training_race",
        {"line_up": "He initialization times a gain"},
        "How exact must an initialization be? Half of the standard deviation of He initialization does not learn in "
        "ten layers, twice as much diverges, and 0.7 times still learns with all five seeds. Ask how much room there "
        "would be with two layers, and with thirty. Then try it.",
    ),
)
