"""Not written yet."""

from flask import Blueprint

blueprint = Blueprint("words", __name__)
