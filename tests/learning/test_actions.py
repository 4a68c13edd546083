"""What each side does with focus points, steps and closing words: twice, at once, too late, and where it may not."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from threading import Barrier
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import Engine, select, update

from citizen_app.db import writing_session
from citizen_app.goals.actions import Wording
from citizen_app.learning import actions
from citizen_app.learning.actions import Face
from citizen_app.learning.models import ClosingWord, FocusPoint, FocusWord, ReadyStep
from citizen_app.learning.queries import Learning, learning_of, placements_without_next, placements_without_step
from citizen_app.people.models import Person
from citizen_app.placements import actions as placements
from citizen_app.placements.models import Placement
from citizen_app.placements.rules import Side
from citizen_app.policy import Actor, Forbidden, NotFound, Role
from citizen_app.texts.actions import StaleText
from tests.cast import actor_for
from tests.placed import Placed, placed

__all__ = ["placed"]

DAY = timedelta(days=1)
ON_TIME = Wording("Jeg kommer til tiden", "da", "focus_on_time")


@dataclass
class Learn:
    """The verbs, as somebody does them at Selam's placement."""

    placed: Placed

    def do(self, name: str, verb: Callable[..., Any], *things: Any, **more: Any) -> Any:
        return self.placed.plan.do(name, verb, self.placed.placement.id, *things, **more)

    def point(self, body: str = "Jeg spørger", name: str = "mette") -> FocusPoint:
        made: FocusPoint = self.do(name, actions.add_focus, "1F3AF", Wording(body, "da"))
        return made

    def step(self, body: str = "Jeg laver kaffe", name: str = "jens") -> ReadyStep:
        made: ReadyStep = self.do(name, actions.add_step, "1F331", Wording(body, "da"))
        return made

    def face(self, name: str, point: FocusPoint, face: int, words: str | None = None, **more: Any) -> None:
        given = Face(more.pop("id", uuid4().hex), face, words)
        self.do(name, actions.say_focus, point.id, given, **more)

    def state(self, step: ReadyStep) -> str:
        return str(self.placed.plan.fresh(step).state)

    def close(self, name: str, body: str, seen_version: int = 0, **more: Any) -> None:
        self.do(name, actions.write_closing, body, seen_version=seen_version, **more)

    def ends_in(self, days: int) -> None:
        session = self.placed.plan.session
        session.execute(update(Placement).values(last_day=self.placed.today + days * DAY))
        session.commit()

    def read(self, *languages: str, only_by: int = 0) -> Learning:
        plan = self.placed.plan
        about = (plan.cast.solby, self.placed.placement.id, languages or ("da",))
        found = learning_of(plan.session, *about, only_by=only_by)
        plan.session.commit()
        return found

    def words(self) -> list[Any]:
        columns = (FocusWord.side, FocusWord.face, FocusWord.words, FocusWord.day)
        return self.placed.plan.all(select(*columns).order_by(FocusWord.said_at, FocusWord.id))


@pytest.fixture
def learn(placed: Placed) -> Learn:
    return Learn(placed)


def together(*acts: Callable[[], Any]) -> list[Any]:
    """Let several do something at the same moment; returns what each of them got, or was told."""
    start = Barrier(len(acts))

    def one(act: Callable[[], Any]) -> Any:
        start.wait()
        try:
            return act()
        except Exception as problem:
            return problem

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(one, acts))


def in_own_session(engine: Engine, learn: Learn, actor: Actor, verb: Callable[..., Any], *things: Any) -> Any:
    plan = learn.placed.plan
    with writing_session(engine) as session, session.begin():
        return verb(session, actor, plan.subject, learn.placed.placement.id, *things, now=plan.now)


# --- Focus points -------------------------------------------------------------------------------------------


