"""The main explorer: a real network, run forward and backward, with the theory drawn over it."""

import ipywidgets as widgets
import numpy as np

from course import initializers, probes, theory
from course.activations import ACTIVATIONS
from course.figures.signal import Band, Curves, SignalPicture
from course.initializers import SCHEMES
from course.live.canvas import Frame
from course.live.explorer import Explorer

BATCH = 128
MANY = 100


def signal_propagation(text: str = "", **state) -> Explorer:
    """Run a real network at every move: scheme, activation, depth, width, gain and seed, forward and backward.

    `networks` is 1 or 100: then the curves are medians, in a band that holds the middle 80 % (fewer networks where
    100 would take longer than a second or two). `state` sets controls by name.
    """
    picture = SignalPicture()

    def draw(seed: int, depth: int, width: int, activation: str, scheme: str, gain: float, networks: int) -> Frame:
        limits = ACTIVATIONS[activation].shown
        network = {"depth": depth, "width": width, "activation": activation, "scheme": scheme, "gain": gain}
        stats, histograms = probes.observe(seed, limits=probes.Limits(limits, None, None), **network)
        predicted = predicted_curves(**network)
        curves, share, band = measured_curves(stats), stats.saturated_share, None
        if networks > 1:
            curves, share, band = _many(seed, **network)
        return picture.update(curves, predicted, histograms.activations, limits, share, band)

    return Explorer(
        _controls(), draw, picture.canvas, name="signal_propagation", title="Signal propagation", text=text, state=state
    )


def _many(seed: int, *, width: int, scheme: str, **network) -> tuple[Curves, np.ndarray, Band]:
    """Measure many networks: the medians of their curves and of their saturated share, and the middle 80 %."""
    networks = probes.affordable_networks(width, scheme)
    stats = probes.measure_many(seed, networks=networks, width=width, scheme=scheme, batch=BATCH, **network)
    everyone = measured_curves(stats)
    # Values that were measured, none between two: between a number and an overflow there is nothing.
    low, median, high = (
        Curves(*(np.quantile(curve, share, axis=0, method="inverted_cdf") for curve in everyone))
        for share in (0.1, 0.5, 0.9)
    )
    return median, np.median(stats.saturated_share, axis=0), Band(networks, low, high)


def _controls() -> dict[str, widgets.ValueWidget]:
    schemes = [(scheme.title, name) for name, scheme in SCHEMES.items()]
    return {
        "scheme": widgets.Dropdown(options=schemes, value="glorot_uniform", description="scheme"),
        "activation": widgets.Dropdown(options=list(ACTIVATIONS), value="tanh", description="activation"),
        "depth": widgets.IntSlider(50, 1, probes.DEEPEST, description="depth"),
        "width": widgets.SelectionSlider(options=probes.WIDTHS, value=probes.FIRST_WIDTH, description="width"),
        "gain": widgets.FloatSlider(1.0, min=0.1, max=4.0, step=0.01, description="gain"),
        "seed": widgets.IntSlider(0, 0, 99, description="seed"),
        "networks": widgets.ToggleButtons(options=[("1", 1), (f"{MANY}", MANY)], description="networks"),
    }


def measured_curves(stats: probes.LayerStats) -> Curves:
    """Give the curves that a run has measured."""
    return Curves(
        stats.activation_rms**2, stats.preactivation_gradient_variance, stats.weight_gradient_variance / BATCH
    )


def predicted_curves(*, depth: int, width: int, activation: str, scheme: str, gain: float) -> Curves:
    """Give the curves that theory predicts for a network of infinite width; NaN where all weights are one constant."""
    row = initializers.named(scheme)
    if row.distribution == "constant" and row.scale > 0:
        return Curves(*np.full((3, depth), np.nan))
    weight_variance = width * initializers.standard_deviation(scheme, (width, width), gain) ** 2
    return Curves(
        theory.activation_second_moments(activation, depth, weight_variance),
        theory.gradient_variances(activation, depth, weight_variance),
        np.asarray(theory.weight_gradient_variances(activation, depth, weight_variance, batch=BATCH)) / BATCH,
    )
