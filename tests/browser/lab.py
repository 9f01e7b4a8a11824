"""A real JupyterLab on a free port and a real browser: what a reader of the course sees, hears of, and can press."""

import ast
import contextlib
import json
import os
import re
import secrets
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import nbformat
import pytest
from playwright.sync_api import Browser, ConsoleMessage, Playwright, Response

from course.handouts.browsers import find_browser

ROOT = Path(__file__).parents[2]
SCREENSHOTS = ROOT / "screenshots"
SETTINGS = {
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
    # All cells are in the page at once, also those that are far below the window.
    "notebook-extension/tracker": {"windowingMode": "none"},
    "docmanager-extension/plugin": {"autosave": False},
}
"""Settings of JupyterLab that these tests need; a reader needs none of them."""
SUBSHELLS = "apputils-extension/kernels-settings"
HARMLESS: Mapping[str, str] = {
    r"KeyboardInterrupt caught in kernel": "a kernel that is restarted is interrupted first",
    "Debugger warning|make the debugger|to python to disable|Debugging will proceed": "Python's debugger, at its start",
    "No such comm target registered: jupyter.widget.control": "JupyterLab asks a new kernel for the widgets of the old",
    r"WebSocketClosedError|iostream\.StreamClosedError": "Jupyter Server writes to a tab that has just been closed",
    "No such comm: ": "JupyterLab closes the widgets of the old kernel after a restart",
}
"""Complaints that are no fault of the course: a regular expression, and whose they are."""
LOGGED_FAULT = re.compile(r"Traceback.*\n(?:\s.*\n)*.*|.*(?:\bERROR\b|\[E \d|\bCRITICAL\b|Exception|Warning: ).*")
"""A line of the server's log that tells of a fault; a traceback whole, down to the line that names the exception."""


def required_browser(environ: Mapping[str, str]) -> str:
    """Return the browser; without one the test is skipped, and fails where CI is set."""
    if found := find_browser(environ):
        return found
    reason = "no Chrome or Chromium was found; install one, or name one in COURSE_BROWSER"
    if environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


@contextlib.contextmanager
def launched(playwright: Playwright, path: str) -> Iterator[Browser]:
    """Run the browser without a window."""
    quiet = ["--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update"]
    browser = playwright.chromium.launch(executable_path=path, args=quiet)
    try:
        yield browser
    finally:
        browser.close()


class Lab:
    """A JupyterLab server of its own: a copy of the pages, settings and folders that nobody else uses."""

    def __init__(self, folder: Path):
        self.pages, self._settings, self._runtime = folder / "pages", folder / "settings", folder / "runtime"
        self._log, self.token = folder / "server.log", secrets.token_hex(16)
        shutil.copytree(ROOT / "notebooks", self.pages, ignore=shutil.ignore_patterns(".ipynb_checkpoints"))
        for name, values in SETTINGS.items():
            self.set(name, values)
        folders = {
            "JUPYTER_CONFIG_DIR": "configuration",
            "JUPYTER_DATA_DIR": "data",
            "JUPYTER_RUNTIME_DIR": "runtime",
            "JUPYTERLAB_SETTINGS_DIR": "settings",
            "JUPYTERLAB_WORKSPACES_DIR": "workspaces",
            "IPYTHONDIR": "ipython",
        }
        own = {name: str(folder / part) for name, part in folders.items()}
        self._process = self._start({**os.environ, **own})
        self.url = self._wait_until_it_answers()

    def _start(self, environment: Mapping[str, str]) -> subprocess.Popen:
        options = {
            "ServerApp.port": 0,
            "ServerApp.root_dir": self.pages,
            "IdentityProvider.token": self.token,
            "LabApp.expose_app_in_browser": True,
            "ServerApp.allow_root": True,
        }
        command = [sys.executable, "-m", "jupyterlab", "--no-browser"]
        command += [f"--{name}={value}" for name, value in options.items()]
        with self._log.open("wb") as log:
            return subprocess.Popen(command, env=environment, stdout=log, stderr=subprocess.STDOUT)

    def _wait_until_it_answers(self, seconds: float = 60) -> str:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and self._process.poll() is None:
            for record in self._runtime.glob("jpserver-*.json"):
                with contextlib.suppress(json.JSONDecodeError, urllib.error.URLError, ConnectionError):
                    url = json.loads(record.read_text(encoding="utf-8"))["url"]
                    urllib.request.urlopen(f"{url}api/status?token={self.token}", timeout=5).close()
                    return url
            time.sleep(0.1)
        self.stop()
        raise RuntimeError(f"JupyterLab did not start:\n{self.log()}")

    def set(self, name: str, values: Mapping[str, Any]) -> None:
        """Change a reader's settings of an extension, for pages opened from now on; `{}` takes them back."""
        path = self._settings / "@jupyterlab" / f"{name}.jupyterlab-settings"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(values), encoding="utf-8")

    def write(self, name: str, cells: Sequence[str]) -> str:
        """Write a page of code cells, and give its path."""
        page = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
        page.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
        nbformat.write(page, self.pages / name)
        return name

    def log(self) -> str:
        """What the server and its kernels have written so far."""
        return self._log.read_text(encoding="utf-8", errors="replace")

    def stop(self) -> None:
        """End the server and its kernels."""
        self._process.terminate()
        self._process.wait(timeout=30)


