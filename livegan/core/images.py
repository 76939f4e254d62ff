"""PNG files: one picture written atomically."""

from pathlib import Path

from livegan.core.files import atomic_path, unwritable
from livegan.core.types import Pixels


def write_png(path: Path, picture: Pixels, option: str) -> None:
    """Write uint8 (height, width, 3) as PNG; MediaError, which names `option`, if that cannot be written."""
    from PIL import Image  # imported on first use: core needs only numpy

    try:
        with atomic_path(path) as aside:
            Image.fromarray(picture).save(aside, "PNG")
    except OSError as error:
        raise unwritable(path, error, option) from error
