"""Print how `diagnose` does on published faults of initialization.

Run it with `python tests/benchmarks/scoreboard.py [DRAWS [PART …]]`; the parts are faults, faulty and clean.
The programs are rebuilt small from their published descriptions, on stand-in data of the same kind, and each fault has
its clean twin. The sets are small, and most faults of these benchmarks (learning rate, epochs, loss, optimizer) are no
faults of a start:

- EMSE 2025 (30:124): 3 of 53 faults are weight initialization, the mutants M1, C3 and R6. NeuraLint found 3 of 3,
  DeepFD, DeepDiagnosis and UMLAUT 0 of 3.
- NeuraLint (TOSEM 2021): 5 of 28 synthetic programs. Two, an initializer that is missing and one that runs twice,
  are faults of the program's text: nothing in the numbers shows them, and they are not counted.
- TheDeepChecker (TOSEM 2022): wrong initialization and missing normalization on clean bases.
- AUTOTRAINER (ICSE 2021), its models with published code: 48 faulty ones, of which 6 concern the initialization alone.
  DeepDiagnosis (ICSE 2022) detects 47 of the 48, after training them; of all of AUTOTRAINER's models it detects 138 of
  203, and calls 68 of 188 sound ones faulty. Here they are judged before any training.
"""

import itertools
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from typing import NamedTuple

import autotrainer
import jax
import numpy as np

from course.diagnosis import diagnose

Rule = Callable[[np.random.Generator, tuple[int, ...]], np.ndarray]


class Fault(NamedTuple):
    """A published fault: its set, its name, how to build it and its clean twin, and who else found it."""

    source: str
    name: str
    sick: Callable[[np.random.Generator], tuple]
    clean: Callable[[np.random.Generator], tuple]


