"""What all tests share: compiled programs kept on the disk, one set of explorers, nothing left open behind a test."""

import gc
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import jax
import pytest
from filelock import FileLock
from ipywidgets.widgets.widget import _instances as open_widgets
from random_states import canvas_of, opened
from small_site import write_small_site

from course import compilation_cache
from course.live.explorer import Explorer
from course.probes import programs


def pytest_configure(config: pytest.Config) -> None:
    """Let workers, and the kernels that they start, compile each program and each file once on this machine."""
    folder = config.cache.mkdir("programs")
    compilation_cache.give_times(folder)  # a run may have been killed
    settings = {
        "jax_compilation_cache_dir": str(folder),
        "jax_compilation_cache_max_size": 2**28,  # which makes processes wait for one another's files
        "jax_persistent_cache_min_compile_time_secs": 0.0,
        "jax_persistent_cache_min_entry_size_bytes": -1,
    }
    for name, value in settings.items():
        os.environ[name.upper()] = str(value)
        jax.config.update(name, value)
    os.environ["OPENBLAS_NUM_THREADS"] = "1"  # in workers and kernels, which share the cores among them
    os.environ["PYTHONWARNINGS"] = "error::RuntimeWarning,ignore:Proactor event loop:RuntimeWarning"  # on pages too
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    sys.dont_write_bytecode = False


_shared: set[str] = set()
"""The widgets of the explorers that are kept from test to test."""


@pytest.fixture(autouse=True)
def _nothing_stays_open() -> Iterator[None]:
    """Close the widgets that a test has opened: ipywidgets would keep them all."""
    before = set(open_widgets)
    yield
    for name in set(open_widgets) - before - _shared:
        if name in open_widgets:
            open_widgets[name].close()


@pytest.fixture(autouse=True, scope="module")
def _no_program_stays() -> Iterator[None]:
    """Drop compiled programs and drawn networks after each file: the programs are on the disk."""
    yield
    for name, module in list(sys.modules.items()):
        if name.startswith(("course.probes", "course.training")):
            for function in vars(module).values():
                if hasattr(function, "cache_clear"):
                    function.cache_clear()
    programs._kept.clear()
    programs._memory.clear()
    jax.clear_caches()
    gc.collect()
    programs.return_freed_memory()


class Explorers:
    """One explorer of each name, opened when first needed; a test finds it as it was opened."""

    def __init__(self):
        self._opened: dict[str, Explorer] = {}
        self._as_opened: set[str] = set()

    def __getitem__(self, name: str) -> Explorer:
        if name not in self._opened:
            before = set(open_widgets)
            self._opened[name] = opened(name)
            _shared.update(set(open_widgets) - before)
        elif name not in self._as_opened:
            self._bring_back(self._opened[name])
        self._as_opened.add(name)
        return self._opened[name]

    def _bring_back(self, explorer: Explorer) -> None:
        explorer.screen.pixel_ratio, explorer.screen.room = 1.0, []
        canvas_of(explorer).forget()
        explorer.reset()
        explorer.state = {"projector": False}

    def may_have_moved(self) -> None:
        """Let the next test begin from the start again."""
        self._as_opened.clear()


_explorers = Explorers()


@pytest.fixture
def moved() -> Iterator[Explorers]:
    """Every explorer by its name, as it was opened; moving it hurts no other test."""
    yield _explorers
    _explorers.may_have_moved()


@pytest.fixture(scope="session")
def small_site(tmp_path_factory, worker_id) -> Path:
    """A site of one page, written once for all workers."""
    own = tmp_path_factory.getbasetemp()
    folder = (own if worker_id == "master" else own.parent) / "site"
    with FileLock(f"{folder}.lock"):
        if not folder.exists():
            write_small_site(folder)
    return folder
