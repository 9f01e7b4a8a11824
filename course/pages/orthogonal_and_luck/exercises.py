"""Exercises: orthogonal weights, and how far one random draw strays."""

import math
from operator import eq

import numpy as np

from course.exercises import reading
from course.exercises.judges import Case, Mistake, function, knowing, number, recognized
from course.exercises.table import Exercise
from course.exercises.verdict import NOT_YET, RIGHT, Verdict, right, wrong
from course.theory.luck import relu_log_factor

_FOURTH_POWER = number(
    4,
    {
        "the mean square": Mistake(
            1, "1 is the mean of s², for every depth. Every layer adds something to the mean of s⁴."
        ),
        "L for L + 1": Mistake(3, "Three layers add 3, and without any layer it is 1: the formula gives L + 1."),
        "the layers taken one by one": Mistake(
            8, "One layer has 2. But a second layer adds 1 to it, and does not double it: not 2³."
        ),
    },
    praise="",
    otherwise="Put L = 3 into the formula for the mean of s⁴.",
)
_LARGEST = number(
    math.sqrt(4**4 / 3**3),
    {
        "the largest square": Mistake(4**4 / 3**3, "That is the square of the largest singular value. Take its root."),
        "as if they met": Mistake(8, "It would be 8 = 2³ if the best directions of the three layers met. They do not."),
        "an estimate for great depth": Mistake(
            math.sqrt(3 * math.e), "√(eL) is an estimate for many layers. For three use the exact formula."
        ),
    },
    praise="",
    otherwise="The formula for the largest singular value has (L + 1) to the power L + 1 in it.",
    digits=3,
)


@knowing(
    {
        **{name: mistake._replace(answer=(mistake.answer, 3.08)) for name, mistake in _FOURTH_POWER.mistakes.items()},
        **{name: mistake._replace(answer=(4, mistake.answer)) for name, mistake in _LARGEST.mistakes.items()},
    }
)
def _three_layers(rng: np.random.Generator, fourth_power: object, largest: object) -> Verdict:
    for judge, answer in ((_FOURTH_POWER, fourth_power), (_LARGEST, largest)):
        verdict = judge.verdict(rng, answer)
        if verdict.state != RIGHT:
            return verdict
    return right(
        "The mean of s⁴ is 4, and no direction is stretched by more than 3.08. It would be 2³ = 8 if the best ones met."
    )


def _layers(rng: np.random.Generator) -> list[Case]:
    """Return weights of any scale, units of different ones, and inputs `(examples, fan_in)` with a mean."""
    sizes = rng.integers(5, 30, size=(5, 3))
    return [
        (rng.normal(size=(n, m)) * rng.uniform(0.1, 5, m), rng.uniform(0.5, 2) + rng.normal(size=(batch, n)))
        for batch, n, m in sizes
    ]


def _with_variance_one(weights: np.ndarray, inputs: np.ndarray) -> np.ndarray:
    return weights / (inputs @ weights).std()


_LSUV = function(
    _with_variance_one,
    _layers,
    {
        "variance for std": Mistake(
            lambda weights, inputs: weights / (inputs @ weights).var(),
            "You divide by the variance. Weights twice as large make a variance four times as large: take its root.",
        ),
        "the wrong way": Mistake(
            lambda weights, inputs: weights * (inputs @ weights).std(),
            "You multiply: what was too large becomes larger still.",
        ),
        "each unit by its own": Mistake(
            lambda weights, inputs: weights / (inputs @ weights).std(axis=0),
            "You divide each unit by a number of its own. LSUV divides the whole layer by one number.",
        ),
        "the weights' own std": Mistake(
            lambda weights, inputs: weights / weights.std(),
            "You divide by the std of the weights. LSUV divides by that of the preactivations, inputs @ weights.",
        ),
        "the rms for the std": Mistake(
            lambda weights, inputs: weights / np.sqrt(np.mean((inputs @ weights) ** 2)),
            "You divide by the rms. The preactivations have a mean, and the variance leaves it out.",
        ),
        "each unit about its own mean": Mistake(
            lambda weights, inputs: weights / np.sqrt((inputs @ weights).var(axis=0).mean()),
            "You measure each unit about its own mean. All preactivations together have one mean, and one variance.",
        ),
        "one less than the count": Mistake(
            lambda weights, inputs: weights / (inputs @ weights).std(ddof=1),
            "You divide by one less than the count (ddof=1). LSUV takes the plain variance of the batch.",
        ),
        "the activations' size": Mistake(
            lambda weights, inputs: weights / inputs.std(),
            "You divide by the std of the inputs. Measure what comes out: inputs @ weights.",
        ),
    },
    praise="One batch, one division a layer: the preactivations have variance 1, whatever the activation.",
    otherwise="The preactivations are inputs @ weights, and all of them together should have variance 1.",
)

_DEPTH, _WANTED = 20, 0.1
_WIDTH_MISTAKES = {
    "1/n a layer": Mistake(200, "A ReLU layer adds 5/n to the variance of the logarithm, not 1/n."),
    "orthogonal weights": Mistake(600, "3/n is for orthogonal weights. These are normal."),
    "upside down": Mistake(2, "With that width over depth is 0.1: it is depth over width that has to be small."),
    "without the depth": Mistake(50, "5/n = 0.1 holds for a single layer. There are 20."),
    "the width of page he": Mistake(100, "That is the width of page he, at which the logarithm's variance is 1."),
}


