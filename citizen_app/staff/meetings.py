"""Not written yet."""

from flask import Blueprint

blueprint = Blueprint("staff_meetings", __name__)
