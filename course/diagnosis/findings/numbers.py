"""Findings about numbers as such: data as they come in, and what a format can hold."""

import math
from collections.abc import Iterator

from course.diagnosis.evidence import Inputs, Network
from course.diagnosis.findings.found import Found, severity
from course.diagnosis.findings.lengths import LOST
from course.diagnosis.reading import ParameterReading
from course.live.words import number

HALF_PRECISION = {"float16": (65504.0, 6.104e-5)}
"""The greatest number of a format, and the smallest that has all its digits; bfloat16 reaches as far as float32."""
USUAL, BEARABLE = (1e-4, 10.0), (1e-6, 100.0)
"""Mean squares of data that call for no word, such as pixels from 0 to 1 and rare features; and for no alarm."""
COMMON, LOUDEST = 0.98, 0.9
"""Data of which a greater share is the same for all examples, or comes from one feature, drown what differs."""
FEW_FEATURES = 4
SLIGHT = 0.05
"""A mean below this share of the standard deviation need not be subtracted."""


def large_exponentials(network: Network) -> Iterator[tuple[ParameterReading, float]]:
    """Yield the parameters of which an exponential is taken that is beyond what a scale may be, with its size."""
    for one in network.parameters:
        size = math.exp(min(one.mean, 700.0)) if one.use == "exponent" else 0.0
        if size > LOST:
            yield one, size


def half_precision(network: Network) -> Iterator[Found]:
    """Answers that a half-precision format cannot hold, and gradients that it rounds to 0."""
    for layer in network.layers:
        if layer.dtype not in HALF_PRECISION or not math.isfinite(layer.input_second_moment):
            continue
        greatest, smallest = HALF_PRECISION[layer.dtype]
        rms = math.sqrt(layer.gradient_second_moment) if layer.finite else math.nan
        if not layer.finite and any(large_exponentials(network)):
            continue
        if not layer.finite:
            yield Found(
                layer.number,
                "fault",
                f"answers are beyond {greatest:.0f}, the greatest number of {layer.dtype}",
                f"the inputs have a root mean square of {number(math.sqrt(layer.input_second_moment))}",
                "standardize the data, or compute in bfloat16 or float32",
            )
        elif rms < smallest:
            yield Found(
                layer.number,
                severity(rms < smallest / 1000),
                f"the gradient's root mean square is {number(rms)}; {layer.dtype} loses digits below {smallest:g}",
                "small numbers are rounded to 0",
                "multiply the loss by 1024 or more and divide the gradients again, or compute in bfloat16",
            )


def overflow(network: Network) -> Iterator[Found]:
    """Answers beyond the range of any other format."""
    for layer in () if any(large_exponentials(network)) else network.layers:
        if layer.dtype not in HALF_PRECISION and math.isfinite(layer.input_second_moment) and not layer.finite:
            seen = f"answers are beyond the greatest number of {layer.dtype}"
            yield Found(
                layer.number, "fault", seen, "the signal has grown from layer to layer", "mend the layers before"
            )


def unscaled_inputs(network: Network) -> Iterator[Found]:
    """Data far from mean 0 and mean square 1: pixels from 0 to 255, an offset, one loud feature."""
    inputs = network.inputs
    if inputs is None or not math.isfinite(inputs.second_moment):
        return
    if not USUAL[0] < inputs.second_moment < USUAL[1]:
        yield _out_of_scale(inputs)
    elif inputs.common_share > COMMON and inputs.examples > 1:
        seen = f"{inputs.common_share:.1%} of the data's mean square is the same for all examples"
        yield Found(1, "warning", seen, "the examples look alike to the network", "subtract every feature's mean")
    elif inputs.features >= FEW_FEATURES and inputs.loudest_share > LOUDEST:
        seen = f"one feature of {inputs.features} makes up {inputs.loudest_share:.0%} of the data's mean square"
        yield Found(1, "warning", seen, "it drowns the others", "divide every feature by its standard deviation")


def feature_by_feature(inputs: Inputs) -> bool:
    """Return whether data have to be standardized feature by feature, for no one factor suits all."""
    return inputs.uneven or (inputs.features >= FEW_FEATURES and inputs.loudest_share > LOUDEST)


def _out_of_scale(inputs: Inputs) -> Found:
    rms, std = math.sqrt(inputs.second_moment), inputs.std or 1.0
    shift = f"{'subtract' if inputs.mean > 0 else 'add'} {number(abs(inputs.mean))} and "
    return Found(
        1,
        severity(not BEARABLE[0] < inputs.second_moment < BEARABLE[1]),
        f"the data have mean {number(inputs.mean)} and root mean square {number(rms)}",
        "starts are made for data of mean 0 and mean square 1",
        "subtract every feature's mean and divide by its standard deviation: the features differ"
        if feature_by_feature(inputs)
        else f"{'' if abs(inputs.mean) < SLIGHT * std else shift}divide by {number(std)}, better feature by feature",
    )
