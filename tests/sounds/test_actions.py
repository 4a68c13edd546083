"""Recordings made anew from whatever a phone sends, and the computer's voice."""

from __future__ import annotations

import io
import math
import random
from array import array
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import pytest
from PIL import Image
from sqlalchemy import select
from sqlalchemy.orm import Session

from citizen_app.policy import Refusal
from citizen_app.sounds import actions
from citizen_app.sounds.actions import NobodySpeaks, NotASound, SoundTooLong, VoiceMissing, make_voices, sound_from
from citizen_app.sounds.models import Recording
from citizen_app.sounds.rules import KINDS, kind_of
from tests.cast import Cast, actor_for
from tests.town import voice

RATE = 48_000
PITCH = 640
"""Of the tone that stands in for a voice: waves a second."""
CODECS = {"ogg": "libopus", "webm": "libopus", "mp4": "aac", "wav": "pcm_s16le", "mp3": "libmp3lame"}
NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)


def tone(seconds: float, *, silence: float = 0.0) -> array[int]:
    """A tone, with silence before and after it."""
    around = array("h", bytes(2 * int(RATE * silence)))
    waves = (int(12_000 * math.sin(2 * math.pi * PITCH * moment / RATE)) for moment in range(int(RATE * seconds)))
    return around + array("h", waves) + around


def upload(kind: str, sound: array[int], title: str = "Secret place", layout: str = "mono") -> bytes:
    """A sound as a phone sends it, with a title in the file."""
    file = io.BytesIO()
    with av.open(file, "w", format=kind) as target:
        target.metadata["title"] = title
        stream: Any = target.add_stream(CODECS[kind], rate=RATE)
        stream.layout = layout
        resampler = av.AudioResampler(stream.codec_context.format, layout, RATE, stream.codec_context.frame_size or 960)
        frame = av.AudioFrame(format="s16", layout="mono", samples=len(sound))
        frame.planes[0].update(sound.tobytes().ljust(frame.planes[0].buffer_size, b"\0"))
        frame.sample_rate, frame.pts = RATE, 0
        for piece in [*resampler.resample(frame), *resampler.resample(None)]:
            target.mux(stream.encode(piece))
        target.mux(stream.encode(None))
    return file.getvalue()


def film() -> bytes:
    """A film without sound."""
    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as target:
        stream: Any = target.add_stream("mpeg4", rate=5)
        stream.width, stream.height, stream.pix_fmt = 64, 64, "yuv420p"
        target.mux(stream.encode(av.VideoFrame(64, 64, "yuv420p")))
        target.mux(stream.encode(None))
    return file.getvalue()


def picture(kind: str) -> bytes:
    made = io.BytesIO()
    Image.new("RGB", (8, 8), "teal").save(made, kind)
    return made.getvalue()


