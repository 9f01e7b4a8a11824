"""Every scene opens, shows what its note says, and states no number that is not found again here."""

import math
import re
from collections import Counter
from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import NamedTuple

import nbformat
import numpy as np
import pytest
from random_states import RUNNING, mostly_long

from course import activations, data, explorers, initializers, mistakes, probes, scenes, theory, training, tuning
from course.explorers.base import Explorer
from course.explorers.batch_sizes import SIZES
from course.explorers.loss_map import GRIDS
from course.explorers.running import RunningExplorer
from course.explorers.search_race import BUDGET
from course.explorers.tapered_network import scheme as tapered_scheme
from course.explorers.training_race import DEPTHS, LINE_UPS, SEEDS, predicted
from course.figures.sums import EDGE
from course.networks.residual import SCALINGS
from course.probes import blocks
from course.probes.chain import run_chain
from course.probes.spread import he_relu_draws
from course.probes.sums import TERMS
from course.scenes import SCENES, Scene
from course.theory import products
from course.theory.luck import relu_factor_variance, relu_log_factor
from course.training.history import LEARNED

PAGES = sorted((Path(__file__).parent.parent / "notebooks").glob("*.ipynb"))
LAB = "15_lab"
LONGEST_TITLE, LONGEST_NOTE = 28, 420
PINNED = "pinned"
PINS = {scene.explorer for scene in SCENES if PINNED in scene.state}

QUICKEST = ("sigmoid_chain", "sum_of_inputs")

each_scene = pytest.mark.parametrize("scene", SCENES, ids=[f"{scene.page[:2]}: {scene.title}" for scene in SCENES])
ENDS = [scenes.of(page)[place].title for page in {scene.page for scene in SCENES} for place in (0, -1)]
each_end = pytest.mark.parametrize(
    "scene",
    [
        pytest.param(
            scene, id=f"{scene.page[:2]}: {scene.title}", marks=[] if scene.title in ENDS else pytest.mark.long
        )
        for scene in SCENES
    ],
)
"""The scenes, but for the first and the last of a page in the second tier alone: facts of notes show the others."""


@cache
def opened(name: str) -> Explorer:
    return getattr(explorers, name)()


@cache
def defaults(name: str) -> Mapping:
    return dict(getattr(explorers, name)().state)


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
    """Open a scene; `page` may be its number."""
    scene = named(page, title)
    return begun(opened(scene.explorer), scene.state, whole=whole)


def named(page: str, title: str) -> Scene:
    (scene,) = (scene for scene in SCENES if scene.page.startswith(page) and scene.title == title)
    return scene


def long_where_it_runs(explorer: str) -> list:
    """The marks of a test that needs a scene's run to its end."""
    return [pytest.mark.long] if explorer in RUNNING else []


def whole_state(scene: Scene) -> dict:
    return {**defaults(scene.explorer), **{key: value for key, value in scene.state.items() if key != PINNED}}


def sentences(text: str) -> list[str]:
    """Split where a full stop, a question mark or a colon before a capital ends a sentence."""
    return re.split(r"(?<=[.?!])\s+(?=[A-Z0-9])", text)


# The scenes as a table


def test_every_page_but_the_lab_has_four_to_seven_scenes_and_no_other_page_has_any():
    counted = Counter(scene.page for scene in SCENES)
    assert set(counted) == {page.stem for page in PAGES} - {LAB}
    assert all(4 <= count <= 7 for count in counted.values()), counted


def test_the_scenes_stand_in_the_order_of_the_pages():
    assert [scene.page for scene in SCENES] == sorted(scene.page for scene in SCENES)


def test_the_scenes_of_a_page_are_found_by_its_name():
    for page in {scene.page for scene in SCENES}:
        assert scenes.of(page) == tuple(scene for scene in SCENES if scene.page == page)


def test_a_page_without_scenes_is_refused_by_name_and_the_others_are_named():
    with pytest.raises(ValueError, match=r"'99_nowhere'.*00_start_here.*06_he"):
        scenes.of("99_nowhere")


def test_no_two_scenes_of_a_page_have_one_title():
    counted = Counter((scene.page, scene.title) for scene in SCENES)
    assert [key for key, count in counted.items() if count > 1] == []


@each_scene
def test_a_title_fits_on_a_button(scene):
    assert len(scene.title) <= LONGEST_TITLE
    assert 2 <= len(scene.title.split()) <= 5


@each_scene
def test_a_note_is_short_and_asks_or_tells_in_whole_sentences(scene):
    assert 0 < len(scene.note) <= LONGEST_NOTE
    assert scene.note == " ".join(scene.note.split())
    assert scene.note.endswith((".", "?"))
    assert len(sentences(scene.note)) >= 2


@each_scene
def test_every_note_puts_a_question_or_a_task_to_the_class(scene):
    assert re.search(r"\?|\b[Aa]sk\b|\blet the class\b|\bLet the class\b", scene.note)


# States that their explorers offer


@each_scene
def test_a_scene_names_an_explorer_that_exists(scene):
    assert scene.explorer in explorers.__all__


@each_end
def test_a_scene_brings_its_explorer_to_its_state_and_everything_else_to_the_defaults(scene):
    state = whole_state(scene)
    kept = {PINNED: {**state, **scene.state[PINNED]}} if PINNED in scene.state else {}
    assert shown(scene.page, scene.title, whole=False).state == state | kept


