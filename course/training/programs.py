"""The compiled programs of training: some steps of every run, and an evaluation of every run, layer by layer."""

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import lax
from jax.sharding import PartitionSpec

from course import activations
from course.networks.classifier import Parameters, classify
from course.training.devices import AXIS, mesh
from course.training.history import NOT_DIVERGED, LayerHistory
from course.training.optimizers import OPTIMIZERS, SCHEDULES
from course.training.setups import Setup
from course.training.tasks import TASKS, Task

PROBED = 100
"""As many of the examples held out are run to evaluate the layers."""
BATCHES_DRAWN = 50
"""The batches of as many steps are drawn at once."""


class State(NamedTuple):
    """Where the runs are: each array's first axis is that of the runs."""

    parameters: Parameters
    optimizer: Any
    diverged_at: jax.Array


class Batches(NamedTuple):
    """What all runs see in `BATCHES_DRAWN` steps from the step `first` on.

    `inputs` `(BATCHES_DRAWN, batch, features)`, `labels` `(BATCHES_DRAWN, batch)`.
    """

    first: jax.Array
    inputs: jax.Array
    labels: jax.Array


class Evaluation(NamedTuple):
    """The runs at one moment: loss and accuracy `(runs,)`, and layers `(runs, depth − 1)` where they are asked for."""

    loss: jax.Array
    accuracy: jax.Array
    layers: LayerHistory | None


class Programs(NamedTuple):
    """What is compiled for a setup.

    `begin(parameters, rates)` returns a state, `draw(data_seed, first)` the `Batches` of some steps,
    `advance(state, rates, batches, start, stop)` the state after the steps `start` to `stop` of those, and
    `evaluate(parameters)` an `Evaluation`.
    """

    begin: Callable[..., State]
    draw: Callable[..., "Batches"]
    advance: Callable[..., State]
    evaluate: Callable[..., Evaluation]


def _cross_entropy(outputs, labels):
    return -jnp.take_along_axis(jax.nn.log_softmax(outputs), labels[:, None], axis=1)[:, 0]


def _squared(outputs, labels):
    return jnp.sum((outputs - jax.nn.one_hot(labels, outputs.shape[1])) ** 2, axis=1) / 2


COMPILER_OPTIONS = {"xla_backend_optimization_level": 1}
"""A third less to compile, and as fast: the products, which take the time, are not compiled here."""
COSTS = {"cross_entropy": _cross_entropy, "squared": _squared}
"""The cost of each example, `(batch,)`, of outputs `(batch, classes)` and labels `(batch,)`."""


@functools.lru_cache(maxsize=64)
def programs(setup: Setup, steps: int | None, layers: bool = True) -> Programs:
    """Return the programs of a setup; `steps`, the length of the runs, matters only where a schedule needs it.

    `layers` says whether an evaluation is one of every layer too.
    """
    task = TASKS[setup.task]()
    return Programs(
        sharded(functools.partial(_begin, setup)),
        batch_sampler(setup.task, setup.batch),
        sharded(functools.partial(_advance, setup, SCHEDULES[setup.schedule](steps)), shared=3),
        sharded(jax.vmap(functools.partial(_evaluate, setup, task, layers))),
    )


@functools.lru_cache(maxsize=16)
def batch_sampler(task: str, size: int) -> Callable[..., Batches]:
    """Compile the drawing by itself: it is the same for all setups, and Shapeset's takes longer than a network's."""
    batch = TASKS[task]().batch

    @jax.jit
    def draw(data_seed, first):
        key = jax.random.key(data_seed)
        inputs, labels = lax.map(
            lambda step: batch(jax.random.fold_in(key, step), size), first + jnp.arange(BATCHES_DRAWN, dtype=jnp.int32)
        )
        return Batches(first, inputs, labels)

    return draw


