"""What is the same for the hub, for its students and for whoever fills the shared cache."""

import os
from pathlib import Path

CLASS = Path(os.environ.get("COURSE_CLASS", Path.home() / "class")).absolute()
"""The folder of the class: the pages to copy, the shared programs, the hub's own files."""
PAGES, PROGRAMS = CLASS / "pages", CLASS / "programs"
ENVIRONMENT = {
    # Many kernels share few cores: each computes on one.
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "JAX_NUM_CPU_DEVICES": "1",
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false",
    "MALLOC_ARENA_MAX": "2",
    # What one has compiled serves all. Without a bound on its size, JAX reads a folder that it cannot write to.
    "JAX_COMPILATION_CACHE_DIR": str(PROGRAMS),
    "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
    "JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES": "-1",
    "COURSE_PAGES": str(PAGES),
    "JUPYTER_CONFIG_PATH": str(Path(__file__).parent),
}
