"""What a diagnosis is good for afterwards: code, the mended network, files, the command line."""

import json
import subprocess
import sys

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from course.diagnosis import __main__ as command
from course.diagnosis import diagnose

RANDOM = np.random.default_rng(3)
BATCH = RANDOM.standard_normal((64, 64)).astype(np.float32)


def layers(std: float) -> list[tuple[np.ndarray, str | None]]:
    rows = [(std * RANDOM.standard_normal((64, 64)).astype(np.float32), "relu") for _ in range(8)]
    return [*rows, (RANDOM.standard_normal((64, 10)).astype(np.float32) / 8, None)]


def function(parameters, batch):
    for weights in parameters[:-1]:
        batch = jax.nn.relu(batch @ weights)
    return batch @ parameters[-1]


NETWORKS = {
    "list": lambda: layers(0.01),
    "function": lambda: (function, [jnp.asarray(weights) for weights, _ in layers(0.01)]),
}


@pytest.mark.parametrize("kind", NETWORKS)
def test_the_mended_network_is_healthy_and_the_first_is_kept(kind):
    network = NETWORKS[kind]()
    diagnosis = diagnose(network, BATCH)
    assert diagnosis.primary.finding == "too small"
    assert diagnose(diagnosis.mended(), BATCH).healthy
    assert diagnose(network, BATCH).sentence == diagnosis.sentence


def test_equal_weights_are_drawn_anew_and_loud_biases_start_at_0():
    network = [(np.zeros((64, 64), np.float32), np.full(64, -9.0, np.float32), "relu"), *layers(2**0.5 / 8)]
    network[3] = (network[3][0], np.full(64, -9.0, np.float32), "relu")
    diagnosis = diagnose(network, BATCH)
    mended = diagnosis.mended()
    assert np.std(mended[0].weights) > 0.1
    assert not mended[3].biases.any()


def normal(*shape: int, std: float = 1.0) -> jax.Array:
    return jnp.asarray(std * RANDOM.standard_normal(shape), jnp.float32)


def he(n: int, m: int) -> jax.Array:
    return normal(n, m, std=(2 / n) ** 0.5)


def siren(p, x):
    x = jnp.sin(30 * (x @ p["a"]))
    for w in p["b"]:
        x = jnp.sin(30 * (x @ w))
    return x @ p["c"]


def residual(p, x):
    for w, v in zip(p["w"], p["v"], strict=True):
        x = x + jax.nn.relu(x @ w) @ v
    return x @ p["out"]


def one_sided(p, x):
    for w in p["w"]:
        x = x + jax.nn.relu(x @ w)
    return x @ p["out"]


def hyper(p, x):
    for z in p["z"]:
        x = jax.nn.relu(x @ (z @ p["make"]).reshape(32, 32))
    return x @ p["out"]


def scanned(p, x):
    return jax.lax.scan(lambda x, w: (jax.nn.relu(x @ w), None), x, p["w"])[0] @ p["out"]


def scanned_along_the_second_axis(p, x):
    turn = jnp.moveaxis(p["w"], 1, 0)
    return jax.lax.scan(lambda x, w: (jax.nn.relu(x @ w), None), x, turn)[0] @ p["out"]


def lora(p, x):
    x = x @ jax.lax.stop_gradient(p["frozen"]) + x @ p["down"] @ p["up"]
    return jax.nn.relu(x) @ p["out"]


def uniform(n: int, m: int) -> jax.Array:
    return jnp.asarray(RANDOM.uniform(-(n**-0.5), n**-0.5, (n, m)), jnp.float32)


OUT = he(32, 5)
SICK = {
    "a sine with ω in the default start": (
        siren,
        lambda: {"a": uniform(32, 32), "b": [uniform(32, 32) for _ in range(3)], "c": uniform(32, 5)},
        {"b.0", "b.1", "b.2"},
    ),
    "a long residual network": (
        residual,
        lambda: {"w": [he(32, 32) for _ in range(14)], "v": [he(32, 32) for _ in range(14)], "out": OUT},
        {f"v.{place}" for place in range(14)},
    ),
    "branches that answer above 0": (
        one_sided,
        lambda: {"w": [he(32, 32) for _ in range(14)], "out": OUT},
        {f"w.{place}" for place in range(14)},
    ),
    "a generator": (hyper, lambda: {"z": normal(3, 8), "make": normal(8, 1024), "out": OUT}, {"make"}),
    "a stack": (
        scanned,
        lambda: {"w": normal(5, 32, 32, std=0.02), "out": OUT},
        {f"w[{place}]" for place in range(5)},
    ),
    "a stack along its second axis": (
        scanned_along_the_second_axis,
        lambda: {"w": normal(32, 5, 32, std=0.02), "out": OUT},
        {f"w[:, {place}]" for place in range(5)},
    ),
    "two loud factors beside what is frozen": (
        lora,
        lambda: {"frozen": he(32, 32), "down": normal(32, 4), "up": normal(4, 32), "out": OUT},
        {"up", "down"},
    ),
    "two factors of 0": (
        lora,
        lambda: {"frozen": he(32, 32), "down": jnp.zeros((32, 4)), "up": jnp.zeros((4, 32)), "out": OUT},
        {"down"},
    ),
}
VECTORS = RANDOM.standard_normal((64, 32)).astype(np.float32)


