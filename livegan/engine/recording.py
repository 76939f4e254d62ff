"""Recording a live show: frames and sound go to a film on a thread of its own; what does not fit is counted."""

from pathlib import Path

from livegan.core.rings import SampleRing
from livegan.core.types import Frame
from livegan.outputs.film import Film
from livegan.outputs.recorder import Recorder
from livegan.outputs.soundtrack import LiveSound

LOOK_EVERY_S = 0.01
QUEUE = 64  # frames


class Recording:
    """A film of the show, with the sound that was heard."""

    def __init__(self, path: Path, size: tuple[int, int], fps: float, sound: SampleRing) -> None:
        """Nothing is opened yet."""
        self.path = path
        self._size, self._fps, self._sound = size, fps, sound
        self._recorder: Recorder | None = None
        self._mark = 0

    @property
    def dropped(self) -> int:
        """Frames that found no room."""
        return self._recorder.dropped if self._recorder else 0

    @property
    def notice(self) -> str:
        """Why the recording was given up, or ""."""
        return self._recorder.notice if self._recorder else ""

    def open(self) -> None:
        """Open the film: MediaError if it cannot be written."""
        track = LiveSound(self._sound.sample_rate, self._sound.channels)
        film = Film(self.path, self._size, self._fps, audio=track, live=True, preset="ultrafast", threads=1)
        self._recorder = Recorder(film, QUEUE)
        self._mark = self._sound.written

    def send(self, frame: Frame) -> None:
        """Leave a frame; returns at once."""
        if self._recorder is not None:
            self._recorder.send(frame)

    def poll(self, now_s: float) -> float:
        """Write what was left; returns when to come back [s]."""
        if self._recorder is None:
            return LOOK_EVERY_S
        first, samples = self._sound.read(self._mark, self._sound.written)
        if len(samples):
            self._mark = first + len(samples)
            self._recorder.send_audio(samples, self._sound.sample_rate, self._sound.time_at(first))
        self._recorder.work(0.0)
        return LOOK_EVERY_S

    def close(self) -> None:
        """Write the rest and make the film whole; twice is fine."""
        if self._recorder is not None:
            self._recorder.close()
