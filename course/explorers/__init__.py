"""The live pictures: controls wired to a real network, to the theory's prediction, and to a figure.

Each explorer is a function of its starting state, and gives a widget:
`signal_propagation(scheme="he_normal", activation="relu", depth=30)`. `restore` brings back a copied state, `stage`
steps through the scenes of a page, and `lab` through all of them.
"""

from course import compilation_cache, pages
from course.explorers.batch_sizes import batch_sizes
from course.explorers.bug_hunt import bug_hunt
from course.explorers.framework_defaults import framework_defaults
from course.explorers.half_precision import half_precision
from course.explorers.identical_units import identical_units
from course.explorers.layers_in_training import layers_in_training
from course.explorers.learning_time import learning_time
from course.explorers.length_map import length_map
from course.explorers.loss_map import loss_map
from course.explorers.luck import luck
from course.explorers.many_draws import many_draws
from course.explorers.order_and_chaos import order_and_chaos
from course.explorers.search_race import search_race
from course.explorers.shapeset_samples import shapeset_samples
from course.explorers.sigmoid_chain import sigmoid_chain
from course.explorers.sigmoid_slope import sigmoid_slope
from course.explorers.signal_propagation import signal_propagation
from course.explorers.singular_values import singular_values
from course.explorers.sum_of_inputs import sum_of_inputs
from course.explorers.tapered_network import tapered_network
from course.explorers.todays_networks import todays_networks
from course.explorers.training_race import training_race
from course.explorers.two_schemes import two_schemes
from course.live.explorer import Explorer
from course.live.stage import Stage

compilation_cache.keep_programs()

__all__ = [
    "batch_sizes",
    "bug_hunt",
    "framework_defaults",
    "half_precision",
    "identical_units",
    "layers_in_training",
    "learning_time",
    "length_map",
    "loss_map",
    "luck",
    "many_draws",
    "order_and_chaos",
    "search_race",
    "shapeset_samples",
    "sigmoid_chain",
    "sigmoid_slope",
    "signal_propagation",
    "singular_values",
    "sum_of_inputs",
    "tapered_network",
    "todays_networks",
    "training_race",
    "two_schemes",
]


def restore(text: str) -> Explorer:
    """Open the explorer that a state string names, in that state; `ValueError` for a text that names none."""
    name = text.strip().partition("?")[0]
    if name not in __all__:
        raise ValueError(f"a state begins with one of the names {', '.join(__all__)}, not {name!r}")
    return _open(name, text)


def stage(page: str) -> Stage:
    """Step through the scenes of a page, such as "he"; `ValueError` for a page that has none."""
    return Stage(pages.scenes(page), _open)


def lab() -> Stage:
    """Step through the scenes of all pages: every explorer on one screen."""
    return Stage(pages.all_scenes(), _open)


def _open(name: str, text: str = "", **state) -> Explorer:
    return globals()[name](text, **state)
