"""Trains small transformers to guess the next character of English text, several initializations side by side."""

import functools
from collections.abc import Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from course import data
from course.networks.transformer import (
    HIDDEN,
    KINDS,
    TRANSFORMER_SCALINGS,
    How,
    LanguageModel,
    TransformerWeights,
    layer_norm,
    next_tokens,
)
from course.training.devices import on_devices, run_sharding, shared_out, use_every_core
from course.training.history import NOT_DIVERGED
from course.training.optimizers import OPTIMIZERS
from course.training.programs import sharded
from course.training.runs import RecordedWork

use_every_core()

HELD_OUT = 0.1
"""The share of the text, its end, that is held out."""
EVALUATED = 64
"""As many stretches of what is held out are guessed to measure the loss."""
LECUN = "1/√n"


class TextSetup(NamedTuple):
    """What all runs share: blocks, units of the stream, heads, characters of a stretch, and stretches of a batch."""

    blocks: int = 3
    width: int = 64
    heads: int = 4
    positions: int = 32
    batch: int = 16


DEFAULT = TextSetup()


class TextTrial(NamedTuple):
    """What one run has of its own.

    `kind` and `scaling` are names of `KINDS` and `TRANSFORMER_SCALINGS`; matrices have the standard deviation `std`, or
    "1/√n" for that of their fan-in, embeddings `embedding_std`; logits of attention are `divided` by √d_k or not; the
    learning rate of Adam rises to `learning_rate` over the first `warmup` steps.
    """

    kind: str = "pre-LN"
    scaling: str = "none"
    std: float | str = LECUN
    embedding_std: float = 0.02
    divided: bool = True
    learning_rate: float = 0.003
    warmup: int = 1
    seed: int = 0


class _Own(NamedTuple):
    """The traced numbers of runs, each `(runs,)`."""

    before: jax.Array
    after: jax.Array
    skip: jax.Array
    factor: jax.Array
    gates_learn: jax.Array
    learning_rate: jax.Array
    warmup: jax.Array


class _State(NamedTuple):
    model: LanguageModel
    optimizer: Any
    diverged_at: jax.Array


class TextHistory(NamedTuple):
    """What was recorded: at `steps` `(records,)`, the first of them 0, before any training.

    `losses` `(records, runs)` are those of the text held out, in nats a character, and `stream_rms` and `gradient_rms`
    `(records, runs, blocks)` what each block passes on and ∂C/∂x of it, for the cost of one character. A run that has
    diverged has NaN from then on; `diverged_at` `(runs,)` is its step, or −1. `guessing_loss` is that of one answer for
    all, the frequencies of the characters, `pair_loss` that of the best answer that knows the last character alone.
    """

    steps: np.ndarray
    losses: np.ndarray
    stream_rms: np.ndarray
    gradient_rms: np.ndarray
    diverged_at: np.ndarray
    guessing_loss: float
    pair_loss: float


@functools.cache
def _tokens() -> tuple[np.ndarray, np.ndarray]:
    """The text as numbers: what is trained on, and what is held out."""
    tokens = data.as_tokens(data.english())
    return tuple(np.split(tokens, [round((1 - HELD_OUT) * len(tokens))]))


@functools.cache
def text_losses() -> tuple[float, float]:
    """Return what it costs to guess held-out characters from their frequencies, and from the character before."""
    seen, held_out = _tokens()
    characters = len(data.ALPHABET)
    pairs = np.zeros((characters, characters))
    np.add.at(pairs, (seen[:-1], seen[1:]), 1)
    counts = pairs.sum(axis=0)
    alone = np.log((counts + 1) / (counts + 1).sum())
    after = np.log((pairs + 0.1) / (pairs + 0.1).sum(axis=1, keepdims=True))
    return -float(alone[held_out[1:]].mean()), -float(after[held_out[:-1], held_out[1:]].mean())


