"""Convolutions over images: every position is seen through the same kernel, and a delta-orthogonal start for them."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import jax
import jax.numpy as jnp

PADDINGS: Mapping[str, str] = MappingProxyType({"zeros": "constant", "circular": "wrap"})
"""What lies beyond an image's border: zeros, or its opposite border. The values are `jnp.pad`'s words for them."""


def convolve(images: jax.Array, kernel: jax.Array, padding: str = "zeros") -> jax.Array:
    """Replace every position of an image by its neighbourhood times a kernel; the image keeps its size.

    `images` has shape `(batch, height, width, channels_in)` and `kernel` `(rows, columns, channels_in, channels_out)`
    with odd rows and columns, as in (cross-)correlation: the kernel is not flipped. `padding` is a name of `PADDINGS`;
    ValueError for another, or a kernel of even size.
    """
    rows, columns, *_ = kernel.shape
    if padding not in PADDINGS:
        raise ValueError(f"padding must be one of {', '.join(PADDINGS)}, not {padding!r}")
    if rows % 2 == 0 or columns % 2 == 0:
        raise ValueError(f"kernel must have odd rows and columns, not {rows} by {columns}")
    return correlate(padded(images, kernel.shape, padding), kernel)


def padded(images: jax.Array, shape: Sequence[int], padding: str) -> jax.Array:
    """Images with a border as wide as a kernel of this shape reaches; `padding` is a name of `PADDINGS`."""
    rows, columns, *_ = shape
    border = (0, 0), (rows // 2, rows // 2), (columns // 2, columns // 2), (0, 0)
    return jnp.pad(images, border, mode=PADDINGS[padding])


def correlate(padded: jax.Array, kernel: jax.Array) -> jax.Array:
    """Replace every position of padded images, except of their border, by its neighbourhood times a kernel."""
    rows, columns, *channels = kernel.shape
    height, width = padded.shape[1] - rows + 1, padded.shape[2] - columns + 1
    # One matrix product: the neighbourhood of a position is a row of rows * columns * channels_in numbers.
    shifts = [(row, column) for row in range(rows) for column in range(columns)]
    seen = [padded[:, row : row + height, column : column + width] for row, column in shifts]
    return jnp.concatenate(seen, axis=-1) @ kernel.reshape(-1, channels[-1])


def delta_orthogonal(key: jax.Array, shape: Sequence[int]) -> jax.Array:
    """Draw a kernel that is an orthogonal matrix at its middle position and 0 elsewhere (Xiao et al. 2018).

    A linear circular convolution with it keeps the length of every image exactly. `shape` is
    `(rows, columns, channels_in, channels_out)` with odd rows and columns, and channels_in at most channels_out;
    ValueError for others.
    """
    rows, columns, channels_in, channels_out = shape
    if rows % 2 == 0 or columns % 2 == 0 or channels_in > channels_out:
        raise ValueError(f"shape must have odd rows and columns, and no more channels in than out, not {tuple(shape)}")
    q, r = jnp.linalg.qr(jax.random.normal(key, (channels_out, channels_in)))
    middle = (q * jnp.where(jnp.diagonal(r) < 0, -1.0, 1.0)).T
    return jnp.zeros(tuple(shape)).at[rows // 2, columns // 2].set(middle)
