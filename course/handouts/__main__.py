"""The command `python -m course.handouts`: what a teacher hands out, written into a folder."""

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path

from course.handouts.copies import write_copies
from course.handouts.nbgrader_course import write_course
from course.handouts.printing import print_pages
from course.handouts.site import write_site


def write_playground(folder: Path, *, force: bool) -> list[Path]:
    """Write the main explorer; what it needs is imported now, since the pages alone need none of it."""
    from course.handouts import playground

    return playground.hand_out(folder, force=force)


HANDOUTS: dict[str, tuple[Callable[..., list[Path]], str]] = {
    "students": (write_copies, "copies of the pages without the solutions"),
    "nbgrader": (write_course, "a course that nbgrader releases, collects and grades: one assignment a page"),
    "print": (print_pages, "the pages as HTML and PDF, to be read without a kernel"),
    "site": (write_site, "a site: the pages with their scenes, to be read in any browser"),
    "playground": (write_playground, "the main explorer, live, as one HTML file"),
}


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command's arguments; their names are those of the functions in `HANDOUTS`."""
    top = argparse.ArgumentParser(prog="python -m course.handouts", description="Write the pages as handouts.")
    kinds = top.add_subparsers(required=True, metavar="KIND")
    for name, (write, text) in HANDOUTS.items():
        kind = kinds.add_parser(name, help=text, description=f"Write {text}.")
        kind.set_defaults(write=write)
        kind.add_argument("folder", type=Path, metavar="FOLDER", help="where to write; it is made if it is not there")
        if name != "playground":
            only = "only these, such as: --pages xavier he"
            kind.add_argument("--pages", nargs="+", default=(), metavar="PAGE", dest="wanted", help=only)
        if name == "print":
            kind.add_argument("--no-pdf", dest="pdf", action="store_false", help="HTML alone: needs no browser")
        elif name != "site":
            kind.add_argument("--force", action="store_true", help="overwrite files that are there already")
    return top


def main(arguments: Sequence[str] | None = None) -> None:
    """Write what the arguments ask for, and say what was written; what cannot be done is said in words."""
    top = parser()
    asked = vars(top.parse_args(arguments))
    try:
        written = asked.pop("write")(**asked)
    except (OSError, ValueError) as refusal:
        top.exit(2, f"{refusal}\n")
    print(f"{len(written)} {'file' if len(written) == 1 else 'files'} written to {asked['folder'].resolve()}")


if __name__ == "__main__":
    main()
