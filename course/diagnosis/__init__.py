"""What is wrong with a network's start: `diagnose(network, batch)` gives its picture and a report a layer.

`sources` reads a network of any framework into plain arrays, `evidence` takes a few numbers of each layer, `findings`
searches them for what is known to go wrong, `report` is what comes back. No framework is imported here.
"""

from typing import Any

from course.diagnosis.judging import judged
from course.diagnosis.report import Diagnosis, LayerReport
from course.diagnosis.sources import read

__all__ = ["Diagnosis", "LayerReport", "diagnose", "read"]


def diagnose(network: Any, batch: Any, *, seed: int = 0) -> Diagnosis:
    """Say what is wrong with the start of a network that is run on a batch, layer by layer, and what to do about it.

    `network` is a list of (weights, biases, activation), a pair (function, parameters) with function(parameters,
    batch) written in JAX, a Flax NNX or Equinox module, or a PyTorch module; `batch` has the examples first, 2 at
    least. `seed` decides the directions v of the cost C = Σ v · outputs whose gradient is looked at. The network is
    left as it was.

    It is held against starts that suit its activation functions at its depth, and a finding has to be beyond what one
    draw of its widths can stray, with one false alarm in 10 000 sound networks if all comparisons were independent.
    Signal or gradient may change 10 times as much in mean square as after a suitable start before a word is said, and
    1000 times before it is a fault. A few sigmoid or softplus layers can be healthy; a deep stack of them is not,
    whatever its weights, and the finding says so. Layers with a normalization behind them are forgiven any scale, and
    trained weights are judged as if they were a start.

    Raises `ValueError` in words for what is no network, cannot run on this batch, or holds NaN.
    """
    return judged(read(network, batch, seed=seed))
