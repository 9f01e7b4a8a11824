"""Exercises: He initialization."""

import math

import numpy as np

from course.exercises import reading
from course.exercises.judges import Case, Mistake, function, knowing, number
from course.exercises.table import Exercise
from course.exercises.verdict import NOT_YET, Verdict, almost, right, wrong
from course.theory.luck import relu_median

_SLOPE = 0.1
_MEAN = (1 - _SLOPE) / math.sqrt(2 * math.pi)
_VARIANCE = number(
    (1 + _SLOPE**2) / 2 - _MEAN**2,
    {
        "mean square for variance": Mistake((1 + _SLOPE**2) / 2, "That is the mean square. Subtract the squared mean."),
        "the mean": Mistake(_MEAN, "That is the mean of h. Square it, and subtract it from the mean square."),
        "the squared mean": Mistake(_MEAN**2, "That is what has to be subtracted from the mean square."),
        "ReLU's": Mistake(0.5 - 1 / (2 * math.pi), "That is the variance of ReLU itself, a = 0."),
        "std for variance": Mistake(
            math.sqrt((1 + _SLOPE**2) / 2 - _MEAN**2), "This is the standard deviation; the variance was asked for."
        ),
        "the mean not squared": Mistake((1 + _SLOPE**2) / 2 - _MEAN, "You subtract the mean itself: square it first."),
        "plus in the mean": Mistake(
            (1 + _SLOPE**2) / 2 - (1 + _SLOPE) ** 2 / (2 * math.pi),
            "The mean is (1 − a)/√(2π): where z is negative, h is negative as well.",
        ),
        "a not squared": Mistake((1 + _SLOPE) / 2 - _MEAN**2, "In the mean square a is squared: (1 + a²)/2."),
        "added": Mistake((1 + _SLOPE**2) / 2 + _MEAN**2, "You add the squared mean. It has to be subtracted."),
    },
    praise="The mean is 0.359, so the variance is {answer:.3f} and not 0.505.",
    otherwise="It is the mean square less the squared mean.",
    digits=3,
)


def _layers(rng: np.random.Generator) -> list[Case]:
    """Return fans of layers whose two sides differ, and of one square layer."""
    drawn = [tuple(int(n) for n in rng.integers(10, 1000, 2)) for _layer in range(5)]
    return [*drawn, (drawn[0][0],) * 2, (20, 500)]


_BOUND = function(
    lambda fan_in, _fan_out: math.sqrt(6 / fan_in),
    _layers,
    {
        "the factor 2 for ReLU is missing": Mistake(
            lambda n, _m: math.sqrt(3 / n), "The factor 2 for ReLU is missing: this gives the variance 1/n."
        ),
        "fan_out for fan_in": Mistake(
            lambda _n, m: math.sqrt(6 / m),
            "That is fan_out where fan_in belongs: in the forward pass the inputs of a unit count.",
        ),
        "std for bound": Mistake(
            lambda n, _m: math.sqrt(2 / n),
            "This is the standard deviation. The bound of a uniform distribution is √3 times as large.",
        ),
        "nine times too narrow": Mistake(
            lambda n, _m: math.sqrt(2 / (3 * n)),
            "The variance comes out nine times too small: U(±b) has the variance b²/3, and not 3b².",
        ),
        "right for square layers only": Mistake(
            lambda n, m: math.sqrt(12 / (n + m)),
            "Right for square layers only: the mean of both fans stands where fan_in belongs.",
        ),
        "Xavier's bound": Mistake(
            lambda n, m: math.sqrt(6 / (n + m)),
            "That is Xavier's bound: on square layers it has half of the variance that ReLU needs.",
        ),
        "Xavier's bound divided by 2": Mistake(
            lambda n, m: math.sqrt(6) / (2 * math.sqrt(n + m)),
            "That is Xavier's bound divided by 2, as in the article. If half of the signal is lost, weights must grow.",
        ),
        "Xavier's bound times 2": Mistake(
            lambda n, m: 2 * math.sqrt(6 / (n + m)),
            "Twice Xavier's bound is four times its variance. ReLU needs twice the variance, and of fan_in alone.",
        ),
        "twice He's variance": Mistake(
            lambda n, _m: math.sqrt(12 / n), "b²/3 is 4/fan_in here: the factor 2 for ReLU is in it twice."
        ),
        "the standard initialization": Mistake(
            lambda n, _m: math.sqrt(1 / n), "U(±1/√fan_in) has the variance 1/(3 fan_in), a sixth of what ReLU needs."
        ),
        "only the 6 under the root": Mistake(
            lambda n, _m: math.sqrt(6) / n, "The root belongs to all of it, to fan_in as well."
        ),
        "no root": Mistake(lambda n, _m: 6 / n, "That is the square of the bound: take its root."),
        "variance for bound": Mistake(lambda n, _m: 2 / n, "That is the variance. Which b has b²/3 equal to it?"),
        "upside down": Mistake(
            lambda n, _m: math.sqrt(n / 6), "Upside down: the more inputs a unit has, the smaller its weights."
        ),
    },
    praise="b²/3 = 2/fan_in: the variance that makes up for the half that ReLU cuts off.",
    otherwise="Which variance does He initialization ask for, and which variance has U(±b)?",
)

