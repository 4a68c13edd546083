"""Nudges to silent mentors and the citizen's reminder of her hours: planned, taken back, and as they are sent."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import Engine, event, insert, select, update

from citizen_app.config import Settings
from citizen_app.db import AnyRow, writing_session
from citizen_app.people.models import Person, Relation, SignIn
from citizen_app.people.rules import MentorKind
from citizen_app.placements import actions as placements
from citizen_app.placements.actions import MentorFacts
from citizen_app.placements.models import MentorLink, Placement, PlannedDay
from citizen_app.placements.queries import mentor_at_door
from citizen_app.placements.rules import shift_on
from citizen_app.push.models import Device
from citizen_app.reminders import actions, queries
from citizen_app.reminders.delivery import Post
from citizen_app.reminders.jobs import Desk, drain, forget_old
from citizen_app.reminders.models import Reminder
from citizen_app.reminders.rules import Channel, Note, ReminderKind, Rule, Wishes
from citizen_app.worker import SPEECH, plan_days
from tests.due import device_row
from tests.placed import HERE, Placed, make_link, placed
from tests.plan import ON_SQLITE
from tests.push_service import Phone, PushService, running

__all__ = ["placed"]

DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
PUBLIC = "https://app.example.dk"


@dataclass
class Watch:
    """Selam's placement with Jens, who has an account, and a worker with its clock: this afternoon at 17.20."""

    placed: Placed
    engine: Engine
    settings: Settings
    outbox: Path
    now: datetime
    service: PushService | None = None
    posts: list[Post] = field(default_factory=list)

    @property
    def jens(self) -> int:
        return self.placed.plan.cast.jens

    @property
    def selam(self) -> int:
        return self.placed.plan.cast.selam

    def plan(self, after: timedelta = timedelta()) -> int:
        """Let a worker plan, as often as each of its ten minutes."""
        self.now += after
        self.placed.plan.session.commit()
        return plan_days(self.engine, self.now)

    def evening(self, hour: int = 17, minute: int = 20, *, days: int = 0) -> None:
        day = self.placed.today + days * DAY
        self.now = datetime(day.year, day.month, day.day, hour, minute, tzinfo=HERE).astimezone(UTC)

    def says(self, name: str, said: str, number: int = 0, **more: Any) -> None:
        self.placed.says(name, said, number, now=self.now, **more)

    def said_until_yesterday(self) -> None:
        """Let Jens have spoken of all days before today."""
        for number in (-4, -3, -2, -1):
            self.says("jens", "came", number)

    def lone(self, **facts: Any) -> int:
        """Give Selam a second mentor, without an account."""
        about = (self.placed.placement.id, MentorFacts("Lone", **{"phone": "+45 70 00 00 09", **facts}))
        kind = MentorKind.LANGUAGE_MENTOR
        today = self.placed.today - 14 * DAY

        def added(*things: Any, now: datetime) -> int:
            del now
            return placements.add_mentor(*things, today=today)

        person_id: int = self.placed.plan.do("mette", added, *about, kind)
        return person_id

    def link(self, person_id: int) -> str:
        token: str = self.placed.plan.do("mette", make_link, self.placed.placement.id, person_id)
        return token

    def rows(self, kind: str = "nudge", *states: str) -> list[AnyRow]:
        session = self.placed.plan.session
        columns = (Reminder.id, Reminder.person_id, Reminder.state, Reminder.about_day, Reminder.due_at)
        wanted = select(*columns, Reminder.channel, Reminder.language, Reminder.placement_id, Reminder.about_version)
        if states:
            wanted = wanted.where(Reminder.state.in_(states))
        found = session.execute(wanted.filter_by(kind=kind).order_by(Reminder.id)).all()
        session.commit()
        return list(found)

    def states(self, kind: str = "nudge") -> list[str]:
        return [row.state for row in self.rows(kind)]

    def write(self, table: Any, where: Any, **values: Any) -> None:
        self.placed.plan.session.execute(update(table).where(where).values(**values))
        self.placed.plan.session.commit()

    def send(self, after: timedelta = 20 * MINUTE, **more: Any) -> dict[str, int]:
        """Let everything go out that is due after a while."""
        self.placed.plan.session.commit()
        self.now += after
        settings = replace(self.settings, outbox=self.outbox, public_url=PUBLIC, **more)
        with Post(settings) as post:
            return dict(drain(Desk(self.engine, settings, post, SPEECH, now=lambda: self.now)))

    def notes(self, channel: Channel) -> list[Note]:
        return [note for note in queries.outbox(self.outbox) if note.channel is channel]

    def phone(self, person_id: int) -> Phone:
        assert self.service is not None
        phone, session = self.service.phone(), self.placed.plan.session
        about = {"municipality_id": self.placed.plan.cast.solby, "person_id": person_id}
        times = {"started_at": self.now, "expires_at": self.now + 90 * DAY}
        sign_in = SignIn(**about, key_hash=phone.endpoint[-20:], **times)
        session.add(sign_in)
        session.flush()
        row = device_row(self.placed.plan.cast.solby, person_id, sign_in.id, phone, self.now)
        session.execute(insert(Device), [row])
        session.commit()
        return phone


