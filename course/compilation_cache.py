"""What JAX has compiled is kept on this machine, so that the second start of a page needs no compiler."""

import contextlib
import hashlib
import os
import platform
import tempfile
import warnings
from pathlib import Path

import jax
import platformdirs

MOST_BYTES = 64 * 2**20
"""What was used least lately is dropped beyond this size; all pages together need about 10 MB."""


def keep_programs() -> None:
    """Let JAX keep its programs under the user's cache folder, where nobody has chosen otherwise.

    JAX's own variables decide: `JAX_COMPILATION_CACHE_DIR` names another folder, and `JAX_ENABLE_COMPILATION_CACHE=0`
    switches it off. A cache that cannot be written or read costs time and nothing else, and nothing is said of it.
    """
    warnings.filterwarnings("ignore", message="Error (reading|writing) persistent compilation cache entry")
    if jax.config.jax_compilation_cache_dir or not jax.config.jax_enable_compilation_cache:
        return
    folder = platformdirs.user_cache_path("course") / "programs" / processor()
    if not _is_writable(folder):
        return
    give_times(folder)
    jax.config.update("jax_compilation_cache_dir", str(folder))
    jax.config.update("jax_compilation_cache_max_size", MOST_BYTES)
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
    jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)


def processor() -> str:
    """Return a name for this kind of processor: its programs may not run on another, which JAX does not look at.

    Other versions of JAX and of its compiler are told apart by JAX itself.
    """
    parts = [platform.machine(), platform.processor()]
    with contextlib.suppress(OSError):
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").split("\n\n")[0].splitlines()
        parts += [line for line in lines if line.startswith(("model name", "flags", "Features"))]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def give_times(folder: Path) -> None:
    """Give every program a time of use, 0 if it has none: JAX keeps no more programs once one is without.

    A process that is killed between the two files leaves one so (JAX issue 39880; mended after JAX 0.10).
    """
    names = set(os.listdir(folder))
    for name in names:
        time = f"{name.removesuffix('-cache')}-atime"
        if name.endswith("-cache") and time not in names:
            (folder / time).write_bytes(b"")


def _is_writable(folder: Path) -> bool:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False
