"""Work agreements as each side may read them.

What a mentor may not read is not selected for a mentor. A page costs the same whatever stands in the agreement: one
SELECT for the placement, one for what is around it, one for the lines, one for their words, one for words of the
workplace.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import (
    Boolean,
    ColumnElement,
    Integer,
    Select,
    String,
    and_,
    bindparam,
    exists,
    literal,
    null,
    or_,
    select,
    union_all,
)
from sqlalchemy.orm import Session

from citizen_app.agreements.models import (
    AgreementLine,
    AgreementTalk,
    AgreementVersion,
    AgreementYes,
    WorkAgreement,
)
from citizen_app.agreements.rules import (
    Content,
    Helper,
    Line,
    Question,
    content_in,
    digest,
    digest_for,
    facts,
    holds,
    is_over,
    sides_in,
    waiting_sides,
)
from citizen_app.config import LANGUAGES
from citizen_app.db import AnyRow, rows_of
from citizen_app.people.models import Person
from citizen_app.people.queries import is_citizen_of_worker
from citizen_app.placements.models import Placement, PlacementMentor, PlacementTime, Workplace
from citizen_app.placements.rules import Side, WeeklyTime, follow_up_on
from citizen_app.policy import Actor, NotFound
from citizen_app.texts.models import Text
from citizen_app.texts.queries import all_lines, readings
from citizen_app.texts.rules import Line as TextLine
from citizen_app.texts.rules import Reading, TruthMark, read
from citizen_app.words.queries import said
from citizen_app.words.rules import Word

SILENCE = timedelta(days=7)
"""So long citizen and mentor may take before staff ask."""

# --- Rows ---------------------------------------------------------------------------------------------------

_HEAD: Select[*tuple[Any, ...]] = (
    select(
        Placement.id,
        Placement.municipality_id,
        Placement.citizen_id,
        Placement.kind,
        Placement.starts_on,
        Placement.last_day,
        Placement.follow_up_day,
        Person.given_name,
        Workplace.name.label("workplace"),
        Workplace.branch,
        Workplace.address,
        Workplace.how_to_find,
        WorkAgreement.shown_at,
        WorkAgreement.waits_for,
    )
    .join(Workplace, Workplace.id == Placement.workplace_id)
    .join(Person, Person.id == Placement.citizen_id)
    .outerjoin(WorkAgreement, WorkAgreement.placement_id == Placement.id)
    .where(Placement.municipality_id == bindparam("municipality_id"), Placement.id == bindparam("placement_id"))
)


def _here(table: Any) -> ColumnElement[bool]:
    return and_(table.municipality_id == bindparam("municipality_id"), table.placement_id == bindparam("placement_id"))


def _no(column: Any) -> Any:
    """Return an empty place in a union, of a column's type."""
    return null().cast(column.type)


_TEXT, _NUMBER, _MOMENT = null().cast(String), null().cast(Integer), AgreementYes.said_at
_AROUND = union_all(
    select(
        literal("time").label("what"),
        PlacementTime.weekday.label("number"),
        PlacementTime.begins.label("begins"),
        PlacementTime.ends.label("ends"),
        _TEXT.label("key"),
        _TEXT.label("name"),
        _TEXT.label("kind"),
        _TEXT.label("words"),
        _TEXT.label("language"),
        _no(_MOMENT).label("at"),
        PlacementTime.weekday.label("position"),
    ).where(_here(PlacementTime)),
    select(
        literal("mentor"),
        Person.id,
        _no(PlacementTime.begins),
        _no(PlacementTime.ends),
        _TEXT,
        Person.given_name,
        PlacementMentor.kind,
        _TEXT,
        _TEXT,
        _no(_MOMENT),
        PlacementMentor.id,
    )
    .join(Person, Person.id == PlacementMentor.person_id)
    .where(_here(PlacementMentor), PlacementMentor.ended_at.is_(None)),
    select(
        literal("yes"),
        AgreementVersion.number,
        _no(PlacementTime.begins),
        _no(PlacementTime.ends),
        AgreementYes.digest,
        AgreementYes.by_name,
        AgreementYes.side,
        _TEXT,
        _TEXT,
        AgreementYes.said_at,
        AgreementYes.id,
    )
    .join(AgreementVersion, AgreementVersion.id == AgreementYes.version_id)
    .where(_here(AgreementYes)),
    select(
        literal("talk"),
        AgreementTalk.by_id,
        _no(PlacementTime.begins),
        _no(PlacementTime.ends),
        AgreementTalk.id,
        AgreementTalk.by_name,
        AgreementTalk.side,
        AgreementTalk.words,
        AgreementTalk.words_language,
        AgreementTalk.said_at,
        literal(0),
    ).where(
        _here(AgreementTalk),
        AgreementTalk.settled_at.is_(None),
        or_(bindparam("hears_all", type_=Boolean), AgreementTalk.by_id == bindparam("reader_id", type_=Integer)),
    ),
).subquery()
_AROUND_IN_ORDER: Select[*tuple[Any, ...]] = select(_AROUND).order_by(
    _AROUND.c.what, _AROUND.c.position, _AROUND.c.at, _AROUND.c.key
)