@pytest.fixture
def watch(placed: Placed, engine: Engine, settings: Settings, tmp_path: Path) -> Watch:
    found = Watch(placed, engine, settings, tmp_path / "outbox", placed.plan.now)
    found.evening()
    return found


@pytest.fixture
def ringing(watch: Watch) -> Iterator[Watch]:
    """The same, with a push service that really listens."""
    with running(PushService(clock=lambda: watch.now)) as service:
        watch.service = service
        yield watch


# --- Planning -----------------------------------------------------------------------------------------------


def test_a_silent_mentor_is_asked_once_an_evening_about_all_days(watch: Watch) -> None:
    assert watch.plan() == 1
    (row,) = watch.rows()
    assert (row.person_id, row.placement_id, row.about_day) == (
        watch.jens,
        watch.placed.placement.id,
        watch.placed.today,
    )
    wall = row.due_at.astimezone(HERE)
    assert time(17, 30) <= wall.time() <= time(17, 40)
    assert [watch.plan(10 * MINUTE) for _ten_minutes in range(12)] == [0] * 12


def test_he_is_asked_again_a_day_and_three_days_later_and_then_left_to_the_staff(watch: Watch) -> None:
    watch.said_until_yesterday()
    asked = []
    for number in range(6):
        watch.evening(days=number)
        if number:
            watch.write(PlannedDay, PlannedDay.day == watch.placed.today + number * DAY, cancelled_at=watch.now)
        watch.plan()
        watch.send()
        asked.append(len(watch.rows()))
    assert asked == [1, 2, 2, 3, 3, 3]


def test_two_workers_at_once_ask_once(watch: Watch) -> None:
    watch.placed.plan.session.commit()
    both = Barrier(2)

    def work(_number: int) -> int:
        both.wait(10)
        return plan_days(watch.engine, watch.now)

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(work, range(2))) == [0, 1]
    assert len(watch.rows()) == 1


def test_one_municipality_at_a_time_is_held(watch: Watch) -> None:
    """Two jobs that hold one each and want the other's would wait for each other for ever."""
    held: list[set[int]] = [set()]

    def heard(_connection: Any, _cursor: Any, statement: str, values: Any, *_more: Any) -> None:
        if "FROM municipalities \nWHERE municipalities.id" in statement:
            held[-1] |= set(values.values() if isinstance(values, dict) else values)

    def ended(_connection: Any) -> None:
        held.append(set())

    event.listen(watch.engine, "before_cursor_execute", heard)
    event.listen(watch.engine, "commit", ended)
    watch.plan()
    event.remove(watch.engine, "before_cursor_execute", heard)
    event.remove(watch.engine, "commit", ended)
    cast = watch.placed.plan.cast
    assert [one for one in held if one] == [{number} for number in sorted((cast.solby, cast.vandby))]


def test_who_plans_second_waits_for_the_first_and_sees_what_he_has_planned(watch: Watch) -> None:
    """The first has planned and not committed when the second comes."""
    watch.says("jens", "came", -1)
    watch.evening(18, 30)
    with ThreadPoolExecutor(1) as pool:
        with writing_session(watch.engine) as first, first.begin():
            about = (first, watch.placed.plan.cast.solby, HERE.key, watch.now)
            made = actions.plan_nudges(*about), actions.plan_hours(*about)
            second = pool.submit(plan_days, watch.engine, watch.now)
            assert not wait([second], timeout=1).done
        assert (made, second.result(20)) == ((1, 1), 0)


def test_nothing_is_asked_about_a_day_that_somebody_has_spoken_of_or_that_was_taken_out(watch: Watch) -> None:
    watch.said_until_yesterday()
    watch.placed.plan.do("mette", placements.cancel_day, watch.placed.placement.id, watch.placed.day().id)
    assert watch.plan() == 0