def test_a_point_from_the_bank_is_there_in_all_languages_and_once(learn: Learn) -> None:
    first = learn.do("mette", actions.add_focus, "23F0", ON_TIME)
    again = learn.do("jens", actions.add_focus, "23F0", ON_TIME)
    in_english = Wording("I come on time", "en", "focus_on_time")
    assert learn.do("selam", actions.add_focus, "23F0", in_english).id == first.id == again.id
    (point,) = learn.read("en").points
    assert (point.text.main.body, point.made_by_name, point.picture) == ("I come on time", "Mette", "23F0")


def test_a_fourth_point_has_to_wait_until_one_is_put_aside(learn: Learn) -> None:
    points = [learn.point(f"Punkt {number}", name) for number, name in enumerate(("mette", "jens", "selam"))]
    with pytest.raises(actions.TooManyPoints):
        learn.point("Punkt 4")
    learn.do("selam", actions.end_focus, points[0].id)
    learn.do("mette", actions.end_focus, points[0].id, now=learn.placed.plan.now + DAY)
    learn.point("Punkt 4")
    found = learn.read()
    assert [point.text.main.body for point in found.open_points] == ["Punkt 1", "Punkt 2", "Punkt 4"]
    assert [point.ended_at for point in found.ended_points] == [learn.placed.plan.now]


def test_two_who_add_the_third_point_at_once_make_three(learn: Learn, engine: Engine) -> None:
    for number in range(2):
        learn.point(f"Punkt {number}")
    actors = [learn.placed.plan.actor(name) for name in ("mette", "jens")]
    got = together(
        *(
            lambda actor=actor, word=word: in_own_session(
                engine, learn, actor, actions.add_focus, "1F3AF", Wording(word, "da")
            )
            for actor, word in zip(actors, ("Det ene", "Det andet"), strict=True)
        )
    )
    assert [type(one) for one in got if isinstance(one, Exception)] == [actions.TooManyPoints]
    assert len(learn.read().open_points) == 3


def test_each_side_says_its_face_and_everything_is_kept(learn: Learn) -> None:
    point, today, cast = learn.point(), learn.placed.today, learn.placed.plan.cast
    later = learn.placed.plan.now + timedelta(microseconds=1)
    learn.face("jens", point, 1, "En svær dag")
    learn.face("jens", point, 3, "", now=later)
    learn.face("selam", point, 2)
    assert sorted(learn.words()) == [
        ("citizen", 2, "", today),
        ("mentor", 1, "En svær dag", today),
        ("mentor", 3, "", today),
    ]
    (card,) = learn.read().points
    assert {side: [word.face for word in words] for side, words in card.path.items()} == {
        Side.MENTOR: [3],
        Side.CITIZEN: [2],
    }
    assert card.said == []
    last = card.today(cast.jens, today)
    assert last is not None
    assert last.face == 3
    assert card.today(cast.jens, today + DAY) is None
    assert card.today(cast.mette, today) is None


def test_a_face_without_words_leaves_ones_own_line_of_the_day(learn: Learn) -> None:
    point, now = learn.point(), learn.placed.plan.now
    learn.face("jens", point, 1, "I går", now=now - DAY)
    learn.face("jens", point, 1, "Min linje", now=now)
    learn.placed.plan.speak("jens", "en")
    for seconds, face in enumerate((2, 3), start=1):
        learn.face("jens", point, face, now=now + timedelta(microseconds=seconds))
    (card,) = learn.read().points
    assert [(word.face, word.words, word.words_language) for word in card.path[Side.MENTOR]] == [
        (1, "I går", "da"),
        (3, "Min linje", "da"),
    ]
    learn.face("jens", point, 3, now=now + DAY)
    assert [word.words for word in learn.read().points[0].path[Side.MENTOR]] == ["I går", "Min linje", ""]
    assert len(learn.words()) == 5


