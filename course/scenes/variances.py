"""The scenes of the walk's other pages, 03 to 06: which variance keeps a signal alive."""

from course.scenes.scene import Scene

_LINEAR = {"scheme": "normal_0.1", "activation": "linear", "width": 64}
_HE = {"scheme": "he_normal", "activation": "relu"}

VARIANCES: tuple[Scene, ...] = (
    Scene(
        "03_variance_of_a_sum",
        "Ten inputs",
        "sum_of_inputs",
        {},
        "A unit adds up 10 inputs of variance 1, with weights uniform ±1/√d. How far from zero is z? Theory says "
        "variance 1/3, a standard deviation of 0.58. Look at the ring on the right, and ask where it will go when d "
        "grows.",
    ),
    Scene(
        "03_variance_of_a_sum",
        "A single input",
        "sum_of_inputs",
        {"d": 1, "pinned": {"d": 10}},
        "One input; ten are pinned. What changes, and what does not? In theory the variance is still 0.33. The shape "
        "is another: a peak at zero and heavy tails, by theory an excess kurtosis of 2.40 in place of 0.24. It is "
        "2.4/d for every d.",
    ),
    Scene(
        "03_variance_of_a_sum",
        "A thousand inputs",
        "sum_of_inputs",
        {"d": 1000},
        "A hundred times as many inputs as at first. By theory the variance is still 0.33, and the points follow the "
        "normal curve. How often is such a unit beyond the grey lines at ±4, where a sigmoid hardly learns? Theory "
        "says 4.3e-10 %. So the first layer is not saturated at this start.",
    ),
    Scene(
        "03_variance_of_a_sum",
        "Weights not scaled",
        "sum_of_inputs",
        {"d": 1000, "weights": "uniform_1", "pinned": {"d": 1000, "weights": "standard_uniform"}},
        "Somebody forgets to divide by √d. Which power of d is the slope on the right? The first: the variance grows "
        "as d, so the size of z as √d. With 1000 inputs the variance is 333 in theory, and 83 % of the units lie "
        "beyond ±4. The scaled start is pinned, level all the way.",
    ),
    Scene(
        "03_variance_of_a_sum",
        "Coins as inputs",
        "sum_of_inputs",
        {"d": 1, "inputs": "coin"},
        "The inputs are coins now, +1 or −1. Why is the density flat? A weight times a coin is spread like the weight, "
        "uniformly: excess kurtosis −1.20 in theory. Raise d step by step. The variance stays near 0.33, and the sum "
        "becomes normal whatever its terms were.",
    ),
    Scene(
        "03_variance_of_a_sum",
        "Inputs with a mean",
        "sum_of_inputs",
        {"inputs": "normal of mean 1", "pinned": {"inputs": "normal"}},
        "The inputs still have variance 1, but mean 1 as well; mean zero is pinned. Does z notice? Its variance "
        "doubles, in theory from 0.33 to 0.67: weights of mean zero multiply the mean square of the inputs, which is "
        "2, and not their variance. Keep it in mind for the second layer.",
    ),
    Scene(
        "03_variance_of_a_sum",
        "Variance one again",
        "sum_of_inputs",
        {"weights": "lecun_normal", "pinned": {"weights": "standard_uniform"}},
        "Which weights would hand on the variance 1 that came in? Those of variance 1/d, three times the pinned one: "
        "LeCun's start. On the right every point lies on the grey line. Ask whether this settles it for a hundred "
        "layers on top of each other.",
    ),
    Scene(
        "04_vanishing_exploding",
        "A level line",
        "signal_propagation",
        {**_LINEAR, "gain": 1.25},
        "64 units a layer, weights of std 0.125. Why is it this std that keeps the signal? Let the class compute the "
        "factor of one layer: 64 times the square of 0.125 is 1. So all dashes are level. The points stray a little: "
        "they are one draw.",
    ),
    Scene(
        "04_vanishing_exploding",
        "Std 0.1, fifty layers",
        "signal_propagation",
        {**_LINEAR, "pinned": {**_LINEAR, "gain": 1.25}},
        "The std is 0.1, a fifth less than the pinned one, and one layer keeps 0.64 of the mean square. How much is "
        "left after 50: all, 64 %, a hundredth, less than a millionth? Theory says 2.0e-10. The weights have mean "
        "zero, but what the layers lose does not cancel: the factors multiply.",
    ),
    Scene(
        "04_vanishing_exploding",
        "Four percent too much",
        "signal_propagation",
        {**_LINEAR, "gain": 1.3, "depth": 100, "pinned": {**_LINEAR, "gain": 1.25, "depth": 100}},
        "The gain is 1.3, and 1.25 is pinned: 4 % more. At which depth does that begin to matter? One layer "
        "multiplies by 1.08. Theory makes it 2.2 after 10 layers, 51 after 50 and 2551 after 100. A shallow network "
        "forgives what a deep one does not.",
    ),
    Scene(
        "04_vanishing_exploding",
        "Std 1 overflows",
        "signal_propagation",
        {**_LINEAR, "scheme": "normal_1"},
        "Std 1 makes the numbers 8 times larger at every layer. Where do they leave float32, which ends at 3.4e38? At "
        "layer 42; the squares, which are drawn, are kept in a wider format. Now the way back: the gradient starts at "
        "layer 50 and overflows at layer 8, after as many steps.",
    ),
    Scene(
        "04_vanishing_exploding",
        "Does tanh save it?",
        "signal_propagation",
        {"scheme": "normal_1", "width": 64},
        "With tanh no activation leaves the range from −1 to 1. Is the explosion over? Forward it is: theory 0.9. Then "
        "say that 80 % of the slopes in layer 1 are nearly flat, and let the class guess the gradient. It explodes all "
        "the same, by a factor of 8.1e+31 in theory: the slopes that are left carry it, and every weight is 8 times "
        "too large.",
    ),
    Scene(
        "04_vanishing_exploding",
        "Std 0.01 falls silent",
        "signal_propagation",
        {**_LINEAR, "scheme": "normal_0.01"},
        "Small random numbers are old advice, and good advice for a single layer. Here each layer leaves 0.08 of the "
        "numbers' size. Float32 keeps its digits down to 1.2e-38, and JAX takes what is smaller for zero: nothing is "
        "left at layer 36. Can a later layer bring it back?",
    ),
    Scene(
        "05_xavier",
        "Two starts, ten layers",
        "two_schemes",
        {"depth": 10},
        "Go down the left column: activations narrow to the right, gradients to the left. And the gradients of the "
        "weights? Level: what the signal loses on its way to a layer, times what the gradient loses on its way back to "
        "it, is nearly the same for all layers. Whose activations are larger? By theory Xavier's, at layer 10: mean "
        "square 0.052 against 8.9e-06.",
    ),
    Scene(
        "05_xavier",
        "Level is not large",
        "two_schemes",
        {"depth": 20},
        "Only the lowest panels: would you call the left network sick? The variance of its weight gradients differs by "
        "at most 5.5 % between any two layers, in theory. Now read the height: at layer 1 it is 4.8e-10 on the left "
        "and 0.038 on the right, Xavier. A network can learn equally little in every layer.",
    ),
    Scene(
        "05_xavier",
        "Xavier meets ReLU",
        "two_schemes",
        {"depth": 10, "activation": "relu"},
        "Which assumption of Xavier's does ReLU break? That the activation is symmetric with slope 1 round zero: ReLU "
        "loses half of the mean square at every layer, and by theory 9.8e-04 is left after 10 on the right. The "
        "standard start on the left keeps a sixth a layer, 1.7e-08 after 10. The next page mends it.",
    ),
    Scene(
        "05_xavier",
        "Sigmoid, four times wider",
        "two_schemes",
        {"depth": 10, "activation": "sigmoid", "left": "glorot_sigmoid_uniform"},
        "A sigmoid's slope is 1/4 at zero, so the literature draws its weights 4 times wider: on the left. Does the "
        "gradient survive now? Deep inside, a layer keeps 0.399 of its variance, and 0.056 with Xavier on the right. "
        "After 10 layers theory leaves 1.6e-04 of it on the left. Better, and not enough.",
    ),
    Scene(
        "05_xavier",
        "fan_in for the signal",
        "tapered_network",
        {},
        "The network narrows from 128 units to 16. Let the variance be 1/fan_in: which of the two lines is level? The "
        "signal's. The gradient falls on its way back from layer 10: by theory layer 1 receives 0.15 of its variance.",
    ),
    Scene(
        "05_xavier",
        "fan_out for the gradient",
        "tapered_network",
        {"mode": "fan_out", "pinned": {"mode": "fan_in"}},
        "Now fan_out; fan_in is pinned. What is won, what is lost? The gradient is level, and the signal grows 8 times "
        "in theory, because 128 units narrow to 16. In which shape of layer do both rules agree?",
    ),
    Scene(
        "05_xavier",
        "Xavier's compromise",
        "tapered_network",
        {"mode": "fan_avg", "pinned": {"mode": "fan_in"}},
        "Xavier divides by the mean of both fans. Is either line level? Neither: by theory the signal grows 2.7 times, "
        "and 0.37 of the gradient's variance reaches layer 1, where fan_in, pinned, left 0.15. Each error is smaller "
        "than under the rule that neglects it.",
    ),
    Scene(
        "06_he",
        "He on ReLU",
        "signal_propagation",
        _HE,
        "He's weights give back the half that ReLU takes, so the dashes are level. The points leave them after layer "
        "35, and layer 50 carries less than a tenth of the input. Is the rule wrong, or was the draw unlucky? Collect "
        "votes, and keep them for the hundred draws.",
    ),
    Scene(
        "06_he",
        "Xavier, then He",
        "signal_propagation",
        {**_HE, "pinned": {**_HE, "scheme": "glorot_normal"}},
        "Xavier's weights are pinned: half of the mean square goes at every layer, and by theory 8.9e-16 is left after "
        "50. What must be done to the variance? Double it, for He; a gain of 1.41 on Xavier comes close. A widely read "
        "blog halves Xavier's bound instead. What would that do?",
    ),
    Scene(
        "06_he",
        "He on tanh",
        "signal_propagation",
        {"scheme": "he_normal", "pinned": {"scheme": "glorot_uniform"}},
        "He's weights on tanh; Xavier's are pinned. Who wins? Forward He: theory 0.31 at layer 50, against 0.01. On "
        "the way back the gradient's variance grows, far from the input by a factor of 1.106 a layer, and reaches 59 "
        "times in theory, while Xavier's shrinks to 0.015. Each has its error. What will it be after 100 layers?",
    ),
    Scene(
        "06_he",
        "Another draw",
        "signal_propagation",
        {**_HE, "seed": 1, "pinned": {**_HE, "seed": 0}},
        "The same rule, the same digits, the next seed; seed 0 is pinned. Theory knows no seed, its line is level for "
        "both. At layer 50 the two signals are more than ten times apart, one above the line, one below. Which of "
        "them is the typical one?",
    ),
    Scene(
        "06_he",
        "A hundred draws",
        "signal_propagation",
        {**_HE, "networks": 100, "pinned": {**_HE, "networks": 1}},
        "Now the votes: the first network is pinned, beside the median of 100 and a band that leaves out a tenth on "
        "either side. At layer 50 it lies below the band: an unlucky draw. Is the typical one on theory's line? No, "
        "the median is below as well: theory's 1 is the mean over all draws, and a few large ones hold it up.",
    ),
    Scene(
        "06_he",
        "Narrower layers",
        "many_draws",
        {},
        "Each thin line is a network of 50 layers, 32 units wide. How many keep what the mean promises, 1? Ten of "
        "the 100 keep that or more; half keep less than 0.016, one in ten less than 5.2e-04. What counts is depth over "
        "width: ten times as wide may be ten times as deep.",
    ),
    Scene(
        "06_he",
        "Narrow and deep",
        "many_draws",
        {"width": 16, "depth": 100},
        "100 layers of 16 units. Theory's mean is still 1. Which of you would get it? One network of the 100 "
        "does; half keep less than 2.3e-08, and that one makes nearly all of the measured mean. He's rule is right on "
        "average, and the average is not what you draw.",
    ),
)
