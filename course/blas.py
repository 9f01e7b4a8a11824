"""One thread for decompositions of small matrices: two take twenty times as long where the cores do other work too."""

import functools
from contextlib import AbstractContextManager

from threadpoolctl import ThreadpoolController


@functools.cache
def _controller() -> ThreadpoolController:
    return ThreadpoolController()


def one_thread() -> AbstractContextManager:
    """Return a context in which NumPy's linear algebra keeps to one thread."""
    return _controller().limit(limits=1, user_api="blas")
