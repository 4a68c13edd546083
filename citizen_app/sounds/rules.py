"""What a recording must be, and how its silence is cut and its voice made loud enough.

Sound here is a row of whole numbers, one for each moment (16 bits, mono, `RATE` a second).
"""

from __future__ import annotations

from array import array
from typing import Final

RATE: Final = 24_000
"""Moments a second; speech needs no more."""
RATES: Final = range(8_000, 192_001)
"""What phones and microphones write; another number is a mistake or a trap."""
LONGEST_SECONDS: Final = 10
LARGEST_UPLOAD: Final = 2_000_000
"""Bytes; ten seconds from any phone are far less."""
KINDS: Final = ("ogg", "webm", "mp4", "wav", "mp3")

_WINDOW: Final = RATE // 100
_MARGIN: Final = 8
"""Windows of a hundredth of a second that are kept around the voice: players swallow a sudden start."""
_QUIET: Final = 0.06
"""A window this much quieter than the loudest one is silence, whatever the noise of the place."""
_FAINTEST: Final = 0.004
"""If even the loudest window is fainter than this share of the loudest there can be, nobody spoke."""
_LOUD: Final = 0.9 * 32767
_MOST_GAIN: Final = 8.0


def kind_of(upload: bytes) -> str | None:
    """Return the kind of sound file by its first bytes; what the sender calls it counts for nothing."""
    if upload.startswith(b"OggS"):
        return "ogg"
    if upload.startswith(b"\x1a\x45\xdf\xa3"):
        return "webm"
    if upload[4:8] == b"ftyp":
        return "mp4"
    if upload.startswith(b"RIFF") and upload[8:12] == b"WAVE":
        return "wav"
    if upload.startswith(b"ID3") or (len(upload) > 2 and upload[0] == 0xFF and upload[1] & 0xE6 == 0xE2):
        return "mp3"
    return None


def without_silence(sound: array[int]) -> array[int]:
    """Return the sound from the first spoken moment to the last; empty where nobody speaks."""
    loudness = [_loudness(sound[start : start + _WINDOW]) for start in range(0, len(sound), _WINDOW)]
    loudest = max(loudness, default=0.0)
    if loudest < _FAINTEST * 32767:
        return array("h")
    spoken = [place for place, value in enumerate(loudness) if value >= _QUIET * loudest]
    first, last = max(spoken[0] - _MARGIN, 0), spoken[-1] + 1 + _MARGIN
    return sound[first * _WINDOW : last * _WINDOW]


def loud(sound: array[int]) -> array[int]:
    """Return the sound as loud as it can be without breaking, but never more than eight times as loud."""
    peak = max(max(sound, default=0), -min(sound, default=0))
    gain = min(_LOUD / peak, _MOST_GAIN) if peak else 1.0
    return array("h", (int(value * gain) for value in sound))


def _loudness(window: array[int]) -> float:
    """Return the root mean square."""
    return float((sum(value * value for value in window) / max(len(window), 1)) ** 0.5)