_LINES: Select[*tuple[Any, ...]] = (
    select(
        AgreementLine.id,
        AgreementLine.question,
        AgreementLine.text_id,
        Text.version.label("text_version"),
        AgreementLine.picture,
        AgreementLine.word_key,
        AgreementLine.is_shared,
        AgreementLine.added_by_side,
        AgreementLine.added_by_name,
    )
    .join(Text, Text.id == AgreementLine.text_id)
    .where(
        _here(AgreementLine),
        AgreementLine.removed_at.is_(None),
        or_(
            bindparam("reads_all", type_=Boolean),
            AgreementLine.question != Question.SUPPORT.value,
            AgreementLine.is_shared,
        ),
    )
    .order_by(AgreementLine.id)
)


@dataclass(frozen=True)
class Yes:
    """A side's newest yes."""

    name: str
    digest: str
    version: int
    said_at: datetime


@dataclass(frozen=True)
class Standing:
    """How the agreement of a placement stands, by what can be read of it."""

    head: AnyRow
    content: Content
    rows: Mapping[int, AnyRow]
    """The lines as they are stored, by number."""
    yeses: Mapping[Side, Yes]
    talks: Sequence[AnyRow]
    """Open wishes to talk: `key`, `kind` (the side), `name`, `words`, `language`, `at`."""

    @property
    def is_shown(self) -> bool:
        return self.head.shown_at is not None


def content_of(
    session: Session, municipality_id: int, placement_id: int, *, side: Side = Side.STAFF, reader_id: int = 0
) -> Standing:
    """Return a placement's agreement as it stands now, by what a side may read; who asks is for the caller to check.

    Open wishes to talk are those of `reader_id` alone, unless staff ask.
    """
    values = {
        "municipality_id": municipality_id,
        "placement_id": placement_id,
        "reads_all": side is not Side.MENTOR,
        "hears_all": side is Side.STAFF,
        "reader_id": reader_id,
    }
    head = rows_of(session, _HEAD, values).first()
    if head is None:
        raise NotFound
    around = rows_of(session, _AROUND_IN_ORDER, values).all()
    rows = rows_of(session, _LINES, values).all()
    content = Content(
        kind=head.kind,
        starts_on=head.starts_on,
        last_day=head.last_day,
        times=[WeeklyTime(row.number, row.begins, row.ends) for row in around if row.what == "time"],
        workplace=head.workplace,
        address=head.address,
        how_to_find=head.how_to_find,
        mentors=[Helper(row.number, row.name, row.kind) for row in around if row.what == "mentor"],
        follow_up_on=follow_up_on(head.starts_on, head.follow_up_day),
        lines=[_line(row) for row in rows],
    )
    yeses = {Side(row.kind): Yes(row.name, row.key, row.number, row.at) for row in around if row.what == "yes"}
    talks = [row for row in around if row.what == "talk"]
    return Standing(head, content, {row.id: row for row in rows}, yeses, talks)


def _line(row: AnyRow) -> Line:
    return Line(
        row.id, Question(row.question), row.text_id, row.text_version, row.picture, row.word_key, bool(row.is_shared)
    )


# --- As one side reads it -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class ReadWord:
    """The Danish word for a task."""

    key: str
    danish: str
    language: str
    meaning: str


