"""Not written yet."""

from flask import Blueprint

blueprint = Blueprint("mentor", __name__)