def waves_a_second(sound: bytes) -> float:
    """Read a sound as a player would and count how often it crosses zero."""
    heard = array("h")
    with av.open(io.BytesIO(sound), "r") as source:
        resampler = av.AudioResampler("s16", "mono", RATE)
        for frame in [*source.decode(audio=0), None]:
            for piece in resampler.resample(frame):
                heard.frombytes(bytes(piece.planes[0])[: 2 * piece.samples])
    middle = heard[len(heard) // 4 : -len(heard) // 4]
    return sum(one < 0 <= other for one, other in pairwise(middle)) * RATE / len(middle)


# --- What a phone sends -------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_becomes_two_files_that_players_can_play(kind: str) -> None:
    sent = upload(kind, tone(0.6, silence=0.5))
    assert kind_of(sent) == kind
    sound = sound_from(sent)
    assert sound.milliseconds == pytest.approx(600 + 2 * 80, abs=40)
    assert (kind_of(sound.opus), kind_of(sound.mp3)) == ("ogg", "mp3")
    for file in (sound.opus, sound.mp3):
        assert waves_a_second(file) == pytest.approx(PITCH, rel=0.02)
        assert len(file) < 6_000


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_else_of_the_file_is_kept(kind: str) -> None:
    sent = upload(kind, tone(0.3))
    sound = sound_from(sent)
    assert b"Secret place" in sent
    assert b"Secret" not in sound.opus + sound.mp3
    assert sound.mp3[0] == 0xFF  # no block of names before the first frame
    assert sound == sound_from(upload(kind, tone(0.3), title="Another"))


def test_the_same_sound_gives_the_same_bytes() -> None:
    sent = upload("webm", tone(0.3))
    assert sound_from(sent) == sound_from(sent)


def test_a_sound_for_two_ears_becomes_one_for_all() -> None:
    sound = sound_from(upload("wav", tone(0.6), layout="stereo"))
    assert sound.milliseconds == 600
    assert waves_a_second(sound.opus) == pytest.approx(PITCH, rel=0.02)


def test_ten_seconds_are_kept() -> None:
    assert sound_from(upload("wav", tone(1) * 10)).milliseconds == 10_000


def test_eleven_seconds_are_too_long() -> None:
    with pytest.raises(SoundTooLong):
        sound_from(upload("wav", tone(1) * 11))


WAVE = voice()
HOSTILE = {
    "nothing": (b"", NotASound),
    "text": (b"I am no sound", NotASound),
    "a picture": (picture("PNG"), NotASound),
    "a picture by its first bytes like a sound": (picture("WEBP"), NotASound),
    "a playlist": (b"#EXTM3U\nfile:///etc/passwd\n", NotASound),
    "a film without sound": (film(), NotASound),
    "first bytes of ogg": (b"OggS", NotASound),
    "first bytes of webm": (b"\x1a\x45\xdf\xa3", NotASound),
    "first bytes of mp4": (b"\x00\x00\x00\x1cftypM4A ", NotASound),
    "first bytes of wav": (b"RIFF\x24\x00\x00\x00WAVEfmt ", NotASound),
    "first bytes of mp3": (b"ID3\x04\x00\x00\x00\x00\x00\x00", NotASound),
    "first bytes of ogg before a picture": (b"OggS" + picture("PNG"), NotASound),
    "an unknown codec": (WAVE[:20] + b"\x99\x99" + WAVE[22:], NotASound),
    "a sound without channels": (WAVE[:22] + b"\x00\x00" + WAVE[24:], NotASound),
    "one moment a second": (WAVE[:24] + (1).to_bytes(4, "little") + WAVE[28:], NotASound),
    "a million moments a second": (WAVE[:24] + (1_000_000).to_bytes(4, "little") + WAVE[28:], NotASound),
    "three megabytes": (WAVE + bytes(3_000_000), SoundTooLong),
    "twelve seconds": (upload("wav", tone(1) * 12), SoundTooLong),
    "much silence in a small file": (upload("webm", tone(0, silence=10)), SoundTooLong),
    "silence": (upload("webm", tone(0, silence=1)), NobodySpeaks),
    "no moment at all": (WAVE[:44], NobodySpeaks),
}


@pytest.mark.parametrize(("sent", "refusal"), HOSTILE.values(), ids=HOSTILE.keys())
def test_what_cannot_be_heard_is_refused(sent: bytes, refusal: type[Refusal]) -> None:
    with pytest.raises(refusal) as refused:
        sound_from(sent)
    assert (refused.type, refused.value.status) == (refusal, 422)


@pytest.mark.parametrize("kind", KINDS)
def test_a_damaged_file_is_refused_or_mended_but_never_an_accident(kind: str) -> None:
    whole = upload(kind, tone(0.3))
    chance = random.Random(7)
    refused = 0
    for number in range(40):
        broken = bytearray(whole[: len(whole) * number // 10] if number < 10 else whole)
        for _ in range(8 if number >= 10 else 0):
            broken[chance.randrange(min(len(broken), 600))] = chance.randrange(256)
        try:
            assert sound_from(bytes(broken)).opus
        except Refusal:
            refused += 1
    assert refused >= 2  # at the least what was cut off early


# --- Keeping ------------------------------------------------------------------------------------------------


def test_a_new_recording_takes_the_place_of_the_older_one_in_its_own_municipality_only(
    session: Session, cast: Cast
) -> None:
    def keep(person: int, sent: bytes, speaker: str) -> None:
        actions.keep_recording(session, actor_for(session, person), "spand", sent, speaker=speaker, now=NOW)

    keep(cast.anders, WAVE, "Anders")
    keep(cast.mette, WAVE, "Mette")
    keep(cast.mette, WAVE, "Karen")
    with pytest.raises(NotASound):
        keep(cast.mette, b"I am no sound", "Jens")
    session.commit()
    kept = session.execute(select(Recording.speaker, Recording.made_by_id, Recording.milliseconds)).all()
    assert sorted(map(tuple, kept)) == [("Anders", cast.anders, 500), ("Karen", cast.mette, 500)]
    assert set(session.execute(select(Recording.opus, Recording.mp3))) == {
        (sound_from(WAVE).opus, sound_from(WAVE).mp3)
    }


# --- The computer's voice -----------------------------------------------------------------------------------


def test_a_missing_voice_is_named_with_its_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(VoiceMissing, match=r"espeak-ng is missing.*apt-get install espeak-ng"):
        make_voices([("spand", "en spand")], tmp_path / "sounds")
    assert not (tmp_path / "sounds").exists()


def test_each_word_gets_four_files_that_are_made_anew_each_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # In place of a voice: a program that beeps, and writes down what it was asked to say and how.
    (tmp_path / "beep.wav").write_bytes(upload("wav", tone(0.3, silence=0.5)))
    program = tmp_path / "espeak-ng"
    program.write_text(
        f'#!/bin/sh\ncd {tmp_path}\necho "$@" "$(/bin/cat)" >> asked\n/bin/cat beep.wav\n', encoding="utf-8"
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    sounds = tmp_path / "sounds"
    sounds.mkdir()
    (sounds / "spand.mp3").write_text("old", encoding="utf-8")
    assert make_voices([("spand", "en spand"), ("pas_paa", "pas på; $(rm -rf)")], sounds) == 2
    asked = (tmp_path / "asked").read_text(encoding="utf-8").splitlines()
    assert asked == [
        "-v da -s 160 --stdin --stdout en spand",
        "-v da -s 100 --stdin --stdout en spand",
        "-v da -s 160 --stdin --stdout pas på; $(rm -rf)",
        "-v da -s 100 --stdin --stdout pas på; $(rm -rf)",
    ]
    names = {
        f"{key}{ending}" for key in ("spand", "pas_paa") for ending in (".opus", ".mp3", "-slow.opus", "-slow.mp3")
    }
    assert {file.name for file in sounds.iterdir()} == names
    for file in sounds.iterdir():
        assert waves_a_second(file.read_bytes()) == pytest.approx(PITCH, rel=0.02)
