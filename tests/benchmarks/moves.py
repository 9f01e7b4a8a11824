"""Print what one move of the main explorer runs through: `python tests/benchmarks/moves.py`.

The move is one value of the gain, with everything compiled. Only the course's own files count; a change of file is a
call of a function that lies in another file than the one called before it. These are no times: they are the same on
every machine.
"""

import sys
from collections import Counter
from itertools import pairwise
from pathlib import Path
from types import CodeType, FrameType

import course
from course import explorers

COURSE = Path(course.__file__).parent


def calls_of_a_move() -> list[CodeType]:
    """Return the functions of the course that a move calls, one after the other."""
    explorer = explorers.signal_propagation()
    gain, calls = explorer.controls["gain"], []

    def note(frame: FrameType, event: str, _argument: object) -> None:
        if event == "call" and frame.f_code.co_filename.startswith(str(COURSE)):
            calls.append(frame.f_code)

    gain.value = 1.1
    sys.setprofile(note)
    gain.value = 1.2
    sys.setprofile(None)
    return calls


def report(name: str, calls: list[CodeType]) -> None:
    """Print how many calls, functions, files and changes of file there are."""
    files = [code.co_filename for code in calls]
    changes = sum(one != other for one, other in pairwise(files))
    functions = len({(code.co_filename, code.co_qualname) for code in calls})
    print(f"{name:30s} {len(calls):6d} calls {functions:5d} functions {len(set(files)):4d} files {changes:6d} changes")


def main() -> None:
    """Print the whole move, its part in each folder, and the files most often called."""
    calls = calls_of_a_move()
    places = {code: Path(code.co_filename).relative_to(COURSE) for code in calls}
    report("a move of the gain", calls)
    for folder in sorted({place.parts[0] for place in places.values()}):
        report(f"  in {folder}", [code for code in calls if places[code].parts[0] == folder])
    for (place, name), count in Counter((places[code], code.co_qualname) for code in calls).most_common():
        print(f"{count:6d}  {place}: {name}")


if __name__ == "__main__":
    main()
