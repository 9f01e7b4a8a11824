"""What scenes show, and the numbers in their notes, computed again from theory or from a run."""

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import cache
from typing import NamedTuple

import numpy as np

from course import activations, explorers, initializers, mistakes, pages, probes, theory, training, tuning
from course.explorers.training_runs import predicted_rms
from course.live.explorer import Explorer
from course.live.running import RunningExplorer
from course.live.scene import Scene
from course.pages.training.training_race import LINE_UPS, SEEDS
from course.probes.chain import run_chain
from course.training.history import LEARNED

PINNED = "pinned"
SCENES = pages.all_scenes()


@cache
def opened(name: str) -> Explorer:
    return getattr(explorers, name)()


@cache
def defaults(name: str) -> Mapping:
    return dict(opened(name)._defaults)


class Shown(NamedTuple):
    """What a scene brings to the screen; `sentence` is about the present curves, and not about pinned ones."""

    state: dict
    sentence: str
    image: bytes
    exception: Exception | None


def finish(explorer: Explorer) -> None:
    """Let a run end, where there is one."""
    if isinstance(explorer, RunningExplorer):
        explorer.finish()


def begun(explorer: Explorer, state: Mapping, *, whole: bool = True) -> Shown:
    """Begin a state, and let its run end unless a part is enough."""
    explorer.begin(state)
    if whole:
        finish(explorer)
    present = explorer.sentence.partition(" Pinned for comparison")[0]
    return Shown(explorer.state, present, explorer.image, explorer.exception)


@cache
def shown(page: str, title: str, *, whole: bool = True) -> Shown:
    """Open a scene of a page."""
    scene = named(page, title)
    return begun(opened(scene.explorer), scene.state, whole=whole)


def named(page: str, title: str) -> Scene:
    (scene,) = (scene for scene in SCENES if scene.page == page and scene.title == title)
    return scene


def whole_state(scene: Scene) -> dict:
    return {**defaults(scene.explorer), **{key: value for key, value in scene.state.items() if key != PINNED}}


def mean_squares(activation: str, depth: int, weight_variance: float) -> np.ndarray:
    return theory.activation_second_moments(activation, depth, weight_variance)


def first_gradient(activation: str, depth: int, weight_variance: float) -> float:
    return theory.gradient_variances(activation, depth, weight_variance)[0]


def weight_gradients(weight_variance: float) -> np.ndarray:
    """The variance of ∂C/∂W over the batch, of 20 tanh layers."""
    return np.asarray(theory.weight_gradient_variances("tanh", 20, weight_variance, batch=1))


def sigmoid_slope(z: float) -> float:
    return float(activations.named("sigmoid").array_slope(np.float64(z)))


def times_slower(z: float, against: float = 0.0) -> float:
    return sigmoid_slope(against) / sigmoid_slope(z)


def weight_std(scheme: str, width: int, gain: float = 1.0) -> float:
    return initializers.standard_deviation(scheme, (width, width), gain)


def chain(**state: float) -> np.ndarray:
    """The gradients of 20 layers with one weight and one bias."""
    return run_chain(np.full(20, state["weight"]), np.full(20, state["bias"]), state["input"]).bias_gradients


@cache
def last_mean_squares(scheme: str, activation: str = "relu", networks: int = 100) -> np.ndarray:
    """Return what layer 50 of networks carries, one number for each of the first seeds."""
    network = {"depth": 50, "width": 128, "activation": activation, "scheme": scheme}
    return np.array([probes.measure(seed, **network).activation_rms[-1] ** 2 for seed in range(networks)])


def he_path(seed: int) -> np.ndarray:
    return probes.measure(seed, depth=50, width=128, activation="relu", scheme="he_normal").activation_rms ** 2