def test_nothing_is_asked_about_a_day_that_staff_have_settled(watch: Watch) -> None:
    watch.said_until_yesterday()
    watch.placed.settles("came", seen=0)
    assert watch.plan() == 0


def test_minutes_of_danish_are_no_word_about_the_day(watch: Watch) -> None:
    watch.said_until_yesterday()
    watch.says("jens", "language", minutes=30)
    assert watch.plan() == 1


def left(watch: Watch) -> None:
    watch.write(Person, Person.id == watch.jens, ended_on=watch.placed.today)


def knows_her_no_more(watch: Watch) -> None:
    watch.write(Relation, Relation.person_id == watch.jens, ended_on=watch.placed.today)


def helps_no_more(watch: Watch) -> None:
    about = (watch.placed.placement.id, watch.jens)
    watch.placed.plan.do("mette", placements.end_mentor, *about, today=watch.placed.today, now=watch.now)


def is_over(watch: Watch) -> None:
    watch.write(Placement, Placement.id == watch.placed.placement.id, last_day=watch.placed.today - 15 * DAY)


def she_left(watch: Watch) -> None:
    watch.write(Person, Person.id == watch.selam, ended_on=watch.placed.today)


def has_nothing_to_open(watch: Watch) -> None:
    watch.write(Person, Person.id == watch.jens, username=None)


def link_was_taken_back(watch: Watch) -> None:
    has_nothing_to_open(watch)
    watch.link(watch.jens)
    watch.placed.plan.do("mette", placements.revoke_links, watch.placed.placement.id, watch.jens)


def link_is_too_old(watch: Watch) -> None:
    has_nothing_to_open(watch)
    watch.link(watch.jens)
    watch.write(MentorLink, MentorLink.person_id == watch.jens, expires_on=watch.placed.today)


def link_cannot_be_sent_again(watch: Watch) -> None:
    """It was made when only the hash of a random token was kept."""
    has_nothing_to_open(watch)
    watch.link(watch.jens)
    watch.write(MentorLink, MentorLink.person_id == watch.jens, nonce="")


UNASKED = [
    left,
    knows_her_no_more,
    helps_no_more,
    is_over,
    she_left,
    has_nothing_to_open,
    link_was_taken_back,
    link_is_too_old,
    link_cannot_be_sent_again,
]


@pytest.mark.parametrize("why", UNASKED)
def test_who_cannot_answer_is_not_asked(watch: Watch, why: Callable[[Watch], None]) -> None:
    why(watch)
    assert watch.plan() == 0


@pytest.mark.parametrize("why", UNASKED)
def test_who_cannot_answer_any_more_is_not_sent_what_was_planned(watch: Watch, why: Callable[[Watch], None]) -> None:
    watch.write(Person, Person.id == watch.jens, phone="+45 70 00 00 08")
    watch.plan()
    why(watch)
    assert watch.send() == {"leased": 1, "cancelled": 1}
    assert (watch.states(), watch.notes(Channel.SMS)) == (["cancelled"], [])


def test_a_municipality_without_nudges_plans_none_and_takes_back_what_waits(watch: Watch) -> None:
    watch.plan()
    bodil, session = watch.placed.plan.actor("bodil"), watch.placed.plan.session
    actions.set_rule(session, bodil, ReminderKind.NUDGE, Rule(is_on=False, at=time(17, 30)))
    session.commit()
    assert (watch.rows(), watch.plan()) == ([], 0)


def test_another_clock_of_the_municipality_holds_the_same_evening(watch: Watch) -> None:
    watch.plan()
    bodil, session = watch.placed.plan.actor("bodil"), watch.placed.plan.session
    actions.set_rule(session, bodil, ReminderKind.NUDGE, Rule(at=time(19, 0)))
    session.commit()
    assert (watch.plan(), watch.plan(100 * MINUTE)) == (0, 1)
    (row,) = watch.rows()
    assert row.due_at.astimezone(HERE).time() >= time(19, 0)


# --- Taken back ---------------------------------------------------------------------------------------------


def test_as_soon_as_one_mentor_has_answered_all_days_nobody_is_asked_any_more(watch: Watch) -> None:
    watch.link(watch.lone())
    watch.says("jens", "came", -3)
    assert watch.plan() == 2
    watch.says("jens", "came", 0)
    assert watch.states() == ["waiting", "waiting"]
    watch.says("jens", "came", -1)
    assert watch.states() == ["cancelled", "cancelled"]


