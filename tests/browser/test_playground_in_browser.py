"""The main explorer as one file, in a browser without a network: the same numbers and words as with Python."""

import contextlib
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from lab import SCREENSHOTS
from playwright.sync_api import Browser, Page, expect
from random_states import mostly_long

from course import explorers, probes
from course.activations import ACTIVATIONS
from course.explorers import main, signals
from course.handouts import playground
from course.initializers import SCHEMES, standard_deviation
from course.live import controls, settings

SCREENS = {"phone": (390, 844), "small": (360, 740), "laptop": (1366, 768), "projector": (1920, 1080)}
CLOSE = 1e-3
"""Of a statistic: both sides round to float32, in other orders."""
ROUNDING, STEADY = 1e-6, 1e-4
"""A network is steady if weights that are off by the one change no mean square by more than the other."""
SMALL, LARGE = 1e-35, 1e37
"""Between these rms no number is rounded to 0 or overflows, which each side does in an order of its own."""
POWERS = {
    "activation_rms": 1,
    "preactivation_variance": 2,
    "preactivation_gradient_variance": 2,
    "weight_gradient_variance": 2,
}
"""What a statistic is of a number: a square, or the number itself."""
ASK = """async text => {
    if (text) playground.open(text);
    while (!playground.shown) await new Promise(resolve => setTimeout(resolve, 5));
    const plain = value => typeof value === "number" && !Number.isFinite(value) ? `${value}` : value;
    return JSON.stringify(playground.shown, (_, value) => value instanceof Uint32Array ? [...value] : plain(value));
}"""
"""What the page shows, as JSON; infinite numbers are texts there."""


@pytest.fixture(scope="module")
def file(tmp_path_factory) -> Path:
    return playground.hand_out(tmp_path_factory.mktemp("playground"))[0]


@contextlib.contextmanager
def opened(browser: Browser, file: Path, fragment: str = "", **context: Any) -> Iterator[Page]:
    """Open the file without a network; whatever goes wrong in it, or is asked of one, fails the test."""
    within = browser.new_context(**{"offline": True, "viewport": {"width": 1366, "height": 768}, **context})
    page, faults, asked = within.new_page(), [], []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{file.as_uri()}{fragment}")
    shown(page)
    yield page
    within.close()
    assert faults == []
    assert [url for url in asked if not url.startswith("data:")] == [file.as_uri()]


@pytest.fixture
def page(browser, file) -> Iterator[Page]:
    with opened(browser, file) as page:
        yield page


def shown(page: Page, text: str = "") -> dict[str, Any]:
    """Return what the page shows, in the state of a text if there is one."""
    return json.loads(page.evaluate(ASK, text))


def numbers(values: list) -> np.ndarray:
    return np.array(values, float)


CONTROLS = controls.build(main.CONTROLS)
START = settings.values(CONTROLS)
FEW = (
    {},
    {"scheme": "he_normal", "activation": "relu", "depth": 20, "seed": 7},
    {"scheme": "orthogonal", "activation": "gelu", "depth": 7, "width": 64},
    {"scheme": "normal_1", "activation": "linear", "depth": 100, "width": 16, "gain": 4.0},
    {"scheme": "zeros", "activation": "sigmoid", "depth": 1, "seed": 99},
)
"""Shrinking, kept, kept exactly, overflowing, and a single layer."""


def anywhere(chance: random.Random) -> dict[str, Any]:
    """Return a random network."""
    return {
        "scheme": chance.choice(list(SCHEMES)),
        "activation": chance.choice(list(ACTIVATIONS)),
        "depth": chance.randint(1, 100),
        "width": chance.choice((16, 64, 128, 256)),
        "gain": round(chance.uniform(0.1, 4.0) if chance.random() < 0.3 else chance.uniform(0.7, 1.5), 2),
        "seed": chance.randint(0, 99),
    }


def mean_squares(activation: str, weights: list, inputs: np.ndarray, gradient: np.ndarray) -> np.ndarray:
    """Return those of signals, gradients and weight gradients in every layer, in NumPy and float64."""
    row, signals_up, slopes = ACTIVATIONS[activation], [inputs.astype(float)], []
    for layer in weights:
        z = signals_up[-1] @ layer
        signals_up.append(row.array_function(z))
        slopes.append(row.array_slope(z))
    gradients = [gradient]
    for layer, slope in zip(weights[:0:-1], slopes[-2::-1], strict=True):
        gradients.append((gradients[-1] @ layer.T) * slope)
    of_weights = (signal.T @ gradient for signal, gradient in zip(signals_up[-2::-1], gradients, strict=True))
    return np.array([np.mean(part**2) for part in (*signals_up, *gradients, *of_weights)])


