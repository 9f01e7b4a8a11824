"""The recorder for a training loop: its numbers are those of the run, and the run is the one without it."""

import io
import math

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from PIL import Image

from course.diagnosis import watch

RANDOM = np.random.default_rng(0)
BATCH = RANDOM.standard_normal((32, 8)).astype(np.float32)
LABELS = RANDOM.integers(0, 4, 32)


def loss(parameters, batch):
    logits = jax.nn.relu(batch @ parameters["one"]) @ parameters["two"]
    return optax.softmax_cross_entropy_with_integer_labels(logits, LABELS).mean()


def trained(run=None, steps=6):
    keys = np.random.default_rng(1)
    parameters = {"one": jnp.asarray(keys.normal(0, 0.5, (8, 16))), "two": jnp.asarray(keys.normal(0, 0.3, (16, 4)))}
    optimizer = optax.sgd(0.1)
    state, history = optimizer.init(parameters), [parameters]
    for _ in range(steps):
        value, gradients = jax.value_and_grad(loss)(parameters, BATCH)
        updates, state = optimizer.update(gradients, state)
        parameters = optax.apply_updates(parameters, updates)
        history.append(parameters)
        if run is not None:
            run.step(value, parameters, gradients)
    return history


def test_an_update_is_measured_beside_the_weights_that_it_changes():
    run = watch(classes=4, every=2)
    history = trained(run)
    assert [one.step for one in run.records] == [2, 4, 6]
    before, after = (np.asarray(history[step]["one"]) for step in (3, 4))
    ratio = np.sqrt(np.mean((after - before) ** 2) / np.mean(before**2))
    assert run.records[1].updates["one"] == pytest.approx(ratio, rel=1e-5)
    assert "guessing costs ln 4 = 1.4" in run.sentence


def test_the_picture_and_the_table_show_every_record():
    run = watch(classes=4, every=1)
    trained(run)
    assert Image.open(io.BytesIO(run.image)).size[0] == 920
    assert list(run.table["step"]) == [1, 2, 3, 4, 5, 6]
    assert "alt=" in run._repr_mimebundle_()["text/html"]
    assert repr(watch(every=3)) == "Nothing recorded yet: the first record comes at step 3."


def test_a_loss_that_is_no_number_is_said():
    run = watch(every=1)
    run.step(math.nan, {"w": np.ones((2, 2))}, {"w": np.ones((2, 2))})
    assert "no number any more" in run.sentence


def test_every_is_a_whole_number_from_1():
    with pytest.raises(ValueError, match="every is 0; allowed"):
        watch(every=0)


def test_a_module_trains_the_same_with_a_recorder_and_dead_units_are_counted():
    torch = pytest.importorskip("torch")

    def train(recorded: bool):
        torch.manual_seed(0)
        network = torch.nn.Sequential(torch.nn.Linear(8, 16), torch.nn.ReLU(), torch.nn.Linear(16, 4))
        network[0].bias.data -= 100.0
        optimizer = torch.optim.SGD(network.parameters(), 0.1)
        run = watch(network, classes=4, every=2) if recorded else None
        for _ in range(4):
            optimizer.zero_grad()
            value = torch.nn.functional.cross_entropy(network(torch.tensor(BATCH)), torch.tensor(LABELS))
            value.backward()
            optimizer.step()
            if run is not None:
                run.step(value)
        return network, run

    (plain, _), (recorded, run) = train(recorded=False), train(recorded=True)
    for one, two in zip(plain.parameters(), recorded.parameters(), strict=True):
        assert torch.equal(one, two)
    assert run.records[-1].dead["1"] == 1.0
    assert "1: more than 95 % of the answers are 0." in run.sentence
    run.close()
    assert not any(part._forward_hooks for part in recorded.modules())


def test_between_two_records_no_hook_hangs_on_the_network():
    torch = pytest.importorskip("torch")
    network = torch.nn.Sequential(torch.nn.Linear(8, 16), torch.nn.ReLU(), torch.nn.Linear(16, 4))
    run, hooked = watch(network, every=3), []
    for _step in range(7):
        hooked.append(len(network[0]._forward_hooks))
        network(torch.ones(2, 8))
        run.step(torch.tensor(1.0))
    assert hooked == [0, 0, 1, 0, 0, 1, 0]
    assert all(set(one.activations) == {"0", "1", "2"} for one in run.records)


def test_parameters_that_a_step_writes_over_are_compared_with_what_they_were():
    step = jax.jit(lambda parameters: jax.tree.map(lambda one: 0.5 * one, parameters), donate_argnums=0)
    run, parameters = watch(every=2), {"w": jnp.ones((4, 4))}
    for _step in range(4):
        parameters = step(parameters)
        run.step(1.0, parameters, parameters)
    assert [one.updates["w"] for one in run.records] == pytest.approx([0.5, 0.5])
    assert [one.gradients["w"] for one in run.records] == pytest.approx([0.25, 0.0625])


def test_updates_of_weights_that_were_0_are_their_own_size():
    run = watch(every=2)
    for value in (0.0, 3.0):
        run.step(1.0, {"w": jnp.full((4, 4), value)}, {})
    assert run.records[0].updates == {"w": 3.0}