def test_a_nudge_in_hand_loses_its_lease_when_its_days_are_answered(watch: Watch) -> None:
    watch.said_until_yesterday()
    watch.plan()
    watch.write(Reminder, Reminder.kind == "nudge", lease="a drain's")
    watch.says("jens", "missed", excuse="unknown")
    session = watch.placed.plan.session
    assert session.execute(select(Reminder.state, Reminder.lease)).all() == [("cancelled", None)]


def test_a_day_that_is_taken_out_is_not_asked_about_any_more(watch: Watch) -> None:
    watch.said_until_yesterday()
    watch.plan()
    watch.placed.plan.do("mette", placements.cancel_day, watch.placed.placement.id, watch.placed.day().id)
    assert watch.states() == ["cancelled"]


def test_a_day_that_is_moved_is_not_asked_about_any_more(watch: Watch) -> None:
    watch.said_until_yesterday()
    watch.plan()
    later = watch.placed.today + 2 * DAY
    watch.placed.plan.do("mette", placements.cancel_day, watch.placed.placement.id, watch.placed.day(2).id)
    watch.write(PlannedDay, PlannedDay.day == later, day=later + 40 * DAY)
    shift = shift_on(later, time(8), time(15), HERE)
    plan, about = watch.placed.plan, (watch.placed.placement.id, watch.placed.day().id)
    placements.move_day(plan.session, plan.actor("mette"), plan.subject, *about, shift)
    plan.session.commit()
    assert watch.states() == ["cancelled"]


def test_days_that_leave_the_plan_with_an_earlier_last_day_are_not_asked_about(watch: Watch) -> None:
    watch.said_until_yesterday()
    watch.plan()
    last, more = watch.placed.today - DAY, {"seen_version": 1, "zone": HERE}
    watch.placed.plan.do("mette", placements.end_placement, watch.placed.placement.id, last, **more)
    assert watch.states() == ["cancelled"]


def test_an_answer_that_is_rolled_back_takes_nothing_back(watch: Watch) -> None:
    watch.said_until_yesterday()
    watch.plan()
    session = watch.placed.plan.session
    session.get_one(PlannedDay, watch.placed.day().id).cancelled_at = watch.now
    session.flush()
    session.rollback()
    session.commit()
    assert watch.states() == ["waiting"]


def test_what_no_listener_saw_is_seen_before_it_is_sent(watch: Watch) -> None:
    """The day leaves the plan by a statement past the ORM."""
    watch.said_until_yesterday()
    watch.write(Person, Person.id == watch.jens, phone="+45 70 00 00 08")
    watch.plan()
    watch.write(PlannedDay, PlannedDay.day == watch.placed.today, cancelled_at=watch.now)
    assert watch.states() == ["waiting"]
    assert watch.send() == {"leased": 1, "cancelled": 1}
    assert watch.notes(Channel.SMS) == []


@pytest.mark.parametrize("name", ["jens", "selam"])
def test_a_word_costs_at_most_three_statements_more(watch: Watch, name: str) -> None:
    def cost(number: int) -> int:
        sent: list[str] = []
        heard = lambda _connection, _cursor, statement, *_more: sent.append(statement)  # noqa: E731
        event.listen(watch.engine, "before_cursor_execute", heard)
        watch.says(name, "came", number)
        event.remove(watch.engine, "before_cursor_execute", heard)
        return len(sent)

    watch.said_until_yesterday()
    if name == "selam":
        for number in (0, -6):
            watch.says("jens", "came", number)
        for number in (-4, -3, -2, -1):
            watch.says("selam", "came", number)
    event.remove(type(watch.placed.plan.session), "before_commit", actions._plan_noted)
    try:
        usual = cost(-6)
    finally:
        actions.listen(type(watch.placed.plan.session))
    watch.placed.plan.session.info.pop("reminders.noted", None)
    watch.evening(18, 30)
    watch.plan()
    kind = "nudge" if name == "jens" else "hours"
    assert watch.rows(kind, "waiting")
    assert cost(0) - usual <= 3
    assert len(watch.rows(kind, "waiting")) == 0