def test_a_second_mentor_has_a_face_and_a_line_of_his_own(learn: Learn) -> None:
    point, placed = learn.point(), learn.placed
    ole, plan = placed.second_mentor("Ole"), placed.plan
    learn.face("jens", point, 1, "Min linje")
    subject = replace(plan.subject, worker_ids=plan.subject.worker_ids | {ole})
    about = (plan.session, actor_for(plan.session, ole), subject, placed.placement.id, point.id)
    actions.say_focus(*about, Face(uuid4().hex, 3), now=plan.now + timedelta(microseconds=1))
    plan.session.commit()
    (card,) = learn.read().points
    assert [(word.by_name, word.face, word.words) for word in card.path[Side.MENTOR]] == [
        ("Jens", 1, "Min linje"),
        ("Ole", 3, ""),
    ]
    assert [word.words for word in card.said] == ["Min linje"]
    own = card.today(ole, placed.today)
    assert own is not None
    assert (own.by_name, own.words) == ("Ole", "")


def test_a_face_that_comes_again_changes_nothing_whatever_it_says_then(learn: Learn) -> None:
    point = learn.point()
    learn.face("jens", point, 3, "Godt", id="the-same-one")
    learn.face("jens", point, 1, "Skidt", id="the-same-one")
    assert learn.words() == [("mentor", 3, "Godt", learn.placed.today)]


def test_the_day_is_that_of_the_municipalitys_clock(learn: Learn) -> None:
    point = learn.point()
    evening = learn.placed.plan.now.replace(hour=23, minute=30)
    learn.face("jens", point, 3, now=evening)
    ((*_, day),) = learn.words()
    assert day == (evening + timedelta(hours=1)).date()


def test_staff_give_no_face_and_a_put_aside_point_takes_none(learn: Learn) -> None:
    point = learn.point()
    with pytest.raises(Forbidden):
        learn.face("mette", point, 3)
    learn.do("jens", actions.end_focus, point.id)
    with pytest.raises(actions.PointEnded):
        learn.face("jens", point, 3)
    assert learn.words() == []


def test_nobody_says_how_it_went_before_it_began(learn: Learn) -> None:
    point, session = learn.point(), learn.placed.plan.session
    session.execute(update(Placement).values(starts_on=learn.placed.today + DAY))
    session.commit()
    with pytest.raises(actions.NotBegun):
        learn.face("jens", point, 3)


# --- Ready steps --------------------------------------------------------------------------------------------


def test_a_step_goes_from_ready_over_now_to_done(learn: Learn) -> None:
    step, now = learn.step(), learn.placed.plan.now
    learn.do("selam", actions.start_step, step.id)
    assert (learn.state(step), step.began_at) == ("now", now)
    learn.do("mette", actions.finish_step, step.id, now=now + DAY)
    assert (learn.state(step), step.began_at, step.ended_at, step.ended_by_name) == ("done", now, now + DAY, "Mette")


def test_a_step_that_nobody_started_can_be_done(learn: Learn) -> None:
    step = learn.step()
    learn.do("jens", actions.finish_step, step.id)
    assert (learn.state(step), step.began_at) == ("done", learn.placed.plan.now)


def test_a_second_press_changes_nothing(learn: Learn) -> None:
    step, now = learn.step(), learn.placed.plan.now
    for verb in (actions.start_step, actions.finish_step):
        learn.do("jens", verb, step.id)
        learn.do("selam", verb, step.id, now=now + DAY)
    learn.state(step)
    assert (step.began_at, step.ended_at, step.ended_by_name) == (now, now, "Jens")
    with pytest.raises(actions.StepMoved):
        learn.do("selam", actions.start_step, step.id)


@pytest.mark.parametrize("verb", [actions.start_step, actions.finish_step])
def test_two_who_press_at_once_move_a_step_once(learn: Learn, engine: Engine, verb: Callable[..., Any]) -> None:
    step = learn.step()
    actors = [learn.placed.plan.actor(name) for name in ("mette", "jens", "selam")]
    got = together(*(lambda actor=actor: in_own_session(engine, learn, actor, verb, step.id) for actor in actors))
    assert got == [None, None, None]
    assert learn.state(step) in {"now", "done"}


