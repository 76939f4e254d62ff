"""Media of layers: images, texts and videos made ready on a thread of their own, or at once in a render."""

from collections import deque
from collections.abc import Callable, Hashable
from contextlib import suppress
from pathlib import Path
from typing import Any

from livegan.core.guard import Guard, unguarded
from livegan.rendering.videos import VideoAhead, VideoNow

MOST = 48  # rasters kept, the oldest out first
WAITING = 16  # asked for and not made yet, at most
IDLE_S, BUSY_S = 0.05, 0.004  # until it is looked again
READERS = 3  # of one video at most, for layers that show different moments of it
FREE_S = 0.5  # a reader that nobody asked for so long goes on with another layer


class Media:
    """Cache of what layers show. Live, nothing waits: what is not there yet is made by `poll`, on another thread."""

    def __init__(self, guard: Guard = unguarded, *, synchronous: bool = True) -> None:
        """`synchronous`: everything is made on the calling thread, and videos are exact."""
        self._guard, self._synchronous = guard, synchronous
        self._made: dict[Hashable, Any] = {}  # oldest first
        self._asked: deque[tuple[Hashable, Callable[[], Any]]] = deque()
        self._pending: set[Hashable] = set()  # asked for; stays there if it failed, so that it fails once
        self._readers: dict[str, tuple[VideoAhead | VideoNow, ...]] = {}  # by path; the one that was used last is last
        self._now_s = 0.0  # when `poll` was called last

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
        reader = self._reader(path, time_s)
        reader.asked_s = self._now_s
        return reader.frame_at(time_s, size)

    def _reader(self, path: str, time_s: float) -> VideoAhead | VideoNow:
        """The reader that has the least way to that moment; else one that is free, else another."""
        readers = self._readers.get(path, ())
        steps = [(step_s, at) for at, each in enumerate(readers) if (step_s := each.ahead_s(time_s)) is not None]
        if steps:
            reader = readers[min(steps)[1]]
        elif readers and (len(readers) == READERS or self._now_s - readers[0].asked_s > FREE_S):
            reader = readers[0]
        else:
            reader = VideoNow(Path(path)) if self._synchronous else VideoAhead(Path(path))
        if not readers or readers[-1] is not reader:
            others = (each for each in readers if each is not reader)
            self._readers = {**self._readers, path: (*others, reader)}  # in one assignment: `poll` reads it
        return reader

    def poll(self, now_s: float) -> float:
        """Make what is asked for, decode ahead; seconds until it should be called again. For one thread."""
        worked, self._now_s = False, now_s
        if self._asked:
            key, make = self._asked.popleft()
            value = self._guard(f"layer {key[0] if isinstance(key, tuple) else key}", make, None)
            if value is not None:
                self._keep(key, value)
                self._pending.discard(key)
            worked = True
        for path, readers in self._readers.items():
            for reader in readers:
                if isinstance(reader, VideoAhead):
                    worked |= self._guard(f"video {Path(path).name}", reader.decode, False)
        return BUSY_S if worked else IDLE_S / 4 if self._readers else IDLE_S

    def close(self) -> None:
        """Close every video."""
        for readers in self._readers.values():
            for reader in readers:
                with suppress(OSError):
                    reader.close()

    def _keep(self, key: Hashable, value: Any) -> None:
        made = dict(self._made)  # replaced in one assignment: the other thread may be reading it
        made[key] = value
        while len(made) > MOST:
            made.pop(next(iter(made)))
        self._made = made
