"""Handwritten digits that come inside a package, brought to any width."""

import functools
from importlib.metadata import distribution

import numpy as np


@functools.cache
def digits() -> tuple[np.ndarray, np.ndarray]:
    """Return the 1,797 handwritten digits of scikit-learn: pixels `(1797, 64)` from 0 to 16, and labels `(1797,)`.

    The file is read where scikit-learn keeps it, because importing scikit-learn takes longer than the first
    picture may; a test compares it with `sklearn.datasets.load_digits`. Source: E. Alpaydin and C. Kaynak,
    Optical Recognition of Handwritten Digits, UCI Machine Learning Repository, 1998.
    """
    path = distribution("scikit-learn").locate_file("sklearn/datasets/data/digits.csv.gz")
    table = np.loadtxt(str(path), delimiter=",", dtype=np.float32)
    return table[:, :-1], table[:, -1].astype(np.int32)


def standardized(values: np.ndarray) -> np.ndarray:
    """Return every column mean 0 and variance 1, `(x − mean) / std`, and leave out columns that never change."""
    changing = values[:, values.std(axis=0) > 0]
    return (changing - changing.mean(axis=0)) / changing.std(axis=0)


@functools.lru_cache(maxsize=16)
def standardized_digits(batch: int, features: int) -> np.ndarray:
    """Return the first `batch` digits as standardized rows of `features` numbers, each row of second moment 1.

    The 61 pixels that ever change are resampled to `features` points by linear interpolation along the row, so that any
    width can be fed; each row is then divided by its rms, so that the theory's premise E[x²] = 1 holds for
    every single example. Raises `ValueError` for more examples than there are digits.
    """
    pixels, _ = digits()
    if not 1 <= batch <= len(pixels):
        raise ValueError(f"batch must be from 1 to {len(pixels)} digits, not {batch!r}")
    rows = standardized(pixels)[:batch]
    points = np.linspace(0, rows.shape[1] - 1, features)
    rows = np.stack([np.interp(points, np.arange(rows.shape[1]), row) for row in rows])
    rows = rows / np.sqrt(np.mean(rows**2, axis=1, keepdims=True))
    return rows.astype(np.float32)
