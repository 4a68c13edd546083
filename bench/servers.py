"""Web servers to measure, started as `make run` starts them, and what Linux counts about their processes.

CPU time is read from /proc and not from a clock: on a busy machine a request takes longer, but does not work more.
"""

from __future__ import annotations

import http.client
import os
import socket
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from http.cookies import SimpleCookie
from pathlib import Path

from bench.load import Visit
from citizen_app import serve

SECRET_KEY = "a key for measuring, long enough to be accepted"  # noqa: S105 - signs nothing but invented people
OUR_APP = "citizen_app.wsgi:app"
BARE_APP = "bench.bare:app"
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Server:
    address: serve.Address
    process: subprocess.Popen[bytes]

    @property
    def port(self) -> int:
        return self.address.port

    @property
    def url(self) -> str:
        return self.address.url

    @property
    def web_processes(self) -> list[int]:
        """The processes that answer requests, not the one that looks after them."""
        return children_of(self.process.pid)

    def cpu_seconds(self) -> float:
        return cpu_seconds([self.process.pid, *self.web_processes])


@contextmanager
def running(app: str, log: Path, environment: Mapping[str, str], *, workers: int) -> Iterator[Server]:
    """Serve an app on a free port for as long as needed."""
    address = serve.Address("127.0.0.1", _free_port(), workers)
    command = (*serve.web_command(address)[:-1], app)
    with log.open("wb") as file:
        process = serve.start(
            command, {**os.environ, "SECRET_KEY": SECRET_KEY, **environment}, stdout=file, stderr=file
        )
        try:
            serve.wait_until_healthy(address, {"web server": process})
            yield Server(address, process)
        except Exception as error:
            error.add_note(f"The server's last words:\n{log.read_text()[-2000:]}")
            raise
        finally:
            serve.stop({"web server": process})


def default_workers() -> int:
    return serve.Address.from_environment(os.environ).web_workers


def settled(server: Server, visit: Visit) -> Visit:
    """Return the visit with the cookie that a browser holds after its first one, which then stays the same."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    try:
        connection.request("GET", visit.path, headers={"Cookie": f"session={visit.cookie}"})
        cookies = SimpleCookie(connection.getresponse().headers.get("Set-Cookie", ""))
    finally:
        connection.close()
    return replace(visit, cookie=cookies["session"].value) if "session" in cookies else visit


# --- What Linux counts --------------------------------------------------------------------------------------


def cpu_seconds(processes: Iterable[int]) -> float:
    """Return the CPU time that processes have used so far, their own and the kernel's for them."""
    return sum(int(field) for process in processes for field in _stat(process)[11:13]) / _TICKS


def children_of(parent: int) -> list[int]:
    numbers = (int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit())
    return [number for number in numbers if _parent(number) == parent]


def memory(process: int) -> dict[str, float]:
    """Return a process's memory in MB (10^6 bytes): `Rss`, all of it, and `Pss`, with shared pages shared out."""
    lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()[1:]
    sizes = (line.split()[:2] for line in lines)
    return {name.rstrip(":"): int(size) * 1024 / 1e6 for name, size in sizes}


def _stat(process: int) -> list[str]:
    """Return the fields of /proc/N/stat after the name, which may hold spaces: state, parent, ..."""
    return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()


def _parent(process: int) -> int:
    try:
        return int(_stat(process)[1])
    except (FileNotFoundError, ProcessLookupError):
        return 0


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