@each_scene
def test_a_state_holds_only_what_differs_from_the_defaults(scene):
    start = defaults(scene.explorer)
    assert [name for name, value in scene.state.items() if name != PINNED and start[name] == value] == []


@each_scene
def test_what_is_pinned_names_what_the_scene_sets_and_differs_from_it(scene):
    if PINNED not in scene.state:
        assert "pinned" not in scene.note
        return
    kept, state = scene.state[PINNED], whole_state(scene)
    assert set(scene.state) - {PINNED} <= set(kept)
    assert any(state[name] != value for name, value in kept.items())
    assert all(name in scene.state or state[name] != value for name, value in kept.items())
    assert "pinned" in scene.note


def test_only_the_picture_of_two_starts_has_nothing_pinned():
    assert "two_schemes" not in PINS
    assert len(PINS) > 4


# Pictures


HEADING = "^## (Observe|The picture)$"


def main_picture(page: Path) -> str:
    """The cell that the page's Observe part runs; on the first page, the one under "The picture"."""
    cells = nbformat.read(page, 4).cells
    heads = [index for index, cell in enumerate(cells) if re.search(HEADING, cell.source, re.MULTILINE)]
    return next(cell.source for cell in cells[heads[0] :] if cell.cell_type == "code")


@pytest.mark.parametrize("page", [page for page in PAGES if page.stem != LAB], ids=lambda page: page.stem)
def test_a_page_opens_its_scenes_and_nothing_is_pinned_in_the_first(page):
    assert main_picture(page) == f'explorers.stage("{page.stem}")'
    assert PINNED not in scenes.of(page.stem)[0].state


@pytest.mark.parametrize("page", [page for page in PAGES if page.stem != LAB], ids=lambda page: page.stem)
def test_every_explorer_of_a_page_has_a_scene(page):
    text = "\n".join(cell.source for cell in nbformat.read(page, 4).cells if cell.cell_type == "code")
    assert {scene.explorer for scene in scenes.of(page.stem)} >= set(re.findall(r"\bexplorers\.(\w+)\(", text)) - {
        "stage"
    }


@pytest.mark.parametrize("whole", [False, pytest.param(True, marks=pytest.mark.long)])
@each_scene
def test_a_scene_is_drawn(scene, whole):
    picture = shown(scene.page, scene.title, whole=whole)
    assert picture.exception is None
    assert picture.sentence
    assert picture.image.startswith(b"\x89PNG")


@pytest.mark.parametrize("name", mostly_long(sorted({scene.explorer for scene in SCENES} - {"batch_sizes"}), QUICKEST))
def test_a_scene_is_the_same_picture_after_other_scenes_as_alone(name):
    played = [scene for scene in SCENES if scene.explorer == name]
    alone = getattr(explorers, name)(**played[-1].state)
    finish(alone)
    after = [begun(opened(name), scene.state) for scene in played][-1]
    assert after.image == alone.image
    assert after.state == alone.state


# Numbers in the notes: each stands in the picture's sentence, or is computed here from theory or from a run


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
def run(start: str, activation: str = "tanh", **noise) -> training.Run:
    layer = training.starting_layer(start, 8, **noise)
    return training.train(layer, *data.disc(), activation, steps=1000)


def steps_apart(start: str) -> int:
    return int(np.argmax(training.largest_difference(run(start, perturbation=1e-6).layers) > APART))


def growth() -> float:
    """1 + |g|, by which a small difference grows near zero: page 02."""
    points, inside = data.disc()
    return 1 + float(np.linalg.norm(((inside.mean() - inside)[:, None] * points).mean(axis=0)))


def nothing_moves(activation: str) -> bool:
    layers = run("zeros", activation).layers
    return not np.any(layers.weights) and not np.any(layers.outgoing)


SLEEPY = {"perturbation": 0.1, "perturbed": "biases"}


def asleep() -> np.ndarray:
    """Which of the ReLU units with random biases and weights of zero have never moved."""
    layers = run("zeros", "relu", **SLEEPY).layers
    return ~np.any(layers.outgoing, axis=0) & ~np.any(layers.weights, axis=(0, 1))


def sleepy_biases() -> np.ndarray:
    return run("zeros", "relu", **SLEEPY).layers.biases[0]


def distinct_at(step: int) -> int:
    return training.distinct_units(training.HiddenLayer(*(part[step] for part in run("random").layers)))


def entropy(share: float) -> float:
    return -share * math.log(share) - (1 - share) * math.log(1 - share)


@cache
def last_mean_squares(scheme: str, gain: float = 1.0, networks: int = 100) -> np.ndarray:
    """What layer 50 of ReLU networks carries, one number for each of the first seeds."""
    network = {"depth": 50, "width": 128, "activation": "relu", "scheme": scheme, "gain": gain}
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


APART = 0.5
"""Units whose weights differ by so much have come apart."""
TINY, HUGE = (float(getattr(np.finfo(np.float32), name)) for name in ("tiny", "max"))
KNIFE = {"weight": 10.0, "bias": -5.0}
BOUND = 0.25 * 2.5**19

