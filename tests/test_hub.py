"""The hub for a class: what students get, what they cannot break, and what is there the next day."""

import asyncio
import importlib
import itertools
import os
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
import yaml

pytest.importorskip("jupyterhub", reason="JupyterHub is not installed: it runs on Linux and macOS only")

from hub import CONFIG, Hub, Student, free_ports, running, students

sys.path.insert(0, str(CONFIG.parent))
settings, spawners, student = (importlib.import_module(name) for name in ("settings", "spawners", "student"))
VALUES = yaml.safe_load(CONFIG.with_name("values.yaml").read_text(encoding="utf-8"))
XAVIER = "05_xavier.ipynb"


def test_a_student_gets_the_missing_pages_and_keeps_what_is_there(tmp_path):
    pages, own = tmp_path / "pages", tmp_path / "own"
    pages.mkdir(), own.mkdir()
    (pages / "one.ipynb").write_text("new"), (pages / "two.ipynb").write_text("new")
    (own / "one.ipynb").write_text("my work")
    student.copy_missing(pages, own)
    assert [(own / name).read_text() for name in ("one.ipynb", "two.ipynb")] == ["my work", "new"]


def test_no_class_is_served_as_one_user_unseen(tmp_path):
    environment = {name: value for name, value in os.environ.items() if name != "COURSE_TRIAL"}
    started = subprocess.run(
        [sys.executable, "-m", "jupyterhub", "-f", str(CONFIG)],
        cwd=tmp_path,
        env=environment | {"COURSE_CLASS": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert started.returncode != 0
    assert "all students are then one user" in started.stderr


def test_a_cluster_has_the_settings_of_the_hub_on_one_machine():
    environment = VALUES["singleuser"]["extraEnv"]
    shared = {name for name in settings.ENVIRONMENT if name in environment and "/" not in environment[name]}
    assert shared >= {"OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MALLOC_ARENA_MAX"}
    assert {name: environment[name] for name in shared} == {name: settings.ENVIRONMENT[name] for name in shared}


def test_a_cluster_starts_what_the_image_has():
    command = [Path(word) for word in VALUES["singleuser"]["cmd"] if word.startswith("/srv/course/")]
    assert [(CONFIG.parents[2] / path.relative_to("/srv/course")).is_file() for path in command] == [True]


def test_no_two_students_get_one_port_and_none_a_port_that_is_taken(monkeypatch):
    assert len({spawners.free_port() for _ in range(100)}) == 100
    taken, free = free_ports(2)
    monkeypatch.setattr(spawners, "_turn", itertools.cycle([taken, free]))
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", taken))
        assert spawners.free_port() == free


async def come(student: Student) -> None:
    await student.arrive()
    await student.open_kernel()
    await student.see_first_picture()


async def come_and_move(there: list[Student]) -> list[float]:
    """Let students come at once, and move at once; a move that is lost raises an error."""
    await asyncio.gather(*(come(one) for one in there))
    return await asyncio.gather(*(one.move(depth) for depth in (20, 40, 60) for one in there))


async def have_a_class(hub: Hub, count: int) -> None:
    """Let students come and move; one breaks what can be broken, and none of the others is hurt."""
    with students(hub, count) as there:
        assert len(await come_and_move(there)) == 3 * count
        first, second = there[:2]
        await fill_the_memory(first)
        await loop_for_ever(first, second)
        await lose_the_connection(first)
        (hub.folder / "students" / first.name / "course" / XAVIER).write_text("my work")


async def fill_the_memory(student: Student) -> None:
    with pytest.raises(RuntimeError, match="MemoryError"):
        await student.run("import numpy; numpy.ones(2**28)")
    assert await student.run("print('still here')") == "still here\n"


async def loop_for_ever(student: Student, other: Student) -> None:
    loop = asyncio.create_task(student.run("print('begun', flush=True)\nwhile True: pass"))
    while student.text != "begun\n":
        await asyncio.sleep(0.1)
    await other.move(30)
    await student.hub.fetch(f"/user/{student.name}/api/kernels/{student.kernel}/interrupt", "POST")
    with pytest.raises(RuntimeError, match="KeyboardInterrupt"):
        await loop


async def lose_the_connection(student: Student) -> None:
    await student.run("kept = 5")
    student.disconnect()
    await student.connect()
    assert await student.run("print(kept)") == "5\n"


async def come_back(hub: Hub) -> None:
    """Come the next day: the work is there, the kernel is new."""
    with students(hub, 1) as (first,):
        await come(first)
        with pytest.raises(RuntimeError, match="NameError"):
            await first.run("kept")
        assert (hub.folder / "students" / first.name / "course" / XAVIER).read_text() == "my work"


async def two_days(folder: Path, count: int) -> None:
    async with running(folder) as hub:
        await have_a_class(hub, count)
    async with running(folder) as hub:
        await come_back(hub)


async def one_lesson(count: int) -> list[float]:
    async with running() as hub:
        with students(hub, count) as there:
            return await come_and_move(there)


def test_three_students_see_their_pictures_move():
    assert len(asyncio.run(one_lesson(3))) == 9


@pytest.mark.long
def test_ten_students_lose_no_move_and_one_hurts_no_other_on_two_days():
    with tempfile.TemporaryDirectory(prefix="class", dir="/tmp") as folder:
        asyncio.run(two_days(Path(folder), 10))
