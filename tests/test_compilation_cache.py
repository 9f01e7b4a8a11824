"""What JAX has compiled serves the next start, on this kind of processor alone, and is never spoken of."""

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from course import compilation_cache

ROOT = Path(__file__).parent.parent
START = """
import jax
from course import compilation_cache
compilation_cache.keep_programs()
heard = []
jax.monitoring.register_event_listener(lambda event, **_: heard.append(event.split("/")[-1]))
print(float(jax.jit(lambda x: jax.numpy.tanh(x) + 1)(0.0)))
print(*heard)
"""
CHOSEN = ("JAX_COMPILATION_CACHE_DIR", "JAX_COMPILATION_CACHE_MAX_SIZE")


def start(home: Path, **variables: str) -> Counter:
    """Start a process with a home folder of its own, compile something, and count what JAX says of its cache."""
    inherited = {name: value for name, value in os.environ.items() if name not in CHOSEN}
    own = {"HOME": home, "USERPROFILE": home, "LOCALAPPDATA": home, "XDG_CACHE_HOME": home / "cache"}
    environment = {**inherited, **{name: str(value) for name, value in own.items()}, **variables}
    run = subprocess.run([sys.executable, "-c", START], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert (run.returncode, run.stderr) == (0, "")
    result, *heard = run.stdout.split()
    assert result == "1.0"
    return Counter(heard)


def kept(home: Path) -> list[Path]:
    return sorted(home.rglob("*-cache"))


def test_the_second_start_compiles_nothing(tmp_path):
    first, second = start(tmp_path), start(tmp_path)
    assert first["cache_misses"] > 0 == first["cache_hits"]
    assert second["cache_hits"] > 0 == second["cache_misses"]


def test_a_file_that_cannot_be_read_is_passed_over_without_a_word(tmp_path):
    start(tmp_path)
    for path in kept(tmp_path):
        path.write_bytes(b"not a program")
    assert start(tmp_path)["cache_hits"] == 0


def test_a_process_that_was_killed_while_it_kept_a_program_stops_no_later_one(tmp_path):
    start(tmp_path)
    for program in kept(tmp_path):
        program.unlink()
    program.with_name("half-cache").write_bytes(b"half a program")
    start(tmp_path)
    assert start(tmp_path)["cache_misses"] == 0


def test_a_folder_that_cannot_be_written_is_passed_over_without_a_word(tmp_path):
    (tmp_path / "cache").write_text("a file where the folder should be")
    assert start(tmp_path, LOCALAPPDATA=str(tmp_path / "cache"))["cache_hits"] == 0


@pytest.mark.long
def test_one_variable_of_jax_switches_it_off_and_another_names_the_folder(tmp_path):
    start(tmp_path, JAX_ENABLE_COMPILATION_CACHE="0")
    assert kept(tmp_path) == []
    start(tmp_path / "home", JAX_COMPILATION_CACHE_DIR=str(tmp_path / "chosen"))
    assert kept(tmp_path / "home") == []


@pytest.mark.skipif(not Path("/proc/cpuinfo").exists(), reason="other systems name their processor otherwise")
def test_another_processor_has_another_folder(monkeypatch):
    here, text = compilation_cache.processor(), Path("/proc/cpuinfo").read_text(encoding="utf-8")
    assert compilation_cache.processor() == here
    monkeypatch.setattr(Path, "read_text", lambda *_, **__: text.replace("flags", "flags of another kind"))
    assert compilation_cache.processor() != here