@dataclass(frozen=True)
class ReadLine:
    id: int
    question: Question
    text: Reading
    picture: str
    word: ReadWord | None
    is_shared: bool
    added_by_name: str = ""
    added_by_side: str = ""


@dataclass(frozen=True)
class ReadAgreement:
    """An agreement as its reader sees it."""

    placement_id: int
    citizen_id: int
    branch: str
    content: Content
    lines: Mapping[Question, Sequence[ReadLine]]
    side: Side
    is_shown: bool
    yeses: Mapping[Side, Yes]
    talks: Sequence[AnyRow]
    is_over: bool
    waits_for: Sequence[Side] = ()
    """The sides whose yes is missing; not all of them can be known to a mentor, who does not read everything."""

    @property
    def seen(self) -> str:
        """What a yes to this page is a yes to."""
        return digest_for(self.side, self.content)

    @property
    def has_my_yes(self) -> bool:
        return self.side not in self.waits_for

    @property
    def times(self) -> list[tuple[date, WeeklyTime]]:
        return dated(self.content.times)


MONDAY = date(2024, 1, 1)


def dated(times: Sequence[WeeklyTime]) -> list[tuple[date, WeeklyTime]]:
    """Return weekly times, each with some date of its weekday, which is how weekdays get their names."""
    return [(MONDAY + timedelta(days=one.weekday), one) for one in times]


def agreement(
    session: Session, actor: Actor, placement_id: int, side: Side, languages: Sequence[str], today: date
) -> ReadAgreement:
    """Return an agreement as a side reads it in these languages; who asks is for the caller to check."""
    found = content_of(session, actor.municipality_id, placement_id, side=side, reader_id=actor.person_id)
    lines = found.content.lines
    texts = readings(session, actor.municipality_id, [line.text_id for line in lines], languages)
    words = _words(session, actor, found.head.citizen_id, lines, languages)
    by_question: dict[Question, list[ReadLine]] = {question: [] for question in Question}
    for line in lines:
        row = found.rows[line.id]
        by_question[line.question].append(
            ReadLine(
                line.id,
                line.question,
                texts[line.text_id],
                line.picture,
                words.get(line.word_key or ""),
                line.is_shared,
                row.added_by_name,
                row.added_by_side,
            )
        )
    return ReadAgreement(
        placement_id=placement_id,
        citizen_id=found.head.citizen_id,
        branch=found.head.branch,
        content=found.content,
        lines=by_question,
        side=side,
        is_shown=found.is_shown,
        yeses=found.yeses,
        talks=found.talks,
        is_over=is_over(found.head.last_day, today),
        waits_for=_waiting(found, side, today),
    )


def _waiting(found: Standing, side: Side, today: date) -> list[Side]:
    """Return the sides whose yes is missing: one's own by what one reads, the others' for a mentor as it is kept.

    Once the placement is over all are as they are kept: what changes later asks nobody.
    """
    kept = sides_in(found.head.waits_for or "")
    if is_over(found.head.last_day, today):
        return kept
    now = waiting_sides(found.content, {one: yes.digest for one, yes in found.yeses.items()})
    if side is not Side.MENTOR:
        return now
    return [one for one in Side if one in (now if one is side else kept)]


def _words(
    session: Session, actor: Actor, citizen_id: int, lines: Sequence[Line], languages: Sequence[str]
) -> dict[str, ReadWord]:
    keys = {line.word_key for line in lines if line.word_key}
    if not keys:
        return {}
    spoken = said(session, actor.municipality_id, languages, citizen_id)
    found = {key: word for key in keys if (word := spoken.word(key)) is not None}
    return {key: _read_word(word, languages) for key, word in found.items()}


def _read_word(word: Word, languages: Sequence[str]) -> ReadWord:
    language, meaning = word.meaning_for([language for language in languages if language != "da"])
    return ReadWord(word.key, word.with_article, language or "", meaning.text)


def branch_words(session: Session, actor: Actor, branch: str, language: str = "da") -> list[Word]:
    """Return the words of a line of work that a task can carry, with their meanings in a language."""
    return said(session, actor.municipality_id, (language,)).deck(branch)


