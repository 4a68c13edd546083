"""Plays the demo's story in an empty municipality: the import brings the people in, then everybody acts herself.

Nothing is written past the rooms' own actions, so that history, yeses and versions are as real as a real person's,
and a story that breaks a rule of the house cannot be loaded.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import count
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from citizen_app.agreements import actions as agreements
from citizen_app.agreements.queries import content_of
from citizen_app.agreements.rules import Question, digest_for
from citizen_app.attendance import actions as attendance
from citizen_app.attendance.actions import Given
from citizen_app.attendance.queries import statements_of
from citizen_app.attendance.rules import Excuse, Record, Said
from citizen_app.demo.rules import DayWord, Event, Placing, Story
from citizen_app.goals import actions as goals
from citizen_app.goals.actions import StepPlan, Wording
from citizen_app.goals.models import Goal, SmallStep
from citizen_app.imports.actions import create_municipality, import_people
from citizen_app.imports.queries import municipality_with_key
from citizen_app.learning import actions as learning
from citizen_app.ledger import actions as ledger
from citizen_app.ledger.rules import HoursKind, monday_of
from citizen_app.meetings import actions as meetings
from citizen_app.meetings.models import Meeting, OpenHours
from citizen_app.meetings.queries import facts_of, participants_of
from citizen_app.meetings.rules import Answer, Interpreter, MeetingFacts, Outcome, Reply, Slot, Topic, Window
from citizen_app.people.actions import set_password
from citizen_app.people.models import Municipality, Person
from citizen_app.people.queries import subject_for
from citizen_app.people.rules import MentorKind
from citizen_app.placements import actions as placements
from citizen_app.placements.actions import PlacementFacts, WorkplaceFacts
from citizen_app.placements.models import Placement, PlannedDay, Workplace
from citizen_app.placements.queries import closed_days, side_of
from citizen_app.placements.rules import PlacementKind, Side, WeeklyTime, planned_shifts
from citizen_app.policy import Actor, Refusal, Role, Subject
from citizen_app.practice import actions as practice
from citizen_app.practice.actions import GivenAnswer
from citizen_app.practice.rules import Wishes
from citizen_app.texts.models import Text
from citizen_app.texts.queries import phrase_bank, readings
from citizen_app.words import actions as words
from citizen_app.words.actions import Brought
from citizen_app.words.models import OwnWord
from citizen_app.words.queries import own_word, said
from citizen_app.words.rules import Meaning

MEETING_MINUTES = 45


class DemoIsLoaded(Refusal):
    """The demo municipality is there already."""


@dataclass
class _Scene:
    """What one goal or meeting is about while its story is told; it grows with the events."""

    session: Session
    people: Mapping[str, Person]
    municipality: Municipality
    citizen: Person
    goal: Goal | None = None
    steps: dict[str, SmallStep] = field(default_factory=dict)
    meeting: Meeting | None = None
    placement: Placement | None = None
    known: dict[str, int] = field(default_factory=dict)
    """Lines, focus points and steps at a workplace, by their `key`."""

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.municipality.timezone)

    def actor(self, event: Event | DayWord) -> Actor:
        return _actor(self.people[event.by], self.municipality)

    def subject(self, event: Event) -> Subject:
        """Return the citizen as who works with her that day decides."""
        return self.subject_at(event, event.at)

    def subject_at(self, event: Event | DayWord, moment: datetime) -> Subject:
        day = moment.astimezone(self.zone).date()
        return subject_for(self.session, self.actor(event), self.citizen.id, day)


def load(session: Session, story: Story, *, password_cost: int) -> None:
    """Make the demo municipality and tell its story; raises DemoIsLoaded when it is there already.

    Raises BadSheet when somebody in another municipality has one of its user names.
    """
    key, name = story.municipality["key"], story.municipality["name"]
    if municipality_with_key(session, key) is not None:
        raise DemoIsLoaded
    municipality = create_municipality(session, key, name)
    for column, value in story.municipality.items():
        setattr(municipality, column, value)
    import_people(session, municipality.id, story.sheet)
    everybody = session.scalars(select(Person).filter_by(municipality_id=municipality.id))
    people = {person.external_id: person for person in everybody}
    first, *others = people.values()
    set_password(first, story.password, cost=password_cost)
    for person in others:
        person.password_hash = first.password_hash  # a password that all know needs no salt of its own
    for person_key, size in story.text_sizes.items():
        people[person_key].text_size = size
    workplaces = {
        event.facts["key"]: _add_workplace(session, people, municipality, event) for event in story.workplaces
    }
    for plan in story.plans:
        for events in plan.goals:
            _tell_goal(_Scene(session, people, municipality, people[plan.citizen]), events)
        for events in plan.meetings:
            _tell_meeting(_Scene(session, people, municipality, people[plan.citizen]), events)
        _tell_hours(_Scene(session, people, municipality, people[plan.citizen]), plan.hours)
        _tell_words(_Scene(session, people, municipality, people[plan.citizen]), plan.words)
        for placing in plan.placements:
            _tell_placement(
                _Scene(session, people, municipality, people[plan.citizen]), placing, workplaces, story.today
            )
    for event in story.groups:
        _tell_group(session, people, municipality, event)
    for who, windows in story.open_hours.items():
        _open_hours(session, people[who], windows)
    session.flush()


# --- Goals --------------------------------------------------------------------------------------------------

_OF_GOAL = {
    "propose": goals.propose,
    "talk": goals.want_to_talk,
    "together": goals.open_together,
    "reach": goals.reach,
    "put_aside": goals.put_aside,
}
_OF_STEP = {"agree_step": goals.agree_step, "too_big": goals.too_big, "again": goals.take_step_again}


def _tell_goal(scene: _Scene, events: Sequence[Event]) -> None:
    for event in events:
        verb, facts, now = event.verb, event.facts, event.at
        actor, subject = scene.actor(event), scene.subject(event)
        if verb == "start":
            track, picture = _track_and_picture(facts)
            wording = _wording(facts, actor)
            scene.goal = goals.start_goal(scene.session, actor, subject, track, picture, wording, now=now)
            continue
        assert scene.goal is not None
        acting = (scene.session, actor, subject, scene.goal)
        if verb in _OF_GOAL:
            _OF_GOAL[verb](*acting, now=now)
        elif verb in _OF_STEP:
            _OF_STEP[verb](*acting, scene.steps[facts["step"]], now=now)
        else:
            _TELL[verb](scene, acting, event)


_Acting = tuple[Session, Actor, Subject, Goal]


def _agree(_scene: _Scene, acting: _Acting, event: Event) -> None:
    _session, _actor, _subject, goal = acting
    goals.agree(*acting, seen_version=goal.version, now=event.at)


def _say_why(_scene: _Scene, acting: _Acting, event: Event) -> None:
    session, actor, _subject, goal = acting
    seen = session.get_one(Text, goal.why_text_id).version if goal.why_text_id else 0
    goals.change_words(*acting, "why", _wording(event.facts, actor), seen_version=seen, now=event.at)


def _say_in_language(scene: _Scene, acting: _Acting, event: Event) -> None:
    goal, of = acting[-1], event.facts["of"]
    texts = {"goal": goal.text_id, "why": goal.why_text_id}
    text_id = texts[of] if of in texts else scene.steps[of].text_id
    assert text_id is not None
    wording = Wording(event.facts["own"], event.facts["language"])
    goals.say_in_language(*acting, text_id, wording, now=event.at)


def _add_step(scene: _Scene, acting: _Acting, event: Event) -> None:
    facts = event.facts
    _track, picture = _track_and_picture(facts)
    wording = _wording(facts, acting[1])
    step = goals.add_step(*acting, picture, wording, _plan(scene, facts), now=event.at)
    scene.steps[facts.get("name") or facts["phrase"]] = step


def _plan_step(scene: _Scene, acting: _Acting, event: Event) -> None:
    """Give a step a day, a place or a helper; its words stay."""
    session, actor, subject, _goal = acting
    step = scene.steps[event.facts["step"]]
    line = readings(session, subject.municipality_id, [step.text_id], actor.reading_languages)[step.text_id].main
    wording = Wording(line.body, line.language)
    plan = _plan(scene, event.facts)
    goals.change_step(*acting, step, step.picture, wording, plan, seen_version=step.version, now=event.at)


def _finish_step(scene: _Scene, acting: _Acting, event: Event) -> None:
    step, own = scene.steps[event.facts["step"]], event.facts.get("words", "")
    goals.finish_step(*acting, step, face=event.facts["face"], words=own, now=event.at)


def _not_today(scene: _Scene, acting: _Acting, event: Event) -> None:
    goals.not_today(*acting, scene.steps[event.facts["step"]], reason=event.facts["reason"], now=event.at)


def _split_step(scene: _Scene, acting: _Acting, event: Event) -> None:
    into = event.facts["into"]
    wordings = [_wording(part, acting[1]) for part in into]
    made = goals.split_step(*acting, scene.steps[event.facts["step"]], wordings, now=event.at)
    scene.steps |= {part["name"]: step for part, step in zip(into, made, strict=True)}


_TELL = {
    "agree": _agree,
    "why": _say_why,
    "say": _say_in_language,
    "step": _add_step,
    "plan": _plan_step,
    "done": _finish_step,
    "not_today": _not_today,
    "split": _split_step,
}


def _wording(facts: Mapping[str, Any], actor: Actor) -> Wording:
    """Return somebody's own words, or the phrase she picked, in her language."""
    if "own" in facts:
        return Wording(facts["own"], actor.language)
    phrase = phrase_bank()[facts["phrase"]]
    return Wording(phrase.bodies[actor.language], actor.language, phrase.key)


