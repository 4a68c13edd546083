"""Texts as a reader sees them, and the phrase bank, which is a data file read once."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from sqlalchemy import Select, bindparam, or_, select
from sqlalchemy.orm import Session

from citizen_app.config import LANGUAGES
from citizen_app.db import one_of, room_for, rows_of, spread
from citizen_app.policy import NotFound
from citizen_app.texts.models import PastWording, Rendering, Text
from citizen_app.texts.rules import Line, Phrase, Reading, mark_of, read

PHRASES = Path(__file__).parent / "data" / "phrases.csv"
_KINDS = {
    "goal",
    "step",
    "purpose",
    "task",
    "colleague",
    "place",
    "support",
    "milestone",
    "follow_up",
    "focus",
    "ready_step",
}
_TRACKS = {"job", "coping", "network"}


_RENDERING_COLUMNS = (
    Text.id,
    Text.version,
    Text.original_language,
    Rendering.language,
    Rendering.body,
    Rendering.mark,
    Rendering.text_version,
    Rendering.author_name,
)


@lru_cache
def _renderings(size: int) -> Select[*tuple[Any, ...]]:
    """Return the statement for up to `size` texts, in three languages and the original."""
    return (
        select(*_RENDERING_COLUMNS)
        .join(Rendering, Rendering.text_id == Text.id)
        .where(
            Text.municipality_id == bindparam("municipality_id"),
            one_of(Text.id, "id", size),
            or_(one_of(Rendering.language, "language", 3), Rendering.language == Text.original_language),
        )
    )


def readings(
    session: Session, municipality_id: int, ids: Iterable[int | None], languages: Sequence[str]
) -> dict[int, Reading]:
    """Return what a reader of these languages sees of each text, in one SELECT."""
    wanted = sorted({text_id for text_id in ids if text_id is not None})
    if not wanted:
        return {}
    heads: dict[int, tuple[int, str]] = {}
    lines: dict[int, dict[str, Line]] = defaultdict(dict)
    size = room_for(len(wanted))
    known = tuple(dict.fromkeys((*languages, "da")))
    values = {"municipality_id": municipality_id, **spread("id", wanted, size), **spread("language", known, 3)}
    for row in rows_of(session, _renderings(size), values):
        text_id, version, original, language, body, mark, text_version, author_name = row
        heads[text_id] = (version, original)
        lines[text_id][language] = Line(language, body, mark_of(mark, text_version, version), author_name)
    return {text_id: read(text_id, *heads[text_id], lines[text_id], languages) for text_id in wanted}


_ALL_RENDERINGS = (
    select(*_RENDERING_COLUMNS)
    .join(Rendering, Rendering.text_id == Text.id)
    .where(
        Text.municipality_id == bindparam("municipality_id"),
        Text.id.in_(bindparam("text_ids", expanding=True)),
    )
    .order_by(Text.id, Rendering.language)
)


def all_lines(session: Session, municipality_id: int, text_ids: Iterable[int]) -> dict[int, tuple[str, list[Line]]]:
    """Return each text's original language and what it says in every language that there is, in one SELECT."""
    found: dict[int, tuple[str, list[Line]]] = {}
    values = {"municipality_id": municipality_id, "text_ids": sorted(set(text_ids))}
    for row in rows_of(session, _ALL_RENDERINGS, values):
        text_id, version, original, language, body, mark, text_version, author_name = row
        _original, lines = found.setdefault(text_id, (original, []))
        lines.append(Line(language, body, mark_of(mark, text_version, version), author_name))
    return found


def text_to_change(session: Session, municipality_id: int, text_id: int) -> Text:
    """Return a text, held until the transaction ends; raises NotFound for another municipality's."""
    text = session.scalar(select(Text).filter_by(id=text_id, municipality_id=municipality_id).with_for_update())
    if text is None:
        raise NotFound
    return text


def past_wordings(session: Session, municipality_id: int, text_ids: Iterable[int]) -> Sequence[PastWording]:
    """Return all earlier wordings of some texts, oldest first."""
    return session.scalars(
        select(PastWording)
        .where(PastWording.municipality_id == municipality_id, PastWording.text_id.in_(list(text_ids)))
        .order_by(PastWording.id)
    ).all()


class BadPhrase(Exception):
    """A row of the phrase bank is wrong; the message names file, line and field."""


@lru_cache
def phrase_bank() -> Mapping[str, Phrase]:
    """Return the phrase bank by key; raises BadPhrase naming file, line and field."""
    return read_phrases(PHRASES)


def read_phrases(path: Path) -> Mapping[str, Phrase]:
    bank: dict[str, Phrase] = {}
    with path.open(encoding="utf-8", newline="") as file:
        for line, row in enumerate(csv.DictReader(file), start=2):
            _check_row(row, bank, f"{path.name}, line {line}")
            bodies = {language: row[language].strip() for language in LANGUAGES}
            bank[row["key"]] = Phrase(row["key"], row["kind"], row["track"], row["picture"], bodies)
    return bank


def _check_row(row: dict[str, str], bank: Mapping[str, Phrase], where: str) -> None:
    for field in ("key", "kind", "track", "picture", *LANGUAGES):
        if not (row.get(field) or "").strip():
            raise BadPhrase(f"{where}: {field} is empty")
    if row["key"] in bank:
        raise BadPhrase(f"{where}: key {row['key']} is there twice")
    if row["kind"] not in _KINDS:
        raise BadPhrase(f"{where}: kind must be one of {', '.join(sorted(_KINDS))}")
    if row["track"] not in _TRACKS:
        raise BadPhrase(f"{where}: track must be job, coping or network")
