"""A whole municipality in a few rows: every role, and one of each thing that belongs to a citizen.

Everything that people can read in a town carries the town's mark, so that one look at a page tells whether
anything of another town is on it.
"""

from __future__ import annotations

import io
import math
import wave
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

from PIL import Image
from sqlalchemy import select
from sqlalchemy.orm import Session

from citizen_app.agreements import actions as agreements
from citizen_app.agreements.models import AgreementVersion
from citizen_app.agreements.queries import content_of
from citizen_app.agreements.rules import Question, digest_for
from citizen_app.attendance import actions as attendance
from citizen_app.attendance.actions import Given
from citizen_app.attendance.rules import Said
from citizen_app.goals import actions as goals
from citizen_app.learning import actions as learning
from citizen_app.learning.models import ClosingWord
from citizen_app.learning.rules import CLOSING_OF
from citizen_app.ledger import actions as ledger
from citizen_app.ledger.actions import HoursFacts
from citizen_app.ledger.rules import HoursKind
from citizen_app.meetings import actions as meetings
from citizen_app.meetings.models import AgendaPoint
from citizen_app.meetings.rules import Interpreter, MeetingFacts, Topic
from citizen_app.people.actions import save_photo, show_connect_code, start_sign_in
from citizen_app.people.models import Municipality, Person, Relation, SignIn
from citizen_app.people.rules import MentorKind
from citizen_app.placements import actions as placements
from citizen_app.placements.actions import PlacementFacts, WorkplaceFacts
from citizen_app.placements.models import PlannedDay
from citizen_app.placements.queries import side_of
from citizen_app.placements.rules import PlacementKind, WeeklyTime
from citizen_app.placements.rules import Side as AttendanceSide
from citizen_app.policy import STAFF, Actor, Role, Subject
from citizen_app.push.models import Device
from citizen_app.reminders.actions import pause, resume
from citizen_app.reminders.models import Delivery, Reminder, ReminderRule, ReminderWish
from citizen_app.sounds.models import Recording
from citizen_app.texts import actions as texts
from citizen_app.texts.models import Text
from citizen_app.words import actions as words
from citizen_app.words.actions import Brought
from citizen_app.words.models import WordPhoto
from tests.cast import SINCE, actor_for
from tests.conftest import SECRET_KEY

HERE = ZoneInfo("Europe/Copenhagen")


@dataclass(frozen=True)
class Town:
    municipality_id: int
    mark: str
    """Stands in every name, text and place of the town, and nowhere else."""
    people: dict[Role, int]
    numbers: dict[str, int]
    """One number of this town for each name that an address calls a number by, such as `goal_id`."""


def make_town(session: Session, mark: str) -> Town:
    """Build a town and commit."""
    now = datetime.now(UTC)
    municipality = Municipality(
        key=mark.lower(), name=f"{mark} Kommune", phone="70 00 00 00", email=f"{mark}@example.dk"
    )
    session.add(municipality)
    session.flush()
    people = {role: _person(session, municipality.id, mark, role) for role in Role}
    citizen = people[Role.CITIZEN]
    staff = frozenset(people[role] for role in STAFF)
    for role in STAFF:
        _relate(session, municipality.id, citizen, people[role], role, is_contact=role is Role.CASE_WORKER)
    _relate(session, municipality.id, citizen, people[Role.MENTOR], "language_mentor")
    session.flush()

    subject = Subject(municipality.id, citizen, staff)
    worker, herself = actor_for(session, people[Role.CASE_WORKER]), actor_for(session, citizen)
    numbers = {"citizen_id": citizen, "person_id": citizen}
    numbers |= _plan(session, worker, herself, subject, mark, now)
    numbers |= _meeting(session, worker, herself, subject, mark, now)
    numbers |= _placement(session, worker, subject, people[Role.MENTOR], mark, now)
    _learning(session, worker, herself, actor_for(session, people[Role.MENTOR]), numbers["placement_id"], mark, now)
    numbers |= _word(session, herself, subject, mark, now)
    numbers["sign_in_id"] = _sign_in(session, citizen, mark, now)
    numbers["reminder_id"] = _call(session, worker, subject, mark, numbers, now)
    show_connect_code(session, worker, subject, now=now)
    save_photo(session, herself, photo(), now)
    session.commit()
    return Town(municipality.id, mark, people, numbers)


def _person(session: Session, municipality: int, mark: str, role: Role) -> int:
    person = Person(
        municipality_id=municipality,
        external_id=f"{mark}-{role}",
        role=role,
        given_name=f"{mark}{role}",
        family_name=mark,
        language="uk" if role is Role.CITIZEN else "da",
        phone="+45 70 00 00 01",
        email=f"{role}@{mark}.dk",
        username=f"{mark}.{role}".lower(),
        working_hours=mark,
    )
    session.add(person)
    session.flush()
    return person.id


