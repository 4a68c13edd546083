"""The recording studio: asks first, takes word after word, refuses what nobody can hear, and is heard by citizens."""

from __future__ import annotations

import io
import math
import re
import wave
from array import array
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from citizen_app.people.queries import own_subject
from citizen_app.sounds.models import Recording
from citizen_app.words.actions import Brought, suggest_word
from citizen_app.words.queries import shipped_deck
from tests.plan import HTMX, ON_SQLITE, Plan

ClientOf = Callable[[str], FlaskClient]
STUDIO = "/staff/words/studio/core"
FIRST, SECOND, THIRD = shipped_deck("core")[:3]
KEPT = select(Recording.word_key, Recording.speaker)


def tone(seconds: float = 0.5, *, volume: float = 0.3) -> bytes:
    """A WAV file of one tone."""
    rate, most = 16_000, volume * 32767
    samples = array("h", (int(most * math.sin(0.17 * place)) for place in range(int(rate * seconds))))
    file = io.BytesIO()
    with wave.open(file, "wb") as written:
        written.setparams((1, 2, rate, 0, "NONE", ""))
        written.writeframes(samples.tobytes())
    return file.getvalue()


def begin(client: FlaskClient, speaker: str = "Karen") -> None:
    answer = client.post(f"{STUDIO}/speaker", data={"speaker": speaker, "consent": "y"})
    assert (answer.status_code, answer.location) == (303, STUDIO)


def say(client: FlaskClient, key: str, sound: bytes | None = None, headers: Mapping[str, str] | None = None) -> Any:
    data = {"sound": (io.BytesIO(tone() if sound is None else sound), "voice.wav")}
    return client.post(f"{STUDIO}/{key}", data=data, headers=headers)


def asked_for(page: str) -> str:
    """Which word the studio wants to hear."""
    found: str = re.findall(rf'hx-post="{STUDIO}/(\w+)"', page)[0]
    return found


# --- Before the first word ----------------------------------------------------------------------------------


def test_the_studio_asks_first_who_speaks_and_whether_she_says_yes(plan: Plan, mette: FlaskClient) -> None:
    page = mette.get(STUDIO).text
    assert 'name="speaker"' in page
    assert "The one who speaks says yes to being heard." in page
    answer = say(mette, FIRST.key)
    assert (answer.status_code, answer.location) == (303, STUDIO)
    assert plan.all(KEPT) == []


@ON_SQLITE
@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"speaker": "Karen"}, "Ask first, then put a tick here."),
        ({"speaker": " \u200f", "consent": "y"}, "Write the name."),
        ({"speaker": "K" * 61, "consent": "y"}, "This is too long. Use at most 60 letters."),
    ],
)
def test_without_a_name_and_a_yes_nothing_begins(
    plan: Plan, mette: FlaskClient, typed: dict[str, str], sentence: str
) -> None:
    answer = mette.post(f"{STUDIO}/speaker", data=typed)
    assert answer.status_code == 422
    assert sentence in answer.text
    say(mette, FIRST.key)
    assert plan.all(KEPT) == []


# --- Word after word ----------------------------------------------------------------------------------------


def test_without_script_a_recording_leads_to_the_next_word(plan: Plan, mette: FlaskClient) -> None:
    begin(mette)
    page = mette.get(STUDIO).text
    assert "Karen speaks" in page
    assert asked_for(page) == FIRST.key
    answer = say(mette, FIRST.key)
    assert (answer.status_code, answer.location) == (303, f"{STUDIO}?just={FIRST.key}")
    page = mette.get(answer.location).text
    assert asked_for(page) == SECOND.key
    assert "1 / 100" in page
    assert f'lang="da">{FIRST.with_article}</strong>' in page
    assert f'href="{STUDIO}?word={FIRST.key}"' in page
    assert plan.all(KEPT) == [(FIRST.key, "Karen")]
    assert plan.all(select(Recording.consent_at).where(Recording.consent_at >= plan.now)) != []


