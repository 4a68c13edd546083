"""Where one request of Today spends its time: by package, by function of ours, and in all.

The profiler makes every call dearer, so short functions weigh too much here: read shares, not milliseconds, and
trust only what `--only requests` says about a change.
"""

from __future__ import annotations

import cProfile
import io
import pstats
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

from werkzeug.datastructures import Headers
from werkzeug.test import EnvironBuilder

from bench.load import Visit
from bench.stage import Stage
from citizen_app.config import PROJECT_ROOT

REQUESTS = 300
_Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Any]


def report(stage: Stage, lines: int = 30) -> str:
    """Profile Today and return what to print."""
    app = stage.make_app()
    visit = _settled(app.wsgi_app, stage.town.citizens["ar"])
    _open(app.wsgi_app, visit, 100)
    began = time.process_time()
    _open(app.wsgi_app, visit, REQUESTS)
    plain = 1000 * (time.process_time() - began) / REQUESTS
    profile = cProfile.Profile()
    profile.runcall(_open, app.wsgi_app, visit, REQUESTS)
    told = io.StringIO()
    stats = pstats.Stats(profile, stream=told)
    told.write(f"Today without server and profiler: {plain:.2f} ms of CPU for a request\n\nown time by package\n")
    for package, share in _shares(stats):
        told.write(f"{share:6.1%}  {package}\n")
    for order in ("cumulative", "tottime"):
        told.write(f"\nby {order}, of {REQUESTS} requests")
        stats.sort_stats(order).print_stats(lines)
    return told.getvalue().replace(f"{PROJECT_ROOT}/", "")


def _open(wsgi: _Wsgi, visit: Visit, times: int) -> str | None:
    """Open the page some times as a server does; returns the cookie it sets, if any."""
    cookies: list[str] = []

    def start_response(status: str, headers: list[tuple[str, str]], *_more: Any) -> None:
        assert status.startswith("200"), status
        cookies.extend(value for name, value in headers if name == "Set-Cookie")

    headers = Headers({"Cookie": f"session={visit.cookie}"})
    environ = EnvironBuilder(path=visit.path, headers=headers).get_environ()
    for _time in range(times):
        b"".join(wsgi(environ.copy(), start_response))
    return cookies[0].partition("=")[2].partition(";")[0] if cookies else None


def _settled(wsgi: _Wsgi, visit: Visit) -> Visit:
    return Visit(visit.path, _open(wsgi, visit, 1) or visit.cookie)


def _shares(stats: pstats.Stats) -> list[tuple[str, float]]:
    """Return the share of own time by package, the largest first."""
    shares: dict[str, float] = defaultdict(float)
    functions: dict[tuple[str, int, str], tuple[int, int, float, float, Any]] = stats.stats  # type: ignore[attr-defined]
    for (file, _line, name), (_calls, _all_calls, own, _cumulative, _callers) in functions.items():
        shares[_package(file, name)] += own
    whole = sum(shares.values())
    found = ((package, own / whole) for package, own in shares.items() if own / whole >= 0.002)
    return sorted(found, key=lambda item: -item[1])


def _package(file: str, name: str) -> str:
    parts = Path(file).parts
    if "site-packages" in parts:
        return parts[parts.index("site-packages") + 1]
    if file == "~":
        return "built in: sqlite3" if "sqlite3" in name else "built in"
    if file.startswith(str(PROJECT_ROOT / "templates")) or file == "<template>":
        return "our templates"
    return "our Python" if file.startswith(str(PROJECT_ROOT)) else "standard library"
