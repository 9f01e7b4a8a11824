"""What to do about a finding: a line of code in the reader's framework, and the network with the remedy applied."""

import math
import re
from collections.abc import Callable

import numpy as np

from course.diagnosis import trend
from course.diagnosis.evidence import Evidence, Network
from course.diagnosis.findings.answers import biases_decide
from course.diagnosis.findings.found import Change, drawn
from course.diagnosis.findings.numbers import SLIGHT, feature_by_feature
from course.live.words import number

SCALED = ("too small", "too large", "saturated", "wrong fan")
DRAWN = ("identical units", "weights not centred", "repeated weights", "dead units")


def change(layer: Evidence, finding: str) -> Change | None:
    """Return what to change about a layer, or `None` where that is not a matter of one parameter that is learned."""
    if not layer.trainable:
        return None
    of_biases = finding == "biases out of scale" or (finding == "dead units" and biases_decide(layer))
    if of_biases and layer.bias:
        return Change(layer.bias, "zero")
    if not layer.parameter or (finding == "dead units" and layer.last):
        return None
    suits = trend.advised(layer)
    if finding in SCALED and layer.weight_variance > 0:
        otherwise = layer.times is None or layer.scaled_by != layer.parameter
        std = math.nan if otherwise else math.sqrt(suits / layer.fan_in) / layer.times
        return Change(layer.scaled_by, "scale", math.sqrt(suits / layer.weight_variance), std)
    if finding in (*SCALED, *DRAWN) and layer.times is not None and not (finding == "dead units" and layer.normalized):
        return drawn(layer)
    return None


def code(network: Network, layer: Evidence, finding: str, one: Change | None) -> str:
    """Return the remedy of a finding as a line of code, or "" where there is none."""
    if finding == "unscaled inputs" and network.inputs is not None and feature_by_feature(network.inputs):
        return "inputs = (inputs - inputs.mean(0)) / (inputs.std(0) + 1e-6)"
    if finding == "unscaled inputs" and network.inputs is not None:
        mean, std = network.inputs.mean, network.inputs.std or 1.0
        centred = "inputs" if abs(mean) < SLIGHT * std else f"(inputs {'-' if mean > 0 else '+'} {number(abs(mean))})"
        return f"inputs = {centred} / {number(std)}"
    return "" if one is None else line(network, one, layer)


def line(network: Network, one: Change, layer: Evidence | None = None) -> str:
    """Return a change as a line of code; `layer` is the one whose weights are changed."""
    return LINES.get(network.framework, _line_for_arrays)(layer, one)


def _gain(layer: Evidence | None, one: Change) -> float:
    """What fan_in · Var w is after a change, if the parameter is drawn by its fan_in and that is all."""
    usual = layer is not None and layer.kind in ("dense", "convolution") and layer.parameter == one.parameter
    return round(one.std**2 * layer.fan_in, 6) if usual and math.isfinite(one.std) else 0.0


def _is_scaled(one: Change) -> bool:
    """Whether a parameter is multiplied because no draw of its own is known to suit."""
    return one.action == "scale" and math.isnan(one.std)


def _place(name: str) -> str:
    """A parameter as it is reached from its network: network.layers[0].kernel."""
    return re.sub(r"\.(\d+)(?=[.\[]|$)", r"[\1]", f"network.{name}")


CONSTANT = {"zero": "zeros", "one": "ones"}


def _line_for_torch(layer: Evidence | None, one: Change) -> str:
    place = _place(one.parameter)
    if "parametrizations" in place:
        return f"network.get_parameter({one.parameter!r}).data.mul_({one.value:.3g})" if one.action == "scale" else ""
    if one.action in CONSTANT:
        return f"nn.init.{CONSTANT[one.action]}_({place})"
    if _is_scaled(one):
        return f"{place}.data.mul_({one.value:.3g})"
    gain = {2.0: "relu", 1.0: "linear"}.get(_gain(layer, one))
    if gain and layer.own_fan_in == layer.fan_in:
        return f'nn.init.kaiming_normal_({place}, nonlinearity="{gain}")'
    return f"nn.init.normal_({place}, std={one.std:.3g})"


SCHEMES = {2.0: "he_normal", 1.0: "lecun_normal"}


