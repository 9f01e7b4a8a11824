"""The scenes of the page symmetry."""

from course.live.scene import Scene

_SLEEPY = {"start": "zeros", "perturbation": 0.1, "perturbed": "biases"}

SCENES = (
    Scene(
        "Eight equal units",
        "identical_units",
        {},
        "All weights start at 0.5. How many different units are there after 1000 steps? Each digit on the left is a "
        "unit: the weights do change, all on one line, along the dashes of a single unit that is trained alone. The "
        "largest difference is exactly zero at every step, and the loss ends at 0.486, because one straight border "
        "cannot cut out a disc.",
    ),
    Scene(
        "All weights zero",
        "identical_units",
        {"start": "zeros"},
        "Which weights get a gradient now? With tanh none, and with ReLU none either: try it. Only the output's bias "
        "learns, until the network says 25 % to every point: a quarter of them lie inside the disc. That output has "
        "the loss 0.562, and there the curve on the right stays.",
    ),
    Scene(
        "Zero weights, sigmoid",
        "identical_units",
        {"start": "zeros", "activation": "sigmoid", "pinned": {"start": "zeros", "activation": "tanh"}},
        "A sigmoid outputs 0.5 when it receives 0, so the outgoing weights get a gradient, and after them the others. "
        "Has the symmetry been broken? The line moves, all eight on it: 1 distinct unit. The loss, 0.541, is hardly "
        "below the 0.562 of tanh, pinned.",
    ),
    Scene(
        "A millionth of noise",
        "identical_units",
        {"start": "zeros", "perturbation": 1e-6},
        "Is a millionth enough to tell the units apart? Watch the middle panel. A straight line on this axis is the "
        "same factor at every step: 1.042 by theory, which makes ten times as much every 56 steps. In the end there "
        "are 8 distinct units, and the loss is 0.132.",
        slides={"steps": range(0, 1001, 100)},
    ),
    Scene(
        "From zero or from 0.5?",
        "identical_units",
        {"perturbation": 1e-6, "pinned": {"start": "zeros", "perturbation": 1e-6}},
        "The same millionth, now on the constant 0.5; the run from zero is pinned. From which of the two is the "
        "symmetry broken sooner? From zero two units differ by 0.5 after 317 steps, from the constant after 952. Once "
        "the output's bias has settled, zero is a saddle point, from which some directions lead down.",
    ),
    Scene(
        "Noise in the biases only",
        "identical_units",
        {**_SLEEPY, "activation": "relu", "pinned": {**_SLEEPY, "activation": "tanh"}},
        "All weights zero, random biases. Will that do? With tanh, pinned, it does: its loss is 0.080. With ReLU 4 of "
        "the 8 units never move: their bias is negative, they are off for every point, and what is off gets no "
        "gradient. The loss is 0.456.",
    ),
    Scene(
        "Random weights",
        "identical_units",
        {"start": "random"},
        "The usual initialization: random weights, zero biases. How many lines do you count on the left? 8 distinct "
        "units from the first step to the last, and a loss of 0.073. Eight copies of the first unit would end at "
        "0.515, the dashes. So the weights must be random. But how large?",
    ),
)
