"""Not written yet."""

from flask import Blueprint

blueprint = Blueprint("pwa", __name__)
