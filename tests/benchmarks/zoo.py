"""Print how `diagnose` does on networks as people have them: `python tests/benchmarks/zoo.py [DRAWS]`.

Every network of `torch_zoo`, 5 draws each: how many sound ones are called healthy, how many faults are named, what was
refused, and which weights were not judged.
"""

import sys
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
import torch_zoo

from course.diagnosis import diagnose


def verdict(name: str, seed: int) -> str:
    """Return "right" or what is wrong with the answer for one draw."""
    findings = torch_zoo.ZOO[name].findings
    try:
        diagnosis = diagnose(*torch_zoo.build(name, seed))
    except Exception as error:
        return f"refused: {type(error).__name__}: {error}"
    if diagnosis.unread:
        return f"not judged: {', '.join(diagnosis.unread)}"
    first = diagnosis.primary.finding if diagnosis.primary else None
    return "right" if (first in findings if findings else first is None) else f"said {first}"


if __name__ == "__main__":
    draws, begun = int(sys.argv[1]) if len(sys.argv) > 1 else 5, time.perf_counter()
    counts: dict[str, Counter] = {"sound": Counter(), "sick": Counter()}
    for name, patient in torch_zoo.ZOO.items():
        for seed in range(1, draws + 1):
            answer = verdict(name, seed)
            counts["sick" if patient.findings else "sound"][answer == "right"] += 1
            if answer != "right":
                print(f"  {name}, draw {seed}: {answer}")
    for kind, count in counts.items():
        print(f"{kind}: {count[True]} of {count.total()} right, {count[True] / count.total():.1%}")
    print(f"{time.perf_counter() - begun:.0f} s for {len(torch_zoo.ZOO)} networks, {draws} draws each")
