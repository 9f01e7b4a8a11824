"""How far a network stretches each direction: its Jacobian's singular values, with normal and orthogonal weights."""

from collections.abc import Mapping
from functools import lru_cache

import numpy as np
from matplotlib.axes import Axes

from course import theory
from course.live.axes import Axis, Range, decades, fixed, layers, step
from course.live.controls import SEED, buttons, slider, stops
from course.live.declare import explorer
from course.live.marks import Live, Mark, curve
from course.live.panels import Panel, Picture, View
from course.live.tables import Table
from course.live.words import number, say
from course.probes.products import WIDTH, jacobian_spectra
from course.style import LOST, MEASURED_POINTS, ORTHOGONAL_POINTS, PREDICTED_LINE, look
from course.theory import products

KINDS = {"normal": MEASURED_POINTS, "orthogonal": ORTHOGONAL_POINTS}
CRITICAL = {"linear": 1.0, "tanh": 1.0, "relu": 2.0**0.5}
"""The gain that keeps the rms singular value of small signals at 1."""
DEPTHS = (1, 2, 3, 4, 5, 7, 10, 15, 20, 30, 50, 70, 100)
DECADES = (2, 4, 8, 16)
"""The vertical axis reaches from 10^-d to 10^(d/4) for one of these d."""
LEAST = 1e-16
"""What is smaller has no place on the axis."""
SHARES = (np.arange(WIDTH)[::-1] + 0.5) / WIDTH
COLUMNS = {
    "normal": "normal: singular value",
    "normal.theory": "normal: theory",
    "orthogonal": "orthogonal: singular value",
    "orthogonal.theory": "orthogonal: theory",
}
"""The table's columns by their keys."""


class Lost(Live):
    """Triangles on the lower edge, at the places of values that the axis does not reach."""

    def __init__(self, axes: Axes):
        super().__init__(axes, axes.plot([], [], **LOST))

    def show(self, data: np.ndarray) -> None:
        self.named.set_data(data, np.full(len(data), self.axes.get_ylim()[0]))


def _range(values: np.ndarray) -> Range:
    sizes = np.log10(values)
    down = step(DECADES, max(-sizes.min(initial=0), 4 * sizes.max(initial=0)))
    up = down / 4
    return Range(10.0**-down, 10.0**up, 10.0 ** np.arange(-down, up + 0.1, max(up, 1)))


def _sorted(kind: str) -> tuple[Mark, ...]:
    return curve(kind, KINDS[kind], kind), curve(f"{kind}.theory", PREDICTED_LINE, pin=False)


def _by_layer(kind: str) -> tuple[Mark, ...]:
    largest, rms = {"marker": "^", "markersize": 6}, {"marker": "D", "markersize": 4}
    return (
        curve(f"{kind}.largest", look(**{**KINDS[kind], **largest}), "largest", pin=False),
        curve(f"{kind}.rms", look(**{**KINDS[kind], **rms}), "rms", pin=False),
        curve(f"{kind}.rms.theory", PREDICTED_LINE, "theory", pin=False),
    )


SIZES = Axis("", _range, log=True)
PICTURE = Picture(
    (
        Panel(
            "Singular values after the last layer, sorted",
            fixed(0, 1, label="share of directions that are stretched less"),
            SIZES,
            (
                *_sorted("normal"),
                *_sorted("orthogonal"),
                Mark("lost", Lost, "0, or lost in rounding"),
            ),
            reference=1.0,
        ),
        Panel(
            "Largest, and root mean square, by layer",
            layers(),
            decades(1, 2, 4, 8, 16),
            (*_by_layer("normal"), *_by_layer("orthogonal")),
            reference=1.0,
        ),
    ),
    grids=("AB",),
    height=3.9,
    widths=(1.25, 1),
    legend=("normal", "orthogonal", "normal.largest", "normal.rms", "normal.rms.theory", "lost"),
    columns=6,
)


