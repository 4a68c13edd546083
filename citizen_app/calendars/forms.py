"""What a person wants with the address of her calendar."""

from __future__ import annotations

from flask_wtf import FlaskForm
from wtforms import StringField
from wtforms.validators import AnyOf

from citizen_app.calendars.rules import FeedWish


class FeedForm(FlaskForm):
    """A press on one of the buttons about the address of one's calendar."""

    wish = StringField(validators=[AnyOf(list(FeedWish))])
