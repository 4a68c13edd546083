"""What kind of file a recording is, and how its silence is cut and its voice made louder."""

from __future__ import annotations

import math
import random
from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st

from citizen_app.sounds.rules import RATE, kind_of, loud, without_silence

MARGIN = RATE * 8 // 100
"""What is kept before and after the voice."""


def tone(seconds: float, height: int = 12_000) -> array[int]:
    return array("h", (int(height * math.sin(moment / 6)) for moment in range(int(RATE * seconds))))


def noise(seconds: float, height: int) -> array[int]:
    chance = random.Random(7)
    return array("h", (chance.randint(-height, height) for _moment in range(int(RATE * seconds))))


def silence(seconds: float) -> array[int]:
    return array("h", bytes(2 * int(RATE * seconds)))


# --- Kinds of files -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("start", "kind"),
    [
        (b"OggS\x00\x02", "ogg"),
        (b"\x1a\x45\xdf\xa3\x01", "webm"),
        (b"\x00\x00\x00\x1cftypM4A ", "mp4"),
        (b"RIFF\x24\x00\x00\x00WAVEfmt ", "wav"),
        (b"ID3\x04\x00", "mp3"),
        (b"\xff\xfb\x90", "mp3"),
        (b"\xff\xf3\x40", "mp3"),
        (b"\xff\xe3\x40", "mp3"),
    ],
)
def test_a_sound_is_known_by_its_first_bytes(start: bytes, kind: str) -> None:
    assert kind_of(start + b"what follows") == kind


@pytest.mark.parametrize(
    "start",
    [
        b"",
        b"\xff",
        b"\xff\xfb",
        b"\xff\xd8\xff\xe0",  # a JPEG
        b"\x89PNG\r\n\x1a\n",
        b"RIFF\x24\x00\x00\x00WEBPVP8 ",
        b"RIFF\x24\x00\x00\x00AVI LIST",
        b"\xff\xfeh\x00e\x00j\x00",  # text in UTF-16
        b"\xff\xf1\x50",  # AAC without a box around it
        b"GIF89a",
        b"#EXTM3U\nfile:///etc/passwd",
        b"ffconcat version 1.0",
        b"<svg>OggS",
        b" OggS",
    ],
)
def test_what_is_no_sound_has_no_kind(start: bytes) -> None:
    assert kind_of(start) is None


# --- Silence ------------------------------------------------------------------------------------------------


def test_silence_around_a_voice_is_cut_but_for_a_small_margin() -> None:
    voice = tone(0.5)
    assert without_silence(silence(1) + voice + silence(2)) == silence(0.08) + voice + silence(0.08)


def test_a_pause_between_two_words_stays() -> None:
    both = tone(0.2) + silence(0.6) + tone(0.2)
    assert without_silence(both) == both


def test_the_noise_of_the_place_counts_as_silence() -> None:
    kept = without_silence(noise(1, 300) + tone(0.5) + noise(1, 300))
    assert len(kept) == len(tone(0.5)) + 2 * MARGIN


def test_a_faint_voice_is_kept_whole() -> None:
    voice = tone(0.5, height=400)
    assert without_silence(silence(1) + voice + silence(1)) == silence(0.08) + voice + silence(0.08)


@pytest.mark.parametrize(
    "sound", [array("h"), silence(2), noise(2, 100), tone(2, height=100)], ids=["nothing", "silence", "hiss", "hum"]
)
def test_where_nobody_speaks_nothing_is_left(sound: array[int]) -> None:
    assert without_silence(sound) == array("h")


SOUNDS = st.lists(st.integers(-32768, 32767), max_size=2000).map(lambda values: array("h", values))


@given(SOUNDS, st.integers(0, 3))
def test_what_is_left_is_a_part_of_the_sound_with_its_loudest_moment(sound: array[int], tenths: int) -> None:
    around = silence(0.1 * tenths)
    whole = around + sound + around
    kept = without_silence(whole)
    assert kept.tobytes() in whole.tobytes()
    assert without_silence(kept) == kept
    if kept:
        assert max(map(abs, kept)) == max(map(abs, whole))


# --- Loudness -----------------------------------------------------------------------------------------------


def test_a_voice_becomes_as_loud_as_can_be_without_breaking() -> None:
    assert max(loud(tone(0.1, height=8_000))) == pytest.approx(0.9 * 32767, abs=20)


def test_a_faint_voice_becomes_eight_times_as_loud_and_no_more() -> None:
    assert list(loud(array("h", [100, -200, 0]))) == [800, -1600, 0]


def test_silence_and_nothing_stay_as_they_are() -> None:
    assert loud(silence(0.1)) == silence(0.1)
    assert loud(array("h")) == array("h")


@given(SOUNDS)
def test_no_sound_breaks_and_its_shape_stays(sound: array[int]) -> None:
    louder = loud(sound)
    assert len(louder) == len(sound)
    assert all(abs(value) <= 0.9 * 32767 for value in louder)
    assert all(before * after >= 0 for before, after in zip(sound, louder, strict=True))
