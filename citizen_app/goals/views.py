"""Not written yet."""

from flask import Blueprint

blueprint = Blueprint("goals", __name__)
