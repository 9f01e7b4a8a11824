"""The scenes of the page xavier."""

from course.live.scene import Scene

SCENES = (
    Scene(
        "Two starts, ten layers",
        "two_schemes",
        {"depth": 10},
        "Go down the left column: activations narrow to the right, gradients to the left. And the gradients of the "
        "weights? Level: what the signal loses on its way to a layer, times what the gradient loses on its way back to "
        "it, is nearly the same for all layers. Whose activations are larger? By theory Xavier's, at layer 10: mean "
        "square 0.052 against 8.9e-06.",
    ),
    Scene(
        "Level is not large",
        "two_schemes",
        {"depth": 20},
        "Only the lowest panels: would you call the left network sick? The variance of its weight gradients differs by "
        "at most 5.5 % between any two layers, in theory. Now read the height: at layer 1 it is 4.8e-10 on the left "
        "and 0.038 on the right, Xavier. A network can learn equally little in every layer.",
    ),
    Scene(
        "Xavier meets ReLU",
        "two_schemes",
        {"depth": 10, "activation": "relu"},
        "Which assumption of Xavier's does ReLU break? That the activation is symmetric with slope 1 round zero: ReLU "
        "loses half of the mean square at every layer, and by theory 9.8e-04 is left after 10 on the right. The "
        "standard start on the left keeps a sixth a layer, 1.7e-08 after 10. The next page mends it.",
    ),
    Scene(
        "Sigmoid, four times wider",
        "two_schemes",
        {"depth": 10, "activation": "sigmoid", "left": "glorot_sigmoid_uniform"},
        "A sigmoid's slope is 1/4 at zero, so the literature draws its weights 4 times wider: on the left. Does the "
        "gradient survive now? Deep inside, a layer keeps 0.399 of its variance, and 0.056 with Xavier on the right. "
        "After 10 layers theory leaves 1.6e-04 of it on the left. Better, and not enough.",
    ),
    Scene(
        "fan_in for the signal",
        "tapered_network",
        {},
        "The network narrows from 128 units to 16. Let the variance be 1/fan_in: which of the two lines is level? The "
        "signal's. The gradient falls on its way back from layer 10: by theory layer 1 receives 0.15 of its variance.",
    ),
    Scene(
        "fan_out for the gradient",
        "tapered_network",
        {"mode": "fan_out", "pinned": {"mode": "fan_in"}},
        "Now fan_out; fan_in is pinned. What is won, what is lost? The gradient is level, and the signal grows 8 times "
        "in theory, because 128 units narrow to 16. In which shape of layer do both rules agree?",
    ),
    Scene(
        "Xavier's compromise",
        "tapered_network",
        {"mode": "fan_avg", "pinned": {"mode": "fan_in"}},
        "Xavier divides by the mean of both fans. Is either line level? Neither: by theory the signal grows 2.7 times, "
        "and 0.37 of the gradient's variance reaches layer 1, where fan_in, pinned, left 0.15. Each error is smaller "
        "than under the rule that neglects it.",
    ),
)
