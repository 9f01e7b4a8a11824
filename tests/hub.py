"""A hub in processes of its own, and students who talk to it as a browser does: over HTTP and websockets."""

import asyncio
import contextlib
import itertools
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
from jupyter_server.services.kernels.connection.base import deserialize_binary_message
from tornado.httpclient import AsyncHTTPClient, HTTPClientError, HTTPRequest
from tornado.websocket import websocket_connect

CONFIG = Path(__file__).parents[1] / "binder" / "hub" / "jupyterhub_config.py"
WITH_INSTRUCTOR = """
load_subconfig({config!r})
c.JupyterHub.bind_url = {url!r}
c.JupyterHub.hub_port = {hub_port}
c.ConfigurableHTTPProxy.api_url = "http://127.0.0.1:{proxy_port}"
c.JupyterHub.log_level = "WARN"
c.JupyterHub.services = [*c.JupyterHub.services, {{"name": "instructor", "api_token": {token!r}}}]
scopes = ["admin:users", "admin:servers", "access:servers"]
role = {{"name": "instructor", "services": ["instructor"], "scopes": scopes}}
c.JupyterHub.load_roles = [*c.JupyterHub.load_roles, role]
"""
FIRST_PICTURE = """
from course import explorers
explorer = explorers.signal_propagation()
print(explorer.controls["depth"].model_id, explorer.screen.model_id)
"""
PATIENCE = 60.0
"""Seconds after which an answer is lost."""


def free_ports(count: int) -> list[int]:
    """Return numbers of ports that nobody listens to."""
    with contextlib.ExitStack() as open_ones:
        listeners = [open_ones.enter_context(socket.socket()) for _ in range(count)]
        for listener in listeners:
            listener.bind(("127.0.0.1", 0))
        return [listener.getsockname()[1] for listener in listeners]


class Hub:
    """A hub that runs: its address, the token of an instructor, its processes."""

    def __init__(self, folder: Path, environment: dict[str, str]):
        port, hub_port, proxy_port = free_ports(3)
        self.url, self.token, self.folder = f"http://127.0.0.1:{port}", secrets.token_hex(16), folder
        names = {"config": str(CONFIG), "url": self.url, "hub_port": hub_port, "proxy_port": proxy_port}
        config = Path(folder, "config.py")
        config.write_text(WITH_INSTRUCTOR.format(**names, token=self.token), encoding="utf-8")
        command = [sys.executable, "-m", "jupyterhub", "-f", str(config)]
        with self.log.open("wb") as log:
            self._hub = subprocess.Popen(
                command,
                cwd=folder,
                stdout=log,
                stderr=subprocess.STDOUT,
                env={**os.environ, "COURSE_TRIAL": "1", "COURSE_CLASS": str(folder), **environment},
            )

    @property
    def log(self) -> Path:
        """The file in which the hub and its students' servers write."""
        return self.folder / "log"

    def processes(self) -> list[psutil.Process]:
        """Return the hub, its proxy, servers and kernels."""
        hub = psutil.Process(self._hub.pid)
        return [hub, *hub.children(recursive=True)]

    async def fetch(self, path: str, method: str = "GET", /, **content: Any) -> Any:
        """Ask the hub, or through it a student's server, and return the answer."""
        body = None if method in ("GET", "DELETE") else json.dumps(content)
        headers = {"Authorization": f"token {self.token}"}
        patience = {"request_timeout": PATIENCE, "connect_timeout": PATIENCE}
        request = HTTPRequest(self.url + path, method, headers, body, **patience)
        answer = await AsyncHTTPClient(force_instance=False, max_clients=1000).fetch(request)
        return json.loads(answer.body) if answer.body else None

    async def wait_until_up(self) -> None:
        """Wait until the hub answers."""
        for _ in range(int(10 * PATIENCE)):
            if self._hub.poll() is not None:
                break
            with contextlib.suppress(OSError, HTTPClientError):
                await self.fetch("/hub/api")
                return
            await asyncio.sleep(0.1)
        raise RuntimeError(f"the hub did not start: {self.log.read_text()}")

    def close(self) -> None:
        """End the hub, which ends all that it has started."""
        started = self.processes() if self._hub.poll() is None else []
        self._hub.send_signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._hub.wait(timeout=60)
        for process in started:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()


@contextlib.asynccontextmanager
async def running(folder: Path | None = None, **environment: str) -> AsyncIterator[Hub]:
    """Let a hub run, in a folder whose path is short, as sockets need it."""
    with contextlib.ExitStack() as stack:
        folder = folder or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="class", dir="/tmp")))
        hub = Hub(folder, environment)
        try:
            await hub.wait_until_up()
            yield hub
        finally:
            hub.close()


