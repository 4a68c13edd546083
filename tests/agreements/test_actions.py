"""Work agreements on a real database: who may write what, whose yes holds, what is kept of it."""

from __future__ import annotations

import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from threading import Barrier

import pytest
from sqlalchemy import Engine, func, select

from citizen_app.agreements import actions, queries
from citizen_app.agreements.models import AgreementLine, AgreementVersion, AgreementYes, WorkAgreement
from citizen_app.agreements.rules import MOST_LINES, Question, content_in, digest, digest_for
from citizen_app.db import writing_session
from citizen_app.goals.actions import Wording
from citizen_app.people.rules import MentorKind
from citizen_app.placements import actions as placements
from citizen_app.placements.actions import MentorFacts, PlacementFacts
from citizen_app.placements.models import Placement
from citizen_app.placements.rules import PlacementKind, Side
from citizen_app.policy import Forbidden, NotFound, Refusal, Subject
from citizen_app.texts.actions import StaleText
from tests.agreed import SECRET, Agreed, agreed, draft
from tests.cast import actor_for
from tests.placed import EVERY_DAY, HERE, Placed, placed

__all__ = ["agreed", "draft", "placed"]


def refused(kind: type[Refusal], act: Callable[[], object]) -> None:
    with pytest.raises(kind):
        act()


# --- Before it is shown -------------------------------------------------------------------------------------


def test_a_draft_waits_for_nobody_and_nobody_else_can_say_anything(draft: Agreed) -> None:
    assert draft.waits_for == ""
    for name in ("selam", "jens"):
        refused(actions.NotShown, lambda name=name: draft.yes(name))  # type: ignore[misc]
        refused(actions.NotShown, lambda name=name: draft.talk(name))  # type: ignore[misc]
    refused(actions.NotShown, lambda: draft.yes("mette"))
    refused(actions.NotShown, lambda: draft.add("support", "Ro", "selam"))
    assert draft.versions() == []


@pytest.mark.parametrize("missing", ["purpose", "task"])
def test_without_a_purpose_and_a_task_it_is_not_shown(placed: Placed, missing: str) -> None:
    half = Agreed(placed)
    half.add("task" if missing == "purpose" else "purpose", "Noget")
    refused(actions.AgreementIncomplete, half.show)
    half.add(missing, "Mere")
    half.show()
    assert half.waits_for == "mentor citizen"


def test_the_last_purpose_of_a_shown_agreement_stays(agreed: Agreed) -> None:
    (purpose,) = [line for line in agreed.standing().content.lines if line.question == "purpose"]
    refused(actions.AgreementIncomplete, lambda: agreed.do("mette", actions.remove_line, purpose.id))
    agreed.add("purpose", "Et andet")
    agreed.do("mette", actions.remove_line, purpose.id)
    assert purpose.id not in {line.id for line in agreed.standing().content.lines}


def test_to_show_it_is_staffs_own_yes(agreed: Agreed) -> None:
    assert agreed.versions() == [(1, "staff")]
    assert agreed.waits_for == "mentor citizen"
    agreed.everybody_agrees()
    assert agreed.waits_for == ""
    assert agreed.versions() == [(1, "staff"), (1, "citizen"), (1, "mentor")]


def test_what_is_shown_is_what_was_read(draft: Agreed) -> None:
    seen = draft.seen("mette")
    draft.add("place", "Bagdøren")
    refused(actions.AgreementChanged, lambda: draft.do("mette", actions.show_agreement, seen=seen))
    assert draft.agreement_row().shown_at is None


# --- Yeses --------------------------------------------------------------------------------------------------


def test_a_yes_to_what_has_changed_since_is_refused(agreed: Agreed) -> None:
    seen = {name: agreed.seen(name) for name in ("selam", "jens")}
    agreed.add("place", "Bagdøren")
    for name, old in seen.items():
        refused(actions.AgreementChanged, lambda name=name, old=old: agreed.yes(name, seen=old))  # type: ignore[misc]
        refused(actions.AgreementChanged, lambda name=name: agreed.yes(name, seen="x"))  # type: ignore[misc]
    assert agreed.versions() == [(1, "staff")]
    assert agreed.waits_for == "mentor citizen staff"