Proof = str | Callable[[], float | bool]
FACTS: dict[tuple[str, str], dict[str, Proof]] = {
    ("00", "Fifty tanh layers"): {"0.01": "(theory: 0.01)", "0.015": "(theory: 0.015)"},
    ("00", "Twice as deep"): {
        "50 layers left 0.01": lambda: as_written("0.01", mean_squares("tanh", 50, 1.0)[-1]),
        "0.0001": lambda: mean_squares("tanh", 50, 1.0)[-1] ** 2,
        "0.0051": "(theory: 0.0051)",
        "half as much as after 50": lambda: abs(2 * np.divide(*mean_squares("tanh", 100, 1.0)[[99, 49]]) - 1) < 0.05,
    },
    ("00", "The same start with ReLU"): {
        "one half": lambda: math.isclose(theory.gain("relu") ** -2, 0.5),
        "8.9e-16": "(theory: 8.9e-16)",
        "layer 50": "layer 50",
    },
    ("00", "A gain that mends it"): {
        "0.74": "(theory: 0.74)",
        "through 50 layers": "layer 50",
        "back to 1,": lambda: math.isclose(defaults("signal_propagation")["gain"], 1),
    },
    ("00", "A hundred networks"): {
        "layer 50": "layer 50",
        "more than ten times apart": lambda: (
            np.divide(*np.quantile(last_mean_squares("glorot_uniform", 1.41), [0.9, 0.1])) > 10
        ),
    },
    ("00", "Beyond what float32 holds"): {
        "by 128": lambda: mean_squares("linear", 1, 128 * weight_std("normal_1", 128) ** 2)[0],
        "std 1": lambda: weight_std("normal_1", 128),
        "layer 36": "overflow at layer 36",
        "3.4e38": lambda: HUGE,
    },
    ("01", "Two away from zero"): {
        "1/9.52": "1/9.52",
        "1/4": lambda: sigmoid_slope(0),
        "2.38": "2.38 times slower",
        "z = 0": lambda: times_slower(0) == 1,
        "1.76": lambda: 2 * math.acosh(math.sqrt(2)),
        "half of the peak": lambda: math.isclose(times_slower(2 * math.acosh(math.sqrt(2))), 2),
    },
    ("01", "Ten away from zero"): {
        "0.99995": "answers 0.99995",
        "1/22028": "1/22028",
        "2313 times less than at 2": lambda: times_slower(10, against=2),
    },
    ("01", "Is ±4 a law?"): {
        "from −4 to 4": "±4.0",
        "2.66 from 4 to 5": lambda: times_slower(5, against=4),
        "5.53 times slower at 3": lambda: times_slower(3),
        "14.2": "14.2 times slower",
        "37.6 times at 5": lambda: times_slower(5),
    },
    ("01", "Four layers in a row"): {
        "at most 1/4": lambda: sigmoid_slope(0),
        "0.0027": "layer 1 the gradient is 0.0027",
        "0.0039": "at most 0.0039",
        "power of 1/4": lambda: round(sigmoid_slope(0) ** 4, 4) == 0.0039 and sigmoid_slope(0),
    },
    ("01", "Twenty layers"): {
        "1.1e-13": "layer 1 the gradient is 1.1e-13",
        "9.1e-13": "at most 9.1e-13",
        "2.0e+12": "learns 2.0e+12 times slower",
    },
    ("01", "Do large weights explode?"): {
        "9.1e+06": "at most 9.1e+06",
        "2.2e-66": "layer 1 the gradient is 2.2e-66",
        "about 10": "at z = 10.0",
        "from layer 2 on": lambda: bool(
            np.all(abs(run_chain(np.full(20, 10.0), np.zeros(20), 0.5).preactivations[1:] - 10) < 0.1)
        ),
    },
    ("01", "On a knife's edge"): {
        "z = 0, and the gradient reaches the bound, 9.1e+06": lambda: np.allclose(chain(**KNIFE, input=0.5)[0], BOUND),
        "9.1e+06": "at most 9.1e+06",
        "4.8e-19": "layer 1 the gradient is 4.8e-19",
    },
    ("02", "Eight equal units"): {
        "0.5": lambda: training.STARTS["constant"][0],
        "exactly zero": "no weight of theirs differs in any digit",
        "0.486": "the loss is 0.486",
    },
    ("02", "All weights zero"): {
        "With tanh none, and with ReLU none either": lambda: nothing_moves("tanh") and nothing_moves("relu"),
        "25 %": lambda: 100 * data.disc()[1].mean(),
        "0.562": "the loss is 0.562",
        "a quarter of them": lambda: bool(data.disc()[1].mean() == 0.25),
        "That answer has the loss 0.562": lambda: entropy(0.25),
    },
    ("02", "Zero weights, sigmoid"): {
        "0.5 when it receives 0": lambda: float(activations.named("sigmoid").array_function(np.float64(0))),
        "1 distinct unit": "1 distinct unit",
        "0.541": "the loss is 0.541",
        "0.562": lambda: run("zeros", "tanh").losses[-1],
    },
    ("02", "A millionth of noise"): {
        "1.042": growth,
        "56": lambda: math.log(10) / math.log(growth()),
        "8 distinct units": "8 distinct units",
        "0.132": "the loss is 0.132",
    },
    ("02", "Which start lets go first?"): {
        "constant 0.5": lambda: training.STARTS["constant"][0],
        "differ by 0.5": lambda: APART,
        "317": lambda: steps_apart("zeros"),
        "952": lambda: steps_apart("constant"),
    },
    ("02", "Noise in the biases only"): {
        "0.080": lambda: run("zeros", "tanh", **SLEEPY).losses[-1],
        "4 of the 8 units never move": lambda: asleep().sum(),
        "their bias is negative": lambda: bool(np.all(sleepy_biases()[asleep()] < 0)),
        "0.456": "the loss is 0.456",
    },
    ("02", "A random start"): {
        "8 distinct units": "8 distinct units",
        "from the first step to the last": lambda: distinct_at(0) == 8 == distinct_at(-1),
        "0.073": "the loss is 0.073",
        "0.515": "(identical units: 0.515)",
    },
    ("03", "Ten inputs"): {
        "of variance 1,": lambda: TERMS["normal"].second_moment,
        "uniform ±1/√d": lambda: math.isclose(weight_std("standard_uniform", 10), 10**-0.5 / math.sqrt(3)),
        "1/3": lambda: theory.preactivation_variances("linear", 1, 10 * weight_std("standard_uniform", 10) ** 2)[0],
        "0.58": lambda: math.sqrt(1 / 3),
    },
    ("03", "A single input"): {
        "0.33": "(theory: 0.33)",
        "2.40": "(theory: 2.40)",
        "0.24": lambda: theory.sums.excess_kurtosis(10, TERMS["uniform"].kurtosis, TERMS["normal"].kurtosis),
        "2.4/d": lambda: TERMS["uniform"].kurtosis * TERMS["normal"].kurtosis - 3,
    },
    ("03", "A thousand inputs"): {
        "A hundred times as many": lambda: whole_state(scenes.of("03_variance_of_a_sum")[0])["d"] * 100 == 1000,
        "0.33": "(theory: 0.33)",
        "±4": lambda: EDGE,
        "4.3e-10 %": "a normal variable: 4.3e-10 %",
    },
    ("03", "Weights not scaled"): {
        "333": "(theory: 333)",
        "83 %": "a normal variable: 83 %",
        "±4": lambda: EDGE,
    },
    ("03", "Coins as inputs"): {
        "+1 or −1": lambda: TERMS["coin"].second_moment == TERMS["coin"].fourth_moment == 1,
        "−1.20": "(theory: -1.20)",
        "0.33": "(theory: 0.33)",
    },
    ("03", "Inputs with a mean"): {
        "still have variance 1, but mean 1": lambda: TERMS["normal of mean 1"].second_moment - 1**2,
        "0.33": lambda: theory.preactivation_variances("linear", 1, 1 / 3)[0],
        "0.67": "(theory: 0.67)",
        "which is 2": lambda: TERMS["normal of mean 1"].second_moment,
    },
    ("03", "Variance one again"): {
        "the variance 1 that": "(theory: 1)",
        "variance 1/d": lambda: math.isclose(weight_std("lecun_normal", 10) ** 2, 1 / 10),
        "three times": lambda: math.isclose(
            weight_std("lecun_normal", 10) ** 2, 3 * weight_std("standard_uniform", 10) ** 2
        ),
    },
    ("04", "A level line"): {
        "std 0.125": lambda: weight_std("normal_0.1", 64, 1.25),
        "64 times the square of 0.125 is 1": lambda: 64 * 64 * 0.125**2,
        "all dashes are level": lambda: np.allclose(theory.gradient_variances("linear", 50, 1.0), 1),
    },
    ("04", "Std 0.1, fifty layers"): {
        "0.1,": lambda: weight_std("normal_0.1", 64),
        "a fifth less": lambda: math.isclose(
            weight_std("normal_0.1", 64, 1.0), 0.8 * weight_std("normal_0.1", 64, 1.25)
        ),
        "0.64": lambda: mean_squares("linear", 1, 64 * weight_std("normal_0.1", 64) ** 2)[0],
        "64 %": lambda: 64 * 0.1**2 * 100,
        "2.0e-10": "(theory: 2.0e-10)",
    },
    ("04", "Four percent too much"): {
        "4 %": lambda: 100 * (1.3 / 1.25 - 1),
        "1.08": lambda: 64 * weight_std("normal_0.1", 64, 1.3) ** 2,
        "2.2 after 10": lambda: mean_squares("linear", 10, 64 * weight_std("normal_0.1", 64, 1.3) ** 2)[-1],
        "51 after 50": lambda: mean_squares("linear", 50, 64 * weight_std("normal_0.1", 64, 1.3) ** 2)[-1],
        "2551": "(theory: 2551)",
    },
    ("04", "Std 1 overflows"): {
        "Std 1 ": lambda: weight_std("normal_1", 64),
        "8 times": lambda: math.sqrt(64) * weight_std("normal_1", 64),
        "3.4e38": "3.4e38",
        "42": "overflow at layer 42",
        "layer 8, after as many steps": lambda: 50 - 42,
        "layer 8": "overflows at layer 8",
    },
    ("04", "Does tanh save it?"): {
        "from −1 to 1": lambda: abs(np.tanh([-np.inf, np.inf])).max(),
        "0.9.": "(theory: 0.9)",
        "80 %": "Layer 1 has the most slopes that are nearly flat: 80%",
        "8.1e+31": "(theory: 8.1e+31)",
        "8 times too large": lambda: weight_std("normal_1", 64) / 64**-0.5,
    },
    ("04", "Std 0.01 falls silent"): {
        "0.08": lambda: math.sqrt(64) * weight_std("normal_0.01", 64),
        "1.2e-38": lambda: TINY,
        "36": "nothing is left at layer 36",
    },
    ("05", "Two starts, ten layers"): {
        "0.052": lambda: mean_squares("tanh", 10, 1.0)[-1],
        "8.9e-06": lambda: mean_squares("tanh", 10, 1 / 3)[-1],
    },
    ("05", "Level is not large"): {
        "5.5 %": lambda: 100 * (weight_gradients(1 / 3).max() / weight_gradients(1 / 3).min() - 1),
        "4.8e-10": lambda: weight_gradients(1 / 3)[0],
        "0.038": lambda: weight_gradients(1.0)[0],
    },
    ("05", "Xavier meets ReLU"): {
        "with slope 1 round zero": lambda: np.allclose(activations.ACTIVATIONS["tanh"].array_slope(0.0), 1),
        "9.8e-04": lambda: mean_squares("relu", 10, 1.0)[-1],
        "a sixth": lambda: math.isclose(mean_squares("relu", 1, 1 / 3)[0], 1 / 6),
        "1.7e-08": lambda: mean_squares("relu", 10, 1 / 3)[-1],
    },
    ("05", "Sigmoid, four times wider"): {
        "1/4": lambda: sigmoid_slope(0),
        "4 times wider": lambda: weight_std("glorot_sigmoid_uniform", 128) / weight_std("glorot_uniform", 128),
        "0.056": lambda: theory.chi("sigmoid", 1.0),
        "0.399": lambda: theory.chi("sigmoid", 16.0),
        "1.6e-04": lambda: first_gradient("sigmoid", 10, 16.0),
    },
    ("05", "fan_in for the signal"): {
        "1/fan_in": lambda: math.isclose(initializers.standard_deviation(tapered_scheme("fan_in"), (9, 4)) ** 2, 1 / 9),
        "from 128 units to 16": "narrows from 128 to 16 units",
        "The signal's": "Forward, the signal",
        "0.15": "(theory: 0.15)",
    },
    ("05", "fan_out for the gradient"): {
        "128 units narrow to 16": "narrows from 128 to 16 units",
        "The gradient is level": "(theory: 1)",
        "8 times": "(theory: 8)",
    },
    ("05", "Xavier's compromise"): {
        "2.7": "(theory: 2.7)",
        "0.37": "(theory: 0.37)",
        "0.15": lambda: 0.5**0.9 * 0.25**0.9,
    },
    ("06", "He on ReLU"): {
        "the half": lambda: math.isclose(theory.gain("relu") ** -2, 0.5),
        "layer 35": lambda: np.all(abs(np.log2(he_path(0)[:35])) < 1) and 35,
        "layer 50": "layer 50",
        "less than a tenth": lambda: he_path(0)[-1] < 0.1,
    },
    ("06", "Xavier, then He"): {
        "8.9e-16": lambda: mean_squares("relu", 50, 1.0)[-1],
        "after 50": "layer 50",
        "1.41": lambda: theory.gain("relu"),
    },
    ("06", "He on tanh"): {
        "0.31": "(theory: 0.31)",
        "layer 50": "layer 50",
        "0.01.": lambda: mean_squares("tanh", 50, 1.0)[-1],
        "1.106": lambda: theory.chi("tanh", 2.0),
        "59": "(theory: 59)",
        "0.015": lambda: first_gradient("tanh", 50, 1.0),
        "100 layers": lambda: first_gradient("tanh", 100, 2.0) > first_gradient("tanh", 50, 2.0) > 10,
    },
    ("06", "Another draw"): {
        "layer 50": "layer 50",
        "more than ten times apart": lambda: he_path(1)[-1] > 10 * he_path(0)[-1],
        "one above the line, one below": lambda: he_path(1)[-1] > 1 > he_path(0)[-1],
    },
    ("06", "A hundred draws"): {
        "theory's 1 is": "(theory: 1)",
        "layer 50": "layer 50",
        "it lies below the band": lambda: bool(he_path(0)[-1] < np.quantile(last_mean_squares("he_normal"), 0.1)),
        "the median is below": lambda: bool(np.median(last_mean_squares("he_normal")) < 1),
        "a few large ones hold it up": lambda: bool(
            np.sort(last_mean_squares("he_normal"))[-10:].sum() > 0.5 * last_mean_squares("he_normal").sum()
        ),
    },
    ("06", "Narrower layers"): {
        "promises, 1": "(theory: 1)",
        "Ten of": lambda: bool(np.sum(he_relu_draws(0, width=32)[:, 49] >= 1) == 10),
        "the 100 keep": "100 networks",
        "0.016": "half of them keep less than 0.016",
        "5.2e-04": "one in ten less than 5.2e-04",
    },
    ("06", "Narrow and deep"): {
        "Theory's mean is still 1": "(theory: 1)",
        "2.3e-08": "half of them keep less than 2.3e-08",
        "One network": lambda: bool(np.sum(he_relu_draws(0, width=16)[:, 99] >= 1) == 1),
        "of the 100 does": "100 networks",
        "100 layers": "At layer 100",
        "that one makes nearly all": lambda: (
            he_relu_draws(0, width=16)[:, 99].max() > 0.9 * he_relu_draws(0, width=16)[:, 99].sum()
        ),
    },
    ("07", "A recommended gain"): {
        "5/3, is a weight variance of 2.78": lambda: as_written("2.78", (5 / 3) ** 2),
        "a cosine of 0.5": lambda: defaults("order_and_chaos")["cosine"] == 0.5,
        "6434": "(theory: 6434)",
    },
    ("07", "Everything looks alike"): {
        "the cosine of 0.5": lambda: defaults("order_and_chaos")["cosine"] == 0.5,
        "To 1, within": "on its way to 1.00",
        "twenty layers": lambda: theory.correlations("tanh", 20, 1.5, 0.2, correlation=0.5)[-1] > 0.98,
    },
    ("07", "On the border"): {
        "The gradient is nearly level": "lies on the border",
    },
    ("07", "He is a point"): {
        "upright at 2": lambda: math.isclose(theory.critical_weight_variance("relu", 0.5), 2.0),
        "0.99 after layer 50": "after layer 50 (theory: 0.99)",
    },
    ("07", "A staircase to the end"): {
        "begins at 2": "from 2 in layer 1",
        "settles at 0.42": "settles at 0.42",
        "begins at 0.2 and climbs to 1": "settles at 1.00",
        "below 1": "slope at c = 1",
    },
    ("07", "A map without a bend"): {
        "0.94 in 20 layers": "from 0.00 to 0.94",
    },
    ("08", "Ten linear layers"): {
        "ten layers": "After 10 layers",
        "5.3": lambda: as_written("5.3", products.largest(10)),
    },
    ("08", "A single matrix"): {
        "nearly 2": lambda: math.isclose(products.largest(1), 2),
        "One matrix": "After 1 layer",
    },
    ("08", "Tanh kept nearly linear"): {
        "Fifty tanh layers": "After 50 layers",
        "gain 1": lambda: defaults("singular_values")["gain"] == 1,
        "rms 0.01": lambda: shown("08", "Tanh kept nearly linear").state["input_rms"] == 0.01,
        "input to 1": lambda: defaults("singular_values")["input_rms"] == 1,
    },
    ("08", "ReLU flattens"): {
        "Five ReLU layers": "After 5 layers",
        "He's gain keeps at 1": lambda: math.isclose(theory.gradient_variances("relu", 6, 2.0)[0], 1),
    },
    ("08", "Three widths, one input"): {"200 networks": "200 ReLU networks"},
    ("08", "Depth over width"): {
        "100 layers of 64 units or 50 layers of 32": lambda: 100 / 64 == 50 / 32,
        "more than 5": lambda: 5 < 64 * relu_log_factor(64).variance < 6,
    },
    ("08", "Less luck needed"): {
        "about 5 to about 3": lambda: (
            math.isclose(relu_factor_variance(1000), 5 / 1000)
            and math.isclose(relu_factor_variance(1000, "orthogonal"), 3 / 1002)
        ),
    },
    ("09", "Six starts, ten layers"): {
        "Three do: Xavier, He and orthogonal": lambda: learned("Six starts, ten layers") == {XAVIER, HE, ORTHOGONAL},
        "Two never leave the grey line": lambda: guessing("Six starts, ten layers") == {SMALL, STANDARD},
        "gone at its first step": "Normal, std 1: 5 of 5 diverged by step 1",
        "All thirty networks": lambda: len(LINE_UPS["six schemes"]) * SEEDS == 30,
    },
    ("09", "Before the first step"): {
        "the points lie on the dashes of theory": lambda: bool(abs(np.log10(start_against_theory())).max() < 0.15),
    },
    ("09", "Two layers"): {
        "all five seeds of five starts learn": lambda: (
            shown("09", "Two layers").sentence.count("5 of 5 learned") == 5 == SEEDS
        ),
        "even weights of std 1 get somewhere": lambda: STD_1 not in guessing("Two layers"),
        "go to depth 3": lambda: 3 in DEPTHS and 3,
    },
    ("09", "Twenty layers"): {
        "Who is left? He alone": lambda: learned("Twenty layers") == {HE},
        "twice as deep": lambda: shown("09", "Twenty layers").state["depth"] == 2 * defaults("training_race")["depth"],
    },
    ("09", "The same race with tanh"): {
        "Thirty layers, and three starts learn with all five seeds": lambda: (
            shown("09", "The same race with tanh").sentence.count("5 of 5 learned") == 3
        ),
        "Weights of std 1 do not diverge here": "5 of 5 worse than guessing",
    },
    ("09", "He's weights times a gain"): {
        "Half of He's standard deviation does not learn": "He times 0.5: 2.3, 5 of 5 no better than guessing",
        "twice as much diverges": "He times 2.0: 5 of 5 diverged",
        "0.7 times still learns": lambda: LINE_UPS["He's weights times a gain"][1].gain,
        "with all five seeds": "5 of 5 learned",
    },
    ("10", "Sigmoid: who gives up?"): {},
    ("10", "What the networks see"): {},
    ("10", "Tanh: who saturates first?"): {},
    ("10", "Gradients before training"): {},
    ("10", "ReLU with 30 layers"): {},
    ("10", "A hundred layers"): {},
    ("10", "Time and depth"): {},
    ("11", "Plain and normalized"): {
        "13 gains": lambda: len(GRIDS["medium"].gains),
        "it is 5": lambda: gains_learned("Plain and normalized", "left").sum(),
        "within a factor of 2": "Left, SGD, plain: 9% of the map has learned, gains from 0.5 to 2",
        "on the right nearly all": lambda: bool(gains_learned("Plain and normalized", "right").sum() >= 12),
    },
    ("11", "Before the first step"): {
        "each column has one colour": lambda: bool(
            np.all(np.ptp(map_losses("Before the first step", "left"), axis=1) == 0)
        ),
        "nearly 0": lambda: bool(np.allclose(map_losses("Before the first step", "left")[:4], math.log(10), atol=0.01)),
        "in the hundred thousands": lambda: bool(1e5 < map_losses("Before the first step", "left")[-1, 0] < 1e6),
    },
    ("11", "Momentum and Adam"): {
        "about ten times": lambda: pytest.approx(10) == 1 / (1 - training.optimizers.MOMENTUM),
        "1/8": lambda: GRIDS["medium"].gains[gains_learned("Momentum and Adam", "right").argmax()],
        "all small gains learn": lambda: bool(gains_learned("Momentum and Adam", "right")[:7].all()),
        "4096": lambda: 4**6,
        "at gain 4": lambda: bool(not gains_learned("Momentum and Adam", "right")[10:].any()),
    },
    ("11", "A way past each layer"): {
        "0.5": "at gain 0.5",
        "below He's": lambda: bool(gains_learned("A way past each layer", "right")[:7].all()),
    },
    ("11", "Twenty layers"): {
        "On the left no point learns": "Left, SGD, plain: no point has learned",
        "200": "After 200 of 200 steps",
        "He's gain comes nearest": lambda: bool(
            np.argmin(map_losses("Twenty layers", "left").min(axis=1)) == GRIDS["coarse"].gains.index(1.0)
        ),
        "from gain 1 on all points diverge": lambda: bool(np.isinf(map_losses("Twenty layers", "right")[3:]).all()),
    },
    ("11", "Which normalization?"): {
        "does only one map have an island": "Left, SGD, layer normalization: no point has learned",
    },
    ("12", "Fifty residual blocks"): {
        "7.2e+23": "(theory: 7.2e+23)",
        "three to the fiftieth power": lambda: math.isclose(3.0**50, 7.2e23, rel_tol=0.01),
    },
    ("12", "Branches times 1/√L"): {
        "1/√50": lambda: math.isclose(SCALINGS["1/√L"].last(50) ** -2, 50),
        "7.1 in all": "(theory: 7.1)",
        "100 blocks make of it? Hardly more: 7.2": lambda: as_written("7.2", (1 + 2 / 100) ** 100),
    },
    ("12", "Branches that start at zero"): {
        "Every block passes on what it received": "(theory: 1)",
        "what the first weights of a branch get": "a gradient of exactly 0",
    },
    ("12", "Batch norm's own explosion"): {
        "1.467": lambda: math.pi / (math.pi - 1),
        "1.4e+08": "(theory: 1.4e+08)",
    },
    ("12", "What a border costs"): {
        "0.015": "(theory: 0.015)",
        "8 by 8": lambda: blocks.SIDE == 8,
    },
    ("12", "Nothing was said"): {
        "9.8e-04": "with Keras (theory: 9.8e-04)",
        "1.7e-08": "with PyTorch, Equinox (theory: 1.7e-08)",
    },
    ("12", "Gradients in float16"): {
        "layer 30": lambda: defaults("half_precision")["depth"] == 30,
        "Below 6.1e-05": "below 6.1e-05",
        "layer 1 about 4 %": "4% of layer 1",
    },
    ("13", "The first patient"): {
        "too large from layer 1 on": "12 of them are marked, the first is layer 1",
        "far beyond what layers of this kind could do by luck": lambda: patient_factor("std_as_mean") > 10,
    },
    ("13", "Ten layers were fine"): {
        "Count it off the curve: 2": lambda: as_written("2", patient_factor("gain_squared"))
    },
    ("13", "Only in this shape"): {},
    ("13", "It worked with tanh"): {
        "halves in every layer": lambda: abs(patient_factor("gain_of_another") - 0.5) < 0.05,
        "Why is layer 1 not marked": "the first is layer 2",
    },
    ("13", "Nothing to be seen"): {
        "every layer but the first is marked": "20 of them are marked, the first is layer 2"
    },
    ("13", "Ill before layer 1"): {
        "One mark, on layer 1": "1 of them is marked, the first is layer 1",
        "The largest number of float16 is 65504": lambda: np.finfo(np.float16).max == 65504,
    },
    ("14", "Twelve tries by hand"): {
        "twelve tries": lambda: BUDGET == 12,
    },
    ("14", "The grid"): {
        "Four gains, three learning rates": lambda: tuning.grid_sides(BUDGET, 2) == [4, 3],
        "no repeat fails": lambda: not fails("grid").any(),
    },
    ("14", "Random points, out of luck"): {
        "none in the good part": lambda: bool(fails("random")[30]),
        "0.8": lambda: 1 - 1 / 5,
        "power 12": lambda: BUDGET,
        "7 %": lambda: 100 * 0.8**12,
    },
    ("14", "What a model does"): {
        "the same first four tries": lambda: searches("random")[30].points[:4] == searches("bayesian")[30].points[:4],
    },
    ("14", "A power of two?"): {
        "32,": lambda: 32 if 32 in SIZES else 0,
        "64,": lambda: 64 if 64 in SIZES else 0,
        "128.": lambda: 128 if 128 in SIZES else 0,
        "small batches win here": lambda: bool(batch_losses("A power of two?").argmin() == 0),
    },
    ("14", "As many steps"): {
        "100": "Median loss after 100 steps",
        "The order has turned round": lambda: bool(batch_losses("As many steps").argmax() == 0),
    },
    ("14", "A rate for each batch"): {
        "Nothing that the seeds would not make alone": lambda: (
            batch_losses("A rate for each batch").max() < 1.4 * batch_losses("A rate for each batch").min()
        ),
    },
}


