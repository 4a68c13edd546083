"""Forms of work agreements, the same for all sides. What is typed comes out clean; what is refused says why."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask import request
from flask_babel import lazy_gettext as _
from wtforms import HiddenField, IntegerField, SelectField, TextAreaField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined] # newer than its hints
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange, Regexp

from citizen_app.agreements.rules import LINE_LENGTH, TALK_ID, TALK_LENGTH, TRANSLATION_LENGTH, Question
from citizen_app.config import LANGUAGES
from citizen_app.goals.actions import Wording
from citizen_app.people.forms import TOO_LONG, Form
from citizen_app.texts.forms import no_cpr_number
from citizen_app.texts.queries import phrase_bank
from citizen_app.texts.rules import Phrase, one_line, phrases_for
from citizen_app.words.rules import Word

PICTURES = {
    Question.PURPOSE: "1F4AC",
    Question.TASK: "1F9F0",
    Question.COLLEAGUE: "1F465",
    Question.PLACE: "1F6AA",
    Question.SUPPORT: "1F91D",
    Question.MILESTONE: "2B50",
    Question.FOLLOW_UP: "1F4C6",
}
"""Beside each question, and beside lines in own words."""


GONE = _("This was taken out meanwhile. You can add your words again.")


def ready_lines(question: Question) -> list[Phrase]:
    return phrases_for(phrase_bank().values(), question.value)


def asked_language(else_: str) -> str:
    """Return the second language that the address asks a paper for; Danish stands in the first column anyway."""
    wished = request.args.get("language", "")
    found = wished if wished in LANGUAGES else else_
    return found if found != "da" else "en"


def _words(longest: int) -> list[Any]:
    return [DataRequired(_("Write a few words.")), Length(max=longest, message=TOO_LONG), no_cpr_number]


def seen_version() -> int:
    """Return which version of a text was read by whoever presses; none that there is for what is no number."""
    return request.form.get("seen_version", 0, type=int)


class WordsForm(Form):
    """New words for a line, with the version that was read."""

    body = TextAreaField(_("The words"), _words(LINE_LENGTH), filters=[one_line])
    seen_version = IntegerField(validators=[InputRequired(), NumberRange(min=0)])

    def wording(self, language: str) -> Wording:
        return Wording(self.body.data or "", language)


class OtherLanguageForm(Form):
    """The same in another language."""

    body = TextAreaField(_("The words"), _words(TRANSLATION_LENGTH), filters=[one_line])

    def wording(self, language: str) -> Wording:
        return Wording(self.body.data or "", language)


class LineForm(Form):
    """An answer to a question: a ready one, whose button fills the form, or own words; a task can carry a word."""

    phrase: Phrase | None = None

    @classmethod
    def read(cls, question: Question, language: str, words: Iterable[Word] = ()) -> LineForm:
        """Read the request; `language` is the one the line is written in, `words` those a task can carry."""
        form = cls()
        names = {word.key: word for word in words}
        form.word_key.choices = [SelectChoice("", "–"), *(SelectChoice(key, key) for key in names)]
        form.pictures = {key: word.picture for key, word in names.items()}
        form.question = question
        phrase = phrase_bank().get(request.form.get("phrase", ""))
        if phrase is not None and phrase.kind == question:
            form.phrase = phrase
            form.body.data = phrase.bodies[language]
        return form

    question: Question
    pictures: dict[str, str]

    body = TextAreaField(_("In own words"), _words(LINE_LENGTH), filters=[one_line])
    word_key = SelectField(_("The Danish word for it"), default="")

    @property
    def picture(self) -> str:
        """The phrase's picture, or the word's, or the question's."""
        if self.phrase is not None:
            return self.phrase.picture
        return self.pictures.get(self.word_key.data or "", "") or PICTURES[self.question]

    def wording(self, language: str) -> Wording:
        return Wording(self.body.data or "", language, self.phrase.key if self.phrase else None)


class YesForm(Form):
    """A press on "I agree", with what was read."""

    seen = HiddenField(validators=[DataRequired(), Length(max=64)])


class TalkForm(Form):
    """Wanting to talk first; words only if one likes."""

    id = HiddenField(validators=[DataRequired(), Regexp(TALK_ID)])
    words = TextAreaField(
        _("What do you want to talk about?"),
        [Length(max=TALK_LENGTH, message=TOO_LONG), no_cpr_number],
        filters=[one_line],
    )
