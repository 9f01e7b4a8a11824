"""Answers to the exercises of this page."""

import jax
import jax.numpy as jnp
import numpy as np

from answers import Answers


def momentum(weight, velocity, gradient, rate):
    velocity = 0.9 * velocity + gradient
    return weight - rate * velocity, velocity


def momentum_as_list(weight, velocity, gradient, rate):
    return [weight - 0.9 * rate * velocity - rate * gradient, gradient + velocity * 9 / 10]


def folded(key, steps, batch, examples):
    return [jax.random.choice(jax.random.fold_in(key, step), examples, (batch,)) for step in range(steps)]


def split(key, steps, batch, examples):
    return jnp.stack([jax.random.randint(own, (batch,), 0, examples) for own in jax.random.split(key, steps)])


def shuffled(key, steps, batch, examples):
    return jax.random.permutation(key, examples)[: steps * batch].reshape(steps, batch)


def carried(key, steps, batch, examples):
    drawn = []
    for _step in range(steps):
        key, own = jax.random.split(key)
        drawn.append(np.asarray(jax.random.choice(own, examples, (batch,))).tolist())
    return drawn


def reordered(key, steps, batch, examples):
    drawn = jax.random.choice(key, examples, (batch,), replace=False)
    return [jax.random.permutation(jax.random.fold_in(key, step), drawn) for step in range(steps)]


def two_keys(key, steps, batch, examples):
    pair = jax.random.split(key)
    return [jax.random.choice(pair[step % 2], examples, (batch,)) for step in range(steps)]


def neighbours(key, steps, batch, examples):
    starts = jax.random.randint(key, (steps,), 0, examples - batch)
    return [start + jnp.arange(batch) for start in starts]


def from_global_numbers(_key, steps, batch, examples):
    return np.random.default_rng().integers(0, examples, (steps, batch))


ANSWERS = {
    1: Answers(
        right=[((1 / 1800) ** (1 / 18),), (0.6594,)],
        wrong={
            "the power for the weight": (1 / 1800,),
            "the 20th root": ((1 / 1800) ** (1 / 20),),
            "a share of the wait": (0.5 / 145.636,),
            "the rate left out": ((1 / 18_000) ** (1 / 18),),
            "the depth left out": ((1 / 100) ** (1 / 18),),
            "as it was": (0.5,),
        },
    ),
    2: Answers(
        right=[(momentum,), (momentum_as_list,)],
        wrong={
            "uphill": (lambda w, v, g, rate: (w + rate * (0.9 * v + g), 0.9 * v + g),),
            "the old velocity": (lambda w, v, g, rate: (w - rate * v, 0.9 * v + g),),
            "nothing forgotten": (lambda w, v, g, rate: (w - rate * (v + g), v + g),),
            "a mean of gradients": (lambda w, v, g, rate: (w - rate * (0.9 * v + 0.1 * g), 0.9 * v + 0.1 * g),),
            "no velocity": (lambda w, _v, g, rate: (w - rate * g, g),),
            "in the other order": (lambda *step: momentum(*step)[::-1],),
            "the rate in the velocity": (lambda w, v, g, rate: (w - 0.9 * v - rate * g, 0.9 * v + rate * g),),
            "the rate twice": (lambda w, v, g, rate: (w - rate * (0.9 * v + rate * g), 0.9 * v + rate * g),),
        },
    ),
    3: Answers(
        right=[(6**0.5,), (2.45,), (2.4,)],
        wrong={
            "as it is": (1,),
            "variance for std": (6,),
            "He's factor alone": (2**0.5,),
            "Xavier's": (3**0.5,),
            "the wrong way": (6**-0.5,),
        },
    ),
    4: Answers(
        right=[(folded,), (split,), (shuffled,), (carried,)],
        wrong={
            "reordered": (reordered,),
            "a key used again": (two_keys,),
            "in the file's order": (lambda _key, steps, batch, _all: np.arange(steps * batch).reshape(steps, batch),),
            "neighbours": (neighbours,),
            "a fixed seed": (lambda _key, *case: folded(jax.random.key(0), *case),),
            "another run each time": (from_global_numbers,),
            "a part of the examples": (lambda key, steps, batch, examples: folded(key, steps, batch, examples // 10),),
        },
    ),
}