@cache
def map_losses(title: str, side: str) -> np.ndarray:
    """What a map of page 11 shows, `(gains, rates)`: "left" or "right"."""
    explorer = opened("loss_map")
    (scene,) = (scene for scene in SCENES if scene.page.startswith("11") and scene.title == title)
    begun(explorer, scene.state)
    losses = next(values for name, values in explorer.table.items() if name.startswith(side))
    return losses.reshape(len(np.unique(explorer.table["gain"])), -1)


def gains_learned(title: str, side: str) -> np.ndarray:
    """The gains of a map at which some learning rate has learned, below half of the loss of guessing."""
    return (
        map_losses(title, side) < training.Training(training.Setup(), training.trials()).history.guessing_loss / 2
    ).any(axis=1)


def searches(strategy: str) -> list[tuning.Search]:
    """The repeats of a strategy in the race of page 14."""
    shown("14", "The grid")  # at its end
    return opened("search_race").job.searches[strategy]


def fails(strategy: str) -> np.ndarray:
    """In which repeats no try has learned."""
    ends = np.array([found.losses.min() for found in searches(strategy)])
    return ends > LEARNED * opened("search_race").job.guessing_loss


def batch_losses(title: str) -> np.ndarray:
    """The median losses by batch size that a scene of page 14 shows."""
    state = shown("14", title).state
    return opened("batch_sizes").job.losses(state["after"], state["rates"]).median


