"""Two starts that a paper compares, trained side by side: the activations of their layers, and their loss."""

from collections.abc import Mapping
from types import MappingProxyType

import ipywidgets as widgets
import numpy as np

from course import training
from course.figures.layers_in_training import MOST_LAYERS, SHARE_TITLE, LayersInTrainingPicture, Lower, Moments, Start
from course.live.canvas import Frame
from course.live.running import RunningExplorer
from course.pages.the_papers.papers import EXPERIMENTS, HERE, PAPER, SEEDS, Contestant, Reproduction
from course.pages.training.training_race import Entry, count_words, predicted
from course.training import History, Setup

LOWER: Mapping[str, tuple[str, Lower]] = MappingProxyType(
    {
        "saturated share": ("saturated_share", Lower(SHARE_TITLE)),
        "gradients ∂C/∂z": ("preactivation_gradient_rms", Lower("rms of ∂C/∂z", logarithmic=True)),
        "weight gradients ∂C/∂W": ("weight_gradient_rms", Lower("rms of ∂C/∂W", logarithmic=True)),
    }
)
"""What the lower panels can show: a field of `LayerHistory`, and how it is drawn."""
LIMITS = MappingProxyType({"sigmoid": (0.0, 1.0), "tanh": (-1.05, 1.05), "relu": (-2.0, 4.0), "selu": (-2.0, 4.0)})
"""The axis of the activations."""
TANH = "Glorot and Bengio 2010: tanh, 5 hidden layers"


def layers_in_training(text: str = "", **state) -> RunningExplorer:
    """Train the two starts that a paper compares, ten seeds each, and follow up to five of their layers.

    `size` is that of the paper or one that finishes within a minute; `lower` chooses what the lower panels show.
    `state` sets controls by name.
    """
    picture = LayersInTrainingPicture()

    def begin(experiment: str, size: str, seed: int) -> Reproduction:
        chosen = EXPERIMENTS[experiment]
        return Reproduction(chosen, chosen.sizes[size], range(SEEDS * seed, SEEDS * (seed + 1)))

    def show(run: Reproduction, lower: str, **_settings) -> Frame:
        histories, layers = run.histories(), layers_shown(run.size.depth - 1)
        field, look = LOWER[lower]
        starts = [
            start_of(contestant, job.setup, history, layers, field)
            for contestant, job, history in zip(run.experiment.starts, run.trainings, histories, strict=True)
        ]
        moments = Moments(histories[0].steps, run.total, len(run.seeds), layers)
        limits = LIMITS[run.experiment.starts[-1].activation]
        return picture.update(starts, moments, look, histories[0].guessing_loss, limits)

    return RunningExplorer(
        _controls(),
        begin,
        show,
        picture.canvas,
        name="layers_in_training",
        title="Layers while they train",
        views=("lower",),
        text=text,
        state=state,
    )


def layers_shown(hidden: int) -> np.ndarray:
    """Give the numbers of at most five hidden layers, evenly spread, the first and the last among them."""
    return np.unique(np.rint(np.linspace(1, hidden, min(hidden, MOST_LAYERS))).astype(int))


def start_of(contestant: Contestant, setup: Setup, history: History, layers: np.ndarray, field: str) -> Start:
    """Give what the picture shows of a start: the mean of its seeds, and what theory predicts of their gradients."""
    parts = history.layers.activation_mean, history.layers.activation_std, getattr(history.layers, field)
    by_layer = [mean_of_seeds(part[..., layers - 1]) for part in parts]
    words = count_words(training.outcomes(history)) if len(history.steps) else "ready"
    theory = np.full(len(layers), np.nan)
    if field == "preactivation_gradient_rms" and len(history.steps):
        entry = Entry(contestant.title, contestant.scheme)
        theory = predicted(entry, setup)[1][layers - 1] * by_layer[-1][0, -1]
    return Start(contestant.title, *by_layer, history.losses, 1 - history.accuracies, words, theory)


def mean_of_seeds(values: np.ndarray) -> np.ndarray:
    """The mean over runs that are still finite, `(records, layers)` of `(records, runs, layers)`; NaN where none is."""
    alive = np.isfinite(values).all(axis=2, keepdims=True)
    counts = alive.sum(axis=1)
    return np.where(counts > 0, np.where(alive, values, 0).sum(axis=1) / np.maximum(counts, 1), np.nan)


def _controls() -> dict[str, widgets.ValueWidget]:
    return {
        "experiment": widgets.Dropdown(options=list(EXPERIMENTS), value=TANH, description="experiment"),
        "size": widgets.ToggleButtons(options=(HERE, PAPER), description="size"),
        "lower": widgets.Dropdown(options=list(LOWER), description="below"),
        "seed": widgets.IntSlider(0, 0, 9, description="seeds"),
    }
