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
    with pytest.raises(ValueError, match=r"ends in '.pdf'; allowed are .html"):
        diagnosis.save(tmp_path / "report.pdf")


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


@pytest.mark.parametrize("source", ["mine", "no_such_module:network", "math:no_such_function"])
def test_the_command_says_what_it_cannot_read(source, capsys):
    assert command.main([source]) == 2
    assert capsys.readouterr().err.strip()


def test_importing_the_instrument_draws_nothing():
    heavy = "matplotlib", "ipywidgets", "sklearn", "torch"
    script = f"import sys, course.diagnosis; print([name for name in {heavy} if name in sys.modules])"
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=120, check=True)
    assert run.stdout.strip() == "[]"
