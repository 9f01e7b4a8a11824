"""The scenes of the pages on training, 09 to 11."""

from course.scenes.scene import Scene

LEARNING: tuple[Scene, ...] = (
    Scene(
        "09_training",
        "Six starts, ten layers",
        "training_race",
        {},
        "Let the class vote before the lines grow: how many of the six learn? Three do: Xavier, He and orthogonal. Two "
        "never leave the grey line, the loss of guessing, and the last one is gone at its first step. All thirty "
        "networks see the same batches.",
    ),
    Scene(
        "09_training",
        "Before the first step",
        "training_race",
        {"moment": 0.0},
        "The layers are shown as they were before any training, and the points lie on the dashes of theory. Which of "
        "these networks would you still train? Then move the moment slowly to the right: learning shows first where "
        "points leave the dashes.",
    ),
    Scene(
        "09_training",
        "Two layers",
        "training_race",
        {"depth": 2},
        "Does the start matter at all? With two layers all five seeds of five starts learn, and even weights of std 1 "
        "get somewhere. Ask which start will be the first to drop out when the network grows. Then go to depth 3.",
    ),
    Scene(
        "09_training",
        "Twenty layers",
        "training_race",
        {"depth": 20},
        "The learning rate and the batches are those of before; the network is twice as deep. Who is left? He alone. "
        "Press New seed a few times: the order stays, but not every seed of He's gets there within the 300 steps.",
    ),
    Scene(
        "09_training",
        "The same race with tanh",
        "training_race",
        {"activation": "tanh", "depth": 30},
        "Thirty layers, and three starts learn with all five seeds. Why is ReLU the harder one? Xavier and orthogonal "
        "weights keep tanh's signal. Weights of std 1 do not diverge here: tanh is bounded. They saturate, and end "
        "worse than guessing.",
    ),
    Scene(
        "09_training",
        "He's weights times a gain",
        "training_race",
        {"line_up": "He's weights times a gain"},
        "How exact must a start be? Half of He's standard deviation does not learn in ten layers, twice as much "
        "diverges, and 0.7 times still learns with all five seeds. Ask what the room would be with two layers, and "
        "with thirty. Then try it.",
    ),
    Scene(
        "10_the_papers",
        "Sigmoid: who gives up?",
        "layers_in_training",
        {"experiment": "Glorot and Bengio 2010: sigmoid, 4 hidden layers"},
        "Let the class vote before the lines grow: which hidden layer leaves the middle of the sigmoid first? It is "
        "the last: it sinks, and its bars get shorter. The start on the right does the same: the sigmoid is "
        "to blame, and not the scale of the weights.",
    ),
    Scene(
        "10_the_papers",
        "What the networks see",
        "shapeset_samples",
        {},
        "The images that Glorot and Bengio's networks look at, drawn without end. What has to be told apart, whatever "
        "the size, the place and the grey? Ask which two of the nine classes the class itself would confuse, then "
        "press New seed.",
    ),
    Scene(
        "10_the_papers",
        "Tanh: who saturates first?",
        "layers_in_training",
        {},
        "Look at the lower row. The first layer saturates, the second begins to, the others do not. Ask why it is the "
        "first: what does it receive that the others do not? Then point to the right: both starts make the same error "
        "in this short run, where the paper's table has them far apart.",
    ),
    Scene(
        "10_the_papers",
        "Gradients before training",
        "layers_in_training",
        {"lower": "gradients ∂C/∂z"},
        "Only the left edge of the lower row counts here, before the first step. How far apart are the lines of the "
        "five layers? For the standard start more than a factor of ten, for the normalized one about three. Then let "
        "it run, and watch how training itself brings them together.",
    ),
    Scene(
        "10_the_papers",
        "ReLU with 30 layers",
        "layers_in_training",
        {"experiment": "He et al. 2015: ReLU, 30 layers"},
        "Choose the experiment with eight layers fewer first: both starts get under way, He's much sooner. Now has "
        "Xavier's start stalled for good, or is it only slow? Most seeds stay at the grey line, the loss of guessing, "
        "and a few begin to leave it at the end.",
    ),
    Scene(
        "10_the_papers",
        "A hundred layers",
        "layers_in_training",
        {"experiment": "Klambauer et al. 2017: SELU and ReLU, 100 layers"},
        "Both starts keep the size of the signal through all layers. Why does one of them learn and the other hardly "
        "at all? Remind the class of two inputs that become one on the way through ReLU layers. Each start has the "
        "learning rate that suits it best.",
    ),
    Scene(
        "10_the_papers",
        "Time and depth",
        "learning_time",
        {},
        "Linear networks, and yet depth matters. What will the two lines do to the right? Orthogonal networks need no "
        "longer when they get deeper, Gaussian ones do, and the deepest are not there when the run ends. A triangle "
        "on the upper edge means: not within these steps.",
    ),
    Scene(
        "11_start_or_learning_rate",
        "Plain and normalized",
        "loss_map",
        {},
        "Let the class vote first: for how many of the 13 gains does some learning rate learn? On the left it is 5, "
        "those within a factor of 2 of He's; on the right nearly all. Let them watch the islands rise. Which way do "
        "the dots go from left to right, and why do they fall on one side and climb on the other?",
    ),
    Scene(
        "11_start_or_learning_rate",
        "Before the first step",
        "loss_map",
        {"moment": 0.0},
        "No learning rate has been used yet, so each column has one colour. Left of the dashed line the answers are "
        "nearly 0 and the loss is that of guessing; a plain network of large gain answers in the hundred thousands. "
        "Move the moment to the right: which part of the map learns first?",
    ),
    Scene(
        "11_start_or_learning_rate",
        "Momentum and Adam",
        "loss_map",
        {"left_optimizer": "momentum", "right_optimizer": "adam", "right_network": "plain"},
        "Two plain networks. Momentum only moves the island of SGD, to rates about ten times smaller. Adam divides "
        "the gradient's size away, so all small gains learn, down to 1/8. Why not the large ones? The first step has "
        "been mended, the signal has not: at gain 4 the answers are 4096 times too large.",
    ),
    Scene(
        "11_start_or_learning_rate",
        "A way past each layer",
        "loss_map",
        {"right_network": "residual"},
        "With a small gain a residual network is nearly one of two layers, and two layers learn. Where is its best "
        "gain? At 0.5, below He's: each layer adds to the signal, and so it grows. Ask what will become of both "
        "islands when the network gets deeper.",
    ),
    Scene(
        "11_start_or_learning_rate",
        "Twenty layers",
        "loss_map",
        {"depth": 20, "size": "coarse", "right_network": "residual"},
        "A coarser map of deeper networks. Let the class guess what is left of either island. On the left no point "
        "learns in 200 steps, and He's gain comes nearest, at theory's dashed line. On the right the small gains learn "
        "as before, and from gain 1 on all points diverge. This is why deep residual networks start with small "
        "weights, or normalize.",
    ),
    Scene(
        "11_start_or_learning_rate",
        "Which normalization?",
        "loss_map",
        {"depth": 20, "size": "coarse", "left_network": "layer normalization", "right_network": "batch normalization"},
        "Both keep the size of the signal at every gain. Why does only one map have an island? Two examples become one "
        "on their way up. Layer normalization treats each alone; batch normalization takes away what the batch has in "
        "common. A signal that is kept is not enough.",
    ),
)
