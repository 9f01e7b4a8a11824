"""Points of the plane in classes that no straight line tells apart: for the eye."""

import numpy as np

NEAREST, FARTHEST, NOISE = 0.1, 0.9, 0.02
"""A spiral begins and ends so far from the middle; its points lie off it by normal noise of this std."""


def disc(points: int = 100, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return random points of the square from −1 to 1, `(points, 2)`, and for each whether it lies in a disc: 1 or 0.

    The disc of radius 0.65 round (0.2, 0.1) covers a third of the square, and no straight line cuts it out.
    Raises `ValueError` for fewer than one point.
    """
    if points < 1:
        raise ValueError(f"points must be 1 or more, not {points!r}")
    places = np.random.default_rng(seed).uniform(-1.0, 1.0, (points, 2))
    inside = np.sum((places - [0.2, 0.1]) ** 2, axis=1) < 0.65**2
    return places, inside.astype(float)


def spirals(points: int = 300, seed: int = 0, *, arms: int = 3) -> tuple[np.ndarray, np.ndarray]:
    """Return points along spirals wound into one another, `(points, 2)` within the unit disc, and each point's arm.

    An arm begins near the middle and winds once round it; a point lies off its arm by normal noise of std
    0.02. The points are in random order, and the arms are numbers from 0, as equally many as can be. Raises
    `ValueError` for fewer points than arms, and for fewer than 2 arms.
    """
    if arms < 2:
        raise ValueError(f"arms must be 2 or more, not {arms!r}")
    if points < arms:
        raise ValueError(f"points must be as many as there are arms, {arms}, or more, not {points!r}")
    rng = np.random.default_rng(seed)
    arm = rng.permutation(np.arange(points) % arms)
    radius = rng.uniform(NEAREST, FARTHEST, points)
    angle = 2 * np.pi * (radius + arm / arms)
    places = radius[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return places + rng.normal(0, NOISE, places.shape), arm
