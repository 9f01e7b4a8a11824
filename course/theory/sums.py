"""What mathematics predicts for a sum of independent products of weight and input, z = Σ w x."""

import math


def excess_kurtosis(terms: int, weight_kurtosis: float, input_kurtosis: float) -> float:
    """How far a sum is from normal: (E[w⁴]/E[w²]² · E[x⁴]/E[x²]² − 3) / terms, which is 0 for a normal variable.

    The terms are independent and alike, and the weights have mean 0. A kurtosis is the fourth moment over the
    square of the second, at least 1. Raises ValueError for fewer than one term, and for a kurtosis below 1.
    """
    if terms < 1:
        raise ValueError(f"terms is {terms!r}; allowed is a whole number, 1 or more")
    for name, kurtosis in (("weight_kurtosis", weight_kurtosis), ("input_kurtosis", input_kurtosis)):
        if not 1 <= kurtosis < math.inf:
            raise ValueError(f"{name} is {kurtosis!r}; allowed is a finite number, 1 or more")
    return (weight_kurtosis * input_kurtosis - 3.0) / terms


def normal_share_outside(limit: float, variance: float) -> float:
    """The probability that a normal z of mean 0 falls outside ±limit, erfc(limit / √(2 Var z)).

    Raises ValueError for a negative limit, and for a variance that is not above 0.
    """
    if not limit >= 0:
        raise ValueError(f"limit is {limit!r}; allowed is 0 or more")
    if not 0 < variance < math.inf:
        raise ValueError(f"variance is {variance!r}; allowed is a finite number above 0")
    return math.erfc(limit / math.sqrt(2.0 * variance))