def patient_factor(mistake: str) -> float:
    """What a layer of a patient typically multiplies the mean square by, from its second layer to the last but one."""
    layers, signal = mistakes.draw(mistakes.recipe(mistake))
    mean_squares = []
    for weights, biases, _activation in layers[:-1]:
        signal = np.maximum(signal.astype(float) @ weights + biases, 0)
        mean_squares.append(np.mean(signal**2))
    return (mean_squares[-1] / mean_squares[0]) ** (1 / (len(mean_squares) - 1))


TINY, HUGE = (float(getattr(np.finfo(np.float32), name)) for name in ("tiny", "max"))


KNIFE = {"weight": 10.0, "bias": -5.0}


BOUND = 0.25 * 2.5**19


Proof = str | Callable[[], float | bool]


@cache
def map_losses(title: str, side: str) -> np.ndarray:
    """What a map of page start_or_learning_rate shows, `(gains, rates)`: "left" or "right"."""
    explorer = opened("loss_map")
    (scene,) = (scene for scene in SCENES if scene.page == "start_or_learning_rate" and scene.title == title)
    begun(explorer, scene.state)
    return explorer.table[f"{side}.loss"].reshape(len(np.unique(explorer.table["gain"])), -1)


def gains_learned(title: str, side: str) -> np.ndarray:
    """The gains of a map at which some learning rate has learned, below half of the loss of guessing."""
    return (
        map_losses(title, side) < training.Training(training.Setup(), training.trials()).history.guessing_loss / 2
    ).any(axis=1)


def searches(strategy: str) -> list[tuning.Search]:
    """The repeats of a strategy in the race of page tuning."""
    shown("tuning", "The grid")  # at its end
    return opened("search_race").job.searches[strategy]


def fails(strategy: str) -> np.ndarray:
    """In which repeats no try has learned."""
    ends = np.array([found.losses.min() for found in searches(strategy)])
    return ends > LEARNED * opened("search_race").job.guessing_loss


def batch_losses(title: str) -> np.ndarray:
    """The median losses by batch size that a scene of page tuning shows."""
    state = shown("tuning", title).state
    return opened("batch_sizes").job.losses(state["after"], state["rates"]).median


XAVIER, HE, ORTHOGONAL = "Glorot (Xavier), uniform", "He (Kaiming), normal", "Orthogonal"


SMALL, STANDARD, STD_1 = "Normal, std 0.01", "Standard, uniform ±1/√fan_in", "Normal, std 1"


def standings(title: str) -> dict[str, str]:
    """What the sentence of a race says of each start."""
    parts = shown("training", title).sentence.partition("): ")[2].rstrip(".").split("; ")
    return dict(part.split(": ") for part in parts)


def learned(title: str) -> set[str]:
    """The starts of a race of which most seeds have learned."""
    return {start for start, words in standings(title).items() if re.search("[345] of 5 learned", words)}


def guessing(title: str) -> set[str]:
    """The starts of a race all of whose seeds are no better than guessing."""
    return {start for start, words in standings(title).items() if "5 of 5 no better than guessing" in words}


def start_against_theory() -> np.ndarray:
    """The rms of the activations before training over theory's, for the starts of the first race, by layer."""
    ratios = []
    for lane in LINE_UPS["six schemes"]:
        setup = training.Setup()
        job = training.Training(setup, training.trials([lane.scheme], seeds=range(SEEDS)), records=1)
        job.advance()
        measured = np.median(job.history.layers.activation_rms[0], axis=0)
        ratios.append(measured / predicted_rms(lane, setup)[0])
    return np.array(ratios)


NUMERAL = re.compile(r"(1/)?\d+(?:\.\d+)?(?:e[+-]?\d+)?")


def as_written(numeral: str, value: float) -> bool:
    """Whether a value rounds to a numeral: it is off by no more than half a unit of the last digit."""
    if numeral.startswith("1/"):
        return as_written(numeral.removeprefix("1/"), 1 / value)
    written = Decimal(numeral)
    return bool(abs(float(written) - value) <= 0.5 * 10.0 ** written.as_tuple().exponent * (1 + 1e-9))