class Student:
    """A student: a server, a kernel, and the main explorer in it."""

    def __init__(self, hub: Hub, name: str):
        self.hub, self.name = hub, name
        self._numbers = itertools.count()
        self._awaited: dict[str, tuple[Callable[[dict], Any], asyncio.Future]] = {}
        self.text = ""

    async def arrive(self) -> None:
        """Start the student's server, and wait until it is there."""
        user = f"/hub/api/users/{self.name}"
        with contextlib.suppress(HTTPClientError):  # known from an earlier day
            await self.hub.fetch(user, "POST")
        await self.hub.fetch(f"{user}/server", "POST")
        deadline = time.monotonic() + PATIENCE
        while not (await self.hub.fetch(user))["servers"].get("", {}).get("ready"):
            if time.monotonic() > deadline:
                raise TimeoutError(f"{self.name}'s server is not up after {PATIENCE:.0f} s")
            await asyncio.sleep(0.2)

    async def open_kernel(self) -> None:
        """Start a kernel in the folder of the pages, and connect to it."""
        base = f"/user/{self.name}"
        self.kernel = (await self.hub.fetch(f"{base}/api/kernels", "POST", name="python3", path="course"))["id"]
        await self.connect()

    async def connect(self) -> None:
        """Open a websocket to the kernel, as a browser does once more after it was away."""
        address = f"{self.hub.url.replace('http', 'ws')}/user/{self.name}/api/kernels/{self.kernel}/channels"
        request = HTTPRequest(address, headers={"Authorization": f"token {self.hub.token}"}, connect_timeout=PATIENCE)
        self._socket = await websocket_connect(request, max_message_size=2**27)
        self._reader = asyncio.create_task(self._read())

    def disconnect(self) -> None:
        """Close the websocket; the kernel stays."""
        self._reader.cancel()
        self._socket.close()

    async def _read(self) -> None:
        while (data := await self._socket.read_message()) is not None:
            message = json.loads(data) if isinstance(data, str) else deserialize_binary_message(data)
            if message["msg_type"] == "stream":
                self.text += message["content"]["text"]
            wanted, future = self._awaited.get(message["parent_header"].get("msg_id"), (None, None))
            if wanted and not future.done() and wanted(message):
                future.set_result(message)

    async def _ask(self, kind: str, content: dict, wanted: Callable[[dict], Any], patience: float = PATIENCE) -> dict:
        """Send a message on the shell channel; return the first wanted one that answers it."""
        number = f"{self.name}-{next(self._numbers)}"
        header = {"msg_id": number, "msg_type": kind, "session": self.name, "username": "", "version": "5.4"}
        future = asyncio.get_running_loop().create_future()
        self._awaited[number] = wanted, future
        message = {"header": header, "parent_header": {}, "metadata": {}, "content": content, "channel": "shell"}
        await self._socket.write_message(json.dumps(message))
        try:
            return await asyncio.wait_for(future, patience)
        finally:
            del self._awaited[number]

    async def run(self, code: str, patience: float = PATIENCE) -> str:
        """Run a cell, and return what it printed; an error in it is raised here."""
        self.text, replies, ended = "", [], []
        content = {"code": code, "silent": False, "store_history": True, "allow_stdin": False, "stop_on_error": True}

        def is_done(message: dict) -> bool:
            """The reply and the last output come by different ways, in any order."""
            if message["msg_type"] == "execute_reply":
                replies.append(message["content"])
            ended.append(message["content"].get("execution_state") == "idle")
            return bool(replies) and any(ended)

        await self._ask("execute_request", content, is_done, patience)
        (reply,) = replies
        if reply["status"] != "ok":
            raise RuntimeError("\n".join(reply.get("traceback", [str(reply)])))
        return self.text

    async def see_first_picture(self) -> None:
        """Open the main explorer."""
        self.depth, self.screen = (await self.run(FIRST_PICTURE)).split()[-2:]

    async def move(self, depth: int) -> float:
        """Move the depth, and return the seconds until the new picture is there."""
        start = time.perf_counter()
        content = {"comm_id": self.depth, "data": {"method": "update", "state": {"value": depth}, "buffer_paths": []}}
        await self._ask("comm_msg", content, self._is_picture)
        return time.perf_counter() - start

    def _is_picture(self, message: dict) -> bool:
        content = message["content"]
        return content.get("comm_id") == self.screen and "number" in content["data"].get("state", {})


@contextlib.contextmanager
def students(hub: Hub, count: int) -> Iterator[list[Student]]:
    """Return as many students of the hub, who leave in the end."""
    there = [Student(hub, f"student{number:02d}") for number in range(count)]
    yield there
    for student in there:
        student.disconnect()
