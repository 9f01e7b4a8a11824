"""Diagnose from a terminal: `python -m course.diagnosis module:function [--save report.html]`."""

import argparse
import importlib
import inspect
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from course.diagnosis import Diagnosis, diagnose
from course.diagnosis.batches import short
from course.diagnosis.report import checked_path


def main(arguments: Sequence[str] | None = None) -> int:
    """Print a diagnosis; return 0 for a healthy network, 1 for a sick one, 2 for what cannot be read."""
    parser = argparse.ArgumentParser(prog="python -m course.diagnosis", description=__doc__)
    parser.add_argument("source", help="module:function that returns (network, batch)")
    parser.add_argument("--seed", type=int, default=0, help="decides the directions of the cost, 0 at first")
    parser.add_argument("--save", metavar="FILE", help="write the report too: .html, .png, .json or .txt")
    given = parser.parse_args(arguments)
    try:
        if given.save is not None:
            checked_path(given.save)
        diagnosis = _of(given.source, given.seed)
    except (ValueError, ImportError, AttributeError) as error:
        print(error, file=sys.stderr)
        return 2
    print(diagnosis)
    if given.save is not None:
        diagnosis.save(given.save)
    return 0 if diagnosis.healthy else 1


def _of(source: str, seed: int) -> Diagnosis:
    module, colon, function = source.partition(":")
    if not (module and colon and function):
        raise ValueError(f"the source is {source!r}; allowed is module:function, and the function returns a pair")
    sys.path.insert(0, str(Path.cwd()))
    make = getattr(importlib.import_module(module), function)
    if not callable(make) or not _is_called_without_arguments(make):
        is_what = "takes arguments" if callable(make) else f"is {short(make)}"
        raise ValueError(f"{source} {is_what}; allowed is a function without arguments")
    made = make()
    if not isinstance(made, tuple) or len(made) != 2:
        raise ValueError(f"{source} returns {type(made).__name__}; allowed is the pair (network, batch)")
    return diagnose(*made, seed=seed)


def _is_called_without_arguments(function: Callable) -> bool:
    try:
        inspect.signature(function).bind()
    except TypeError:
        return False
    return True


if __name__ == "__main__":
    sys.exit(main())
