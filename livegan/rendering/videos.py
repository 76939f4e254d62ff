"""Video decoder of layers: frames by time, in loops; decoded ahead on the media thread, or on demand in a render."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from livegan.core.layer_files import open_video
from livegan.core.text import printable
from livegan.errors import MediaError

AHEAD_S = 0.15  # decoded before it is due
HELD = 8  # frames decoded and not shown yet, at most
MOST_FPS = 240.0  # faster videos are played slower: a loop of them must not be over before it has begun
FOLLOWS_S = 5.0  # a reader goes on with a layer that asks for a moment so soon after the last one
LONGEST_S = 1.0  # that a frame is shown whose length is unknown
Rgba = NDArray[np.uint8]


class Video:
    """Video on a clock of its own that never ends: after the last frame comes the first again. For one thread."""

    def __init__(self, path: Path) -> None:
        """MediaError if it is no video, or not one of its pictures can be decoded."""
        self._path = path
        self._loop_s = 0.0  # when the loop that is being decoded began
        self._length_s = 0.0  # of a loop; 0 while it is not known
        self._container: Any = None
        self._frames: Iterator[tuple[float, float, Any]] = iter(())
        self._now: tuple[float, Any] | None = None  # when it begins, and the frame
        self._next: tuple[float, Any] | None = None
        self._restart(0.0)

    def frame_at(self, time_s: float) -> tuple[float, Any]:
        """The frame that is seen `time_s` after the beginning of the first loop, and when it begins."""
        time_s = max(time_s, 0.0)
        if self._now is None or time_s < self._now[0]:
            self._restart(time_s // self._length_s * self._length_s if self._length_s else 0.0)
        elif self._length_s and time_s - self._loop_s > 2 * self._length_s:
            self._restart(time_s // self._length_s * self._length_s)
        while self._next is not None and self._next[0] <= time_s:
            self._now, self._next = self._next, self._decode()
        assert self._now is not None
        return self._now

    @property
    def next_s(self) -> float:
        """When the frame after the newest one begins."""
        assert self._next is not None
        return self._next[0]

    def close(self) -> None:
        """Close the file."""
        if self._container is not None:
            self._container.close()
            self._container = None

    def _restart(self, loop_s: float) -> None:
        self._loop_s = loop_s
        self._open()
        self._now = self._decode()
        self._next = self._decode()

    def _open(self) -> None:
        self.close()
        self._container = open_video(self._path)
        self._frames = self._decoded(self._container)
        self._ends_s = 0.0

    def _decode(self) -> tuple[float, Any]:
        """The next frame and when it begins; of the next loop after the last one."""
        for _ in range(2):
            for start_s, end_s, frame in self._frames:
                self._ends_s = end_s
                return self._loop_s + start_s, frame
            if self._ends_s <= 0:
                break
            self._length_s = self._ends_s
            self._loop_s += self._length_s
            self._open()
        raise MediaError(f"not one picture of '{printable(self._path.name)}' can be decoded; convert it to .mp4")

    @staticmethod
    def _decoded(container: Any) -> Iterator[tuple[float, float, Any]]:
        """Start, end [s from the first frame] and frame of each picture; those that cannot be decoded are left out."""
        import av

        stream = container.streams.video[0]
        stream.codec_context.thread_count = 1
        rate = min(float(stream.average_rate or 25) or 25.0, MOST_FPS)
        zero_s: float | None = None
        end_s = 0.0
        with suppress(av.FFmpegError):
            for packet in container.demux(stream):
                try:
                    frames = packet.decode()
                except av.FFmpegError:
                    continue
                for frame in frames:
                    stamp_s = end_s if frame.time is None else float(frame.time) - (zero_s or 0.0)
                    if zero_s is None:
                        zero_s, stamp_s = stamp_s, 0.0
                    start_s = max(stamp_s, end_s - 1 / rate + 1e-6) if end_s else 0.0
                    end_s = start_s + min(1 / rate, LONGEST_S)
                    yield start_s, end_s, frame


def pixels_of(frame: Any, size: tuple[int, int]) -> Rgba:
    """A frame of a video as uint8 (height, width, 4)."""
    one = frame.reformat(
        width=size[1], height=size[0], format="rgba", threads=1
    )  # swscale's threads race at some sizes
    pixels: Rgba = one.to_ndarray()
    return pixels


class VideoReader:
    """Reader of a video for one layer after the other; those that show the same moment share it."""

    asked_s = 0.0  # when it was used last
    moment_s = float("-inf")  # of the video, that was asked for last

    def ahead_s(self, time_s: float) -> float | None:
        """How far it has to go on to that moment [s]; None: it would have to go back, or far."""
        step_s = time_s - self.moment_s
        return step_s if 0 <= step_s < FOLLOWS_S else None


class VideoNow(VideoReader):
    """Video that is decoded when it is asked: exact, for a render."""

    def __init__(self, path: Path) -> None:
        """MediaError if it is no video."""
        self._video = Video(path)
        self._shown: tuple[float, tuple[int, int], Rgba] | None = None

    def frame_at(self, time_s: float, size: tuple[int, int]) -> tuple[float, Rgba]:
        """The frame of that moment, and when it begins."""
        self.moment_s = time_s
        start_s, frame = self._video.frame_at(time_s)
        if self._shown is None or self._shown[:2] != (start_s, size):
            self._shown = start_s, size, pixels_of(frame, size)
        return start_s, self._shown[2]

    def close(self) -> None:
        """Close the file."""
        self._video.close()


class VideoAhead(VideoReader):
    """Video that another thread decodes: the engine asks for a moment and gets the newest frame that is there."""

    def __init__(self, path: Path) -> None:
        """Opens nothing yet."""
        self.path = path
        self._video: Video | None = None
        self._wanted: tuple[float, tuple[int, int]] | None = None  # moment [s], size of the frames
        self._ready: tuple[tuple[float, tuple[int, int], Rgba], ...] = ()  # in order of time

    def frame_at(self, time_s: float, size: tuple[int, int]) -> tuple[float, Rgba] | None:
        """The frame of that moment, else the one before it, else the first there is. None before any. Never waits."""
        self.moment_s, self._wanted = time_s, (time_s, size)
        best = None
        for start_s, _, pixels in self._ready:
            if best is None or start_s <= time_s:
                best = start_s, pixels
        return best

    def decode(self) -> bool:
        """Decode one frame if one is due soon. For the media thread; MediaError if there are none."""
        if self._wanted is None:
            return False
        time_s, size = self._wanted
        if self._video is None:
            self._video = Video(self.path)
        due = [entry for entry in self._ready if entry[1] == size and abs(entry[0] - time_s) < 2.0]
        older = [entry for entry in due if entry[0] <= time_s]
        kept = due[len(older) - 1 :] if older else due
        if len(kept) >= HELD or (kept and kept[-1][0] >= time_s + AHEAD_S):
            return False
        wanted_s = max(self._video.next_s, time_s) if kept else time_s  # what follows, or what is due, if that is later
        start_s, frame = self._video.frame_at(wanted_s)
        if kept and start_s <= kept[-1][0]:
            return False
        self._ready = (*kept, (start_s, size, pixels_of(frame, size)))
        return True

    def close(self) -> None:
        """Close the file."""
        if self._video is not None:
            self._video.close()
            self._video = None
