"""Answers to the exercises of this page."""

import itertools
import math

import jax
import numpy as np

from answers import Answers
from course import initializers, theory


def drawn(std, same_key=False):
    """A function that draws normal weights of `std(fan_in, fan_out)`."""

    def draw(key, widths):
        shapes = list(itertools.pairwise(widths))
        keys = [key] * len(shapes) if same_key else jax.random.split(key, len(shapes))
        return [std(*shape) * jax.random.normal(own, shape) for own, shape in zip(keys, shapes, strict=True)]

    return draw


def uniform(key, widths):
    layers = []
    for shape in itertools.pairwise(widths):
        key, own = jax.random.split(key)
        bound = math.sqrt(6 / shape[0])
        layers.append(jax.random.uniform(own, shape, minval=-bound, maxval=bound))
    return layers


def flat(low, high):
    """A function that draws uniform weights from `low` to `high`, times He's std."""

    def draw(key, widths):
        shapes = list(itertools.pairwise(widths))
        keys = jax.random.split(key, len(shapes))
        return [
            (2 / shape[0]) ** 0.5 * jax.random.uniform(own, shape, minval=low, maxval=high)
            for own, shape in zip(keys, shapes, strict=True)
        ]

    return draw


def by_scheme(key, widths):
    keys = jax.random.split(key, len(widths) - 1)
    shapes = itertools.pairwise(widths)
    return tuple(initializers.draw(own, "he_normal", shape) for own, shape in zip(keys, shapes, strict=True))


def with_numpy(key, widths):
    random = np.random.default_rng(int(jax.random.randint(key, (), 0, 2**31 - 1)))
    return [random.normal(0, (2 / n) ** 0.5, (n, m)) for n, m in itertools.pairwise(widths)]


ANSWERS = {
    1: Answers(
        right=[(math.sqrt(2 / 256),), (0.0884,), (2**-3.5,)],
        wrong={
            "variance for std": (2 / 256,),
            "fan_out for fan_in": (math.sqrt(2 / 64),),
            "the factor 2 is missing": (1 / 16,),
            "Xavier for He": (math.sqrt(2 / 320),),
            "the bound": (math.sqrt(6 / 256),),
            "the root of 2 alone": (math.sqrt(2) / 256,),
            "the mean of both fans": (math.sqrt(2 / 160),),
        },
    ),
    2: Answers(
        right=[(drawn(lambda n, _m: (2 / n) ** 0.5),), (uniform,), (by_scheme,), (with_numpy,)],
        wrong={
            "the same key for every layer": (drawn(lambda n, _m: (2 / n) ** 0.5, same_key=True),),
            "the factor 2 is missing": (drawn(lambda n, _m: (1 / n) ** 0.5),),
            "fan_out for fan_in": (drawn(lambda _n, m: (2 / m) ** 0.5),),
            "variance for std": (drawn(lambda n, _m: 2 / n),),
            "Xavier for He": (drawn(lambda n, m: (2 / (n + m)) ** 0.5),),
            "standard normal": (drawn(lambda _n, _m: 1),),
            "the factor 2 is missing, and one key": (drawn(lambda n, _m: (1 / n) ** 0.5, same_key=True),),
            "variance for std, and one key": (drawn(lambda n, _m: 2 / n, same_key=True),),
            "Xavier for He, and one key": (drawn(lambda n, m: (2 / (n + m)) ** 0.5, same_key=True),),
            "fan_out for fan_in, and one key": (drawn(lambda _n, m: (2 / m) ** 0.5, same_key=True),),
            "std for bound": (flat(-1, 1),),
            "only one sign": (flat(0, 3**0.5),),
        },
    ),
    3: Answers(
        right=[(theory.gain("elu"),), (1.25,), (1.2,), (1.15,)],
        wrong={
            "Xavier as it is": (1,),
            "He's factor": (math.sqrt(2),),
            "variance for std": (theory.gain("elu") ** 2,),
            "the gain for tanh": (5 / 3,),
        },
    ),
    4: Answers(
        right=[
            (lambda images: (images - images.mean()) / images.std(),),
            (lambda images: (images - np.mean(images)) / np.sqrt(np.mean(images**2) - np.mean(images) ** 2),),
        ],
        wrong={
            "only shifted": (lambda images: images - images.mean(),),
            "only scaled": (lambda images: images / images.std(),),
            "the range from 0 to 1": (lambda images: (images - images.min()) / (images.max() - images.min()),),
            "the range from −1 to 1": (lambda images: np.interp(images, [images.min(), images.max()], [-1, 1]),),
            "each pixel by itself": (lambda images: (images - images.mean(0)) / images.std(0),),
            "each image by itself": (lambda images: ((images.T - images.mean(1)) / images.std(1)).T,),
            "divided by 255": (lambda images: images / 255,),
            "only the mean divided": (lambda images: images - images.mean() / images.std(),),
            "the rms for the std": (lambda images: (images - images.mean()) / np.mean(images**2) ** 0.5,),
            "multiplied": (lambda images: (images - images.mean()) * images.std(),),
        },
    ),
}
