"""What lists of workplaces and placements find, in which order, and that they end at the municipality's border."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import update
from sqlalchemy.orm import Session

from citizen_app.people.models import Relation
from citizen_app.people.rules import MentorKind
from citizen_app.placements import actions, queries
from citizen_app.placements.actions import MentorFacts, PlacementFacts, WorkplaceFacts
from citizen_app.placements.rules import PlacementKind, WeeklyTime
from citizen_app.policy import NotFound, Subject
from tests.placed import HERE, make_link
from tests.plan import Plan

NOW = datetime(2026, 2, 2, 12, tzinfo=UTC)
TODAY = NOW.astimezone(HERE).date()
DAY = timedelta(days=1)


@dataclass
class Town:
    """One municipality's people in a placement: two of these stand side by side."""

    plan: Plan
    worker: str
    citizen: str
    subject: Subject
    mentor: int = 0

    @property
    def municipality(self) -> int:
        return self.subject.municipality_id

    def workplace(self, name: str = "Cafe Solsikken", branch: str = "kitchen", address: str = "", **more: Any) -> int:
        facts = WorkplaceFacts(name, branch, address, **more)
        made = actions.add_workplace(self.plan.session, self.plan.actor(self.worker), facts)
        self.plan.session.commit()
        return made.id

    def placement(self, workplace: int, last_day: date, hour: int = 8, starts_on: date | None = None) -> int:
        """Make a placement of one hour a week, so that many fit beside each other."""
        starts_on = starts_on or TODAY
        times = (WeeklyTime(last_day.weekday(), time(hour), time(hour + 1)),)
        facts = PlacementFacts(workplace, PlacementKind.TASTER, starts_on, last_day, times, follow_up_day=1)
        who = (self.plan.session, self.plan.actor(self.worker), self.subject)
        made = actions.make_placement(*who, facts, zone=HERE, now=NOW)
        self.plan.session.commit()
        return made.id

    def add_mentor(self, placement: int) -> str:
        """Let somebody new help; returns the token of a link."""
        who = (self.plan.session, self.plan.actor(self.worker), self.subject, placement)
        facts = MentorFacts(f"Mentor{self.municipality}")
        self.mentor = actions.add_mentor(*who, facts, MentorKind.WORKPLACE_MENTOR, today=TODAY)
        token = make_link(*who, self.mentor, NOW)
        self.plan.session.commit()
        return token


@pytest.fixture
def solby(plan: Plan) -> Town:
    return Town(plan, "mette", "selam", plan.subject)


@pytest.fixture
def vandby(plan: Plan) -> Town:
    cast = plan.cast
    return Town(plan, "anders", "olena", Subject(cast.vandby, cast.olena, frozenset({cast.anders})))


def photo() -> bytes:
    picture = io.BytesIO()
    Image.new("RGB", (8, 8), "teal").save(picture, "PNG")
    return picture.getvalue()


# --- Two municipalities -------------------------------------------------------------------------------------


def everything_of(session: Session, workplace: int, placement: int, town: Town) -> Sequence[Callable[[int], Any]]:
    """Return what asks each query for a town's things, in the name of the municipality that it is given."""
    citizen, mentor, last = town.subject.citizen_id, town.mentor, TODAY + 40 * DAY
    return (
        lambda municipality: queries.workplace(session, municipality, workplace),
        lambda municipality: queries.workplace(session, municipality, workplace, to_change=True),
        lambda municipality: queries.entrance_photo(session, municipality, workplace),
        lambda municipality: queries.placement(session, municipality, placement),
        lambda municipality: queries.placement_to_change(session, municipality, placement),
        lambda municipality: queries.placements_of_citizen(session, municipality, citizen),
        lambda municipality: queries.weekly_times(session, municipality, placement),
        lambda municipality: queries.shifts_between(session, municipality, citizen, TODAY, last),
        lambda municipality: queries.mentors_of(session, municipality, placement, TODAY),
        lambda municipality: queries.is_mentor_of(session, municipality, mentor, placement),
        lambda municipality: mentor in {row.id for row in queries.known_mentors(session, municipality, TODAY)},
        lambda municipality: workplace in {row.id for row in queries.workplaces(session, municipality, TODAY)},
    )


