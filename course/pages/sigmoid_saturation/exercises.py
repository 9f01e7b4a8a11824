"""Exercises: the sigmoid's slope."""

import math

import numpy as np

from course.exercises import reading
from course.exercises.judges import Case, Mistake, function, knowing, number
from course.exercises.table import Exercise
from course.exercises.verdict import NOT_YET, Verdict, almost, right, wrong
from course.probes.chain import run_chain

_DEPTH = 20

_FAR = number(
    2 * math.acosh(10),
    {
        "a hundredth for a hundredth of the peak": Mistake(
            2 * math.acosh(5), "There the slope is 1/100. The peak is 1/4: a hundredth of it is 1/400."
        ),
        "root forgotten": Mistake(2 * math.acosh(100), "You solved cosh(z/2) = 100. It is cosh² that is 100."),
        "half of z": Mistake(math.acosh(10), "That is z/2, which stands inside the cosh."),
        "the mirror image": Mistake(-2 * math.acosh(10), "That is the solution below 0, just as far from it."),
        "e to the −z/2": Mistake(2 * math.log(400), "Far out the slope falls like e^−z, and not like e^(−z/2)."),
    },
    praise="At z = {answer:.3g} a unit learns a hundred times slower than at 0.",
    otherwise="The slope is 1/(4 cosh²(z/2)), and its peak 1/4. When is cosh² equal to 100?",
    digits=3,
)


def _slopes(preactivations: np.ndarray) -> np.ndarray:
    return 1 / (4 * np.cosh(preactivations / 2) ** 2)


def _chains(rng: np.random.Generator) -> list[Case]:
    """Return weights of chains and where their layers sit; weights are well away from ±1 and from each other."""
    cases = []
    for depth in (2, 3, 4, 6):
        weights = rng.choice([-1, 1], depth) * rng.permutation(np.linspace(1.3, 3, depth))
        cases.append((weights, run_chain(weights, rng.uniform(-1, 1, depth), 0.5).preactivations))
    return cases


_FIRST_GRADIENT = function(
    lambda weights, z: np.prod(_slopes(z)) * np.prod(weights[1:]),
    _chains,
    {
        "the first weight too": Mistake(
            lambda weights, z: np.prod(_slopes(z)) * np.prod(weights),
            "The first weight is one too many: z of layer 1 changes with its own bias one to one.",
        ),
        "one weight too early": Mistake(
            lambda weights, z: np.prod(_slopes(z)) * np.prod(weights[:-1]),
            "The weights are off by one layer: on the way back from layer 4 to layer 3 stands the weight of layer 4.",
        ),
        "the first slope left out": Mistake(
            lambda weights, z: np.prod(_slopes(z[1:])) * np.prod(weights[1:]),
            "One slope is missing: the first unit has one as well, between its z and its output.",
        ),
        "no weights": Mistake(
            lambda weights, z: np.prod(_slopes(z)),
            "These are the slopes alone. Between two layers the gradient passes a weight, too.",
        ),
        "no slopes": Mistake(
            lambda weights, z: np.prod(weights[1:]), "These are the weights alone. Every unit has a slope."
        ),
        "outputs for slopes": Mistake(
            lambda weights, z: np.prod(1 / (1 + np.exp(-z))) * np.prod(weights[1:]),
            "You multiply by the outputs σ(z). What passes a change on is the slope, σ(z)(1 − σ(z)).",
        ),
        "the sign lost": Mistake(
            lambda weights, z: np.prod(_slopes(z)) * np.abs(np.prod(weights[1:])),
            "The size is right. A negative weight turns the gradient's sign round.",
        ),
    },
    praise="L slopes and L − 1 weights, and with weights up to 1 in size at most a quarter a layer.",
    otherwise="Multiply all slopes, and the weights of all layers but the first.",
)


@knowing(
    examples={
        "explodes": (10, -5),
        "weight below 4": (1, -0.5),
        "no bias": (4, 0),
        "the bias pushes on": (4, 2),
        "away from 0": (4, -4),
    }
)
def _kept(_rng: np.random.Generator, weight: object, bias: object) -> Verdict:
    weight = reading.number(weight, "the weight", low=-100, high=100)
    bias = reading.number(bias, "the bias", low=-100, high=100)
    chain = run_chain(np.full(_DEPTH, weight), np.full(_DEPTH, bias), 0.5)
    last = chain.bias_gradients[-1]
    ratio = abs(chain.bias_gradients[0] / last) if last else 0.0
    seen = f"Layer 1 gets {ratio:.2g} of the gradient of layer 20"
    where = f"the layers sit at z from {chain.preactivations.min():.1f} to {chain.preactivations.max():.1f}"
    if abs(ratio - 1) <= 0.1:
        return right(f"{seen}. The factor w σ'(z) has the size 1 where w is 4 or −4 and z = 0. Here {where}.")
    if ratio > 1:
        return almost(
            f"{seen}: the layers sit near z = 0, and {abs(weight):g}/4 is too much in every layer.", "explodes"
        )
    if abs(weight) < 4 * 0.9 ** (1 / (_DEPTH - 1)):  # even with every unit at z = 0, less than nine tenths are kept
        return wrong(f"{seen}. No factor is above |w|/4 = {abs(weight) / 4:.3g}, wherever z is.", "weight below 4")
    if bias == 0:
        return almost(f"{seen}. The weight could do it, but {where}. What is the bias for?", "no bias")
    if bias * weight > 0:
        return almost(f"{seen}: {where}. Here the bias pushes the same way as the weight.", "the bias pushes on")
    return almost(f"{seen}: {where}. Which bias brings a unit back to 0 that receives {weight:g} · 0.5?", "away from 0")