@knowing(_WIDTH_MISTAKES)
def _steady_width(_rng: np.random.Generator, answer: object) -> Verdict:
    width = reading.whole(answer, "the width", low=2, high=100_000)
    found = _DEPTH * relu_log_factor(width).variance
    if known := recognized(width, _WIDTH_MISTAKES, f"At width {width} it is {found:.2g}.", same=eq):
        return known
    if abs(found / _WANTED - 1) < 0.15:
        return right(f"{found:.3f} at width {width}, and {_DEPTH * relu_log_factor(100).variance:.1f} at width 100.")
    return wrong(f"At width {width} the variance of the logarithm is {found:.2g}.")


_POWER = number(
    15,
    {
        "not the worst": Mistake(2, "1.1⁵⁰ is 117, between 10² and 10³. There is a worse gain."),
        "variance for length": Mistake(
            30, "The mean square grows by 2¹⁰⁰ = 10³⁰. A length grows by the gain once a layer."
        ),
        "a power of two": Mistake(50, "It is 2 to the power of 50. Which power of ten is that?"),
        "rounded up": Mistake(16, "2⁵⁰ = 1.1 · 10¹⁵: rounded down, the power is 15."),
        "isometric all the same": Mistake(
            0, "Orthogonal weights make all directions equal. The gain multiplies them all."
        ),
    },
    praise="Every direction by 2⁵⁰ = 1.1 · 10¹⁵. Orthogonal weights make all alike; the gain decides how large.",
    otherwise="All singular values of a layer are equal to the gain.",
    whole=True,
    tolerance=1e-9,
)


def _normal_matrices(rng: np.random.Generator) -> list[Case]:
    return [(rng.normal(size=(size, size)),) for size in (3, 8, 20)]


def _signed(of: object) -> object:
    """Return a function for the Q of a QR decomposition, each column multiplied by `of(diagonal of R)`."""

    def changed(gaussian: np.ndarray) -> np.ndarray:
        q, r = np.linalg.qr(gaussian)
        return q * of(np.diag(r))

    return changed


def _rows_signed(gaussian: np.ndarray) -> np.ndarray:
    q, r = np.linalg.qr(gaussian)
    return np.sign(np.diag(r))[:, None] * q


def _nearest(gaussian: np.ndarray) -> np.ndarray:
    u, _, v = np.linalg.svd(gaussian)
    return u @ v


# The last three are no mistakes: turning the given matrix turns these answers alike, and so they are uniform too.
_ORTHOGONAL = function(
    _signed(np.sign),
    _normal_matrices,
    {
        "as given": Mistake(
            _signed(lambda diagonal: diagonal),
            "This is the function as it was given. Multiply the matrix by its transpose: is that the identity?",
            NOT_YET,
        ),
        "signs not fixed": Mistake(
            _signed(np.ones_like),
            "Orthogonal, but with the signs that the algorithm happens to choose: the mean trace is not 0.",
        ),
        "absolute values": Mistake(
            _signed(np.abs),
            "The columns do not keep the length 1, and no sign is changed: take the diagonal's signs, not its sizes.",
        ),
        "rows for columns": Mistake(
            _rows_signed, "You change the signs of rows. R's diagonal belongs to the columns of Q."
        ),
        "every column turned": Mistake(
            _signed(lambda diagonal: -np.sign(diagonal)),
            "Uniform too: the negative of a uniform orthogonal matrix is one. It is no longer the Q that belongs to R.",
            RIGHT,
        ),
        "the nearest orthogonal matrix": Mistake(
            _nearest,
            "Uniform too, by another way: u times v of the SVD is the orthogonal matrix nearest to the given one.",
            RIGHT,
        ),
        "rows orthogonalized": Mistake(
            lambda gaussian: _signed(np.sign)(gaussian.T).T,
            "Uniform too: you have orthogonalized the rows of the given matrix, and not its columns.",
            RIGHT,
        ),
    },
    praise="Only the signs of R's diagonal belong to Q, and its draws are uniform over all orthogonal matrices.",
    otherwise="A column of Q may change its sign, and nothing else.",
)

EXERCISES = (
    Exercise(
        "singular values of three layers",
        "compute",
        _three_layers,
        "Both formulas stand under *A few grow*.",
        "Three layers add 3 to the mean of s⁴; the square of the largest value is 4⁴/3³.",
    ),
    Exercise(
        "one layer of LSUV",
        "write",
        _LSUV,
        "Compute the preactivations of the batch first. What is their std over everything?",
        "`(inputs @ weights).std()` is one number. Divide the weights by it.",
    ),
    Exercise(
        "a steady width",
        "change",
        _steady_width,
        "How much does one ReLU layer add to the variance of the logarithm?",
        "5 · depth/width should be 0.1.",
    ),
    Exercise(
        "the wrong gain",
        "break",
        _POWER,
        "All singular values of one layer are equal to the gain.",
        "2⁵⁰ is 1024⁵, and 1024 is about 10³.",
    ),
    Exercise(
        "orthogonal, but not quite",
        "find the bug",
        _ORTHOGONAL,
        "A column may change its sign, and nothing else.",
        "Which function of a number keeps its sign only? Apply it to the diagonal of R.",
    ),
)
