"""Do explorers say the same as those of another checkout? Sentences, tables and state strings over random states.

    python tests/benchmarks/same_explorers.py OTHER_FOLDER [--states 40] [NAME ...]

Prints what differs, a line each, and a count for every explorer; numbers are compared to eleven digits. Both folders
run on the Python that runs this.
"""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parents[2]
SAYING = """
import json, random, re, sys
from course import explorers

def rounded(csv):
    return re.sub(r"-?\\d+\\.\\d+(e[-+]\\d+)?", lambda number: f"{float(number[0]):.11g}", csv)

def anywhere(control, chance):
    if hasattr(control, "options"):
        return chance.choice([option[1] if isinstance(option, tuple) else option for option in control.options])
    if isinstance(control.value, bool):
        return chance.choice([False, True])
    value = control.min + control.step * chance.randint(0, round((control.max - control.min) / control.step))
    return min(control.max, round(value, 9))

def some_tries(explorer, chance):
    axes = [explorer.controls[key] for key in ("gain", "learning_rate")]
    return [[anywhere(axis, chance) for axis in axes] for _ in range(chance.randint(0, 12))]

names, states = sys.argv[1].split(","), int(sys.argv[2])
for name in names:
    explorer, chance = getattr(explorers, name)(), random.Random(name)
    for _ in range(states):
        wanted = {key: anywhere(explorer.controls[key], chance) for key in sorted(explorer.controls) if key != "tries"}
        wanted |= {"networks": 1, "width": 128} if name == "signal_propagation" else {}
        wanted |= {"tries": some_tries(explorer, chance)} if name == "search_race" else {}
        explorer.state = wanted
        assert explorer.error is None, explorer.error
        if explorer.can_pin and chance.random() < 0.2:
            explorer.pin()
        print(json.dumps([name, explorer.state_string, explorer.sentence, rounded(explorer.csv())]), flush=True)
    explorer.close()
"""


def said(folder: Path, names: list[str], states: int) -> list[list[str]]:
    """Return what the explorers of a checkout say in their random states: name, state string, sentence, numbers."""
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    command = [sys.executable, "-c", SAYING, ",".join(names), str(states)]
    printed = subprocess.run(command, cwd=folder, env=environment, check=True, capture_output=True, text=True)
    return [json.loads(line) for line in printed.stdout.splitlines()]


def main() -> None:
    """Compare, and end with an error where anything differs."""
    from course import explorers

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("other", type=Path)
    parser.add_argument("names", nargs="*", default=explorers.__all__)
    parser.add_argument("--states", type=int, default=40)
    asked = parser.parse_args()
    differing = 0
    for name in asked.names or explorers.__all__:
        rows = zip(*(said(folder, [name], asked.states) for folder in (asked.other, HERE)), strict=True)
        found = [(then[1], part) for then, now in rows for part in (1, 2, 3) if then[part] != now[part]]
        for state, part in found[:5]:
            print(f"{('', 'state string', 'sentence', 'numbers')[part]} differs at {state}")
        print(f"{name}: {asked.states} states, {len(found)} differences", flush=True)
        differing += len(found)
    sys.exit(differing > 0)


if __name__ == "__main__":
    main()