@knowing(examples={"input for change": 0.501, "too large a change": 0.02, "no change": 0, "too small": 1e-6})
def _pushed_off(_rng: np.random.Generator, answer: object) -> Verdict:
    change = reading.number(answer, "the change of the input")
    if 0.499 <= change <= 0.501:
        return almost("That is the new input. Give the change alone, what you add to 0.5.", "input for change")
    if abs(change) > 0.001 * (1 + 1e-6):  # a thousandth in 32 bits is above a thousandth
        return wrong(f"{change:.3g} is more than a thousandth. A smaller change will do.", "too large a change")
    if change == 0:
        return wrong("Without a change every unit stays at z = 0, and the gradient at 9 million.", "no change")
    chain = run_chain(np.full(_DEPTH, 10.0), np.full(_DEPTH, -5.0), 0.5 + change)
    left, end = chain.bias_gradients[0], chain.preactivations[-1]
    if left < 1e-6:
        return right(f"The gradient is {left:.0e}, and the last layer sits at z = {end:.1f}, off the steep part.")
    return almost(f"The gradient is still {left:.1e}: so small a change needs more layers to grow in.", "too small")


def _sigmoid(z: float) -> float:
    return 1 / (1 + math.exp(-z))


_SLOPE_OF_OUTPUT = function(
    lambda y: y * (1 - y),
    lambda rng: [(float(y),) for y in (*rng.uniform(0.02, 0.98, 5), 0.5)],
    {
        "as given": Mistake(
            lambda y: _sigmoid(y) * (1 - _sigmoid(y)),
            "This is still the function as it was given. What would it say for y = 0.5, the output at z = 0?",
            NOT_YET,
        ),
        "one of two fixed": Mistake(
            lambda y: y * (1 - _sigmoid(y)),
            "The first factor is fixed. The second still takes the sigmoid of an output.",
        ),
        "the other one fixed": Mistake(
            lambda y: _sigmoid(y) * (1 - y),
            "The second factor is fixed. The first still takes the sigmoid of an output.",
        ),
        "the slope of tanh": Mistake(lambda y: 1 - y**2, "1 − y² is the slope of tanh, from tanh's output."),
        "one factor": Mistake(lambda y: 1 - y, "1 − y is one of the two factors: near y = 0 the slope vanishes, too."),
        "the output": Mistake(lambda y: y, "This gives the output back. What is σ' in terms of σ?"),
    },
    praise="The forward pass has done the work: from the output alone the slope is a product, without any exponential.",
    otherwise="At z = 0 the output is 0.5 and the slope 1/4; where the output nears 1, the slope nears 0.",
)

EXERCISES = (
    Exercise(
        "a hundredth of the peak",
        "compute",
        _FAR,
        "The peak is 1/4. Which value of cosh² makes it a hundred times less?",
        "cosh(z/2) = 10: `math.acosh(10)`.",
    ),
    Exercise(
        "the gradient at the first bias",
        "write",
        _FIRST_GRADIENT,
        "Look at the product for four units: how many slopes does it have, and how many weights?",
        "Multiply `slope(z)` of all layers, and `weights[1:]`.",
    ),
    Exercise(
        "a chain that keeps its gradient",
        "change",
        _kept,
        "The factor of a layer is w σ'(z). Where is σ' greatest, and which w makes the factor 1 there?",
        "At z = 0 a unit outputs 0.5. Choose b so that w · 0.5 + b is 0 again.",
    ),
    Exercise(
        "off the knife's edge",
        "break",
        _pushed_off,
        "A change grows by 10/4 = 2.5 a layer as long as it is small.",
        "Take the largest change that is allowed, a whole thousandth.",
    ),
    Exercise(
        "the slope from the output",
        "find the bug",
        _SLOPE_OF_OUTPUT,
        "Put in y = 0.5, the output at z = 0. What should come out, and what does?",
        "y is σ(z) already, and σ'(z) = σ(z)(1 − σ(z)).",
    ),
)
