"""Print how many images of Shapeset-3×2 are drawn in a second: `python tests/benchmarks/shapeset.py`.

Drawn as training draws them: batch after batch inside one compiled loop, on one core. Images a second belong to a
machine and to what else it does; nothing here is asserted.
"""

import functools
import os
import time

# Read by XLA when the first program is compiled: one thread.
os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"

import jax
import jax.numpy as jnp

from course import data

IMAGES, REPEATS = 8192, 5


@functools.partial(jax.jit, static_argnames="batch")
def brightness(key: jax.Array, batch: int) -> jax.Array:
    """Draw all images, `batch` at a time, and give a number that depends on each of them."""

    def draw(step: int, total: jax.Array) -> jax.Array:
        images, labels = data.shapeset(jax.random.fold_in(key, step), batch)
        return total + jnp.mean(images) + jnp.mean(labels)

    return jax.lax.fori_loop(0, IMAGES // batch, draw, 0.0)


def images_a_second(batch: int) -> float:
    """Return the best of a few runs, after one that compiles."""
    jax.block_until_ready(brightness(jax.random.key(0), batch))
    taken = []
    for repeat in range(REPEATS):
        start = time.perf_counter()
        jax.block_until_ready(brightness(jax.random.key(repeat), batch))
        taken.append(time.perf_counter() - start)
    return IMAGES / min(taken)


if __name__ == "__main__":
    for size in (8, 16, 32, 64, 256):
        print(f"batches of {size:>3}: {images_a_second(size):>9,.0f} images a second")
