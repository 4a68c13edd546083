"""What all measurements share: a folder that goes away, the town in an SQLite file, and how long to measure."""

from __future__ import annotations

import html
import json
import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from flask import Flask

from bench.servers import BARE_APP, OUR_APP, SECRET_KEY, Server, running
from bench.town import Town, make_town
from citizen_app.app import create_app
from citizen_app.config import Settings
from citizen_app.texts.queries import phrase_bank

CONNECTIONS = 8
_WORDS = re.compile(r"""(?<=>)[^<>{}]*\w[^<>{}]*(?=<)|(?<=(?:href|lang)=")[^"{}]+(?=")""")
"""What stands between tags, and in attributes that differ from page to page."""
_HEAD = re.compile(r"<head>.*?</head>", re.DOTALL)
_PLAIN = """<!doctype html>
<html lang="ar" dir="rtl">
{head}
<body class="citizen">
<div class="page"><main class="stack" id="main"><h1>Havby</h1>
<article class="card"><h2>{words[0]}</h2><p>{words[1]}</p></article></main></div>
</body>
</html>
"""
"""Words of the same script as on Today: which fonts a text needs is no business of ours."""


@dataclass(frozen=True)
class Sizes:
    """How long and how much."""

    rounds: int
    round_seconds: float
    paints: int
    """Cold loads of each page in the browser."""
    crowds: tuple[int, int]
    """Citizens in the small and in the large database."""
    crowd_requests: int
    """Requests for each page, database and round."""
    workers: int
    """Web processes where requests per second are counted."""


@dataclass(frozen=True)
class Stage:
    sizes: Sizes
    folder: Path
    town: Town
    database_url: str

    def make_app(self) -> Flask:
        """Make the app in this process, as the web server makes it."""
        return create_app(Settings(database_url=self.database_url, secret_key=SECRET_KEY))

    @contextmanager
    def our_server(self, workers: int) -> Iterator[Server]:
        with running(OUR_APP, self.folder / "ours.log", {"DATABASE_URL": self.database_url}, workers=workers) as server:
            yield server

    @contextmanager
    def bare_server(self, workers: int) -> Iterator[Server]:
        """Serve a page of the bytes that Today has just now."""
        today = self.today_html()
        head = _HEAD.search(today)
        assert head is not None
        pages = self.folder / "pages"
        pages.mkdir(exist_ok=True)
        words: list[str] = []
        filled = _WORDS.sub(partial(_as_variable, words), today)
        (pages / "filled.html").write_text(filled, encoding="utf-8")
        (pages / "words.json").write_text(json.dumps(words), encoding="utf-8")
        (pages / "today.html").write_text("{% raw %}" + today + "{% endraw %}", encoding="utf-8")
        phrases = [phrase.bodies["ar"] for phrase in phrase_bank().values()]
        (pages / "plain.html").write_text(_PLAIN.format(head=head.group(), words=phrases), encoding="utf-8")
        with running(BARE_APP, self.folder / "bare.log", {"BENCH_PAGES": str(pages)}, workers=workers) as server:
            yield server

    def today_html(self) -> str:
        client = self.make_app().test_client()
        client.set_cookie("session", self.town.citizens["ar"].cookie)
        return client.get("/").get_data(as_text=True)


def _as_variable(words: list[str], found: re.Match[str]) -> str:
    words.append(html.unescape(found.group()))
    return f"{{{{ words[{len(words) - 1}] }}}}"


@contextmanager
def stage(sizes: Sizes) -> Iterator[Stage]:
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        database_url = f"sqlite:///{folder / 'town.db'}"
        yield Stage(sizes, folder, make_town(database_url), database_url)


def say(sentence: str) -> None:
    """Tell who waits what is going on; the table alone goes to the output."""
    print(sentence, file=sys.stderr, flush=True)
