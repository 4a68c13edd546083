"""Refusals and errors become a page or a piece with one kind sentence, here and nowhere else.

A room gives the sentence for its own refusals with `explain`. HTMX gets the sentence as a notice on the page the
person is on, so that what was typed stays.
"""

from __future__ import annotations

from typing import Any

from flask import Flask, g, make_response, session
from flask_babel import lazy_gettext
from flask_login import AnonymousUserMixin
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge
from werkzeug.wrappers import Response

from citizen_app.policy import Forbidden, NotFound, Refusal
from citizen_app.web.fragments import is_piece_wanted, render
from citizen_app.web.session import start_over

_SENTENCES: dict[type[Refusal], Any] = {
    Refusal: lazy_gettext("This cannot be done just now. Nothing was changed."),
    Forbidden: lazy_gettext("You can read this, but you cannot change it."),
    NotFound: lazy_gettext("We cannot find this page. It may have been moved or removed."),
}
_GONE_WRONG = lazy_gettext("Something went wrong on our side. Nothing was saved. Please try again.")
_OLD_FORM = lazy_gettext("This page was open for too long or in another window. Please try once more.")
_TOO_LARGE = lazy_gettext("This is too large. Please choose something smaller.")
_BAD_REQUEST = lazy_gettext("We did not understand this. Please go back and try again.")


def init_app(app: Flask) -> None:
    app.register_error_handler(Refusal, _refused)
    app.register_error_handler(CSRFError, lambda _error: _message(_OLD_FORM, 400))
    app.register_error_handler(RequestEntityTooLarge, lambda _error: _message(_TOO_LARGE, 413))
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(500, _gone_wrong)


def explain(kind: type[Refusal], sentence: Any) -> None:
    """Give the sentence that people read when an act is refused in this way."""
    _SENTENCES[kind] = sentence


def sentence_for(refusal: Refusal) -> Any:
    return next(_SENTENCES[kind] for kind in type(refusal).__mro__ if kind in _SENTENCES)


def say_beside(form: Any, refusal: Refusal) -> int:
    """Give the sentence to the form that was refused, which is shown again as typed; returns the status."""
    form.form_errors.append(sentence_for(refusal))
    return refusal.status


def _refused(refusal: Refusal) -> Response:
    return _message(sentence_for(refusal), refusal.status)


def _http_error(error: HTTPException) -> Any:
    if error.code is None or error.code < 400:
        return error
    sentence = _SENTENCES[NotFound] if error.code == 404 else _BAD_REQUEST
    return _message(sentence, error.code)


def _gone_wrong(_error: Any) -> Response:
    """Answer a fault of ours; if the database is what fails, as to somebody unknown, for that asks it nothing."""
    try:
        return _message(_GONE_WRONG, 500)
    except SQLAlchemyError:
        g._login_user = AnonymousUserMixin()  # noqa: SLF001 - where Flask-Login keeps who is asking
        return _message(_GONE_WRONG, 500)


def _message(sentence: Any, status: int) -> Response:
    start_over()
    session.pop("notice", None)  # what it says has been taken back
    piece = "notice" if is_piece_wanted() else None
    response = make_response(render("message.html", piece, sentence=sentence, status=status), status)
    if piece:
        response.headers["HX-Retarget"] = "#notice"
        response.headers["HX-Reswap"] = "outerHTML"
    return response
