"""The recording studio: one word after the other, so that a hundred take about ten minutes.

The speaker's name and her yes are asked once and kept in the signed cookie until she is done; each recording carries
them. A recording is sent as soon as the voice falls silent, played back with its silence cut, and the next word waits.
"""

from __future__ import annotations

from flask import Blueprint, request, session
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from citizen_app.policy import NotFound, Permission, Refusal
from citizen_app.sounds.actions import keep_recording
from citizen_app.staff.word_forms import SpeakerForm
from citizen_app.staff.words import checked_deck
from citizen_app.web import errors
from citizen_app.web.access import actor, requires
from citizen_app.web.fragments import answer, go, page
from citizen_app.web.session import db, now
from citizen_app.words.queries import picture_of, said

blueprint = Blueprint("staff_recordings", __name__, url_prefix="/staff/words")

SPEAKER = "speaker"


@blueprint.get("/studio/<deck>")
@requires(Permission.MANAGE_WORDS)
def studio(deck: str) -> Response:
    return _studio(deck, request.args.get("word"))


@blueprint.post("/studio/<deck>/speaker")
@requires(Permission.MANAGE_WORDS)
def speaker(deck: str) -> Response:
    """Write down who speaks, once for all the words that follow."""
    form = SpeakerForm()
    if not form.validate_on_submit():
        return page("staff/words/speaker.html", here="words", deck=checked_deck(deck), form=form, status=422)
    session[SPEAKER] = form.speaker.data
    return go(f"/staff/words/studio/{deck}")


@blueprint.post("/studio/<deck>/done")
@requires(Permission.MANAGE_WORDS)
def done(deck: str) -> Response:
    session.pop(SPEAKER, None)
    session["notice"] = _("Saved.")
    return go(f"/staff/words/decks/{checked_deck(deck)}")


@blueprint.post("/studio/<deck>/<key>")
@requires(Permission.MANAGE_WORDS)
def record(deck: str, key: str) -> Response:
    """Keep one recording and go on to the next word; what cannot be heard is tried once more."""
    word = said(db(), actor().municipality_id, ("da",)).word(key)
    if word is None or word.deck != checked_deck(deck):
        raise NotFound
    if SPEAKER not in session:
        return go(f"/staff/words/studio/{deck}")
    upload = request.files.get("sound")
    try:
        keep_recording(db(), actor(), key, upload.read() if upload else b"", speaker=session[SPEAKER], now=now())
    except Refusal as refusal:
        return _studio(deck, key, sentence=errors.sentence_for(refusal), status=refusal.status)
    return answer(f"/staff/words/studio/{deck}?just={key}", lambda: _studio(deck, None, just=key))


def _studio(deck: str, key: str | None, *, just: str | None = None, sentence: str = "", status: int = 200) -> Response:
    checked_deck(deck)
    if SPEAKER not in session:
        return page("staff/words/speaker.html", here="words", deck=deck, form=SpeakerForm(formdata=None))
    everything = said(db(), actor().municipality_id, ("da",))
    words = everything.deck(deck)
    just = just or request.args.get("just")
    recorded = [word for word in words if word.key in everything.recordings]
    waiting = [word for word in words if word.key not in everything.recordings]
    word = next((word for word in words if word.key == key), waiting[0] if waiting else None)
    return page(
        "staff/words/studio.html",
        "studio",
        here="words",
        deck=deck,
        speaker=session[SPEAKER],
        word=word,
        picture=picture_of(word, everything) if word else "",
        just=next((other for other in recorded if other.key == just), None),
        just_id=everything.recordings[just].id if just and just in everything.recordings else None,
        number=len(recorded),
        count=len(words),
        sentence=sentence,
        status=status,
    )
