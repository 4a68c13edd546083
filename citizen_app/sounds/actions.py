"""Makes sounds: the computer's voice for the decks, and recordings of people, made anew from what a phone sends.

Every sound is written twice, as Opus (small, for nearly every phone) and as MP3 (for the others). The same samples
give the same bytes, so that making the decks' sounds again shows no change where there is none. FFmpeg's libraries
(PyAV) read uploads; they are told the format that the first bytes show and may try no other.
"""

from __future__ import annotations

import io
import shutil
import subprocess
from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import delete
from sqlalchemy.orm import Session

from citizen_app.policy import Actor, Refusal
from citizen_app.sounds import rules
from citizen_app.sounds.models import Recording

if TYPE_CHECKING:
    import av

NORMAL_SPEED: Final = 160
"""Words a minute of the computer's voice."""
SLOW_SPEED: Final = 100
VOICE_BITRATE: Final = 14_000
"""Of the computer's voice as Opus; a person's has more overtones and gets more."""
PERSON_BITRATE: Final = 24_000
MP3_BITRATE: Final = 32_000
_DEMUXERS: Final = {"ogg": "ogg", "webm": "matroska", "mp4": "mp4", "wav": "wav", "mp3": "mp3"}


class NotASound(Refusal):
    """The file is not a sound that can be read."""

    status = 422


class SoundTooLong(Refusal):
    """The recording is longer than ten seconds, or too large."""

    status = 422


class NobodySpeaks(Refusal):
    """There is only silence in the recording."""

    status = 422


class VoiceMissing(RuntimeError):
    """The program that speaks is not on this machine."""


@dataclass(frozen=True)
class Sound:
    """A finished sound in both kinds of file."""

    opus: bytes
    mp3: bytes
    milliseconds: int


def keep_recording(
    session: Session,
    actor: Actor,
    word_key: str,
    upload: bytes,
    *,
    speaker: str,
    citizen_id: int | None = None,
    now: datetime,
) -> Recording:
    """Keep somebody's voice for a word in place of an older one; raises NotASound and its like."""
    sound = sound_from(upload)
    session.execute(
        delete(Recording).where(Recording.municipality_id == actor.municipality_id, Recording.word_key == word_key)
    )
    recording = Recording(
        municipality_id=actor.municipality_id,
        word_key=word_key,
        citizen_id=citizen_id,
        speaker=speaker,
        consent_at=now,
        made_by_id=actor.person_id,
        made_at=now,
        milliseconds=sound.milliseconds,
        opus=sound.opus,
        mp3=sound.mp3,
    )
    session.add(recording)
    session.flush()
    return recording


def sound_from(upload: bytes) -> Sound:
    """Make an upload anew: silence cut, loud enough, without anything else that the file held."""
    if len(upload) > rules.LARGEST_UPLOAD:
        raise SoundTooLong
    kind = rules.kind_of(upload)
    if kind is None:
        raise NotASound
    spoken = rules.without_silence(_samples(upload, _DEMUXERS[kind]))
    if not spoken:
        raise NobodySpeaks
    return _written(rules.loud(spoken), PERSON_BITRATE)


def make_voices(words: Iterable[tuple[str, str]], folder: Path) -> int:
    """Write four files for each word, given as key and what to say: normal and slow, Opus and MP3.

    Returns the number of words. Raises VoiceMissing without espeak-ng.
    """
    voice = shutil.which("espeak-ng")
    if voice is None:
        raise VoiceMissing("espeak-ng is missing. Install it with: apt-get install espeak-ng")
    folder.mkdir(parents=True, exist_ok=True)
    made = 0
    for key, text in words:
        for ending, speed in (("", NORMAL_SPEED), ("-slow", SLOW_SPEED)):
            speak = [voice, "-v", "da", "-s", str(speed), "--stdin", "--stdout"]
            # A fixed program and options; the word goes in as text, never as part of a command.
            wave = subprocess.run(speak, input=text.encode(), capture_output=True, check=True).stdout  # noqa: S603
            sound = _written(rules.loud(rules.without_silence(_samples(wave, "wav"))), VOICE_BITRATE)
            (folder / f"{key}{ending}.opus").write_bytes(sound.opus)
            (folder / f"{key}{ending}.mp3").write_bytes(sound.mp3)
        made += 1
    return made


# --- Reading and writing ------------------------------------------------------------------------------------


def _samples(upload: bytes, demuxer: str) -> array[int]:
    """Return the sound of a file; raises NotASound for what cannot be read, SoundTooLong while it is still small."""
    import av  # only who records waits for it, and a web process that nobody records with stays small

    samples = array("h")
    most = rules.RATE * rules.LONGEST_SECONDS + rules.RATE // 2  # a phone stops a moment late
    try:
        with av.open(io.BytesIO(upload), format=demuxer, metadata_errors="ignore") as source:
            stream = next((stream for stream in source.streams.audio), None)
            if stream is None or getattr(stream, "rate", None) not in rules.RATES:  # an unknown codec has none
                raise NotASound
            resampler = av.AudioResampler(format="s16", layout="mono", rate=rules.RATE)
            for frame in _frames(source, stream):
                for piece in resampler.resample(frame):
                    samples.frombytes(bytes(piece.planes[0])[: piece.samples * 2])
                if len(samples) > most:
                    raise SoundTooLong
    except (av.FFmpegError, ValueError, EOFError, MemoryError) as error:
        raise NotASound from error
    return samples


def _frames(source: Any, stream: Any) -> Iterator[av.AudioFrame | None]:
    yield from source.decode(stream)
    yield None  # flushes what the resampler still holds


def _written(samples: array[int], opus_bitrate: int) -> Sound:
    return Sound(
        opus=_encoded(samples, "libopus", "ogg", opus_bitrate),
        mp3=_encoded(samples, "libmp3lame", "mp3", MP3_BITRATE),
        milliseconds=1000 * len(samples) // rules.RATE,
    )


def _encoded(samples: array[int], codec: str, container: str, bitrate: int) -> bytes:
    import av

    options = {"fflags": "+bitexact", "write_xing": "0", "id3v2_version": "0"} if container == "mp3" else {}
    file = io.BytesIO()
    with av.open(file, "w", format=container, options={"fflags": "+bitexact", **options}) as target:
        stream: Any = target.add_stream(codec, rate=rules.RATE)
        stream.bit_rate = bitrate
        stream.layout = "mono"
        resampler = av.AudioResampler(format=stream.codec_context.format, layout="mono", rate=rules.RATE)
        size = stream.codec_context.frame_size or rules.RATE // 50
        pieces = av.AudioFifo()
        for piece in resampler.resample(_frame(samples)):
            pieces.write(piece)
        while (part := pieces.read(size, partial=True)) is not None:
            target.mux(stream.encode(part))
        target.mux(stream.encode(None))
    return file.getvalue()


def _frame(samples: array[int]) -> av.AudioFrame:
    import av

    frame = av.AudioFrame(format="s16", layout="mono", samples=len(samples))
    frame.planes[0].update(samples.tobytes().ljust(frame.planes[0].buffer_size, b"\0"))
    frame.sample_rate = rules.RATE
    frame.pts = 0
    return frame