def test_every_query_ends_at_the_municipality(plan: Plan, solby: Town, vandby: Town) -> None:
    """Each is asked for the one's things in the one's name, and finds them; in the other's name it finds nothing."""
    session, numbers = plan.session, {}
    for town in (solby, vandby):
        workplace = town.workplace()
        placement = town.placement(workplace, TODAY + 30 * DAY)
        token = town.add_mentor(placement)
        actions.keep_entrance(session, plan.actor(town.worker), workplace, photo(), NOW)
        session.commit()
        day = queries.shifts_between(session, town.municipality, town.subject.citizen_id, TODAY, TODAY + 40 * DAY)
        assert day, "a placement has days"
        numbers[town.municipality] = (workplace, placement, token)

    for town in (solby, vandby):
        workplace, placement, token = numbers[town.municipality]
        asked = everything_of(session, workplace, placement, town)
        other = vandby if town is solby else solby
        for ask in asked:
            assert ask(town.municipality)
            try:
                assert not ask(other.municipality)
            except NotFound:
                continue
        session.rollback()
        found = queries.mentor_at_door(session, token, NOW)
        assert found is not None
        assert (found.actor.municipality_id, found.placement_id) == (town.municipality, placement)
        mine = queries.placements_of_worker(session, plan.actor(town.worker), TODAY, since=TODAY)
        assert [row.id for row in mine] == [placement]
        assert [row.id for row in queries.placements_of_mentor(session, found.actor, TODAY)] == [placement]


def test_places_of_the_other_municipality_are_not_counted_as_taken(solby: Town, vandby: Town) -> None:
    here, there = solby.workplace(places=2), vandby.workplace()
    for hour in (8, 10):
        solby.placement(here, TODAY + 30 * DAY, hour)
    solby.placement(here, TODAY - DAY, 12, starts_on=TODAY - 8 * DAY)
    vandby.placement(there, TODAY + 30 * DAY)
    (row,) = queries.workplaces(solby.plan.session, solby.municipality, TODAY)
    assert (row.id, row.places, row.taken) == (here, 2, 2)


# --- Search -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("search", ["", "København", "kobenhavn", "KØBENHAVN", "koebenhavn", "Kobenhavn", "øl", "vn n"])
def test_a_workplace_is_found_by_any_spelling(solby: Town, search: str) -> None:
    wanted = solby.workplace("Ølhallen", "kitchen", "København N")
    session, mette = solby.plan.session, solby.plan.actor("mette")
    placement = solby.placement(wanted, TODAY + 30 * DAY)
    assert [row.id for row in queries.workplaces(session, solby.municipality, TODAY, search=search)] == [wanted]
    found = queries.placements_of_worker(session, mette, TODAY, since=TODAY, search=search)
    assert [row.id for row in found] == [placement]


@pytest.mark.parametrize("search", ["aarhus", "århus", "Arhus"])
def test_double_a_and_ring_are_the_same(solby: Town, search: str) -> None:
    wanted = solby.workplace("Aarhus Rengøring", "cleaning")
    solby.workplace("Odense Rengøring", "cleaning")
    found = queries.workplaces(solby.plan.session, solby.municipality, TODAY, search=search)
    assert [row.id for row in found] == [wanted]


@pytest.mark.parametrize(("search", "expected"), [("a_b", ["a_b"]), ("100 %", ["100% Grønt"])])
def test_signs_in_a_search_find_no_more_than_they_say(solby: Town, search: str, expected: list[str]) -> None:
    for name in ("100% Grønt", "101 Ting", "a_b", "axb"):
        solby.workplace(name)
    found = queries.workplaces(solby.plan.session, solby.municipality, TODAY, search=search)
    assert [row.name for row in found] == expected


def test_workplaces_stand_by_name_and_without_those_that_take_nobody(solby: Town) -> None:
    solby.workplace("Cafe B", "kitchen")
    solby.workplace("Cafe A", "kitchen")
    solby.workplace("Butik", "retail")
    solby.workplace("Lukket", "kitchen", ended_on=TODAY)
    solby.workplace("Lukker", "kitchen", ended_on=TODAY + DAY)

    def names(**more: Any) -> list[str]:
        return [row.name for row in queries.workplaces(solby.plan.session, solby.municipality, TODAY, **more)]

    assert names() == ["Butik", "Cafe A", "Cafe B", "Lukker"]
    assert names(branch="kitchen") == ["Cafe A", "Cafe B", "Lukker"]
    assert names(branch="kitchen", search="cafe", size=1) == ["Cafe A"]


# --- A worker's list ----------------------------------------------------------------------------------------


def pages(town: Town, name: str = "mette", size: int = 2, **more: Any) -> list[list[int]]:
    """Read a worker's list to its end, page by page."""
    after, read = (date.min, 0), list[list[int]]()
    more.setdefault("since", TODAY)
    while True:
        actor = town.plan.actor(name)
        rows = queries.placements_of_worker(town.plan.session, actor, TODAY, after=after, size=size, **more)
        if not rows:
            return read
        read.append([row.id for row in rows])
        after = rows[-1].last_day, rows[-1].id


