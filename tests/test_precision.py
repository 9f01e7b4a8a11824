"""Networks in small number formats: what the formats hold, and what a plain NumPy loop makes of the same weights."""

import math

import numpy as np
import pytest
from claims import asserts

from course import data, initializers, probes
from course.activations import ACTIVATIONS
from course.probes.precision import BATCH, FORMATS, WIDTH, PrecisionStats, measure_precision, range_of

BITS = {"float16": (5, 10), "bfloat16": (8, 7), "float32": (8, 23)}
"""Of the exponent and of the fraction."""
SHRINKING = {"depth": 30, "activation": "relu", "scheme": "glorot_normal"}
GROWING = {"depth": 30, "activation": "relu", "scheme": "he_normal", "gain": 1.5}


@pytest.mark.parametrize("name", FORMATS)
def test_the_range_of_a_format_follows_from_its_bits(name):
    exponent, fraction = BITS[name]
    top = 2 ** (exponent - 1) - 1
    limits = range_of(name)
    assert limits.largest == (2 - 2.0**-fraction) * 2.0**top
    assert limits.smallest_normal == 2.0 ** (1 - top)
    assert limits.smallest_subnormal == 2.0 ** (1 - top - fraction)
    assert limits.digits == 2.0**-fraction


def plain_run(precision: str, seed: int, *, loss_scale: float = 1.0, gain: float = 1.0, **network):
    """Activations and gradients of a loop in NumPy that stores each layer in the format."""
    settings = {"width": WIDTH, "batch": 128, "gain": gain, **network}
    drawn, row = probes.network(seed, **settings), ACTIVATIONS[network["activation"]]
    weights = [layer.astype(precision).astype(np.float32) for layer in drawn.weights]
    signal, seen, slopes = data.standardized_digits(BATCH, WIDTH).astype(precision), [], []
    for layer in weights:
        z = signal.astype(np.float32) @ layer
        with np.errstate(over="ignore"):  # what the format cannot hold is infinite
            signal = row.array_function(z).astype(np.float32).astype(precision)
        slopes.append(row.array_slope(z).astype(precision))
        seen.append(signal)
    gradient = (np.asarray(drawn.directions)[:BATCH] * np.float32(loss_scale / BATCH)).astype(precision)
    back = [gradient]
    for layer, slope in zip(weights[:0:-1], slopes[-2::-1], strict=True):
        gradient = (gradient.astype(np.float32) @ layer.T * slope.astype(np.float32)).astype(precision)
        back.append(gradient)
    return seen, back[::-1], slopes


def rms(values: np.ndarray) -> float:
    return math.sqrt(np.mean(values.astype(float) ** 2))


@pytest.mark.parametrize("precision", ["float16", "float32"])
@pytest.mark.parametrize("activation", ["relu", "tanh"])
def test_sizes_equal_those_of_a_numpy_loop_in_the_same_format(precision, activation):
    network = {**SHRINKING, "activation": activation}
    stats = measure_precision(2, precision=precision, **network)
    up, down, _ = plain_run(precision, 2, **network)
    # Sums in another order differ in the last bit of the format, and move on through thirty layers.
    close = 30 * range_of(precision).digits
    for sizes, layers in ((stats.activations, up), (stats.gradients, down)):
        normal = np.array([rms(values) for values in layers]) > range_of(precision).smallest_normal
        np.testing.assert_allclose(sizes.rms[normal], np.array([rms(v) for v in layers])[normal], rtol=close)
        largest = np.array([float(abs(values).max()) for values in layers])
        np.testing.assert_allclose(sizes.largest[normal], largest[normal], rtol=close)


def test_the_share_of_gradients_that_are_rounded_to_0_is_that_of_a_numpy_loop():
    stats = measure_precision(0, precision="float16", **SHRINKING)
    _, down, slopes = plain_run("float16", 0, **SHRINKING)
    lost = np.mean((down[0] == 0) & (slopes[0] != 0)) / np.mean(slopes[0] != 0)
    assert stats.gradients.zero_share[0] == pytest.approx(lost, abs=0.002)  # 16 of 8,192 on the edge
    assert stats.gradients.zero_share[0] > 0.02
    assert measure_precision(0, precision="bfloat16", **SHRINKING).gradients.zero_share[0] == 0


def test_float32_is_the_run_that_measure_gives():
    stats = measure_precision(1, precision="float32", **SHRINKING)
    layers = probes.measure(1, width=WIDTH, batch=BATCH, **SHRINKING)
    np.testing.assert_allclose(stats.activations.rms, layers.activation_rms, rtol=1e-4)
    assert not stats.activations.overflow_share.any()


def test_float16_overflows_at_the_first_layer_whose_largest_number_passes_65504():
    exact = measure_precision(0, precision="float32", **GROWING).activations.largest
    half = measure_precision(0, precision="float16", **GROWING).activations.overflow_share
    assert np.argmax(half > 0) == np.argmax(exact > range_of("float16").largest) > 0
    assert not measure_precision(0, precision="bfloat16", **GROWING).activations.overflow_share.any()


def test_a_loss_scale_moves_every_gradient_and_no_activation():
    plain, scaled = (
        measure_precision(0, precision="float32", loss_scale=scale, **SHRINKING) for scale in (1.0, 4096.0)
    )
    np.testing.assert_array_equal(scaled.gradients.rms, 4096 * plain.gradients.rms)  # a power of 2 rounds nothing
    np.testing.assert_array_equal(scaled.activations.rms, plain.activations.rms)


@asserts("In half precision small gradients")
def test_a_loss_scale_brings_float16s_gradients_back():
    scaled = measure_precision(0, precision="float16", loss_scale=4096.0, **SHRINKING).gradients
    exact = measure_precision(0, precision="float32", loss_scale=4096.0, **SHRINKING).gradients
    assert scaled.zero_share[0] == 0
    np.testing.assert_allclose(scaled.rms, exact.rms, rtol=30 * range_of("float16").digits)


@asserts("In half precision small gradients")
def test_too_large_a_loss_scale_overflows_backward():
    stats: PrecisionStats = measure_precision(0, precision="float16", loss_scale=2.0**24, **SHRINKING)
    assert stats.gradients.overflow_share[-1] > 0
    assert not stats.activations.overflow_share.any()


def test_layers_without_any_number_have_no_smallest_and_no_largest():
    stats = measure_precision(0, precision="float16", **{**SHRINKING, "scheme": "standard_uniform"})
    assert stats.activations.rms[-1] == 0
    assert np.isnan([stats.activations.smallest[-1], stats.activations.largest[-1]]).all()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"precision": "float8"}, "precision.*float8"),
        ({"loss_scale": 0.0}, "loss_scale.*0.0"),
        ({"loss_scale": math.inf}, "loss_scale.*inf"),
        ({"depth": 0}, "depth.*0"),
    ],
)
def test_a_value_that_makes_no_sense_is_named(change, words):
    with pytest.raises(ValueError, match=words):
        measure_precision(0, **{"precision": "float16", **SHRINKING, **change})


def test_the_weights_are_those_of_the_scheme():
    std = initializers.standard_deviation("glorot_normal", (WIDTH, WIDTH))
    drawn = probes.network(0, width=WIDTH, **SHRINKING).weights[0]
    assert np.std(drawn) == pytest.approx(std, rel=5 / math.sqrt(2 * WIDTH**2))
