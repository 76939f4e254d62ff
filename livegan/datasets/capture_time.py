"""Capture time of a picture: from its name, else its EXIF, else the file's time stamp."""

import re
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from PIL import Image

from livegan.datasets.sources import READ_ERRORS

TIME = r"(\d\d)[-_.:]?(\d\d)[-_.:]?(\d\d)(?:[-_.](\d{1,6}))?(?!\d)"
YEAR_FIRST = re.compile(rf"(?<!\d)((?:19|20)\d\d)[-_.]?(\d\d)[-_.]?(\d\d)[-_T ]+{TIME}")
YEAR_LAST = re.compile(rf"(?<!\d)(\d\d)-(\d\d)-((?:19|20)\d\d)_{TIME}")  # month first: pitraiture's
EXIF_TABLE, TAKEN, FRACTION = 0x8769, 0x9003, 0x9291  # DateTimeOriginal, SubSecTimeOriginal


def time_in_name(name: str) -> float | None:
    """Seconds since 1970, the clock taken for UTC, of `faces_12-31-2025_23-59-59-123456.jpeg` and the like; or None."""
    for pattern, order in ((YEAR_FIRST, (0, 1, 2)), (YEAR_LAST, (2, 0, 1))):
        match = pattern.search(name)
        if match is None:
            continue
        groups = match.groups()
        year, month, day = (int(groups[place]) for place in order)
        hour, minute, second = (int(text) for text in groups[3:6])
        micros = int((groups[6] or "0").ljust(6, "0"))
        with suppress(ValueError):
            return datetime(year, month, day, hour, minute, second, micros, UTC).timestamp()
    return None


def time_in_exif(image: Image.Image) -> float | None:
    """Seconds since 1970, the clock taken for UTC, of DateTimeOriginal; None where there is none that makes sense."""
    with suppress(*READ_ERRORS, KeyError, AttributeError):
        table = image.getexif().get_ifd(EXIF_TABLE)
        taken = datetime.strptime(str(table[TAKEN]).strip("\0 "), "%Y:%m:%d %H:%M:%S").replace(tzinfo=UTC)
        digits = str(table.get(FRACTION, "")).strip("\0 ")
        return taken.timestamp() + (float(f"0.{digits}") if digits.isascii() and digits.isdigit() else 0.0)
    return None


def taken_s(path: Path, in_exif: float | None) -> float:
    """When a picture was taken, for putting pictures in order [s]."""
    in_name = time_in_name(path.name)
    if in_name is not None:
        return in_name
    if in_exif is not None:
        return in_exif
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0
