"""The scenes of the page start_or_learning_rate."""

from course.live.scene import Scene

SCENES = (
    Scene(
        "Plain and normalized",
        "loss_map",
        {},
        "Let the class vote first: for how many of the 13 gains does some learning rate learn? On the left it is 5, "
        "those within a factor of 2 of He's; on the right nearly all. Let them watch the islands rise. Which way do "
        "the dots go from left to right, and why do they fall on one side and climb on the other?",
    ),
    Scene(
        "Before the first step",
        "loss_map",
        {"moment": 0.0},
        "No learning rate has been used yet, so each column has one colour. Left of the dashed line the answers are "
        "nearly 0 and the loss is that of guessing; a plain network of large gain answers in the hundred thousands. "
        "Move the moment to the right: which part of the map learns first?",
    ),
    Scene(
        "Momentum and Adam",
        "loss_map",
        {"left_optimizer": "momentum", "right_optimizer": "adam", "right_network": "plain"},
        "Two plain networks. Momentum only moves the island of SGD, to rates about ten times smaller. Adam divides "
        "the gradient's size away, so all small gains learn, down to 1/8. Why not the large ones? The first step has "
        "been mended, the signal has not: at gain 4 the answers are 4096 times too large.",
    ),
    Scene(
        "A way past each layer",
        "loss_map",
        {"right_network": "residual"},
        "With a small gain a residual network is nearly one of two layers, and two layers learn. Where is its best "
        "gain? At 0.5, below He's: each layer adds to the signal, and so it grows. Ask what will become of both "
        "islands when the network gets deeper.",
    ),
    Scene(
        "Twenty layers",
        "loss_map",
        {"depth": 20, "size": "coarse", "right_network": "residual"},
        "A coarser map of deeper networks. Let the class guess what is left of either island. On the left no point "
        "learns in 200 steps, and He's gain comes nearest, at theory's dashed line. On the right the small gains learn "
        "as before, and from gain 1 on all points diverge. This is why deep residual networks start with small "
        "weights, or normalize.",
    ),
    Scene(
        "Which normalization?",
        "loss_map",
        {"depth": 20, "size": "coarse", "left_network": "layer normalization", "right_network": "batch normalization"},
        "Both keep the size of the signal at every gain. Why does only one map have an island? Two examples become one "
        "on their way up. Layer normalization treats each alone; batch normalization takes away what the batch has in "
        "common. A signal that is kept is not enough.",
    ),
)
