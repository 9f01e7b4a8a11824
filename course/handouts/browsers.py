"""Finds a Chromium, Chrome or Edge on this machine."""

import os
import re
import shutil
from collections.abc import Mapping

NAMES = ("google-chrome", "google-chrome-stable", "chromium", "chromium-browser", "chrome", "msedge", "microsoft-edge")
"""What such a browser is called on a search path."""
PLACES = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
    r"${PROGRAMFILES}\Google\Chrome\Application\chrome.exe",
    r"${PROGRAMFILES(X86)}\Google\Chrome\Application\chrome.exe",
    r"${LOCALAPPDATA}\Google\Chrome\Application\chrome.exe",
    r"${PROGRAMFILES(X86)}\Microsoft\Edge\Application\msedge.exe",
)
"""Where macOS and Windows keep one, which put no browser on the search path."""


def find_browser(environ: Mapping[str, str]) -> str | None:
    """Return the browser that COURSE_BROWSER names, or else one that is installed, or `None`."""
    if named := environ.get("COURSE_BROWSER"):
        if not (found := shutil.which(named)):
            raise ValueError(f"COURSE_BROWSER must name a browser that can be run, not {named!r}")
        return found
    found = (shutil.which(name, path=environ.get("PATH")) for name in NAMES)
    places = (re.sub(r"\$\{(.+?)\}", lambda name: environ.get(name[1], ""), place) for place in PLACES)
    return next(filter(None, found), None) or next(filter(os.path.isfile, places), None)