def test_with_script_only_the_studio_comes_back_and_plays_what_was_said(mette: FlaskClient) -> None:
    begin(mette)
    say(mette, FIRST.key, headers=HTMX)
    piece = say(mette, SECOND.key, headers=HTMX)
    assert piece.status_code == 200
    assert piece.text.lstrip().startswith('<div id="studio"')
    assert "<html" not in piece.text
    assert asked_for(piece.text) == THIRD.key
    assert f'lang="da">{SECOND.with_article}</strong>' in piece.text
    sounds = re.findall(r'<source src="([^"]+)" type="([^";]+)', piece.text)
    assert [kind for _address, kind in sounds] == ["audio/ogg", "audio/mpeg"]
    for address, kind in sounds:
        sound = mette.get(address)
        assert (sound.status_code, sound.content_type) == (200, kind)
        assert len(sound.data) > 500


def test_a_word_said_once_more_takes_the_place_of_the_first(plan: Plan, mette: FlaskClient) -> None:
    begin(mette)
    say(mette, FIRST.key)
    assert asked_for(mette.get(f"{STUDIO}?word={FIRST.key}").text) == FIRST.key
    begin(mette, "Ali")
    say(mette, FIRST.key)
    assert plan.all(KEPT) == [(FIRST.key, "Ali")]


@pytest.mark.parametrize(
    "database_url",
    [
        "sqlite",
        "postgresql",
    ],
    indirect=True,
)
def test_what_is_said_once_more_has_an_address_that_no_phone_has_kept(mette: FlaskClient) -> None:
    begin(mette)
    first, second = (say(mette, FIRST.key, headers=HTMX).text for _ in range(2))
    played = [re.findall(r"/words/recordings/\d+\.opus", piece)[0] for piece in (first, second)]
    assert "immutable" in mette.get(played[1]).headers["Cache-Control"]
    assert played[0] != played[1]


@pytest.mark.parametrize(
    ("sound", "sentence"),
    [
        (tone(volume=0), "We hear nobody. Hold the phone closer and try again."),
        (tone(11.5), "The recording is too long. Ten seconds are enough."),
        (tone()[:20], "We cannot hear anything in this file. Record once more."),
        (b"", "We cannot hear anything in this file. Record once more."),
        (b"\x89PNG no sound at all", "We cannot hear anything in this file. Record once more."),
    ],
    ids=["silence", "too long", "broken", "empty", "picture"],
)
@ON_SQLITE
@pytest.mark.parametrize("headers", [None, HTMX])
def test_what_cannot_be_heard_is_refused_and_asked_for_again(
    plan: Plan, mette: FlaskClient, sound: bytes, sentence: str, headers: dict[str, str] | None
) -> None:
    begin(mette)
    answer = say(mette, SECOND.key, sound, headers)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert ("<html" in answer.text) is (headers is None)
    assert asked_for(answer.text) == SECOND.key
    assert plan.all(KEPT) == []


def test_a_refused_recording_leaves_the_older_one(plan: Plan, mette: FlaskClient) -> None:
    begin(mette)
    say(mette, FIRST.key)
    begin(mette, "Ali")
    assert say(mette, FIRST.key, tone(volume=0)).status_code == 422
    assert plan.all(KEPT) == [(FIRST.key, "Karen")]


def test_the_last_word_ends_the_deck(plan: Plan, mette: FlaskClient) -> None:
    keys = {"municipality_id": plan.cast.solby, "speaker": "Karen", "made_by_id": plan.cast.mette}
    sound = {"consent_at": plan.now, "made_at": plan.now, "milliseconds": 500, "opus": b"opus", "mp3": b"mp3"}
    plan.session.add_all(Recording(word_key=word.key, **keys, **sound) for word in shipped_deck("core")[:-1])
    plan.session.commit()
    begin(mette)
    last = shipped_deck("core")[-1].key
    assert asked_for(mette.get(STUDIO).text) == last
    piece = say(mette, last, headers=HTMX).text
    assert "All words of this deck are recorded." in piece
    assert "100 / 100" in piece
    assert "100 words · 100 recorded by a person" in mette.get("/staff/words").text


