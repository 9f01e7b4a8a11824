"""The instrument: sound networks are called healthy, faults are named where they are, and remedies cure."""

import functools
import io
import itertools
import math

import diagnosis_networks as networks
import numpy as np
import pytest
from diagnosis_networks import Dense, Kind, Residual
from PIL import Image
from random_states import mostly_long
from same_network import redefined

from course import mistakes, theory
from course.activations import ACTIVATIONS
from course.diagnosis import diagnose, expectation, gathering, layer_statistics, starts, trend
from course.diagnosis.findings import FINDINGS, deviations
from course.diagnosis.findings.found import COMPARISONS, FALSE_ALARMS
from course.diagnosis.judging import Judgement, judged
from course.diagnosis.picture import PICTURE, Curve, Curves, view
from course.diagnosis.report import Diagnosis, LayerReport, first
from course.live.panels import Drawing
from course.live.tables import Table

NAMED = {
    "std_as_mean": "weights not centred",
    "fan_out": "wrong fan",
    "gain_squared": "too large",
    "root_forgotten": "too small",
    "three_times_the_bound": "too large",
    "precedence": "saturated",
    "gain_of_another": "too small",
    "same_for_all": "identical units",
    "one_key": "repeated weights",
    "negative_biases": "biases out of scale",
    "raw_pixels": "unscaled inputs",
    "half_precision": "half precision out of range",
}
SAMPLE, ONE_PER_CENT = 24, 0.01


def stack(sizes, activation="relu", variance=2.0, seed=0, last_variance=None, *, uniform=False):
    """A plain network of normal or uniform weights with fan_in · Var w = variance, and a standard normal batch."""
    random = np.random.default_rng(seed)
    draw = (lambda shape: random.uniform(-math.sqrt(3), math.sqrt(3), shape)) if uniform else random.standard_normal
    layers = [
        Dense(math.sqrt(variance / n) * draw((n, m)), np.zeros(m), activation) for n, m in itertools.pairwise(sizes)
    ]
    if last_variance is not None:
        scale = math.sqrt(last_variance / variance)
        layers[-1] = layers[-1]._replace(weights=scale * layers[-1].weights)
    layers[-1] = layers[-1]._replace(activation=None)
    return layers, random.standard_normal((64, sizes[0]))


def judge(blocks, batch):
    return Judgement(networks.read(blocks, batch))


def names(judgement):
    return [layer.finding for layer in judgement.layers]


@pytest.mark.parametrize("width", [120, 400])
def test_a_small_first_layer_is_not_called_too_large_for_its_many_units(width):
    judgement = judge(*stack([8, *[width] * 7, 10], variance=1 / 3))
    assert names(judgement)[:-1] == ["too small"] * 7


@functools.cache
def planted_and_judged(fault):
    planted = networks.planted(fault, 3)
    return planted, judge(planted.blocks, planted.batch)


# False alarms and misses


def test_sound_networks_of_any_shape_are_called_healthy():
    # At a rate of 1 % more than 2 alarms in 24 would come about once in 600 samples.
    within = sum(math.comb(SAMPLE, k) * ONE_PER_CENT**k * (1 - ONE_PER_CENT) ** (SAMPLE - k) for k in range(3))
    assert 1 - within < 1 / 500
    samples = [networks.sound(seed) for seed in range(SAMPLE)]
    alarms = [sample.words for sample in samples if set(names(judge(sample.blocks, sample.batch))) != {"healthy"}]
    assert len(alarms) <= 2, alarms


@pytest.mark.parametrize("kind", networks.SOUND)
def test_every_kind_of_sound_network_is_called_healthy(kind):
    sample = networks.SOUND[kind](np.random.default_rng(11))
    assert set(names(judge(sample.blocks, sample.batch))) == {"healthy"}


@pytest.mark.parametrize("fault", mostly_long(list(networks.PLANTED), list(networks.PLANTED)[::2]))
def test_a_planted_fault_is_named_in_a_layer_where_it_is(fault):
    planted, judgement = planted_and_judged(fault)
    report = first(judgement.layers)
    assert report is not None
    assert networks.is_named(planted, report), report