def _track_and_picture(facts: Mapping[str, Any]) -> tuple[str, str]:
    if "own" in facts:
        return facts.get("track", ""), facts["picture"]
    phrase = phrase_bank()[facts["phrase"]]
    return phrase.track, phrase.picture


def _plan(scene: _Scene, facts: Mapping[str, Any]) -> StepPlan:
    helper = scene.people[facts["helper"]].id if "helper" in facts else None
    return StepPlan(facts.get("day"), facts.get("clock"), facts.get("place", ""), helper)


# --- Meetings -----------------------------------------------------------------------------------------------


def _tell_meeting(scene: _Scene, events: Sequence[Event]) -> None:
    for event in events:
        session, actor, subject, now = scene.session, scene.actor(event), scene.subject(event), event.at
        if event.verb == "make":
            facts = _facts(event.facts, scene.zone)
            offered = [_slot(slot, scene.zone) for slot in event.facts.get("offer", ())]
            scene.meeting = meetings.make_meeting(session, actor, subject, facts, now, offered=offered)
            continue
        assert scene.meeting is not None
        meeting = scene.meeting
        acting = (session, actor, subject, meeting.id)
        if event.verb == "answer":
            reply = _reply(event.facts, actor)
            meetings.answer_meeting(session, actor, meeting.id, reply, seen_version=meeting.asked_version, now=now)
        elif event.verb == "move":
            moved = _moved(facts_of(meeting), event.facts, scene.zone)
            meetings.move_meeting(*acting, moved, seen_version=meeting.version, now=now)
        elif event.verb == "cancel":
            meetings.cancel_meeting(*acting, event.facts["reason"], seen_version=meeting.version, now=now)
        elif event.verb == "point":
            topic, own = Topic(event.facts["topic"]), event.facts.get("own", "")
            meetings.add_point(*acting, topic, own, now)
        elif event.verb == "line":
            doer = _participant(session, meeting, scene.people[event.facts["doer"]]) if "doer" in event.facts else None
            line = meetings.write_line(*acting, event.facts["own"], doer, now)
            for language, words in event.facts.get("says", {}).items():
                meetings.say_in_language(*acting, line.text_id, language, words, now)
        elif event.verb == "outcome":
            meetings.record_outcome(*acting, scene.citizen.id, Outcome(event.facts["outcome"]), now)
        else:
            raise KeyError(event.verb)


