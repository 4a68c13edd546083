"""One database transaction per request, committed here and nowhere else.

Pages that only read get a reading session. A view that writes while answering a GET (reads of a citizen's data
are logged) says so with `@requires(..., writes=True)`. An answer of 400 or more rolls back, so nothing is half-saved.
"""

from __future__ import annotations

from datetime import UTC, datetime

from flask import Flask, Response, current_app, g, request
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from citizen_app.db import reading_session, writing_session


def init_app(app: Flask, engine: Engine) -> None:
    app.extensions["engine"] = engine
    app.after_request(_finish)
    app.teardown_request(_forget)


def db() -> Session:
    """Return the session of this request, opened at the first use."""
    if "db" not in g:
        engine: Engine = current_app.extensions["engine"]
        g.db = writing_session(engine) if _is_writing() else reading_session(engine)
        g.db.info["now"] = now()
    return g.db  # type: ignore[no-any-return]


def begin_writing() -> Session:
    """Turn a reading request into a writing one; what was read before may have changed and is read anew."""
    if "db" in g:
        g.pop("db").close()
    g.db = writing_session(current_app.extensions["engine"])
    g.db.info["now"] = now()
    return db()


def start_over() -> None:
    """Take back what this request has done so far; after a failure the transaction may be unusable."""
    _forget(None)


def keep_although_refused() -> None:
    """Commit although the answer is an error: a wrong password must be counted."""
    g.keep = True


def keep_only_what_follows() -> Session:
    """Take back what a refused act did and keep what is written from here on, although the answer is an error.

    For a page of a citizen's that shows what was refused: that somebody looked at it is logged.
    """
    keep_although_refused()
    return begin_writing()


def now() -> datetime:
    """Return the moment this request began; the same for everything it does."""
    if "now" not in g:
        g.now = datetime.now(UTC)
    return g.now  # type: ignore[no-any-return]


def _is_writing() -> bool:
    view = current_app.view_functions.get(request.endpoint or "")
    return request.method not in {"GET", "HEAD", "OPTIONS"} or getattr(view, "writes", False)


def _finish(response: Response) -> Response:
    session: Session | None = g.pop("db", None)
    if session is not None:
        try:
            is_wanted = response.status_code < 400 or g.get("keep", False)
            if is_wanted and not session.info.get("only_reads"):
                session.commit()
        finally:
            session.close()
    return response


def _forget(_error: BaseException | None) -> None:
    session: Session | None = g.pop("db", None)
    if session is not None:
        session.close()
