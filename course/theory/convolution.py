"""What theory predicts for convolutions: the weights act as those of a dense layer of fan_in inputs, but for borders.

With circular padding every position sees a full neighbourhood, and all of `course.theory` holds with
weight_variance = fan_in · Var w. Zeros beyond the border take part of the neighbourhood away.
"""

import math

import numpy as np

PADDINGS = {"zeros": "constant", "circular": "wrap"}
"""What lies beyond an image's border, and NumPy's word for it."""


def neighbourhood_means(values: np.ndarray, padding: str, kernel: int = 3) -> np.ndarray:
    """The mean over the kernel × kernel positions around each position of `(height, width)` values.

    `padding` is "zeros" or "circular", ValueError for another. What a convolution does to mean squares, times
    fan_in · Var w; the way back does the same.
    """
    if padding not in PADDINGS:
        raise ValueError(f"padding is {padding!r}; allowed are {', '.join(PADDINGS)}")
    padded = np.pad(values, kernel // 2, mode=PADDINGS[padding])
    windows = np.lib.stride_tricks.sliding_window_view(padded, (kernel, kernel))
    return windows.mean(axis=(-2, -1))


def border_factor(side: int) -> float:
    """What deep zero-padded 3×3 convolutions keep of the mean square a layer, where dense layers would keep all of it.

    ((1 + 2 cos(π / (side + 1))) / 3)², the largest eigenvalue of the mean over neighbourhoods in images side × side:
    0.92 for a side of 8, 0.9999 for 224.
    """
    return ((1.0 + 2.0 * math.cos(math.pi / (side + 1))) / 3.0) ** 2
