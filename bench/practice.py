"""Words: starting a session with a long log, rebuilding a card, the pack a phone stores, the next card, and whether
FSRS is worth it on a simulated learner.

The simulated learner forgets by a law of her own (half-lives that grow with each success), not by FSRS's formulas, so
that the scheduler is not compared with itself.
"""

from __future__ import annotations

import gzip
import json
import random
import time
import urllib.request
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from statistics import mean, median
from typing import Any

from flask import Flask
from playwright.sync_api import sync_playwright
from sqlalchemy import Engine, event, insert, select

from bench.browser import CPU_SLOWDOWN, chromium, cold_page, slow_down
from bench.figures import Figure
from bench.servers import Server
from bench.stage import Stage, say
from bench.town import cookie
from citizen_app.app import create_app
from citizen_app.config import Settings
from citizen_app.db import make_engine, migrate, writing_session
from citizen_app.people.actions import start_sign_in
from citizen_app.people.models import Municipality, Person
from citizen_app.policy import Role
from citizen_app.practice.models import WordAnswer, WordCard
from citizen_app.practice.rules import Answer, CardState, after, card_from
from citizen_app.words.queries import shipped_deck
from tests.postgres import running_postgres

ANSWERS_A_LEARNER = 500
SESSIONS = 200
REBUILT = 1000
DAYS = 120
NEW_A_DAY = 5


def measure(stage: Stage) -> Iterator[Figure]:
    yield from _rebuild()
    yield from _session_start(stage, "SQLite", f"sqlite:///{stage.folder / 'learners.db'}")
    with running_postgres() as address:
        yield from _session_start(stage, "PostgreSQL", address)
    yield from _on_the_phone(stage)
    yield from _simulated()


# --- A card -------------------------------------------------------------------------------------------------


def _rebuild() -> Iterator[Figure]:
    begin = datetime(2020, 1, 1, tzinfo=UTC)
    log = [Answer(begin + timedelta(hours=20 * number), f"{number:06}", number % 4 != 0) for number in range(REBUILT)]
    random.Random(1).shuffle(log)
    spent = median(_milliseconds(lambda: card_from(log)) for _time in range(15))
    yield Figure(f"ms to rebuild a card from {REBUILT:,} answers", spent, most=30)


# --- Starting a session -------------------------------------------------------------------------------------


