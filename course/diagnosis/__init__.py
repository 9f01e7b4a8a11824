"""What is wrong with a network's start: `diagnose(network, batch)` returns its picture and a report a layer.

`sources` reads a network of any framework into plain arrays, `evidence` takes a few numbers of each layer, `findings`
searches them for what is known to go wrong, `report` is what comes back. No framework is imported here.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

from course.diagnosis.judging import judged
from course.diagnosis.mending import mended
from course.diagnosis.report import Diagnosis, LayerReport
from course.diagnosis.sources import read
from course.diagnosis.watching import watch

__all__ = ["Diagnosis", "LayerReport", "diagnose", "read", "watch"]


def diagnose(network: Any, batch: Any, *, seed: int = 0, forward: Callable | None = None) -> Diagnosis:
    """Say what is wrong with the start of a network that is run on a batch, layer by layer, and what to do about it.

    `network` is a list of (weights, biases, activation), a pair (function, parameters) with function(parameters,
    batch) written in JAX or PyTorch, a Flax, Equinox, Haiku or Keras network, or a PyTorch module. `batch` has the
    examples first, 2 at least; several inputs are given in a tuple or by name, and targets in a pair (inputs, targets).
    With classes for targets the first loss is compared with guessing, of logits or of probabilities.
    `forward(network, batch)` answers in the network's place, where the network is not called so or one of its answers
    is to be judged. It is given the whole batch, or only the inputs if it cannot run on that; what it does not use of a
    pair is taken for the targets. `seed` decides the directions v of the cost C = Σ v · outputs whose gradient is
    looked at. The network is left as it was.

    What can be measured of any network is measured first: answers that are no numbers or the same for all examples, a
    gradient of 0 that stays 0, a signal or a gradient that is lost. Every parameter is listed, and those whose start
    is not judged are named. A layer that follows another for certain is held against starts that suit its activation
    function at its depth; a finding has to be beyond what one draw of its widths can stray, with one false alarm in
    10 000 sound networks if all comparisons were independent. Signal or gradient may change 10 times as much in mean
    square as after a suitable start before a word is said, and 1000 times before it is a fault. Layers with a
    normalization behind them are forgiven any scale, branches may be small, and trained weights are judged as if they
    were a start.

    Raises `ValueError` in words for what is no network, cannot run on this batch, or holds NaN, and for targets that
    cannot be those of the answers.
    """
    diagnosis = judged(read(network, batch, seed=seed, forward=forward))
    return diagnosis._replace(mend=partial(mended, network, diagnosis.changes, seed))
