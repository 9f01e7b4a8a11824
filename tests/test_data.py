"""Inputs: handwritten digits that come inside a package, Shapeset-3×2 without end, and points of the plane."""

from typing import NamedTuple

import jax
import numpy as np
import pytest
from matplotlib.path import Path

from course import data
from course.data.points import NOISE
from course.data.shapeset import GREYS, LEAST_CONTRAST, SHAPES, SIDE, SIZES, Shapes, coverage, draw_shapes


def test_the_digits_are_those_of_scikit_learn():
    pixels, labels = data.digits()
    from sklearn.datasets import load_digits  # which takes 70 MB

    expected = load_digits()
    np.testing.assert_array_equal(pixels, expected.data)
    np.testing.assert_array_equal(labels, expected.target)


def test_standardized_columns_have_mean_0_and_variance_1_and_constant_ones_are_left_out():
    values = np.array([[1.0, 7.0, 2.0], [3.0, 7.0, 4.0], [5.0, 7.0, 0.0]])
    columns = data.standardized(values)
    assert columns.shape == (3, 2)
    np.testing.assert_allclose(columns.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(columns.var(axis=0), 1)


@pytest.mark.parametrize("features", [1, 16, 61, 64, 100, 512])
def test_every_standardized_digit_has_second_moment_1_at_any_width(features):
    rows = data.standardized_digits(128, features)
    assert rows.shape == (128, features)
    np.testing.assert_allclose(np.mean(rows.astype(float) ** 2, axis=1), 1, rtol=1e-6)


def test_more_examples_than_there_are_digits_are_refused():
    with pytest.raises(ValueError, match="1797 digits, not 1798"):
        data.standardized_digits(1798, 64)


def test_the_disc_holds_the_points_that_are_marked():
    places, inside = data.disc(200, seed=3)
    distances = np.hypot(places[:, 0] - 0.2, places[:, 1] - 0.1)
    np.testing.assert_array_equal(inside == 1, distances < 0.65)


def test_a_disc_without_points_is_refused():
    with pytest.raises(ValueError, match="points must be 1 or more, not 0"):
        data.disc(0)


@pytest.mark.parametrize("arms", [2, 3, 5])
def test_a_point_of_a_spiral_lies_where_its_arm_is_at_that_distance_from_the_middle(arms):
    places, arm = data.spirals(3000, seed=1, arms=arms)
    radius = np.hypot(*places.T)
    turned = np.arctan2(places[:, 1], places[:, 0]) - 2 * np.pi * (radius + arm / arms)
    aside = radius * np.abs(np.angle(np.exp(1j * turned)))
    # Noise of std 0.02 in the plane moves a point sideways, and outwards, where the arm has turned by 2π a unit of
    # length at a radius of 1 or less: at most 6 std of each for one point in a thousand million.
    assert aside.max() < 6 * NOISE * (1 + 2 * np.pi)
    np.testing.assert_array_equal(np.bincount(arm), 3000 // arms)


def test_spirals_of_one_seed_are_the_same_and_of_another_differ():
    places, arm = data.spirals(seed=4)
    np.testing.assert_array_equal(places, data.spirals(seed=4)[0])
    np.testing.assert_array_equal(arm, data.spirals(seed=4)[1])
    assert not np.array_equal(places, data.spirals(seed=5)[0])


@pytest.mark.parametrize(("count", "arms", "named"), [(2, 3, "not 2"), (10, 1, "not 1")])
def test_too_few_points_or_arms_of_a_spiral_are_refused(count, arms, named):
    with pytest.raises(ValueError, match=named):
        data.spirals(count, arms=arms)


COUNT = 600


class Drawn(NamedTuple):
    """Images, and what was drawn on each; `pair` says where there are two shapes, and shares are of pixels covered."""

    back: Shapes
    front: Shapes
    labels: np.ndarray
    images: np.ndarray
    pair: np.ndarray
    back_shares: np.ndarray
    front_shares: np.ndarray


@pytest.fixture(scope="module")
def drawn() -> Drawn:
    key = jax.random.key(7)
    shapes = jax.jit(draw_shapes, static_argnums=1)(key, COUNT)
    back, front, labels = (jax.tree.map(np.asarray, part) for part in shapes)
    pair = np.isin(labels, np.arange(len(SHAPES), len(data.SHAPESET_CLASSES)))
    shares = (np.asarray(coverage(part)) for part in (back, front))
    return Drawn(back, front, labels, np.asarray(data.shapeset(key, COUNT)[0]), pair, *shares)


Y, X = np.divmod(np.arange(SIDE**2), SIDE) + np.array(0.5)
HAIR = 1e-3
"""Pixel centres closer than this to an edge, in pixels, may fall to either side in float32."""


def corners(kind: int) -> np.ndarray:
    """Corners of the original of area 1, from school: a triangle of side 2/3^¼, a square of side 1."""
    if SHAPES[kind] == "parallelogram":
        return np.array([[-0.5, -0.5], [0.5, -0.5], [0.5, 0.5], [-0.5, 0.5]])
    side, height = 2 / 3**0.25, 3**0.25
    return np.array([[-side / 2, -height / 3], [side / 2, -height / 3], [0, 2 * height / 3]])


def outline(shapes: Shapes, image: int) -> Path:
    """The shape's outline as a polygon; a circle counts as one of 720 corners."""
    around = np.linspace(0, 2 * np.pi, 720, endpoint=False)
    circle = np.stack([np.cos(around), np.sin(around)], axis=1) / np.sqrt(np.pi)
    kind = shapes.kind[image]
    original = circle if SHAPES[kind] == "ellipse" else corners(kind)
    return Path(original @ shapes.stretch[image].T + shapes.centre[image])


def inside(shapes: Shapes, image: int) -> tuple[np.ndarray, np.ndarray]:
    """Say which pixel centres lie in the shape, and which are far enough from its edge for that to be certain."""
    polygon, places = outline(shapes, image), np.stack([X, Y], axis=1)
    # The sign of `radius` means the opposite where corners go round the other way.
    grown, shrunk = (polygon.contains_points(places, radius=radius) for radius in (2 * HAIR, -2 * HAIR))
    return grown & shrunk, grown == shrunk


@pytest.mark.parametrize("image", range(60))
def test_more_than_half_of_a_pixel_is_covered_exactly_where_its_centre_lies_in_the_shape(image, drawn):
    covered = drawn.back_shares[image].ravel() > 0.5
    holds, certain = inside(drawn.back, image)
    assert certain.mean() > 0.99
    np.testing.assert_array_equal(covered[certain], holds[certain])


def test_the_label_names_the_shapes_that_are_drawn(drawn):
    for image, label in enumerate(drawn.labels):
        kinds = sorted(
            [drawn.back.kind[image], drawn.front.kind[image]] if drawn.pair[image] else [drawn.back.kind[image]]
        )
        assert data.SHAPESET_CLASSES[label] == " and ".join(SHAPES[kind] for kind in kinds)


@pytest.mark.parametrize("image", range(60))
def test_an_image_shows_the_front_shape_over_the_back_shape_over_black(image, drawn):
    front = drawn.front_shares[image] * drawn.pair[image]
    back = drawn.back_shares[image]
    np.testing.assert_allclose(drawn.images[image][front == 1], drawn.front.grey[image], atol=1e-6)
    np.testing.assert_allclose(drawn.images[image][(front == 0) & (back == 1)], drawn.back.grey[image], atol=1e-6)
    np.testing.assert_array_equal(drawn.images[image][(front == 0) & (back == 0)], 0)
    assert np.any(front == 1) == drawn.pair[image]


@pytest.mark.parametrize("which", ["back", "front"])
def test_shapes_lie_wholly_on_the_image_and_have_the_area_that_their_stretch_says(which, drawn):
    shapes = getattr(drawn, which)
    areas = np.abs(np.linalg.det(shapes.stretch.astype(float)))
    low, high = np.square(SIZES)
    assert low * (1 - 1e-5) <= areas.min() < areas.max() <= high * (1 + 1e-5)
    for image in range(COUNT):
        vertices = outline(shapes, image).vertices
        assert vertices.min() > -HAIR
        assert vertices.max() < SIDE + HAIR
    # A polygon's area by the shoelace formula.
    x, y = np.moveaxis(np.array([outline(shapes, image).vertices for image in np.flatnonzero(shapes.kind == 0)]), 2, 0)
    shoelace = np.abs(np.sum(x * np.roll(y, -1, 1) - y * np.roll(x, -1, 1), axis=1)) / 2
    np.testing.assert_allclose(shoelace, areas[shapes.kind == 0], rtol=1e-5)


def test_the_front_shape_never_hides_more_than_half_of_the_other(drawn):
    areas = np.abs(np.linalg.det(drawn.back.stretch.astype(float)))
    hidden = np.sum(drawn.back_shares * drawn.front_shares, axis=(1, 2)) / areas
    assert hidden[drawn.pair].max() <= 0.5 + 1e-5
    assert hidden[drawn.pair].max() > 0.4  # the limit is in use: shapes do overlap


def test_the_two_shapes_of_an_image_differ_in_grey_and_both_from_the_ground(drawn):
    greys = np.stack([drawn.back.grey, drawn.front.grey])
    assert GREYS[0] <= greys.min() < greys.max() <= GREYS[1]
    assert np.abs(greys[0] - greys[1]).min() > LEAST_CONTRAST - 1e-6


def test_images_are_32_by_32_values_from_0_to_1_with_a_label_from_0_to_8(drawn):
    images, labels = data.shapeset(jax.random.key(1), 5)
    assert (images.shape, images.dtype, labels.shape, labels.dtype) == ((5, 32, 32), "float32", (5,), "int32")
    assert drawn.images.min() == 0
    assert 0.9 < drawn.images.max() <= 1
    assert set(drawn.labels) == set(range(len(data.SHAPESET_CLASSES))) == set(range(9))


def test_one_key_gives_the_same_images_and_another_key_others():
    images, labels = data.shapeset(jax.random.key(1), 20)
    again, labels_again = data.shapeset(jax.random.key(1), 20)
    np.testing.assert_array_equal(images, again)
    np.testing.assert_array_equal(labels, labels_again)
    others, _ = data.shapeset(jax.random.key(2), 20)
    assert np.all(np.any(np.asarray(images) != np.asarray(others), axis=(1, 2)))


@pytest.mark.long
def test_images_are_the_same_inside_jit_and_for_many_keys_at_once():
    keys = jax.random.split(jax.random.key(3), 4)
    images, labels = jax.jit(jax.vmap(lambda key: data.shapeset(key, 6)))(keys)
    for place, key in enumerate(keys):
        expected, expected_labels = data.shapeset(key, 6)
        # Where a compiler sums in another order, a share of a pixel differs by rounding: 32 pixels of 24 bits.
        np.testing.assert_allclose(images[place], expected, atol=32 * 2.0**-20)
        np.testing.assert_array_equal(labels[place], expected_labels)


def test_every_class_and_either_order_of_a_pair_is_equally_likely(drawn):
    labels = np.asarray(jax.jit(draw_shapes, static_argnums=1)(jax.random.key(11), 1800)[2])
    error = np.sqrt(1800 * (1 / 9) * (8 / 9))
    assert np.all(np.abs(np.bincount(labels, minlength=9) - 200) < 5 * error)
    mixed = drawn.pair & (drawn.back.kind != drawn.front.kind)
    behind = np.sum(drawn.back.kind[mixed] < drawn.front.kind[mixed])
    assert abs(behind - mixed.sum() / 2) < 5 * np.sqrt(mixed.sum()) / 2


@pytest.mark.parametrize("count", [0, -1, 2.0, True])
def test_a_count_of_images_that_makes_no_sense_is_refused(count):
    with pytest.raises(ValueError, match=f"1 or more, not {count}"):
        data.shapeset(jax.random.key(0), count)


@pytest.mark.parametrize("key", [3, np.uint32(3), None])
def test_an_integer_for_a_key_is_refused(key):
    with pytest.raises(ValueError, match=r"^key must be one of .*, not"):
        data.shapeset(key, 2)
