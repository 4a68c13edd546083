"""Words that go out to mentors, in their own language."""

from __future__ import annotations

from flask_babel import force_locale
from flask_babel import gettext as _


def invitation(language: str, name: str, address: str) -> str:
    """Return what goes with a mentor's link by SMS or mail; it names nobody but the mentor, for it travels openly."""
    with force_locale(language):
        text: str = _(
            "Hello %(name)s. Here you can say with one press who came to work: %(address)s", name=name, address=address
        )
    return text