def test_every_finding_is_found_in_some_planted_fault():
    judgements = [planted_and_judged(fault)[1] for fault in networks.PLANTED]
    layers = [layer for judgement in judgements for layer in judgement.layers]
    found = {name for layer in layers for name in (layer.finding, *layer.also)}
    assert {finding.name for finding in FINDINGS} <= found


@pytest.mark.parametrize("name", mistakes.MISTAKES)
def test_every_published_mistake_is_named(name):
    diagnosis = diagnose(*mistakes.draw(mistakes.recipe(name)))
    assert diagnosis.primary.finding == NAMED[name]
    assert not diagnosis.healthy


@pytest.mark.parametrize("name", mistakes.MISTAKES)
def test_every_published_mistake_once_fixed_is_healthy(name):
    assert diagnose(*mistakes.draw(mistakes.recipe(name, fixed=True))).healthy


def test_a_narrow_deep_network_that_lost_its_signal_by_bad_luck_is_healthy():
    # Width 16, depth 50: the logarithm strays by √(5·50/16) ≈ 4, so a signal below 1/1000 is within reach.
    drawn = (stack([16] * 51, seed=seed) for seed in range(20))
    judgement = next(one for one in (judge(*network) for network in drawn) if one.curves.forward.measured[-2] < 1e-3)
    assert set(names(judgement)) == {"healthy"}


def test_biases_drawn_like_the_weights_do_no_harm_and_are_called_healthy():
    # Their variance is 2/n where the weighted inputs have 2: even 30 layers of 64 units grow by less than 2.
    layers, batch = stack([64] * 31)
    random = np.random.default_rng(1)
    layers = [layer._replace(biases=math.sqrt(2 / 64) * random.standard_normal(64)) for layer in layers]
    assert (
        theory.preactivation_variances("relu", 30, 2.0, 2 / 64)[-1]
        < 2 * theory.preactivation_variances("relu", 30, 2.0)[-1]
    )
    assert set(names(judge(layers, batch))) == {"healthy"}


# One finding at a time


def test_a_layer_that_is_too_small_is_named_and_the_layers_behind_it_are_not():
    layers, batch = stack([50] * 12)
    layers[4] = layers[4]._replace(weights=layers[4].weights / 100)
    judgement = judge(layers, batch)
    assert [number for number, name in enumerate(names(judgement), 1) if name == "too small"] == [5]
    assert judgement.layers[4].state == "fault"
    assert "Its own start is right" in judgement.layers[6].reason


@pytest.mark.parametrize(("factor", "state"), [(1.0, "ok"), (0.2, "warning"), (0.01, "fault")])
def test_a_layer_is_warned_of_beyond_a_factor_of_10_and_at_fault_beyond_1000(factor, state):
    layers, batch = stack([100] * 8)
    layers[3] = layers[3]._replace(weights=factor * layers[3].weights)
    assert judge(layers, batch).layers[3].state == state


@pytest.mark.parametrize("name", ["gain_squared", "root_forgotten", "three_times_the_bound", "gain_of_another"])
def test_the_remedy_of_a_wrong_size_cures(name):
    layers, batch = mistakes.draw(mistakes.recipe(name))
    report = diagnose(layers, batch).layers
    for position, layer in enumerate(layers):
        if report[position].state != "ok":
            factor = float(report[position].remedy.split(" by ")[1].split()[0])
            layers[position] = layer._replace(weights=np.float32(factor) * layer.weights)
    assert diagnose(layers, batch).healthy


def drawn_with(variance, sizes, *, uniform=False):
    """A stack whose fan_in · Var w is a function of fan_in."""
    layers, batch = stack(sizes, variance=1.0, uniform=uniform)
    return [layer._replace(weights=layer.weights * math.sqrt(variance(len(layer.weights)))) for layer in layers], batch


