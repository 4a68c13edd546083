"""The command: measure all figures in one run, or some of them, and print the table.

It always ends well unless something breaks. Whether a figure is good enough is for a person to say.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Iterator

from bench import browser, growth, meetings, placements, practice, profiling, push, requests, statements
from bench.figures import Figure, table
from bench.servers import default_workers
from bench.stage import Sizes, Stage, say, stage

MEASUREMENTS: dict[str, tuple[str, Callable[[Stage], Iterator[Figure]]]] = {
    "statements": ("what Today asks the database", statements.measure),
    "requests": ("requests per second against a bare page", requests.measure),
    "memory": ("memory of one web process", requests.measure_memory),
    "bytes": ("what a first visit downloads", browser.measure_bytes),
    "paint": ("largest contentful paint against a bare page", browser.measure_paint),
    "practice": ("words: a session, a card, the pack, the next card", practice.measure),
    "meetings": ("booking, and a worker's week among a million meetings", meetings.measure),
    "placements": ("a year's ledger, and a list among 5,000 placements", placements.measure),
    "push": ("reminders: pushes a second against a bare socket", push.measure),
    "sqlite": ("many citizens, SQLite", growth.measure_sqlite),
    "postgresql": ("many citizens, PostgreSQL", growth.measure_postgresql),
}


def main() -> None:
    names = "\n".join(f"  {name:12} {about}" for name, (about, _measure) in MEASUREMENTS.items())
    parser = argparse.ArgumentParser(
        prog="python -m bench",
        description="Measure speed as ratios within one run.",
        epilog=f"NAME is one of\n{names}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--only", metavar="NAME", action="append", choices=MEASUREMENTS, help="may be given again")
    parser.add_argument("--quick", action="store_true", help="small sizes: to try the command, not to judge by")
    parser.add_argument("--workers", type=int, default=default_workers(), help="web processes for requests per second")
    parser.add_argument("--profile", action="store_true", help="show instead where a request of Today spends its time")
    wishes = parser.parse_args()
    with stage(_sizes(wishes.quick, wishes.workers)) as ready:
        if wishes.profile:
            print(profiling.report(ready))
            return
        figures: list[Figure] = []
        for name in wishes.only or MEASUREMENTS:
            about, measure = MEASUREMENTS[name]
            say(f"{name}: {about}")
            figures += measure(ready)
    load = os.getloadavg()[0]
    print(f"\n{table(figures)}\n\n{os.cpu_count()} cores, load average {load:.1f}; trust the ratios.")


def _sizes(is_quick: bool, workers: int) -> Sizes:
    if is_quick:
        return Sizes(2, 1.0, paints=2, crowds=(2_000, 20_000), crowd_requests=300, workers=workers)
    return Sizes(5, 4.0, paints=9, crowds=(10_000, 1_000_000), crowd_requests=500, workers=workers)


if __name__ == "__main__":
    main()