def test_a_nudge_that_was_taken_back_does_not_count_as_asked(watch: Watch) -> None:
    watch.said_until_yesterday()
    watch.plan()
    day = watch.placed.day().id
    watch.placed.plan.do("mette", placements.cancel_day, watch.placed.placement.id, day)
    assert watch.states() == ["cancelled"]
    watch.write(PlannedDay, PlannedDay.id == day, cancelled_at=None)
    assert watch.plan(10 * MINUTE) == 1
    assert watch.states() == ["cancelled", "waiting"]


def test_what_is_taken_back_is_taken_in_the_order_of_numbers(watch: Watch) -> None:
    taken: list[Any] = []

    def heard(_connection: Any, _cursor: Any, statement: str, values: Any, _context: Any, is_many: bool) -> None:
        if is_many and statement.startswith("UPDATE reminders"):
            taken.extend(values)

    watch.link(watch.lone())
    watch.plan()
    numbers = [row.id for row in watch.rows()]
    event.listen(watch.engine, "before_cursor_execute", heard)
    with writing_session(watch.engine) as session, session.begin():
        actions._cancel(session, numbers[::-1])
    event.remove(watch.engine, "before_cursor_execute", heard)
    found = [row.values() if isinstance(row, dict) else row for row in taken]
    assert [next(value for value in row if value in numbers) for row in found] == numbers


def test_what_a_drain_records_is_recorded_in_the_order_of_numbers(watch: Watch) -> None:
    """The first of three is over, so that it is recorded apart from those that go out."""
    taken: list[Any] = []

    def heard(_connection: Any, _cursor: Any, statement: str, values: Any, _context: Any, is_many: bool) -> None:
        if is_many and statement.startswith("UPDATE reminders"):
            taken.extend(values)

    watch.link(watch.lone())
    watch.write(Person, Person.id == watch.jens, phone="+45 70 00 00 08")
    watch.plan()
    numbers = [row.id for row in watch.rows()]
    watch.write(Reminder, Reminder.id == numbers[0], useless_at=watch.now)
    event.listen(watch.engine, "before_cursor_execute", heard)
    assert watch.send() == {"leased": 2, "sms": 1, "expired": 1}
    event.remove(watch.engine, "before_cursor_execute", heard)
    found = [list(row.values() if isinstance(row, dict) else row) for row in taken]
    assert [next(value for value in reversed(row) if value in numbers) for row in found] == numbers


# --- In quiet hours -----------------------------------------------------------------------------------------


def test_a_nudge_that_could_not_go_out_in_the_evening_waits_for_the_morning(watch: Watch) -> None:
    """The worker was away until half past two in the night."""
    watch.write(Person, Person.id == watch.jens, phone="+45 70 00 00 08")
    watch.plan()
    watch.evening(2, 30, days=1)
    assert watch.send() == {"leased": 1, "later": 1}
    assert (watch.states(), watch.notes(Channel.SMS)) == (["waiting"], [])
    watch.evening(6, 30, days=1)
    assert watch.send() == {}
    assert watch.send() == {"leased": 1, "sms": 1}


def test_a_gateway_that_is_down_in_the_evening_is_not_tried_again_in_the_night(watch: Watch) -> None:
    watch.write(Person, Person.id == watch.jens, phone="+45 70 00 00 08")
    watch.plan()
    watch.evening(20, 59)
    assert watch.send(timedelta(seconds=59), sms_url="http://127.0.0.1:9/sms") == {"leased": 1, "later": 1}
    again = watch.placed.plan.session.scalars(select(Reminder.next_try_at)).one()
    watch.placed.plan.session.commit()
    wall = again.astimezone(HERE)
    assert (wall.date(), wall.hour) == (watch.placed.today + DAY, 7)


def test_what_would_be_of_no_use_in_the_morning_is_let_go(watch: Watch) -> None:
    watch.write(Person, Person.id == watch.jens, phone="+45 70 00 00 08")
    watch.plan()
    watch.evening(2, 30, days=1)
    watch.write(Reminder, Reminder.kind == "nudge", useless_at=watch.now + 3 * HOUR)
    assert watch.send() == {"leased": 1, "expired": 1}
    assert watch.notes(Channel.SMS) == []


def test_hours_wait_for_the_end_of_her_own_quiet_hours(ringing: Watch) -> None:
    phone = ringing.phone(ringing.selam)
    ringing.said_until_yesterday()
    ringing.says("jens", "came")
    wishes = Wishes(quiet_from=time(22), quiet_to=time(9))
    session = ringing.placed.plan.session
    actions.set_wishes(session, ringing.placed.plan.actor("selam"), wishes, ringing.now)
    session.commit()
    ringing.evening(18, 30)
    ringing.plan()
    ringing.evening(8, days=1)
    assert ringing.send() == {"leased": 1, "later": 1}
    assert ringing.service is not None
    assert ringing.service.messages(phone) == []
    ringing.evening(9, days=1)
    assert ringing.send() == {"leased": 1, "sent": 1}