@pytest.mark.parametrize(
    ("variance", "reason"),
    [
        (lambda n: 4.0, "the gain was squared"),
        (lambda n: 2 / n, "1/fan_in stands where 1/√fan_in belongs: the root was forgotten"),
        (lambda n: 4 / n, "2/fan_in stands where √(2/fan_in) belongs: the root was forgotten"),
        (lambda n: 18.0, "the bound is 3·√(6/fan_in) where √(6/fan_in) belongs"),
        (lambda n: 2 / 9, "the bound is √(6/fan_in)/3 where √(6/fan_in) belongs"),
        (lambda n: 2 / 3, "the bound is √(2/fan_in) where √(6/fan_in) belongs"),
        (lambda n: 1.0, "lets everything through"),
        (lambda n: 1 / 3, "the default of some libraries"),
        (lambda n: float(n), "not scaled at all"),
    ],
)
@pytest.mark.parametrize("fans", [1, 2])
def test_the_reason_says_what_the_weight_variance_gives_away_at_more_than_one_fan(variance, reason, fans):
    uniform = "bound" in reason or "default" in reason
    judgement = judge(*drawn_with(variance, [200 if fans == 1 else 100, *[200] * 11], uniform=uniform))
    told = judgement.layers[5].reason
    assert (reason in told[0].lower() + told[1:]) == (fans == 2)


def test_of_a_bound_nothing_is_said_where_the_weights_are_normal():
    for variance in (18.0, 1 / 3):
        assert all("bound" not in layer.reason for layer in judge(*stack([100, *[200] * 11], variance=variance)).layers)


def test_a_dead_layer_is_no_reason_to_blame_weights_that_suit():
    for seed in range(3):
        layers, batch = stack([20, 64, 64, 64, 64, 5], seed=seed)
        layers[2] = layers[2]._replace(biases=np.full(64, -6.0))
        found = {layer.finding for layer in judge(layers, batch).layers}
        assert not found & {"too large", "too small"}, found


@pytest.mark.parametrize("fault", [{"biases": np.full(64, -10.0)}, {"weights": np.zeros((64, 64))}])
def test_of_layers_that_receive_nothing_but_zeros_none_is_called_dead(fault):
    layers, batch = stack([20, 64, 64, 64, 64, 5])
    layers[2] = layers[2]._replace(**fault)
    assert [layer.layer for layer in judge(layers, batch).layers if layer.state != "ok"] == [3]


def test_what_nobody_would_have_written_is_told_by_its_number():
    assert "fan_in · Var w is 3" in judge(*stack([300] * 14, variance=2.97)).layers[5].reason


def test_a_few_sigmoid_layers_are_healthy_and_many_are_not_whatever_their_weights():
    shallow, deep = ([64] * (depth + 1) for depth in (3, 20))
    assert set(names(judge(*stack(shallow, "sigmoid", 16.0)))) == {"healthy"}
    for variance in (1.0, 4.0, 16.0):
        assert "gradient off by a factor" in names(judge(*stack(deep, "sigmoid", variance)))


def test_zeros_in_the_last_layer_and_at_the_end_of_a_residual_branch_are_good_practice():
    layers, batch = stack([32, 32, 32, 10])
    layers[-1] = layers[-1]._replace(weights=np.zeros((32, 10)))
    assert set(names(judge(layers, batch))) == {"healthy"}
    (one, two, last), _ = stack([32, 32, 32, 32], seed=1)
    branch = [one, two._replace(weights=np.zeros((32, 32)), activation=None)]
    assert set(names(judge([layers[0], Residual(branch), last], batch))) == {"healthy"}


@pytest.mark.parametrize(("first", "last"), [(1.0, 24**-0.5), (24**-0.5, 0.0), (1.0, 48**-0.5)])
def test_branches_made_small_by_their_weights_are_good_practice(first, last):
    layers, batch = stack([32] * 51)
    ends = [layer._replace(weights=last * layer.weights, activation=None) for layer in layers[1::2]]
    starts = [layer._replace(weights=first * layer.weights) for layer in layers[2::2]]
    blocks = [Residual([one, two]) for one, two in zip(starts, ends, strict=False)]
    assert set(names(judge([layers[0], *blocks, layers[-1]], batch))) == {"healthy"}


def test_weights_that_are_too_small_before_the_branches_are_found_all_the_same():
    layers, batch = stack([32] * 4)
    branch = [layers[1], layers[2]._replace(weights=0.1 * layers[2].weights, activation=None)]
    small = layers[0]._replace(weights=0.01 * layers[0].weights)
    assert names(judge([small, Residual(branch), layers[2]], batch))[0] == "too small"


