"""One picture as a file."""

from fractions import Fraction
from pathlib import Path

import av

from livegan.core.types import Pixels
from livegan.errors import MediaError


def write_png(path: Path, picture: Pixels, option: str) -> None:
    """Write uint8 (height, width, 3) as PNG; MediaError, which names `option`, if that cannot be written."""
    codec = av.CodecContext.create("png", "w")
    assert isinstance(codec, av.VideoCodecContext)
    codec.height, codec.width = picture.shape[:2]
    codec.pix_fmt, codec.time_base = "rgb24", Fraction(1)
    packets = [*codec.encode(av.VideoFrame.from_ndarray(picture, "rgb24")), *codec.encode(None)]
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"".join(bytes(packet) for packet in packets))
    except OSError as error:
        raise MediaError(f"{path} cannot be written ({error.strerror}); choose another with {option}") from error
