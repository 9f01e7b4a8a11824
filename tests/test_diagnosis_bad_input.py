"""What `read` says of what it cannot read: one sentence that names the value and what is allowed."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from course.diagnosis import read

WEIGHTS = np.full((3, 2), 0.5, np.float32)
BATCH = np.ones((4, 3), np.float32)


def changed(place: tuple[int, int], value: float) -> np.ndarray:
    weights = WEIGHTS.copy()
    weights[place] = value
    return weights


LISTS = {
    "no layers": ([], "the network has no layers"),
    "a layer that is none": ([WEIGHTS], r"layer 1 is array.*allowed is \(weights, activation\)"),
    "a layer of four": ([(WEIGHTS, None, "relu", 1)], "layer 1 is .*allowed is"),
    "biases of two dimensions": (
        [(WEIGHTS, np.zeros((1, 2)), "relu")],
        r"allowed is an array of 1 dimension, not empty",
    ),
    "weights of one dimension": ([(WEIGHTS[0], "relu")], r"weights of layer 1 have shape \(2,\); allowed is"),
    "weights of no size": ([(WEIGHTS[:, :0], "relu")], r"weights of layer 1 have shape \(3, 0\); allowed is"),
    "weights of ragged rows": ([([[1.0], [1.0, 2.0]], "relu")], "weights of layer 1 are .*allowed is an array"),
    "whole numbers": ([(WEIGHTS.astype(int), "relu")], "weights of layer 1 are int64; allowed are floating-point"),
    "complex numbers": ([(1j * WEIGHTS, "relu")], "weights of layer 1 are complex64; allowed are floating-point"),
    "too many biases": ([(WEIGHTS, np.zeros(5), "relu")], "layer 1 has 2 units and 5 biases"),
    "biases for an activation": (
        [(WEIGHTS, np.zeros(2))],
        r"layer 1 is \(weights, array\(\[0., 0.\]\)\), and the name of its activation is missing",
    ),
    "a function for its name": ([(WEIGHTS, np.tanh)], r"activation is <ufunc 'tanh'> in layer 1; allowed are sigmoid"),
    "an unknown function": ([(WEIGHTS, "rellu")], "activation is 'rellu'; allowed are sigmoid"),
    "shapes that do not fit": (
        [(WEIGHTS, "relu"), (WEIGHTS, None)],
        r"layer 1 has weights of shape \(3, 2\) and layer 2 of shape \(3, 2\)",
    ),
    "other inputs": ([(WEIGHTS.T, None)], "the batch has 3 features, and layer 1 takes 2"),
    "NaN": ([(WEIGHTS, None), (changed((0, 1), np.nan)[:2], None)], "weights of layer 2.*NaN or infinity in 1 of 4"),
    "infinity": ([(changed((2, 0), np.inf), None)], "weights of layer 1 .*NaN or infinity in 1 of 6"),
}
BATCHES = {
    "one example": (BATCH[:1], "the batch has 1 example; allowed are 2 or more"),
    "no example": (BATCH[:0], r"the batch has shape \(0, 3\); allowed is"),
    "no features": (BATCH[:, :0], r"the batch has shape \(4, 0\); allowed is"),
    "one dimension": (BATCH[0], r"the batch has shape \(3,\); allowed is"),
    "NaN": (np.full((4, 3), np.nan), "the batch holds NaN or infinity; allowed are finite numbers"),
    "complex numbers": (1j * BATCH, "the batch holds complex64; allowed are real numbers"),
    "words": (np.array([["a"], ["b"]]), "the batch holds <U1; allowed are real numbers"),
    "ragged rows": ([[1.0], [1.0, 2.0]], "the batch is .*; allowed is an array"),
}
TARGETS = {
    "another number of examples": (
        np.zeros(7),
        r"the targets have shape \(7,\), and the answers to 4 examples \(4, 2\); allowed is",
    ),
    "no examples": (np.float32(3), r"the targets have shape \(\), "),
    "more numbers than answers": (
        np.zeros((4, 5)),
        r"the targets have shape \(4, 5\), and the answers to 4 examples \(4, 2\)",
    ),
    "a class too far": (np.full(4, 7), "the targets hold the class 7; allowed are 0 to 1"),
    "classes from 1": (np.array([1, 2, 1, 2]), "the targets hold the class 2; allowed are 0 to 1"),
    "classes from 1, in a list": ([1, 2, 1, 2], "the targets hold the class 2; allowed are 0 to 1"),
    "NaN": (np.full(4, np.nan), "hold.* NaN or infinity; allowed are finite numbers"),
    "words": (np.array(list("abcd")), "the targets are array|the batch holds <U1"),
}
COUNTED = {
    "plain": [0, 1, 1, 0],
    "with -100": [0, 1, -100, 1],
    "with 255": [0, 1, 255, 1],
    "with the number of classes": [0, 1, 2, 1],
}


def raising(_w, _x):
    raise KeyError("no such layer")


FUNCTIONS = {
    "it raises": (raising, WEIGHTS, "could not be run on a batch of shape .*KeyError: 'no such layer'"),
    "shapes that do not fit": (lambda w, x: x @ w.T, WEIGHTS, r"could not be run on a batch of shape \(4, 3\)"),
    "no weights": (lambda w, x: x, WEIGHTS, "the network has no layer of weights"),
    "no numbers out": (lambda w, x: (x @ w).argmax(1), WEIGHTS, "answers with 0 arrays of floating-point numbers"),
    "complex numbers out": (lambda w, x: x @ w + 1j, WEIGHTS, "answers with 0 arrays of floating-point numbers"),
    "whole numbers": (lambda w, x: x @ w, WEIGHTS.astype(int), "weights of layer 1 .* are int.*; allowed are floating"),
    "complex numbers": (lambda w, x: x @ w, 1j * WEIGHTS, "weights of layer 1 .* are complex64; allowed are floating"),
    "NaN": (lambda w, x: x @ w["a"], {"a": changed((0, 0), np.nan)}, r"weights of layer 1 \(a\) hold NaN .* 1 of 6"),
    "shapes for weights": (
        lambda w, x: x @ w,
        jax.ShapeDtypeStruct((3, 2), jnp.float32),
        "the parameters are shapes without numbers; allowed is a network that has been initialized",
    ),
    "words for weights": (lambda w, x: x @ w["a"], {"a": WEIGHTS, "name": "mlp"}, "could not be run on a batch"),
    "weights in a loop": (
        lambda w, x: jax.lax.while_loop(lambda y: jnp.sum(y) < 0, lambda y: y @ w, x),
        np.eye(3, dtype=np.float32),
        "applies weights inside a 'while', which cannot be read; allowed are jax.lax.scan",
    ),
    "weights in a branch": (
        lambda w, x: jax.lax.cond(jnp.sum(x) > 0, lambda y: y @ w, lambda y: -y @ w, x),
        WEIGHTS,
        "applies weights inside a 'cond', which cannot be read",
    ),
}
OTHERS = {
    "nothing": (None, "the network is a NoneType; allowed is a list of"),
    "a number": (3, "the network is a int; allowed is a list of"),
    "a function alone": (lambda x: x, "the network is a function; allowed is a list of"),
    "a class": (dict, "the network is the class dict; allowed is a network made from it"),
    "an array": (WEIGHTS, "the network is a ndarray; allowed is a list of"),
    "parameters and their function": (([WEIGHTS], len), "the pair ends with a function; allowed is"),
}


@pytest.mark.parametrize(("network", "sentence"), LISTS.values(), ids=LISTS)
def test_a_list_that_is_no_network_is_told_why(network, sentence):
    with pytest.raises(ValueError, match=sentence):
        read(network, BATCH)


@pytest.mark.parametrize(("batch", "sentence"), BATCHES.values(), ids=BATCHES)
@pytest.mark.parametrize("network", [[(WEIGHTS, None)], (lambda w, x: x @ w, WEIGHTS)], ids=["list", "function"])
def test_a_batch_that_cannot_be_used_is_told_why(network, batch, sentence):
    with pytest.raises(ValueError, match=sentence):
        read(network, batch)


NETWORKS = {"list": [(WEIGHTS, None)], "function": (lambda w, x: x @ w, WEIGHTS)}


@pytest.mark.parametrize(("targets", "sentence"), TARGETS.values(), ids=TARGETS)
@pytest.mark.parametrize("network", NETWORKS.values(), ids=NETWORKS)
def test_targets_that_cannot_be_are_told_why(network, targets, sentence):
    with pytest.raises(ValueError, match=sentence):
        read(network, (BATCH, targets))


@pytest.mark.parametrize("targets", COUNTED.values(), ids=COUNTED)
@pytest.mark.parametrize("network", NETWORKS.values(), ids=NETWORKS)
def test_what_is_no_class_does_not_count_beside_classes(network, targets):
    assert read(network, (BATCH, targets)).loss == pytest.approx((np.log(2), 2))


@pytest.mark.parametrize("network", NETWORKS.values(), ids=NETWORKS)
def test_targets_that_do_not_count_at_all_have_no_first_loss(network):
    assert read(network, (BATCH, np.full(4, -1))).loss is None


@pytest.mark.parametrize(
    "targets", [[900, 800, 700, 600], np.array([[900], [800], [700], [600]])], ids=["list", "array"]
)
def test_whole_numbers_for_one_answer_are_no_classes(targets):
    reading = read([(WEIGHTS[:, :1], None)], (BATCH, targets))
    assert reading.loss is None
    assert reading.distance == pytest.approx(np.mean((np.ravel(targets) - 1.5) ** 2))


@pytest.mark.parametrize(("function", "parameters", "sentence"), FUNCTIONS.values(), ids=FUNCTIONS)
def test_a_function_that_cannot_be_read_is_told_why(function, parameters, sentence):
    with pytest.raises(ValueError, match=sentence):
        read((function, parameters), BATCH)


@pytest.mark.parametrize(("network", "sentence"), OTHERS.values(), ids=OTHERS)
def test_what_is_no_network_is_told_what_is(network, sentence):
    with pytest.raises(ValueError, match=sentence):
        read(network, BATCH)


FORWARD = {
    "a number": (([(WEIGHTS, None)], 3), "forward is 3; allowed is a function"),
    "a list of layers": (([(WEIGHTS, None)], len), "forward= was given with a list of layers"),
    "parameters alone": (({"a": WEIGHTS}, len), r"give the pair \(forward, parameters\)"),
}


@pytest.mark.parametrize(("given", "sentence"), FORWARD.values(), ids=FORWARD)
def test_a_forward_that_nothing_can_be_done_with_is_not_passed_over(given, sentence):
    network, forward = given
    with pytest.raises(ValueError, match=sentence):
        read(network, BATCH, forward=forward)


def test_long_values_are_shortened():
    with pytest.raises(ValueError, match=r"^seed is .{60}; allowed"):
        read([(WEIGHTS, None)], BATCH, seed=list(range(99)))