def record(session: Session, found: Standing) -> dict[str, Any]:
    """Return an agreement with its words in every language that there is, as a version keeps it."""
    municipality_id = found.head.municipality_id
    spoken = all_lines(session, municipality_id, [line.text_id for line in found.content.lines])
    keys = {line.word_key for line in found.content.lines if line.word_key}
    words = said(session, municipality_id, tuple(LANGUAGES), found.head.citizen_id) if keys else None
    return facts(found.content) | {
        "lines": [_line_record(line, spoken[line.text_id], words) for line in found.content.lines]
    }


def _line_record(line: Line, spoken: tuple[str, list[Any]], words: Any) -> dict[str, Any]:
    original, lines = spoken
    word = words.word(line.word_key) if words and line.word_key else None
    return {
        "id": line.id,
        "question": line.question.value,
        "text_id": line.text_id,
        "text_version": line.text_version,
        "picture": line.picture,
        "word_key": line.word_key,
        "is_shared": line.is_shared,
        "original_language": original,
        "words": {
            one.language: {"body": one.body, "mark": one.mark.value, "author_name": one.author_name} for one in lines
        },
        "word": {
            "key": word.key,
            "danish": word.with_article,
            "meanings": {code: word.meaning(code).text for code in LANGUAGES if word.meaning(code).text},
        }
        if word
        else None,
    }


# --- Versions -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Version:
    """A content that somebody said yes to, as it was then."""

    id: int
    number: int
    digest: str
    made_at: datetime
    yeses: Sequence[AnyRow]
    """Who said yes to it: `side`, `by_name`, `said_at`."""


def versions(session: Session, municipality_id: int, placement_id: int) -> list[Version]:
    """Return all versions of a placement's agreement, the newest first, with their yeses."""
    where = {"municipality_id": municipality_id, "placement_id": placement_id}
    columns = (AgreementVersion.id, AgreementVersion.number, AgreementVersion.digest, AgreementVersion.made_at)
    rows = session.execute(select(*columns).filter_by(**where).order_by(AgreementVersion.number.desc())).all()
    yeses = session.execute(
        select(AgreementYes.version_id, AgreementYes.side, AgreementYes.by_name, AgreementYes.said_at)
        .filter_by(**where)
        .order_by(AgreementYes.said_at, AgreementYes.id)
    ).all()
    return [Version(*row, [yes for yes in yeses if yes.version_id == row.id]) for row in rows]


def version(
    session: Session, municipality_id: int, placement_id: int, *, version_id: int = 0, number: int = 0
) -> AgreementVersion:
    """Return one version, by its row or by its number; raises NotFound."""
    wanted = select(AgreementVersion).filter_by(municipality_id=municipality_id, placement_id=placement_id)
    wanted = wanted.filter_by(id=version_id) if version_id else wanted.filter_by(number=number)
    found = session.scalar(wanted)
    if found is None:
        raise NotFound
    return found


def newest_version(session: Session, municipality_id: int, placement_id: int) -> AgreementVersion | None:
    wanted = select(AgreementVersion).filter_by(municipality_id=municipality_id, placement_id=placement_id)
    return session.scalar(wanted.order_by(AgreementVersion.number.desc()).limit(1))


def readable(kept: Mapping[str, Any], languages: Sequence[str]) -> dict[Question, list[ReadLine]]:
    """Return the lines of a version, or of what `record` has written, as a reader of these languages
    sees them."""
    found: dict[Question, list[ReadLine]] = {question: [] for question in Question}
    for line in kept["lines"]:
        text = read(line["text_id"], line["text_version"], line["original_language"], _text_lines(line), languages)
        question = Question(line["question"])
        word = _kept_word(line["word"], languages) if line["word"] else None
        found[question].append(ReadLine(line["id"], question, text, line["picture"], word, line["is_shared"]))
    return found


def _kept_word(word: Mapping[str, Any], languages: Sequence[str]) -> ReadWord:
    language = next((code for code in languages if code != "da" and code in word["meanings"]), "")
    return ReadWord(word["key"], word["danish"], language, word["meanings"].get(language, ""))


