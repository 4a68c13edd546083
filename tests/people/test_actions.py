"""What happens to accounts: photos are made anew, looks are written down, passwords and codes are kept as hashes."""

from __future__ import annotations

import io
import random
import struct
import zlib
from datetime import UTC, datetime, timedelta

import pytest
from PIL import Image
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from citizen_app.people import actions
from citizen_app.people.models import AccessLogEntry, ConnectCode, Person, Photo, SignIn
from citizen_app.people.queries import contact_person, people_around, photo_of, signed_in_fields
from citizen_app.people.rules import CODE_LIFETIME, fingerprint
from citizen_app.policy import Forbidden, Subject
from citizen_app.web.photos import NotAPhoto
from tests.cast import SINCE, Cast, actor_for
from tests.plan import ON_SQLITE

NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)


def picture(kind: str, *, size: tuple[int, int] = (400, 300), mode: str = "RGB") -> bytes:
    """A picture full of camera data: where it was taken, a comment, and turned on its side."""
    made = io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010F] = "Secret Camera"
    more = {"comment": b"Secret Comment"} if kind == "JPEG" else {}
    Image.effect_noise(size, 80).convert(mode).save(made, kind, exif=exif, **more)
    return made.getvalue()


def bomb(width: int, height: int) -> bytes:
    """A PNG of a few bytes that says it is very large."""
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    chunks = b""
    for name, data in ((b"IHDR", header), (b"IDAT", zlib.compress(b"\0")), (b"IEND", b"")):
        chunks += struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
    return b"\x89PNG\r\n\x1a\n" + chunks


@pytest.mark.parametrize(("kind", "mode"), [("JPEG", "RGB"), ("JPEG", "CMYK"), ("PNG", "RGBA"), ("PNG", "L")])
def test_a_photo_is_made_anew_as_a_small_square_without_camera_data(
    session: Session, cast: Cast, kind: str, mode: str
) -> None:
    actions.save_photo(session, actor_for(session, cast.selam), picture(kind, mode=mode), NOW)
    session.commit()
    jpeg = session.scalars(select(Photo.jpeg)).one()
    with Image.open(io.BytesIO(jpeg)) as made:
        assert (made.format, made.size, made.mode) == ("JPEG", (256, 256), "RGB")
        assert not made.getexif()
        assert "comment" not in made.info
    assert b"Secret" not in jpeg
    assert session.get_one(Person, cast.selam).has_photo


def test_a_second_photo_takes_the_place_of_the_first(session: Session, cast: Cast) -> None:
    selam = actor_for(session, cast.selam)
    for size in ((40, 40), (50, 20)):
        actions.save_photo(session, selam, picture("PNG", size=size), NOW)
    assert session.scalar(select(func.count()).select_from(Photo)) == 1