def test_a_yes_that_comes_twice_is_one(agreed: Agreed) -> None:
    agreed.yes("selam")
    agreed.yes("selam")
    agreed.yes("selam", seen="an older page")
    assert agreed.versions() == [(1, "staff"), (1, "citizen")]


def test_new_content_makes_a_new_version_with_the_next_yes(agreed: Agreed) -> None:
    agreed.everybody_agrees()
    line = agreed.add("place", "Bagdøren")
    assert agreed.waits_for == "mentor citizen staff"
    agreed.yes("jens")
    agreed.yes("mette")
    agreed.change(line, "Hoveddøren")
    agreed.yes("selam")
    assert agreed.versions()[3:] == [(2, "mentor"), (2, "staff"), (3, "citizen")]
    assert agreed.waits_for == "mentor staff"


def test_two_mentors_who_say_yes_at_once_give_one_yes(agreed: Agreed, engine: Engine) -> None:
    cast, plan = agreed.plan.cast, agreed.plan
    nadia = gets_another_mentor(agreed)
    seen = agreed.seen("jens")
    start = Barrier(2)

    def press(person: int) -> None:
        with writing_session(engine) as session:
            actor = actor_for(session, person)
            session.commit()
            start.wait()
            subject = Subject(cast.solby, cast.selam, frozenset({person}))
            actions.say_yes(session, actor, subject, agreed.number, seen=seen, now=plan.now)
            session.commit()

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(press, (cast.jens, nadia)))
    assert [side for _number, side in agreed.versions()] == ["staff", "mentor"]


def changes_last_day(agreed: Agreed) -> None:
    day = agreed.placed.placement.last_day - timedelta(days=3)
    agreed.plan.do("mette", placements.end_placement, agreed.number, day, seen_version=1, zone=HERE)


def loses_mentor(agreed: Agreed) -> None:
    agreed.plan.do("mette", placements.end_mentor, agreed.number, agreed.plan.cast.jens, today=agreed.placed.today)


def gets_another_mentor(agreed: Agreed) -> int:
    plan, facts = agreed.plan, (MentorFacts("Nadia"), MentorKind.LANGUAGE_MENTOR)
    about = (plan.session, plan.actor("mette"), plan.subject, agreed.number)
    person_id = placements.add_mentor(*about, *facts, today=agreed.placed.today)
    plan.session.commit()
    return person_id


@pytest.mark.parametrize("happens", [changes_last_day, loses_mentor, gets_another_mentor])
def test_changed_facts_take_the_yeses_back_and_lists_learn_of_it(
    agreed: Agreed, happens: Callable[[Agreed], object]
) -> None:
    agreed.everybody_agrees()
    before = agreed.agreement_row().changed_at
    happens(agreed)
    later = agreed.plan.now + timedelta(days=1)
    actions.look_again(agreed.plan.session, agreed.plan.cast.solby, [agreed.number], later)
    agreed.plan.session.commit()
    assert agreed.waits_for == "mentor citizen staff"
    assert agreed.agreement_row().changed_at == later > before


def test_to_look_again_without_a_change_changes_nothing(agreed: Agreed) -> None:
    agreed.everybody_agrees()
    before = agreed.agreement_row().changed_at
    later = agreed.plan.now + timedelta(days=1)
    actions.look_again(agreed.plan.session, agreed.plan.cast.solby, [agreed.number, 999], later)
    agreed.plan.session.commit()
    assert (agreed.waits_for, agreed.agreement_row().changed_at) == ("", before)


def test_what_changes_after_a_placement_is_over_takes_no_yes_back(agreed: Agreed) -> None:
    agreed.everybody_agrees()
    agreed.plan.session.get_one(Placement, agreed.number).last_day = agreed.placed.today - timedelta(days=2)
    agreed.plan.session.commit()
    loses_mentor(agreed)
    actions.look_again(agreed.plan.session, agreed.plan.cast.solby, [agreed.number], agreed.plan.now)
    agreed.plan.session.commit()
    assert agreed.waits_for == ""


def test_a_draft_is_left_alone_when_facts_change(draft: Agreed) -> None:
    actions.look_again(draft.plan.session, draft.plan.cast.solby, [draft.number], draft.plan.now)
    draft.plan.session.commit()
    assert draft.waits_for == ""