@pytest.mark.parametrize("kind", SICK)
def test_words_code_and_the_mended_network_change_the_same(kind):
    network, start, changed = SICK[kind]
    parameters = start()
    diagnosis = diagnose((network, parameters), VECTORS)
    assert {one.parameter for one in diagnosis.changes} == changed, str(diagnosis)
    lines = [line for row in (*diagnosis.layers, *diagnosis.whole) for line in row.code.splitlines()]
    assert len(lines) == len(set(lines)) == len(changed), lines
    again = diagnose(diagnosis.mended(), VECTORS)
    assert again.healthy, str(again)


def test_a_number_in_code_is_the_one_that_mends():
    network, start, _ = SICK["a sine with ω in the default start"]
    diagnosis = diagnose((network, start()), VECTORS)
    primary = diagnosis.primary
    (change,) = primary.changes
    std = float(np.std(diagnosis.mended()[1]["b"][0]))
    assert std == pytest.approx(change.std, rel=1e-3)
    assert f"{std:.2g}" in primary.remedy
    assert float(primary.code.split()[0]) == pytest.approx(std, rel=0.01)


def test_the_sentence_of_several_layers_says_whose_numbers_it_has():
    assert "Layer 1: The standard deviation" in str(diagnose(layers(0.01), BATCH)).split("\n\n")[1]


def test_mended_says_what_it_cannot_mend():
    loud = 100 * BATCH
    with pytest.raises(ValueError, match=r"no change of a parameter .* unscaled inputs: divide by 10"):
        diagnose(layers(2**0.5 / 8), loud).mended()
    both = layers(2**0.5 / 8)
    both[3] = (np.zeros((64, 64), np.float32), "relu")
    with pytest.warns(UserWarning, match="not mended, unscaled inputs"):
        diagnose(both, loud).mended()


def test_targets_beside_the_inputs_leave_the_line_for_unscaled_inputs_as_it_is():
    network = (function, [he(64, 64), he(64, 5)])
    pixels = RANDOM.integers(0, 256, (64, 64)).astype(np.float32)
    said = diagnose(network, (pixels, RANDOM.integers(0, 5, 64)))
    assert said.primary.code.startswith("inputs = (inputs - 1")
    assert "4.weight" not in str(said.changes)
    assert not said.changes, "the last layer is loud because the data are"


@pytest.mark.parametrize(("factor", "shift"), [(5e4, 2e5), (30.0, 0.0), (0.01, 90.0)])
def test_data_of_which_one_feature_is_off_are_standardized_feature_by_feature(factor, shift):
    network, data = layers(2**0.5 / 8), BATCH.copy()
    data[:, 3] = factor * data[:, 3] + shift
    said = diagnose(network, data)
    assert said.primary.finding == "unscaled inputs"
    line = {"inputs": data}
    exec(said.primary.code, line)
    np.testing.assert_allclose(line["inputs"].std(0), 1, atol=1e-3)
    assert diagnose(network, line["inputs"]).healthy


def cosine(p, x):
    x = jnp.tanh(x @ p["w"])
    unit = [part / jnp.linalg.norm(part, axis=axis, keepdims=True) for part, axis in ((x, 1), (p["out"], 0))]
    return 30 * unit[0] @ unit[1]


def test_weights_whose_scale_changes_nothing_are_not_advised_to_be_smaller():
    network = cosine, {"w": normal(32, 32, std=32**-0.5), "out": normal(32, 10)}
    said = diagnose(network, (VECTORS, RANDOM.integers(0, 10, 64)))
    assert said.primary.finding == "first loss too high"
    assert said.primary.remedy.startswith("Make the first answers smaller")
    assert not said.changes


