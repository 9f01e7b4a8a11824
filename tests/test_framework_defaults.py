"""What the course says that frameworks draw by default, held against the frameworks that are installed."""

import json
import math
import os
import subprocess
import sys
from importlib.util import find_spec

import jax
import numpy as np
import pytest
from claims import asserts

from course import initializers
from course.pages.todays_networks.framework_defaults import CHOSEN, DEFAULTS, framework_defaults

FAN_IN, FAN_OUT = 100, 300
KERNEL = (3, 3, 16, 32)
CUT = 2 / math.sqrt(1 - 4 * math.exp(-2) / math.sqrt(2 * math.pi) / math.erf(math.sqrt(2)))
"""A truncated normal's largest value in its own standard deviations, when it is cut at two of the uncut one's."""


def assert_drawn_by(framework: str, weights: np.ndarray, shape: tuple[int, ...]) -> None:
    """Standard deviation and largest value are those of the table's scheme for a layer of this shape."""
    scheme = DEFAULTS[framework].scheme
    std = initializers.standard_deviation(scheme, shape)
    largest = {"uniform": math.sqrt(3), "truncated_normal": CUT}[scheme.distribution] * std
    # Neither distribution has a fourth moment above a normal one's: Var s² is at most 2 σ⁴ / count.
    assert np.var(weights) == pytest.approx(std**2, rel=5 * math.sqrt(2 / weights.size))
    assert 0.99 * largest < np.abs(weights).max() <= largest * (1 + 1e-6)


def assert_biases(framework: str, biases: np.ndarray, fan_in: int) -> None:
    scale = DEFAULTS[framework].bias_scale
    assert np.abs(biases).max() <= math.sqrt(3 * scale / fan_in) * (1 + 1e-6)
    assert np.var(biases) == pytest.approx(scale / fan_in, rel=5 * math.sqrt(2 / biases.size))


def test_flax_draws_what_the_table_says():
    nnx = pytest.importorskip("flax.nnx")
    dense = nnx.Linear(FAN_IN, FAN_OUT, rngs=nnx.Rngs(0))
    kernel = nnx.Conv(*KERNEL[2:], KERNEL[:2], rngs=nnx.Rngs(0))
    assert_drawn_by("Flax", np.asarray(dense.kernel[...]), (FAN_IN, FAN_OUT))
    assert_drawn_by("Flax", np.asarray(kernel.kernel[...]), KERNEL)
    assert_biases("Flax", np.asarray(dense.bias[...]), FAN_IN)


def test_equinox_draws_what_the_table_says():
    equinox = pytest.importorskip("equinox")
    dense = equinox.nn.Linear(FAN_IN, FAN_OUT, key=jax.random.key(0))
    kernel = equinox.nn.Conv2d(*KERNEL[2:], KERNEL[:2], key=jax.random.key(0))
    assert_drawn_by("PyTorch, Equinox", np.asarray(dense.weight), (FAN_IN, FAN_OUT))
    assert_drawn_by("PyTorch, Equinox", np.asarray(kernel.weight), KERNEL)
    assert_biases("PyTorch, Equinox", np.asarray(dense.bias), FAN_IN)


@asserts("A linear layer is initialized")
def test_pytorch_draws_what_the_table_says():
    torch = pytest.importorskip("torch")
    with torch.random.fork_rng():
        torch.manual_seed(0)
        dense, kernel = torch.nn.Linear(FAN_IN, FAN_OUT), torch.nn.Conv2d(*KERNEL[2:], KERNEL[:2])
    assert_drawn_by("PyTorch, Equinox", dense.weight.detach().numpy(), (FAN_IN, FAN_OUT))
    assert_drawn_by("PyTorch, Equinox", kernel.weight.detach().numpy(), KERNEL)
    assert_biases("PyTorch, Equinox", dense.bias.detach().numpy(), FAN_IN)


KERAS = f"""
import json, keras
keras.utils.set_random_seed(0)
dense, kernel = keras.layers.Dense({FAN_OUT}), keras.layers.Conv2D({KERNEL[3]}, {KERNEL[:2]})
dense.build((None, {FAN_IN}))
kernel.build((None, 8, 8, {KERNEL[2]}))
print(json.dumps([keras.ops.convert_to_numpy(part).tolist() for part in (dense.kernel, dense.bias, kernel.kernel)]))
"""


@pytest.mark.skipif(find_spec("keras") is None, reason="keras is not installed")
def test_keras_draws_what_the_table_says():
    environment = {**os.environ, "KERAS_BACKEND": "jax"}  # read once, when keras is imported
    run = subprocess.run([sys.executable, "-c", KERAS], capture_output=True, text=True, check=True, env=environment)
    dense, biases, kernel = map(np.array, json.loads(run.stdout.splitlines()[-1]))
    assert_drawn_by("Keras", dense, (FAN_IN, FAN_OUT))
    assert_drawn_by("Keras", kernel, KERNEL)
    assert_biases("Keras", biases, FAN_IN)


def test_the_picture_shows_every_default_and_the_start_chosen_by_hand():
    explorer = framework_defaults()
    assert explorer.error is None
    for name in (*DEFAULTS, CHOSEN):
        assert name in explorer.sentence
        assert f"{name}.forward" in explorer.table
    kept = {"Flax": 1 / 2, "Keras": 1 / 2, "PyTorch, Equinox": 1 / 6, CHOSEN: 1.0}
    for name, factor in kept.items():
        predicted = explorer.table[f"{name}.forward.theory"]
        np.testing.assert_allclose(predicted, factor ** np.arange(1, 11), rtol=1e-9)


def test_biases_are_drawn_where_the_framework_draws_them():
    explorer = framework_defaults(depth=20)
    without = {name: explorer.table[f"{name}.forward"] for name in DEFAULTS}
    explorer.state = {"biases": True}
    np.testing.assert_array_equal(explorer.table["Keras.forward"], without["Keras"])
    assert explorer.table["PyTorch, Equinox.forward"][-1] > 1e6 * without["PyTorch, Equinox"][-1]