# --- What she needs -----------------------------------------------------------------------------------------


def need_of(agreed: Agreed) -> AgreementLine:
    found = agreed.plan.all(select(AgreementLine).filter_by(question="support").order_by(AgreementLine.id))
    line: AgreementLine = found[0][0]
    return line


def test_only_she_herself_shares_a_need(agreed: Agreed) -> None:
    need = need_of(agreed)
    assert need.is_shared is False
    for name in ("mette", "jens", "karen"):
        refused(Forbidden, lambda name=name: agreed.share(need, name=name))  # type: ignore[misc]
    agreed.share(need)
    assert agreed.plan.fresh(need).is_shared is True


def test_other_lines_are_not_hers_to_hide(agreed: Agreed) -> None:
    (task,) = [line for line in agreed.standing().content.lines if line.question == "task"]
    refused(Forbidden, lambda: agreed.do("selam", actions.set_shared, task.id, is_shared=False, seen_version=1))


def test_to_share_asks_the_mentor_alone_and_to_take_it_back_too(agreed: Agreed) -> None:
    agreed.everybody_agrees()
    need = need_of(agreed)
    agreed.share(need)
    assert agreed.waits_for == "mentor"
    agreed.yes("jens")
    assert agreed.versions()[-1] == (2, "mentor")
    assert agreed.waits_for == ""
    agreed.share(need, is_shared=False)
    assert agreed.waits_for == "mentor"


def test_staffs_new_words_for_a_need_are_not_what_she_has_shared(agreed: Agreed) -> None:
    need = need_of(agreed)
    agreed.share(need)
    agreed.change(need, "Jeg har en diagnose")
    assert agreed.plan.fresh(need).is_shared is False
    agreed.share(need)
    agreed.change(need, "ሕቖይ የሕምመኒ", "selam")
    assert agreed.plan.fresh(need).is_shared is True


def test_she_shares_only_the_words_that_she_has_read(agreed: Agreed) -> None:
    need = need_of(agreed)
    agreed.change(need, "Jeg har en diagnose")
    refused(actions.AgreementChanged, lambda: agreed.share(need, seen=1))
    assert agreed.plan.fresh(need).is_shared is False
    agreed.share(need, seen=2)
    assert agreed.plan.fresh(need).is_shared is True
    agreed.share(need, is_shared=False, seen=1)
    assert agreed.plan.fresh(need).is_shared is False, "to keep words to herself she need not have read the newest"


def test_the_query_for_a_mentor_does_not_even_read_what_is_not_shared(agreed: Agreed) -> None:
    find = (agreed.plan.session, agreed.plan.cast.solby, agreed.number)
    assert need_of(agreed).id not in queries.content_of(*find, side=Side.MENTOR).rows
    agreed.share(need_of(agreed))
    found = queries.content_of(*find, side=Side.MENTOR)
    assert need_of(agreed).id in found.rows


# --- Who may write what -------------------------------------------------------------------------------------


@pytest.mark.parametrize("question", list(Question))
def test_she_answers_three_of_the_questions_and_a_mentor_none(agreed: Agreed, question: Question) -> None:
    refused(Forbidden, lambda: agreed.add(question, "Noget", "jens"))
    refused(Forbidden, lambda: agreed.add(question, "Noget", "karen"))
    if question in {Question.PURPOSE, Question.SUPPORT, Question.MILESTONE}:
        assert agreed.add(question, "ሓደ ነገር", "selam").added_by_side == "citizen"
    else:
        refused(Forbidden, lambda: agreed.add(question, "Noget", "selam"))
    assert agreed.add(question, "Noget").is_shared is (question is not Question.SUPPORT)


def test_a_mentor_learns_nothing_of_a_line_from_being_refused(agreed: Agreed) -> None:
    for number in (need_of(agreed).id, 999_999):
        for verb, more in (
            (actions.remove_line, {}),
            (actions.set_shared, {"is_shared": True, "seen_version": 1}),
        ):
            refused(Forbidden, lambda v=verb, n=number, m=more: agreed.do("jens", v, n, **m))  # type: ignore[misc]
        change = (number, Wording("Noget", "da"))
        refused(Forbidden, lambda c=change: agreed.do("jens", actions.change_line, *c, seen_version=1))  # type: ignore[misc]


