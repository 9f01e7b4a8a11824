"""The live pictures: controls wired to a real network, to the theory's prediction, and to a figure.

Each explorer is a function of its starting state, and gives a widget:
`signal_propagation(scheme="he_normal", activation="relu", depth=30)`. `restore` brings back a copied state, `stage`
steps through the scenes of a page, and `lab` through all of them.
"""

import importlib
from collections.abc import Callable
from types import MappingProxyType

from course import compilation_cache, pages
from course.live.explorer import Explorer
from course.live.stage import Stage

compilation_cache.keep_programs()

_MODULES = MappingProxyType(
    {
        "batch_sizes": "course.pages.tuning.batch_sizes",
        "bug_hunt": "course.pages.whats_wrong.bug_hunt",
        "coordinate_check": "course.pages.width.coordinate_check",
        "framework_defaults": "course.pages.todays_networks.framework_defaults",
        "half_precision": "course.pages.todays_networks.half_precision",
        "identical_units": "course.pages.symmetry.identical_units",
        "layers_in_training": "course.pages.the_papers.layers_in_training",
        "lazy_or_rich": "course.pages.width.lazy_or_rich",
        "learning_time": "course.pages.the_papers.learning_time",
        "length_map": "course.pages.order_and_chaos.length_map",
        "loss_map": "course.pages.start_or_learning_rate.loss_map",
        "luck": "course.pages.orthogonal_and_luck.luck",
        "many_draws": "course.pages.he.many_draws",
        "order_and_chaos": "course.pages.order_and_chaos.order_and_chaos",
        "rates_by_width": "course.pages.width.rates_by_width",
        "recurrent": "course.pages.recurrent.recurrent",
        "recurrent_race": "course.pages.recurrent.recurrent_race",
        "search_race": "course.pages.tuning.search_race",
        "shapeset_samples": "course.pages.the_papers.shapeset_samples",
        "sigmoid_chain": "course.pages.sigmoid_saturation.sigmoid_chain",
        "sigmoid_slope": "course.pages.sigmoid_saturation.sigmoid_slope",
        "signal_propagation": "course.explorers.main",
        "singular_values": "course.pages.orthogonal_and_luck.singular_values",
        "sum_of_inputs": "course.pages.variance_of_a_sum.sum_of_inputs",
        "tapered_network": "course.pages.xavier.tapered_network",
        "todays_networks": "course.pages.todays_networks.todays_networks",
        "training_race": "course.pages.training.training_race",
        "transformer": "course.pages.transformers.transformer",
        "transformer_race": "course.pages.transformers.transformer_race",
        "two_schemes": "course.pages.xavier.two_schemes",
    }
)
"""Where each explorer is declared: in the folder of its page, or here where several pages have it."""

__all__ = list(_MODULES)


def __getattr__(name: str) -> Callable[..., Explorer]:
    """Return the function that opens an explorer; its module, and what it needs, is imported now."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_MODULES[name]), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_MODULES])


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
    return __getattr__(name)(text, **state)
