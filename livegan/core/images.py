"""PNG files: one picture written atomically."""

from collections.abc import Mapping
from pathlib import Path

from livegan.core.files import atomic_path, unwritable
from livegan.core.text import valid_unicode
from livegan.core.types import Pixels


def write_png(path: Path, picture: Pixels, option: str, facts: Mapping[str, str] | None = None) -> None:
    """Write uint8 (height, width, 3) as PNG; MediaError, which names `option`, if that cannot be written.

    `facts`: keywords and texts that are kept in the file.
    """
    from PIL import Image, PngImagePlugin  # imported on first use: core needs only numpy

    kept = PngImagePlugin.PngInfo()
    for keyword, text in (facts or {}).items():
        kept.add_itxt(keyword, valid_unicode(text))
    try:
        with atomic_path(path) as aside:
            Image.fromarray(picture).save(aside, "PNG", pnginfo=kept)
    except OSError as error:
        raise unwritable(path, error, option) from error
