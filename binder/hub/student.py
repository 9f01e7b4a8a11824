"""A student's server: copies of the pages that are missing are put into the student's folder, then JupyterLab runs."""

import os
import shutil
from pathlib import Path


def copy_missing(pages: Path, folder: Path) -> None:
    """Copy every page that is not in the folder yet; what a student has there is never overwritten."""
    folder.mkdir(exist_ok=True)
    for page in pages.iterdir():
        if page.is_file() and not (folder / page.name).exists():
            shutil.copyfile(page, folder / page.name)


def main() -> None:
    """Serve the student whom JupyterHub's variables name."""
    copy_missing(Path(os.environ["COURSE_PAGES"]), Path.home() / "course")
    from jupyterhub.singleuser import main as serve  # it reads the variables of the student

    serve()


if __name__ == "__main__":
    main()
