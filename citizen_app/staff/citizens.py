"""Not written yet."""

from flask import Blueprint

blueprint = Blueprint("staff_citizens", __name__)
