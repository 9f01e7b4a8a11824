"""While a network trains: a small recorder of update sizes, gradients, activations and dead units, and its picture."""

import math
import sys
import time
from collections.abc import Mapping
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from course.diagnosis.jaxprs import path_name
from course.live.tables import Table
from course.live.words import number

USUAL = 1e-3
"""An update is usually about a thousandth of the weights that it changes."""
FAST, SLOW = 1e-1, 1e-6
"""Updates beyond these shares of their weights tear them or leave them."""
BETWEEN_PICTURES, MOST_DRAWING = 1.0, 0.05
"""Seconds that pass between two pictures at least, and the share of the time that drawing them may take."""
MOST_VALUES = 2**16
"""Of a larger answer only some examples are measured."""


class Record(NamedTuple):
    """What was measured at one step: the loss, and by name the update over the weights and the gradient's size.

    `activations` and `dead` are the root mean square of what layers answer and the share of it that is 0; PyTorch only.
    """

    step: int
    loss: float
    updates: dict[str, float]
    gradients: dict[str, float]
    activations: dict[str, float]
    dead: dict[str, float]


class Watch:
    """Records every so many steps of a training loop; the run itself is not changed.

    Call `step(loss)` after each step of the optimizer, in JAX `step(loss, parameters, gradients)`. Displays itself.
    Between two records nothing is measured, and no hook hangs on the network.
    """

    def __init__(self, network: Any = None, *, classes: int | None = None, every: int = 10, live: bool = False):
        if every < 1:
            raise ValueError(f"every is {every!r}; allowed is a whole number, 1 or more")
        self.records: list[Record] = []
        self.classes, self.every, self.live = classes, every, live
        self._network, self._count, self._before = network, 0, None
        self._answers: dict[str, tuple[Any, Any]] = {}
        self._handle, self._next_picture = None, 0.0
        self._hooks: list[Any] = []
        if network is not None and self._is_due(1):
            self._hook()

    def _hook(self) -> None:
        leaves = [(name, part) for name, part in self._network.named_modules() if not list(part.children())]
        self._hooks = [part.register_forward_hook(self._looking(name)) for name, part in leaves]

    def _looking(self, name: str):
        def look(_part, _inputs, output):
            if hasattr(output, "detach") and output.is_floating_point() and output.numel():
                values = _thinned(output.detach())
                self._answers[name] = _size(values), 1 - values.count_nonzero() / values.numel()

        return look

    def _is_due(self, count: int) -> bool:
        return count % self.every == 0

    def step(self, loss: Any, parameters: Any = None, gradients: Any = None) -> None:
        """Note a step that the optimizer has taken; `parameters` and `gradients` are JAX's."""
        self._count += 1
        if self._is_due(self._count):
            loss = float(loss.detach() if hasattr(loss, "detach") else loss)
            measured = self._of_jax if self._network is None else self._of_torch
            self.records.append(Record(self._count, loss, *measured(parameters, gradients)))
            self.close()
            self._before, self._answers = None, {}
            self._show()
        if self._is_due(self._count + 1):
            self._before = {name: _copy(one) for name, one in self._named(parameters).items()}
            if self._network is not None:
                self._hook()

    def _named(self, parameters: Any) -> Mapping[str, Any]:
        """The weights, arrays of two or more axes, by name."""
        if self._network is not None:
            return {name: one.detach() for name, one in self._network.named_parameters() if one.ndim > 1}
        return _matrices(parameters)

    def _of_jax(self, parameters: Any, gradients: Any) -> tuple[dict[str, float], ...]:
        return *_sizes(_matrices(parameters), self._before or {}, _matrices(gradients)), {}, {}

    def _of_torch(self, _parameters: Any, _gradients: Any) -> tuple[dict[str, float], ...]:
        own = self._named(None)
        before = (self._before or {}).items()
        updates = {name: _size(own[name] - old) / _not_0(_size(old)) for name, old in before}
        rows = self._network.named_parameters()
        gradients = {name: _size(one.grad) for name, one in rows if one.ndim > 1 and one.grad is not None}
        answers = {name: size for name, (size, _) in self._answers.items()}
        dead = {name: share for name, (_, share) in self._answers.items()}
        return tuple(map(_numbers, (updates, gradients, answers, dead)))

    def close(self) -> None:
        """Take the hooks off the network."""
        for hook in self._hooks:
            hook.remove()
        self._hooks = []

    @property
    def sentence(self) -> str:
        """What the last record says."""
        if not self.records:
            return f"Nothing recorded yet: the first record comes at step {self.every}."
        last = self.records[-1]
        parts = [f"Step {last.step}: the loss is {number(last.loss)}{self._guessing()}."]
        if not math.isfinite(last.loss):
            return f"{parts[0]} It is no number any more: the learning rate is too high, or the start was."
        if last.updates:
            parts.append(_of_updates(last.updates))
        off = {name: share for name, share in last.dead.items() if share > 0.95}
        if off:
            parts.append(f"{', '.join(off)}: more than 95 % of the answers are 0.")
        return " ".join(parts)

    def _guessing(self) -> str:
        return "" if self.classes is None else f", guessing costs ln {self.classes} = {number(math.log(self.classes))}"

    @property
    def table(self) -> Table:
        """The records, a row each; of updates and gradients the median and the extremes over the weights."""
        columns = {
            "step": ("step", np.array([one.step for one in self.records])),
            "loss": ("loss", np.array([one.loss for one in self.records])),
        }
        for key in ("updates", "gradients", "activations", "dead"):
            for word, reduce in (("median", np.median), ("least", np.min), ("most", np.max)):
                values = [list(getattr(one, key).values()) or [math.nan] for one in self.records]
                columns[f"{key}.{word}"] = f"{key}, {word}", np.array([float(reduce(row)) for row in values])
        return Table(columns)

    @property
    def image(self) -> bytes:
        """The picture as PNG bytes: the loss against guessing, and updates over weights."""
        from course.diagnosis.watched import drawn

        return drawn(self)

    def _show(self) -> None:
        """Show the picture in a notebook, not more often than the eye needs, nor than the run can spare."""
        if not self.live or time.monotonic() < self._next_picture:
            return
        from IPython.display import display

        begun = time.monotonic()
        if self._handle is None:
            self._handle = display(self, display_id=True)
        else:
            self._handle.update(self)
        took = time.monotonic() - begun
        self._next_picture = begun + max(BETWEEN_PICTURES, took / MOST_DRAWING)

    def __repr__(self) -> str:
        return self.sentence

    def _repr_mimebundle_(self, **_options) -> dict[str, str]:
        from course.diagnosis.watched import as_html

        return {"text/plain": self.sentence, "text/html": as_html(self)}


