"""What staff write about words: a translation read over, a word taken in, and who speaks in the studio."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask_babel import lazy_gettext as _
from wtforms import BooleanField, RadioField, SelectField, StringField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]
from wtforms.validators import DataRequired, InputRequired, Length, ValidationError

from citizen_app.people.forms import Form
from citizen_app.texts.rules import one_line
from citizen_app.words.models import OwnWord
from citizen_app.words.rules import (
    ARTICLES,
    EXAMPLE_WORDS,
    LONGEST,
    LONGEST_MEANING,
    LONGEST_MEANT_EXAMPLE,
    LONGEST_NAME,
    Meaning,
    Word,
)

TOO_LONG = _("This is too long. Use at most %(max)d letters.")


class SpeakerForm(Form):
    """Who speaks in the recording studio, and her yes."""

    speaker = StringField(
        _("Name of who speaks"),
        [DataRequired(_("Write the name.")), Length(max=LONGEST_NAME, message=TOO_LONG)],
        filters=[one_line],
    )
    consent = BooleanField(
        _("The one who speaks says yes to being heard."),
        [InputRequired(_("Ask first, then put a tick here."))],
    )


class MeaningForm(Form):
    """What a speaker says a word and its example mean in her language."""

    text = StringField(
        _("Meaning"),
        [DataRequired(_("Write what it means.")), Length(max=LONGEST_MEANING, message=TOO_LONG)],
        filters=[one_line],
    )
    example = StringField(_("The example"), [Length(max=LONGEST_MEANT_EXAMPLE, message=TOO_LONG)], filters=[one_line])

    @classmethod
    def of(cls, meaning: Meaning) -> MeaningForm:
        return cls(formdata=None, text=meaning.text, example=meaning.example)


class WordForm(Form):
    """A suggested word as staff take it in."""

    lemma = StringField(
        _("The Danish word"),
        [DataRequired(_("Write the word.")), Length(max=LONGEST["lemma"], message=TOO_LONG)],
        filters=[one_line],
    )
    article = RadioField(
        _("en or et"),
        choices=[SelectChoice("", "–"), *(SelectChoice(article, article) for article in ARTICLES)],
        default="",
    )
    definite = StringField(
        _("The word with -en or -et"), [Length(max=LONGEST["definite"], message=TOO_LONG)], filters=[one_line]
    )
    example = StringField(
        _("An example of at most 8 words"), [Length(max=LONGEST["example"], message=TOO_LONG)], filters=[one_line]
    )
    meaning = StringField(
        _("What it means in the citizen's language"),
        [Length(max=LONGEST_MEANING, message=TOO_LONG)],
        filters=[one_line],
    )
    deck = SelectField(_("For whom"))

    @classmethod
    def of(cls, row: OwnWord, meaning: str) -> WordForm:
        return cls(lemma=row.lemma, article=row.article, definite=row.definite, example=row.example, meaning=meaning)

    def validate_example(self, field: Any) -> None:
        if field.data and len(field.data.split()) > EXAMPLE_WORDS:
            raise ValidationError(str(_("This is too long for a beginner. Use at most 8 words.")))

    def refuse(self, sentences: Sequence[str]) -> None:
        """Say what a word must be to stand in a deck for everybody."""
        self.form_errors.extend(sentences)

    def word(self, key: str, meanings: Mapping[str, Meaning]) -> Word:
        """Return the word as it was written; with an article it is a noun, else a phrase."""
        return Word(
            key=key,
            deck=self.deck.data,
            theme="tools",
            word_class="noun" if self.article.data else "phrase",
            article=self.article.data,
            lemma=self.lemma.data or "",
            definite=self.definite.data or "",
            example=self.example.data or "",
            meanings=meanings,
        )
