"""Files of layers (images, videos, fonts): only inside the scene's own folder, ordinary, of a known kind, bounded."""

import stat
from contextlib import suppress
from pathlib import Path
from typing import Any

from livegan.core.text import printable
from livegan.errors import MediaError

IMAGES = (".png", ".jpg", ".jpeg", ".webp", ".bmp")
VIDEOS = (".mp4", ".mov", ".mkv", ".webm", ".m4v", ".avi", ".gif")
FONTS = (".ttf", ".otf", ".ttc")
MAX_PIXELS = 1 << 26  # of an image: 8192x8192
MAX_IMAGE_BYTES = 1 << 28
MAX_VIDEO_PIXELS = 1 << 24  # of a frame of a video: 4096x4096; decoders keep up to sixteen
VIDEO_FORMATS = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,gif"  # of FFmpeg: none of these names other files


def file_inside(folder: Path, name: str) -> Path:
    """The file `name` of a scene in `folder`, resolved; MediaError where it lies outside, as links may too."""
    try:
        root = folder.resolve()
        path = (root / name).resolve()
    except (OSError, ValueError, RuntimeError) as error:
        raise MediaError(f"'{printable(name)}' cannot be the name of a file") from error
    if not path.is_relative_to(root):
        raise MediaError(
            f"'{printable(name)}' lies outside the folder of the scene, from where a scene may not read; "
            f"put the file into {printable(root)}"
        )
    return path


def check_layer_file(path: Path, endings: tuple[str, ...]) -> None:
    """MediaError in one sentence for a file that is not there, or holds no such image, video or font."""
    name = printable(path.name)
    if path.suffix.lower() not in endings:
        raise MediaError(f"'{name}' does not end in {', '.join(endings)}; convert it")
    try:
        mode = path.stat()
    except OSError as error:
        raise MediaError(f"there is no file '{name}' in {printable(path.parent)}; put it beside the scene") from error
    if not stat.S_ISREG(mode.st_mode):
        raise MediaError(f"'{name}' is no ordinary file; name an image, a video or a font")
    if path.suffix.lower() in IMAGES and endings == IMAGES:
        if mode.st_size > MAX_IMAGE_BYTES:
            raise MediaError(f"'{name}' has {mode.st_size} bytes, more than {MAX_IMAGE_BYTES}; make it smaller")
        open_image(path).close()
    elif endings == VIDEOS:
        open_video(path).close()
    elif endings == FONTS:
        open_font(path, 16)


def open_image(path: Path) -> Any:
    """An image as PIL.Image.Image, not decoded yet; MediaError if it is none, or has too many pixels."""
    from PIL import Image  # imported on first use: core needs only numpy

    try:
        image = Image.open(path, formats=("PNG", "JPEG", "WEBP", "BMP"))
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise MediaError(f"'{printable(path.name)}' is no image that can be read ({printable(error)})") from error
    if image.width * image.height > MAX_PIXELS:
        raise MediaError(
            f"'{printable(path.name)}' has {image.width}x{image.height} px; make it no larger than 8192x8192"
        )
    return image


COMMON_FONTS = (  # with many letters, found by name in the folders of the system
    "DejaVuSans.ttf",
    "NotoSans-Regular.ttf",
    "LiberationSans-Regular.ttf",
    "Arial.ttf",
    "arial.ttf",
    "Helvetica.ttc",
    "NotoSansCJK-Regular.ttc",
    "msgothic.ttc",
    "msyh.ttc",
    "PingFang.ttc",
    "Arial Unicode.ttf",
)


def open_video(path: Path) -> Any:
    """A video as av.InputContainer with at least one picture track; MediaError if it is none. The caller closes it.

    Formats that name further files (playlists) are refused, and nothing but files is opened.
    """
    import av  # late: it loads FFmpeg

    try:
        options = {"format_whitelist": VIDEO_FORMATS, "protocol_whitelist": "file"}
        container = av.open(f"file:{path}", options=options, metadata_errors="replace")
    except (av.FFmpegError, OSError, ValueError) as error:
        reason = printable(getattr(error, "strerror", None) or error)
        raise MediaError(
            f"'{printable(path.name)}' is no video that can be read ({reason}); convert it to .mp4"
        ) from error
    if not container.streams.video:
        container.close()
        raise MediaError(f"'{printable(path.name)}' has no pictures in it; name a video")
    context = container.streams.video[0].codec_context
    width, height = int(context.width), int(context.height)
    if width * height > MAX_VIDEO_PIXELS:
        container.close()
        raise MediaError(
            f"'{printable(path.name)}' has frames of {width}x{height} px; make it no larger than 4096x4096"
        )
    context.options = {"max_pixels": str(MAX_VIDEO_PIXELS)}  # of frames that are larger than their header says
    return container


def open_font(path: Path | None, size: float, text: str = "") -> Any:
    """A font as PIL.ImageFont.FreeTypeFont, `size` px high; None: livegan's own, which is Pillow's.

    That has few letters: for a `text` with others it is one of this computer's, the first that has most of them.
    """
    from PIL import ImageFont

    if path is not None:
        try:
            return ImageFont.truetype(str(path), size)
        except (OSError, ValueError) as error:
            raise MediaError(
                f"'{printable(path.name)}' is no font that can be read; name a .ttf or .otf file"
            ) from error
    best: Any = ImageFont.load_default(size)
    missing = len(_lacking(best, text))
    for name in COMMON_FONTS if missing else ():
        with suppress(OSError, ValueError):
            font = ImageFont.truetype(name, size)
            if (lacks := len(_lacking(font, text))) < missing:
                best, missing = font, lacks
    return best


def lacking_letters(path: Path | None, text: str) -> str:
    """The letters of a text that no font for it has, each once: boxes will be drawn. MediaError: no font."""
    return "" if path is None and text.isascii() else _lacking(open_font(path, 16, text), text)


def _lacking(font: Any, text: str) -> str:
    if text.isascii():
        return ""
    box = bytes(font.getmask("\U0010fffd"))  # no font has a letter there
    return "".join(
        letter for letter in dict.fromkeys(text) if letter.isprintable() and bytes(font.getmask(letter)) == box
    )
