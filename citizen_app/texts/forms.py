"""What every form refuses in words that people write."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _
from wtforms.validators import ValidationError

from citizen_app.texts.rules import has_cpr_number


def no_cpr_number(_form: Any, field: Any) -> None:
    if has_cpr_number(field.data or ""):
        raise ValidationError(str(_("Please do not write a CPR number here.")))
