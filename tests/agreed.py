"""A work agreement of Selam's, made through the same verbs as the pages use."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select

from citizen_app.agreements import actions, queries
from citizen_app.agreements.models import AgreementLine, AgreementTalk, AgreementVersion, AgreementYes, WorkAgreement
from citizen_app.agreements.rules import Question, digest_for
from citizen_app.goals.actions import Wording
from citizen_app.placements.queries import side_of
from citizen_app.placements.rules import Side
from citizen_app.texts.models import Text
from tests.placed import Placed

SECRET = "Jeg har ondt i ryggen"
"""What she needs, and what nobody at the workplace reads until she says so."""


@dataclass
class Agreed:
    placed: Placed

    @property
    def plan(self) -> Any:
        return self.placed.plan

    @property
    def number(self) -> int:
        return self.placed.placement.id

    def do(self, name: str, verb: Any, *things: Any, **more: Any) -> Any:
        return self.plan.do(name, verb, self.number, *things, **more)

    def add(
        self, question: str, body: str = "", name: str = "mette", *, phrase: str | None = None, **more: Any
    ) -> AgreementLine:
        language = "da" if name == "mette" else self.plan.actor(name).language
        wording = Wording(body, language, phrase)
        line: AgreementLine = self.do(name, actions.add_line, Question(question), wording, **more)
        return line

    def change(self, line: AgreementLine, body: str, name: str = "mette", *, seen: int | None = None) -> None:
        version = seen if seen is not None else self.text_version(line)
        language = "da" if name == "mette" else self.plan.actor(name).language
        self.do(name, actions.change_line, line.id, Wording(body, language), seen_version=version)

    def share(
        self, line: AgreementLine, *, is_shared: bool = True, name: str = "selam", seen: int | None = None
    ) -> None:
        version = seen if seen is not None else self.text_version(line)
        self.do(name, actions.set_shared, line.id, is_shared=is_shared, seen_version=version)

    def say_in(self, line: AgreementLine, language: str, body: str, *, seen: int | None = None) -> None:
        version = seen if seen is not None else self.text_version(line)
        self.do("mette", actions.say_in, line.id, Wording(body, language), seen_version=version)

    def seen(self, name: str) -> str:
        """Return what a person's page would carry as what was read."""
        side = side_of(self.plan.actor(name))
        found = queries.content_of(self.plan.session, self.plan.cast.solby, self.number, side=side)
        self.plan.session.commit()
        return digest_for(side, found.content)

    def show(self, name: str = "mette") -> None:
        self.do(name, actions.show_agreement, seen=self.seen(name))

    def yes(self, name: str, *, seen: str | None = None, **more: Any) -> None:
        self.do(name, actions.say_yes, seen=seen or self.seen(name), **more)

    def talk(self, name: str, words: str = "", *, key: str = "") -> str:
        key = key or uuid4().hex
        self.do(name, actions.want_to_talk, key, words)
        return key

    def everybody_agrees(self) -> None:
        for name in ("selam", "jens"):
            self.yes(name)

    # --- What stands now ------------------------------------------------------------------------------------

    @property
    def waits_for(self) -> str:
        """Return the sides that are kept as missing."""
        (found,) = self.plan.all(select(WorkAgreement.waits_for).filter_by(placement_id=self.number))
        waits_for: str = found[0]
        return waits_for

    def standing(self) -> queries.Standing:
        found = queries.content_of(self.plan.session, self.plan.cast.solby, self.number)
        self.plan.session.commit()
        return found

    def line(self, number: int) -> AgreementLine:
        found: AgreementLine = self.plan.all(select(AgreementLine).filter_by(id=number))[0][0]
        return found

    def text_version(self, line: AgreementLine) -> int:
        (found,) = self.plan.all(select(Text.version).filter_by(id=line.text_id))
        version: int = found[0]
        return version

    def versions(self) -> list[tuple[int, str]]:
        """Return number and side of every yes, in their order."""
        joined = select(AgreementVersion.number, AgreementYes.side).join(
            AgreementYes, AgreementYes.version_id == AgreementVersion.id
        )
        return [tuple(row) for row in self.plan.all(joined.order_by(AgreementYes.id))]

    def talks(self) -> list[tuple[str, str, datetime | None]]:
        rows = self.plan.all(select(AgreementTalk.side, AgreementTalk.words, AgreementTalk.settled_at))
        return [tuple(row) for row in rows]

    def agreement_row(self) -> WorkAgreement:
        self.plan.session.expire_all()
        found: WorkAgreement = self.plan.session.get_one(WorkAgreement, self.number)
        self.plan.session.commit()
        return found

    def side_holds(self, side: Side) -> bool:
        return side.value not in self.waits_for.split()


@pytest.fixture
def draft(placed: Placed) -> Agreed:
    """A purpose, a task with a word, and one thing she needs; nobody but staff has seen it."""
    agreed = Agreed(placed)
    agreed.add("purpose", phrase="learn_the_work", picture="1F9F0")
    agreed.add("task", "Jeg skærer grøntsager", word_key="bestik")
    agreed.add("support", SECRET)
    return agreed


@pytest.fixture
def agreed(draft: Agreed) -> Agreed:
    """The same, shown to citizen and mentor."""
    draft.show()
    return draft
