"""Trains small recurrent networks on the adding problem, several initializations side by side.

Each step reads a number from U(0, 1) and a mark. Two steps are marked, one in each half of the sequence, and after the
last step the network says what the two marked numbers add up to (Hochreiter and Schmidhuber 1997, as in Arjovsky, Shah
and Bengio 2016). Who always says 1 has a mean squared error of 1/6.
"""

import functools
from collections.abc import Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from course.networks.recurrent import FORGET_BIASES, GATES, LSTM, Memory, gate_biases, lstm
from course.training.devices import on_devices, run_sharding, shared_out, use_every_core
from course.training.history import NOT_DIVERGED
from course.training.programs import sharded
from course.training.runs import RecordedWork

use_every_core()

GUESSING = 1 / 6
"""The mean squared error of who always says 1: the variance of a sum of two numbers from U(0, 1)."""
EVALUATED = 200
"""As many sequences that are not trained on measure the error."""
READ_STD = 0.5
"""The standard deviation of the weights that read the number and the mark."""
CLIPPED = 1.0
"""A gradient that is longer is shortened to this length."""
CELLS = ("tanh", "ReLU", LSTM)
WEIGHTS = ("normal", "orthogonal", "identity")


class AddingSetup(NamedTuple):
    """What all runs share: steps of a sequence, units, sequences of a batch."""

    length: int = 60
    width: int = 32
    batch: int = 20


DEFAULT = AddingSetup()


class AddingTrial(NamedTuple):
    """What one run has of its own: its cell, its recurrent weights, an LSTM's forget bias, and Adam's learning rate."""

    cell: str = "tanh"
    weights: str = "normal"
    forget: str = "0"
    learning_rate: float = 0.01
    seed: int = 0


class Model(NamedTuple):
    """All that is trained; `read` `(gates, 2, units)`, `recurrent` `(gates, units, units)`, `biases` `(gates, units)`.

    A simple cell has one gate, an LSTM four. The output is the last state times `last` `(units,)`, plus `shift`.
    """

    read: jax.Array
    recurrent: jax.Array
    biases: jax.Array
    last: jax.Array
    shift: jax.Array


class _Own(NamedTuple):
    rectified: jax.Array
    learning_rate: jax.Array


class _State(NamedTuple):
    model: Model
    optimizer: Any
    diverged_at: jax.Array


class AddingHistory(NamedTuple):
    """What was recorded: at `steps` `(records,)`, the first of them 0, before any training.

    `losses` `(records, runs)` are mean squared errors, and `gradient_rms` `(records, runs, length)` is ∂C/∂state of one
    sequence by its step. A run that has diverged has NaN from then on; `diverged_at` `(runs,)` is its step, or −1.
    """

    steps: np.ndarray
    losses: np.ndarray
    gradient_rms: np.ndarray
    diverged_at: np.ndarray


