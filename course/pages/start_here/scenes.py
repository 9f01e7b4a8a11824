"""The scenes of the page start_here."""

from course.live.scene import Scene

SCENES = (
    Scene(
        "Fifty tanh layers",
        "signal_propagation",
        {},
        "Ask which way the signal runs, and which way the gradient. Read the forward panel from left to right and the "
        "two backward ones from right to left. By theory 50 tanh layers leave 0.01 of the signal's mean square, and "
        "0.015 of the gradient's variance arrives at layer 1. Points are measured on the network just drawn; the "
        "dashes come from a theory that has seen no network.",
        slides={"gain": (0.5, 0.7, 0.8, 0.9, 1.0, 1.1, 1.2, 1.3, 1.4, 1.5, 1.6, 1.8, 2.0, 2.5, 3.0, 4.0)},
    ),
    Scene(
        "Twice as deep",
        "signal_propagation",
        {"depth": 100},
        "50 layers left 0.01 of the signal. Let the class guess for 100. If all layers took the same share, it would "
        "be 0.0001. Theory says 0.0051, half as much as after 50: the curve bends, because tanh takes less from a "
        "smaller signal.",
    ),
    Scene(
        "The same weights, linear",
        "signal_propagation",
        {"activation": "linear", "pinned": {"activation": "tanh"}},
        "The weights are the same, and only the activation has changed; tanh is pinned. A linear layer hands on z as "
        "it is, and by theory 1 of the mean square is left at layer 50: all of it. The points wander round the "
        "dashes. Press New seed: do they wander in the same way again?",
    ),
    Scene(
        "A hundred networks",
        "signal_propagation",
        {"activation": "linear", "networks": 100},
        "Was the last network a typical one? Here are 100, drawn by one rule: their median, and a band that leaves "
        "out a tenth at the top and a tenth at the bottom. Ask what the same rule promises two people who press New "
        "seed. At layer 50 the upper edge of the band is two to four times the lower.",
    ),
    Scene(
        "Beyond what float32 holds",
        "signal_propagation",
        {"scheme": "normal_1", "activation": "linear"},
        "What are the orange triangles? Numbers that the computer cannot hold: infinite on the upper edge, exactly "
        "zero on the lower. Weights of std 1 multiply the mean square by 128, the width, at every layer. At layer 36 "
        "the numbers pass 3.4e38; their squares, which are drawn, are kept in a wider format and reach further. "
        "Backward the same happens, from the other side.",
    ),
)
