"""Kept pictures of a slow render: the network pictures of the segments that are not whole, each as soon as it is drawn.

A killed render draws none of them again: only layers, effects and encoding are done anew, which takes milliseconds.
"""

import struct
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO

import torch

from livegan.core.files import reason_of
from livegan.core.text import printable
from livegan.core.types import FramePlan, Picture
from livegan.engine.drawing import Drawn
from livegan.errors import MediaError
from livegan.studio.distributed.message import read, write

SLOW_S = 0.05  # a frame that takes so long is worth keeping: writing it takes about a millisecond
DAMAGED = (
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    struct.error,
    RuntimeError,
)  # what a damaged record raises
ENOUGH = 8  # frames after which their pace is known

Draw = Callable[[Iterable[FramePlan]], Iterator[tuple[FramePlan, Drawn]]]


class KeptPictures:
    """Files of one segment each in the work folder of a film: NUMBER.pictures."""

    def __init__(self, folder: Path, each: int, clock: Callable[[], float] = time.perf_counter) -> None:
        """`each`: frames of a segment; `clock` measures how long frames take."""
        self._folder, self._each, self._clock = folder, each, clock
        self._file: BinaryIO | None = None  # that of the newest segment, while its frames are kept
        self._number = -1
        self._last_s: float | None = None
        self._took_s, self._frames = 0.0, 0  # of the frames that were drawn here, together

    def path(self, number: int) -> Path:
        """The file of a segment."""
        return self._folder / f"{number:06d}.pictures"

    def remove(self, number: int) -> None:
        """The segment is whole: it needs none of them any more."""
        with suppress(OSError):
            self.path(number).unlink(missing_ok=True)

    def drawn(self, planned: Iterator[FramePlan], first: int, draw: Draw) -> Iterator[tuple[FramePlan, Drawn]]:
        """Each plan from frame `first` on, the first of a segment, with its pictures: those that are kept, then drawn.

        MediaError if the disk is full, say.
        """
        for pictures in self._read(first):
            plan = next(planned, None)
            if plan is None:
                return
            yield plan, pictures
        try:
            self._last_s = self._clock()
            for plan, new in draw(planned):
                self._keep(plan.index, new)
                yield plan, new
                self._last_s = self._clock()
        finally:
            self._close()

    def _read(self, first: int) -> Iterator[Drawn]:
        """Pictures of the frames from `first` on, without a gap; what was half written is cut off."""
        index = first
        while (path := self.path(index // self._each)).is_file():
            begin = index
            with path.open("r+b") as file:
                whole, size = 0, path.stat().st_size
                with suppress(*DAMAGED):  # a power cut may leave anything behind the last whole record
                    for record in read(file, size):
                        if record["index"] != index:
                            break
                        drawn = _from_plain(record["drawn"])
                        whole, index = file.tell(), index + 1
                        yield drawn
                file.truncate(whole)
            if index % self._each or index == begin:  # more of this segment are to come
                if index > begin:
                    self._number, self._file = index // self._each, path.open("ab")
                return

    def _keep(self, index: int, drawn: Drawn) -> None:
        assert self._last_s is not None
        self._took_s, self._frames = self._took_s + self._clock() - self._last_s, self._frames + 1
        slow = self._frames < ENOUGH or self._took_s >= SLOW_S * self._frames
        number = index // self._each
        try:
            if number != self._number:
                self._close()
                self._number = number
                self._file = self.path(number).open("wb") if slow and index % self._each == 0 else None
            if self._file is not None and slow:
                write(self._file, {"index": index, "drawn": _plain(drawn)})
            elif self._file is not None:
                self._close()
        except OSError as error:
            raise MediaError(
                f"'{printable(self._folder)}' cannot be written ({reason_of(error)}); look at the free space: df -h"
            ) from error

    def _close(self) -> None:
        file, self._file = self._file, None
        if file is not None:
            with suppress(OSError):
                file.close()


def _plain(drawn: Drawn) -> dict[str, Any]:
    picture = drawn.picture
    tensor = picture if isinstance(picture, torch.Tensor) else torch.as_tensor(picture)
    over = [None if cover is None else _plain(cover) for cover in drawn.over]
    return {"picture": tensor.cpu().numpy(), "device": str(tensor.device), "over": over}


def _from_plain(value: dict[str, Any]) -> Drawn:
    picture: Picture = torch.from_numpy(value["picture"].copy()).to(value["device"])
    return Drawn(picture, tuple(None if cover is None else _from_plain(cover) for cover in value["over"]))
