"""The scenes of the walk's first pages, 00 to 02: a first look, one unit, and units that are alike."""

from course.scenes.scene import Scene

_STEEP = {"depth": 20, "weight": 10.0, "bias": -5.0}
_SLEEPY = {"start": "zeros", "perturbation": 0.1, "perturbed": "biases"}

UNITS: tuple[Scene, ...] = (
    Scene(
        "00_start_here",
        "Fifty tanh layers",
        "signal_propagation",
        {},
        "Ask which way the signal runs, and which way the gradient. Read the forward panel from left to right and the "
        "two backward ones from right to left. By theory 50 tanh layers leave 0.01 of the signal's mean square, and "
        "0.015 of the gradient's variance arrives at layer 1. Points are measured on the network just drawn; the "
        "dashes come from a theory that has seen no network.",
    ),
    Scene(
        "00_start_here",
        "Twice as deep",
        "signal_propagation",
        {"depth": 100},
        "50 layers left 0.01 of the signal. Let the class guess for 100. If all layers took the same share, it would "
        "be 0.0001. Theory says 0.0051, half as much as after 50: the curve bends, because tanh takes less from a "
        "smaller signal.",
    ),
    Scene(
        "00_start_here",
        "The same start with ReLU",
        "signal_propagation",
        {"activation": "relu", "pinned": {"activation": "tanh"}},
        "The weights are the same and only the activation has changed; tanh is pinned. What does a straight line mean "
        "on this axis? The same factor at every layer: by theory one half, so that 8.9e-16 of the signal is left at "
        "layer 50. A start belongs to its activation.",
    ),
    Scene(
        "00_start_here",
        "A gain that mends it",
        "signal_propagation",
        {"activation": "relu", "gain": 1.41, "pinned": {"activation": "relu", "gain": 1.0}},
        "Move the gain back to 1, where the pinned curve is, then slowly up, and let the class say stop when the "
        "signal stays. At 1.41 theory keeps 0.74 of the mean square through 50 layers. Which number might be the exact "
        "one? Page 06 derives it.",
    ),
    Scene(
        "00_start_here",
        "A hundred networks",
        "signal_propagation",
        {"activation": "relu", "gain": 1.41, "networks": 100},
        "Was the last network a typical one? Here are 100, drawn by one rule: their median, and a band that leaves "
        "out a tenth at the top and a tenth at the bottom. Ask what the same rule promises two people who press New "
        "seed. At layer 50 the edges of the band are more than ten times apart.",
    ),
    Scene(
        "00_start_here",
        "Beyond what float32 holds",
        "signal_propagation",
        {"scheme": "normal_1", "activation": "linear"},
        "What are the orange triangles? Numbers that the computer cannot hold: infinite on the upper edge, exactly "
        "zero on the lower. Weights of std 1 multiply the mean square by 128, the width, at every layer. At layer 36 "
        "the numbers pass 3.4e38; their squares, which are drawn, are kept in a wider format and reach further. "
        "Backward the same happens, from the other side.",
    ),
    Scene(
        "01_sigmoid_saturation",
        "Two away from zero",
        "sigmoid_slope",
        {},
        "How fast does this unit learn, compared with one at z = 0? How steep the tangent is on the left is how high "
        "the curve is on the right. At 2 the slope is 1/9.52, at the peak 1/4: the unit learns 2.38 times slower. Now "
        "move z until half of the peak is left. It is not far: 1.76.",
    ),
    Scene(
        "01_sigmoid_saturation",
        "Ten away from zero",
        "sigmoid_slope",
        {"z": 10.0, "pinned": {"z": 2.0}},
        "The unit at z = 2 is pinned. Ask before anybody computes: how many times smaller is the slope at 10? The "
        "unit answers 0.99995 and hardly hears a change any more: its slope is 1/22028. That is 2313 times less than "
        "at 2.",
    ),
    Scene(
        "01_sigmoid_saturation",
        "Is ±4 a law?",
        "sigmoid_slope",
        {"z": 4.0, "axis": "logarithmic"},
        "A widely read introduction wants z in the grey band, from −4 to 4. What is special about 4? Nothing: on the "
        "logarithmic axis the slope falls along a nearly straight line, by a factor of 2.66 from 4 to 5, close to e. A "
        "unit is 5.53 times slower at 3 than at the peak, 14.2 times at 4, 37.6 times at 5. The band is a choice.",
    ),
    Scene(
        "01_sigmoid_saturation",
        "Four layers in a row",
        "sigmoid_chain",
        {},
        "Each layer multiplies the gradient by w times its slope, with w = 1 by at most 1/4. What reaches layer 1? Go "
        "through the right panel from right to left: 0.0027 arrives. Theory allows at most 0.0039, the fourth power "
        "of 1/4.",
    ),
    Scene(
        "01_sigmoid_saturation",
        "Twenty layers",
        "sigmoid_chain",
        {"depth": 20, "pinned": {"depth": 4}},
        "4 layers are pinned, now there are 20. Let the class guess the power of ten. The factors hardly differ, so "
        "the points fall along a straight line: 1.1e-13 is left at layer 1, and theory allows at most 9.1e-13. Layer "
        "1 learns 2.0e+12 times slower than layer 20.",
    ),
    Scene(
        "01_sigmoid_saturation",
        "Do large weights explode?",
        "sigmoid_chain",
        {"depth": 20, "weight": 10.0, "pinned": {"depth": 20, "weight": 1.0}},
        "An introduction warns that large weights make this product explode. Do they? Take a vote; weight 1 is pinned, "
        "now it is 10. The bound allows 9.1e+06; the measurement is 2.2e-66. The left panel says why: a large weight "
        "makes a large z, about 10 from layer 2 on, and there a sigmoid has next to no slope.",
    ),
    Scene(
        "01_sigmoid_saturation",
        "On a knife's edge",
        "sigmoid_chain",
        {**_STEEP, "input": 0.52, "pinned": {**_STEEP, "input": 0.5}},
        "Can a chain explode at all? The pinned one does: bias −5 and input 0.5 put every unit at z = 0, and the "
        "gradient reaches the bound, 9.1e+06. What will input 0.52 do? The gradient is 4.8e-19. A small change grows "
        "from layer to layer too, and drives the units away from where the sigmoid is steep.",
    ),
    Scene(
        "02_symmetry",
        "Eight equal units",
        "identical_units",
        {},
        "All weights start at 0.5. How many different units are there after 1000 steps? Each digit on the left is a "
        "unit: they do move, all on one line, along the dashes of a single unit trained alone. Their largest "
        "difference is exactly zero at every step, and the loss ends at 0.486: one straight border cannot cut out a "
        "disc.",
    ),
    Scene(
        "02_symmetry",
        "All weights zero",
        "identical_units",
        {"start": "zeros"},
        "Which weights get a gradient now? With tanh none, and with ReLU none either: try it. Only the output's bias "
        "learns, until the network answers 25 % to every point: a quarter of them lie inside the disc. That answer has "
        "the loss 0.562, and there the curve on the right stays.",
    ),
    Scene(
        "02_symmetry",
        "Zero weights, sigmoid",
        "identical_units",
        {"start": "zeros", "activation": "sigmoid", "pinned": {"start": "zeros", "activation": "tanh"}},
        "A sigmoid answers 0.5 when it receives 0, so the outgoing weights get a gradient, and after them the others. "
        "Has the symmetry been broken? The line moves, all eight on it: 1 distinct unit. The loss, 0.541, is hardly "
        "below the 0.562 of tanh, pinned.",
    ),
    Scene(
        "02_symmetry",
        "A millionth of noise",
        "identical_units",
        {"start": "zeros", "perturbation": 1e-6},
        "Is a millionth enough to tell the units apart? Watch the middle panel. A straight line on this axis is the "
        "same factor at every step: 1.042 by theory, which makes ten times as much every 56 steps. In the end there "
        "are 8 distinct units, and the loss is 0.132.",
    ),
    Scene(
        "02_symmetry",
        "Which start lets go first?",
        "identical_units",
        {"perturbation": 1e-6, "pinned": {"start": "zeros", "perturbation": 1e-6}},
        "The same millionth, now on the constant 0.5; the start from zero is pinned. Which of the two lets go of the "
        "symmetry sooner? From zero two units differ by 0.5 after 317 steps, from the constant after 952. Zero is a "
        "saddle point: some directions lead away from it, and noise has a part in nearly every one.",
    ),
    Scene(
        "02_symmetry",
        "Noise in the biases only",
        "identical_units",
        {**_SLEEPY, "activation": "relu", "pinned": {**_SLEEPY, "activation": "tanh"}},
        "All weights zero, random biases. Will that do? With tanh, pinned, it does: its loss is 0.080. With ReLU 4 of "
        "the 8 units never move: their bias is negative, they are off for every point, and what is off gets no "
        "gradient. The loss is 0.456.",
    ),
    Scene(
        "02_symmetry",
        "A random start",
        "identical_units",
        {"start": "random"},
        "The usual habit: random weights, zero biases. How many lines do you count on the left? 8 distinct units from "
        "the first step to the last, and a loss of 0.073. Eight copies of the first unit would end at 0.515, the "
        "dashes. So random it must be. But how large?",
    ),
)