XAVIER, HE, ORTHOGONAL = "Glorot (Xavier), uniform", "He (Kaiming), normal", "Orthogonal"
SMALL, STANDARD, STD_1 = "Normal, std 0.01", "Standard, uniform ±1/√fan_in", "Normal, std 1"


def standings(title: str) -> dict[str, str]:
    """What the sentence of a race says of each start."""
    parts = shown("09", title).sentence.partition("): ")[2].rstrip(".").split("; ")
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
        ratios.append(measured / predicted(lane, setup)[0])
    return np.array(ratios)


NUMERAL = re.compile(r"(1/)?\d+(?:\.\d+)?(?:e[+-]?\d+)?")
NAMES = re.compile(r"\blayer 1\b|\b[Pp]age \d\d\b|\bfloat32\b|\bFloat32\b")
EACH_FACT = [(*scene, words, proof) for scene, facts in FACTS.items() for words, proof in facts.items()]


def as_written(numeral: str, value: float) -> bool:
    """Whether a value rounds to a numeral: it is off by no more than half a unit of the last digit."""
    if numeral.startswith("1/"):
        return as_written(numeral.removeprefix("1/"), 1 / value)
    written = Decimal(numeral)
    return bool(abs(float(written) - value) <= 0.5 * 10.0 ** written.as_tuple().exponent * (1 + 1e-9))


