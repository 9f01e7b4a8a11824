"""Is a batch of 32, 64 or 128 faster than its neighbours? Sixty rounds in random order; one to two minutes.

    uv run python tests/benchmarks/batch_sizes.py

Prints, for each power of two, its speed over the mean of the batches one smaller and one larger: the ratio of the
medians, and the quartiles of the ratio in each round. Timings depend on the machine; nothing is asserted.
"""

import numpy as np

from course.pages.tuning.batch_sizes import BatchSizes, between_neighbours

SIZES = (31, 32, 33, 63, 64, 65, 127, 128, 129)
ROUNDS = 60


def measure() -> np.ndarray:
    """Return the examples a second, `(sizes, rounds)`."""
    job, chance = BatchSizes(SIZES, ROUNDS), np.random.default_rng(0)
    for _round in range(ROUNDS):
        for size in chance.permutation(SIZES):
            job.time(int(size))
    return np.array([job.speeds[size] for size in SIZES])


def main() -> None:
    """Measure, and print a line for each power of two."""
    speeds = measure()
    medians = between_neighbours(np.array(SIZES), np.median(speeds, axis=1))
    rounds = [between_neighbours(np.array(SIZES), of_round) for of_round in speeds.T]
    for size, ratio in medians.items():
        low, middle, high = np.quantile([found[size] for found in rounds], [0.25, 0.5, 0.75])
        print(f"{size:>3}: ratio of the medians {ratio:.3f}; by round {middle:.3f}, quartiles {low:.3f} to {high:.3f}")


if __name__ == "__main__":
    main()
