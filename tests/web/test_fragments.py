"""Pages and their pieces, whole sentences in the reader's language, and the line that is shown once."""

from __future__ import annotations

from typing import Any

import pytest
from babel.support import NullTranslations
from flask import Flask
from flask import session as cookie
from flask.testing import FlaskClient
from jinja2 import UndefinedError
from markupsafe import Markup
from sqlalchemy.orm import Session

from citizen_app.web.access import public
from citizen_app.web.fragments import answer, go, page
from tests.cast import Cast, sign_in
from tests.plan import HTMX, ON_SQLITE

pytestmark = ON_SQLITE


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    app.config["WTF_CSRF_ENABLED"] = False

    @app.get("/piece")
    @public
    def piece() -> Any:
        return page("message.html", "notice", sentence="Hello", status=202)

    @app.post("/press")
    @public
    def press() -> Any:
        cookie["notice"] = "Told once"
        return answer("/piece", lambda: page("message.html", "notice", sentence="New"), event="changed")

    @app.post("/leave")
    @public
    def leave() -> Any:
        return go("/about")

    return app.test_client()


def test_a_browser_gets_the_page_and_htmx_the_piece(client: FlaskClient) -> None:
    whole, piece = client.get("/piece"), client.get("/piece", headers=HTMX)
    assert (whole.status_code, piece.status_code) == (202, 202)
    assert "<html" in whole.text
    assert "<html" not in piece.text
    assert piece.text.lstrip().startswith('<div id="notice"')
    assert "HX-Request" in whole.headers["Vary"]
    assert "HX-Request" in piece.headers["Vary"]


@pytest.mark.parametrize("more", [{"HX-Boosted": "true"}, {"HX-History-Restore-Request": "true"}])
def test_a_boosted_link_or_a_step_back_gets_the_whole_page(client: FlaskClient, more: dict[str, str]) -> None:
    assert "<html" in client.get("/piece", headers={**HTMX, **more}).text


def test_a_press_answers_with_the_new_piece_or_sends_the_browser_there(client: FlaskClient) -> None:
    plain, piece = client.post("/press"), client.post("/press", headers=HTMX)
    assert (plain.status_code, plain.location) == (303, "/piece")
    assert (piece.status_code, piece.headers["HX-Trigger"]) == (200, "changed")


def test_leaving_works_with_and_without_script(client: FlaskClient) -> None:
    assert (client.post("/leave").status_code, client.post("/leave").location) == (303, "/about")
    piece = client.post("/leave", headers=HTMX)
    assert (piece.status_code, piece.headers["HX-Redirect"]) == (204, "/about")


def test_a_line_is_shown_once_and_on_a_whole_page(client: FlaskClient) -> None:
    client.post("/press")
    client.get("/piece", headers=HTMX)
    assert "Told once" in client.get("/about").text
    assert "Told once" not in client.get("/about").text


def test_a_name_that_a_template_lacks_is_an_error_in_tests(app: Flask) -> None:
    environment = app.extensions["templates"]("da")
    with pytest.raises(UndefinedError):
        environment.from_string("{{ nobody }}").render()


def render(app: Flask, source: str, language: str = "da", **values: Any) -> str:
    return str(app.extensions["templates"](language).from_string(source).render(**values))


def test_values_in_a_sentence_are_escaped_once(app: Flask) -> None:
    source = '{{ _("%(name)s is here", name=name) }}'
    assert render(app, source, "en", name="<b>&") == "&lt;b&gt;&amp; is here"
    assert render(app, source, "en", name=Markup("<b>")) == "<b> is here"
    assert render(app, '{{ _("Fish & chips") }}', "en") == "Fish &amp; chips"
    assert render(app, '{{ _("100 %") }}', "en") == "100 %"


def test_sentences_are_translated_when_a_template_is_compiled(app: Flask) -> None:
    class Shouting(NullTranslations):
        def gettext(self, message: str) -> str:
            return message.upper().replace("%(NAME)S", "%(name)s")

    environment = app.extensions["templates"]("en").overlay()
    environment.translations = Shouting()
    assert environment.from_string('{{ _("yes") }} {{ _("hi %(name)s", name="x") }}').render() == "YES HI x"


def test_plurals_follow_the_language(app: Flask) -> None:
    source = '{{ ngettext("%(num)d step", "%(num)d steps", count) }}'
    assert [render(app, source, "en", count=count) for count in (1, 2)] == ["1 step", "2 steps"]


def test_addresses_in_templates_are_those_of_the_views(app: Flask) -> None:
    assert render(app, '{{ url("goals.show", goal_id=7) }} {{ url("goals.new", track="job") }}') == (
        "/goals/7 /goals/new?track=job"
    )


def test_every_form_of_a_page_carries_its_token_and_its_own_id(
    client: FlaskClient, session: Session, cast: Cast
) -> None:
    sign_in(client, session, cast.selam)
    forms = client.get("/settings").text.split("<form")[1:]
    ids = [form.split('name="request_id" value="')[1].split('"')[0] for form in forms]
    assert len(set(ids)) == len(forms) > 2
    assert all('name="csrf_token"' in form for form in forms)