@explorer(
    "What happens to a direction",
    {
        "depth": stops(DEPTHS),
        "activation": buttons(tuple(CRITICAL)),
        "gain": slider(1.0, 0.5, 1.5),
        "input_rms": stops((0.01, 0.1, 1.0), 1.0),
        "seed": SEED,
    },
    PICTURE,
)
def singular_values(depth: int, activation: str, gain: float, input_rms: float, seed: int) -> View:
    """Show how far a network of 100 units a layer stretches each direction at initialization.

    `gain` multiplies each activation's own: 1 for linear and tanh, √2 for relu. `input_rms` is the size of the digit at
    which the Jacobian is taken. `state` sets controls by name.
    """
    network = depth, activation, gain * CRITICAL[activation], input_rms
    curves = {key: values for kind in KINDS for key, values in _curves(seed, kind, *network).items()}
    columns = {key: (title, curves[key][1]) for key, title in COLUMNS.items() if key in curves}
    last = {kind: curves[kind][1] for kind in KINDS}
    lost = np.concatenate([SHARES[values < LEAST] for values in last.values()])
    return View(
        curves | {"lost": lost},
        describe(depth, **last),
        Table({"direction": ("direction", np.arange(1, WIDTH + 1)), **columns}),
    )


@lru_cache(maxsize=64)
def _curves(
    seed: int, kind: str, depth: int, activation: str, gain: float, input_rms: float
) -> Mapping[str, np.ndarray | tuple[np.ndarray, np.ndarray]]:
    """Return the curves of one kind of weights, singular values the largest first.

    Of a linear network all of them are predicted, of others only their root mean square.
    """
    network = {"depth": depth, "activation": activation, "gain": gain, "input_rms": input_rms}
    depths, values = jacobian_spectra(seed, distribution=kind, **network)
    curves = {
        kind: (SHARES, values[-1]),
        f"{kind}.largest": (depths, values[:, 0]),
        f"{kind}.rms": (depths, np.sqrt(np.mean(values**2, axis=1))),
        f"{kind}.rms.theory": _rms(**network),
    }
    if activation == "linear":
        ones = np.ones(WIDTH) if kind == "orthogonal" else products.quantiles(depth, SHARES)
        curves[f"{kind}.theory"] = SHARES, gain**depth * ones
    return curves


def _rms(depth: int, activation: str, gain: float, input_rms: float) -> np.ndarray:
    """Return the root mean square singular value by layer: each layer multiplies its square by σ_w² E[φ'²]."""
    variances = theory.gradient_variances(activation, depth + 1, gain**2, input_second_moment=input_rms**2)
    # Counted from the last layer, they are the products of the layers' factors; from the first, these ratios.
    return np.sqrt(variances[0] / variances[1:])


def describe(depth: int, normal: np.ndarray, orthogonal: np.ndarray) -> str:
    """Say how far apart the largest and the smallest singular value are, for both kinds of weights."""
    return say(
        "After {layers}, {normal}; {orthogonal}.",
        layers=say("1 layer") if depth == 1 else say("{depth} layers", depth=depth),
        normal=_words("normal", normal),
        orthogonal=_words("orthogonal", orthogonal),
    )


def _words(kind: str, values: np.ndarray) -> str:
    most, zeros = number(values[0]), np.mean(values == 0)
    if zeros:
        return say(
            "{kind} weights stretch a direction by up to {most} and flatten {zeros:.0%} of all directions to nothing "
            "that can be computed",
            kind=say(kind),
            most=most,
            zeros=zeros,
        )
    if values[0] / values[-1] < 1.001:
        return say("{kind} weights stretch every direction by {most}", kind=say(kind), most=most)
    return say(
        "{kind} weights stretch a direction by up to {most} and by as little as {least}, condition number {condition}",
        kind=say(kind),
        most=most,
        least=number(values[-1]),
        condition=number(values[0] / values[-1]),
    )