def test_done_forgets_who_spoke(plan: Plan, mette: FlaskClient) -> None:
    begin(mette)
    answer = mette.post(f"{STUDIO}/done")
    assert (answer.status_code, answer.location) == (303, "/staff/words/decks/core")
    assert 'name="speaker"' in mette.get(STUDIO).text
    say(mette, FIRST.key)
    assert plan.all(KEPT) == []


# --- Who hears it -------------------------------------------------------------------------------------------


def test_a_person_is_heard_on_the_citizens_page_in_place_of_the_computer(
    mette: FlaskClient, selam: FlaskClient, plan: Plan, client_of: ClientOf
) -> None:
    address = f"/words/{FIRST.key}"
    assert "A computer voice says the word." in selam.get(address).text
    begin(mette, "Karen Holm")
    say(mette, FIRST.key)
    page = selam.get(address).text
    sound = re.findall(r'<source src="(/words/recordings/\d+\.opus)"', page)[0]
    assert "Karen Holm says the word." in page
    assert "A computer voice" not in page
    assert f"/sounds/da/{FIRST.key}." not in page
    assert selam.get(sound).status_code == 200
    assert "Karen Holm" in mette.get("/staff/words/decks/core").text
    assert "Karen Holm says the word." in mette.get(f"/staff/words/edit/{FIRST.key}").text
    plan.speak("olena", "en")
    olena = client_of("olena")
    assert "A computer voice says the word." in olena.get(address).text
    assert olena.get(sound).status_code == 404


def test_a_voice_from_a_workplace_is_heard_by_everybody_once_its_word_is(
    plan: Plan, mette: FlaskClient, client_of: ClientOf
) -> None:
    selam = plan.actor("selam")
    brought = Brought("piskeris", voice=tone(), speaker="Jens")
    word = suggest_word(plan.session, selam, own_subject(selam), brought, plan.now)
    plan.session.commit()
    page = mette.get(f"/staff/words/suggestions/{word.id}").text
    sound = re.findall(r'<source src="(/words/recordings/\d+\.mp3)"', page)[0]
    yusuf = client_of("yusuf")
    assert yusuf.get(sound).status_code == 404
    data = {"lemma": "piskeris", "example": "Hent et piskeris.", "deck": "kitchen", "decision": "approve"}
    mette.post(f"/staff/words/suggestions/{word.id}", data=data)
    assert yusuf.get(sound).status_code == 200
    assert sound in yusuf.get(f"/words/{word.key}").text


# --- Who may record -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["selam", "jens"])
def test_the_studio_is_for_staff(plan: Plan, client_of: ClientOf, name: str) -> None:
    client = client_of(name)
    assert client.get(STUDIO).status_code == 403
    for address in ("speaker", "done", FIRST.key):
        assert client.post(f"{STUDIO}/{address}", data={"speaker": "Jens", "consent": "y"}).status_code == 403
    assert plan.all(KEPT) == []


@ON_SQLITE
def test_what_is_not_there_cannot_be_recorded(plan: Plan, mette: FlaskClient) -> None:
    begin(mette)
    assert mette.get("/staff/words/studio/nothing").status_code == 404
    assert say(mette, "nothing").status_code == 404
    sound = {"sound": (io.BytesIO(tone()), "voice.wav")}
    answer = mette.post(f"/staff/words/studio/nothing/{FIRST.key}", data=sound, headers=HTMX)
    assert answer.status_code == 404
    assert plan.all(KEPT) == []


@ON_SQLITE
def test_nothing_is_kept_for_a_deck_that_is_not_there_without_script_either(plan: Plan, mette: FlaskClient) -> None:
    begin(mette)
    sound = {"sound": (io.BytesIO(tone()), "voice.wav")}
    assert mette.post(f"/staff/words/studio/nothing/{FIRST.key}", data=sound).status_code == 404
    assert plan.all(KEPT) == []