def test_a_step_that_is_taken_back_keeps_what_was_learnt_and_can_lie_ready_again(learn: Learn) -> None:
    step = learn.step()
    learn.do("jens", actions.finish_step, step.id)
    learn.do("mette", actions.take_back, step.id, "To ad gangen er nok")
    learn.do("mette", actions.take_back, step.id, "To ad gangen er nok")
    (card,) = learn.read().steps_in("taken_back")
    assert (card.learnt, card.learnt_language, card.ended_by_name) == ("To ad gangen er nok", "da", "Mette")
    learn.do("jens", actions.make_ready_again, step.id)
    learn.do("jens", actions.make_ready_again, step.id)
    (card,) = learn.read().steps_in("ready")
    assert (card.learnt, card.ended_at) == ("To ad gangen er nok", None)


def test_words_of_another_who_took_it_back_meanwhile_stay(learn: Learn) -> None:
    step = learn.step()
    learn.do("jens", actions.take_back, step.id, "For tidligt")
    with pytest.raises(actions.StepMoved):
        learn.do("mette", actions.take_back, step.id, "Noget andet")
    learn.state(step)
    assert step.learnt == "For tidligt"


def test_words_are_added_to_a_step_that_was_taken_back_without(learn: Learn) -> None:
    step = learn.step()
    learn.do("jens", actions.take_back, step.id)
    learn.do("mette", actions.take_back, step.id, "For tidligt")
    learn.state(step)
    assert (step.learnt, step.ended_by_name) == ("For tidligt", "Jens")


def test_the_citizen_can_say_too_much_but_not_undo_what_is_done(learn: Learn) -> None:
    step, other = learn.step(), learn.step("Jeg tager telefonen")
    learn.do("selam", actions.start_step, step.id)
    learn.do("selam", actions.take_back, step.id, "ብዙሕ እዩ")
    assert (learn.state(step), step.learnt_language) == ("taken_back", "ti")
    learn.do("selam", actions.finish_step, other.id)
    with pytest.raises(actions.StepMoved):
        learn.do("selam", actions.take_back, other.id)
    with pytest.raises(Forbidden):
        learn.step("Mit eget", "selam")


def test_the_bank_holds_ten_and_the_same_words_once(learn: Learn) -> None:
    steps = [learn.step(f"Trin {number}") for number in range(10)]
    assert learn.step("Trin 3", "mette").id == steps[3].id
    with pytest.raises(actions.TooManyReady):
        learn.step("Trin 11")
    learn.do("jens", actions.take_back, steps[0].id)
    learn.step("Trin 11")
    with pytest.raises(actions.TooManyReady):
        learn.do("jens", actions.make_ready_again, steps[0].id)
    learn.do("jens", actions.start_step, steps[1].id)
    learn.do("jens", actions.make_ready_again, steps[0].id)
    assert len(learn.read().steps_in("ready")) == 10


# --- Closing ------------------------------------------------------------------------------------------------


def test_closing_words_wait_until_the_last_week(learn: Learn) -> None:
    for name in ("selam", "jens", "mette"):
        with pytest.raises(actions.NotClosing):
            learn.close(name, "For tidligt")
    learn.ends_in(-15)
    for name in ("selam", "jens", "mette"):
        with pytest.raises(actions.PlacementOver):
            learn.close(name, "For sent")
    assert learn.read().closing == []


def test_each_side_writes_its_own_and_a_mentor_reads_his_alone(learn: Learn) -> None:
    learn.ends_in(3)
    learn.close("selam", "ቡን ምፍላሕ")
    learn.close("jens", "Hun kan styre kassen")
    learn.close("mette", "Hun søger arbejde")
    found = learn.read("ti", "da")
    assert [(one.question, one.by_name, one.text.main.language) for one in found.closing] == [
        ("learnt", "Selam", "ti"),
        ("saw", "Jens", "da"),
        ("next", "Mette", "da"),
    ]
    (own,) = learn.read(only_by=learn.placed.plan.cast.jens).closing
    assert own.text.main.body == "Hun kan styre kassen"