PREPARE = r"""() => {
    const panel = window.jupyterapp.shell.currentWidget;
    window.course = {kernel: [], loads: [], panel};
    panel.sessionContext.iopubMessage.connect((_, message) => {
        const {header, content} = message, lines = window.course.kernel;
        if (header.msg_type === "error") lines.push(`${content.ename}: ${content.evalue}`);
        if (header.msg_type === "stream" && content.name === "stderr") lines.push(...content.text.trim().split("\n"));
    });
    document.addEventListener("load", event => {
        if (event.target.tagName === "IMG") window.course.loads.push(performance.now());
    }, true);
}"""
"""Keep everything that the kernel complains of, whichever cell it belongs to, and the time of every picture shown."""

READY = """() => {
    const panel = window.jupyterapp?.shell.currentWidget;
    const kernel = panel?.sessionContext?.session?.kernel;
    return panel?.sessionContext?.isReady && kernel?.connectionStatus === "connected" && kernel.status === "idle";
}"""

ASK = """async expression => {
    const kernel = window.course.panel.sessionContext.session.kernel;
    const user_expressions = {answer: `__import__("json").dumps(${expression})`};
    const request = {code: "", silent: false, store_history: false, user_expressions};
    let reply;
    do reply = (await kernel.requestExecute(request).done).content;
    while (reply.status === "aborted");  // as all requests are that wait when a cell fails
    const answer = reply.user_expressions?.answer;
    if (answer?.status !== "ok") throw new Error(answer ? `${answer.ename}: ${answer.evalue}` : reply.status);
    return answer.data["text/plain"];
}"""

SETTLE = """async () => {
    const ask = ASK, frame = () => new Promise(requestAnimationFrame);
    const onItsWay = () => document.querySelector(".course-explorer [aria-busy=true]")
        || [...document.querySelectorAll(".course-picture")].some(picture => !picture.complete);
    let waited;
    do {
        await ask("None");
        await ask("None");
        waited = onItsWay();
        await frame();
        await frame();
    } while (waited || onItsWay());
}"""


class Tab:
    """One page of the course, open in one tab of the browser."""

    def __init__(self, lab: Lab, browser: Browser, path: str, **context: Any):
        self._lab, self._logged, self._complaints = lab, len(lab.log()), []
        self._context = browser.new_context(**{"viewport": {"width": 1300, "height": 1000}, **context})
        self.page = self._context.new_page()
        self.page.set_default_timeout(60_000)
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self._complaints.append(f"page: {error}"))
        self.page.on("response", self._answered)
        self.page.goto(f"{lab.url}lab/tree/{path}?token={lab.token}&reset")
        self.page.wait_for_function(READY)
        self.page.evaluate(PREPARE)
        self.page.evaluate("window.jupyterapp.shell.collapseLeft()")

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self._complaints.append(f"console: {message.text} ({message.location['url']})")

    def _answered(self, response: Response) -> None:
        if response.status >= 400:
            self._complaints.append(f"server: {response.status} for {response.url}")

    def faults(self) -> list[str]:
        """Everything that went wrong since the page was opened: console, server, cells, kernel."""
        said = [f"kernel: {text}" for text in self.page.evaluate("window.course.kernel")]
        logged = [f"log: {fault[0]}" for fault in LOGGED_FAULT.finditer(self._lab.log()[self._logged :])]
        complaints = [*self._complaints, *said, *logged]
        return [text for text in complaints if not any(re.search(known, text) for known in HARMLESS)]

    def run_all(self) -> None:
        """Run all cells from top to bottom, and wait for their last outputs."""
        self.command("notebook:run-all-cells")
        self.settle()

    def run_cell(self, number: int) -> None:
        """Start the code cell of this number, from 0, and do not wait for it."""
        self.page.evaluate(
            """number => {
                window.course.panel.content.activeCellIndex = number;
                window.course.running = window.jupyterapp.commands.execute("notebook:run-cell");
                window.course.running.then(() => window.course.running = null);
            }""",
            number,
        )

    def restart(self) -> None:
        """Restart the kernel, as the menu does."""
        self.page.evaluate("window.course.panel.sessionContext.restartKernel()")
        self.page.wait_for_function(READY)

    def command(self, name: str, **arguments: Any) -> None:
        """Call a command of JupyterLab and wait until it is done."""
        call = "async ([name, given]) => { await window.jupyterapp.commands.execute(name, given); }"
        self.page.evaluate(call, [name, arguments])

    def ask(self, expression: str) -> Any:
        """Return the value of an expression in the page's kernel, through JSON, after all that it was told before."""
        return json.loads(ast.literal_eval(self.page.evaluate(ASK, expression)))

    def settle(self) -> None:
        """Wait until the kernel has answered to every move, and every picture has the room that the page has.

        A slider sends its next value when the one before has been dealt with: so the second question comes
        after all of them.
        """
        self.page.evaluate(SETTLE.replace("ASK", ASK))

    def leave(self) -> None:
        """Close the tab; the page's kernel runs on."""
        self._context.close()

    def close(self) -> None:
        """End the page's kernel and close the tab."""
        self.page.evaluate("async () => { await window.course.panel.sessionContext.shutdown(); }")
        self.leave()
