"""The devices that runs are shared out among: all that JAX sees; on a CPU, one for each of a few cores."""

import os
from collections.abc import Sequence
from typing import Any

import jax
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec

MAX_DEVICES = 4
"""As many of a CPU's cores are made devices of their own; a shared machine may show more cores than it gives."""
AXIS = "runs"


def use_every_core() -> None:
    """Let JAX see a device for each core, where nobody has chosen otherwise and nothing has been computed yet.

    The small products of small networks keep only one core busy; with a device each, two cores are twice as fast.
    """
    chosen = "JAX_NUM_CPU_DEVICES" in os.environ or "device_count" in os.environ.get("XLA_FLAGS", "")
    if not chosen:
        try:
            jax.config.update("jax_num_cpu_devices", min(os.cpu_count() or 1, MAX_DEVICES))
        except RuntimeError:  # JAX has computed already, and its devices are what they are
            return


def mesh() -> Mesh:
    """Return all devices in a row, along which runs are laid."""
    return Mesh(np.array(jax.devices()), (AXIS,))


def run_sharding() -> NamedSharding:
    """Return the layout of arrays whose first axis is that of the runs."""
    return NamedSharding(mesh(), PartitionSpec(AXIS))


def shared_out(runs: Sequence) -> list:
    """Return the runs and spare ones after them, so that every device has as many; nobody looks at the spare ones."""
    return [*runs, *runs[:1] * (-len(runs) % mesh().size)]


def on_devices(models: Sequence[Any]) -> Any:
    """Return the models of `shared_out` runs as one, each array with an axis of runs in front, on their devices."""
    return jax.device_put(jax.tree.map(lambda *parts: np.stack(parts), *models), run_sharding())
