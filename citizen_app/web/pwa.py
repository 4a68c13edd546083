"""What makes the app installable, and the few pages that stand outside all rooms.

The service worker is `static/sw.js` with one generated line before it: the version and the files to keep. Its
bytes change with every static file, which is how phones learn of a new version. The page for "no network" holds
nothing personal, because it is the only page that a phone keeps.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import quote

from flask import Blueprint, jsonify, redirect, request
from werkzeug.wrappers import Response

from citizen_app.config import LANGUAGES
from citizen_app.web import assets, fragments
from citizen_app.web.access import public
from citizen_app.web.fragments import page
from citizen_app.web.locale import CATALOGUES, catalogue, current_language, direction

blueprint = Blueprint("pwa", __name__)

PAPER = "#f7f4ee"
ALWAYS_KEPT = (
    "css/app.css",
    "vendor/htmx.min.js",
    "img/icons.svg",
    "img/icon.svg",
    "img/icon-192.png",
    "img/badge.png",
)
"""With all scripts, what every page needs; pictures join them as they are seen."""


@blueprint.get("/manifest.webmanifest")
@public
def manifest() -> Response:
    """Describe the app to the phone. The language is part of the address, so no cache can mix languages up."""
    wished = request.args.get("lang", "")
    language = wished if wished in LANGUAGES else current_language()
    response = jsonify(_manifest(language, fragments.product_name()))
    response.mimetype = "application/manifest+json"
    response.headers["Cache-Control"] = "no-cache"
    return response


def _manifest(language: str, product_name: str) -> Mapping[str, Any]:
    sentences = catalogue(language)
    return {
        "id": "/",
        "name": sentences.gettext("%(product)s – my plan") % {"product": product_name},
        "short_name": product_name,
        "description": sentences.gettext("Your goals, meetings and Danish words, in your own language."),
        "lang": language,
        "dir": direction(language),
        "start_url": "/",
        "scope": "/",
        "display": "standalone",
        "background_color": PAPER,
        "theme_color": PAPER,
        "icons": [
            _icon("icon.svg", "any", "any"),
            _icon("icon-192.png", "192x192", "any"),
            _icon("icon-512.png", "512x512", "any"),
            _icon("icon-maskable.png", "512x512", "maskable"),
        ],
        "shortcuts": [
            {
                "name": sentences.gettext(name),
                "url": address,
                "icons": [_icon("icon-192.png", "192x192", "any")],
            }
            for name, address in (("Today", "/"), ("Words", "/words"), ("Meetings", "/meetings"))
        ],
    }


def _icon(name: str, sizes: str, purpose: str) -> dict[str, str]:
    kind = "image/svg+xml" if name.endswith(".svg") else "image/png"
    return {"src": assets.address(f"img/{name}"), "sizes": sizes, "type": kind, "purpose": purpose}


@blueprint.get("/sw.js")
@public
def service_worker() -> Response:
    """Serve the service worker from the root, since it may only look after what lies below its own address."""
    response = Response(_service_worker(), mimetype="text/javascript")
    response.headers["Cache-Control"] = "no-cache"
    return response


@lru_cache
def _service_worker() -> str:
    scripts = [f"js/{path.name}" for path in sorted((assets.STATIC / "js").glob("*.js"))]
    kept = [assets.address(path) for path in (*ALWAYS_KEPT, *scripts)]
    first_line = f"const VERSION = {json.dumps(assets.version())}, KEPT = {json.dumps(kept)};\n"
    return first_line + (assets.STATIC / "sw.js").read_text(encoding="utf-8")


@blueprint.get("/offline")
@public
def offline() -> Response:
    response = page("offline.html")
    response.headers["Content-Language"] = current_language()
    # What the service worker says when it cannot read a message; a header, since it cannot read HTML either.
    response.headers["Neutral-Message"] = quote(
        catalogue(current_language()).gettext("Open the app to see what is new.")
    )
    return response


@blueprint.get("/was")
@public
def accessibility() -> Response:
    """Lead to the municipality's own accessibility statement, or say the main things ourselves."""
    municipality = fragments.provided("municipality")()
    if municipality and municipality.accessibility_url:
        return redirect(municipality.accessibility_url, 303)
    return page("accessibility.html", municipality=municipality)


@blueprint.get("/about")
@public
def about() -> Response:
    municipality = fragments.provided("municipality")()
    return page("about.html", municipality=municipality, review=_reviews()[current_language()])


@lru_cache
def _reviews() -> Mapping[str, Mapping[str, Any]]:
    """Return who has reviewed which language's sentences, by language."""
    with (CATALOGUES / "REVIEWS.toml").open("rb") as file:
        return tomllib.load(file)
