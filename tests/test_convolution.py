"""Convolutions do what the textbook says, and a delta-orthogonal start keeps lengths."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from claims import asserts

from course.networks.convolution import PADDINGS, convolve, delta_orthogonal

IMAGES = np.random.default_rng(0).standard_normal((2, 5, 6, 3), np.float32)
KERNEL = np.random.default_rng(1).standard_normal((3, 5, 3, 4), np.float32)
CLOSE = {"rtol": 1e-5, "atol": 1e-5}


def neighbours(padding: str, row: int, column: int):
    """The value of `IMAGES` there, beyond the border too."""
    height, width = IMAGES.shape[1:3]
    inside = 0 <= row < height and 0 <= column < width
    if padding == "zeros" and not inside:
        return np.zeros((2, 3))
    return np.asarray(IMAGES)[:, row % height, column % width]


@pytest.mark.parametrize("padding", PADDINGS)
def test_a_convolution_is_a_sum_over_the_neighbourhood_of_every_position(padding):
    out = convolve(IMAGES, KERNEL, padding)
    assert out.shape == (2, 5, 6, 4)
    for row, column in itertools.product(range(5), range(6)):
        expected = sum(
            neighbours(padding, row + down - 1, column + right - 2) @ np.asarray(KERNEL)[down, right]
            for down, right in itertools.product(range(3), range(5))
        )
        np.testing.assert_allclose(out[:, row, column], expected, **CLOSE)


def test_zeros_are_what_jax_calls_same_padding():
    expected = jax.lax.conv_general_dilated(IMAGES, KERNEL, (1, 1), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC"))
    np.testing.assert_allclose(convolve(IMAGES, KERNEL), expected, **CLOSE)


def test_a_1_by_1_kernel_is_a_dense_layer_at_every_position():
    kernel = KERNEL[:1, :1]
    for padding in PADDINGS:
        np.testing.assert_allclose(convolve(IMAGES, kernel, padding), IMAGES @ kernel[0, 0], **CLOSE)


@pytest.mark.parametrize(
    ("kernel", "padding", "words"), [(KERNEL, "mirror", "mirror"), (KERNEL[:2], "zeros", "2 by 5")]
)
def test_a_convolution_refuses_an_unknown_padding_and_an_even_kernel(kernel, padding, words):
    with pytest.raises(ValueError, match=words):
        convolve(IMAGES, kernel, padding)


def test_a_delta_orthogonal_kernel_is_an_isometry_in_its_middle_and_zero_elsewhere():
    kernel = np.array(delta_orthogonal(jax.random.key(0), (3, 5, 4, 6)))
    middle = kernel[1, 2].copy()
    np.testing.assert_allclose(middle @ middle.T, np.eye(4), atol=1e-6)
    kernel[1, 2] = 0
    assert not kernel.any()


@asserts("Delta-orthogonal kernels")
def test_fifty_delta_orthogonal_layers_keep_every_length_and_other_kernels_do_not():
    start = jax.random.normal(jax.random.key(2), (4, 8, 8, 6))
    signal = start
    for key in jax.random.split(jax.random.key(3), 50):
        signal = convolve(signal, delta_orthogonal(key, (3, 3, 6, 6)), "circular")
    lengths = jnp.linalg.norm(signal.reshape(4, -1), axis=1) / jnp.linalg.norm(start.reshape(4, -1), axis=1)
    np.testing.assert_allclose(lengths, 1, rtol=1e-4)
    assert not np.allclose(signal, start, atol=0.1)


def test_delta_orthogonal_matrices_are_spread_evenly_over_the_rotations():
    # Of a Haar matrix every entry has mean 0 and variance 1/n; without the signs of R's diagonal it has not.
    draws = [delta_orthogonal(key, (1, 1, 3, 3))[0, 0] for key in jax.random.split(jax.random.key(4), 400)]
    entries = np.array(draws).reshape(400, 9)
    assert np.abs(entries.mean(axis=0)).max() < 5 * np.sqrt(1 / 3 / 400)


@pytest.mark.parametrize("shape", [(3, 3, 8, 4), (2, 3, 4, 4)])
def test_delta_orthogonal_refuses_shapes_that_cannot_keep_lengths(shape):
    with pytest.raises(ValueError, match="shape"):
        delta_orthogonal(jax.random.key(0), shape)