def _participant(session: Session, meeting: Meeting, person: Person) -> int:
    return next(one.id for one in participants_of(session, meeting) if one.person_id == person.id)


def _tell_group(session: Session, people: Mapping[str, Person], municipality: Municipality, event: Event) -> None:
    scenes = [_Scene(session, people, municipality, people[name]) for name in event.facts["citizens"]]
    subjects = [scene.subject(event) for scene in scenes]
    facts = _facts(event.facts, scenes[0].zone)
    meetings.make_group_meeting(session, scenes[0].actor(event), subjects, facts, event.at)


def _open_hours(session: Session, person: Person, windows: Sequence[Window]) -> None:
    session.add_all(
        OpenHours(municipality_id=person.municipality_id, person_id=person.id, **window._asdict()) for window in windows
    )


def _slot(facts: Mapping[str, Any], zone: ZoneInfo) -> Slot:
    starts_at = _moment(facts, "clock", zone)
    return Slot(starts_at, starts_at + timedelta(minutes=MEETING_MINUTES))


def _facts(facts: Mapping[str, Any], zone: ZoneInfo) -> MeetingFacts:
    starts_at = _moment(facts, "clock", zone)
    return MeetingFacts(
        kind=facts["kind"],
        starts_at=starts_at,
        ends_at=starts_at + timedelta(minutes=MEETING_MINUTES),
        place=facts["place"],
        language=facts["language"],
        interpreter=Interpreter(facts.get("interpreter", Interpreter.NONE_NEEDED)),
        how_to_find=facts.get("how_to_find", ""),
        leave_home_at=_moment(facts, "leave", zone) if "leave" in facts else None,
        bring=facts.get("bring", ""),
    )


