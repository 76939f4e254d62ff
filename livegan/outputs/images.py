"""Image sequence: every frame as a PNG or JPEG file of its own, and a film of few colours (GIF) made of a film."""

import io
import re
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from livegan.core.files import reason_of, wait_for_disk, write_atomic
from livegan.core.types import Frame
from livegan.errors import MediaError
from livegan.outputs.frame_converter import FrameConverter
from livegan.outputs.registry import Output

if TYPE_CHECKING:
    from av.video.frame import VideoFrame

FORMATS = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG"}
NUMBER = re.compile(r"%0?([0-9]{0,2})d")
USUAL = "%06d"
FASTEST_GIF = 50  # frames a second: it counts hundredths, and browsers slow down what lasts a single one


def image_pattern(path: Path) -> Path | None:
    """The pattern of an image sequence, e.g. frames/%06d.png, or None if `path` is none; MediaError for a wrong one."""
    if path.suffix.lower() not in FORMATS:
        return None
    if len(NUMBER.findall(path.name)) != 1 or "%" in NUMBER.sub("", path.name) or "%" in str(path.parent):
        raise MediaError(
            f"'{path}' does not say where the number goes; type for example: -o {path.parent / 'frames'}/%06d.png"
        )
    return path


def image_name(pattern: Path, number: int) -> Path:
    """The file of a frame, counted from 0."""
    return pattern.with_name(NUMBER.sub(lambda found: f"{number:0{int(found[1] or 1)}d}", pattern.name))


class ImageSequence(Output):
    """Image files of a render, each written whole or not at all."""

    def __init__(self, pattern: Path, size: tuple[int, int], *, transparent: bool = False, first: int = 0) -> None:
        """`pattern`: `image_pattern`; `size` (width, height) [px]; `first`: number of the next frame.

        `transparent`: light on nothing instead of light on black; PNG only.
        """
        self.pattern, self.frames = pattern, first
        self._on_disk = first  # the frames before this one are, whatever happens to the power
        self._format = FORMATS[pattern.suffix.lower()]
        self._converter = FrameConverter(*size, layout="rgba" if transparent else "rgb24")

    def send(self, frame: Frame) -> None:
        """Write the next one; MediaError if that cannot be."""
        from PIL import Image

        picture = Image.fromarray(self._converter.fitted(np.asarray(frame.pixels)))
        data = io.BytesIO()
        picture.save(data, self._format, **({"compress_level": 1} if self._format == "PNG" else {"quality": 95}))
        path = image_name(self.pattern, self.frames)
        try:
            write_atomic(path, data.getvalue(), durable=False)
        except OSError as error:
            raise _unwritable(path, error) from error
        self.frames += 1

    def wait_for_disk(self) -> None:
        """Return when all frames are on the disk; MediaError if that cannot be. Those that were removed count not."""
        for number in range(self._on_disk, self.frames):
            path = image_name(self.pattern, number)
            try:
                wait_for_disk(path)
            except FileNotFoundError:
                continue
            except OSError as error:
                raise _unwritable(path, error) from error
        self._on_disk = self.frames

    def close(self) -> None:
        """Nothing is left to do."""


def _unwritable(path: Path, error: OSError) -> MediaError:
    return MediaError(f"cannot write '{path}' ({reason_of(error)}); look at the free space: df -h")


def write_gif(pictures: "list[Path]", target: Path, fps: Fraction) -> None:
    """Write films, one after the other, as one GIF that loops, each picture with colours of its own; MediaError."""
    import av
    from av.filter import Graph

    try:
        with av.open(f"file:{target}", "w", format="gif", options={"loop": "0", "fflags": "bitexact"}) as gif:
            stream = None
            graph = Graph()
            number = 0
            for path in pictures:
                with av.open(f"file:{path}") as part:
                    for frame in part.decode(video=0):
                        if stream is None:
                            stream = gif.add_stream("gif", rate=fps)
                            stream.width, stream.height, stream.pix_fmt = frame.width, frame.height, "pal8"
                            stream.codec_context.time_base = 1 / fps
                            _link(graph, frame, fps)
                        frame.pts, frame.time_base = number, 1 / fps
                        number += 1
                        graph.push(frame)
                        few: Any = graph.pull()
                        few.pts, few.time_base = number - 1, 1 / fps
                        gif.mux(stream.encode(few))
            if stream is not None:
                gif.mux(stream.encode(None))
    except (av.FFmpegError, OSError) as error:
        target.unlink(missing_ok=True)
        raise MediaError(f"cannot write the film: {error}; look at the free space: df -h") from error


def _link(graph: "object", frame: "VideoFrame", fps: Fraction) -> None:
    """Palette of each picture, and the picture in its colours, with ordered dithering that stands still."""
    from av.filter import Graph

    assert isinstance(graph, Graph)
    source = graph.add_buffer(width=frame.width, height=frame.height, format=frame.format, time_base=1 / fps)
    split = graph.add("split")
    palette = graph.add("palettegen", stats_mode="single")
    use = graph.add("paletteuse", new="1", dither="bayer")
    sink = graph.add("buffersink")
    source.link_to(split)
    split.link_to(palette, 0)
    split.link_to(use, 1, 0)
    palette.link_to(use, 0, 1)
    use.link_to(sink)
    graph.configure()