def _relate(
    session: Session, municipality: int, citizen: int, person: int, role: str, *, is_contact: bool = False
) -> None:
    keys = {"municipality_id": municipality, "citizen_id": citizen, "person_id": person}
    session.add(Relation(**keys, role=role, is_contact=is_contact, started_on=SINCE))


def _plan(
    session: Session, worker: Actor, herself: Actor, subject: Subject, mark: str, now: datetime
) -> dict[str, int]:
    """A proposed goal with two steps, one of them done, that both have written in."""
    wording = goals.Wording(f"Et mål i {mark}", "da")
    goal = goals.start_goal(session, worker, subject, "job", "1F4BC", wording, now=now)
    texts.say_in(session, herself, session.get_one(Text, goal.text_id), "uk", f"{mark} мета", now)
    tomorrow = goals.StepPlan(day=now.date() + timedelta(days=1), place=mark, helper_id=worker.person_id)
    done, step = (
        goals.add_step(session, worker, subject, goal, "1F4BC", goals.Wording(f"{mark} {n}", "da"), tomorrow, now=now)
        for n in "12"
    )
    goals.propose(session, worker, subject, goal, now=now)
    goals.finish_step(session, herself, subject, goal, done, face=3, words=f"Godt i {mark}", now=now)
    goals.want_to_talk(session, herself, subject, goal, now=now)
    return {"goal_id": goal.id, "step_id": step.id, "text_id": goal.text_id}


def _meeting(
    session: Session, worker: Actor, herself: Actor, subject: Subject, mark: str, now: datetime
) -> dict[str, int]:
    """A meeting with a wish for its agenda, a line of its minutes, and a photo of the door."""
    start = now + timedelta(days=1)
    facts: dict[str, Any] = {"language": "uk", "interpreter": Interpreter.BOOKED, "leave_home_at": None, "bring": mark}
    meeting = meetings.make_meeting(
        session,
        worker,
        subject,
        MeetingFacts(kind="job_talk", starts_at=start, ends_at=start + timedelta(hours=1), place=mark, **facts),
        now,
    )
    meetings.add_point(session, herself, subject, meeting.id, Topic.HOME, f"{mark} слово", now)
    point_id = session.scalars(select(AgendaPoint.id).filter_by(meeting_id=meeting.id)).one()
    line = meetings.write_line(session, worker, subject, meeting.id, f"Et ord i {mark}", None, start)
    door = meetings.keep_place(session, worker, mark, f"Gå ind i {mark}", photo(), now)
    return {"meeting_id": meeting.id, "point_id": point_id, "line_id": line.id, "door_id": door.id}


def _placement(
    session: Session, worker: Actor, subject: Subject, mentor: int, mark: str, now: datetime
) -> dict[str, int]:
    """A placement with a day that has begun, of which the mentor has spoken; with a photo of the entrance."""
    today = now.astimezone(HERE).date()
    workplace = placements.add_workplace(session, worker, WorkplaceFacts(mark, "kitchen", f"{mark} 1", mark))
    placements.keep_entrance(session, worker, workplace.id, photo(), now)
    times = [WeeklyTime(weekday, time(0), time(6)) for weekday in range(7)]
    facts = PlacementFacts(
        workplace.id, PlacementKind.TASTER, today - timedelta(days=7), today + timedelta(days=21), times
    )
    made = placements.make_placement(session, worker, subject, facts, zone=HERE, now=now)
    kind = MentorKind.LANGUAGE_MENTOR
    placements.add_mentor(session, worker, subject, made.id, mentor, kind, today=today - timedelta(days=7))
    placements.make_link(session, worker, subject, made.id, mentor, now, secret_key=SECRET_KEY)
    begun = select(PlannedDay.id).filter_by(placement_id=made.id).where(PlannedDay.begins_at < now)
    day_id = session.scalars(begun.order_by(PlannedDay.day.desc()).limit(1)).one()
    given = Given(id=uuid4().hex, said=Said.CAME, words=f"Godt i {mark}")
    helper = Subject(subject.municipality_id, subject.citizen_id, frozenset({mentor}))
    attendance.say(session, actor_for(session, mentor), helper, made.id, day_id, AttendanceSide.MENTOR, given, now)
    hours = HoursFacts(HoursKind.DANISH, 600, today - timedelta(days=7), today + timedelta(days=70), f"Skole i {mark}")
    hours_id = ledger.agree(session, worker, subject, hours, now).id
    numbers = {"placement_id": made.id, "workplace_id": workplace.id, "day_id": day_id, "hours_id": hours_id}
    return numbers | _agreement(session, worker, subject, helper, made.id, mark, now)


