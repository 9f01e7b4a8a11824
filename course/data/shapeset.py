"""Shapeset-3×2: images of one or two shapes, drawn without end (Glorot and Bengio 2010, section 2.1)."""

import functools
import itertools
from numbers import Integral
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

SIDE = 32
SHAPES = ("triangle", "parallelogram", "ellipse")
ELLIPSE = SHAPES.index("ellipse")
PAIRS = tuple(itertools.combinations_with_replacement(range(len(SHAPES)), 2))
SHAPESET_CLASSES = (*SHAPES, *(f"{SHAPES[first]} and {SHAPES[second]}" for first, second in PAIRS))
"""The nine classes, in the order of the labels: one shape, or an unordered pair."""

SIZES, ASPECTS, GREYS = (7.0, 12.0), (1.0, 2.0), (0.3, 1.0)
"""Ranges: the square root of a shape's area in pixels, its length over its breadth, its grey level."""
LEAST_CONTRAST = 0.2
MOST_OVERLAP = 0.5
"""The share of the back shape's area that the front shape may hide."""

# Every triangle is an affine image of the equilateral one, every parallelogram of the square, and every ellipse of
# the disc. The three originals have area 1: edges lie at `_INRADII` from the centre, no point beyond `_CIRCUMRADII`.
_TRIANGLE = np.deg2rad([30, 150, 270, 270])  # the last edge twice, so that every shape has four
_SQUARE = np.deg2rad([0, 90, 180, 270])
_NORMALS = np.array([[np.cos(angles), np.sin(angles)] for angles in (_TRIANGLE, _SQUARE, _SQUARE)], np.float32)
_INRADII = np.array([3**-0.75, 0.5, np.pi**-0.5], np.float32)
_CIRCUMRADII = np.array([2 * 3**-0.75, 0.5**0.5, np.pi**-0.5], np.float32)
_COUNTS = np.array([1] * len(SHAPES) + [2] * len(PAIRS))
_KINDS = np.array([(kind, kind) for kind in range(len(SHAPES))] + list(PAIRS))  # a single shape's second is not shown


class Shapes(NamedTuple):
    """Shapes on images: of shape `(count,)` each, but `stretch` `(count, 2, 2)` and `centre` `(count, 2)`.

    `kind` is a place in `SHAPES`. A shape is the original of area 1 of its kind times `stretch`, moved to `centre`:
    x to the right and y down, in pixels from the image's corner. Its area is |det `stretch`|.
    """

    kind: jax.Array
    stretch: jax.Array
    centre: jax.Array
    grey: jax.Array


def shapeset(key: jax.Array, count: int) -> tuple[jax.Array, jax.Array]:
    """Draw images `(count, 32, 32)` with values from 0 to 1, and their labels `(count,)`, places in `SHAPESET_CLASSES`.

    One or two shapes of random proportions, angles, size, rotation, place and grey level; the front one hides
    at most half of the area of the other, and is drawn anew until it does. Our own choices, where the paper names
    none: the nine classes are equally likely, the ground is black, a shape lies wholly on the image, its area is
    uniform in its square root from 7² to 12² pixels, its length is 1 to 2 times its breadth, its grey is from 0.3 to 1
    and differs by 0.2 or more from that of the other. Works inside `jax.jit`. Raises `ValueError` for a `count`
    below 1 and for what is not a JAX key. Source: Glorot and Bengio 2010, section 2.1.
    """
    return _draw_images(_checked_key(key), _checked_count(count))


@functools.partial(jax.jit, static_argnames="count")  # by itself it would be compiled operation by operation
def _draw_images(key: jax.Array, count: int) -> tuple[jax.Array, jax.Array]:
    back, front, labels = draw_shapes(key, count)
    images = back.grey[:, None, None] * coverage(back)
    front_share = coverage(front) * (_counts(labels) == 2)[:, None, None]
    return images + front_share * (front.grey[:, None, None] - images), labels


def draw_shapes(key: jax.Array, count: int) -> tuple[Shapes, Shapes, jax.Array]:
    """Draw the back shapes and the front shapes of `count` images, and the labels; see `shapeset`.

    Where the class is a single shape, the front one is not shown.
    """
    label_key, swap_key, grey_key, back_key, front_key = jax.random.split(key, 5)
    labels = jax.random.randint(label_key, (count,), 0, len(SHAPESET_CLASSES))
    swapped = jax.random.bernoulli(swap_key, shape=(count,)).astype(jnp.int32)
    kinds, rows = jnp.asarray(_KINDS)[labels], jnp.arange(count)
    back_kind, front_kind = kinds[rows, swapped], kinds[rows, 1 - swapped]
    back_grey, front_grey = _greys(grey_key, count)
    back = Shapes(back_kind, *_geometry(back_key, back_kind), back_grey)
    hidden, area = coverage(back), MOST_OVERLAP * jnp.abs(jnp.linalg.det(back.stretch))

    def draw_again(state: tuple) -> tuple:
        key, stretch, centre, too_close = state
        key, draw_key = jax.random.split(key)
        new_stretch, new_centre = _geometry(draw_key, front_kind)
        stretch = jnp.where(too_close[:, None, None], new_stretch, stretch)
        centre = jnp.where(too_close[:, None], new_centre, centre)
        front = Shapes(front_kind, stretch, centre, front_grey)
        overlap = jnp.sum(hidden * coverage(front), axis=(1, 2))
        return key, stretch, centre, (overlap > area) & (_counts(labels) == 2)

    start = front_key, back.stretch, back.centre, jnp.ones(count, bool)
    _, stretch, centre, _ = jax.lax.while_loop(lambda state: jnp.any(state[-1]), draw_again, start)
    return back, Shapes(front_kind, stretch, centre, front_grey), labels