# --- As it is sent ------------------------------------------------------------------------------------------


def test_an_sms_carries_the_link_that_the_mentor_has_already(watch: Watch) -> None:
    token = watch.link(watch.lone(language="en"))
    watch.write(Person, Person.id == watch.jens, username=None)
    watch.said_until_yesterday()
    watch.plan()
    assert watch.send() == {"leased": 1, "sms": 1}
    (note,) = watch.notes(Channel.SMS)
    asked = "Did your trainee come today?\nOne press is enough."
    assert (note.to, note.text) == ("+45 70 00 00 09", f"{asked} Open here: {PUBLIC}/m/{token}")
    assert mentor_at_door(watch.placed.plan.session, token, watch.now) is not None
    (row,) = watch.rows()
    assert (row.state, row.channel, row.language) == ("sent", "sms", "en")


def test_without_a_phone_number_a_mail_carries_it(watch: Watch) -> None:
    token = watch.link(watch.lone(phone="", email="lone@example.dk"))
    watch.write(Person, Person.id == watch.jens, username=None)
    watch.said_until_yesterday()
    watch.plan()
    watch.send()
    (note,) = watch.notes(Channel.MAIL)
    assert (note.to, note.subject) == ("lone@example.dk", "Til dig: Kom din praktikant i dag?")
    assert note.text == f"Ét tryk er nok.\n\n{PUBLIC}/m/{token}"


def test_a_mentors_own_language_comes_first(watch: Watch) -> None:
    watch.link(watch.lone(phone="", email="lone@example.dk", language="pl"))
    watch.write(Person, Person.id == watch.jens, username=None)
    watch.said_until_yesterday()
    watch.plan()
    watch.send()
    (note,) = watch.notes(Channel.MAIL)
    assert note.subject == "Dla ciebie: Czy osoba na praktyce dziś przyszła?"
    assert note.text.startswith("Wystarczy jedno naciśnięcie.\nÉt tryk er nok.\n")


def test_a_phone_rings_with_the_way_to_answer_and_no_name(ringing: Watch) -> None:
    phone = ringing.phone(ringing.jens)
    ringing.said_until_yesterday()
    ringing.plan()
    assert ringing.send() == {"leased": 1, "sent": 1}
    assert ringing.service is not None
    (message,) = ringing.service.messages(phone)
    assert (message["title"], message["body"]) == ("Kom din praktikant i dag?", "Ét tryk er nok.")
    assert (message["url"], message["answers"]) == ("/mentor", [])
    assert message["tag"] == f"days-{ringing.placed.placement.id}"
    assert "Selam" not in str(message)
    assert "Tesfay" not in str(message)


def test_who_has_an_account_and_a_link_gets_the_link(ringing: Watch) -> None:
    phone, token = ringing.phone(ringing.jens), ringing.link(ringing.jens)
    ringing.plan()
    ringing.send()
    assert ringing.service is not None
    assert [message["url"] for message in ringing.service.messages(phone)] == [f"/m/{token}"]


def test_another_key_of_the_app_sends_an_account_and_no_dead_link(ringing: Watch) -> None:
    phone = ringing.phone(ringing.jens)
    ringing.link(ringing.jens)
    ringing.plan()
    ringing.send(secret_key="another key that is long enough to be one")
    assert ringing.service is not None
    assert [message["url"] for message in ringing.service.messages(phone)] == ["/mentor"]


def test_whom_only_a_dead_link_would_reach_is_not_asked_with_it(watch: Watch) -> None:
    watch.link(watch.lone())
    watch.write(Person, Person.id == watch.jens, username=None)
    watch.plan()
    assert watch.send(secret_key="another key that is long enough to be one") == {"leased": 1, "expired": 1}
    assert (watch.notes(Channel.SMS), watch.plan()) == ([], 0)