def _moved(before: MeetingFacts, facts: Mapping[str, Any], zone: ZoneInfo) -> MeetingFacts:
    starts_at = _moment(facts, "clock", zone)
    return replace(before, starts_at=starts_at, ends_at=starts_at + (before.ends_at - before.starts_at))


def _moment(facts: Mapping[str, Any], clock: str, zone: ZoneInfo) -> datetime:
    return datetime.combine(facts["day"], facts[clock], zone).astimezone(UTC)


def _reply(facts: Mapping[str, Any], actor: Actor) -> Reply:
    return Reply(Answer(facts["answer"]), facts.get("reason"), facts.get("note", ""), actor.language)


# --- Words --------------------------------------------------------------------------------------------------


def _tell_words(scene: _Scene, events: Sequence[Event]) -> None:
    brought: dict[str, OwnWord] = {}
    for event in events:
        session, facts, now = scene.session, event.facts, event.at
        actor, subject = scene.actor(event), scene.subject(event)
        everything = said(session, subject.municipality_id, ("da",), subject.citizen_id)
        if event.verb == "learn":
            practice.set_wishes(session, subject, Wishes(branches=tuple(facts["branches"])))
        elif event.verb == "practise":
            missed = set(facts.get("missed", ()))
            given = [
                GivenAnswer(f"demo-{now:%Y%m%d%H%M}-{number}".lower(), key, key not in missed, "see", now)
                for number, key in enumerate(facts["words"])
            ]
            practice.record_answers(session, actor, given, everything, now)
        elif event.verb == "used":
            for key in facts["words"]:
                practice.mark_used(session, actor, subject, key, everything, day=now.date(), is_used=True, now=now)
        elif event.verb == "bring":
            brought[facts["lemma"]] = words.suggest_word(session, actor, subject, Brought(facts["lemma"]), now)
        elif event.verb == "take_in":
            row = brought[facts["lemma"]]
            more = {name: facts[name] for name in ("article", "definite", "example")}
            meanings = {language: Meaning(text) for language, text in facts["meanings"].items()}
            mended = replace(own_word(row), word_class="noun", meanings=meanings, **more)
            words.approve_word(session, actor, row, mended, now)
        else:
            raise KeyError(event.verb)


# --- Placements ---------------------------------------------------------------------------------------------


def _add_workplace(
    session: Session, people: Mapping[str, Person], municipality: Municipality, event: Event
) -> Workplace:
    facts = WorkplaceFacts(**{name: value for name, value in event.facts.items() if name != "key"})
    return placements.add_workplace(session, _actor(people[event.by], municipality), facts)


def _tell_placement(scene: _Scene, placing: Placing, workplaces: Mapping[str, Workplace], today: date) -> None:
    for event in placing.events:
        session, actor, subject, now = scene.session, scene.actor(event), scene.subject(event), event.at
        if event.verb == "make":
            facts = _placement_facts(scene, event.facts, workplaces)
            scene.placement = placements.make_placement(session, actor, subject, facts, zone=scene.zone, now=now)
            continue
        assert scene.placement is not None
        if event.verb == "mentor":
            mentor, kind = scene.people[event.facts["mentor"]].id, MentorKind(event.facts["kind"])
            since = now.astimezone(scene.zone).date()
            placements.add_mentor(session, actor, subject, scene.placement.id, mentor, kind, today=since)
        elif event.verb in _WORK:
            _WORK[event.verb](scene, event, scene.placement.id)
        else:
            raise KeyError(event.verb)
    _tell_days(scene, placing.words, today)


