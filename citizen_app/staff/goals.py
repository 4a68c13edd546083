"""Not written yet."""

from flask import Blueprint

blueprint = Blueprint("staff_goals", __name__)
