"""What a press on a page of learning asks for: the same buttons on the citizen's, the mentor's and the staff's page.

Whether a press comes from our own page is proven before the view: by the token of the session, or by the secret
address of a mentor's link. So these forms carry none of their own.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import uuid4

from flask import request
from flask_babel import lazy_gettext as _
from wtforms import HiddenField, IntegerField, StringField, TextAreaField
from wtforms.validators import AnyOf, DataRequired, InputRequired, Length, NumberRange, Regexp

from citizen_app.db import LARGEST_NUMBER
from citizen_app.goals.actions import Wording
from citizen_app.learning import actions
from citizen_app.learning.actions import Face
from citizen_app.learning.queries import Learning
from citizen_app.learning.rules import (
    ADD_SIDES,
    BODY_LENGTH,
    CLOSING_FROM,
    CLOSING_LENGTH,
    FACE_SIDES,
    FACES,
    MOST_POINTS,
    WORDS_LENGTH,
    StepState,
    StepVerb,
    can_move,
    is_closing,
    is_open,
)
from citizen_app.people.forms import TOO_LONG, Form
from citizen_app.placements.rules import Side
from citizen_app.policy import Forbidden, NotFound, Refusal
from citizen_app.texts.actions import StaleText
from citizen_app.texts.forms import no_cpr_number
from citizen_app.texts.queries import phrase_bank
from citizen_app.texts.rules import Phrase, Reading, one_line, phrases_for
from citizen_app.web.errors import sentence_for

OWN_PICTURES = {"focus": "1F3AF", "ready_step": "1F331"}
"""The picture of what somebody writes in own words."""
_ID = re.compile(r"[0-9A-Za-z-]{8,36}", re.ASCII)
_EMPTY = _("Write a few words.")


def _written(longest: int) -> list[Any]:
    return [DataRequired(_EMPTY), Length(max=longest, message=TOO_LONG), no_cpr_number]


def _number() -> list[Any]:
    return [InputRequired(), NumberRange(1, LARGEST_NUMBER)]


class PressForm(Form):
    class Meta(Form.Meta):
        csrf = False

    about_id: Any = None
    """In a form about one focus point or step, its number."""
    mine: tuple[str, ...] = ()
    """The fields that the buttons fill: wrong ones mean that there is no form to show again."""

    @property
    def is_garbled(self) -> bool:
        return any(self[name].errors for name in self.mine)


class FaceForm(PressForm):
    """How a focus point went: a face, and at most one line."""

    mine = ("id", "about_id", "face")
    id = HiddenField(validators=[InputRequired(), Regexp(rf"{_ID.pattern}\Z")])
    about_id = IntegerField(validators=_number())
    face = IntegerField(validators=[AnyOf(FACES)])
    words = StringField(
        _("One line, if you like"), [Length(max=WORDS_LENGTH, message=TOO_LONG), no_cpr_number], filters=[one_line]
    )


class AboutForm(PressForm):
    """A press that needs no words."""

    mine = ("about_id",)
    about_id = IntegerField(validators=_number())


class TakeBackForm(AboutForm):
    words = StringField(
        _("What did we learn?"), [Length(max=WORDS_LENGTH, message=TOO_LONG), no_cpr_number], filters=[one_line]
    )


class NewForm(PressForm):
    """A focus point or a step: from the bank, whose button fills it, or in own words."""

    phrase: Phrase | None = None
    body = TextAreaField(_("In own words"), _written(BODY_LENGTH), filters=[one_line])

    @classmethod
    def read(cls, kind: str, language: str) -> NewForm:
        form = cls()
        phrase = phrase_bank().get(request.form.get("phrase", ""))
        if phrase is not None and phrase.kind == kind:
            form.phrase, form.body.data = phrase, phrase.bodies[language]
        return form

    def wording(self, language: str) -> Wording:
        return Wording(self.body.data or "", language, self.phrase.key if self.phrase else None)


class ClosingForm(PressForm):
    mine = ("seen_version",)
    body = TextAreaField(_("Your words"), _written(CLOSING_LENGTH), filters=[one_line])
    seen_version = IntegerField(validators=[InputRequired(), NumberRange(0, LARGEST_NUMBER)])


class LanguageForm(PressForm):
    """The same in another language, as an interpreter says it."""

    mine = ("text_id", "seen_version")
    text_id = IntegerField(validators=_number())
    body = TextAreaField(_("Your words"), _written(CLOSING_LENGTH), filters=[one_line])
    seen_version = IntegerField(validators=[InputRequired(), NumberRange(0, LARGEST_NUMBER)])


# --- Presses ------------------------------------------------------------------------------------------------

FACE, ADD_FOCUS, END_FOCUS, ADD_STEP, CLOSING = "face", "add-focus", "end-focus", "add-step", "closing"
_ABOUT: Mapping[str, Callable[..., None]] = {
    END_FOCUS: actions.end_focus,
    "start": actions.start_step,
    "finish": actions.finish_step,
    "again": actions.make_ready_again,
}
TAKE_BACK = "take-back"
VERBS = (FACE, ADD_FOCUS, END_FOCUS, ADD_STEP, "start", "finish", TAKE_BACK, "again", CLOSING)
VERB_RULE = f"any({', '.join(repr(verb) for verb in VERBS)})"
"""How an address names a verb."""


@dataclass(frozen=True)
class Press:
    """One press: the form that came with it, and what to do once that is right."""

    verb: str
    form: Any
    act: Callable[..., Any]
    things: tuple[Any, ...] = ()
    more: Mapping[str, Any] = field(default_factory=dict)

    def do(self, *who: Any, now: datetime) -> None:
        """Do it; `who` is session, actor, subject and placement, as all verbs want them."""
        self.act(*who, *self.things, now=now, **self.more)

    @property
    def about_id(self) -> int:
        return (self.form.about_id.data or 0) if self.form.about_id else 0

    @property
    def typed(self) -> str:
        """What was written, or what a picked phrase says."""
        return next((self.form[name].data or "" for name in ("words", "body") if name in self.form), "")

    @property
    def place(self) -> str:
        """Where on the page to go on."""
        if self.verb == FACE:
            return f"point-{self.about_id}"
        return {ADD_FOCUS: "points", END_FOCUS: "points", CLOSING: "closing"}.get(self.verb, "steps")


def read_press(verb: str, language: str) -> Press:
    """Read what was pressed; `language` is the one that the person writes in."""
    form: Any
    if verb in _ABOUT:
        form = AboutForm()
        return Press(verb, form, _ABOUT[verb], (form.about_id.data,))
    if verb == TAKE_BACK:
        form = TakeBackForm()
        return Press(verb, form, actions.take_back, (form.about_id.data, form.words.data or ""))
    if verb == FACE:
        form = FaceForm()
        # The buttons with the faces send no line, and leave the one that stands.
        face = Face(form.id.data or "", form.face.data or 0, form.words.data if form.words.raw_data else None)
        return Press(verb, form, actions.say_focus, (form.about_id.data, face))
    if verb == CLOSING:
        form = ClosingForm()
        return Press(verb, form, actions.write_closing, (form.body.data,), {"seen_version": form.seen_version.data})
    kind = "focus" if verb == ADD_FOCUS else "ready_step"
    form = NewForm.read(kind, language)
    picture = form.phrase.picture if form.phrase else OWN_PICTURES[kind]
    add = actions.add_focus if verb == ADD_FOCUS else actions.add_step
    return Press(verb, form, add, (picture, form.wording(language)))


def offers(kind: str, taken: Collection[Reading]) -> list[Phrase]:
    """Return the phrases that can still be picked: a text from the bank is there in Danish, too."""
    there = {line.body for text in taken for line in (text.main, *text.under) if line.language == "da"}
    return [phrase for phrase in phrases_for(phrase_bank().values(), kind) if phrase.bodies["da"] not in there]


# --- Pages --------------------------------------------------------------------------------------------------


class BadPress(Refusal):
    """What the form has cannot be; its messages say why."""

    status = 422


def attempt(press: Press, *who: Any, now: datetime) -> Refusal | None:
    """Do what was pressed; returns why it was refused, for the page to say. Raises BadPress for no form of ours."""
    if not press.form.validate():
        if press.form.is_garbled:
            raise BadPress
        return BadPress()
    try:
        press.do(*who, now=now)
    except (Forbidden, NotFound):
        raise
    except Refusal as refusal:
        return refusal
    return None


def shown(
    learning: Learning,
    side: Side,
    address: str,
    today: date,
    *,
    by_id: int = 0,
    writing: str,
    may_write: bool = True,
    press: Press | None = None,
    refusal: Refusal | None = None,
) -> dict[str, Any]:
    """Return what every page of learning shows, whoever reads it; `address` is where its presses go.

    `by_id` is who presses here, and `writing` the language of that person's own words.
    """
    is_changeable = may_write and is_open(learning.last_day, today)
    ready = [step.text for step in learning.steps if step.state in {StepState.READY, StepState.NOW}]
    page = {
        "learning": learning,
        "side": side.value,
        "address": address,
        "today": today,
        "by_id": by_id,
        "writing": writing,
        "may_write": is_changeable,
        "may_say_face": is_changeable and side in FACE_SIDES and learning.starts_on <= today,
        "may_add_step": is_changeable and side in ADD_SIDES,
        "is_closing": is_changeable and is_closing(learning.last_day, today),
        "closing_from": learning.last_day - CLOSING_FROM,
        "has_room": len(learning.open_points) < MOST_POINTS,
        "focus_phrases": offers("focus", [point.text for point in learning.open_points]),
        "step_phrases": offers("ready_step", ready),
        "limits": {"body": BODY_LENGTH, "words": WORDS_LENGTH, "closing": CLOSING_LENGTH},
        "press": press,
        "theirs": refusal if isinstance(refusal, StaleText) else None,
        "sentence": _sentence(press, refusal),
        "new_id": lambda: uuid4().hex,
    }
    has_lost_form = press is not None and refusal is not None and not _has_form(press, side, page)
    return page | {"unplaced": press.typed if press and has_lost_form else ""}


def _has_form(press: Press, side: Side, page: Mapping[str, Any]) -> bool:
    """Say whether the form of a press still stands on the page, so that what was typed stands in it."""
    learning: Learning = page["learning"]
    if press.verb == FACE:
        is_asked = press.about_id in {point.id for point in learning.open_points}
        return side is Side.MENTOR and bool(page["may_say_face"]) and is_asked
    if press.verb == TAKE_BACK:
        states = [StepState(step.state) for step in learning.steps if step.id == press.about_id]
        return bool(page["may_write"]) and any(can_move(StepVerb.TAKE_BACK, side, state) for state in states)
    needs = {ADD_FOCUS: ("may_write", "has_room"), ADD_STEP: ("may_add_step",), CLOSING: ("is_closing",)}
    return all(page[name] for name in needs.get(press.verb, ()))


def _sentence(press: Press | None, refusal: Refusal | None) -> Any:
    """Say why a press was refused; two wordings of one text stand beside each other instead."""
    if refusal is None or isinstance(refusal, StaleText):
        return ""
    if isinstance(refusal, BadPress) and press is not None:
        return next((field.errors[0] for field in press.form if field.errors), sentence_for(refusal))
    return sentence_for(refusal)
