"""Run pages, all or those that are named, so that JAX keeps their programs: `python binder/fill_cache.py xavier he`.

With `--class` they are kept for the class that `COURSE_CLASS` names, with its settings; otherwise for oneself.
"""

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

from nbclient import NotebookClient

from course.handouts import pages


def run(name: str, folder: str) -> str:
    """Run a page and return what to say of it; an error on it costs its programs and nothing else."""
    start, page = time.perf_counter(), pages.read(name)
    resources = {"metadata": {"path": folder}}
    NotebookClient(page, timeout=1200, allow_errors=True, resources=resources).execute()
    outputs = [output for cell in page.cells for output in cell.get("outputs", [])]
    errors = [f", {output.ename}: {output.evalue}" for output in outputs if output.output_type == "error"]
    return f"{time.perf_counter() - start:.0f} s{''.join(errors)}"


def main() -> None:
    """Run the pages one after the other."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("pages", nargs="*", metavar="PAGE")
    parser.add_argument("--class", dest="for_class", action="store_true", help="with the settings of hub/settings.py")
    asked = parser.parse_args()
    if asked.for_class:
        sys.path.insert(0, str(Path(__file__).parent / "hub"))
        import settings

        os.environ.update(settings.ENVIRONMENT)
    for name in pages.names(asked.pages):
        with tempfile.TemporaryDirectory() as folder:
            print(f"{name}: {run(name, folder)}", flush=True)


if __name__ == "__main__":
    main()