def _said(scene: _Scene, event: Event) -> Wording:
    """Return what somebody wrote, or the phrase that was picked."""
    phrase = phrase_bank().get(event.facts.get("phrase", ""))
    language = scene.actor(event).writing_language
    return Wording(phrase.bodies[language], language, phrase.key) if phrase else Wording(event.facts["own"], language)


def _picture(event: Event) -> str:
    phrase = phrase_bank().get(event.facts.get("phrase", ""))
    return phrase.picture if phrase else str(event.facts.get("picture", ""))


def _by(scene: _Scene, event: Event) -> tuple[Session, Actor, Subject]:
    return scene.session, scene.actor(event), scene.subject(event)


def _add_line(scene: _Scene, event: Event, placement_id: int) -> None:
    question, word = Question(event.facts["question"]), event.facts.get("word")
    about = (*_by(scene, event), placement_id, question, _said(scene, event))
    line = agreements.add_line(*about, picture=_picture(event), word_key=word, now=event.at)
    scene.known[event.facts.get("key", "")] = line.id


def _show_agreement(scene: _Scene, event: Event, placement_id: int) -> None:
    seen = _read(scene, Side.STAFF, placement_id)
    agreements.show_agreement(*_by(scene, event), placement_id, seen=seen, now=event.at)


def _agree_to_work(scene: _Scene, event: Event, placement_id: int) -> None:
    seen = _read(scene, side_of(scene.actor(event)), placement_id)
    agreements.say_yes(*_by(scene, event), placement_id, seen=seen, now=event.at)


def _read(scene: _Scene, side: Side, placement_id: int) -> str:
    scene.session.flush()
    return digest_for(side, content_of(scene.session, scene.municipality.id, placement_id).content)


def _share(scene: _Scene, event: Event, placement_id: int) -> None:
    about, line_id = _by(scene, event), scene.known[event.facts["of"]]
    seen = content_of(scene.session, scene.municipality.id, placement_id).rows[line_id].text_version
    agreements.set_shared(*about, placement_id, line_id, is_shared=True, seen_version=seen, now=event.at)


def _add_focus(scene: _Scene, event: Event, placement_id: int) -> None:
    about = (*_by(scene, event), placement_id, _picture(event), _said(scene, event))
    scene.known[event.facts["key"]] = learning.add_focus(*about, now=event.at).id


def _give_face(scene: _Scene, event: Event, placement_id: int) -> None:
    given = learning.Face(uuid4().hex, event.facts["face"], event.facts.get("own", ""))
    learning.say_focus(*_by(scene, event), placement_id, scene.known[event.facts["of"]], given, now=event.at)


def _add_work_step(scene: _Scene, event: Event, placement_id: int) -> None:
    about = (*_by(scene, event), placement_id, _picture(event), _said(scene, event))
    scene.known[event.facts["key"]] = learning.add_step(*about, now=event.at).id


def _move_work_step(scene: _Scene, event: Event, placement_id: int) -> None:
    verbs = {"try": learning.start_step, "done": learning.finish_step}
    verbs[event.verb](*_by(scene, event), placement_id, scene.known[event.facts["of"]], now=event.at)


def _take_back(scene: _Scene, event: Event, placement_id: int) -> None:
    step_id, learnt = scene.known[event.facts["of"]], event.facts["own"]
    learning.take_back(*_by(scene, event), placement_id, step_id, learnt, now=event.at)


def _close(scene: _Scene, event: Event, placement_id: int) -> None:
    own = event.facts["own"]
    learning.write_closing(*_by(scene, event), placement_id, own, seen_version=0, now=event.at)


_WORK: Mapping[str, Callable[[_Scene, Event, int], None]] = {
    "line": _add_line,
    "show": _show_agreement,
    "agree": _agree_to_work,
    "share": _share,
    "focus": _add_focus,
    "face": _give_face,
    "work_step": _add_work_step,
    "try": _move_work_step,
    "done": _move_work_step,
    "take_back": _take_back,
    "close": _close,
}
"""What happens at a workplace beside its days: the agreement, what is learnt, and the last words."""