def test_a_line_of_another_placement_is_not_found(agreed: Agreed) -> None:
    plan, first = agreed.plan, agreed.placed.placement.last_day + timedelta(days=1)
    facts = PlacementFacts(
        agreed.placed.workplace.id, PlacementKind.TASTER, first, first + timedelta(days=20), EVERY_DAY
    )
    other = plan.do("mette", placements.make_placement, facts, zone=HERE)
    line = need_of(agreed)
    for name in ("mette", "selam"):
        refused(NotFound, lambda name=name: plan.do(name, actions.remove_line, other.id, line.id))  # type: ignore[misc]
    refused(NotFound, lambda: plan.do("jens", actions.say_yes, other.id, seen="x"))
    refused(NotFound, lambda: plan.do("jens", actions.want_to_talk, other.id, "abcdefgh", ""))
    wrong = replace(plan.subject, citizen_id=plan.cast.yusuf)
    with pytest.raises(NotFound):
        actions.add_line(
            plan.session, plan.actor("mette"), wrong, agreed.number, Question.PLACE, Wording("x", "da"), now=plan.now
        )
    plan.session.rollback()


def test_a_phrase_of_another_question_is_not_taken(agreed: Agreed) -> None:
    refused(NotFound, lambda: agreed.add("task", phrase="speak_slowly"))
    refused(NotFound, lambda: agreed.add("task", phrase="no such phrase"))


def test_a_question_holds_eight_answers(agreed: Agreed) -> None:
    for number in range(MOST_LINES):
        agreed.add("place", f"Sted {number}")
    refused(actions.TooManyLines, lambda: agreed.add("place", "En til"))
    (line, *_rest) = [line for line in agreed.standing().content.lines if line.question == "place"]
    agreed.do("mette", actions.remove_line, line.id)
    agreed.add("place", "En til")


def test_two_who_write_a_line_at_once_lose_nothing(agreed: Agreed) -> None:
    need = need_of(agreed)
    agreed.change(need, "Giv mig pauser", seen=1)
    with pytest.raises(StaleText) as stale:
        agreed.change(need, "ዕረፍቲ", "selam", seen=1)
    assert (stale.value.theirs_body, stale.value.mine) == ("Giv mig pauser", "ዕረፍቲ")
    agreed.change(need, "ዕረፍቲ", "selam", seen=2)
    assert agreed.text_version(need) == 3


def test_words_in_another_language_take_no_yes_back(agreed: Agreed) -> None:
    agreed.everybody_agrees()
    need = need_of(agreed)
    agreed.say_in(need, "ti", "ሕቖይ የሕምመኒ")
    assert agreed.waits_for == ""
    refused(Forbidden, lambda: agreed.do("selam", actions.say_in, need.id, Wording("x", "en"), seen_version=1))
    agreed.change(need, "Jeg løfter ikke")
    agreed.do("mette", actions.vouch_for, need.id, "ti", seen_version=2)
    refused(Forbidden, lambda: agreed.do("selam", actions.vouch_for, need.id, "ti", seen_version=2))


def test_an_interpreters_words_for_older_words_are_not_stamped_as_the_same(agreed: Agreed) -> None:
    need = need_of(agreed)
    agreed.say_in(need, "ti", "ሕቖይ የሕምመኒ")
    agreed.change(need, "Jeg løfter ikke")
    with pytest.raises(StaleText) as stale:
        agreed.say_in(need, "pl", "Bolą mnie plecy", seen=1)
    assert (stale.value.theirs_body, stale.value.mine) == ("Jeg løfter ikke", "Bolą mnie plecy")
    refused(StaleText, lambda: agreed.do("mette", actions.vouch_for, need.id, "ti", seen_version=1))
    agreed.say_in(need, "pl", "Nie dźwigam", seen=2)
    agreed.say_in(need, "pl", "Nie dźwigam", seen=1)  # what stands already is said twice without harm


# --- Versions -----------------------------------------------------------------------------------------------


