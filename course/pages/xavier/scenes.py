"""The scenes of the page xavier."""

from course.live.scene import Scene

SCENES = (
    Scene(
        "Five layers, two schemes",
        "two_schemes",
        {},
        "Follow the left column downwards. The activations narrow to the right, the gradients to the left. And the "
        "gradients of the weights? They are level: what the signal has lost before it reaches a layer, times what the "
        "gradient has lost before it gets there, is nearly the same for all layers. Whose activations are larger? By "
        "theory Xavier's: at layer 5 their mean square is 0.1 against 0.0022.",
        slides={"depth": (1, 2, 3, 4, 5, 7, 10, 15, 20)},
    ),
    Scene(
        "Level is not large",
        "two_schemes",
        {"depth": 20},
        "Look at the lowest panels only. Would you call the left network sick? By theory the variance of its weight "
        "gradients differs by at most 5.5 % between any two layers. Now read the height: at layer 1 it is 4.8e-10 on "
        "the left and 0.038 on the right. All layers of a network can learn equally little.",
    ),
    Scene(
        "Sigmoid, four times wider",
        "two_schemes",
        {"depth": 10, "activation": "sigmoid", "left": "glorot_sigmoid_uniform"},
        "A sigmoid's slope is 1/4 at zero, and Bengio (2012) recommends weights 4 times wider: on the left. Does the "
        "gradient survive now? In the middle of the network a layer keeps 0.399 of its variance, and 0.056 with plain "
        "Xavier initialization on the right. After 10 layers theory leaves 1.6e-04 of it on the left: better, and not "
        "enough.",
    ),
    Scene(
        "fan_in for the signal",
        "tapered_network",
        {},
        "The network narrows from 128 units to 16. Let the variance be 1/fan_in: which of the two lines is level? The "
        "signal's. The gradient falls on the backward pass: by theory layer 1 receives 0.15 of its variance.",
        slides={"depth": (2, 4, 6, 8, 10, 12, 14, 16, 18, 20)},
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
        "Xavier initialization divides by the mean of both fans. Is either line level? Neither: by theory the signal "
        "grows 2.7 times, and 0.37 of the gradient's variance reaches layer 1, where fan_in, pinned, left 0.15. Each "
        "error is smaller than under the rule that neglects it.",
    ),
)