def is_steady(seed: int, **network: Any) -> bool:
    """Say whether a network is the same however its numbers are rounded: in chaos, and at many kinks, it is not."""
    written, random = probes.network(seed, **network), np.random.default_rng(seed)
    ends = written.inputs, written.directions.astype(float)
    exact = [layer.astype(float) for layer in written.weights]
    rounded = [layer * (1 + ROUNDING * random.standard_normal(layer.shape)) for layer in exact]
    with np.errstate(all="ignore"):
        one, other = (mean_squares(network["activation"], weights, *ends) for weights in (exact, rounded))
        return bool(np.all((np.abs(one - other) <= STEADY * one) | ~np.isfinite(one)))


@pytest.fixture(scope="module")
def kept_open(browser, file) -> Iterator[Page]:
    with opened(browser, file) as page:
        yield page


@pytest.mark.parametrize("some", FEW, ids=lambda some: "-".join(map(str, some.values())) or "start")
def test_it_measures_predicts_and_says_what_the_notebooks_explorer_does(kept_open, some):
    assert_same(kept_open, **START | some)


@pytest.mark.long
@pytest.mark.parametrize("number", range(50))
def test_it_does_so_in_random_states(kept_open, number):
    chance = random.Random(number)
    while not is_steady(**(state := anywhere(chance))):
        pass
    assert_same(kept_open, **START | state)


def assert_same(page: Page, *, seed: int, networks: int, **network: Any) -> None:
    state = {"seed": seed, "networks": networks, **network}
    found = shown(page, settings.write("signal_propagation", CONTROLS, state))
    limits = probes.Limits(ACTIVATIONS[network["activation"]].shown, None, None)
    stats, histograms = probes.observe(seed, limits=limits, **network)
    whole = stats.activation_rms < LARGE
    ends = stats._replace(**{name: without_ends(name, values) for name, values in stats._asdict().items()})
    for name, room in allowed(ends, **network).items():
        off = np.abs(without_ends(name, numbers(found["stats"][name])) - getattr(ends, name))
        counted = np.full_like(whole, True) if name in POWERS else whole
        assert np.all((off <= room + SMALL ** POWERS.get(name, 1))[counted]), (name, off, room)
    counts = numbers(found["counts"]).reshape(histograms.activations.shape)[whole]
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    np.testing.assert_allclose(shares, histograms.activations[whole], atol=CLOSE)
    predicted = signals.predicted_curves(**network)
    for name, curve in predicted._asdict().items():
        np.testing.assert_allclose(numbers(found["predicted"][name]), curve, rtol=1e-9)
    assert found["sentence"] == main.describe(signals.measured_curves(stats), predicted, stats.saturated_share)


def without_ends(name: str, values: np.ndarray) -> np.ndarray:
    """Return a statistic; beyond what is `LARGE`, which each side reaches in a way of its own, all are the same."""
    largest = LARGE ** POWERS.get(name, 1)
    return np.clip(values, -largest, largest)


def allowed(stats: probes.LayerStats, *, width: int, scheme: str, gain: float, **_more: Any) -> dict[str, np.ndarray]:
    """Return how far each statistic may be off.

    A mean is told from 0 by as much as the numbers are spread, shares are parts of a whole, and the variance of numbers
    that are all alike is what rounding leaves of their mean square.
    """
    inputs = np.append(1, stats.activation_rms[:-1]) ** 2
    preactivations = width**2 * standard_deviation(scheme, (width, width), gain) ** 2 * inputs
    weight_gradients = signals.BATCH**2 * inputs * stats.preactivation_gradient_variance
    return {
        "preactivation_variance": CLOSE * stats.preactivation_variance + ROUNDING * preactivations,
        "activation_mean": CLOSE * stats.activation_rms,
        "activation_rms": CLOSE * stats.activation_rms,
        "saturated_share": CLOSE,
        "dead_share": CLOSE,
        "preactivation_gradient_variance": CLOSE * stats.preactivation_gradient_variance,
        "weight_gradient_variance": CLOSE * stats.weight_gradient_variance + ROUNDING * weight_gradients,
    }