def test_zeros_in_a_hidden_layer_are_no_good_practice():
    layers, batch = stack([32, 32, 32, 10])
    layers[1] = layers[1]._replace(weights=np.zeros((32, 32)))
    assert names(judge(layers, batch))[1] == "identical units"


def test_shared_weights_are_not_taken_for_one_draw_made_twice():
    layers, batch = stack([32] * 5)
    layers[2] = layers[2]._replace(weights=layers[1].weights)
    reading = networks.read(layers, batch)
    assert Judgement(reading).layers[2].finding == "repeated weights"
    shared = [*reading.layers[:2], redefined(reading.layers[2], shared_with="layer 2"), *reading.layers[3:]]
    assert Judgement(reading._replace(layers=tuple(shared))).layers[2].finding == "healthy"


def test_units_that_are_off_because_the_examples_are_alike_are_not_called_dead():
    layers, _ = stack([200, 200, 10])
    alike = np.random.default_rng(0).standard_normal((1, 200)) + 1e-6 * np.random.default_rng(1).standard_normal(
        (64, 200)
    )
    facts = gathering.gathered(networks.read(layers, alike)).layers[0]
    assert facts.dead_by_chance == pytest.approx(0.5, abs=5 * math.sqrt(0.25 / layer_statistics.STAND_INS + 0.25 / 200))
    assert "dead units" not in names(judge(layers, alike))


def test_units_that_are_off_for_no_such_reason_are_called_dead():
    layers, batch = stack([200, 200, 10])
    weights = layers[0].weights.copy()
    weights[:, :120] = np.where(np.arange(200)[:, None] < 100, 0.1, -0.1) / 10  # 120 units watch for one pattern …
    weights[:, :120] += 1e-3 * layers[0].weights[:, :120]
    pattern = np.where(np.arange(200) < 100, -1.0, 1.0)  # … and the batch shows its opposite
    found = judge([layers[0]._replace(weights=weights), layers[1]], np.abs(batch) * pattern).layers[0]
    assert "dead units" in (found.finding, *found.also)


def test_float16_gradients_below_its_range_are_named():
    layers, batch = stack([64] * 6, last_variance=1e-10)
    half = [layer._replace(weights=layer.weights.astype(np.float16), biases=None) for layer in layers]
    assert "half precision out of range" in names(judge(half, batch.astype(np.float16)))


def test_float16_within_its_range_is_healthy():
    layers, batch = stack([64] * 6)
    half = [layer._replace(weights=layer.weights.astype(np.float16), biases=None) for layer in layers]
    assert set(names(judge(half, batch.astype(np.float16)))) == {"healthy"}


def test_an_overflow_is_named_where_it_happens_and_the_first_cause_before_it():
    layers, batch = stack([100] * 45, "linear", 100.0)
    single = [layer._replace(weights=layer.weights.astype(np.float32), biases=None) for layer in layers]
    judgement = judge(single, batch.astype(np.float32))
    # √100 a layer: 3.4e38 is left behind in layer 38 or 39
    overflows = [layer.layer for layer in judgement.layers if "overflow" in (layer.finding, *layer.also)]
    assert len(overflows) == 1
    assert 37 <= overflows[0] <= 40
    assert (judgement.layers[0].finding, judgement.layers[0].layer) == ("too large", 1)


@pytest.mark.parametrize(
    ("batch", "words"),
    [
        (lambda x: 100 * x, "and root mean square"),
        (lambda x: 1 + 1e-3 * x, "the same for all examples"),
        (lambda x: np.concatenate([30 * x[:, :1], x[:, 1:]], axis=1) / 4, "ne feature of 64"),
    ],
)
def test_data_that_should_have_been_scaled_are_named_in_layer_1_alone(batch, words):
    layers, standard = stack([64] * 5)
    judgement = judge(layers, batch(standard))
    assert names(judgement) == ["unscaled inputs", *["healthy"] * 3]
    assert words in judgement.layers[0].sentence


