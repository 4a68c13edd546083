"""Making, renewing and stopping the secret address of one's own calendar."""

from __future__ import annotations

import secrets
from datetime import datetime

from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from citizen_app.calendars.models import CalendarFeed
from citizen_app.calendars.rules import FeedWish
from citizen_app.db import insert_new
from citizen_app.people.queries import own_subject
from citizen_app.policy import Actor, Permission, check


def change_feed(session: Session, actor: Actor, wish: FeedWish, now: datetime) -> None:
    """Make, renew or stop the secret address of the actor's own calendar, or choose what stands in it."""
    check(actor, Permission.USE_ACCOUNT, own_subject(actor))
    own = {"municipality_id": actor.municipality_id, "person_id": actor.person_id}
    fresh = {"nonce": secrets.token_hex(16), "made_at": now}
    if wish is FeedWish.MAKE:
        insert_new(session, CalendarFeed, [{**own, **fresh, "tells_more": False}], CalendarFeed.person_id)
    elif wish is FeedWish.STOP:
        session.execute(delete(CalendarFeed).filter_by(**own))
    else:
        values = fresh if wish is FeedWish.RENEW else {"tells_more": wish is FeedWish.SAY_MORE}
        session.execute(update(CalendarFeed).filter_by(**own).values(values))
