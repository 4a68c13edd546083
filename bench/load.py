"""A lean load client: one process, a few keep-alive connections, no HTTP library.

It runs in a process of its own (`python -m bench.load`), told what to do in JSON on its input. A library would
cost more than the page it asks for, and the client, not the server, would be measured.
"""

from __future__ import annotations

import json
import re
import selectors
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import cycle

from citizen_app.config import PROJECT_ROOT

_LENGTH = re.compile(rb"\r\ncontent-length: (\d+)", re.IGNORECASE)
_HEAD_END = b"\r\n\r\n"


class LoadError(Exception):
    """The server answered with something else than the page, or not at all."""


@dataclass(frozen=True)
class Visit:
    """What to ask for, and as whom."""

    path: str = "/"
    cookie: str = ""
    encoding: str = "identity"

    def as_request(self) -> bytes:
        cookie = f"Cookie: session={self.cookie}\r\n" if self.cookie else ""
        head = f"GET {self.path} HTTP/1.1\r\nHost: localhost\r\nAccept-Encoding: {self.encoding}\r\n{cookie}\r\n"
        return head.encode("ascii")


@dataclass(frozen=True)
class Answered:
    requests: int
    seconds: float
    p50: float
    """Milliseconds within which half of the requests were answered."""
    p99: float

    @property
    def per_second(self) -> float:
        return self.requests / self.seconds


def load(
    port: int, visits: Sequence[Visit], *, connections: int, seconds: float | None = None, count: int | None = None
) -> Answered:
    """Make the visits over and over for some seconds, or a number of them; raises LoadError."""
    order = {
        "port": port,
        "visits": [asdict(visit) for visit in visits],
        "connections": connections,
        "seconds": seconds,
        "count": count,
    }
    command = (sys.executable, "-m", "bench.load")
    done = subprocess.run(command, input=json.dumps(order), cwd=PROJECT_ROOT, capture_output=True, text=True)  # noqa: PLW1510
    if done.returncode != 0:
        raise LoadError(done.stderr.strip().splitlines()[-1])
    return Answered(**json.loads(done.stdout))


class _Connection:
    __slots__ = ("missing", "socket", "started")

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=60)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.missing = 0
        """Bytes of the answer still to come; 0 before its first."""
        self.started = 0.0

    def ask(self, request: bytes) -> None:
        self.started = time.perf_counter()
        self.socket.sendall(request)


def _drive(
    port: int, requests: Iterator[bytes], connections: int, seconds: float | None, count: int | None
) -> Answered:
    times: list[float] = []
    buffer = bytearray(1 << 18)
    clock, wanted = time.perf_counter, count or sys.maxsize
    with selectors.DefaultSelector() as selector:
        for _number in range(min(connections, wanted)):
            connection = _Connection(port)
            selector.register(connection.socket, selectors.EVENT_READ, connection)
        began = clock()
        until = began + (seconds or 86_400)
        in_flight = [key.data for key in selector.get_map().values()]
        asked = under_way = len(in_flight)
        for connection in in_flight:
            connection.ask(next(requests))
        while under_way:
            for key, _events in selector.select():
                connection = key.data
                size = connection.socket.recv_into(buffer)
                if not connection.missing:
                    connection.missing = _answer_length(buffer, size)
                connection.missing -= size
                if connection.missing:
                    continue
                ended = clock()
                times.append(ended - connection.started)
                if asked < wanted and ended < until:
                    asked += 1
                    connection.ask(next(requests))
                else:
                    under_way -= 1
        took = clock() - began
        for connection in in_flight:
            connection.socket.close()
    times.sort()
    return Answered(len(times), took, 1000 * times[len(times) // 2], 1000 * times[len(times) * 99 // 100])


def _answer_length(buffer: bytearray, size: int) -> int:
    """Return how many bytes the answer has, head and body; raises LoadError unless it is a page."""
    end = buffer.find(_HEAD_END, 0, size)
    head = bytes(buffer[: max(end, 0)])
    length = _LENGTH.search(head)
    if not head.startswith(b"HTTP/1.1 200 ") or length is None:
        raise LoadError(f"unexpected answer: {bytes(buffer[: min(size, 200)])!r}")
    return end + len(_HEAD_END) + int(length[1])


def main() -> None:
    order = json.load(sys.stdin)
    requests = [Visit(**visit).as_request() for visit in order.pop("visits")]
    json.dump(asdict(_drive(requests=cycle(requests), **order)), sys.stdout)


if __name__ == "__main__":
    main()