def test_a_normalization_forgives_any_scale():
    layers, batch = stack([64] * 9, variance=200.0, last_variance=1.0)
    hidden = [layer._replace(norm="layer") for layer in layers[:-1]]
    judgement = judge([*hidden, layers[-1]], batch)
    assert set(names(judgement)) == {"healthy"}
    assert "A normalization follows" in judgement.layers[3].reason


@pytest.mark.parametrize("scale", [0.0, 1e-30, 1e18, 1e30])
@pytest.mark.parametrize("sizes", [[3, 2], [1, 1, 1], [5, 4, 3, 2]])
@pytest.mark.parametrize("activation", ["relu", "tanh", "softplus"])
def test_numbers_at_the_ends_of_their_range_get_a_diagnosis_and_no_warning(scale, sizes, activation):
    layers, batch = stack(sizes, activation)
    single = [layer._replace(weights=(scale * layer.weights).astype(np.float32), biases=None) for layer in layers]
    for factor in (0.0, 1e-20, 1.0, 1e15):
        judgement = judge(single, (factor * batch).astype(np.float32))
        assert len(judgement.layers) == len(sizes) - 1
        assert len(sizes) == 2 or first(judgement.layers, judgement.whole) is not None


# Thresholds


def test_as_many_comparisons_are_counted_as_there_are_findings():
    assert len(FINDINGS) == COMPARISONS
    assert len({finding.name for finding in FINDINGS}) == len(FINDINGS)


def test_all_comparisons_together_give_no_more_false_alarms_than_wanted():
    network = gathering.gathered(networks.read(*stack([8] * 31)))
    tail = math.erfc(deviations(network) / math.sqrt(2))
    assert tail * COMPARISONS * 30 == pytest.approx(FALSE_ALARMS)


@pytest.mark.parametrize("name", mostly_long(list(ACTIVATIONS), ("tanh", "relu")))
def test_30_layers_of_any_activation_that_are_off_by_a_factor_are_called_too_small_or_too_large(name):
    row, found = starts.suitable(name), {}
    assert (
        0.999 * row.low < theory.gain(name) ** 2 < 1.001 * row.high
    )  # what keeps the signal suits, whatever else does
    for start, variance in {"small": row.low / 2, "sound": row.best, "large": 2 * row.high}.items():
        found[start] = set(names(judge(*stack([64] * 31, name, variance)))) - {"healthy", "gradient off by a factor"}
    assert found["small"] == {"too small"}
    assert not found["sound"]
    assert found["large"] <= {"too large", "saturated"}
    assert found["large"]


def test_the_advice_is_what_the_literature_gives_and_theory_otherwise():
    advice = {name: starts.suitable(name).best for name in ACTIVATIONS}
    known = {"sigmoid": 16, "tanh": 1, "relu": 2, "elu": 1.55, "selu": 1, "gelu": 2.155, "silu": 2.43, "softplus": 2}
    assert {name: advice[name] for name in known} == pytest.approx(known, rel=1e-3)


@pytest.mark.parametrize(
    ("variance", "distance"), [(1.0, 0.0), (2.0, 0.0), (1.5, 0.0), (0.5, -math.log(2)), (6.0, math.log(3))]
)
def test_the_distance_from_an_interval_is_a_logarithm(variance, distance):
    assert starts.distance(variance, (1.0, 2.0)) == pytest.approx(distance)


def test_the_curves_of_a_run_are_those_of_the_theory_of_all_layers():
    layers, batch = stack([40] * 9, "tanh", 1.7)
    network = gathering.gathered(networks.read(layers, batch))
    (run,) = trend.runs(network.layers)
    variances = [layer.weight_variance for layer in network.layers]
    moment = network.layers[0].input_second_moment
    expected = theory.activation_second_moments("tanh", 8, variances, input_second_moment=moment)
    assert np.exp(run.forward[:-1]) * moment == pytest.approx(expected[:-1])
    gradients = theory.gradient_variances("tanh", 8, variances, input_second_moment=moment)
    assert np.exp(run.backward) == pytest.approx(gradients)


