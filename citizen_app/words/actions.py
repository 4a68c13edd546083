"""Makes the sound files of the words, with the computer voice espeak-ng and the converter ffmpeg.

The files belong to the project and are made again only when words change. The same words give the same bytes
(no metadata, no dates), so that making them again shows no change where there is none.
"""

import re
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from citizen_app.words.rules import Word

# Words per minute. Slow is 60 % of normal; a single word then lasts half as long again.
NORMAL_SPEED: Final = 175
SLOW_SPEED: Final = 105
# With 16k the files shrink by a third, but packing adds 3-4 dB of noise (measured below 5.5 kHz).
BITRATE: Final = "24k"

# Silence is cut at both ends (by turning the sound round), but a breath is kept: players swallow a sudden
# start.
_TRIM: Final = "silenceremove=start_periods=1:start_threshold=-50dB:start_silence=0.04"
_TRIM_BOTH_ENDS: Final = f"{_TRIM},areverse,{_TRIM},areverse"
_DIGITS: Final = ("nul", "et", "to", "tre", "fire", "fem", "seks", "syv", "otte", "ni")


class SoundToolMissing(RuntimeError):
    """A program that makes sounds is not on this machine."""

    def __init__(self, tool: str, package: str) -> None:
        super().__init__(f"{tool} is missing. Install it with: apt-get install {package}")
        self.tool = tool
        self.package = package


class SoundNotMade(RuntimeError):
    """A tool is there but failed on a word; the message says which tool, which word and what it said."""


def make_sounds(words: Iterable[Word], folder: Path) -> int:
    """Writes `<key>.mp3` and `<key>-slow.mp3` for every word into `folder`; returns the number of files."""
    voice = _tool("espeak-ng", package="espeak-ng")
    converter = _tool("ffmpeg", package="ffmpeg")
    folder.mkdir(parents=True, exist_ok=True)
    written = 0
    for word in words:
        for ending, speed in (("", NORMAL_SPEED), ("-slow", SLOW_SPEED)):
            speak = [voice, "-v", "da", "-s", str(speed), "--stdin", "--stdout"]
            speech = _run(speak, word, spoken(word).encode())
            sound = _run([converter, *_CONVERT], word, speech)
            (folder / f"{word.key}{ending}.mp3").write_bytes(sound)
            written += 1
    return written


def spoken(word: Word) -> str:
    """The text that the voice reads: nouns with their article, digits one by one (112 is "et et to")."""
    return re.sub(r"\d+", lambda number: " ".join(_DIGITS[int(digit)] for digit in number.group()), word.with_article)


_CONVERT: Final = (
    *("-hide_banner", "-loglevel", "error", "-f", "wav", "-i", "pipe:0"),
    *("-af", _TRIM_BOTH_ENDS, "-ac", "1", "-ar", "22050", "-c:a", "libmp3lame", "-b:a", BITRATE),
    *("-map_metadata", "-1", "-fflags", "+bitexact", "-flags:a", "+bitexact"),
    *("-write_xing", "0", "-id3v2_version", "0", "-f", "mp3", "pipe:1"),
)


def _tool(name: str, package: str) -> str:
    path = shutil.which(name)
    if path is None:
        raise SoundToolMissing(name, package)
    return path


def _run(command: list[str], word: Word, sent: bytes) -> bytes:
    # Fixed programs and options; the word goes in as text, never as part of a command.
    done = subprocess.run(command, input=sent, capture_output=True, check=False)  # noqa: S603
    if done.returncode != 0 or not done.stdout:
        said = done.stderr.decode(errors="replace").strip()
        raise SoundNotMade(f"{Path(command[0]).name} failed on {word.key!r}: {said or 'no sound came out'}")
    return done.stdout
