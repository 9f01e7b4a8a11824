"""What the tests in a browser share: one browser a file, one JupyterLab a worker."""

import os
from collections.abc import Iterator

import pytest
from lab import Lab, launched, required_browser
from playwright.sync_api import Browser, expect, sync_playwright

expect.set_options(timeout=60_000)  # milliseconds: a busy machine is no fault of a page


@pytest.fixture(scope="session")
def lab(tmp_path_factory) -> Iterator[Lab]:
    """A JupyterLab on a copy of the pages."""
    required_browser(os.environ)
    server = Lab(tmp_path_factory.mktemp("lab"))
    try:
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A browser; Playwright holds an event loop while it is open, so it is closed at the end of each file."""
    path = required_browser(os.environ)
    with sync_playwright() as playwright, launched(playwright, path) as opened:
        yield opened
