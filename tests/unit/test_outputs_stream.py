"""A stream that breaks: when it is tried again."""

import errno
from collections.abc import Iterator

import numpy as np
import pytest

from livegan.core.types import Frame, FramePlan, Samples
from livegan.outputs import stream
from livegan.outputs.registry import ShowFormat
from livegan.outputs.stream import FIRST_WAIT_S, Stream, StreamOptions

EMPTY = np.zeros(0, np.float32)
SOUND = np.zeros((1600, 2), np.float32)


class Link:
    """A connection that breaks when it is told to, at the picture or at the sound."""

    made = 0
    breaks = ""

    def __init__(self, *_: object) -> None:
        type(self).made += 1
        self.taken_s: float | None = None

    def send(self, frame: Frame) -> None:
        self._break("picture")
        self.taken_s = frame.plan.time_s if self.taken_s is None else self.taken_s

    def send_audio(self, samples: Samples, start_s: float | None) -> None:
        self._break("sound")

    def _break(self, at: str) -> None:
        if at == self.breaks:
            raise OSError(errno.EPIPE, "Broken pipe")

    def close(self) -> None: ...


@pytest.fixture
def streaming(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stream]:
    monkeypatch.setattr(stream, "StreamLink", Link)
    monkeypatch.setattr(Link, "made", 0)
    monkeypatch.setattr(Link, "breaks", "")
    options = StreamOptions.model_validate({"url": "tcp://127.0.0.1:9", "hardware": False})
    made = Stream(options, ShowFormat(30, (64, 64), 48000, 2))
    yield made
    made.close()


def frame(time_s: float) -> Frame:
    return Frame(np.zeros((2, 2, 3), np.uint8), FramePlan(0, time_s, 0.0, EMPTY, EMPTY), 0.0, 0.0)


@pytest.mark.parametrize("broken", ["picture", "sound"])
def test_it_is_tried_again_after_a_wait_that_doubles_whatever_it_broke_at(
    broken: str, streaming: Stream, monkeypatch: pytest.MonkeyPatch
) -> None:
    for second in range(61):
        streaming.send(frame(second))
        streaming.send_audio(SOUND, 48000, second)
    monkeypatch.setattr(Link, "breaks", broken)
    tries = []
    for tick in range(60 * 30, 80 * 30):
        before = Link.made
        streaming.send(frame(tick / 30))
        streaming.send_audio(SOUND, 48000, tick / 30)
        if Link.made > before:
            tries.append(tick / 30 - 60)
    assert tries == pytest.approx([FIRST_WAIT_S, 3 * FIRST_WAIT_S, 7 * FIRST_WAIT_S, 15 * FIRST_WAIT_S])
    assert "is not reached (Broken pipe)" in streaming.notice
