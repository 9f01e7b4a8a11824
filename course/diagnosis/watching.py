"""While a network trains: a small recorder of update sizes, gradients, activations and dead units, and its picture."""

import math
import time
from collections.abc import Mapping
from typing import Any, NamedTuple

import jax
import numpy as np

from course.diagnosis.jaxprs import path_name
from course.live.tables import Table
from course.live.words import number

USUAL = 1e-3
"""An update is usually about a thousandth of the weights that it changes."""
FAST, SLOW = 1e-1, 1e-6
"""Updates beyond these shares of their weights tear them or leave them."""
BETWEEN_PICTURES = 1.0
"""Seconds that pass between two pictures at least."""


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
    """

    def __init__(self, network: Any = None, *, classes: int | None = None, every: int = 10, live: bool = False):
        if every < 1:
            raise ValueError(f"every is {every!r}; allowed is a whole number, 1 or more")
        self.records: list[Record] = []
        self.classes, self.every, self.live = classes, every, live
        self._network, self._count, self._before = network, 0, None
        self._answers: dict[str, tuple[float, float]] = {}
        self._handle, self._shown, self._drawing = None, 0.0, None
        self._hooks = [] if network is None else list(self._hooked(network))

    def _hooked(self, network: Any):
        for name, part in network.named_modules():
            if not list(part.children()):
                yield part.register_forward_hook(self._hook(name))

    def _hook(self, name: str):
        def look(_part, _inputs, output):
            if self._is_due(self._count + 1) and hasattr(output, "detach") and output.is_floating_point():
                values = output.detach()
                self._answers[name] = float(values.square().mean().sqrt()), float((values == 0).float().mean())

        return look

    def _is_due(self, count: int) -> bool:
        return count % self.every == 0

    def step(self, loss: Any, parameters: Any = None, gradients: Any = None) -> None:
        """Note a step that the optimizer has taken; `parameters` and `gradients` are JAX's."""
        self._count += 1
        if self._is_due(self._count):
            own, of_own = self._named(parameters), self._of_named(gradients)
            updates = {name: _rms(own[name] - old) / (_rms(old) or 1.0) for name, old in (self._before or {}).items()}
            answers = self._answers.items()
            self.records.append(
                Record(
                    self._count,
                    float(loss.detach() if hasattr(loss, "detach") else loss),
                    updates,
                    {name: _rms(one) for name, one in of_own.items()},
                    {name: size for name, (size, _) in answers},
                    {name: dead for name, (_, dead) in answers},
                )
            )
            self._before, self._answers = None, {}
            self._show()
        if self._is_due(self._count + 1):
            self._before = {name: _copy(one) for name, one in self._named(parameters).items()}

    def _named(self, parameters: Any) -> Mapping[str, Any]:
        """The weights, arrays of two or more axes, by name."""
        if self._network is not None:
            return {name: one.detach() for name, one in self._network.named_parameters() if one.ndim > 1}
        return _matrices(parameters)

    def _of_named(self, gradients: Any) -> Mapping[str, Any]:
        if self._network is not None:
            rows = self._network.named_parameters()
            return {name: one.grad for name, one in rows if one.ndim > 1 and one.grad is not None}
        return _matrices(gradients)

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
        """Show the picture in a notebook, not more often than the eye needs."""
        if not self.live or time.monotonic() - self._shown < BETWEEN_PICTURES:
            return
        from IPython.display import display

        self._shown = time.monotonic()
        if self._handle is None:
            self._handle = display(self, display_id=True)
        else:
            self._handle.update(self)

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
    return values.clone() if hasattr(values, "clone") else values


def _rms(values: Any) -> float:
    return float((values**2).mean() ** 0.5)