def test_a_run_ends_before_a_normalization_and_where_something_is_added():
    layers, batch = stack([32] * 8)
    layers[2] = layers[2]._replace(norm="layer")
    network = gathering.gathered(networks.read(layers, batch))
    assert [[layer.number for layer in run.layers] for run in trend.runs(network.layers)] == [[1, 2], [4, 5, 6, 7]]
    (one, two, *_), batch = stack([32] * 4)
    residual = [one, Residual([one, two._replace(activation=None)]), two]
    network = gathering.gathered(networks.read(residual, batch))
    assert [layer.chained for layer in network.layers] == [False, True, True, False]


# Evidence


def test_the_evidence_of_a_layer_is_what_the_arrays_say():
    layers, batch = stack([30, 20, 10], seed=4)
    first = gathering.gathered(networks.read(layers, batch)).layers[0]
    z = batch @ layers[0].weights
    assert (first.fan_in, first.fan_out, first.units, first.weights) == (30, 20, 20, 600)
    assert first.weight_variance == pytest.approx(30 * np.mean(layers[0].weights ** 2))
    assert first.input_second_moment == pytest.approx(np.mean(batch**2))
    assert first.preactivation_second_moment == pytest.approx(np.mean(z**2))
    assert first.activation_second_moment == pytest.approx(np.mean(np.maximum(z, 0) ** 2))
    assert first.slope_second_moment == pytest.approx(np.mean(z > 0))
    assert first.dead_share == np.mean(np.all(z <= 0, axis=0))


def test_the_error_of_a_weight_variance_is_that_of_many_draws():
    random = np.random.default_rng(0)
    for draw in (random.standard_normal, lambda shape: random.uniform(-1, 1, shape)):
        errors = [layer_statistics.mean_square_error(w, np.mean(w**2)) for w in (draw((12, 10)) for _ in range(400))]
        moments = np.array([np.mean(draw((12, 10)) ** 2) for _ in range(400)])
        # a standard deviation from 400 draws is known to 5 · 1/√800 = 18 %
        assert np.mean(errors) == pytest.approx(moments.std() / moments.mean(), rel=0.18)


def test_units_are_counted_as_different_ones():
    layers, _ = stack([30, 20])
    weights, biases = layers[0].weights.copy(), np.zeros(20)
    assert layer_statistics.distinct_units(weights, biases) == 20
    weights[:, 5:] = weights[:, :1]
    assert layer_statistics.distinct_units(weights, biases) == 5
    biases[7] = 1.0
    assert layer_statistics.distinct_units(weights, biases) == 6


def test_what_is_expected_holds_most_of_what_is_measured():
    inside = []
    for seed in range(30):
        curves = judge(*stack([64] * 8, seed=seed)).curves
        inside += [curve.low[4] < curve.measured[4] < curve.high[4] for curve in curves]
    # 2.5 standard deviations leave 1.2 % outside; in a batch that strays less, fewer. Five of 60 come by once in 2000.
    assert inside.count(False) < 5


def test_unusual_data_are_expected_to_have_been_standardized():
    layers, batch = stack([64] * 5)
    (raw,) = {judge(layers, 1000 * batch).curves.forward.expected[0]}
    assert raw == pytest.approx(1.0, rel=0.2)
    assert judge(layers, 2 * batch).curves.forward.expected[0] == pytest.approx(4.0, rel=0.2)
    assert expectation.USUAL_INPUTS[0] < 4.0 < expectation.USUAL_INPUTS[1]


# What comes back


def test_a_diagnosis_has_a_picture_words_and_numbers_for_every_layer():
    diagnosis = judged(networks.read(*stack([30, 20, 20, 10], variance=50.0)))
    assert Image.open(io.BytesIO(diagnosis.image)).size == (920, 410)
    assert [layer.layer for layer in diagnosis.layers] == [1, 2, 3]
    assert {len(values) for values in diagnosis.table.values()} == {3}
    assert diagnosis.sentence in diagnosis.alt
    assert list(diagnosis.table["finding"]) == [layer.finding for layer in diagnosis.layers]


def test_the_sentence_begins_with_the_first_fault_and_its_remedy():
    diagnosis = judged(networks.read(*stack([50] * 15, variance=4.0)))
    assert diagnosis.sentence.startswith("Too large in layers 1 to 14 of 14. Layer 1: ")
    assert diagnosis.primary.remedy in diagnosis.sentence