def _tell_hours(scene: _Scene, events: Sequence[Event]) -> None:
    """Agree weekly hours elsewhere, say how long it was in the week of the day, and confirm what was last said."""
    last: dict[str, ledger.Given] = {}
    for event in events:
        facts, today = event.facts, event.at.astimezone(scene.zone).date()
        if event.verb == "agree":
            names = ("weekly_minutes", "starts_on", "last_day", "place")
            wanted = ledger.HoursFacts(HoursKind(facts["kind"]), **{name: facts[name] for name in names})
            scene.known[facts["key"]] = ledger.agree(*_by(scene, event), wanted, event.at).id
            continue
        about = (*_by(scene, event), scene.known[facts["of"]])
        if event.verb == "confirm":
            heard = last[facts["of"]]
            given = replace(heard, id=uuid4().hex, words="")
            ledger.confirm(*about, given, seen=heard.id, today=today, now=event.at)
        else:
            given = ledger.Given(uuid4().hex, monday_of(today), facts["minutes"], facts.get("own", ""))
            ledger.say(*about, given, today=today, now=event.at)
            last[facts["of"]] = given


def _placement_facts(scene: _Scene, facts: Mapping[str, Any], workplaces: Mapping[str, Workplace]) -> PlacementFacts:
    """Return a placement that begins and ends on a planned day: nobody begins on a holiday."""
    begins, ends = (time.fromisoformat(clock) for clock in facts["hours"])
    times = [WeeklyTime(weekday, begins, ends) for weekday in facts["weekdays"]]
    first, last = facts["starts_on"], facts["last_day"]
    shifts = planned_shifts(first, last, times, closed_days(first, last), scene.zone)
    return PlacementFacts(
        workplace_id=workplaces[facts["workplace"]].id,
        kind=PlacementKind(facts["kind"]),
        starts_on=shifts[0].day,
        last_day=shifts[-1].day,
        times=times,
        **facts.get("more", {}),
    )


def _tell_days(scene: _Scene, words: Sequence[DayWord], today: date) -> None:
    placement = scene.placement
    assert placement is not None
    wanted = select(PlannedDay).filter_by(placement_id=placement.id).where(PlannedDay.day < today)
    days = dict(zip(count(-1, -1), scene.session.scalars(wanted.order_by(PlannedDay.day.desc())), strict=False))
    stands: dict[int, Record] = {}
    for word in words:
        if word.day in days:
            now = datetime.combine(days[word.on].day, word.clock, scene.zone).astimezone(UTC)
            stands[word.day] = _say(scene, placement, days[word.day], word, stands.get(word.day), now)


def _say(
    scene: _Scene, placement: Placement, day: PlannedDay, word: DayWord, stands: Record | None, now: datetime
) -> Record:
    """Let somebody speak of a day on which so much stands; a citizen speaks of her mentor's word."""
    session, actor, subject = scene.session, scene.actor(word), scene.subject_at(word, now)
    said = Said(word.said)
    heard = stands.mentor if stands is not None and said in {Said.RIGHT, Said.WRONG} else None
    given = Given(
        id=uuid4().hex,
        said=said,
        minutes=word.facts.get("minutes"),
        excuse=Excuse(word.facts["excuse"]) if "excuse" in word.facts else None,
        about=heard.id if heard else None,
        words=word.facts.get("own", ""),
        said_at=now,
    )
    if actor.is_staff:
        seen = len(statements_of(session, placement.municipality_id, [day.id])[day.id])
        return attendance.settle(session, actor, subject, placement.id, day.id, given, seen=seen, now=now)
    side = Side.CITIZEN if actor.role is Role.CITIZEN else Side.MENTOR
    return attendance.say(session, actor, subject, placement.id, day.id, side, given, now)


def _actor(person: Person, municipality: Municipality) -> Actor:
    """Return a person as she acts, without a sign-in behind her."""
    return Actor(
        person_id=person.id,
        municipality_id=municipality.id,
        role=Role(person.role),
        given_name=person.given_name,
        language=person.language,
        second_language=person.second_language,
        timezone=municipality.timezone,
        easy_reading=person.easy_reading,
        text_size=person.text_size,
        product_name=municipality.product_name,
        sign_in_id=0,
    )
