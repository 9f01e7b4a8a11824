"""What to do about a finding: a line of code in the reader's framework, and the network with the remedy applied."""

import math
import re
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from course.diagnosis import trend
from course.diagnosis.evidence import Evidence, Network
from course.diagnosis.findings.answers import biases_decide
from course.diagnosis.findings.numbers import SLIGHT
from course.live.words import number

SCALED = ("too small", "too large", "saturated", "wrong fan")
DRAWN = ("identical units", "weights not centred", "repeated weights", "dead units")


class Change(NamedTuple):
    """A change of one parameter: "scale" multiplies it, "draw" draws it anew with this std, "zero" sets it to 0."""

    parameter: str
    action: str
    value: float = 0.0


def change(layer: Evidence, finding: str) -> Change | None:
    """Return what to change about a layer, or `None` where that is not a matter of one parameter."""
    of_biases = finding == "biases out of scale" or (finding == "dead units" and biases_decide(layer))
    if of_biases and layer.bias:
        return Change(layer.bias, "zero")
    if not layer.parameter or (finding == "dead units" and layer.last):
        return None
    suits = trend.advised(layer)
    if finding in SCALED and layer.weight_variance > 0:
        return Change(layer.parameter, "scale", math.sqrt(suits / layer.weight_variance))
    if finding in (*SCALED, *DRAWN) and not (finding == "dead units" and layer.normalized):
        return Change(layer.parameter, "draw", math.sqrt(suits / layer.fan_in))
    return None


def changes(network: Network, reports: Any) -> list[Change]:
    """Return the changes for all layers in which something was found."""
    pairs = zip(network.layers, reports, strict=True)
    found = [change(layer, report.finding) for layer, report in pairs if report.state != "ok"]
    return [one for one in found if one is not None]


def code(network: Network, layer: Evidence, finding: str) -> str:
    """Return the remedy as a line of code, or "" where there is none."""
    if finding == "unscaled inputs" and network.inputs is not None:
        mean, std = network.inputs.mean, network.inputs.std or 1.0
        centred = "batch" if abs(mean) < SLIGHT * std else f"(batch {'-' if mean > 0 else '+'} {number(abs(mean))})"
        return f"batch = {centred} / {number(std)}"
    one = change(layer, finding)
    if one is None:
        return ""
    return LINES.get(network.framework, _line_for_arrays)(layer, one)


def _std(layer: Evidence) -> float:
    return math.sqrt(trend.advised(layer) / layer.fan_in)


def _line_for_torch(layer: Evidence, one: Change) -> str:
    place = f"network.{one.parameter}"
    place = re.sub(r"\.(\d+)(?=\.|$)", r"[\1]", place)
    if "parametrizations" in place:
        return f"network.get_parameter({one.parameter!r}).data.mul_({one.value:.3g})" if one.action == "scale" else ""
    if one.action == "zero":
        return f"nn.init.zeros_({place})"
    suits = trend.advised(layer)
    usual = layer.kind in ("dense", "convolution") and layer.own_fan_in == layer.fan_in
    gain = {2.0: "relu", 1.0: "linear"}.get(round(suits, 6))
    if usual and gain:
        return f'nn.init.kaiming_normal_({place}, nonlinearity="{gain}")'
    return f"nn.init.normal_({place}, std={_std(layer):.3g})"


def _initializer(layer: Evidence) -> str:
    """The name of a scheme, if one has this variance."""
    return {2.0: "he_normal", 1.0: "lecun_normal"}.get(round(trend.advised(layer), 6), "")


def _line_for_flax(layer: Evidence, one: Change) -> str:
    if one.action == "zero":
        return f"bias_init=nnx.initializers.zeros_init()  # {one.parameter}"
    name = _initializer(layer)
    scheme = f"{name}()" if name else f"normal({_std(layer):.3g})"
    return f"kernel_init=nnx.initializers.{scheme}  # {one.parameter}"


def _line_for_keras(layer: Evidence, one: Change) -> str:
    if one.action == "zero":
        return f'bias_initializer="zeros"  # {one.parameter}'
    name = _initializer(layer) or f"keras.initializers.RandomNormal(stddev={_std(layer):.3g})"
    return f"kernel_initializer={name!r}  # {one.parameter}" if _initializer(layer) else f"kernel_initializer={name}"


def _line_for_equinox(layer: Evidence, one: Change) -> str:
    place = re.sub(r"\.(\d+)(?=\.|$)", r"[\1]", f"n.{one.parameter}")
    own = f"network.{place[2:]}"
    new = (
        f"jnp.zeros_like({own})" if one.action == "zero" else f"{_std(layer):.3g} * jax.random.normal(key, {own}.shape)"
    )
    return f"network = eqx.tree_at(lambda n: {place}, network, {new})"


def _line_for_jax(layer: Evidence, one: Change) -> str:
    if one.action == "zero":
        return f"jnp.zeros_like(…)  # {one.parameter}"
    return f"{_std(layer):.3g} * jax.random.normal(key, shape)  # {one.parameter}"


def _line_for_arrays(layer: Evidence, one: Change) -> str:
    if one.action == "zero":
        return f"biases[{layer.number - 1}][:] = 0"
    return f"weights[{layer.number - 1}] = rng.normal(0, {_std(layer):.3g}, ({layer.fan_in}, {layer.units}))"


LINES: dict[str, Callable[[Evidence, Change], str]] = {
    "PyTorch": _line_for_torch,
    "Flax NNX": _line_for_flax,
    "Keras": _line_for_keras,
    "Equinox": _line_for_equinox,
    "JAX": _line_for_jax,
}
"""How each framework says it."""


def changed(values: np.ndarray, one: Change, random: np.random.Generator) -> np.ndarray:
    """Return a parameter's values after a change."""
    if one.action == "scale":
        return (values * one.value).astype(values.dtype)
    noise = random.standard_normal(values.shape) if one.action == "draw" else np.zeros(values.shape)
    return (one.value * noise).astype(values.dtype)
