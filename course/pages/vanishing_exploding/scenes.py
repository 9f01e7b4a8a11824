"""The scenes of the page vanishing_exploding."""

from course.live.scene import Scene

_LINEAR = {"scheme": "normal_0.1", "activation": "linear", "width": 64}

SCENES = (
    Scene(
        "A level line",
        "signal_propagation",
        {**_LINEAR, "gain": 1.25},
        "64 units a layer, weights of std 0.125. Why is it this std that keeps the signal? Let the class compute the "
        "factor of one layer: 64 times the square of 0.125 is 1. So all dashes are level. The points stray a little: "
        "they are one draw.",
        slides={"gain": (0.5, 0.8, 1.0, 1.1, 1.15, 1.2, 1.25, 1.3, 1.35, 1.4, 1.5, 1.75, 2.0, 3.0, 4.0)},
    ),
    Scene(
        "Std 0.1, fifty layers",
        "signal_propagation",
        {**_LINEAR, "pinned": {**_LINEAR, "gain": 1.25}},
        "The std is 0.1, a fifth less than the pinned one, and one layer keeps 0.64 of the mean square. How much is "
        "left after 50: all, 64 %, a hundredth, less than a millionth? Theory says 2.0e-10. The weights have mean "
        "zero, but what the layers lose does not cancel: the factors multiply.",
        slides={"depth": (1, 2, 5, *range(10, 101, 10))},
    ),
    Scene(
        "Four percent too much",
        "signal_propagation",
        {**_LINEAR, "gain": 1.3, "depth": 100, "pinned": {**_LINEAR, "gain": 1.25, "depth": 100}},
        "The gain is 1.3, and 1.25 is pinned: 4 % more. At which depth does that begin to matter? One layer "
        "multiplies by 1.08. Theory makes it 2.2 after 10 layers, 51 after 50 and 2551 after 100. A shallow network "
        "forgives what a deep one does not.",
    ),
    Scene(
        "Std 1 overflows",
        "signal_propagation",
        {**_LINEAR, "scheme": "normal_1"},
        "Std 1 makes the numbers 8 times larger at every layer. Where do they leave float32, which ends at 3.4e38? At "
        "layer 42; the squares, which are drawn, are kept in a wider format. Now the backward pass: the gradient "
        "starts at layer 50 and overflows at layer 8, after as many steps.",
    ),
    Scene(
        "Does tanh save it?",
        "signal_propagation",
        {"scheme": "normal_1", "width": 64},
        "With tanh no activation leaves the range from −1 to 1. Is the explosion over? Forward it is: theory 0.9. Then "
        "say that 80 % of the slopes in layer 1 are nearly flat, and let the class guess the gradient. It explodes all "
        "the same, by a factor of 8.1e+31 in theory: the slopes that are left carry it, and every weight is 8 times "
        "too large.",
    ),
    Scene(
        "Std 0.01 falls silent",
        "signal_propagation",
        {**_LINEAR, "scheme": "normal_0.01"},
        "Small random numbers are old advice, and good advice for a single layer. Here each layer leaves 0.08 of the "
        "numbers' size. Float32 keeps its digits down to 1.2e-38, and JAX takes what is smaller for zero: nothing is "
        "left at layer 36. Can a later layer bring it back?",
    ),
)
