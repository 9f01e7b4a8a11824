"""The command `python -m course.handouts`: what a teacher hands out, written into a folder."""

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path

from course.handouts import pages

Writer = Callable[[argparse.Namespace], list[Path]]


def _students(asked: argparse.Namespace) -> list[Path]:
    from course.handouts.copies import write_copies

    return write_copies(asked.folder, asked.pages, force=asked.force)


def _nbgrader(asked: argparse.Namespace) -> list[Path]:
    from course.handouts.nbgrader_course import write_course

    return write_course(asked.folder, asked.pages, force=asked.force)


def _print(asked: argparse.Namespace) -> list[Path]:
    names = pages.names(asked.pages)
    from course.handouts.printing import print_pages

    return print_pages(asked.folder, names, pdf=asked.pdf)


HANDOUTS: dict[str, tuple[Writer, str]] = {
    "students": (_students, "copies of the pages without the solutions"),
    "nbgrader": (_nbgrader, "a course that nbgrader releases, collects and grades: one assignment a page"),
    "print": (_print, "the pages as HTML and PDF, to be read without a kernel"),
}


def parser() -> argparse.ArgumentParser:
    """Give the parser of the command's arguments."""
    top = argparse.ArgumentParser(prog="python -m course.handouts", description="Write the pages as handouts.")
    kinds = top.add_subparsers(required=True, metavar="KIND")
    for name, (writer, text) in HANDOUTS.items():
        kind = kinds.add_parser(name, help=text, description=f"Write {text}.")
        kind.set_defaults(write=writer)
        kind.add_argument("folder", type=Path, metavar="FOLDER", help="where to write; it is made if it is not there")
        kind.add_argument(
            "--pages", nargs="+", default=(), metavar="PAGE", help="only these, such as: --pages xavier he"
        )
        if name == "print":
            kind.add_argument("--no-pdf", dest="pdf", action="store_false", help="HTML alone: needs no browser")
        else:
            kind.add_argument("--force", action="store_true", help="overwrite files that are there already")
    return top


def main(arguments: Sequence[str] | None = None) -> None:
    """Write what the arguments ask for, and say what was written; what cannot be done is said in words."""
    top = parser()
    asked = top.parse_args(arguments)
    try:
        written = asked.write(asked)
    except (OSError, ValueError) as refusal:
        top.exit(2, f"{refusal}\n")
    print(f"{len(written)} {'file' if len(written) == 1 else 'files'} written to {asked.folder.resolve()}")


if __name__ == "__main__":
    main()
