"""Pages and their pieces: one Jinja environment per language, whole pages or one named block.

Sentences are put in when a template is compiled, not when a page is served: `_("...")` with a plain text becomes the
translated text itself. That is the largest single saving on a page with sixty sentences. The environment knows no
request; what a page shows is handed in by the view.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, partial
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

from babel.support import NullTranslations
from flask import Flask, current_app, g, make_response, redirect, session
from flask_htmx import HTMX
from flask_wtf.csrf import generate_csrf
from jinja2 import Environment, FileSystemLoader, StrictUndefined, Undefined, nodes
from jinja2.visitor import NodeTransformer
from markupsafe import Markup, escape
from werkzeug.wrappers import Response

from citizen_app.config import LANGUAGES, PROJECT_ROOT
from citizen_app.web import access, assets, locale, navigation
from citizen_app.web.locale import catalogue, clock, current_language, direction, local_date

htmx = HTMX()
_EVERY_PAGE: dict[str, Any] = {}


def init_app(app: Flask) -> None:
    htmx.init_app(app)
    strict = app.debug or app.config["CHECK_TEMPLATES"]
    app.extensions["templates"] = lru_cache(partial(_environment, app, StrictUndefined if strict else Undefined))


def provide(name: str, function: Callable[..., Any]) -> None:
    """Give every template a function; rooms above the kit use it for what stands on each page."""
    _EVERY_PAGE[name] = function


def provided(name: str) -> Callable[..., Any]:
    """Return such a function to a view of the kit."""
    function: Callable[..., Any] = _EVERY_PAGE[name]
    return function


def product_name() -> str:
    """Return the app's name as the reader's municipality has chosen it."""
    return str(access.actor().product_name) if access.is_signed_in() else "Sammen"


def page(template: str, block: str | None = None, *, status: int = 200, **context: Any) -> Response:
    """Answer with a page, or with its block when HTMX asks for a piece. The block's name is its root id."""
    response = make_response(render(template, block if is_piece_wanted() else None, **context), status)
    response.vary.add("HX-Request")
    return response


def bare_page(template: str, *, status: int = 200, **context: Any) -> Response:
    """Answer with a page that knows no sign-in: whoever is signed in on this browser has no part in it."""
    environment: Environment = current_app.extensions["templates"](current_language())
    return make_response(environment.get_template(template).render(context), status)


def answer(address: str, piece: Callable[[], Response], *, event: str | None = None) -> Response:
    """Answer a successful POST: HTMX gets the new piece, a plain browser is sent to the page by 303.

    `event` wakes other parts of the page that listen for it.
    """
    leads_to(address)
    if not is_piece_wanted():
        return redirect(address, 303)
    response = piece()
    if event:
        response.headers["HX-Trigger"] = event
    return response


def go(address: str) -> Response:
    """Send the browser to another page, after a press that was a form or an HTMX request alike."""
    leads_to(address)
    if not is_piece_wanted():
        return redirect(address, 303)
    response = make_response("", 204)
    response.headers["HX-Redirect"] = address
    return response


def leads_to(address: str) -> None:
    """Say where the answer to this press can be read again, should the press come twice."""
    g.answer_address = address


def is_piece_wanted() -> bool:
    return bool(htmx) and not htmx.boosted and not htmx.history_restore_request


def render(template: str, block: str | None = None, **context: Any) -> str:
    """Render a template, or one of its blocks, in the language of the request."""
    language = current_language()
    environment: Environment = current_app.extensions["templates"](language)
    found = environment.get_template(template)
    context = _about_request() | context
    if block is None:
        notice = session.pop("notice", None) if "notice" in session else None
        return found.render({"notice": notice} | context)
    return "".join(found.blocks[block](found.new_context(context)))


def macros(template: str, language: str) -> Any:
    """Return the macros of a template in a language, for a page that speaks two."""
    environment: Environment = current_app.extensions["templates"](language)
    return environment.get_template(template).module


def _about_request() -> dict[str, Any]:
    actor = access.actor() if access.is_signed_in() else None
    return {
        "here": "",
        "actor": actor,
        "timezone": actor.timezone if actor else "Europe/Copenhagen",
        "product_name": product_name(),
        "navigation": navigation.for_actor(actor),
    }


PURE_COMPONENTS = ("icon", "picture", "picture_at", "listen", "back", "danish_line", "date_tile")
"""Components whose piece depends on nothing but what they are called with."""


