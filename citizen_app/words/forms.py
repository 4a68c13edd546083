"""What people write about words: a word from a workplace, and what staff make of it."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _
from flask_wtf.file import FileField
from wtforms import BooleanField, StringField
from wtforms.validators import Length

from citizen_app.people.forms import TOO_LONG, Form
from citizen_app.texts.rules import one_line
from citizen_app.words.rules import LONGEST, LONGEST_MEANING


class SuggestForm(Form):
    """A word from a workplace: the Danish written or said, a photo, and what it means in one's own language."""

    photo = FileField(_("A photo of it"))
    lemma = StringField(_("The Danish word"), [Length(max=LONGEST["lemma"], message=TOO_LONG)], filters=[one_line])
    sound = FileField(_("Say the word"))
    consent = BooleanField(_("The one who speaks says yes to being heard."))
    meaning = StringField(
        _("What it means in your language"), [Length(max=LONGEST_MEANING, message=TOO_LONG)], filters=[one_line]
    )

    def validate(self, extra_validators: Any = None) -> bool:
        """A word is written or said, and nobody's voice is kept without her yes."""
        is_valid = super().validate(extra_validators)
        if not self.lemma.data and not self.sound.data:
            self.lemma.errors = [_("Write the word or say it.")]
        elif self.sound.data and not self.consent.data:
            self.consent.errors = [_("Ask the one who speaks. Then put a tick here.")]
        else:
            return bool(is_valid)
        return False