def test_a_table_that_is_the_last_layer_too_is_drawn_by_its_whole_fan():
    def network(p, x):
        x = p["table"][x]
        for w in p["w"]:
            y = x / jnp.sqrt(jnp.mean(x**2, -1, keepdims=True) + 1e-6)
            x = x + 0.1 * jnp.tanh(y @ w)
        return (x / jnp.sqrt(jnp.mean(x**2, -1, keepdims=True) + 1e-6)) @ p["table"].T

    p = {"table": normal(50, 64), "w": [normal(64, 64, std=1 / 8) for _ in range(2)]}
    tokens = RANDOM.integers(0, 50, 64)
    batch = tokens, RANDOM.integers(0, 50, 64)
    said = diagnose((network, p), batch)
    assert "std 1/fan_in = 0.016" in said.sentence, str(said)
    again = diagnose(said.mended(), batch)
    assert "first loss too high" not in str(again), str(again)


def test_weights_that_are_all_one_number_are_said_to_be():
    network = [(np.full((64, 64), 0.05), RANDOM.standard_normal(64) / 8, "tanh"), *layers(2**0.5 / 8)]
    assert "Its weights are all 0.05." in str(diagnose(network, RANDOM.random((64, 64))))


def test_the_answers_of_a_layer_behind_a_fault_are_not_said_to_be_luck():
    last = RANDOM.standard_normal((64, 1)).astype(np.float32) / 8
    *_, layer = diagnose([*layers(0.01)[:2], (last, None)], BATCH).layers
    assert (layer.state, layer.reason) == ("ok", "Its own start is right; it answers to what it receives.")


def test_a_sentence_does_not_begin_with_the_name_of_a_parameter():
    p = {"enc": jnp.zeros((64, 8)), "dec": jnp.zeros((8, 64))}
    reasons = [row.reason for row in diagnose((lambda p, x: x @ p["enc"] @ p["dec"], p), BATCH).whole]
    assert "A product of zeros stays 0: enc, dec are 0 throughout." in reasons


def test_what_is_saved_is_what_was_found(tmp_path):
    diagnosis = diagnose(layers(0.01), BATCH)
    for name in ("report.html", "report.png", "report.json", "report.txt"):
        diagnosis.save(tmp_path / name)
    saved = json.loads((tmp_path / "report.json").read_text("utf-8"))
    assert saved["sentence"] == diagnosis.sentence
    assert [row["finding"] for row in saved["layers"]] == [row.finding for row in diagnosis.layers]
    assert diagnosis.sentence.split(".")[0] in (tmp_path / "report.html").read_text("utf-8")
    assert (tmp_path / "report.png").read_bytes() == diagnosis.image
    assert (tmp_path / "report.txt").read_text("utf-8") == str(diagnosis)
    diagnosis.save(f"{tmp_path}/AGAIN.TXT")
    assert (tmp_path / "AGAIN.TXT").read_text("utf-8") == str(diagnosis)


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        ("report.pdf", r"the path report.pdf ends in '.pdf'; allowed are .html"),
        ("report", r"ends in ''; allowed are .html"),
        ("no such folder/report.html", "the folder no such folder does not exist"),
        (3, "the path is 3; allowed is the name of a file"),
    ],
)
def test_a_file_that_cannot_be_written_is_told_why(path, sentence, monkeypatch, capsys):
    with pytest.raises(ValueError, match=sentence):
        diagnose(layers(2**0.5 / 8), BATCH).save(path)
    monkeypatch.setattr(command, "_of", lambda *_: pytest.fail("the network was looked at in vain"))
    if isinstance(path, str):
        assert command.main(["mine:network", "--save", path]) == 2
        assert len(capsys.readouterr().err.splitlines()) == 1


@pytest.mark.parametrize(("name", "code"), [("sick", 1), ("sound", 0)])
def test_the_command_prints_the_verdict_and_returns_it(name, code, tmp_path, monkeypatch, capsys):
    (tmp_path / "mine.py").write_text(
        "import numpy as np\n"
        "def drawn(std):\n"
        "    random = np.random.default_rng(0)\n"
        "    layers = [(std * random.standard_normal((64, 64)), 'relu') for _ in range(8)]\n"
        "    return layers, random.standard_normal((64, 64))\n"
        "def sick(): return drawn(0.01)\n"
        "def sound(): return drawn((2 / 64) ** 0.5)\n",
        "utf-8",
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    assert command.main([f"mine:{name}", "--save", "report.txt"]) == code
    assert capsys.readouterr().out.rstrip("\n") == (tmp_path / "report.txt").read_text("utf-8")


SOURCES = "mine", "no_such_module:network", "math:no_such_function", "math:pi", "textwrap:indent"


@pytest.mark.parametrize("source", SOURCES)
def test_the_command_says_what_it_cannot_read(source, capsys):
    assert command.main([source]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_importing_the_instrument_draws_nothing():
    heavy = "matplotlib", "ipywidgets", "sklearn", "torch"
    script = f"import sys, course.diagnosis; print([name for name in {heavy} if name in sys.modules])"
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=120, check=True)
    assert run.stdout.strip() == "[]"