def _role(one: Change) -> str:
    """What the layers of Flax call a parameter."""
    last = one.parameter.rpartition(".")[2]
    return next((role for role in ("bias", "scale", "embedding") if role in last), "kernel")


def _line_for_flax(layer: Evidence | None, one: Change) -> str:
    if _is_scaled(one):
        return f"{_place(one.parameter)}{'' if one.parameter.endswith(']') else '[...]'} *= {one.value:.3g}"
    scheme = SCHEMES.get(_gain(layer, one), f"normal({one.std:.3g})" if one.action not in CONSTANT else "")
    scheme = scheme or f"{CONSTANT[one.action]}_init"
    return f"{_role(one)}_init=nnx.initializers.{scheme}{'' if '(' in scheme else '()'}  # {one.parameter}"


def _line_for_keras(layer: Evidence | None, one: Change) -> str:
    if _is_scaled(one):
        return f"variable.assign({one.value:.3g} * variable)  # {one.parameter}"
    role = _keras_role(layer, one)
    if not role:  # Attention's scale or somebody's own variable: no argument of Keras draws it
        new = f"random.normal(variable.shape, stddev={one.std:.3g})"
        new = f"ops.{CONSTANT[one.action]}_like(variable)" if one.action in CONSTANT else new
        return f"variable.assign(keras.{new})  # {one.parameter}"
    name = CONSTANT.get(one.action) or SCHEMES.get(_gain(layer, one), "")
    made = f'"{name}"' if name else f"keras.initializers.RandomNormal(stddev={one.std:.3g})"
    return f"{role}_initializer={made}  # {one.parameter}"


KERAS_ROLES = {
    **{name: name for name in ("kernel", "bias", "embeddings", "gamma", "beta", "alpha")},
    **{f"{role}_kernel": role for role in ("recurrent", "depthwise", "pointwise")},
    "reverse_embeddings": "embeddings",
}
"""Which initializer of its layer draws a variable of Keras, by the variable's name."""


def _keras_role(layer: Evidence | None, one: Change) -> str:
    """The initializer that draws a variable, "" where none does; a depthwise layer calls its weights kernel too."""
    role = KERAS_ROLES.get(one.parameter.partition("[")[0].rpartition("/")[2], "")
    *spatial, channels, _each = layer.shape if role == "kernel" and layer and len(layer.shape) > 2 else (1, 1)
    by_itself = channels > 1 and layer.groups > 1 and math.prod(spatial) == layer.fan_in
    return "depthwise" if by_itself else role


def _line_for_equinox(_layer: Evidence | None, one: Change) -> str:
    whole, bracket, index = one.parameter.partition("[")
    own, part = _place(whole), _place(one.parameter)
    new = f"{one.std:.3g} * jax.random.normal(key, {part}.shape)"
    if one.action in CONSTANT:
        new = f"jnp.{CONSTANT[one.action]}_like({part})"
    if _is_scaled(one):
        new = f"{one.value:.3g} * {part}"
    new = f"{own}.at[{index.split(']')[0]}].set({new})" if bracket else new
    return f"network = eqx.tree_at(lambda network: {own}, network, {new})"


def _line_for_jax(_layer: Evidence | None, one: Change) -> str:
    if one.action in CONSTANT:
        return f"jnp.{CONSTANT[one.action]}_like(w)  # {one.parameter}"
    if _is_scaled(one):
        return f"{one.value:.3g} * w  # {one.parameter}"
    return f"{one.std:.3g} * jax.random.normal(key, shape)  # {one.parameter}"


def _line_for_arrays(layer: Evidence, one: Change) -> str:
    if one.action == "zero":
        return f"biases[{layer.number - 1}][:] = 0"
    if _is_scaled(one):
        return f"weights[{layer.number - 1}] *= {one.value:.3g}"
    return f"weights[{layer.number - 1}] = rng.normal(0, {one.std:.3g}, ({layer.fan_in}, {layer.units}))"


LINES: dict[str, Callable[[Evidence | None, Change], str]] = {
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
    if one.action in CONSTANT:
        return np.full(values.shape, one.action == "one", values.dtype)
    return (one.value * random.standard_normal(values.shape)).astype(values.dtype)