def test_written_anew_it_moves_on_and_who_has_not_seen_that_gets_both(learn: Learn) -> None:
    learn.ends_in(0)
    learn.close("jens", "Første")
    learn.close("jens", "Første")
    learn.close("jens", "Andet", 1)
    for seen in (0, 1):
        with pytest.raises(StaleText) as refused:
            learn.close("jens", "Tredje", seen)
        assert (refused.value.theirs_body, refused.value.mine) == ("Andet", "Tredje")
    (card,) = learn.read().closing
    assert (card.text.main.body, card.text.version) == ("Andet", 2)


def test_staff_write_one_text_of_what_comes_next(learn: Learn) -> None:
    plan = learn.placed.plan
    plan.session.get_one(Person, plan.cast.karen).role = Role.CASE_WORKER
    plan.session.commit()
    learn.ends_in(0)
    learn.close("mette", "Hun søger arbejde")
    with pytest.raises(StaleText):
        learn.close("karen", "Hun læser videre")
    learn.close("karen", "Hun læser videre", 1)
    (card,) = learn.read().closing
    assert (card.by_name, card.text.main.body) == ("Karen", "Hun læser videre")


def test_two_first_wordings_at_once_leave_one_and_tell_the_other(learn: Learn, engine: Engine) -> None:
    learn.ends_in(0)
    actor = learn.placed.plan.actor("mette")

    def write(body: str) -> Any:
        verb = partial(actions.write_closing, body=body, seen_version=0)
        return in_own_session(engine, learn, actor, verb)

    got = together(lambda: write("Det ene"), lambda: write("Det andet"))
    assert sorted(type(one).__name__ for one in got) == ["NoneType", "StaleText"]
    assert len(learn.placed.plan.all(select(ClosingWord.id))) == 1


def test_staff_say_a_mentors_words_in_her_language_and_vouch(learn: Learn) -> None:
    learn.ends_in(0)
    learn.close("jens", "Hun kan styre kassen")
    (card,) = learn.read().closing
    about = (actions.say_closing_in, card.text.text_id, "ti", "ካሳ ትመርሕ")
    for name in ("jens", "selam", "karen"):
        with pytest.raises(Forbidden):
            learn.do(name, *about, seen_version=1)
    learn.do("mette", *about, seen_version=1)
    text = learn.read("ti", "da").closing[0].text
    assert (text.main.body, text.main.mark, text.main.author_name) == ("ካሳ ትመርሕ", "checked", "Mette")
    learn.close("jens", "Hun kan meget", 1)
    assert learn.read("ti", "da").closing[0].text.main.mark == "outdated"


def test_an_interpreters_words_for_older_words_vouch_for_nothing(learn: Learn) -> None:
    learn.ends_in(0)
    learn.close("jens", "Hun kan styre kassen")
    (card,) = learn.read().closing
    about = (actions.say_closing_in, card.text.text_id, "ti", "ካሳ ትመርሕ")
    learn.close("jens", "Hun kan meget", 1)
    with pytest.raises(StaleText) as refused:
        learn.do("mette", *about, seen_version=1)
    assert (refused.value.theirs_body, refused.value.mine) == ("Hun kan meget", "ካሳ ትመርሕ")
    assert learn.read("ti", "da").closing[0].text.main.language == "da"
    for _time in range(2):
        learn.do("mette", *about, seen_version=2)
    learn.do("mette", *about, seen_version=1)
    assert learn.read("ti", "da").closing[0].text.main.mark == "checked"


def test_a_text_from_elsewhere_is_not_said_here(learn: Learn) -> None:
    goal = learn.placed.plan.draft()
    with pytest.raises(NotFound):
        learn.do("mette", actions.say_closing_in, goal.text_id, "ti", "ካልእ", seen_version=1)


# --- Who, and for how long ----------------------------------------------------------------------------------