def watch(network: Any = None, *, classes: int | None = None, every: int = 10, live: bool = False) -> Watch:
    """Return a recorder for a training loop: of a PyTorch module, or without one for JAX.

    `classes` says what guessing costs, ln C. Every `every` steps something is measured; `live` shows the picture in a
    notebook while it trains.
    """
    return Watch(network, classes=classes, every=every, live=live)


def _of_updates(updates: Mapping[str, float]) -> str:
    usual = float(np.median(list(updates.values())))
    words = f"Updates are {number(usual)} of the weights in the median; about {USUAL:g} is usual."
    fast = [name for name, ratio in updates.items() if ratio > FAST]
    slow = [name for name, ratio in updates.items() if ratio < SLOW]
    words += f" Torn by steps larger than {FAST:g} of them: {', '.join(fast[:3])}." if fast else ""
    return words + (f" Hardly moved: {', '.join(slow[:3])}." if slow else "")


def _matrices(tree: Any) -> dict[str, Any]:
    rows, _ = jax.tree_util.tree_flatten_with_path(tree)
    return {path_name(path): leaf for path, leaf in rows if np.ndim(leaf) > 1}


def _copy(values: Any) -> Any:
    """A copy, for a step may write over its parameters, in JAX too where they are donated."""
    return values.copy() if hasattr(values, "copy") else values.clone()


@jax.jit
def _jax_sizes(own: dict, old: dict, gradients: dict) -> tuple[dict, dict]:
    def size(values: Any) -> Any:
        return jnp.sqrt(jnp.mean(jnp.square(values)))

    updates = {name: size(own[name] - one) / _not_0(size(one)) for name, one in old.items()}
    return updates, {name: size(one) for name, one in gradients.items()}


def _sizes(own: dict, old: dict, gradients: dict) -> tuple[dict[str, float], ...]:
    """Updates over weights, and gradients, by name: computed at once, and fetched at once."""
    parts = jax.device_get(_jax_sizes(own, old, gradients))
    return tuple({name: float(one) for name, one in part.items()} for part in parts)


def _thinned(values: Any) -> Any:
    """Some examples of a large answer, for means of more are no better known."""
    return values[:: max(1, min(len(values) // 2, values.numel() // MOST_VALUES))] if values.ndim else values


def _size(values: Any) -> Any:
    """The root mean square of a PyTorch tensor, a tensor too."""
    torch = sys.modules["torch"]
    return torch.linalg.vector_norm(values, dtype=torch.float32) / values.numel() ** 0.5


def _not_0(size: Any) -> Any:
    """A size to divide by, 1 for weights of 0."""
    return size + (size == 0)


def _numbers(tensors: Mapping[str, Any]) -> dict[str, float]:
    """Numbers for tensors, fetched at once."""
    if not tensors:
        return {}
    return dict(zip(tensors, sys.modules["torch"].stack(list(tensors.values())).tolist(), strict=True))