def test_a_version_keeps_every_word_as_it_was(agreed: Agreed) -> None:
    need = need_of(agreed)
    agreed.say_in(need, "ti", "ሕቖይ የሕምመኒ")
    agreed.add("place", "Bagdøren")
    agreed.yes("selam")
    (version,) = agreed.plan.all(select(AgreementVersion).filter_by(number=2))[0]
    agreed.change(need, "Noget helt andet")
    agreed.do("mette", actions.remove_line, need.id)
    loses_mentor(agreed)
    kept = agreed.plan.fresh(version).content
    (line,) = [line for line in kept["lines"] if line["id"] == need.id]
    assert line["words"]["da"] == {"body": SECRET, "mark": "own_words", "author_name": "Mette"}
    assert line["words"]["ti"] == {"body": "ሕቖይ የሕምመኒ", "mark": "checked", "author_name": "Mette"}
    assert kept["mentors"] == [{"id": agreed.plan.cast.jens, "name": "Jens", "kind": "workplace_mentor"}]
    (task,) = [line for line in kept["lines"] if line["question"] == "task"]
    assert task["word"]["danish"] == "et bestik"
    assert task["word"]["meanings"]["en"]
    assert digest(content_in(kept)) == version.digest


def test_the_paper_tells_who_said_yes_to_just_this(agreed: Agreed) -> None:
    agreed.everybody_agrees()
    agreed.share(need_of(agreed))
    find = (agreed.plan.session, agreed.plan.cast.solby, agreed.number)
    now = queries.paper(*find, Side.STAFF, ("da", "ti"))
    assert (now.number, set(now.yeses)) == (None, {Side.CITIZEN, Side.STAFF})
    agreed.plan.session.commit()
    agreed.yes("jens")
    assert queries.paper(*find, Side.STAFF, ("da", "ti")).number == 2
    assert set(queries.paper(*find, Side.MENTOR, ("da", "ti")).yeses) == set(Side)
    assert set(queries.paper(*find, Side.STAFF, ("da", "ti"), 1).yeses) == set(Side)
    refused(NotFound, lambda: queries.paper(*find, Side.STAFF, ("da", "ti"), 3))


def papers(agreed: Agreed, number: int = 0) -> dict[Side, str]:
    find = (agreed.plan.session, agreed.plan.cast.solby, agreed.number)
    found = {side: repr(queries.paper(*find, side, ("da", "ti"), number).lines) for side in Side}
    agreed.plan.session.commit()
    return found


def test_paper_for_the_mentor_has_only_what_is_shared_then_and_now(agreed: Agreed) -> None:
    need = need_of(agreed)
    assert SECRET not in papers(agreed)[Side.MENTOR]
    assert SECRET in papers(agreed)[Side.CITIZEN]
    agreed.share(need)
    agreed.yes("jens")
    assert SECRET in papers(agreed)[Side.MENTOR]
    assert SECRET in papers(agreed, 2)[Side.MENTOR]
    assert SECRET not in papers(agreed, 1)[Side.MENTOR]
    agreed.share(need, is_shared=False)
    assert SECRET not in papers(agreed)[Side.MENTOR]
    assert SECRET not in papers(agreed, 2)[Side.MENTOR]
    assert SECRET in papers(agreed, 2)[Side.STAFF]


def test_what_she_has_removed_is_on_no_older_paper_for_the_mentor(agreed: Agreed) -> None:
    need = need_of(agreed)
    agreed.share(need)
    agreed.yes("jens")
    agreed.do("selam", actions.remove_line, need.id)
    assert SECRET not in papers(agreed, 2)[Side.MENTOR]
    assert SECRET in papers(agreed, 2)[Side.STAFF]


def test_words_she_has_withdrawn_are_on_no_older_paper_though_she_shares_new_ones(agreed: Agreed) -> None:
    need = need_of(agreed)
    agreed.share(need)
    agreed.yes("jens")
    agreed.share(need, is_shared=False)
    agreed.change(need, "ዕረፍቲ", "selam")
    agreed.share(need)
    assert SECRET not in papers(agreed, 2)[Side.MENTOR]
    assert "ዕረፍቲ" in papers(agreed)[Side.MENTOR]


# --- Talking first ------------------------------------------------------------------------------------------