def everything(point: int, step: int) -> list[tuple[Any, ...]]:
    return [
        (actions.add_focus, "1F3AF", Wording("Nyt", "da")),
        (actions.end_focus, point),
        (actions.say_focus, point, Face(uuid4().hex, 3)),
        (actions.add_step, "1F331", Wording("Nyt", "da")),
        (actions.start_step, step),
        (actions.finish_step, step),
        (actions.take_back, step),
        (actions.make_ready_again, step),
    ]


def test_a_teacher_reads_but_does_nothing(learn: Learn) -> None:
    for verb, *things in everything(learn.point().id, learn.step().id):
        with pytest.raises(Forbidden):
            learn.do("karen", verb, *things)
    assert learn.words() == []


def test_a_mentor_of_another_placement_finds_nothing(learn: Learn) -> None:
    point, step = learn.point(), learn.step()
    learn.ends_in(0)
    plan = learn.placed.plan
    plan.do("mette", placements.end_mentor, learn.placed.placement.id, plan.cast.jens, today=learn.placed.today)
    for verb, *things in everything(point.id, step.id):
        with pytest.raises(NotFound):
            learn.do("jens", verb, *things)
    with pytest.raises(NotFound):
        learn.close("jens", "Ord")


def test_what_lies_at_another_placement_is_not_found(learn: Learn) -> None:
    point, step = learn.point(), learn.step()
    session = learn.placed.plan.session
    kept = session.get_one(Placement, learn.placed.placement.id)
    fields = {column.key: getattr(kept, column.key) for column in Placement.__table__.columns if column.key != "id"}
    other = Placement(**fields)
    session.add(other)
    session.flush()
    for table in (FocusPoint, ReadyStep):
        session.execute(update(table).values(placement_id=other.id))
    session.commit()
    for verb, *things in everything(point.id, step.id):
        if verb not in {actions.add_focus, actions.add_step}:
            with pytest.raises(NotFound):
                learn.do("mette" if verb is not actions.say_focus else "selam", verb, *things)


def test_two_weeks_after_the_last_day_nothing_changes_any_more(learn: Learn) -> None:
    point, step = learn.point(), learn.step()
    learn.ends_in(-14)
    learn.face("jens", point, 3)
    learn.ends_in(-15)
    for verb, *things in everything(point.id, step.id):
        with pytest.raises(actions.PlacementOver):
            learn.do("jens", verb, *things)


# --- The morning list ---------------------------------------------------------------------------------------


def test_an_empty_bank_is_found_while_the_placement_runs(learn: Learn) -> None:
    plan, today = learn.placed.plan, learn.placed.today
    mette = plan.actor("mette")

    def found() -> list[int]:
        rows = placements_without_step(plan.session, mette, today)
        plan.session.commit()
        return [row.id for row in rows]

    mine = [learn.placed.placement.id]
    assert found() == mine
    step = learn.step()
    assert found() == []
    learn.do("jens", actions.start_step, step.id)
    assert found() == []
    learn.do("jens", actions.finish_step, step.id)
    assert found() == mine
    assert placements_without_step(plan.session, plan.actor("anders"), today) == []
    learn.ends_in(-1)
    assert found() == []


def test_what_comes_next_is_missed_from_a_week_before_the_end(learn: Learn) -> None:
    plan, today = learn.placed.plan, learn.placed.today
    mette = plan.actor("mette")
    for days, is_missed in ((8, False), (7, True), (0, True), (-14, True), (-15, False)):
        learn.ends_in(days)
        rows = placements_without_next(plan.session, mette, today)
        plan.session.commit()
        assert bool(rows) == is_missed, days
    learn.ends_in(0)
    learn.close("jens", "Godt")
    assert len(placements_without_next(plan.session, mette, today)) == 1
    plan.session.commit()
    learn.close("mette", "Hun søger arbejde")
    assert placements_without_next(plan.session, mette, today) == []
    assert placements_without_next(plan.session, plan.actor("anders"), today) == []
