"""The citizen's start page: her next meeting, her next small step, and what waits for her yes.

This is the page that is opened most, so it may cost seven SELECTs at most, whatever the citizen has.
"""

from __future__ import annotations

from flask import Blueprint, redirect
from werkzeug.wrappers import Response

from citizen_app.goals.queries import plan_for_today
from citizen_app.home.queries import coming_up
from citizen_app.home.rules import greeting
from citizen_app.policy import Permission, has_role_for
from citizen_app.practice.queries import own_desk
from citizen_app.web import access, navigation
from citizen_app.web.access import public
from citizen_app.web.fragments import page
from citizen_app.web.locale import zone
from citizen_app.web.session import db, now
from citizen_app.words.queries import picture_of

blueprint = Blueprint("home", __name__)


@blueprint.get("/")
@public
def start() -> Response:
    """Lead everybody to their own first page."""
    if not access.is_signed_in():
        return redirect("/sign-in", 303)
    me = access.actor()
    if has_role_for(me, Permission.SEE_OWN_PAGES):
        return _today()
    return redirect(navigation.start_address(me), 303)


def _today() -> Response:
    me = access.actor()
    words = own_desk(db(), me, now(), access.midnight())
    return page(
        "home/today.html",
        here="today",
        greeting=greeting(now().astimezone(zone(me.timezone)).hour),
        today=access.today(),
        coming_up=coming_up(db(), me, now(), access.today()),
        plan=plan_for_today(db(), me),
        words=words.words_for_today(),
        picture_of=lambda word: picture_of(word, words.said),
    )
