"""Which yes holds: exactly that to what its side reads now."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
    may_read,
    sides_in,
    waiting_sides,
    written,
)
from citizen_app.placements.rules import Side, WeeklyTime
from citizen_app.texts.queries import phrase_bank

PURPOSE = Line(1, Question.PURPOSE, 11, 1, "1F9F0")
TASK = Line(2, Question.TASK, 12, 1, "1F9F0", "kniv")
NEED = Line(3, Question.SUPPORT, 13, 1, "1F91D", is_shared=False)
CONTENT = Content(
    kind="placement",
    starts_on=date(2026, 11, 2),
    last_day=date(2026, 12, 18),
    times=(WeeklyTime(0, time(8), time(12)), WeeklyTime(3, time(22), time(2))),
    workplace="Cafe Solsikken",
    address="Torvet 1",
    how_to_find="",
    mentors=(Helper(7, "Jens", "workplace_mentor"),),
    follow_up_on=date(2026, 11, 22),
    lines=(PURPOSE, TASK, NEED),
)
OTHER_FACTS: list[dict[str, Any]] = [
    {"kind": "taster"},
    {"starts_on": date(2026, 11, 3)},
    {"last_day": date(2026, 12, 19)},
    {"times": (WeeklyTime(0, time(8), time(12)),)},
    {"times": (WeeklyTime(0, time(8, 30), time(12)), WeeklyTime(3, time(22), time(2)))},
    {"workplace": "Lageret"},
    {"address": "Torvet 2"},
    {"how_to_find": "Bagdøren"},
    {"mentors": ()},
    {"mentors": (Helper(8, "Jens", "workplace_mentor"),)},
    {"mentors": (Helper(7, "Jens", "language_mentor"),)},
    {"follow_up_on": date(2026, 11, 23)},
    {"lines": (PURPOSE, replace(TASK, text_version=2), NEED)},
    {"lines": (PURPOSE, replace(TASK, word_key=None), NEED)},
    {"lines": (PURPOSE, TASK, NEED, Line(4, Question.PLACE, 14, 1))},
    {"lines": (PURPOSE, NEED)},
]


def all_agree(content: Content) -> dict[Side, str]:
    return {side: digest_for(side, content) for side in Side}


def test_each_question_is_a_kind_of_phrase() -> None:
    kinds = {phrase.kind for phrase in phrase_bank().values()}
    assert kinds >= {question.value for question in Question}
    assert len(Question) == 7


@pytest.mark.parametrize("change", OTHER_FACTS, ids=str)
def test_whatever_changes_takes_every_yes_back(change: dict[str, Any]) -> None:
    changed = replace(CONTENT, **change)
    assert waiting_sides(CONTENT, all_agree(CONTENT)) == []
    assert digest(changed) != digest(CONTENT)
    assert waiting_sides(changed, all_agree(CONTENT)) == list(Side)


def test_a_name_that_is_spelled_anew_and_another_order_change_nothing() -> None:
    spelled = replace(CONTENT, mentors=(Helper(7, "Jens Ole", "workplace_mentor"),))
    assert digest(spelled) == digest(CONTENT)
    two = (Helper(7, "Jens", "workplace_mentor"), Helper(9, "Nadia", "language_mentor"))
    assert digest(replace(CONTENT, mentors=two)) == digest(replace(CONTENT, mentors=two[::-1]))
    assert digest(replace(CONTENT, lines=CONTENT.lines[::-1])) == digest(CONTENT)


def test_a_mentor_reads_only_what_she_has_shared() -> None:
    assert NEED not in CONTENT.seen_by(Side.MENTOR).lines
    assert CONTENT.seen_by(Side.CITIZEN).lines == CONTENT.seen_by(Side.STAFF).lines == CONTENT.lines
    shared = replace(NEED, is_shared=True)
    assert may_read(Side.MENTOR, shared)
    assert shared in replace(CONTENT, lines=(PURPOSE, shared)).seen_by(Side.MENTOR).lines


def test_what_the_mentor_cannot_read_is_no_part_of_his_yes() -> None:
    changed = replace(CONTENT, lines=(PURPOSE, TASK, replace(NEED, text_version=2), replace(NEED, id=9)))
    assert waiting_sides(changed, all_agree(CONTENT)) == [Side.CITIZEN, Side.STAFF]


def test_to_share_a_need_asks_only_the_mentor_again() -> None:
    shared = replace(CONTENT, lines=(PURPOSE, TASK, replace(NEED, is_shared=True)))
    assert waiting_sides(shared, all_agree(CONTENT)) == [Side.MENTOR]
    assert waiting_sides(CONTENT, all_agree(shared)) == [Side.MENTOR]
    assert digest(shared) != digest(CONTENT)


def test_without_a_mentor_the_mentors_yes_is_waited_for() -> None:
    alone = replace(CONTENT, mentors=())
    assert waiting_sides(alone, all_agree(alone)) == [Side.MENTOR]


@pytest.mark.parametrize(
    ("lines", "is_complete"),
    [((), False), ((PURPOSE,), False), ((TASK, NEED), False), ((PURPOSE, TASK), True)],
)
def test_an_agreement_needs_a_purpose_and_a_task(lines: tuple[Line, ...], is_complete: bool) -> None:
    assert replace(CONTENT, lines=lines).is_complete is is_complete


@pytest.mark.parametrize("sides", [[], [Side.MENTOR], list(Side)])
def test_sides_are_kept_as_words(sides: list[Side]) -> None:
    assert sides_in(written(sides)) == sides
    assert len(written(list(Side))) <= 30


def test_a_kept_version_is_read_as_the_same_content() -> None:
    lines = [
        {**vars(line), "question": line.question.value, "words": {}, "original_language": "da", "word": None}
        for line in CONTENT.lines
    ]
    again = content_in(facts(CONTENT) | {"lines": lines})
    assert digest(again) == digest(CONTENT)


LINES = st.lists(
    st.builds(
        Line,
        id=st.integers(1, 4),
        question=st.sampled_from(Question),
        text_id=st.integers(1, 3),
        text_version=st.integers(1, 2),
        is_shared=st.booleans(),
    ),
    max_size=5,
    unique_by=lambda line: line.id,
)
CONTENTS = st.builds(
    lambda lines, last_day, mentors: replace(CONTENT, lines=tuple(lines), last_day=last_day, mentors=tuple(mentors)),
    LINES,
    st.sampled_from([date(2026, 12, 18), date(2026, 12, 19)]),
    st.sampled_from([(), (Helper(7, "Jens", "workplace_mentor"),)]),
)


@given(CONTENTS, CONTENTS, st.sampled_from(Side))
def test_a_yes_holds_just_as_long_as_its_side_reads_the_same(before: Content, after: Content, side: Side) -> None:
    def read(content: Content) -> Any:
        """What stands on the side's page; who else may read a line is no part of it."""
        seen = [replace(line, is_shared=True) for line in sorted(content.lines, key=lambda line: line.id)
                if side is not Side.MENTOR or line.question is not Question.SUPPORT or line.is_shared]  # fmt: skip
        return replace(content, lines=tuple(seen))

    yeses = {side: digest_for(side, before)}
    assert holds(side, after, yeses) == (read(before) == read(after))


@given(CONTENTS)
def test_what_a_mentor_reads_decides_his_digest_whoever_works_it_out(content: Content) -> None:
    assert digest_for(Side.MENTOR, content) == digest_for(Side.MENTOR, content.seen_by(Side.MENTOR))
