"""Rules of work agreements: the seven questions, what each side reads of them, and which yes still holds.

A yes is a yes to what was read. So it is kept with the digest of that, and holds as long as what this side reads now
has the same digest; nothing has to be taken back when something changes. Who may read a support need is her own
consent, no part of what is agreed: to share one or to take it back costs nobody's yes but that of the mentor, whose
page has changed by it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, time
from enum import StrEnum
from typing import Any

from citizen_app.placements.rules import Side, WeeklyTime


class Question(StrEnum):
    """The seven questions, in their order; each is also a kind of phrase."""

    PURPOSE = "purpose"
    TASK = "task"
    COLLEAGUE = "colleague"
    PLACE = "place"
    SUPPORT = "support"
    """What she needs: the mentor reads a line of it only if she has said so."""
    MILESTONE = "milestone"
    """The goal and the small steps on the way."""
    FOLLOW_UP = "follow_up"


QUESTIONS = tuple(Question)
NEEDED = frozenset({Question.PURPOSE, Question.TASK})
"""Without an answer to these there is nothing to agree to."""
HERS = frozenset({Question.PURPOSE, Question.SUPPORT, Question.MILESTONE})
"""What the citizen answers herself; the others follow from the workplace."""
MOST_LINES = 8
"""Of one question: an agreement is short enough to be read aloud."""
TALK_ID = r"[0-9a-zA-Z-]{8,36}\Z"
"""What a form makes up for a wish to talk."""
LINE_LENGTH = 300
TRANSLATION_LENGTH = 400
TALK_LENGTH = 300


@dataclass(frozen=True)
class Helper:
    """A mentor at the placement."""

    id: int
    name: str
    kind: str


@dataclass(frozen=True)
class Line:
    id: int
    question: Question
    text_id: int
    text_version: int
    picture: str = ""
    word_key: str | None = None
    is_shared: bool = True

    @property
    def key(self) -> tuple[int, int]:
        """What tells these very words from older and newer ones."""
        return self.id, self.text_version


@dataclass(frozen=True)
class Content:
    """All that can be agreed to: facts of the placement, and the lines that people wrote."""

    kind: str
    starts_on: date
    last_day: date
    times: Sequence[WeeklyTime]
    workplace: str
    address: str
    how_to_find: str
    mentors: Sequence[Helper]
    follow_up_on: date
    lines: Sequence[Line] = ()

    def seen_by(self, side: Side) -> Content:
        """Return what a side may read of it."""
        if side is not Side.MENTOR:
            return self
        return replace(self, lines=tuple(line for line in self.lines if may_read(side, line)))

    @property
    def is_complete(self) -> bool:
        return {line.question for line in self.lines} >= NEEDED


def is_over(last_day: date, today: date) -> bool:
    """Say whether a placement is over; what was agreed then stays agreed, and nobody says yes any more."""
    return last_day < today


def may_read(side: Side, line: Line) -> bool:
    return side is not Side.MENTOR or line.question is not Question.SUPPORT or line.is_shared


def facts(content: Content) -> dict[str, Any]:
    """Return everything but the lines as plain values, as a version keeps them."""
    return {
        "kind": content.kind,
        "starts_on": content.starts_on.isoformat(),
        "last_day": content.last_day.isoformat(),
        "times": [[one.weekday, f"{one.begins:%H:%M}", f"{one.ends:%H:%M}"] for one in content.times],
        "workplace": content.workplace,
        "address": content.address,
        "how_to_find": content.how_to_find,
        "mentors": [{"id": one.id, "name": one.name, "kind": one.kind} for one in content.mentors],
        "follow_up_on": content.follow_up_on.isoformat(),
    }


def content_in(kept: Mapping[str, Any]) -> Content:
    """Return the content that a version keeps: facts as `facts` writes them, and lines."""
    return Content(
        kind=kept["kind"],
        starts_on=date.fromisoformat(kept["starts_on"]),
        last_day=date.fromisoformat(kept["last_day"]),
        times=[
            WeeklyTime(weekday, time.fromisoformat(begins), time.fromisoformat(ends))
            for weekday, begins, ends in kept["times"]
        ],
        workplace=kept["workplace"],
        address=kept["address"],
        how_to_find=kept["how_to_find"],
        mentors=[Helper(**one) for one in kept["mentors"]],
        follow_up_on=date.fromisoformat(kept["follow_up_on"]),
        lines=[
            Line(
                id=line["id"],
                question=Question(line["question"]),
                text_id=line["text_id"],
                text_version=line["text_version"],
                picture=line["picture"],
                word_key=line["word_key"],
                is_shared=line["is_shared"],
            )
            for line in kept["lines"]
        ],
    )


def digest(content: Content) -> str:
    """Return what tells one content from another. A name that is spelled anew is the same person's."""
    mentors = sorted([one.id, one.kind] for one in content.mentors)
    lines = [
        [line.id, line.question.value, line.text_id, line.text_version, line.picture, line.word_key, line.is_shared]
        for line in sorted(content.lines, key=lambda line: line.id)
    ]
    whole = facts(content) | {"mentors": mentors, "lines": lines}
    return hashlib.sha256(json.dumps(whole, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def digest_for(side: Side, content: Content) -> str:
    """Return what a side's yes is a yes to: all that it reads, and not who else may read it."""
    seen = content.seen_by(side)
    return digest(replace(seen, lines=tuple(replace(line, is_shared=True) for line in seen.lines)))


def holds(side: Side, content: Content, yeses: Mapping[Side, str]) -> bool:
    """Say whether a side has said yes to what it reads now; `yeses` has the digest of each side's newest yes."""
    return yeses.get(side) == digest_for(side, content)


def waiting_sides(content: Content, yeses: Mapping[Side, str]) -> list[Side]:
    """Return the sides whose yes is missing. The mentor's is also missing while there is no mentor."""
    return [side for side in Side if not holds(side, content, yeses) or (side is Side.MENTOR and not content.mentors)]


def written(sides: Iterable[Side]) -> str:
    """Return sides as `WorkAgreement.waits_for` keeps them."""
    return " ".join(side.value for side in sides)


def sides_in(waits_for: str) -> list[Side]:
    return [Side(word) for word in waits_for.split()]
