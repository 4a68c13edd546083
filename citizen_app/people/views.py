"""Pages about people: language, sign-in, connecting a phone, settings, photos, and the citizen's people."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, g, make_response, redirect, request, session
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from werkzeug.wrappers import Response

from citizen_app.config import LANGUAGES
from citizen_app.db import AnyRow
from citizen_app.people import actions, actor, queries
from citizen_app.people.forms import ConnectForm, LanguageForm, PhotoForm, SettingsForm, SignInForm
from citizen_app.people.rules import CODE_LENGTH, clean_code, device_name
from citizen_app.policy import NotFound, Permission, Refusal
from citizen_app.web import access, errors, fragments, navigation
from citizen_app.web.access import public, requires, today
from citizen_app.web.fragments import go, page
from citizen_app.web.locale import current_language
from citizen_app.web.photos import NotAPhoto
from citizen_app.web.session import db, keep_although_refused, now

blueprint = Blueprint("people", __name__)

errors.explain(actions.WrongPassword, lazy_gettext("The user name or the password is not right. Try again."))
errors.explain(actions.TooManyAttempts, lazy_gettext("There were too many wrong tries. Wait 15 minutes and try again."))
errors.explain(
    actions.UnknownCode,
    lazy_gettext("We do not know this code. Look once more, or ask your contact person for a new one."),
)
errors.explain(actions.UsedCode, lazy_gettext("This code has been used. Ask your contact person for a new one."))
errors.explain(actions.ExpiredCode, lazy_gettext("This code is too old. Ask your contact person for a new one."))
errors.explain(NotAPhoto, lazy_gettext("We cannot read this file. Choose a photo."))


@blueprint.route("/language", methods=["GET", "POST"])
@public
def language() -> Response:
    form = LanguageForm(language=current_language())
    if form.validate_on_submit():
        if access.is_signed_in():
            actions.set_language(db(), access.actor(), form.language.data)
        else:
            session["language"] = form.language.data
        return redirect(navigation.safe_local_path(request.form.get("next")) or "/", 303)
    return page("people/language.html", form=form, names=LANGUAGES, status=422 if form.errors else 200)


@blueprint.route("/sign-in", methods=["GET", "POST"])
@public
def sign_in() -> Response:
    if access.is_signed_in() and request.method == "GET":
        return redirect(navigation.start_address(access.actor()), 303)
    form = SignInForm()
    if form.validate_on_submit():
        try:
            started = actions.sign_in_with_password(
                db(),
                form.username.data or "",
                form.password.data or "",
                address=request.remote_addr or "",
                device=device_name(request.user_agent.string),
                now=now(),
            )
        except Refusal as refusal:
            return _refused_sign_in("people/sign_in.html", form, refusal)
        return _enter(started)
    return page("people/sign_in.html", form=form, status=422 if form.errors else 200)


@blueprint.route("/connect", methods=["GET", "POST"])
@public
def connect() -> Response:
    form = ConnectForm()
    if form.validate_on_submit():
        try:
            started = actions.connect_phone(
                db(),
                form.code.data or "",
                address=request.remote_addr or "",
                device=device_name(request.user_agent.string),
                now=now(),
            )
        except Refusal as refusal:
            return _refused_sign_in("people/connect.html", form, refusal)
        return _enter(started)
    return page("people/connect.html", form=form, scanned=False, status=422 if form.errors else 200)


@blueprint.route("/connect/<code>")
@public
def connect_scanned(code: str) -> Response:
    """Show the scanned code with one button. Opening the address consumes nothing: only the press does."""
    code = clean_code(code)
    if len(code) != CODE_LENGTH:
        raise NotFound
    return page("people/connect.html", form=ConnectForm(formdata=None, code=code), scanned=True)


@blueprint.post("/sign-out")
@requires(Permission.USE_ACCOUNT)
def sign_out() -> Response:
    me = access.actor()
    actions.end_sign_in(db(), me, me.person_id, me.sign_in_id)
    chosen = me.language
    actor.forget()
    session["language"] = chosen
    response = go("/sign-in")
    response.headers["Clear-Site-Data"] = '"cache"'
    return response


@blueprint.route("/settings", methods=["GET", "POST"])
@requires(Permission.USE_ACCOUNT)
def settings() -> Response:
    person = queries.person_of_municipality(db(), access.actor(), access.actor().person_id)
    form = SettingsForm(obj=person)
    if form.validate_on_submit():
        form.populate_obj(person)
        person.second_language = form.second_language.data or None
        db().flush()
        session["notice"] = _("Saved.")
        return go("/settings")
    return _settings_page(form, PhotoForm(formdata=None), status=422 if form.errors else 200)


@blueprint.post("/settings/photo")
@requires(Permission.USE_ACCOUNT)
def change_photo() -> Response:
    upload = request.files.get("photo")
    try:
        actions.save_photo(db(), access.actor(), upload.read() if upload else b"", now())
    except NotAPhoto as refusal:
        person = queries.person_of_municipality(db(), access.actor(), access.actor().person_id)
        form = PhotoForm()
        form.photo.errors = [errors.sentence_for(refusal)]
        return _settings_page(SettingsForm(formdata=None, obj=person), form, status=refusal.status)
    session["notice"] = _("Saved.")
    return go("/settings")


@blueprint.post("/settings/devices/<int:sign_in_id>/sign-out")
@requires(Permission.USE_ACCOUNT)
def sign_device_out(sign_in_id: int) -> Response:
    me = access.actor()
    if not actions.end_sign_in(db(), me, me.person_id, sign_in_id):
        raise NotFound
    session["notice"] = _("The device is signed out.")
    return go("/settings")


@blueprint.get("/people")
@requires(Permission.SEE_OWN_PAGES)
def index() -> Response:
    me = access.actor()
    around = queries.people_around(db(), me.municipality_id, me.person_id, today())
    return page("people/index.html", people=around)


@blueprint.get("/people/<int:person_id>/photo")
@requires(Permission.USE_ACCOUNT)
def photo(person_id: int) -> Response:
    me = access.actor()
    jpeg = queries.photo_of(db(), me, person_id, today())
    if jpeg is None:
        abort(404)
    response = make_response(jpeg)
    response.content_type = "image/jpeg"
    response.headers["Cache-Control"] = "private, max-age=600"
    return response


def contact_for_page() -> AnyRow | None:
    """Return the contact person that stands on each of the citizen's pages; read once for each request."""
    if "contact_person" not in g:
        me = access.actor()
        g.contact_person = queries.contact_person(db(), me.municipality_id, me.person_id, today())
    found: AnyRow | None = g.contact_person
    return found


def municipality_for_page() -> AnyRow | None:
    """Return the reader's municipality for the pages that say how to reach it."""
    return queries.municipality(db(), access.actor().municipality_id if access.is_signed_in() else None)


fragments.provide("contact_person", contact_for_page)
fragments.provide("municipality", municipality_for_page)


def _settings_page(form: SettingsForm, photo_form: PhotoForm, status: int) -> Response:
    me = access.actor()
    devices = queries.sign_ins_of(db(), me, me.person_id, now())
    person = queries.person_of_municipality(db(), me, me.person_id)
    return page(
        "people/settings.html",
        form=form,
        photo_form=photo_form,
        person=person,
        devices=devices,
        status=status,
    )


def _enter(started: actions.StartedSignIn) -> Response:
    actor.remember(started)
    return go(started.next_path or navigation.start_address(access.actor()))


def _refused_sign_in(template: str, form: Any, refusal: Refusal) -> Response:
    keep_although_refused()
    form.form_errors.append(errors.sentence_for(refusal))
    return page(template, form=form, scanned=False, status=refusal.status)