def damaged(kind: str) -> list[bytes]:
    whole = picture(kind, size=(60, 40))
    chance = random.Random(7)
    places = [len(whole) * part // 10 for part in range(10)]
    turned = []
    for _ in range(30):
        broken = bytearray(whole)
        for _ in range(8):
            broken[chance.randrange(len(broken))] = chance.randrange(256)
        turned.append(bytes(broken))
    return [*(whole[:place] for place in places), *turned]


UNREADABLE = {
    "nothing": b"",
    "text": b"I am no photo",
    "svg": b"<svg xmlns='http://www.w3.org/2000/svg'/>",
    "gif": b"GIF89a\x01\x00\x01\x00\x00\x00\x00;",
    "large": bomb(7000, 7000),
    "larger": bomb(10000, 10000),
    "bomb": bomb(60000, 60000),
    "no pixels": bomb(0, 10),
}


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
@pytest.mark.parametrize("upload", UNREADABLE.values(), ids=UNREADABLE.keys())
@ON_SQLITE
def test_what_is_no_photo_is_refused(session: Session, cast: Cast, upload: bytes) -> None:
    with pytest.raises(NotAPhoto):
        actions.save_photo(session, actor_for(session, cast.selam), upload, NOW)
    assert session.scalar(select(func.count()).select_from(Photo)) == 0


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@ON_SQLITE
def test_a_damaged_file_is_refused_or_mended_but_never_an_accident(session: Session, cast: Cast, kind: str) -> None:
    selam = actor_for(session, cast.selam)
    refused = 0
    for upload in damaged(kind):
        try:
            actions.save_photo(session, selam, upload, NOW)
        except NotAPhoto:
            refused += 1
    assert refused >= 5  # at the least all that was cut off early


def test_a_photo_is_seen_by_those_who_share_a_relation(session: Session, cast: Cast) -> None:
    actions.save_photo(session, actor_for(session, cast.selam), picture("JPEG"), NOW)
    seen = {
        name
        for name in ("selam", "yusuf", "mette", "karen", "jens", "bodil", "anders", "olena")
        if photo_of(session, actor_for(session, getattr(cast, name)), cast.selam, NOW.date())
    }
    assert seen == {"selam", "mette", "karen", "jens"}


def test_only_somebody_elses_look_is_written_down(session: Session, cast: Cast) -> None:
    for name in ("selam", "mette"):
        actions.log_access(session, actor_for(session, getattr(cast, name)), cast.selam, "goal", NOW)
    rows = session.execute(select(AccessLogEntry.reader_id, AccessLogEntry.reader_role, AccessLogEntry.at)).all()
    assert [tuple(row) for row in rows] == [(cast.mette, "case_worker", NOW)]


def test_codes_and_keys_are_stored_as_hashes(session: Session, cast: Cast) -> None:
    subject = Subject(cast.solby, cast.selam, frozenset({cast.mette}))
    code = actions.show_connect_code(session, actor_for(session, cast.mette), subject, now=NOW)
    started = actions.connect_phone(session, code, address="a", device="Android", now=NOW)
    session.flush()
    assert session.scalars(select(ConnectCode.code_hash)).one() == fingerprint(code)
    assert session.scalars(select(SignIn.key_hash)).one() == fingerprint(started.key)


@pytest.mark.parametrize("name", ["selam", "jens", "anders"])
def test_others_make_no_codes(session: Session, cast: Cast, name: str) -> None:
    subject = Subject(cast.solby, cast.selam, frozenset({cast.mette, cast.jens}))
    with pytest.raises(Forbidden):
        actions.show_connect_code(session, actor_for(session, getattr(cast, name)), subject, now=NOW)


def test_a_sign_in_holds_until_its_end_and_until_the_person_has_ended(session: Session, cast: Cast) -> None:
    started = actions.start_sign_in(session, session.get_one(Person, cast.mette), device="Linux", now=NOW)
    session.flush()
    fields = signed_in_fields(session, started.key, NOW + timedelta(hours=9))
    assert fields is not None
    assert (fields["person_id"], fields["role"], fields["given_name"]) == (cast.mette, "case_worker", "Mette")
    assert signed_in_fields(session, started.key, NOW + timedelta(hours=10)) is None
    session.get_one(Person, cast.mette).ended_on = NOW.date()
    session.flush()
    assert signed_in_fields(session, started.key, NOW) is None
    assert timedelta(minutes=10) == CODE_LIFETIME


def test_the_contact_person_comes_first(session: Session, cast: Cast) -> None:
    around = people_around(session, cast.solby, cast.selam, NOW.date())
    assert [person.given_name for person in around] == ["Mette", "Karen", "Jens"]
    contact = contact_person(session, cast.solby, cast.selam, NOW.date())
    assert contact is not None
    assert contact.id == cast.mette
    assert people_around(session, cast.vandby, cast.selam, NOW.date()) == []
    assert people_around(session, cast.solby, cast.selam, SINCE - timedelta(days=1)) == []
