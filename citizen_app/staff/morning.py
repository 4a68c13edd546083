"""Not written yet."""

from flask import Blueprint

blueprint = Blueprint("staff_morning", __name__)
