"""Forms about people: sign-in, code and settings. Fields clean what was typed into domain values."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms import BooleanField, PasswordField, RadioField, SelectField, StringField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]
from wtforms.validators import DataRequired, InputRequired, Length, Optional, ValidationError

from citizen_app.config import LANGUAGES
from citizen_app.people.rules import CODE_LENGTH, clean_code
from citizen_app.texts.rules import one_line

TOO_LONG = _("This is too long. Use at most %(max)d letters.")
LANGUAGE_CHOICES = [SelectChoice(code, name) for code, name in LANGUAGES.items()]


class _OurSentences:
    """What WTForms says by itself exists in few of our languages: one sentence of ours for all of it."""

    def gettext(self, _sentence: str) -> str:
        return str(_("We did not understand this answer. Please choose again."))

    def ngettext(self, one: str, _many: str, _number: int) -> str:
        return self.gettext(one)


class Form(FlaskForm):
    """A form whose every message is in the reader's language."""

    class Meta(FlaskForm.Meta):
        def get_translations(self, _form: Any) -> _OurSentences:
            return _OurSentences()


class SignInForm(Form):
    username = StringField(
        _("User name"), [DataRequired(_("Write your user name.")), Length(max=60, message=TOO_LONG)], filters=[one_line]
    )
    password = PasswordField(
        _("Password"), [DataRequired(_("Write your password.")), Length(max=200, message=TOO_LONG)]
    )


class ConnectForm(Form):
    code = StringField(_("Code"), [DataRequired(_("Write the code."))], filters=[lambda typed: clean_code(typed or "")])

    def validate_code(self, field: Any) -> None:
        if len(field.data) != CODE_LENGTH:
            raise ValidationError(str(_("The code has 8 letters and numbers. Look once more.")))


class LanguageForm(Form):
    language = RadioField(_("Language"), [InputRequired(_("Choose a language."))], choices=LANGUAGE_CHOICES)


class SettingsForm(Form):
    language = SelectField(_("My language"), choices=LANGUAGE_CHOICES)
    second_language = SelectField(
        _("Another language I read"), choices=[SelectChoice("", "–"), *LANGUAGE_CHOICES], validators=[Optional()]
    )
    text_size = RadioField(
        _("Text size"),
        choices=[
            SelectChoice("normal", _("Normal")),
            SelectChoice("large", _("Large")),
            SelectChoice("largest", _("Very large")),
        ],
        default="normal",
    )
    easy_reading = BooleanField(_("Easy reading: show only the most important"))


class PhotoForm(Form):
    photo = FileField(_("My photo"))