def shared_now(session: Session, municipality_id: int, placement_id: int) -> set[tuple[int, int]]:
    """Return the lines that a mentor may read today, each with the version of its words.

    What she has taken back, taken out or said anew is not printed for a mentor from an older version either.
    """
    wanted = (
        select(AgreementLine.id, Text.version)
        .join(Text, Text.id == AgreementLine.text_id)
        .where(
            AgreementLine.municipality_id == municipality_id,
            AgreementLine.placement_id == placement_id,
            AgreementLine.is_shared,
            AgreementLine.removed_at.is_(None),
        )
    )
    return {(line_id, version) for line_id, version in session.execute(wanted)}


# --- On paper ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class PaperLine:
    """One line in two languages; what is missing in one of them is empty there."""

    id: int
    picture: str
    left: TextLine | None
    right: TextLine | None
    word: Mapping[str, Any] | None


@dataclass(frozen=True)
class Paper:
    """An agreement as it is printed."""

    citizen_name: str
    content: Content
    lines: Mapping[Question, Sequence[PaperLine]]
    number: int | None
    """Of the version; nothing for a content that nobody has said yes to."""
    yeses: Mapping[Side, Yes]
    """Who said yes to just this."""

    @property
    def times(self) -> list[tuple[date, WeeklyTime]]:
        return dated(self.content.times)


def paper(
    session: Session, municipality_id: int, placement_id: int, side: Side, languages: tuple[str, str], number: int = 0
) -> Paper:
    """Return what a side gets on paper in two languages: as it stands now, or a version by its number.

    What she has not shared, or shares no longer, is on no paper for a mentor.
    """
    found = content_of(session, municipality_id, placement_id)
    if number:
        kept = version(session, municipality_id, placement_id, number=number).content
        shared = shared_now(session, municipality_id, placement_id)
    else:
        kept, shared = record(session, found), {line.key for line in found.content.lines if line.is_shared}
        newest = newest_version(session, municipality_id, placement_id)
        number = newest.number if newest is not None and newest.digest == digest(found.content) else 0
    content = content_in(kept)
    seen = {
        line.id
        for line in content.seen_by(side).lines
        if side is not Side.MENTOR or line.question is not Question.SUPPORT or line.key in shared
    }
    lines: dict[Question, list[PaperLine]] = {question: [] for question in Question}
    for line in kept["lines"]:
        if line["id"] in seen:
            lines[Question(line["question"])].append(_paper_line(line, languages))
    yeses = _yeses_to(session, municipality_id, placement_id, content)
    return Paper(found.head.given_name, content, lines, number or None, yeses)


def _yeses_to(session: Session, municipality_id: int, placement_id: int, content: Content) -> dict[Side, Yes]:
    """Return the newest yes of each side to just this content, in whichever version it was given."""
    rows = session.execute(
        select(AgreementYes, AgreementVersion.number)
        .join(AgreementVersion, AgreementVersion.id == AgreementYes.version_id)
        .where(AgreementYes.municipality_id == municipality_id, AgreementYes.placement_id == placement_id)
        .order_by(AgreementYes.id)
    ).all()
    return {
        Side(yes.side): Yes(yes.by_name, yes.digest, number, yes.said_at)
        for yes, number in rows
        if holds(Side(yes.side), content, {Side(yes.side): yes.digest})
    }


def _paper_line(line: Mapping[str, Any], languages: tuple[str, str]) -> PaperLine:
    words = _text_lines(line)
    left, right = (words.get(language) for language in languages)
    if left is None and right is None:
        left = words[line["original_language"]]
    return PaperLine(line["id"], line["picture"], left, right, line["word"])


def _text_lines(line: Mapping[str, Any]) -> dict[str, TextLine]:
    return {
        code: TextLine(code, one["body"], TruthMark(one["mark"]), one["author_name"])
        for code, one in line["words"].items()
    }


# --- To change ----------------------------------------------------------------------------------------------


def question_taken_out(session: Session, municipality_id: int, placement_id: int, line_id: int) -> Question | None:
    """Return which question a line answered that has been taken out since; nothing for any other."""
    wanted = select(AgreementLine.question).filter_by(
        id=line_id, placement_id=placement_id, municipality_id=municipality_id
    )
    found = session.scalar(wanted.where(AgreementLine.removed_at.is_not(None)))
    return Question(found) if found else None


