"""The live pictures: controls wired to a real network, to the theory's prediction, and to a figure.

Each explorer is a function of its starting state, and gives a widget:
`signal_propagation(scheme="he_normal", activation="relu", depth=30)`.
"""

from course.explorers.identical_units import identical_units
from course.explorers.many_draws import many_draws
from course.explorers.sigmoid_chain import sigmoid_chain
from course.explorers.sigmoid_slope import sigmoid_slope
from course.explorers.signal_propagation import signal_propagation
from course.explorers.sum_of_inputs import sum_of_inputs
from course.explorers.tapered_network import tapered_network
from course.explorers.two_schemes import two_schemes

__all__ = [
    "identical_units",
    "many_draws",
    "sigmoid_chain",
    "sigmoid_slope",
    "signal_propagation",
    "sum_of_inputs",
    "tapered_network",
    "two_schemes",
]