def sharded(function: Callable, shared: int = 0) -> Callable:
    """Compile a function of runs so that each device works on its own; the last `shared` arguments are for all."""
    runs, everybody = PartitionSpec(AXIS), PartitionSpec()

    @functools.partial(jax.jit, compiler_options=COMPILER_OPTIONS)
    def on_all_devices(*arguments):
        alone = len(arguments) - shared
        places = (runs,) * alone + (everybody,) * shared
        return jax.shard_map(function, mesh=mesh(), in_specs=places, out_specs=runs, check_vma=False)(*arguments)

    return on_all_devices


def _begin(setup: Setup, parameters, rates) -> State:
    optimizer = jax.vmap(lambda rate, own: OPTIMIZERS[setup.optimizer](rate).init(own))(rates, parameters)
    return State(parameters, optimizer, jnp.full(len(rates), NOT_DIVERGED, jnp.int32))


def _advance(setup: Setup, schedule: Callable, state: State, rates, batches: Batches, start, stop) -> State:
    """Take the steps `start` to `stop`; every run sees the same batch at each."""

    def step(number, state):
        inputs, labels = (drawn[number - batches.first] for drawn in (batches.inputs, batches.labels))
        one = functools.partial(_step, setup, inputs, labels, number)
        return jax.vmap(one)(state, rates * schedule(number))

    return lax.fori_loop(start, stop, step, state)


def _step(setup: Setup, inputs, labels, number, state: State, rate) -> State:
    def cost(parameters):
        outputs, _ = classify(parameters, inputs, setup.architecture)
        return jnp.mean(COSTS[setup.loss](outputs, labels))

    loss, gradients = jax.value_and_grad(cost)(state.parameters)
    updates, optimizer = OPTIMIZERS[setup.optimizer](rate).update(gradients, state.optimizer, state.parameters)
    parameters = jax.tree.map(jnp.add, state.parameters, updates)
    lost = ~jnp.isfinite(loss) & (state.diverged_at == NOT_DIVERGED)
    return State(parameters, optimizer, jnp.where(lost, number, state.diverged_at))


def _evaluate(setup: Setup, task: Task, with_layers: bool, parameters: Parameters) -> Evaluation:
    inputs, labels = jnp.asarray(task.inputs), jnp.asarray(task.labels)
    outputs, _ = classify(parameters, inputs, setup.architecture)
    loss = jnp.mean(COSTS[setup.loss](outputs, labels))
    accuracy = jnp.mean(jnp.argmax(outputs, axis=1) == labels)
    probed = parameters, inputs[:PROBED], labels[:PROBED]
    return Evaluation(loss, accuracy, _layers(setup, *probed) if with_layers else None)


def _layers(setup: Setup, parameters: Parameters, inputs, labels) -> LayerHistory:
    examples = len(labels)

    def cost(parameters, nudges):
        outputs, layers = classify(parameters, inputs, setup.architecture, nudges)
        return jnp.mean(COSTS[setup.loss](outputs, labels)), layers

    nudges = jnp.zeros((setup.depth - 1, examples, setup.width))
    gradients, layers = jax.grad(cost, argnums=(0, 1), has_aux=True)(parameters, nudges)
    for_weights, for_preactivations = gradients
    phi = activations.named(setup.activation)
    slopes = jax.jvp(phi.function, (layers.preactivations,), (jnp.ones_like(nudges),))[1]
    means = jnp.mean(layers.activations, axis=(1, 2), keepdims=True)
    first, between = (_rms(part) for part in (for_weights.first[None], for_weights.between))
    return LayerHistory(
        means[:, 0, 0],
        _rms(layers.activations - means),
        _rms(layers.activations),
        jnp.mean(jnp.abs(slopes) < activations.SATURATION * phi.peak_slope, axis=(1, 2)),
        examples * _rms(for_preactivations),
        jnp.concatenate([first, between]),
    )


def _rms(values):
    """The root of the mean square over all but the first axis; scaled first, or squares of 1e-25 and 1e25 were lost."""
    largest = jnp.clip(jnp.max(jnp.abs(values), axis=(1, 2), keepdims=True), 1e-30, 1e30)
    return jnp.sqrt(jnp.mean((values / largest) ** 2, axis=(1, 2))) * largest[:, 0, 0]
