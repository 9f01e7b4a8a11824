"""Layer-sequential unit variance (Mishkin and Matas 2016): let the data set the scale of each layer."""

from collections.abc import Sequence

import jax
import jax.numpy as jnp

from course import activations


def lsuv(
    weights: Sequence[jax.Array], inputs: jax.Array, activation: str, *, tolerance: float = 0.1
) -> list[jax.Array]:
    """Rescale one layer after the other until its preactivations have variance 1 on this batch.

    The authors begin with orthogonal `weights`, `weights[l]` of shape `(fan_in, fan_out)`; `inputs` has shape
    `(batch, fan_in)` and the layers no biases. A layer whose variance, over units and examples, is within `tolerance`
    of 1 is left as it is, 0.1 in the authors' code. On one batch a single division by the standard deviation suffices;
    the authors repeat it, since theirs is a new batch each time (algorithm 1). Raises `ValueError` for a tolerance
    outside 0 to 1, for fewer than two inputs, and for a layer that answers nothing, one and the same value, or inf.
    """
    function = activations.named(activation).function
    signal = jnp.asarray(inputs)
    _check(signal, tolerance)
    rescaled = []
    for layer, layer_weights in enumerate(weights, 1):
        if signal.shape[1] != len(layer_weights):
            raise ValueError(f"layer {layer} takes {len(layer_weights)} numbers; it is given {signal.shape[1]}")
        variance = float(jnp.var(signal @ layer_weights))
        if not 0 < variance < jnp.inf:
            raise ValueError(f"layer {layer} answers with variance {variance}; allowed is a finite one above 0")
        factor = 1.0 if abs(variance - 1) < tolerance else variance**-0.5
        rescaled.append(layer_weights * factor)
        signal = function(signal @ rescaled[-1])
    return rescaled


def _check(inputs: jax.Array, tolerance: float) -> None:
    if not 0 <= tolerance < 1:
        raise ValueError(f"tolerance is {tolerance!r}; allowed is a number from 0 to below 1")
    if inputs.ndim != 2 or len(inputs) < 2:
        raise ValueError(f"inputs have shape {inputs.shape}; allowed is (batch, fan_in) with a batch of 2 or more")
