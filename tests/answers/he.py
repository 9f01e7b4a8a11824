"""Right answers to the exercises of this page."""

import math

import numpy as np

from course import activations, theory
from course.initializers import SCHEMES

RIGHT = {
    1: [0.505 - 0.9**2 / (2 * math.pi), 0.376],
    2: [
        lambda fan_in, _fan_out: np.sqrt(6 / fan_in),
        lambda fan_in, _fan_out: math.sqrt(3) * (2 / fan_in) ** 0.5,
        lambda fan_in, _fan_out: math.sqrt(3 * SCHEMES["he_uniform"].scale / fan_in),
    ],
    3: [math.sqrt(2), 1.414],
    4: [(16, 100), (20, 90), (24, 100)],
    5: [
        lambda a: np.sqrt(2 / (1 + a**2)),
        lambda a: np.sqrt(2) / np.hypot(1, a),
        lambda a: theory.gain(activations.leaky_relu(float(a))),
    ],
}