def _session_start(stage: Stage, name: str, url: str) -> Iterator[Figure]:
    answers = 1_000_000 if stage.sizes.rounds > 2 else 50_000
    cookies = _fill_learners(url, answers // ANSWERS_A_LEARNER)
    app = create_app(Settings(database_url=url, secret_key="a key for measuring, long enough to be accepted"))  # noqa: S106
    client = app.test_client()
    spent: list[float] = []
    statements = 0
    chance = random.Random(1)
    for number in range(SESSIONS + 20):
        client.set_cookie("session", chance.choice(cookies))
        if number == 19:
            statements = _statements(app, lambda: _open(client, "/practice/session"))
        elif number >= 20:
            spent.append(_milliseconds(lambda: _open(client, "/practice/session")))
    app.extensions["engine"].dispose()
    note = f"p95 {sorted(spent)[int(0.95 * len(spent))]:.1f} ms, {answers:,} answers in the log"
    yield Figure(f"{name}, statements to start a session", statements, most=5)
    yield Figure(f"{name}, ms to start a session, median", median(spent), most=20, note=note)


def _open(client: Any, path: str) -> None:
    assert client.get(path).status_code == 200


def _statements(app: Flask, run: Callable[[], None]) -> int:
    engine: Engine = app.extensions["engine"]
    sent: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        sent.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    run()
    event.remove(engine, "before_cursor_execute", note)
    return sum(not statement.upper().startswith(("BEGIN", "COMMIT")) for statement in sent)


def _fill_learners(url: str, learners: int) -> list[str]:
    """Make learners with their cards and logs; returns the cookies of some of them."""
    began = time.monotonic()
    migrate(url)
    engine = make_engine(url)
    now = datetime.now(UTC)
    keys = [word.key for word in shipped_deck("core")][:60]
    with writing_session(engine) as session, session.begin():
        municipality = Municipality(key=f"learners{learners}", name="Havby Kommune")
        session.add(municipality)
        session.flush()
        home = {"municipality_id": municipality.id}
        for number in range(learners):
            person = {"external_id": str(number), "role": Role.CITIZEN, "given_name": f"B{number}", "language": "ar"}
            session.execute(insert(Person), [{**home, **person}])
        people = list(session.scalars(select(Person.id).filter_by(**home)))
        for person_id in people:
            mine = {**home, "person_id": person_id}
            session.execute(
                insert(WordAnswer),
                [
                    mine
                    | {
                        "id": f"{number:08}",
                        "word_key": keys[number % 60],
                        "knew": number % 3 != 0,
                        "exercise": "see",
                        "answered_at": now - timedelta(hours=12 * (ANSWERS_A_LEARNER - number)),
                        "arrived_at": now,
                    }
                    for number in range(ANSWERS_A_LEARNER)
                ],
            )
            session.execute(
                insert(WordCard),
                [
                    mine
                    | {
                        "word_key": key,
                        "due_at": now + timedelta(days=place - 20),
                        "stability": 9.0,
                        "difficulty": 5.0,
                        "begun_at": now - timedelta(days=200),
                        "answered_at": now - timedelta(days=2),
                        "known_since": now if place % 2 else None,
                    }
                    for place, key in enumerate(keys)
                ],
            )
        some = people[:: max(1, len(people) // 50)]
        keys_of = [start_sign_in(session, session.get_one(Person, one), device="Android", now=now).key for one in some]
    engine.dispose()
    say(f"  {learners * ANSWERS_A_LEARNER:,} answers filled in within {time.monotonic() - began:.0f} s")
    return [cookie(key) for key in keys_of]


# --- On the phone -------------------------------------------------------------------------------------------

_NEXT_CARD = """async () => {
  const session = document.querySelector("word-practice");
  const spent = [];
  for (let number = 0; number < 12 && session.cards.length > 1; number++) {
    const began = performance.now();
    session.querySelector("[data-knew=yes]").click();
    await new Promise((shown) => requestAnimationFrame(() => setTimeout(shown)));
    spent.push(performance.now() - began);
    await new Promise((rest) => setTimeout(rest, 300));
  }
  return spent;
}"""


def _on_the_phone(stage: Stage) -> Iterator[Figure]:
    visit = stage.town.newcomer
    with stage.our_server(1) as server, sync_playwright() as playwright, chromium(playwright) as browser:
        pack, sizes = _pack_sizes(server, visit.cookie)
        note = ", ".join(f"{kind} {size / 1000:.0f}" for kind, size in sizes.items())
        total = sum(sizes.values()) / 1000
        yield Figure("kB of the pack of 100 words with pictures and sound", total, most=600, note=note)
        assert len(pack["words"]) == 100
        with cold_page(browser, playwright, server, visit) as page:
            page.goto("/practice/session", wait_until="networkidle")
            slow_down(page.context.new_cdp_session(page))
            page.evaluate("document.querySelector('word-practice').pack.queue.length")
            page.evaluate(
                """() => {
                  const session = document.querySelector("word-practice");
                  session.cards = session.pack.words.slice(0, 14).map(({ key }) => ({ key, again: true }));
                  session.next();
                }"""
            )
            spent = page.evaluate(_NEXT_CARD)
        note = f"slowest {max(spent):.0f} ms, CPU slowed {CPU_SLOWDOWN} times"
        yield Figure("ms from the answer to the next card, median", median(spent), most=50, note=note)


def _pack_sizes(server: Server, key: str) -> tuple[dict[str, Any], dict[str, int]]:
    body = _fetch(server, "/practice/pack", key)
    pack: dict[str, Any] = json.loads(gzip.decompress(body))
    sizes = {"words": len(body), "pictures": 0, "sounds": 0}
    for word in pack["words"]:
        sizes["pictures"] += len(_fetch(server, word["picture"], key))
        sizes["sounds"] += sum(len(_fetch(server, word["sounds"][kind], key)) for kind in ("opus", "slow_opus"))
    return pack, sizes


def _fetch(server: Server, path: str, key: str) -> bytes:
    headers = {"Accept-Encoding": "gzip", "Cookie": f"session={key}"}
    request = urllib.request.Request(server.url + path, headers=headers)  # noqa: S310 - our own server
    with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
        found: bytes = answer.read()
        return found


# --- Is it worth it? ----------------------------------------------------------------------------------------


class _Memory:
    """How a simulated learner remembers one word: a half-life in days that grows with each success."""

    def __init__(self, chance: random.Random) -> None:
        self.half_life = chance.uniform(2.0, 8.0)
        self.growth = chance.uniform(1.8, 3.2)
        self.at = 0.0

    def recall(self, day: float) -> float:
        return float(0.5 ** ((day - self.at) / self.half_life))

    def answer(self, day: float, chance: random.Random) -> bool:
        expected = self.recall(day)
        knew = chance.random() < expected
        # A success that was nearly forgotten strengthens most.
        self.half_life *= 1 + (self.growth - 1) * (1.6 - expected) if knew else 0.7
        self.half_life = max(self.half_life, 0.5)
        self.at = day
        return knew


def _simulated() -> Iterator[Figure]:
    ours = [_learn(seed, _fsrs_days) for seed in range(12)]
    fixed = [_learn(seed, _fixed_days) for seed in range(12)]
    remembered = " : ".join(f"{mean(known for known, _ in found):.0%}" for found in (ours, fixed))
    answers = " : ".join(f"{mean(count for _, count in found):.0f}" for found in (ours, fixed))
    told = f"after {DAYS} days {remembered} remembered, with {answers} answers"
    ratio = mean(known / count for known, count in ours) / mean(known / count for known, count in fixed)
    yield Figure("remembered for each answer, FSRS : fixed intervals", ratio, note=told)


def _learn(seed: int, next_days: Callable[[Any, float, bool], tuple[Any, int]]) -> tuple[float, int]:
    """Let somebody learn 100 words, five new ones and as many due ones as a day allows; returns recall and answers."""
    chance = random.Random(seed)
    memories = [_Memory(chance) for _word in range(100)]
    states: dict[int, Any] = {}
    due: dict[int, int] = {}
    count = 0
    for day in range(DAYS):
        waiting = sorted((when, word) for word, when in due.items() if when <= day)[: 2 * NEW_A_DAY]
        begun = [word for word in range(100) if word not in states][:NEW_A_DAY]
        for word in [*(word for _when, word in waiting), *begun]:
            memory = memories[word]
            knew = memory.answer(day, chance) if word in states else False
            memory.at = day
            states[word], days = next_days(states.get(word), day, knew)
            due[word] = day + days
            count += 1
    return mean(memories[word].recall(DAYS) if word in states else 0.0 for word in range(100)), count


def _fsrs_days(state: CardState | None, day: float, knew: bool) -> tuple[CardState, int]:
    at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=day)
    new = after(state, Answer(at, "", knew))
    return new, (new.due_at - at).days


def _fixed_days(box: int | None, _day: float, knew: bool) -> tuple[int, int]:
    """Leitner's boxes: 1, 3, 7, 21 and 60 days; what is missed goes back to the first."""
    intervals = (1, 3, 7, 21, 60)
    new = min((box if box is not None else -1) + 1, len(intervals) - 1) if knew else 0
    return new, intervals[new]


def _milliseconds(run: Callable[[], object]) -> float:
    began = time.perf_counter()
    run()
    return 1000 * (time.perf_counter() - began)