def line_of(session: Session, municipality_id: int, placement_id: int, line_id: int) -> AgreementLine:
    """Return a line that still stands; raises NotFound for another placement's."""
    wanted = select(AgreementLine).filter_by(
        id=line_id, placement_id=placement_id, municipality_id=municipality_id, removed_at=None
    )
    found = session.scalar(wanted)
    if found is None:
        raise NotFound
    return found


# --- Lists --------------------------------------------------------------------------------------------------


def state_of_agreement(session: Session, municipality_id: int, placement_id: int) -> WorkAgreement | None:
    return session.scalar(select(WorkAgreement).filter_by(municipality_id=municipality_id, placement_id=placement_id))


_OPEN_TALK = exists().where(
    AgreementTalk.municipality_id == WorkAgreement.municipality_id,
    AgreementTalk.placement_id == WorkAgreement.placement_id,
    AgreementTalk.settled_at.is_(None),
)
_HER_TALK = exists().where(
    AgreementTalk.municipality_id == WorkAgreement.municipality_id,
    AgreementTalk.placement_id == WorkAgreement.placement_id,
    AgreementTalk.side == Side.CITIZEN.value,
    AgreementTalk.settled_at.is_(None),
)
_HAS_MENTOR = exists().where(
    PlacementMentor.municipality_id == WorkAgreement.municipality_id,
    PlacementMentor.placement_id == WorkAgreement.placement_id,
    PlacementMentor.ended_at.is_(None),
)
OLDEST_WAITING = (
    select(
        WorkAgreement.placement_id.label("agreement_id"),
        Workplace.name.label("agreement_workplace"),
    )
    .join(Placement, Placement.id == WorkAgreement.placement_id)
    .join(Workplace, Workplace.id == Placement.workplace_id)
    .where(
        WorkAgreement.municipality_id == bindparam("municipality_id"),
        WorkAgreement.citizen_id == bindparam("person_id"),
        WorkAgreement.shown_at.is_not(None),
        WorkAgreement.waits_for.contains(Side.CITIZEN.value),
        Placement.last_day >= bindparam("agreements_since"),
        ~_HER_TALK,
    )
    .order_by(WorkAgreement.shown_at, WorkAgreement.placement_id)
    .limit(1)
)
"""The agreement that waits for the citizen, unless she has said that she wants to talk first."""

_NEEDING_STAFF: Select[*tuple[Any, ...]] = (
    select(
        WorkAgreement.placement_id,
        WorkAgreement.citizen_id,
        WorkAgreement.waits_for,
        WorkAgreement.changed_at,
        _OPEN_TALK.label("has_talk"),
        _HER_TALK.label("has_her_talk"),
        _HAS_MENTOR.label("has_mentor"),
        Workplace.name.label("workplace"),
        Person.given_name,
        Person.family_name,
        Person.has_photo,
    )
    .join(Placement, Placement.id == WorkAgreement.placement_id)
    .join(Workplace, Workplace.id == Placement.workplace_id)
    .join(Person, Person.id == WorkAgreement.citizen_id)
    .where(
        WorkAgreement.municipality_id == bindparam("municipality_id"),
        is_citizen_of_worker(WorkAgreement.citizen_id),
        WorkAgreement.shown_at.is_not(None),
        Placement.last_day >= bindparam("today"),
        or_(
            _OPEN_TALK,
            WorkAgreement.waits_for.contains(Side.STAFF.value),
            and_(
                WorkAgreement.changed_at < bindparam("silent_before"),
                or_(
                    WorkAgreement.waits_for.contains(Side.CITIZEN.value),
                    WorkAgreement.waits_for.contains(Side.MENTOR.value),
                ),
            ),
        ),
    )
    .order_by(WorkAgreement.changed_at, WorkAgreement.placement_id)
    .limit(100)
)


def agreements_needing_staff(session: Session, actor: Actor, today: date, now: datetime) -> Sequence[AnyRow]:
    """Return the agreements somebody wants to talk about, or that wait for staff, or for the others for a week."""
    values = {
        "municipality_id": actor.municipality_id,
        "person_id": actor.person_id,
        "today": today,
        "silent_before": now - SILENCE,
    }
    return rows_of(session, _NEEDING_STAFF, values).all()
