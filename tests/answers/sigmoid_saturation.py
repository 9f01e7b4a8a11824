"""Answers to the exercises of this page."""

import math

import numpy as np

from answers import Answers


def sigmoid(z):
    return 1 / (1 + np.exp(-np.asarray(z)))


def slope(z):
    return sigmoid(z) * (1 - sigmoid(z))


def layer_by_layer(weights, preactivations):
    gradient = 1.0
    for weight, z in zip(weights[:0:-1], preactivations[:0:-1], strict=True):
        gradient *= slope(z) * weight
    return gradient * slope(preactivations[0])


def by_logarithms(weights, preactivations):
    sign = np.prod(np.sign(weights[1:]))
    return sign * np.exp(np.sum(np.log(slope(preactivations))) + np.sum(np.log(np.abs(weights[1:]))))


def by_way_of_z(y):
    return slope(math.log(y / (1 - y)))


ANSWERS = {
    1: Answers(
        right=[(2 * math.acosh(10),), (5.99,), (math.log(400),)],
        wrong={
            "a hundredth for a hundredth of the peak": (4.585,),
            "root forgotten": (2 * math.acosh(100),),
            "half of z": (2.993,),
            "the mirror image": (-5.99,),
            "e to the −z/2": (11.98,),
        },
    ),
    2: Answers(
        right=[(lambda w, z: np.prod(slope(z)) * np.prod(w[1:]),), (layer_by_layer,), (by_logarithms,)],
        wrong={
            "the first weight too": (lambda w, z: np.prod(w * slope(z)),),
            "one weight too early": (lambda w, z: np.prod(w[:-1]) * np.prod(slope(z)),),
            "no weights": (lambda w, z: np.prod(slope(z)),),
            "no slopes": (lambda w, z: np.prod(w[1:]),),
            "answers for slopes": (lambda w, z: np.prod(w[1:]) * np.prod(sigmoid(z)),),
            "the sign lost": (lambda w, z: abs(layer_by_layer(w, z)),),
        },
    ),
    3: Answers(
        right=[(4.0, -2.0), (-4.0, 2.0), (4.01, -2.005), (4, -2)],
        wrong={
            "explodes": (10, -5),
            "weight below 4": (1, -0.5),
            "no bias": (4, 0),
            "the bias pushes on": (4, 2),
            "away from 0": (4, -4),
        },
    ),
    4: Answers(
        right=[(0.001,), (-0.001,), (1e-4,)],
        wrong={
            "input for change": (0.501,),
            "too large a change": (0.02,),
            "no change": (0,),
            "too small": (1e-6,),
        },
    ),
    5: Answers(
        right=[(lambda y: y * (1 - y),), (lambda y: y - y**2,), (by_way_of_z,)],
        wrong={
            "one of two mended": (lambda y: y * (1 - sigmoid(y)),),
            "the other one mended": (lambda y: sigmoid(y) * (1 - y),),
            "the slope of tanh": (lambda y: 1 - y * y,),
            "one factor": (lambda y: 1 - y,),
            "the answer": (lambda y: y,),
        },
    ),
}
