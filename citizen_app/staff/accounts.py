"""Not written yet."""

from flask import Blueprint

blueprint = Blueprint("staff_accounts", __name__)
