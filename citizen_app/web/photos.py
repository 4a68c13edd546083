"""Photos that people send, made anew: upright, small, JPEG, and without anything else that the file held.

Nothing of the upload is kept, so neither the camera's data nor a place or a comment can slip through.
"""

from __future__ import annotations

import io
import struct
from typing import Final

from PIL import Image, ImageOps, UnidentifiedImageError

from citizen_app.policy import Refusal

PIXEL_LIMIT: Final = 40_000_000
UNREADABLE: Final = (
    UnidentifiedImageError,
    Image.DecompressionBombError,
    OSError,
    ValueError,
    SyntaxError,
    struct.error,
    EOFError,
)
"""What Pillow raises for a file that is no whole picture."""


class NotAPhoto(Refusal):
    """The file is not a picture that can be read."""

    status = 422


def small_jpeg(upload: bytes, side: int, *, square: bool = False) -> bytes:
    """Return the photo with at most `side` pixels a side, cut to a square if wished; raises NotAPhoto."""
    try:
        with Image.open(io.BytesIO(upload), formats=("JPEG", "PNG", "WEBP")) as image:
            if image.width * image.height > PIXEL_LIMIT:
                raise NotAPhoto
            upright = ImageOps.exif_transpose(image).convert("RGB")
            fitted = ImageOps.fit(upright, (side, side)) if square else ImageOps.contain(upright, (side, side))
    except UNREADABLE as error:
        raise NotAPhoto from error
    made = io.BytesIO()
    fitted.info.clear()  # a comment in the file would be copied
    fitted.save(made, "JPEG", quality=80)
    return made.getvalue()