class _Fold(NodeTransformer):
    """Work out, while a template is compiled, what is the same for every request in one language.

    `_("text")` becomes the translated text, and a call of a pure function with constants, such as `ui.icon("home")`
    or `url("goals.index")`, becomes what it gives.
    """

    def __init__(self, environment: _Environment) -> None:
        self.environment = environment

    def visit_Call(self, node: nodes.Call) -> nodes.Node:  # noqa: N802 - the visitor's naming
        self.generic_visit(node)
        if node.dyn_args is not None or node.dyn_kwargs is not None:
            return node
        if isinstance(node.node, nodes.Name) and node.node.name == "_":
            return self._sentence(node)
        function = self._pure_function(node.node)
        values = [*node.args, *(keyword.value for keyword in node.kwargs)]
        if function is None or not all(isinstance(value, nodes.Const) for value in values):
            return node
        arguments = [argument.as_const() for argument in node.args]
        piece = function(*arguments, **{keyword.key: keyword.value.as_const() for keyword in node.kwargs})
        constant = nodes.Const(str(piece), lineno=node.lineno)
        return nodes.MarkSafe(constant) if isinstance(piece, Markup) else constant

    def _sentence(self, node: nodes.Call) -> nodes.Node:
        if len(node.args) != 1 or not isinstance(node.args[0], nodes.Const):
            return node
        text = self.environment.translations.gettext(node.args[0].value)
        if not node.kwargs:
            return nodes.Const(text, lineno=node.lineno)
        values = nodes.Dict([nodes.Pair(nodes.Const(keyword.key), keyword.value) for keyword in node.kwargs])
        return nodes.Mod(nodes.MarkSafe(nodes.Const(str(escape(text)))), values, lineno=node.lineno)

    def _pure_function(self, called: nodes.Expr) -> Callable[..., Any] | None:
        pure = self.environment.pure
        if isinstance(called, nodes.Name):
            return pure.get(called.name)
        if isinstance(called, nodes.Getattr) and isinstance(called.node, nodes.Name) and called.node.name == "ui":
            return pure.get(f"ui.{called.attr}")
        return None


class _Environment(Environment):
    translations: NullTranslations
    pure: dict[str, Callable[..., Any]]
    """What `_Fold` may call while it compiles, by the name that templates use."""

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        template: nodes.Template = _Fold(self).visit(super()._parse(source, name, filename))
        return template


def _environment(app: Flask, undefined: type[Undefined], language: str) -> Environment:
    translations = catalogue(language)
    environment = _Environment(
        loader=FileSystemLoader(PROJECT_ROOT / "templates"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=undefined,
        auto_reload=app.config["CHECK_TEMPLATES"],
    )
    environment.translations = translations
    environment.pure = {
        "url": lru_cache(4096)(partial(_address, app)),
        "asset": assets.address,
        "picture_address": assets.picture_address,
    }

    def sentence(text: str, **values: Any) -> Markup:
        return Markup(escape(translations.gettext(text))) % values  # noqa: S704 - escaped just before

    def plural(one: str, many: str, number: int, **values: Any) -> Markup:
        return Markup(escape(translations.ngettext(one, many, number))) % {"num": number, **values}  # noqa: S704

    environment.globals.update(
        _=sentence,
        ngettext=plural,
        danish=lambda text: catalogue("da").gettext(text),
        language=language,
        text_direction=direction(language),
        languages=LANGUAGES,
        direction=direction,
        language_name=partial(locale.language_name, language),
        **environment.pure,
        **_EVERY_PAGE,
        csrf_token=generate_csrf,
        new_request_id=lambda: uuid4().hex,
        local_date=local_date,
        clock=lambda moment, timezone: clock(moment, timezone, language),
        day_in=locale.long_day,
        long_day=partial(_in_language, locale.long_day, language),
        short_day=partial(_in_language, locale.short_day, language),
        weekday=partial(_in_language, locale.weekday, language),
        month=partial(_in_language, locale.month, language),
    )
    environment.globals["ui"] = _components(environment)
    return environment


def _components(environment: _Environment) -> SimpleNamespace:
    """Return the macros of components.html as `ui`; pure ones remember their pieces."""
    macros = vars(environment.get_template("components.html").module)
    pure = {name: lru_cache(1024)(macros[name]) for name in PURE_COMPONENTS}
    environment.pure |= {f"ui.{name}": macro for name, macro in pure.items()}
    return SimpleNamespace(**macros | pure)


def _in_language(format_day: Callable[[Any, str], str], language: str, day: Any) -> str:
    return format_day(day, language)


def _address(app: Flask, endpoint: str, **values: str | int) -> str:
    return app.url_map.bind("localhost").build(endpoint, values)
