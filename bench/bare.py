"""The page that ours is measured against: Flask and Jinja, and nothing else.

It reads its pages from a folder: `today.html` has the very bytes of our page as a template without a single
variable, `filled.html` has each of its texts and attributes as a variable, and `plain.html` has our page's head,
so the same stylesheet and script, and a few lines of text.
"""

from __future__ import annotations

import gzip
import json
import os
from pathlib import Path

from flask import Flask, Response, render_template
from whitenoise import WhiteNoise

from citizen_app.web import assets

PAGES = Path(os.environ["BENCH_PAGES"])

_flask = Flask("bare", static_folder=None, template_folder=PAGES)


@_flask.get("/")
def today() -> str:
    return render_template("today.html")


_words = json.loads((PAGES / "words.json").read_text(encoding="utf-8"))


@_flask.get("/filled")
def filled() -> str:
    """The work that Jinja cannot be spared: the same page put together from its words."""
    return render_template("filled.html", words=_words)


_plain = gzip.compress((PAGES / "plain.html").read_bytes())


@_flask.get("/plain")
def plain() -> Response:
    """A page for browsers, compressed once."""
    return Response(_plain, mimetype="text/html", headers={"Content-Encoding": "gzip", "Cache-Control": "no-store"})


@_flask.get("/healthz")
def health() -> str:
    return "ok"


app = WhiteNoise(_flask, max_age=365 * 24 * 3600, allow_all_origins=False)
app.add_files(str(assets.STATIC), prefix=f"static/{assets.version()}/")