_XAVIER_GAIN = number(
    math.sqrt(2),
    {
        "variance for std": Mistake(2, "× 2 a layer: the gain multiplies the std, and its square the variance."),
        "the wrong way": Mistake(
            math.sqrt(0.5), "× 1/4 a layer: if half of the signal is lost, weights must be larger."
        ),
        "half": Mistake(0.5, "× 1/8 a layer, as with the bound divided by 2: the weights have to be larger."),
        "as it is": Mistake(1, "× 1/2 a layer: this is Xavier initialization as it is."),
        "the uniform distribution's √3": Mistake(
            math.sqrt(3), "× 1.5 a layer: √3 makes a bound of a std. It is in there."
        ),
        "the gain for tanh": Mistake(5 / 3, "× 1.39 a layer: 5/3 is what PyTorch calls the gain of tanh."),
        "√6": Mistake(
            math.sqrt(6), "× 3 a layer: the 6 of the bound is there already. What is missing is a factor of 2."
        ),
    },
    praise="Xavier's variance is 1/n here, and ReLU needs 2/n.",
    otherwise="Half of the gain's square should be 1.",
    low=0,
    digits=3,
)

_KEPT = 0.01


@knowing(examples={"shallow": (16, 5), "wide": (256, 100), "not enough": (64, 50)})
def _lucky_network(_rng: np.random.Generator, width: object, depth: object) -> Verdict:
    units = reading.whole(width, "the width", low=16, high=256)
    layers = reading.whole(depth, "the depth", low=1, high=100)
    kept = relu_median(layers, units)
    seen = f"Half of such networks keep less than {kept:.2g} of it. Depth over width is {layers / units:.2g}"
    if kept < _KEPT:
        return right(f"{seen}, and the mean over all of them is still 1.")
    if layers <= 10:
        return almost(f"{seen}: the luck of a few layers does not add up. Go deeper.", "shallow")
    if units >= 128:
        return almost(f"{seen}: wide layers average the luck away. Make them narrow.", "wide")
    return wrong(f"{seen}: make it larger.", "not enough")


def _slopes(rng: np.random.Generator) -> list[Case]:
    return [(float(a),) for a in rng.uniform(0.05, 0.9, 5)] + [(0.0,), (1.0,)]


_LEAKY_GAIN = function(
    lambda a: math.sqrt(2 / (1 + a**2)),
    _slopes,
    {
        "as given": Mistake(
            lambda a: math.sqrt(2 / (1 + a)),
            "This is the function as it was given, right for a = 0 and for a = 1. What becomes of a in a mean square?",
            NOT_YET,
        ),
        "no root": Mistake(lambda a: 2 / (1 + a**2), "That is the gain's square: a gain multiplies the std."),
        "upside down": Mistake(lambda a: math.sqrt((1 + a**2) / 2), "Upside down: that is what leaky ReLU leaves."),
        "the factor 2 is missing": Mistake(
            lambda a: math.sqrt(1 / (1 + a**2)), "The factor 2 is missing: for a = 0 it should be √2, ReLU's gain."
        ),
        "minus for plus": Mistake(
            lambda a: math.sqrt(2 / (1 - a**2)) if a < 1 else math.inf,
            "With a minus a leaky unit would need larger weights than ReLU. It keeps more, so it needs less.",
        ),
        "the sum squared": Mistake(
            lambda a: math.sqrt(2) / (1 + a),
            "You square the sum 1 + a. Each half of the inputs is squared by itself: 1 + a².",
        ),
        "ReLU's": Mistake(
            lambda _a: math.sqrt(2),
            "That is ReLU's gain for every a. What leaky ReLU keeps of the negative half counts too.",
        ),
        "half of the root": Mistake(
            lambda a: math.sqrt(2) / (1 + a**2), "The root belongs to all of it: √(2/(1 + a²))."
        ),
        "the variance for the mean square": Mistake(
            lambda a: 1 / math.sqrt((1 + a**2) / 2 - (1 - a) ** 2 / (2 * math.pi)),
            "That keeps the variance of h. The next layer depends on its mean square.",
        ),
    },
    praise="A mean square sees a only squared, and a sign of a not at all.",
    otherwise="Leaky ReLU keeps (1 + a²)/2 of the mean square.",
)

EXERCISES = (
    Exercise(
        "the variance of a leaky ReLU",
        "compute",
        _VARIANCE,
        "The variance is the mean square less the squared mean. Which of the two does that derivation leave out?",
        "The mean is (1 − a)/√(2π), and the mean square (1 + a²)/2.",
    ),
    Exercise(
        "He's uniform bound",
        "write",
        _BOUND,
        "Which variance does He initialization ask for?",
        "b²/3 = 2/fan_in. Solve it for b.",
    ),
    Exercise(
        "Xavier with a gain",
        "change",
        _XAVIER_GAIN,
        "Xavier's variance is 1/n here. Which one does ReLU need?",
        "The square of the gain multiplies the variance.",
    ),
    Exercise(
        "a signal that He initialization loses",
        "break",
        _lucky_network,
        "Depth over width is what counts.",
        "The narrowest network and the deepest.",
    ),
    Exercise(
        "a gain for leaky ReLU",
        "find the bug",
        _LEAKY_GAIN,
        "What is the mean square of a·z?",
        "a multiplies a value, and a² its square.",
    ),
)