def test_a_workers_list_goes_on_where_the_page_before_ended(solby: Town) -> None:
    """Three end on the same day, so that a page breaks among them."""
    place = solby.workplace()
    ends = [20, 10, 10, 30, 10]
    made = [solby.placement(place, TODAY + number * DAY, 8 + hour) for hour, number in enumerate(ends)]
    in_order = [made[1], made[2], made[4], made[0], made[3]]
    assert pages(solby) == [in_order[:2], in_order[2:4], in_order[4:]]
    assert pages(solby, size=50) == [in_order]


def test_a_page_stays_right_when_one_before_it_goes_away(solby: Town) -> None:
    place, plan = solby.workplace(), solby.plan
    made = [solby.placement(place, TODAY + number * DAY, 8 + number) for number in (7, 8, 9)]
    first = queries.placements_of_worker(plan.session, plan.actor("mette"), TODAY, since=TODAY, size=1)
    who = (plan.session, plan.actor("mette"), solby.subject)
    actions.end_placement(*who, made[0], TODAY, seen_version=1, zone=HERE, now=NOW)
    plan.session.commit()
    after = first[0].last_day, first[0].id
    rest = queries.placements_of_worker(plan.session, plan.actor("mette"), TODAY, since=TODAY, after=after)
    assert [row.id for row in rest] == made[1:]


def test_a_workers_list_has_her_own_citizens_of_today_only(solby: Town, vandby: Town) -> None:
    here = solby.placement(solby.workplace(), TODAY + 30 * DAY)
    there = vandby.placement(vandby.workplace(), TODAY + 30 * DAY)
    assert (pages(solby), pages(solby, "karen"), pages(vandby, "anders")) == ([[here]], [[here]], [[there]])
    assert pages(solby, "bodil") == []
    hers = update(Relation).filter_by(person_id=solby.plan.cast.karen)
    solby.plan.session.execute(hers.values(ended_on=TODAY))
    solby.plan.session.commit()
    assert pages(solby, "karen") == []


def test_a_workers_list_is_narrowed_by_line_of_work_and_by_last_day(solby: Town) -> None:
    kitchen, shop = solby.workplace("Cafe", "kitchen"), solby.workplace("Butik", "retail")
    first = solby.placement(kitchen, TODAY + 7 * DAY, 8)
    second = solby.placement(shop, TODAY + 14 * DAY, 9)
    over = solby.placement(shop, TODAY - DAY, 10, starts_on=TODAY - 30 * DAY)
    assert pages(solby, branch="retail") == [[second]]
    assert pages(solby, since=TODAY + 8 * DAY) == [[second]]
    assert pages(solby, since=TODAY - DAY, size=9) == [[over, first, second]]
    assert pages(solby, search="caf", branch="retail") == []


# --- A citizen's and a mentor's lists -----------------------------------------------------------------------


def test_a_citizens_placements_stand_the_newest_first(solby: Town) -> None:
    place = solby.workplace(address="Torvet 1", how_to_find="Gennem porten")
    old = solby.placement(place, TODAY - DAY, 8, starts_on=TODAY - 60 * DAY)
    new = solby.placement(place, TODAY + 30 * DAY, 9)
    about = (solby.plan.session, solby.municipality, solby.subject.citizen_id)
    found = queries.placements_of_citizen(*about)
    assert [row.id for row in found] == [new, old]
    assert (found[0].workplace, found[0].address, found[0].how_to_find) == (
        "Cafe Solsikken",
        "Torvet 1",
        "Gennem porten",
    )


def test_a_mentor_reads_no_more_of_a_citizen_than_a_mentor_may(solby: Town) -> None:
    placement = solby.placement(solby.workplace(), TODAY + 30 * DAY)
    found = queries.mentor_at_door(solby.plan.session, solby.add_mentor(placement), NOW)
    assert found is not None
    (row,) = queries.placements_of_mentor(solby.plan.session, found.actor, TODAY)
    assert set(row._mapping) == {
        "id",
        "citizen_id",
        "starts_on",
        "last_day",
        "language_minutes",
        "follow_up_at",
        "given_name",
        "language",
        "kind",
    }
    assert queries.placements_of_mentor(solby.plan.session, found.actor, TODAY + 31 * DAY) == []


def test_days_taken_out_of_the_plan_are_in_nobodys_way(solby: Town) -> None:
    placement = solby.placement(solby.workplace(), TODAY + 14 * DAY)
    about = (solby.plan.session, solby.municipality, solby.subject.citizen_id, TODAY, TODAY + 14 * DAY)
    assert [shift.day for shift in queries.shifts_between(*about)] == [TODAY + number * DAY for number in (0, 7, 14)]
    who = (solby.plan.session, solby.plan.actor("mette"), solby.subject)
    actions.end_placement(*who, placement, TODAY, seen_version=1, zone=HERE, now=NOW)
    solby.plan.session.commit()
    assert [shift.day for shift in queries.shifts_between(*about)] == [TODAY]