def test_a_state_of_a_notebook_opens_here_and_one_of_here_in_a_notebook(browser, file, page):
    state = {"scheme": "he_uniform", "activation": "silu", "depth": 7, "width": 64, "gain": 1.25, "seed": 42}
    explorer = explorers.signal_propagation(**state)
    with opened(browser, file, f"#{explorer.state_string}") as other:
        assert shown(other)["sentence"] == explorer.sentence
        assert other.get_by_role("img").get_attribute("aria-label") == explorer.alt
        assert other.get_by_label("state").input_value() == explorer.state_string
    page.get_by_label("gain").press("ArrowRight")
    page.get_by_label("scheme").select_option("lecun_normal")
    page.wait_for_function("location.hash.includes('lecun_normal')")
    page.get_by_role("button", name="Copy").click()
    line = page.wait_for_function("document.getElementById('copied').innerText").json_value()
    copied = eval(line.partition("; ")[2], {"explorers": explorers})
    assert page.url.partition("#")[2] == copied.state_string
    assert copied.state["gain"] == 1.01
    assert copied.sentence == page.locator("#sentence").inner_text()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("he_normal", "begins with signal_propagation?"),
        ("signal_propagation?depth=0", "depth must be a whole number from 1 to 100, not 0"),
        ("signal_propagation?depth=1.5", "depth must be a whole number from 1 to 100, not 1.5"),
        ("signal_propagation?gain=nan", "gain must be a number from 0.1 to 4, not nan"),
        ("signal_propagation?width=100", "width must be one of 16, 64, 128, 256, 512, not 100"),
        ("signal_propagation?fan=3", "fan is no control of this picture"),
    ],
)
def test_a_state_that_makes_no_sense_is_refused_in_words_and_the_picture_stays(kept_open, text, words):
    before = shown(kept_open)["sentence"]
    kept_open.get_by_label("state").fill(text)
    kept_open.get_by_label("state").press("Enter")
    expect(kept_open.get_by_role("alert")).to_contain_text(words)
    assert shown(kept_open)["sentence"] == before
    kept_open.get_by_label("depth").press("ArrowRight")
    expect(kept_open.get_by_role("alert")).to_be_empty()


def test_every_control_is_reached_and_moved_by_keyboard(page):
    reached = []
    for _ in range(10):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.id"))
    assert reached == ["reset", "new_seed", "scheme", "activation", "depth", "width", "gain", "seed", "state", "copy"]
    for name, key in (("activation", "ArrowDown"), ("depth", "End"), ("width", "Home"), ("seed", "PageUp")):
        page.locator(f"#{name}").press(key)
    state = shown(page)["state"]
    assert (state["activation"], state["depth"], state["width"]) == ("relu", 100, 16)
    page.locator("#new_seed").press("Enter")
    assert shown(page)["state"]["seed"] == state["seed"] + 1
    page.locator("#reset").press(" ")
    assert shown(page)["state"] == {name: value for name, value in START.items() if name != "networks"}


def test_the_latest_of_many_moves_is_shown(page):
    page.evaluate("for (let step = 1; step <= 300; step++) playground.go({ gain: step / 100 })")
    assert shown(page)["state"]["gain"] == 3.0


EACH_LOOK = [(screen, theme) for screen in SCREENS for theme in ("light", "dark")]


@pytest.mark.parametrize(("screen", "theme"), mostly_long(EACH_LOOK, [("laptop", "light"), ("small", "dark")]))
def test_it_fits_the_screen_and_axe_finds_nothing(browser, file, screen, theme):
    width, height = SCREENS[screen]
    viewport = {"width": width, "height": height}
    with opened(browser, file, viewport=viewport, color_scheme=theme, device_scale_factor=2) as page:
        SCREENSHOTS.mkdir(exist_ok=True)
        page.screenshot(path=SCREENSHOTS / f"playground-{screen}-{theme}.png")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.evaluate("document.documentElement.scrollHeight") <= height
        assert [rule["id"] for rule in Axe().run(page).response["violations"]] == []


@pytest.mark.parametrize(("theme", "measured", "darkest"), [("light", "0,114,178", 0), ("dark", "86,180,233", 235)])
def test_points_are_blue_and_theory_stands_out_most(browser, file, theme, measured, darkest):
    count = """([blue, darkest]) => {
        const canvas = document.getElementById("picture");
        const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
        let points = 0, dashes = 0;
        for (let i = 0; i < data.length; i += 4) {
            const colour = [...data.slice(i, i + 3)];
            points += colour.join() === blue;
            dashes += colour.every(part => part >= darkest && part <= darkest + 20);
        }
        return [points, dashes];
    }"""
    with opened(browser, file, color_scheme=theme) as page:
        points, dashes = page.evaluate(count, [measured, darkest])
        assert min(points, dashes) > 300