def draw_model(setup: TextSetup, trial: TextTrial) -> LanguageModel:
    """Draw the parameters of one run; runs of one seed have the same noise, scaled."""
    rng = np.random.default_rng(trial.seed)
    n, blocks = setup.width, setup.blocks
    row = TRANSFORMER_SCALINGS[trial.scaling]

    def drawn(std: float, *shape: int) -> np.ndarray:
        return np.float32(std) * rng.standard_normal(shape, np.float32)

    def matrices(factor: float, rows: int, columns: int) -> np.ndarray:
        std = rows**-0.5 if trial.std == LECUN else trial.std
        return drawn(factor * std, blocks, rows, columns)

    inner, outer = row.inner(blocks), row.outer(blocks)
    embeddings, positions = (drawn(trial.embedding_std, rows, n) for rows in (len(data.ALPHABET), setup.positions))
    weights = TransformerWeights(
        *(matrices(factor, n, n) for factor in (1.0, 1.0, inner, outer)),
        matrices(inner, n, HIDDEN * n),
        matrices(outer, HIDDEN * n, n),
    )
    return LanguageModel(embeddings, positions, weights, np.full((blocks, 2), row.gate(blocks), np.float32))


def _own(setup: TextSetup, trials: Sequence[TextTrial]) -> _Own:
    rows = []
    for trial in trials:
        row, kind = TRANSFORMER_SCALINGS[trial.scaling], KINDS[trial.kind]
        factor = (setup.width // setup.heads) ** -0.5 if trial.divided else 1.0
        learns = row.gate(setup.blocks) == 0
        rows.append((*kind, row.skip(setup.blocks), factor, learns, trial.learning_rate, trial.warmup))
    return _Own(*(np.array(column, np.float32) for column in zip(*rows, strict=True)))


def _how(setup: TextSetup, own: _Own) -> How:
    return How(
        before=lambda x: jnp.where(own.before > 0, layer_norm(x), x),
        after=lambda x: jnp.where(own.after > 0, layer_norm(x), x),
        heads=setup.heads,
        skip=own.skip,
        factor=own.factor,
    )


def _loss(setup: TextSetup, own: _Own, model: LanguageModel, stretches, nudges):
    """The mean of −ln p over all characters but the first of stretches `(batch, positions + 1)`; and the streams."""
    logits, streams = next_tokens(model, stretches[:, :-1], _how(setup, own), nudges)
    chosen = jnp.take_along_axis(jax.nn.log_softmax(logits), stretches[:, 1:, None], axis=-1)
    return -jnp.mean(chosen), streams


def _step(setup: TextSetup, stretches, number, state: _State, own: _Own) -> _State:
    nothing = jnp.zeros((setup.blocks, 1, 1, 1))
    loss, gradients = jax.value_and_grad(lambda model: _loss(setup, own, model, stretches, nothing)[0])(state.model)
    gradients = gradients._replace(gates=own.gates_learn * gradients.gates)
    rate = own.learning_rate * jnp.minimum(1.0, (number + 1) / own.warmup)
    updates, optimizer = OPTIMIZERS["adam"](rate).update(gradients, state.optimizer, state.model)
    lost = ~jnp.isfinite(loss) & (state.diverged_at == NOT_DIVERGED)
    model = jax.tree.map(jnp.add, state.model, updates)
    return _State(model, optimizer, jnp.where(lost, number, state.diverged_at))


def _advance(setup: TextSetup, state: _State, own: _Own, text, start, stop) -> _State:
    """Take the steps `start` to `stop`; all runs read the same stretches."""

    def step(number, state):
        key = jax.random.fold_in(jax.random.key(0), number)
        firsts = jax.random.randint(key, (setup.batch, 1), 0, len(text) - setup.positions)
        stretches = text[firsts + jnp.arange(setup.positions + 1)]
        return jax.vmap(functools.partial(_step, setup, stretches, number))(state, own)

    return lax.fori_loop(start, stop, step, state)


def _evaluate(setup: TextSetup, model: LanguageModel, own: _Own, text):
    firsts = jnp.linspace(0, len(text) - setup.positions - 1, EVALUATED).astype(int)[:, None]
    stretches = text[firsts + jnp.arange(setup.positions + 1)]
    nudges = jnp.zeros((setup.blocks, EVALUATED, setup.positions, setup.width))

    def one(model, own):
        cost = functools.partial(_loss, setup, own, model, stretches)
        (loss, streams), gradients = jax.value_and_grad(cost, has_aux=True)(nudges)
        rms = [jnp.sqrt(jnp.mean(values**2, axis=(1, 2, 3))) for values in (streams, gradients)]
        return loss, rms[0], rms[1] * EVALUATED * setup.positions

    return jax.vmap(one)(model, own)


class _Programs(NamedTuple):
    begin: Any
    advance: Any
    evaluate: Any


@functools.lru_cache(maxsize=8)
def _programs(setup: TextSetup) -> _Programs:
    def begin(model, own):
        optimizer = jax.vmap(lambda rate, model: OPTIMIZERS["adam"](rate).init(model))(own.learning_rate, model)
        return _State(model, optimizer, jnp.full(len(own.learning_rate), NOT_DIVERGED, jnp.int32))

    return _Programs(
        sharded(begin),
        sharded(functools.partial(_advance, setup), shared=3),
        sharded(functools.partial(_evaluate, setup), shared=1),
    )


class TextTraining(RecordedWork):
    """Runs of small language models that go on together and can be watched, stopped and resumed.

    `done` of `total` steps are behind, and `history` holds what was recorded at about `records` moments. Nothing is
    drawn or compiled before the first `advance`. Raises ValueError for a `kind` or `scaling` that there is not.
    """

    def __init__(self, trials: Sequence[TextTrial], setup: TextSetup = DEFAULT, *, steps: int = 300, records: int = 30):
        for trial in trials:
            for name, table in (("kind", KINDS), ("scaling", TRANSFORMER_SCALINGS)):
                if getattr(trial, name) not in table:
                    raise ValueError(f"{name} is {getattr(trial, name)!r}; allowed are {', '.join(table)}")
        super().__init__(steps, records)
        self.trials, self.setup = list(trials), setup

    def _begin(self) -> None:
        trials = shared_out(self.trials)
        self._own = jax.device_put(_own(self.setup, trials), run_sharding())
        self._programs = _programs(self.setup)
        self._state = self._programs.begin(on_devices([draw_model(self.setup, trial) for trial in trials]), self._own)

    def _go(self, stop: int) -> _State:
        seen, _ = _tokens()
        return self._programs.advance(self._state, self._own, seen, np.int32(self.done), np.int32(stop))

    def _record(self) -> None:
        found = self._programs.evaluate(self._state.model, self._own, _tokens()[1])
        loss, *layers = (np.asarray(values)[: len(self.trials)] for values in found)
        lost = np.asarray(self._state.diverged_at)[: len(self.trials)]
        lost = np.where((lost == NOT_DIVERGED) & ~np.isfinite(loss), self.done, lost)
        alive = lost == NOT_DIVERGED
        layers = [np.where(alive[:, None], values, np.nan) for values in layers]
        self._recorded.append((self.done, np.where(alive, loss, np.nan), *layers, lost))

    @property
    def history(self) -> TextHistory:
        """What was recorded so far; before the first `advance`, nothing, in arrays of no rows."""
        runs, blocks = len(self.trials), self.setup.blocks
        if not self._recorded:
            none = np.zeros((0, runs, blocks))
            return TextHistory(np.zeros(0, int), none[..., 0], none, none, np.full(runs, NOT_DIVERGED), *text_losses())
        steps, losses, streams, gradients, lost = zip(*self._recorded, strict=True)
        arrays = (np.stack(part) for part in (losses, streams, gradients))
        return TextHistory(np.array(steps), *arrays, lost[-1], *text_losses())
