"""The scenes of the page variance_of_a_sum."""

from course.live.scene import Scene

SCENES = (
    Scene(
        "Ten inputs",
        "sum_of_inputs",
        {},
        "A unit adds up 10 inputs of variance 1, with weights uniform ±1/√d. How far from zero is z? Theory says "
        "variance 1/3, a standard deviation of 0.58. Look at the ring on the right, and ask where it will go when d "
        "grows.",
        slides={"d": (1, 2, 3, 5, 10, 30, 100, 300, 1000)},
    ),
    Scene(
        "A single input",
        "sum_of_inputs",
        {"d": 1, "pinned": {"d": 10}},
        "One input; ten are pinned. What changes, and what does not? In theory the variance is still 0.33. The shape "
        "is another: a peak at zero and heavy tails, by theory an excess kurtosis of 2.40 in place of 0.24. It is "
        "2.4/d for every d.",
    ),
    Scene(
        "A thousand inputs",
        "sum_of_inputs",
        {"d": 1000},
        "A hundred times as many inputs as at first. By theory the variance is still 0.33, and the points follow the "
        "normal curve. How often is such a unit beyond the grey lines at ±4, where a sigmoid hardly learns? Theory "
        "says 4.3e-10 %. So the first layer is not saturated before training.",
    ),
    Scene(
        "Weights not scaled",
        "sum_of_inputs",
        {"d": 1000, "weights": "uniform_1", "pinned": {"d": 1000, "weights": "standard_uniform"}},
        "Somebody forgets to divide by √d. Which power of d is the slope on the right? The first: the variance grows "
        "as d, so the size of z as √d. With 1000 inputs the variance is 333 in theory, and 83 % of the units lie "
        "beyond ±4. The scaled weights are pinned, level all the way.",
        slides={"d": (1, 2, 3, 5, 10, 30, 100, 300, 1000)},
    ),
    Scene(
        "Coins as inputs",
        "sum_of_inputs",
        {"d": 1, "inputs": "coin"},
        "The inputs are coins now, +1 or −1. Why is the density flat? A weight times a coin is distributed like the "
        "weight, uniformly: excess kurtosis −1.20 in theory. Raise d step by step. The variance stays near 0.33, and "
        "the sum becomes normal whatever its terms were.",
    ),
    Scene(
        "Inputs with a mean",
        "sum_of_inputs",
        {"inputs": "normal of mean 1", "pinned": {"inputs": "normal"}},
        "The inputs still have variance 1, but mean 1 as well; mean zero is pinned. Does z notice? Its variance "
        "doubles, in theory from 0.33 to 0.67: weights of mean zero multiply the mean square of the inputs, which is "
        "2, and not their variance. Keep it in mind for the second layer.",
    ),
    Scene(
        "Variance one again",
        "sum_of_inputs",
        {"weights": "lecun_normal", "pinned": {"weights": "standard_uniform"}},
        "Which weights would hand on the variance 1 that came in? Those of variance 1/d, three times the pinned one: "
        "LeCun initialization. On the right every point lies on the grey line. Ask whether this settles it for a "
        "hundred layers on top of each other.",
    ),
)
