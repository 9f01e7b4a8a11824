"""The lab served alone by Voilà, for a projector: picture, scenes and sliders, and nothing from elsewhere."""

import contextlib
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import pytest
from exercise import BOARD
from explorer import EXPLORER, PICTURE, SENTENCE
from lab import ROOT, SCREENSHOTS
from playwright.sync_api import Browser, Page, expect

pytestmark = pytest.mark.long
(COMMAND,) = re.findall(r"^python3 -m uv run (voila .+)$", (ROOT / "README.md").read_text(encoding="utf-8"), re.M)
PATIENCE = 60_000
"""Milliseconds after which what was asked for has not come, on a busy machine too."""
OWN = ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR")


class Visit(NamedTuple):
    """The lab in a browser: the page, what it asked for, and what it complained of."""

    page: Page
    asked: list[str]
    complaints: list[str]


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def wait_for(url: str, server: subprocess.Popen, seconds: float = 60) -> None:
    """Wait until the server answers; opening the lab itself would start a kernel."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and server.poll() is None:
        with contextlib.suppress(ConnectionError):
            socket.create_connection((urlsplit(url).hostname, urlsplit(url).port), timeout=5).close()
            return
        time.sleep(0.2)
    raise RuntimeError("Voilà did not start")


@pytest.fixture(scope="module")
def address(tmp_path_factory) -> Iterator[str]:
    """The README's line, without the window that it opens."""
    folder = tmp_path_factory.mktemp("voila")
    name, *arguments = COMMAND.split()
    url = f"http://127.0.0.1:{free_port()}/"
    command = [sys.executable, "-m", name, *arguments, "--no-browser", f"--port={urlsplit(url).port}"]
    environment = {**os.environ, **{name: str(folder / name.lower()) for name in OWN}}
    with Path(folder, "log").open("wb") as log:
        server = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=subprocess.STDOUT)
    try:
        wait_for(url, server)
        yield url
    finally:
        server.terminate()
        server.wait(timeout=30)


@pytest.fixture(scope="module")
def visit(browser: Browser, address: str) -> Iterator[Visit]:
    """The lab on a projector of 1280 times 800 pixels."""
    page, asked, complaints = browser.new_page(viewport={"width": 1280, "height": 800}), [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(address)
    page.wait_for_selector(f"{PICTURE}[data-number]", timeout=60_000)
    yield Visit(page, asked, complaints)
    page.close()


def test_the_lab_opens_with_its_picture_its_sentence_and_no_code(visit):
    assert visit.page.locator(PICTURE).first.get_attribute("alt") == visit.page.locator(SENTENCE).first.inner_text()
    expect(visit.page.get_by_text("explorers.lab()")).to_have_count(0)


def test_the_exercises_whose_cells_nobody_could_edit_here_are_left_out(visit):
    expect(visit.page.get_by_role("heading", name="What happens if I change something?")).to_have_count(1)
    expect(visit.page.get_by_text(re.compile("Exercises|Write your answer"))).to_have_count(0)
    expect(visit.page.locator(BOARD)).to_have_count(0)


def test_arrow_keys_step_through_the_scenes_and_a_slider_moves_the_picture(visit):
    visit.page.get_by_role("button", name="Fifty tanh layers").focus()
    visit.page.keyboard.press("ArrowRight")
    expect(visit.page.locator(SENTENCE).first).to_contain_text("layer 100 carries", timeout=PATIENCE)
    visit.page.get_by_role("slider", name="depth").first.focus()
    visit.page.keyboard.press("Home")
    expect(visit.page.locator(SENTENCE).first).to_contain_text("single layer", timeout=PATIENCE)


def test_the_whole_picture_fits_the_projector(visit):
    visit.page.get_by_role("button", name="More", exact=True).first.click()
    visit.page.get_by_role("button", name="Projector").first.click()
    visit.page.wait_for_function(
        "picture => document.querySelector(picture).width > 1000", arg=PICTURE, timeout=PATIENCE
    )
    box = visit.page.locator(PICTURE).first.bounding_box()
    SCREENSHOTS.mkdir(exist_ok=True)
    visit.page.locator(EXPLORER).first.screenshot(path=SCREENSHOTS / "lab_in_voila_on_a_projector.png")
    assert 1000 < box["width"] <= 1280
    assert 500 < box["height"] < 800


def test_nothing_but_an_icon_font_of_voila_is_asked_of_other_machines_and_nothing_fails_without_it(visit):
    elsewhere = {url for url in visit.asked if urlsplit(url).hostname not in ("127.0.0.1", None)}
    assert {url for url in elsewhere if "fontawesome" not in url} == set()
    assert visit.complaints == []
