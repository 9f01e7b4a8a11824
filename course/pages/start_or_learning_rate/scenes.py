"""The scenes of the page start_or_learning_rate."""

from course.live.scene import Scene

SCENES = (
    Scene(
        "Plain and normalized",
        "loss_map",
        {},
        "Let the class vote first: for how many of the 13 gains does some learning rate learn? On the left it is 5, "
        "those within a factor of 2 of He initialization; on the right nearly all. Let them watch the islands appear. "
        "Which way do the dots go from left to right, and why do they fall on one side and climb on the other?",
    ),
    Scene(
        "Before the first step",
        "loss_map",
        {"moment": 0.0},
        "No learning rate has been used yet, so each column has one colour. Left of the dashed line the plain "
        "network's outputs are nearly 0 and its loss is that of guessing; at the largest gain its loss is in the "
        "hundred thousands. Move the moment to the right: which part of the map learns first?",
    ),
    Scene(
        "Momentum and Adam",
        "loss_map",
        {"left_optimizer": "momentum", "right_optimizer": "adam", "right_network": "plain"},
        "Two plain networks. Momentum only moves the island of SGD, to rates about ten times smaller. Adam divides "
        "by the gradient's size, so all small gains learn, down to 1/8. Why not the large ones? Adam repairs the "
        "first step and not the signal: at gain 4 the outputs are 4096 times too large.",
    ),
    Scene(
        "A way past each layer",
        "loss_map",
        {"right_network": "residual"},
        "With a small gain a residual network is nearly one of two layers, and two layers learn. Where is its best "
        "gain? At 0.5, below He initialization: each layer adds to the signal, and so it grows. Ask what will become "
        "of both islands when the network gets deeper.",
    ),
    Scene(
        "Twenty layers",
        "loss_map",
        {"depth": 20, "size": "coarse", "right_network": "residual"},
        "A coarser map of deeper networks. Let the class guess what is left of either island. On the left no point "
        "learns in 200 steps, and gain 1 comes nearest, at theory's dashed line. On the right the small gains learn "
        "as before, and from gain 1 on all points diverge. This is why deep residual networks begin with small "
        "weights, or normalize.",
    ),
    Scene(
        "Which normalization?",
        "loss_map",
        {"depth": 20, "size": "coarse", "left_network": "layer normalization", "right_network": "batch normalization"},
        "Both keep the size of the signal at every gain. Why does only one map have an island? In a deep network two "
        "examples become nearly one. Layer normalization treats each alone; batch normalization subtracts what the "
        "batch has in common. It is not enough to keep the size of a signal.",
    ),
)
