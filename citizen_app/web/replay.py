"""Every press may come twice or late: a repeated request is answered as the first one and changes nothing.

A form carries a random `request_id`. It is stored in the same transaction as the change, with the address of the
answer; a replay is sent there. Two copies at once wait for each other on the row's key. The same id with other
words is another request: somebody whose answer got lost has written on, and that must be saved.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime
from typing import Any

from flask import g, make_response, redirect, request
from sqlalchemy import ForeignKey, Index, String, bindparam, delete, select, update
from sqlalchemy.engine import CursorResult
from sqlalchemy.orm import Mapped, Session, mapped_column
from werkzeug.wrappers import Response

from citizen_app.db import Base, InMunicipality, insert_new
from citizen_app.policy import Actor
from citizen_app.web.session import db, now


class HandledRequest(InMunicipality, Base):
    __tablename__ = "handled_requests"
    __table_args__ = (Index(None, "handled_at"),)

    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), primary_key=True)
    request_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    """A hash of the id with the address and all that was sent."""
    location: Mapped[str] = mapped_column(String(300), default="/")
    """Where the first answer can be read again."""
    handled_at: Mapped[datetime]


def once(actor: Actor, view: Callable[[], Any]) -> Any:
    """Run a writing view unless this very request was handled before."""
    if not request.form.get("request_id"):
        return view()
    request_id = _fingerprint()
    session = db()
    if not _claim(session, actor, request_id, now()):
        location = session.scalar(
            select(HandledRequest.location).filter_by(person_id=actor.person_id, request_id=request_id)
        )
        return _lead_to(location or "/")
    response = make_response(view())
    if response.status_code < 400:
        session.execute(
            update(HandledRequest)
            .filter_by(person_id=actor.person_id, request_id=request_id)
            .values(location=_address_of(response))
        )
    return response


def forget_handled_requests(session: Session, before: datetime) -> int:
    """Delete what no phone will repeat any more; returns how many rows."""
    result = session.execute(delete(HandledRequest).where(HandledRequest.handled_at < bindparam("before", before)))
    assert isinstance(result, CursorResult)
    return result.rowcount


def _claim(session: Session, actor: Actor, request_id: str, moment: datetime) -> bool:
    values = {
        "municipality_id": actor.municipality_id,
        "person_id": actor.person_id,
        "request_id": request_id,
        "location": "/",
        "handled_at": moment,
    }
    return bool(insert_new(session, HandledRequest, [values], HandledRequest.request_id))


def _fingerprint() -> str:
    """Return what makes a request the same as an earlier one; of a file, its name and the size of the whole."""
    sent = sorted((name, value) for name, value in request.form.items(multi=True) if name != "csrf_token")
    files = sorted((name, file.filename) for name, file in request.files.items(multi=True))
    size = request.content_length if files else None
    return hashlib.sha256(repr((request.path, sent, files, size)).encode()).hexdigest()


def _lead_to(location: str) -> Response:
    """Send the browser to the first answer; a piece could be one that stands nowhere on that page."""
    if not request.headers.get("HX-Request"):
        return redirect(location, 303)
    response = make_response("", 204)
    response.headers["HX-Redirect"] = location
    return response


def _address_of(response: Response) -> str:
    return str(response.location or g.get("answer_address") or "/")[:300]
