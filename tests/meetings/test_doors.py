"""Photos of doors: made anew without the place where they were taken, and only for one's own municipality."""

from __future__ import annotations

import io
import re
import struct
import zlib
from typing import Any

import pytest
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import func, select

from citizen_app.meetings.models import Door
from tests.meetings.conftest import SignedIn, Stage
from tests.plan import ON_SQLITE

PLACES = "/staff/meetings/places"
PLACE = "Port C, 1. sal"


@pytest.fixture
def mette(signed_in: SignedIn, stage: Stage) -> FlaskClient:
    stage.speak(stage.cast.mette, "en")
    return signed_in(stage.cast.mette)


def photo(kind: str = "JPEG", size: tuple[int, int] = (1200, 600)) -> bytes:
    """A picture as a phone takes it: lying on its side, with a position, the camera's name and a comment."""
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "Secret Camera"
    exif.get_ifd(0x8825).update({1: "N", 2: (55.0, 40.0, 34.0), 3: "E", 4: (12.0, 34.0, 6.0)})
    made = io.BytesIO()
    comment = {"comment": b"Secret comment"} if kind == "JPEG" else {}
    xmp = {"xmp": b"<x:xmpmeta>Secret place</x:xmpmeta>"} if kind == "JPEG" else {}
    Image.new("RGB", size, "teal").save(made, kind, exif=exif, **comment, **xmp)
    return made.getvalue()