def sequences(key: jax.Array, count: int, length: int) -> tuple[jax.Array, jax.Array]:
    """Draw inputs `(length, count, 2)`, a number and a mark at each step, and targets `(count,)`."""
    for_numbers, *for_places = jax.random.split(key, 3)
    numbers = jax.random.uniform(for_numbers, (length, count))
    first, second = (jax.random.randint(own, count, 0, length // 2) for own in for_places)
    steps = jnp.arange(length)[:, None]
    marks = (steps == first) | (steps == second + length - length // 2)
    return jnp.stack([numbers, marks], axis=-1), jnp.sum(numbers * marks, axis=0)


def draw_model(setup: AddingSetup, trial: AddingTrial) -> Model:
    """Draw the parameters of one run."""
    rng, n = np.random.default_rng(trial.seed), setup.width
    gates = GATES if trial.cell == LSTM else 1
    biases = np.zeros((gates, n))
    if trial.cell == LSTM:
        biases = gate_biases(trial.forget, rng.uniform(size=n), setup.length)
    recurrent = np.stack([_matrix(rng, trial.weights, n) for _gate in range(gates)])
    read, last = READ_STD * rng.standard_normal((gates, 2, n)), rng.standard_normal(n) / n**0.5
    return Model(*(part.astype(np.float32) for part in (read, recurrent, biases, last, np.zeros(()))))


def _matrix(rng: np.random.Generator, weights: str, n: int) -> np.ndarray:
    if weights == "identity":
        return np.eye(n)
    drawn = rng.standard_normal((n, n))
    if weights == "normal":
        return drawn / n**0.5
    q, r = np.linalg.qr(drawn)
    return q * np.sign(np.diagonal(r))


def _outputs(model: Model, rectified, inputs, nudges):
    """Return the outputs for inputs `(length, batch, 2)`; `nudges` `(length, batch, units)` are added to the states."""
    read = jnp.einsum("tbk,gkn->tgbn", inputs, model.read)
    nothing = jnp.zeros(read.shape[2:])

    def simple(state, part):
        read, nudge = part
        z = state @ model.recurrent[0] + model.biases[0] + read[0]
        return jnp.where(rectified, jax.nn.relu(z), jnp.tanh(z)) + nudge, None

    def gated(state, part):
        return lstm(model.recurrent, model.biases, state, *part), None

    if len(model.recurrent) == 1:
        last, _ = lax.scan(simple, nothing, (read, nudges))
    else:
        (last, _), _ = lax.scan(gated, Memory(nothing, nothing), (read, nudges))
    return last @ model.last + model.shift


def _loss(model: Model, rectified, drawn, nudges):
    inputs, targets = drawn
    return jnp.mean((_outputs(model, rectified, inputs, nudges) - targets) ** 2)


def _optimizer(rate):
    import optax  # a second of import

    return optax.chain(optax.clip_by_global_norm(CLIPPED), optax.adam(rate))


def _advance(setup: AddingSetup, state: _State, own: _Own, start, stop) -> _State:
    """Take the steps `start` to `stop`; all runs see the same sequences."""
    no_nudge = jnp.zeros((setup.length, 1, 1))

    def step(number, state):
        drawn = sequences(jax.random.fold_in(jax.random.key(0), number), setup.batch, setup.length)

        def one(state, own):
            loss, gradient = jax.value_and_grad(_loss)(state.model, own.rectified > 0, drawn, no_nudge)
            updates, optimizer = _optimizer(own.learning_rate).update(gradient, state.optimizer)
            lost = ~jnp.isfinite(loss) & (state.diverged_at == NOT_DIVERGED)
            model = jax.tree.map(jnp.add, state.model, updates)
            return _State(model, optimizer, jnp.where(lost, number, state.diverged_at))

        return jax.vmap(one)(state, own)

    return lax.fori_loop(start, stop, step, state)


def _evaluate(setup: AddingSetup, model: Model, own: _Own):
    drawn = sequences(jax.random.key(1), EVALUATED, setup.length)
    nudges = jnp.zeros((setup.length, EVALUATED, setup.width))

    def one(model, own):
        loss, gradient = jax.value_and_grad(_loss, argnums=3)(model, own.rectified > 0, drawn, nudges)
        return loss, EVALUATED * jnp.sqrt(jnp.mean(gradient**2, axis=(1, 2)))

    return jax.vmap(one)(model, own)


class _Programs(NamedTuple):
    begin: Any
    advance: Any
    evaluate: Any


@functools.lru_cache(maxsize=8)
def _programs(setup: AddingSetup) -> _Programs:
    def begin(model, own):
        optimizer = jax.vmap(lambda rate, model: _optimizer(rate).init(model))(own.learning_rate, model)
        return _State(model, optimizer, jnp.full(len(own.learning_rate), NOT_DIVERGED, jnp.int32))

    return _Programs(
        sharded(begin),
        sharded(functools.partial(_advance, setup), shared=2),
        sharded(functools.partial(_evaluate, setup)),
    )


class AddingTraining(RecordedWork):
    """Runs of simple cells, or of LSTMs, that go on together and can be watched, stopped and resumed.

    `done` of `total` steps are behind, and `history` holds what was recorded at about `records` moments. Nothing is
    drawn or compiled before the first `advance`. Raises ValueError for a trial that there cannot be.
    """

    def __init__(
        self, trials: Sequence[AddingTrial], setup: AddingSetup = DEFAULT, *, steps: int = 300, records: int = 30
    ):
        for trial in trials:
            for name, known in (("cell", CELLS), ("weights", WEIGHTS), ("forget", FORGET_BIASES)):
                if getattr(trial, name) not in known:
                    raise ValueError(f"{name} is {getattr(trial, name)!r}; allowed are {', '.join(known)}")
        if len({trial.cell == LSTM for trial in trials}) != 1:
            raise ValueError(f"trials are {list(trials)!r}; allowed are simple cells alone, or LSTMs alone")
        super().__init__(steps, records)
        self.trials, self.setup = list(trials), setup

    def _begin(self) -> None:
        trials = shared_out(self.trials)
        own = _Own(*(np.float32([[t.cell == "ReLU", t.learning_rate] for t in trials]).T))
        self._own = jax.device_put(own, run_sharding())
        self._programs = _programs(self.setup)
        self._state = self._programs.begin(on_devices([draw_model(self.setup, trial) for trial in trials]), self._own)

    def _go(self, stop: int) -> _State:
        return self._programs.advance(self._state, self._own, np.int32(self.done), np.int32(stop))

    def _record(self) -> None:
        loss, gradient = map(np.asarray, self._programs.evaluate(self._state.model, self._own))
        loss, gradient, lost = (part[: len(self.trials)] for part in (loss, gradient, self._state.diverged_at))
        lost = np.where((lost == NOT_DIVERGED) & ~np.isfinite(loss), self.done, lost)
        alive = lost == NOT_DIVERGED
        gradient = np.where(alive[:, None], gradient, np.nan)
        self._recorded.append((self.done, np.where(alive, loss, np.nan), gradient, lost))

    @property
    def history(self) -> AddingHistory:
        """What was recorded so far; before the first `advance`, nothing, in arrays of no rows."""
        runs = len(self.trials)
        if not self._recorded:
            none = np.zeros((0, runs, self.setup.length))
            return AddingHistory(np.zeros(0, int), none[..., 0], none, np.full(runs, NOT_DIVERGED))
        steps, losses, gradients, lost = zip(*self._recorded, strict=True)
        return AddingHistory(np.array(steps), np.stack(losses), np.stack(gradients), lost[-1])