def coverage(shapes: Shapes) -> jax.Array:
    """Return the share of each pixel that the shapes cover, `(count, 32, 32)`: 1 inside, 0 outside, between on an edge.

    Half a pixel inside an edge the share is 1, half a pixel outside 0, and linear in between.
    """
    inverse = _inverse(shapes.stretch)
    local = jnp.einsum("nij,njx->nix", inverse, _pixels()[None] - shapes.centre[:, :, None])
    normals, inradius = jnp.asarray(_NORMALS)[shapes.kind], jnp.asarray(_INRADII)[shapes.kind][:, None]
    slopes = jnp.linalg.norm(jnp.einsum("nij,nik->njk", inverse, normals), axis=1)  # of an edge's distance, by pixel
    edges = (jnp.einsum("nik,nix->nkx", normals, local) - inradius[:, None]) / slopes[:, :, None]
    radius = jnp.sum(local**2, axis=1)
    slope = 2 * jnp.linalg.norm(jnp.einsum("nij,nix->njx", inverse, local), axis=1)
    rim = (radius - inradius**2) / (slope + 1e-6)
    outside = jnp.where((shapes.kind == ELLIPSE)[:, None], rim, jnp.max(edges, axis=1))
    return jnp.clip(0.5 - outside, 0, 1).reshape(-1, SIDE, SIDE)


def _geometry(key: jax.Array, kind: jax.Array) -> tuple[jax.Array, jax.Array]:
    """Draw each shape's stretch, a rotation times an aspect times a rotation, and a centre that keeps it inside."""
    size, aspect, before, after, *place = jax.random.uniform(key, (6, len(kind)))
    area_root = SIZES[0] + (SIZES[1] - SIZES[0]) * size
    root_aspect = jnp.sqrt(ASPECTS[0] + (ASPECTS[1] - ASPECTS[0]) * aspect)
    lengths = area_root * jnp.stack([root_aspect, 1 / root_aspect])
    stretch = jnp.einsum("ijn,jn,jkn->nik", _rotation(after), lengths, _rotation(before))
    reach = jnp.asarray(_CIRCUMRADII)[kind][:, None] * jnp.linalg.norm(stretch, axis=2)
    return stretch, reach + (SIDE - 2 * reach) * jnp.stack(place, axis=1)


def _rotation(turn: jax.Array) -> jax.Array:
    """Rotations `(2, 2, count)` by shares of a full turn."""
    cosine, sine = jnp.cos(2 * jnp.pi * turn), jnp.sin(2 * jnp.pi * turn)
    return jnp.stack([jnp.stack([cosine, -sine]), jnp.stack([sine, cosine])])


def _greys(key: jax.Array, count: int) -> tuple[jax.Array, jax.Array]:
    """Two grey levels an image, each uniform, `LEAST_CONTRAST` or more apart on a circle of all levels."""
    low, span = GREYS[0], GREYS[1] - GREYS[0]
    first, apart = jax.random.uniform(key, (2, count))
    first, apart = span * first, LEAST_CONTRAST + (span - 2 * LEAST_CONTRAST) * apart
    return low + first, low + jnp.mod(first + apart, span)


def _inverse(matrices: jax.Array) -> jax.Array:
    (a, b), (c, d) = jnp.moveaxis(matrices, 0, 2)
    return jnp.moveaxis(jnp.array([[d, -b], [-c, a]]) / (a * d - b * c), 2, 0)


def _pixels() -> jax.Array:
    """The centres of the pixels, x and y, `(2, 1024)`, row by row."""
    y, x = np.divmod(np.arange(SIDE**2), SIDE)
    return jnp.asarray(np.stack([x, y]) + 0.5, jnp.float32)


def _counts(labels: jax.Array) -> jax.Array:
    return jnp.asarray(_COUNTS)[labels]


def _checked_count(count: int) -> int:
    if isinstance(count, bool) or not isinstance(count, Integral) or count < 1:
        raise ValueError(f"count must be a whole number, 1 or more, not {count!r}")
    return int(count)


def _checked_key(key: jax.Array) -> jax.Array:
    if not isinstance(key, jax.Array) or not jnp.issubdtype(key.dtype, jax.dtypes.prng_key):
        raise ValueError(f"key must be one of jax.random.key, not {key!r}")
    return key