def test_a_later_nudge_speaks_of_another_day_and_takes_the_place_of_the_first(ringing: Watch) -> None:
    phone = ringing.phone(ringing.jens)
    ringing.said_until_yesterday()
    ringing.plan()
    ringing.send()
    ringing.evening(days=1)
    ringing.write(PlannedDay, PlannedDay.day == ringing.placed.today + DAY, cancelled_at=ringing.now)
    ringing.plan()
    ringing.send()
    assert ringing.service is not None
    first, second = ringing.service.messages(phone)
    assert (second["title"], second["body"]) == ("En dag mangler dit svar", "Kom din praktikant? Ét tryk er nok.")
    assert first["tag"] == second["tag"]
    assert len({received.headers["topic"] for received in ringing.service.received}) == 1


def test_words_follow_what_is_still_to_be_answered_when_it_is_sent(ringing: Watch) -> None:
    """Today has been answered since it was planned; yesterday has not."""
    phone = ringing.phone(ringing.jens)
    ringing.plan()
    ringing.says("jens", "came")
    ringing.send()
    assert ringing.service is not None
    assert [message["title"] for message in ringing.service.messages(phone)] == ["En dag mangler dit svar"]


def test_whom_nothing_reaches_is_on_no_call_list(watch: Watch) -> None:
    watch.write(Person, Person.id == watch.jens, phone="", email="")
    watch.plan()
    assert watch.send() == {"leased": 1, "expired": 1}
    (row,) = watch.rows()
    assert (row.state, row.channel) == ("expired", None)


def test_a_new_nudge_takes_the_place_of_one_that_still_waits(watch: Watch) -> None:
    watch.plan()
    watch.evening(days=1)
    watch.plan()
    assert watch.states() == ["cancelled", "waiting"]


# --- The citizen's hours ------------------------------------------------------------------------------------


@pytest.fixture
def spoken(watch: Watch) -> Watch:
    """Jens has said that Selam came today and yesterday; it is half past six."""
    watch.said_until_yesterday()
    watch.says("jens", "came")
    watch.evening(18, 30)
    return watch


def test_the_citizen_is_reminded_once_of_all_days_that_wait_for_her_word(spoken: Watch) -> None:
    assert spoken.plan() == 1
    (row,) = spoken.rows("hours")
    assert (row.person_id, row.about_day, row.placement_id) == (
        spoken.selam,
        spoken.placed.today,
        spoken.placed.placement.id,
    )
    assert [spoken.plan(10 * MINUTE) for _ten_minutes in range(12)] == [0] * 12


def test_she_is_not_reminded_again_while_nothing_is_new(spoken: Watch) -> None:
    spoken.plan()
    spoken.send()
    spoken.evening(18, 30, days=1)
    spoken.plan()
    assert len(spoken.rows("hours")) == 1
    spoken.evening(10, days=1)
    spoken.says("jens", "came", 1)
    spoken.evening(18, 30, days=2)
    spoken.plan()
    assert len(spoken.rows("hours")) == 2


def test_minutes_of_danish_are_nothing_new_to_her(spoken: Watch) -> None:
    spoken.plan()
    spoken.send()
    spoken.evening(10, days=1)
    spoken.says("jens", "language", minutes=30)
    spoken.evening(18, 30, days=1)
    spoken.plan()
    assert len(spoken.rows("hours")) == 1


def test_it_goes_only_to_her_phone(spoken: Watch) -> None:
    spoken.plan()
    assert spoken.send() == {"leased": 1, "expired": 1}
    assert queries.outbox(spoken.outbox) == []


def test_her_phone_says_it_in_her_language_without_a_name_and_opens_her_hours(ringing: Watch) -> None:
    phone = ringing.phone(ringing.selam)
    ringing.write(Person, Person.id == ringing.selam, language="en", second_language=None)
    ringing.said_until_yesterday()
    ringing.says("jens", "came")
    ringing.evening(18, 30)
    ringing.plan()
    assert ringing.send() == {"leased": 1, "sent": 1}
    assert ringing.service is not None
    (message,) = ringing.service.messages(phone)
    body = "Are they right? Open the app and answer.\nPasser de? Åbn appen og svar."
    assert (message["title"], message["body"]) == ("Your hours are written", body)
    assert (message["lang"], message["url"], message["tag"]) == ("en", "/attendance", "hours")
    assert "Jens" not in str(message)


def test_it_is_taken_back_when_she_has_said_her_word_of_all_days(spoken: Watch) -> None:
    spoken.plan()
    for number in (-4, -3, -2, -1):
        spoken.says("selam", "came", number)
    assert spoken.states("hours") == ["waiting"]
    spoken.says("selam", "came")
    assert spoken.states("hours") == ["cancelled"]