def test_a_wish_to_talk_is_kept_once_and_ends_with_a_yes_or_a_talk(agreed: Agreed) -> None:
    key = agreed.talk("selam", "ሰዓታት")
    agreed.talk("selam", "ሰዓታት", key=key)
    agreed.talk("jens")
    assert [talk[:2] for talk in agreed.talks()] == [("citizen", "ሰዓታት"), ("mentor", "")]
    agreed.yes("jens")
    assert {side: settled is not None for side, _words, settled in agreed.talks()} == {
        "citizen": False,
        "mentor": True,
    }
    agreed.do("mette", actions.settle_talk, key)
    assert all(settled for _side, _words, settled in agreed.talks())


def test_one_mentors_yes_leaves_the_others_wish_to_talk_open(agreed: Agreed) -> None:
    cast, plan = agreed.plan.cast, agreed.plan
    nadia = gets_another_mentor(agreed)
    subject = Subject(cast.solby, cast.selam, frozenset({nadia}))
    about = (plan.session, actor_for(plan.session, nadia), subject, agreed.number)
    actions.want_to_talk(*about, "nadias-wish", "Onsdag er svær", now=plan.now)
    plan.session.commit()
    agreed.talk("jens")
    agreed.yes("jens")
    assert {words: settled is not None for _side, words, settled in agreed.talks()} == {
        "Onsdag er svær": False,
        "": True,
    }


def test_a_yes_that_says_nothing_new_leaves_a_wish_to_talk_open(agreed: Agreed) -> None:
    seen = agreed.seen("jens")
    agreed.yes("jens", seen=seen)
    agreed.talk("jens", "Onsdag er svær")
    agreed.yes("jens", seen=seen)
    assert agreed.talks() == [("mentor", "Onsdag er svær", None)]


def test_who_may_wish_to_talk_and_settle(agreed: Agreed) -> None:
    key = agreed.talk("selam")
    refused(Forbidden, lambda: agreed.talk("mette"))
    refused(Forbidden, lambda: agreed.talk("karen"))
    refused(NotFound, lambda: agreed.talk("jens", key=key))
    refused(Forbidden, lambda: agreed.do("selam", actions.settle_talk, key))
    refused(NotFound, lambda: agreed.do("mette", actions.settle_talk, "no such wish"))


# --- Any sequence -------------------------------------------------------------------------------------------

NAMES = {Side.CITIZEN: "selam", Side.MENTOR: "jens", Side.STAFF: "mette"}


@pytest.mark.parametrize("seed", range(4))
def test_after_whatever_happens_a_yes_holds_just_as_long_as_its_side_reads_the_same(agreed: Agreed, seed: int) -> None:
    chance = random.Random(seed)
    agreed_to: dict[Side, str] = {Side.STAFF: agreed.seen("mette")}
    for step in range(25):
        lines = agreed.standing().content.lines
        needs = [line for line in lines if line.question == "support"]
        what = chance.choice(("add", "need", "change", "share", "remove", "yes", "yes", "yes"))
        if what == "add" and len([line for line in lines if line.question == "place"]) < MOST_LINES:
            agreed.add("place", f"Sted {step}")
        elif what == "need" and len(needs) < MOST_LINES:
            agreed.add("support", f"Hjælp {step}")
        elif what == "change":
            agreed.change(agreed.line(chance.choice(lines).id), f"Nye ord {step}")
        elif what == "share" and needs:
            need = chance.choice(needs)
            agreed.share(agreed.line(need.id), is_shared=chance.random() < 0.6)
        elif what == "remove" and needs:
            agreed.do("mette", actions.remove_line, chance.choice(needs).id)
        elif what == "yes":
            side = chance.choice(list(Side))
            agreed.yes(NAMES[side])
            agreed_to[side] = agreed.seen(NAMES[side])
        content = agreed.standing().content
        expected = [side.value for side in Side if agreed_to.get(side) != digest_for(side, content)]
        assert agreed.waits_for.split() == expected, (step, what)
    counted = agreed.plan.all(select(func.count()).select_from(AgreementYes))[0][0]
    assert counted == len(agreed.versions())
    assert agreed.plan.all(select(func.count()).select_from(WorkAgreement)) == [(1,)]
