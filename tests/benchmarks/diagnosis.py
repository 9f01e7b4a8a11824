"""Print how often `diagnose` is wrong: `python tests/benchmarks/diagnosis.py [FIRST_SEED [SOUND [PLANTED]]]`.

False alarms over sound networks of many shapes, then misses over networks with a planted fault, and how many faults
are named rightly, finding and layer. The seeds are meant to be new ones: thresholds come from theory and were not
fitted to these networks. Rates are given with the upper end of their 95 % interval (Clopper and Pearson 1934).
"""

import sys
import time
from collections import Counter
from pathlib import Path

from scipy.stats import beta

sys.path.insert(0, str(Path(__file__).parents[1]))
import diagnosis_networks as networks

from course.diagnosis.judging import Judgement
from course.diagnosis.report import first


def rate(wrong: int, of: int) -> str:
    """Write a rate and the rate that is exceeded with a probability of 2.5 %."""
    highest = 1.0 if wrong == of else beta.ppf(0.975, wrong + 1, of - wrong)
    return f"{wrong} of {of}, {wrong / of:.2%} (at most {highest:.2%})"


def false_alarms(seeds: range) -> int:
    """Judge sound networks, and print those that are called sick."""
    wrong = 0
    for seed in seeds:
        sample = networks.sound(seed)
        judgement = Judgement(networks.read(sample.blocks, sample.batch))
        if (report := first(judgement.layers, judgement.whole)) is not None:
            wrong += 1
            print(f"  {seed}: {report.finding} in layer {report.layer}: {report.sentence} {sample.words}")
    return wrong


def misses(fault: str, seeds: range) -> Counter:
    """Judge networks with a fault: how many are called sound, and how many are called something else."""
    counts: Counter = Counter()
    for seed in seeds:
        planted = networks.planted(fault, seed)
        judgement = Judgement(networks.read(planted.blocks, planted.batch))
        report = first(judgement.layers, judgement.whole)
        counts["missed"] += report is None
        counts["misnamed"] += report is not None and not networks.is_named(planted, report)
    return counts


if __name__ == "__main__":
    start, sound, repeats = [int(text) for text in sys.argv[1:]] + [100_000, 500, 20][len(sys.argv) - 1 :]
    begun = time.perf_counter()
    alarms = false_alarms(range(start, start + sound))
    print(f"false alarms: {rate(alarms, sound)}")
    total: Counter = Counter()
    for name in networks.PLANTED:
        counts = misses(name, range(start, start + repeats))
        total += counts
        print(f"  {name:40s} missed {counts['missed']}, misnamed {counts['misnamed']} of {repeats}")
    many = repeats * len(networks.PLANTED)
    print(f"misses: {rate(total['missed'], many)}")
    print(f"misnamed: {rate(total['misnamed'], many)}")
    print(f"{time.perf_counter() - begun:.0f} s for {sound + many} networks")