def bomb(side: int) -> bytes:
    """A PNG of a few hundred bytes that says it is enormous."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    body = zlib.compress(b"\0" * 100_000)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def save(client: FlaskClient, content: bytes | None = None, **typed: Any) -> Any:
    data = {"place": PLACE, "how_to_find": "Den blå dør", **typed}
    if content is not None:
        data["photo"] = (io.BytesIO(content), "dør.jpg")
    return client.post(PLACES, data=data, content_type="multipart/form-data")


def doors(stage: Stage) -> list[Door]:
    stage.session.expire_all()
    found = list(stage.session.scalars(select(Door).order_by(Door.id)))
    stage.session.commit()
    return found


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_photo_keeps_nothing_but_what_one_sees(mette: FlaskClient, stage: Stage, kind: str) -> None:
    sent = photo(kind)
    assert b"Secret" in sent
    assert save(mette, sent).status_code == 303
    (door,) = doors(stage)
    assert door.jpeg is not None
    with Image.open(io.BytesIO(door.jpeg)) as kept:
        assert (kept.format, kept.size) == ("JPEG", (400, 800))
        assert dict(kept.getexif()) == {}
        assert dict(kept.getexif().get_ifd(0x8825)) == {}
        assert not {"exif", "comment", "xmp", "icc_profile"} & set(kept.info)
    assert b"Secret" not in door.jpeg


@pytest.mark.parametrize(
    "content",
    [b"", b"I am no photo", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"GIF89a" + b"\0" * 40, photo()[:400]],
)
@ON_SQLITE
def test_what_is_no_picture_is_told_and_nothing_is_half_saved(mette: FlaskClient, stage: Stage, content: bytes) -> None:
    response = save(mette, content)
    assert response.status_code == 422
    assert 'id="photo-error"' in response.text
    for typed in (PLACE, "Den blå dør"):
        assert f'value="{typed}"' in response.text
    assert doors(stage) == []


@pytest.mark.parametrize("side", [7_000, 30_000, 2_000_000_000])
@ON_SQLITE
def test_a_picture_that_would_fill_the_memory_is_refused_unread(mette: FlaskClient, stage: Stage, side: int) -> None:
    response = save(mette, bomb(side))
    assert (response.status_code, 'id="photo-error"' in response.text) == (422, True)
    assert doors(stage) == []


@ON_SQLITE
def test_a_file_that_is_too_large_is_told_kindly(mette: FlaskClient, stage: Stage) -> None:
    said = {"CONTENT_LENGTH": str(9 * 1024 * 1024)}  # the app believes what is announced, and reads nothing
    response = mette.post(PLACES, data={"place": PLACE, "photo": (io.BytesIO(b"x"), "x.jpg")}, environ_overrides=said)
    assert (response.status_code, "This is too large." in response.text) == (413, True)
    assert doors(stage) == []


def test_a_bad_photo_leaves_the_good_one_and_the_words(mette: FlaskClient, stage: Stage) -> None:
    save(mette, photo())
    (before,) = doors(stage)
    kept = (before.jpeg, before.how_to_find, before.updated_at)
    assert save(mette, b"I am no photo", how_to_find="Andre ord").status_code == 422
    (after,) = doors(stage)
    assert (after.jpeg, after.how_to_find, after.updated_at) == kept


def test_new_words_leave_the_photo_and_it_can_be_taken_away(mette: FlaskClient, stage: Stage) -> None:
    save(mette, photo())
    assert save(mette, how_to_find="Ring på").status_code == 303
    (door,) = doors(stage)
    assert (door.how_to_find, door.jpeg is None) == ("Ring på", False)
    assert save(mette, remove="y").status_code == 303
    assert doors(stage)[0].jpeg is None
    assert mette.get(f"/meetings/doors/{door.id}.jpg").status_code == 404


def test_a_repeated_press_is_one_place(mette: FlaskClient, stage: Stage) -> None:
    first, again = (save(mette, photo(), request_id="once") for _press in range(2))
    assert (first.status_code, again.location) == (303, first.location)
    assert len(doors(stage)) == 1


@pytest.mark.parametrize(
    "typed", [{"place": ""}, {"place": "\0\u202e"}, {"place": "x" * 121}, {"how_to_find": "x" * 201}]
)
@ON_SQLITE
def test_bad_words_about_a_place_are_explained(mette: FlaskClient, stage: Stage, typed: dict[str, str]) -> None:
    response = save(mette, photo(), **typed)
    assert response.status_code == 422
    assert f'id="{next(iter(typed))}-error"' in response.text
    assert doors(stage) == []


def test_the_door_is_seen_on_the_way_there_and_by_nobody_next_door(
    mette: FlaskClient, signed_in: SignedIn, stage: Stage
) -> None:
    meeting = stage.meeting(place=PLACE)
    save(mette, photo())
    text = signed_in(stage.cast.selam).get(f"/meetings/{meeting.id}").text
    (address,) = set(re.findall(r'"(/meetings/doors/[^"]+)"', text))
    shown = signed_in(stage.cast.selam).get(address)
    assert (shown.status_code, shown.mimetype) == (200, "image/jpeg")
    for name in ("anders", "olena"):
        assert signed_in(getattr(stage.cast, name)).get(address).status_code == 404
    assert signed_in(stage.cast.anders).get(PLACES).text.count(PLACE) == 0


def test_two_municipalities_keep_the_same_place_apart(mette: FlaskClient, signed_in: SignedIn, stage: Stage) -> None:
    save(mette, photo())
    assert save(signed_in(stage.cast.anders), how_to_find="I Vandby").status_code == 303
    assert [(door.municipality_id, door.how_to_find) for door in doors(stage)] == [
        (stage.cast.solby, "Den blå dør"),
        (stage.cast.vandby, "I Vandby"),
    ]


def test_a_meeting_at_a_known_place_takes_its_words_over(mette: FlaskClient, stage: Stage) -> None:
    save(mette, photo())
    assert stage.meeting(place=PLACE).how_to_find == "Den blå dør"
    assert stage.meeting(place=PLACE, how_to_find="I dag: port C").how_to_find == "I dag: port C"


@pytest.mark.parametrize("name", ["selam", "jens", "bodil", "karen"])
def test_only_who_holds_meetings_keeps_places(signed_in: SignedIn, stage: Stage, name: str) -> None:
    client = signed_in(getattr(stage.cast, name))
    assert client.get(PLACES).status_code == 403
    assert save(client, photo()).status_code == 403
    assert stage.session.scalar(select(func.count()).select_from(Door)) == 0


def test_to_take_away_a_photo_that_is_not_there_changes_nothing(mette: FlaskClient, stage: Stage) -> None:
    assert save(mette, remove="y").status_code == 303
    assert [door.jpeg for door in doors(stage)] == [None]
