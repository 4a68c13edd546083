"""Forms about people: sign-in, code and settings. Fields clean what was typed into domain values."""

from __future__ import annotations

import unicodedata
from typing import Any

from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms import BooleanField, PasswordField, RadioField, SelectField, StringField
from wtforms.validators import DataRequired, InputRequired, Length, Optional

from citizen_app.config import LANGUAGES
from citizen_app.people.rules import CODE_LENGTH, clean_code


def one_line(typed: str | None) -> str:
    """Return typed text on one line, composed as Unicode wants it and without invisible marks of direction."""
    text = unicodedata.normalize("NFC", typed or "")
    kept = "".join(
        sign
        for sign in text
        if sign in "\u200c\u200d" or unicodedata.category(sign) not in {"Cf", "Cc"} or sign in "\n\t"
    )
    return " ".join(kept.split())


class SignInForm(FlaskForm):
    username = StringField(
        _("User name"), [DataRequired(_("Write your user name.")), Length(max=60)], filters=[one_line]
    )
    password = PasswordField(_("Password"), [DataRequired(_("Write your password.")), Length(max=200)])


class ConnectForm(FlaskForm):
    code = StringField(_("Code"), [DataRequired(_("Write the code."))], filters=[lambda typed: clean_code(typed or "")])

    def validate_code(self, field: Any) -> None:
        if len(field.data) != CODE_LENGTH:
            raise ValueError(str(_("The code has 8 letters and numbers. Look once more.")))


class LanguageForm(FlaskForm):
    language = RadioField(_("Language"), [InputRequired(_("Choose a language."))], choices=list(LANGUAGES.items()))


class SettingsForm(FlaskForm):
    language = SelectField(_("My language"), choices=list(LANGUAGES.items()))
    second_language = SelectField(
        _("Another language I read"), choices=[("", "–"), *LANGUAGES.items()], validators=[Optional()]
    )
    text_size = RadioField(
        _("Text size"),
        choices=[("normal", _("Normal")), ("large", _("Large")), ("largest", _("Very large"))],
        default="normal",
    )
    easy_reading = BooleanField(_("Easy reading: show only the most important"))


class PhotoForm(FlaskForm):
    photo = FileField(_("My photo"))