def test_a_fault_comes_before_an_earlier_warning():
    rows = [
        LayerReport(number, "w", state, "x", "", "", "") for number, state in enumerate(("ok", "warning", "fault"), 1)
    ]
    assert Diagnosis(b"", "", tuple(rows)).primary.layer == 3
    assert Diagnosis(b"", "", tuple(rows[:2])).primary.layer == 2
    assert Diagnosis(b"", "", tuple(rows[:1])).primary is None


def test_a_notebook_shows_the_picture_with_alternative_text_and_a_table():
    reading = networks.read(*stack([30, 20, 10]))
    named = [redefined(layer, name="<b>") for layer in reading.layers]
    bundle = judged(reading._replace(layers=tuple(named)))._repr_mimebundle_()
    assert 'alt="Two curves over 2 layers' in bundle["text/html"]
    assert bundle["text/html"].count("<tr>") == 3
    assert "<b>Fine</b>" in bundle["text/html"]
    assert "&lt;b&gt;" in bundle["text/html"]
    assert '<td style="text-align:left"><b>' not in bundle["text/html"]
    assert bundle["text/plain"] == "Healthy: 2 layers, and each starts as it should."


def test_printed_a_diagnosis_is_its_verdict_and_a_paragraph_for_each_kind_of_finding():
    diagnosis = judged(networks.read(*stack([50] * 15, variance=4.0)))
    text = repr(diagnosis).splitlines()
    assert text[0] == f"Fault: {diagnosis.sentence}"
    assert text[2] == "fault: too large, layers 1 to 14 (layer 1, layer 2, layer 3 and 11 more)"
    assert len(text) < 15  # however many layers share it
    assert max(map(len, text[1:])) <= 100


def test_the_same_network_gets_the_same_diagnosis_twice():
    reading = networks.read(*stack([30] * 6, variance=9.0))
    assert judged(reading).image == judged(reading).image


# The picture


def curve(depth, factor):
    values = factor ** np.arange(1.0, depth + 1)
    return Curve(values, np.ones(depth), np.full(depth, 0.5), np.full(depth, 2.0))


def show(depth, factor, state, drawing=None):
    curves = Curves(curve(depth, factor), curve(depth, 1 / factor))
    return (drawing or Drawing(PICTURE)).show(view(curves, [state] * depth, "", Table())).image


def test_a_picture_updated_in_place_has_the_pixels_of_a_fresh_one():
    moved = Drawing(PICTURE)
    for depth, factor, state in ((20, 1.0, "ok"), (3, 0.5, "fault"), (20, 2.0, "warning"), (200, 0.99, "ok")):
        assert show(depth, factor, state, moved) == show(depth, factor, state)


@pytest.mark.parametrize("depth", mostly_long([1, 2, 10, 50, 200], (10,)))
def test_a_state_can_be_told_without_its_colour(depth):
    grey = [
        np.asarray(Image.open(io.BytesIO(show(depth, 1.0, state))).convert("L"), float)
        for state in ("ok", "warning", "fault")
    ]
    strip = slice(290, 330)
    dark = [np.mean(image[strip] < 40) for image in grey]  # the marks are black
    assert len(set(dark)) == 3


def test_a_layer_without_a_number_leaves_the_picture_whole():
    values = np.array([1.0, np.inf, np.nan])
    nothing = np.full(3, np.nan)
    odd = Curve(values, nothing, nothing, nothing)
    assert Drawing(PICTURE).show(view(Curves(odd, odd), ["ok", "fault", "ok"], "", Table())).image


def test_kinds_of_sound_networks_are_so_by_the_lights_of_theory():
    for kind in networks.KINDS:
        assert isinstance(kind, Kind)
        start = starts.suitable(kind.activation)
        scheme = {"he": 2.0, "lecun": 1.0, "orthogonal": 1.0, "glorot": 1.0}[kind.scheme.split("_")[0]]
        variance = (16.0 if "sigmoid" in kind.scheme else scheme) * kind.gain**2
        assert start.low - 1e-9 <= variance <= start.high * 1.001
