"""What a measurement gives: figures with what is wanted of them, and the table they are read in.

A figure that is short stops nothing and fails nothing: this machine may be busy, and a person judges.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    name: str
    measured: float
    most: float | None = None
    """What it may be at most."""
    least: float | None = None
    """What it must be at least. Without either the figure is only told."""
    note: str = ""

    @property
    def wanted(self) -> str:
        if self.most is not None:
            return f"<= {_number(self.most)}"
        return f">= {_number(self.least)}" if self.least is not None else ""

    @property
    def verdict(self) -> str:
        if self.most is not None:
            return "ok" if self.measured <= self.most else "short"
        if self.least is not None:
            return "ok" if self.measured >= self.least else "short"
        return ""


def table(figures: Iterable[Figure]) -> str:
    """Lay figures out in columns, one line each."""
    lines = [("figure", "measured", "wanted", "", "")]
    lines += [(f.name, _number(f.measured), f.wanted, f.verdict, f.note) for f in figures]
    widths = [max(len(line[column]) for line in lines) for column in range(4)]
    told = []
    for name, measured, wanted, verdict, note in lines:
        cells = (name.ljust(widths[0]), measured.rjust(widths[1]), wanted.rjust(widths[2]), verdict.ljust(widths[3]))
        told.append("  ".join((*cells, note)).rstrip())
    return "\n".join(told)


def _number(value: float) -> str:
    if value == int(value):
        return str(int(value))
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"
