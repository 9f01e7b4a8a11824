"""Inputs: handwritten digits that come inside a package, brought to any width."""

import numpy as np
import pytest
from sklearn.datasets import load_digits

from course import data


def test_the_digits_are_those_of_scikit_learn():
    pixels, labels = data.digits()
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