def he(random: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    return np.sqrt(2 / np.prod(shape[:-1])) * random.standard_normal(shape)


def normal(std: float) -> Rule:
    return lambda random, shape: std * random.standard_normal(shape)


def full(value: float) -> Rule:
    return lambda _random, shape: np.full(shape, value)


def dense(sizes: list[int], rules: dict[int, Rule], batch: Callable, *, bias: float = 0.0, activation: str = "relu"):
    """A plain network; `rules` say how single layers are drawn, -1 all of them, and He's rule the others."""

    def build(random: np.random.Generator) -> tuple:
        layers = []
        for place, shape in enumerate(itertools.pairwise(sizes)):
            rule = rules.get(place, rules.get(-1, he))
            layers.append((rule(random, shape).astype(np.float32), np.full(shape[1], bias, np.float32), activation))
        layers[-1] = (*layers[-1][:2], None)
        return layers, batch(random, sizes[0]).astype(np.float32)

    return build


def convolutional(channels: list[int], rules: dict[int, Rule], size: int):
    """Convolutions of 3×3 with pooling, and two dense layers."""

    def apply(parameters, x):
        *kernels, one, two = parameters
        for kernel in kernels:
            x = jax.lax.conv_general_dilated(x, kernel, (1, 1), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC"))
            x = jax.lax.reduce_window(jax.nn.relu(x), -np.inf, jax.lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "VALID")
        return jax.nn.relu(x.reshape(len(x), -1) @ one) @ two

    def build(random: np.random.Generator) -> tuple:
        shapes = [(3, 3, *pair) for pair in itertools.pairwise(channels)]
        shapes += [((size // 2 ** (len(channels) - 1)) ** 2 * channels[-1], 64), (64, 10)]
        drawn = [rules.get(place, he)(random, shape).astype(np.float32) for place, shape in enumerate(shapes)]
        return (apply, drawn), random.uniform(0, 1, (16, size, size, channels[0])).astype(np.float32)

    return build


def pixels(random: np.random.Generator, features: int) -> np.ndarray:
    return random.uniform(0, 1, (64, features))


def words(random: np.random.Generator, features: int) -> np.ndarray:
    """Which words an article has: a tenth of them."""
    return (random.uniform(0, 1, (64, features)) < 0.1).astype(float)


def standard(random: np.random.Generator, features: int) -> np.ndarray:
    return random.standard_normal((64, features))


def raw(random: np.random.Generator, features: int) -> np.ndarray:
    return 255 * pixels(random, features)


def tables(random: np.random.Generator, features: int) -> np.ndarray:
    """Columns in their own units, one of them in the thousands."""
    return random.standard_normal((64, features)) * np.where(np.arange(features) == 0, 3000.0, 1.0) + 5.0


BROAD = [3, 64, 128, 128]
MNIST, CIFAR, REUTERS = [1, 16, 32], [3, 16, 32, 32], [1000, 512, 46]
BASE, WIDE, REGRESSION = [784, 256, 256, 10], [784, 500, 500, 500, 10], [13, 64, 64, 1]
FAULTS = (
    Fault("EMSE 2025", "M1: zeros in layer 0", convolutional(MNIST, {0: full(0)}, 28), convolutional(MNIST, {}, 28)),
    Fault("EMSE 2025", "C3: ones in layer 2", convolutional(CIFAR, {2: full(1)}, 32), convolutional(CIFAR, {}, 32)),
    Fault("EMSE 2025", "R6: ones in layer 0", dense(REUTERS, {0: full(1)}, words), dense(REUTERS, {}, words)),
    Fault("NeuraLint", "zeros_init", dense(BASE, {-1: full(0)}, pixels), dense(BASE, {}, pixels)),
    Fault("NeuraLint", "constant_init", dense(BASE, {-1: full(0.1)}, pixels), dense(BASE, {}, pixels)),
    Fault("NeuraLint", "non_zeros_biases", dense(BASE, {}, pixels, bias=1.0), dense(BASE, {}, pixels)),
    Fault("TheDeepChecker", "normal of std 1", dense(WIDE, {-1: normal(1)}, standard), dense(WIDE, {}, standard)),
    Fault("TheDeepChecker", "random of std 0.1", convolutional(BROAD, dict.fromkeys(range(5), normal(0.1)), 32),
          convolutional(BROAD, {}, 32)),
    Fault("TheDeepChecker", "constant", dense(WIDE, {-1: full(0.05)}, standard), dense(WIDE, {}, standard)),
    Fault("TheDeepChecker", "zeros", dense(REGRESSION, {-1: full(0)}, standard), dense(REGRESSION, {}, standard)),
    Fault("TheDeepChecker", "regression of std 0.5", dense(REGRESSION, {-1: normal(0.5)}, standard),
          dense(REGRESSION, {}, standard)),
    Fault("TheDeepChecker", "tiny weights", dense(WIDE, {-1: normal(0.001)}, standard), dense(WIDE, {}, standard)),
    Fault("TheDeepChecker", "pixels not divided by 255", dense(BASE, {}, raw), dense(BASE, {}, pixels)),
    Fault("TheDeepChecker", "columns not standardized", dense(REGRESSION, {}, tables),
          dense(REGRESSION, {}, standard)),
    Fault("TheDeepChecker", "raw pictures in a tanh network", dense(BASE, {}, raw, activation="tanh"),
          dense(BASE, {}, standard, activation="tanh")),
)  # fmt: skip


def print_faults(draws: int) -> None:
    """Print how often each labelled fault is found, and its clean twin called sick."""
    found, alarms = 0, 0
    for fault in FAULTS:
        randoms = [np.random.default_rng([seed, 7]) for seed in range(draws)]
        sick = [diagnose(*fault.sick(random)) for random in randoms]
        clean = [diagnose(*fault.clean(random)) for random in randoms]
        flagged, called = sum(not one.healthy for one in sick), sum(not one.healthy for one in clean)
        found, alarms = found + flagged, alarms + called
        first = sick[0].primary.finding if sick[0].primary else "nothing"
        print(f"{fault.source:15} {fault.name:32} found in {flagged} of {draws} ({first}), clean twin {called} alarms")
    total = draws * len(FAULTS)
    print(f"{found} of {total} found, {alarms} false alarms in {total} draws of clean twins")


def print_autotrainer(kind: str, rows: Sequence[autotrainer.Models], draws: int) -> None:
    """Print for AUTOTRAINER's models in how many draws something is said, and what."""
    flagged, always, models = 0, 0, 0
    for row in rows:
        said = [
            [_first(autotrainer.built(row, depth, np.random.default_rng([seed, place, 7]))) for seed in range(draws)]
            for place, depth in enumerate(row.depths)
        ]
        counts = Counter(one for of_model in said for one in of_model)
        flagged += counts.total() - counts["nothing"]
        always += sum("nothing" not in of_model for of_model in said)
        models += len(said)
        words = ", ".join(f"{one} {count}" for one, count in counts.most_common())
        print(
            f"AUTOTRAINER {kind:6} {row.data:8} {row.function:11} {row.start:9} {len(said)} models: {words}", flush=True
        )
    print(
        f"{kind}: something said in {flagged} of {models * draws} draws; in every draw of {always} of {models} models"
    )


def _first(network: tuple) -> str:
    primary = diagnose(*network).primary
    return primary.finding if primary else "nothing"


if __name__ == "__main__":
    number, parts = int(sys.argv[1]) if len(sys.argv) > 1 else 5, sys.argv[2:] or ["faults", "faulty", "clean"]
    if "faults" in parts:
        print_faults(number)
    for part, rows in (("faulty", autotrainer.FAULTY), ("clean", autotrainer.CLEAN)):
        if part in parts:
            print_autotrainer(part, rows, number)
