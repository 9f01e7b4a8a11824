"""How JupyterHub starts a student's server: forked from the template, as a user of the system or as the hub's own."""

import asyncio
import contextlib
import itertools
import random
import socket

from forking import Order, ordered
from jupyterhub.spawner import LocalProcessSpawner, SimpleLocalProcessSpawner
from traitlets import Unicode

_PORTS = range(10_000, 32_000)
"""Below those that a system lends to connections, which come and go while a class starts."""
_turn = itertools.cycle([*_PORTS[(first := random.randrange(len(_PORTS))) :], *_PORTS[:first]])


def free_port() -> int:
    """Return a port that nobody listens to and no other student has just been given, whose server may not be up yet.

    Two servers at one port are not noticed: the hub takes the answer of one for that of the other.
    """
    for port in itertools.islice(_turn, len(_PORTS)):
        with contextlib.suppress(OSError), socket.socket() as listener:
            listener.bind(("127.0.0.1", port))
            return port
    raise OSError(f"none of the ports {_PORTS.start} to {_PORTS.stop - 1} is free")


def folder_of_sockets(spawner: LocalProcessSpawner) -> str:
    """Return where a student's kernels have their sockets: a short path, for the system allows 107 bytes."""
    return f"{spawner.user_env({})['HOME']}/.run"


class ForkingSpawner(LocalProcessSpawner):
    """Every student is a user of the system; `mem_limit` holds for each process of the student."""

    template = Unicode(config=True, help="The socket of the template.")

    async def start(self) -> tuple[str, int]:
        """Order a server, and return where it will listen."""
        self.port = free_port()
        environment = self.get_env()
        order = Order(["jupyterhub-singleuser", *self.get_args()], environment, environment["HOME"], self.system_user())
        order = order._replace(memory=self.mem_limit or 0)
        self.proc, self.pid = None, await asyncio.to_thread(ordered, self.template, order)
        return self.ip or "127.0.0.1", self.port

    def system_user(self) -> str:
        """Return the system's user that the server becomes."""
        return self.user.name


class TrialSpawner(ForkingSpawner, SimpleLocalProcessSpawner):
    """Every student is the hub's own user: for a trial on one's own machine, and nothing else."""

    def system_user(self) -> str:
        """Return "", the hub's own."""
        return ""
