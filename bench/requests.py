"""Requests per second of Today against a bare page of the same bytes, turn by turn, and memory after load.

Both servers stand side by side with the same settings; each round asks one and then the other, so that whatever
else the machine does meets both. The ratio is the median of the rounds.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from statistics import median

from bench.figures import Figure
from bench.load import Answered, Visit, load
from bench.servers import Server, memory, settled
from bench.stage import CONNECTIONS, Stage, say


def measure(stage: Stage) -> Iterator[Figure]:
    workers, sizes = stage.sizes.workers, stage.sizes
    with stage.our_server(workers) as ours, stage.bare_server(workers) as bare:
        today = settled(ours, stage.town.citizens["ar"])
        turns = {
            "bare": (bare, Visit()),
            "filled": (bare, Visit("/filled")),
            "today": (ours, today),
            "compressed": (ours, replace(today, encoding="br")),
        }
        for server, visit in turns.values():
            load(server.port, [visit], connections=CONNECTIONS, count=400)
        rounds = []
        for number in range(sizes.rounds):
            rounds.append({name: _turn(server, visit, sizes.round_seconds) for name, (server, visit) in turns.items()})
            told = ", ".join(f"{name} {answered.per_second:.0f}/s" for name, (answered, _cpu) in rounds[-1].items())
            say(f"  round {number + 1}: {told}")
    yield from _figures(rounds, workers)


def _turn(server: Server, visit: Visit, seconds: float) -> tuple[Answered, float]:
    """Return what was answered, and the server's CPU milliseconds for one request."""
    before = server.cpu_seconds()
    answered = load(server.port, [visit], connections=CONNECTIONS, seconds=seconds)
    return answered, 1000 * (server.cpu_seconds() - before) / answered.requests


def _figures(rounds: list[dict[str, tuple[Answered, float]]], workers: int) -> Iterator[Figure]:
    rates = {name: median(turn[name][0].per_second for turn in rounds) for name in rounds[0]}
    cpu = {name: median(turn[name][1] for turn in rounds) for name in rounds[0]}
    p50, p99 = (median(getattr(turn["today"][0], name) for turn in rounds) for name in ("p50", "p99"))
    yield Figure(
        "requests/s of Today : bare page",
        median(turn["today"][0].per_second / turn["bare"][0].per_second for turn in rounds),
        least=0.40,
        note=f"{rates['today']:.0f} : {rates['bare']:.0f} with {workers} web processes, {CONNECTIONS} connections",
    )
    yield Figure(
        "requests/s of Today : bare page with variables",
        median(turn["today"][0].per_second / turn["filled"][0].per_second for turn in rounds),
        note=f"{rates['today']:.0f} : {rates['filled']:.0f}; its words are put in by Jinja one by one",
    )
    yield Figure(
        "p99 : p50 of Today",
        median(turn["today"][0].p99 / turn["today"][0].p50 for turn in rounds),
        most=4,
        note=f"{p99:.1f} : {p50:.1f} ms at {CONNECTIONS} connections",
    )
    yield Figure(
        "CPU of a bare page : Today",
        median(turn["bare"][1] / turn["today"][1] for turn in rounds),
        note=f"{cpu['bare']:.2f} : {cpu['today']:.2f} ms of the server, the client left out",
    )
    yield Figure(
        "requests/s of Today, as brotli : plain",
        median(turn["compressed"][0].per_second / turn["today"][0].per_second for turn in rounds),
        note=f"{rates['compressed']:.0f} : {rates['today']:.0f}",
    )


def measure_memory(stage: Stage) -> Iterator[Figure]:
    """Read the memory of one web process that has served Today in every language, and a worker's pages."""
    with stage.our_server(1) as server:
        visits = [settled(server, visit) for visit in stage.town.citizens.values()]
        worker = settled(server, stage.town.worker)
        visits += [replace(worker, path=path) for path in ("/staff", "/staff/citizens", "/staff/meetings", "/words")]
        load(server.port, visits, connections=CONNECTIONS, count=200 * len(visits))
        sizes = max((memory(process) for process in server.web_processes), key=lambda sizes: sizes["Rss"])
    note = f"RSS after {200 * len(visits)} requests in ten languages; PSS {sizes['Pss']:.0f} MB"
    yield Figure("MB of one web process", sizes["Rss"], most=120, note=note)