def _agreement(
    session: Session, worker: Actor, subject: Subject, helper: Subject, placement_id: int, mark: str, now: datetime
) -> dict[str, int]:
    """A work agreement that has been shown, with a wish of the mentor's to talk about it first."""
    (mentor,) = helper.worker_ids
    for question in Question:
        wording = goals.Wording(f"{question} i {mark}", "da")
        agreements.add_line(session, worker, subject, placement_id, question, wording, now=now)
    session.flush()
    seen = digest_for(AttendanceSide.STAFF, content_of(session, subject.municipality_id, placement_id).content)
    agreements.show_agreement(session, worker, subject, placement_id, seen=seen, now=now)
    agreements.want_to_talk(
        session, actor_for(session, mentor), helper, placement_id, uuid4().hex, f"Om {mark}", now=now
    )
    session.flush()
    own = content_of(session, subject.municipality_id, placement_id).content.lines
    need = next(line.id for line in own if line.question is Question.SUPPORT)
    version_id = session.scalars(select(AgreementVersion.id).filter_by(placement_id=placement_id)).one()
    return {"item_id": need, "version_id": version_id}


def _learning(
    session: Session, worker: Actor, herself: Actor, mentor: Actor, placement_id: int, mark: str, now: datetime
) -> None:
    """A focus point with a mentor's face, a step that is tried, one that was taken back, and all closing words."""
    subject = Subject(worker.municipality_id, herself.person_id, frozenset({worker.person_id, mentor.person_id}))
    about = (subject, placement_id)
    focus = goals.Wording(f"{mark}-fokus", "da")
    point = learning.add_focus(session, worker, *about, "1F3AF", focus, now=now)
    given = learning.Face(uuid4().hex, 3, f"{mark}-linje")
    learning.say_focus(session, mentor, *about, point.id, given, now=now)
    tried, later = (
        learning.add_step(session, mentor, *about, "1F331", goals.Wording(f"{mark}-trin {n}", "da"), now=now)
        for n in "12"
    )
    learning.start_step(session, herself, *about, tried.id, now=now)
    learning.take_back(session, mentor, *about, later.id, f"{mark}-linje", now=now)
    for actor, language in ((herself, "uk"), (mentor, "da"), (worker, "da")):
        question = CLOSING_OF[side_of(actor)]
        text = texts.new_text(session, actor, language, f"{mark}-{question}", now)
        words = {"by_id": actor.person_id, "by_name": actor.given_name, "side": side_of(actor), "said_at": now}
        keys = {"municipality_id": actor.municipality_id, "placement_id": placement_id}
        session.add(ClosingWord(**keys, question=question, text_id=text.id, **words))


def _word(session: Session, herself: Actor, subject: Subject, mark: str, now: datetime) -> dict[str, int]:
    """A word from the citizen's workplace, with photo and voice; it waits for staff."""
    brought = Brought(f"{mark}-ord", f"{mark} слово", photo(), voice(), speaker=mark)
    word = words.suggest_word(session, herself, subject, brought, now)
    photo_id = session.scalars(select(WordPhoto.id).filter_by(word_key=word.key)).one()
    recording_id = session.scalars(select(Recording.id).filter_by(word_key=word.key)).one()
    return {"word_id": word.id, "photo_id": photo_id, "recording_id": recording_id}


def _call(session: Session, worker: Actor, subject: Subject, mark: str, numbers: dict[str, int], now: datetime) -> int:
    """A reminder that nothing could bring, a trial of a phone, and a pause that is over."""
    keys = {"municipality_id": subject.municipality_id, "person_id": subject.citizen_id}
    moments = {"due_at": now, "useless_at": now + timedelta(days=1), "next_try_at": now, "made_at": now}
    reminder = Reminder(
        **keys, kind="evening", meeting_id=numbers["meeting_id"], about_version=1, state="call", **moments
    )
    session.add(reminder)
    session.add(ReminderWish(**keys, quiet_from=time(22), quiet_to=time(7)))
    session.add(ReminderRule(municipality_id=subject.municipality_id, kind="week", is_on=False))
    session.flush()
    device = Device(**keys, sign_in_id=numbers["sign_in_id"], consent="granted", seen_on=now.date(), endpoint=mark)
    session.add(device)
    session.flush()
    session.add(
        Delivery(
            municipality_id=subject.municipality_id,
            reminder_id=reminder.id,
            channel="push",
            device_id=device.id,
            verdict="gone",
            at=now,
        )
    )
    pause(session, worker, subject, f"Ferie i {mark}", now)
    resume(session, worker, subject, now)
    return reminder.id


def photo() -> bytes:
    """A small picture as a phone would send it."""
    picture = io.BytesIO()
    Image.new("RGB", (8, 8), "teal").save(picture, "PNG")
    return picture.getvalue()


def voice(seconds: float = 0.5) -> bytes:
    """A tone as a wave file, in place of somebody's voice."""
    sound = io.BytesIO()
    with wave.open(sound, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
        moments = (int(12_000 * math.sin(moment / 6)) for moment in range(int(16_000 * seconds)))
        file.writeframes(b"".join(moment.to_bytes(2, "little", signed=True) for moment in moments))
    return sound.getvalue()


def _sign_in(session: Session, citizen: int, mark: str, now: datetime) -> int:
    start_sign_in(session, session.get_one(Person, citizen), device=mark, now=now)
    session.flush()
    return session.scalars(select(SignIn.id).filter_by(person_id=citizen)).one()
