"""Right answers to the exercises of this page."""

import math

import numpy as np


def slope(z):
    return 1 / (1 + np.exp(-np.asarray(z))) / (1 + np.exp(z))


def layer_by_layer(weights, preactivations):
    gradient = 1.0
    for weight, z in zip(weights[:0:-1], preactivations[:0:-1], strict=True):
        gradient *= slope(z) * weight
    return gradient * slope(preactivations[0])


def by_logarithms(weights, preactivations):
    sign = np.prod(np.sign(weights[1:]))
    return sign * np.exp(np.sum(np.log(slope(preactivations))) + np.sum(np.log(np.abs(weights[1:]))))


RIGHT = {
    1: [2 * math.acosh(10), 5.99, math.log(400)],
    2: [lambda weights, z: np.prod(slope(z)) * np.prod(weights[1:]), layer_by_layer, by_logarithms],
    3: [(4.0, -2.0), (-4.0, 2.0), (4.01, -2.005), (4, -2)],
    4: [0.001, -0.001, 1e-4],
    5: [lambda y: y * (1 - y), lambda y: y - y**2, lambda y: slope(math.log(y / (1 - y)))],
}