def test_what_waits_no_more_is_seen_before_it_is_sent(spoken: Watch) -> None:
    spoken.plan()
    about = PlannedDay.placement_id == spoken.placed.placement.id
    spoken.write(PlannedDay, about, cancelled_at=spoken.now)
    assert spoken.send() == {"leased": 1, "cancelled": 1}


def test_who_has_left_or_whose_reminders_are_off_is_not_reminded(spoken: Watch) -> None:
    plan = spoken.placed.plan
    plan.do("mette", actions.pause, "Ferie")
    assert spoken.plan() == 0
    plan.do("mette", actions.resume)
    spoken.write(Person, Person.id == spoken.selam, ended_on=spoken.placed.today)
    assert spoken.plan() == 0


def test_a_pause_takes_back_what_waits(spoken: Watch) -> None:
    spoken.plan()
    spoken.placed.plan.do("mette", actions.pause, "Ferie")
    assert spoken.states("hours") == ["cancelled"]


def test_her_quiet_hours_move_it_to_the_morning(spoken: Watch) -> None:
    wishes = Wishes(quiet_from=time(18), quiet_to=time(8))
    session = spoken.placed.plan.session
    actions.set_wishes(session, spoken.placed.plan.actor("selam"), wishes, spoken.now)
    session.commit()
    assert (spoken.plan(), spoken.plan(10 * MINUTE)) == (1, 0)
    (row,) = spoken.rows("hours")
    local = row.due_at.astimezone(HERE)
    assert (local.date(), local.hour) == (spoken.placed.today + DAY, 8)


# --- For staff, and forgetting ------------------------------------------------------------------------------


def test_staff_read_when_and_by_what_each_mentor_was_last_asked(watch: Watch) -> None:
    watch.write(Person, Person.id == watch.jens, phone="+45 70 00 00 08")
    watch.plan()
    watch.send()
    watch.evening(days=1)
    watch.plan()
    watch.send()
    cast, session = watch.placed.plan.cast, watch.placed.plan.session
    found = queries.last_nudges(session, cast.solby, watch.placed.placement.id)
    assert {mentor: (row.sent_at, row.channel) for mentor, row in found.items()} == {watch.jens: (watch.now, "sms")}
    assert queries.last_nudges(session, cast.vandby, watch.placed.placement.id) == {}


def test_the_drain_asks_once_for_all_nudges_and_hours_of_a_group(watch: Watch) -> None:
    def statements() -> int:
        sent: list[str] = []
        heard = lambda _connection, _cursor, statement, *_more: sent.append(statement)  # noqa: E731
        event.listen(watch.engine, "before_cursor_execute", heard)
        watch.send(timedelta(), vapid_private_key="")
        event.remove(watch.engine, "before_cursor_execute", heard)
        return sum("SELECT" in statement for statement in sent)

    def make(count: int) -> None:
        about = {"municipality_id": watch.placed.plan.cast.solby, "placement_id": watch.placed.placement.id}
        times = {"due_at": watch.now, "next_try_at": watch.now, "made_at": watch.now, "useless_at": watch.now + DAY}
        for kind, person_id in (("nudge", watch.jens), ("hours", watch.selam)):
            row = {**about, **times, "kind": kind, "person_id": person_id, "state": "waiting"}
            rows = [row | {"about_day": watch.placed.today, "about_version": 0}] * count
            watch.placed.plan.session.execute(insert(Reminder), rows)
        watch.placed.plan.session.commit()

    watch.says("jens", "came", -1)
    make(1)
    one = statements()
    make(30)
    assert statements() == one
    assert {*watch.states(), *watch.states("hours")} == {"sent", "expired"}


def test_old_nudges_are_forgotten(watch: Watch) -> None:
    watch.plan()
    watch.send()
    session = watch.placed.plan.session
    assert forget_old(session, watch.now + 401 * DAY)["reminders"] == 1
    session.commit()


@ON_SQLITE
def test_what_is_about_a_placement_goes_away_with_it(watch: Watch) -> None:
    watch.plan()
    session = watch.placed.plan.session
    session.execute(update(PlannedDay).values(cancelled_at=watch.now))
    for table in ("day_records", "planned_days", "placement_times", "placement_mentors"):
        session.connection().exec_driver_sql(f"DELETE FROM {table}")
    session.delete(session.get_one(Placement, watch.placed.placement.id))
    session.commit()
    assert watch.rows() == []
