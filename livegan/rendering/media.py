"""Media of layers: images, texts and videos made ready on a thread of their own, or at once in a render."""

from collections import deque
from collections.abc import Callable, Hashable
from contextlib import suppress
from pathlib import Path
from typing import Any

from livegan.core.guard import Guard, unguarded
from livegan.rendering.videos import Video, VideoAhead, pixels_of

MOST = 48  # rasters kept, the oldest out first
WAITING = 16  # asked for and not made yet, at most
IDLE_S, BUSY_S = 0.05, 0.004  # until it is looked again


class Media:
    """Cache of what layers show. Live, nothing waits: what is not there yet is made by `poll`, on another thread."""

    def __init__(self, guard: Guard = unguarded, *, synchronous: bool = True) -> None:
        """`synchronous`: everything is made on the calling thread, and videos are exact."""
        self._guard, self._synchronous = guard, synchronous
        self._made: dict[Hashable, Any] = {}  # oldest first
        self._asked: deque[tuple[Hashable, Callable[[], Any]]] = deque()
        self._pending: set[Hashable] = set()  # asked for; stays there if it failed, so that it fails once
        self._videos: dict[str, VideoAhead] = {}
        self._exact: dict[str, Video] = {}
        self._frames: dict[str, tuple[float, tuple[int, int], Any]] = {}

    def get(self, key: Hashable, make: Callable[[], Any]) -> Any | None:
        """What `make` returned for this key; None while it is not there."""
        made = self._made
        if key in made:
            return made[key]
        if self._synchronous:
            self._keep(key, make())
            return self._made[key]
        if key not in self._pending and len(self._asked) < WAITING:
            self._pending.add(key)
            self._asked.append((key, make))
        return None

    def video(self, path: str, time_s: float, size: tuple[int, int]) -> tuple[float, Any] | None:
        """The frame of a video at a moment, uint8 (height, width, 4), and when it begins; None while there is none."""
        if not self._synchronous:
            ahead = self._videos.get(path)
            if ahead is None:
                ahead = VideoAhead(Path(path))
                self._videos = {**self._videos, path: ahead}  # in one assignment: `poll` reads it
            return ahead.frame_at(time_s, size)
        if path not in self._exact:
            self._exact[path] = Video(Path(path))
        start_s, frame = self._exact[path].frame_at(time_s)
        kept = self._frames.get(path)
        if kept is None or kept[:2] != (start_s, size):
            self._frames[path] = kept = (start_s, size, pixels_of(frame, size))
        return start_s, kept[2]

    def poll(self, now_s: float) -> float:
        """Make what is asked for, decode ahead; seconds until it should be called again. For one thread."""
        worked = False
        if self._asked:
            key, make = self._asked.popleft()
            value = self._guard(f"layer {key[0] if isinstance(key, tuple) else key}", make, None)
            if value is not None:
                self._keep(key, value)
                self._pending.discard(key)
            worked = True
        for path, ahead in list(self._videos.items()):
            worked |= self._guard(f"video {Path(path).name}", ahead.decode, False)
        return BUSY_S if worked else IDLE_S / 4 if self._videos else IDLE_S

    def close(self) -> None:
        """Close every video."""
        videos: list[Video | VideoAhead] = [*self._videos.values(), *self._exact.values()]
        for video in videos:
            with suppress(OSError):
                video.close()

    def _keep(self, key: Hashable, value: Any) -> None:
        made = dict(self._made)  # replaced in one assignment: the other thread may be reading it
        made[key] = value
        while len(made) > MOST:
            made.pop(next(iter(made)))
        self._made = made
