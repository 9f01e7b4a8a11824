"""Students' servers and kernels are forked from a process that has imported everything, so imports cost time once.

`python forking.py SOCKET` is that process, the template. A `ForkingSpawner` orders servers from it, and every server
has a process beside it from which its kernels are forked. What was imported stays shared memory until it is written.
"""

import contextlib
import gc
import importlib
import os
import resource
import signal
import sys
import time
from collections.abc import Callable
from multiprocessing.connection import Client, Connection, Listener, Pipe
from typing import NamedTuple

IMPORTS = (
    "course.exercises",
    "course.explorers",
    "ipykernel.kernelapp",
    "jupyterhub.singleuser",
    "jupyterlab.labapp",
)
"""JAX and Matplotlib come with the course. None of them starts a thread: that would forbid to fork."""
KERNEL = [sys.executable, "-m", "ipykernel_launcher"]


class Order(NamedTuple):
    """A process that is wanted; `user` is the system's user that it becomes, or "" for the one that the hub is."""

    arguments: list[str]
    environment: dict[str, str]
    folder: str
    user: str = ""
    memory: int = 0


class Forked:
    """A process that another one has forked, with the part of `subprocess.Popen` that Jupyter needs."""

    stdin = stdout = stderr = None

    def __init__(self, pid: int):
        self.pid = pid

    def poll(self) -> int | None:
        """Return `None` while the process lives; only its parent knows how it ended."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, 0)
            return None
        return 1

    def wait(self) -> int:
        """Wait until the process has ended."""
        while self.poll() is None:
            time.sleep(0.05)
        return 1

    def send_signal(self, number: int) -> None:
        """Send a signal."""
        os.kill(self.pid, number)


def fork_for(order: Order, run: Callable[[], object]) -> int:
    """Fork a process that becomes what is ordered and runs; return its number."""
    pid = os.fork()
    if pid:
        with contextlib.suppress(OSError):  # the process itself does so too, and may be gone
            os.setpgid(pid, pid)
        return pid
    try:
        become(order)
        run()
    except Exception:
        sys.excepthook(*sys.exc_info())
    finally:
        sys.stdout.flush(), sys.stderr.flush()
        os._exit(0)


def become(order: Order) -> None:
    """Let this new process be what is ordered: its group, memory, user, environment, folder and command line."""
    import numpy

    os.setpgid(0, 0)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if order.memory:
        resource.setrlimit(resource.RLIMIT_DATA, (order.memory, order.memory))
    if order.user:
        from jupyterhub.spawner import set_user_setuid

        set_user_setuid(order.user, chdir=False)()
    os.environ.clear()
    os.environ.update(order.environment)
    os.makedirs(order.folder, mode=0o700, exist_ok=True)
    os.chdir(order.folder)
    sys.argv = order.arguments
    numpy.random.seed()  # noqa: NPY002, or all students would draw the same numbers


def take_orders(connection: Connection, run: Callable[[], object], *others: Connection | Listener) -> None:
    """Fork a process for every order that comes, and answer with its number, until the other end is closed."""
    with contextlib.suppress(EOFError, ConnectionError):
        while True:
            order = connection.recv()

            def run_alone() -> None:
                for end in (connection, *others):
                    end.close()
                run()

            connection.send(fork_for(order, run_alone))


def run_kernel() -> None:
    """Be a kernel, which ends with the process that it was forked from."""
    from ipykernel.kernelapp import IPKernelApp

    IPKernelApp.launch_instance([*sys.argv[1:], f"--IPKernelApp.parent_handle={os.getppid()}"])


def run_server() -> None:
    """Be a student's server, whose kernels are forked from a process that is made before anything else happens."""
    import student
    from jupyter_client.provisioning import local_provisioner

    ours, theirs = Pipe()
    if os.fork() == 0:
        ours.close()
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)
        take_orders(theirs, run_kernel)
        os._exit(0)
    theirs.close()
    start_otherwise = local_provisioner.launch_kernel

    def launch_kernel(command: list[str], **options) -> object:
        if command[:3] != KERNEL:
            return start_otherwise(command, **options)
        ours.send(Order(command[2:], options["env"], options.get("cwd") or os.getcwd()))
        return Forked(ours.recv())

    local_provisioner.launch_kernel = launch_kernel
    student.main()


def main() -> None:
    """Import everything, then fork a server for every order that comes through the socket."""
    for module in IMPORTS:
        importlib.import_module(module)
    gc.collect()
    gc.freeze()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    with Listener(sys.argv[1], family="AF_UNIX", backlog=128) as listener:
        while True:
            with listener.accept() as connection:
                take_orders(connection, run_server, listener)


def ordered(socket: str, order: Order, patience: float = 60) -> int:
    """Order a server from the template, which may still be importing; return the server's process."""
    deadline = time.monotonic() + patience
    while True:
        try:
            with Client(socket, family="AF_UNIX") as template:
                template.send(order)
                return template.recv()
        except (FileNotFoundError, ConnectionError):
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


if __name__ == "__main__":
    main()