@pytest.mark.parametrize(
    ("page", "title", "words", "proof"),
    [
        pytest.param(*fact, marks=long_where_it_runs(named(*fact[:2]).explorer), id=": ".join(fact[:3]))
        for fact in EACH_FACT
    ],
)
def test_a_number_in_a_note_is_what_the_picture_or_the_theory_says(page, title, words, proof):
    assert words in named(page, title).note
    if isinstance(proof, str):
        assert proof in shown(page, title).sentence
        return
    value = proof()
    assert value if isinstance(value, bool | np.bool) else as_written(NUMERAL.search(words).group(), value)


def own_numbers(scene: Scene) -> set[str]:
    """The numbers that a scene sets, as a note writes them."""
    values = [*whole_state(scene).values(), *scene.state.get(PINNED, {}).values()]
    return {f"{abs(value):g}" for value in values if isinstance(value, int | float)}


@each_scene
def test_no_note_states_a_number_that_is_not_found_again_here(scene):
    rest = scene.note
    for words in sorted(FACTS[scene.page[:2], scene.title], key=len, reverse=True):
        rest = rest.replace(words, "")
    left = {match.group() for match in NUMERAL.finditer(NAMES.sub("", rest))}
    assert left - own_numbers(scene) == set()


@pytest.mark.parametrize(
    ("numeral", "value", "right"),
    [
        ("0.33", 1 / 3, True),
        ("0.34", 1 / 3, False),
        ("1/9.52", 0.105, True),
        ("1/9.52", 0.106, False),
        ("8.9e-16", 0.5**50, True),
        ("8.8e-16", 0.5**50, False),
        ("317", 317, True),
        ("317", 318, False),
    ],
)
def test_a_numeral_is_right_to_half_a_unit_of_its_last_digit(numeral, value, right):
    assert as_written(numeral, value) is right
