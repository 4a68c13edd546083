"""Starts the web server and the background worker together, as `make run` does.

Both are children of this process and share its fate: when one ends, the other is stopped too, so that nobody
takes half an app for a running one. The address is printed only when the app answers there.
"""

from __future__ import annotations

import ctypes
import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from types import FrameType
from typing import Any

from citizen_app.config import PROJECT_ROOT

START_SECONDS = 60
STOP_SECONDS = 10
FLASK = (sys.executable, "-m", "flask", "--app", "citizen_app.app:create_app")


class StartError(Exception):
    """The app cannot start; the message says why in one line."""


@dataclass(frozen=True)
class Address:
    host: str
    port: int
    web_workers: int

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Address:
        """Read HOST, PORT and WEB_WORKERS; raises StartError naming the one that is wrong."""
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        return cls(
            host=environment.get("HOST") or "127.0.0.1",
            port=_whole_number(environment, "PORT", default=8000, largest=65535),
            web_workers=_whole_number(environment, "WEB_WORKERS", default=min(cores, 4), largest=64),
        )

    @property
    def url(self) -> str:
        """The address for people: passkeys and service workers want a name, not a number."""
        name = "localhost" if self.host in {"127.0.0.1", "0.0.0.0", "::", "::1"} else self.host  # noqa: S104 - compared only
        return f"http://{name}:{self.port}"


def serve(environment: Mapping[str, str]) -> int:
    """Run web and worker until a signal comes or one of them ends; returns the exit code."""
    address = Address.from_environment(environment)
    refuse_used_port(address)
    environment = {**environment, "SECRET_KEY": secret_key(environment)}
    signal.signal(signal.SIGINT, _stop)
    signal.signal(signal.SIGTERM, _stop)
    children: dict[str, subprocess.Popen[bytes]] = {}
    try:
        children["web server"] = start(web_command(address), environment)
        children["worker"] = start((*FLASK, "worker"), environment)
        wait_until_healthy(address, children)
        print(f"\ncitizen_app runs at {address.url} (Ctrl-C stops it)\n", flush=True)
        # One sign-in for each role; an empty list where no demo municipality is loaded.
        subprocess.run((*FLASK, "demo", "accounts"), env=environment, cwd=PROJECT_ROOT, check=False)  # noqa: S603
        return _wait_for_the_first_to_end(children)
    except KeyboardInterrupt:
        return 0
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # an impatient second Ctrl-C must not leave a child behind
        stop(children)


def web_command(address: Address) -> tuple[str, ...]:
    """The web server's command line; one blocking thread a worker was fastest when tried."""
    options = "--interface wsgi --blocking-threads 1 --no-ws --log-level warning --workers-kill-timeout 5".split()
    where = ("--host", address.host, "--port", str(address.port), "--workers", str(address.web_workers))
    return (sys.executable, "-m", "granian", *options, *where, "citizen_app.wsgi:app")


def refuse_used_port(address: Address) -> None:
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address.host, address.port))
        except OSError as error:
            reason = f"Port {address.port} on {address.host} cannot be used ({error.strerror})."
            raise StartError(f"{reason} Try PORT={address.port + 1}.") from error


def secret_key(environment: Mapping[str, str]) -> str:
    """The key from the environment, else the one that set-up made for this machine."""
    key_file = PROJECT_ROOT / "var" / "secret_key"
    if environment.get("SECRET_KEY"):
        return environment["SECRET_KEY"]
    if key_file.exists():
        return key_file.read_text().strip()
    raise StartError("SECRET_KEY is not set and var/secret_key is missing: run `make setup` first.")


def wait_until_healthy(address: Address, children: Mapping[str, subprocess.Popen[bytes]]) -> None:
    """Return when /healthz answers 200; raises StartError when a child ends or the time is up."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        for name, child in children.items():
            if child.poll() is not None:
                raise StartError(f"The {name} ended at once with code {child.returncode}.")
        if _is_healthy(address):
            return
        time.sleep(0.1)
    raise StartError(f"The web server did not answer within {START_SECONDS} seconds.")


def stop(children: Mapping[str, subprocess.Popen[bytes]]) -> None:
    """Ask every child to finish, and end those that do not."""
    for child in children.values():
        if child.poll() is None:
            child.terminate()
    deadline = time.monotonic() + STOP_SECONDS
    for child in children.values():
        try:
            child.wait(timeout=max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)  # with its own children
            child.wait()


def start(command: tuple[str, ...], environment: Mapping[str, str], **files: Any) -> subprocess.Popen[bytes]:
    """Start a child in a session of its own.

    Ctrl-C goes to every process of the terminal's group. A granian worker that is told twice, by the terminal
    and by its parent, may hang for ever (seen with 2.8.7), so children hear of it from this process only.
    """
    return subprocess.Popen(  # noqa: S603 - our own commands
        command,
        env=dict(environment),
        cwd=PROJECT_ROOT,
        start_new_session=True,
        preexec_fn=_end_with_parent if sys.platform == "linux" else None,  # noqa: PLW1509 - there are no threads
        **files,
    )


def _end_with_parent() -> None:
    """Ask Linux to send SIGTERM when the parent is killed; it cannot say goodbye itself then."""
    set_parent_death_signal = 1
    ctypes.CDLL(None).prctl(set_parent_death_signal, signal.SIGTERM)


def _wait_for_the_first_to_end(children: Mapping[str, subprocess.Popen[bytes]]) -> int:
    while True:
        for name, child in children.items():
            if child.poll() is not None:
                print(f"The {name} ended with code {child.returncode}; stopping.", file=sys.stderr)
                return child.returncode if child.returncode > 0 else 1
        time.sleep(0.5)


def _is_healthy(address: Address) -> bool:
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(address.host, address.host)  # noqa: S104 - compared only
    connection = http.client.HTTPConnection(host, address.port, timeout=5)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == http.HTTPStatus.OK
    except OSError:
        return False
    finally:
        connection.close()


def _whole_number(environment: Mapping[str, str], name: str, *, default: int, largest: int) -> int:
    text = environment.get(name) or str(default)
    if not text.isdecimal() or not 1 <= int(text) <= largest:
        raise StartError(f"{name} must be a number from 1 to {largest}, not {text}.")
    return int(text)


def _stop(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    try:
        sys.exit(serve(os.environ))
    except StartError as error:
        print(error, file=sys.stderr)
        sys.exit(1)
