"""Live outputs: newest frames first, dimmed as the window is, and the last one again while none comes."""

import numpy as np
import pytest

from livegan.config.venue import OutputTable
from livegan.core.dimmer import CUT_S
from livegan.core.rings import SampleRing
from livegan.core.types import Frame, FramePlan
from livegan.engine.guard import FaultGuard
from livegan.engine.outputs import check_outputs, make_queues
from livegan.outputs.memory import Memory
from livegan.outputs.queue import LIVE_CAPACITY, REPEAT_S, OutputQueue
from livegan.outputs.registry import OUTPUTS, LiveOptions, ShowFormat
from livegan.outputs.window_light import WindowLight, dimmed
from tests import standin_wires

EMPTY = np.zeros(0, np.float32)


def frame(index: int, value: int = 200) -> Frame:
    pixels = np.full((2, 2, 3), value, np.uint8)
    return Frame(pixels, FramePlan(index, index / 60, 1 / 60, EMPTY, EMPTY), 0.0, 0.0)


def live(**states: float) -> tuple[OutputQueue, Memory, dict[str, float]]:
    memory = Memory()
    queue = OutputQueue("test", lambda: memory, light=WindowLight(lambda: states, fade_s=1.0))
    queue.open()
    return queue, memory, states


def values(memory: Memory) -> list[int]:
    return [int(np.asarray(sent.pixels).max()) for sent in memory.frames]


def test_of_frames_that_come_faster_than_they_go_the_newest_are_sent() -> None:
    queue, memory, _ = live()
    for index in range(10):
        queue.send(frame(index))
    queue.poll(0.0)
    assert [sent.plan.index for sent in memory.frames] == [8, 9]
    assert queue.dropped == 10 - LIVE_CAPACITY


def test_the_last_frame_is_sent_again_while_none_comes_and_says_when() -> None:
    queue, memory, _ = live()
    queue.send(frame(3))
    queue.poll(10.0)
    queue.poll(10.0 + REPEAT_S / 2)
    assert len(memory.frames) == 1
    queue.poll(10.0 + REPEAT_S)
    assert [sent.plan.index for sent in memory.frames] == [3, 3]
    assert memory.frames[-1].plan.time_s == 10.0 + REPEAT_S
    assert queue.written == 1


def test_a_blackout_comes_through_while_the_engine_hangs() -> None:
    queue, memory, states = live()
    queue.send(frame(0))
    queue.poll(0.0)
    states["blackout"] = 1.0
    for step in range(1, 9):
        queue.poll(step * 0.1)
    assert values(memory)[0] == 200
    assert values(memory)[-1] == 0
    assert len(memory.frames) < 6, "black stays black without being sent ten times a second"


@pytest.mark.parametrize(("states", "light"), [({"master": 0.5}, 0.5), ({"fade": 0.0}, 0.0), ({"blackout": 1.0}, 0.0)])
def test_it_ends_where_the_window_ends(states: dict[str, float], light: float) -> None:
    mirror = WindowLight(lambda: states, fade_s=1.0)
    mirror.shown(frame(0), 0.0)
    shown = mirror.shown(frame(1), 2.0)
    assert np.asarray(shown.pixels).max() == pytest.approx(200 * light, abs=1)
    assert not mirror.moving


def test_a_fade_back_ends_a_blackout_as_in_the_window() -> None:
    states = {"blackout": 1.0, "fade": 0.0}
    mirror = WindowLight(lambda: states, fade_s=1.0)
    mirror.shown(frame(0), 0.0)
    mirror.shown(frame(0), 5.0)
    states |= {"blackout": 0.0, "fade": 1.0}
    mirror.follow(5.0)
    half = np.asarray(mirror.shown(frame(0), 5.5).pixels).max()
    assert half == pytest.approx(100, abs=2)
    assert mirror.shown(frame(1), 6.1).pixels.max() == 200


def test_frozen_it_holds_its_picture_until_it_is_let_go() -> None:
    states = {"freeze": 0.0}
    mirror = WindowLight(lambda: states)
    mirror.shown(frame(0, 50), 0.0)
    states["freeze"] = 1.0
    assert mirror.shown(frame(1, 90), 0.1).pixels.max() == 50
    assert mirror.shown(frame(2, 90), CUT_S * 9).plan.index == 2
    states["freeze"] = 0.0
    assert mirror.shown(frame(3, 90), 1.0).pixels.max() == 90


def test_full_light_is_the_picture_itself_and_dimming_leaves_it_alone() -> None:
    sent = frame(0, 255)
    assert WindowLight().shown(sent, 0.0) is sent
    assert dimmed(sent.pixels, 1.0).max() == 255
    assert dimmed(sent.pixels, 0.25).max() == 63
    assert sent.pixels.max() == 255


@pytest.mark.parametrize("name", [name for name in OUTPUTS if OUTPUTS[name].live])
def test_every_live_output_can_be_told_not_to_follow_the_window(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    standin_wires.install(monkeypatch)
    kind = OUTPUTS[name]
    assert issubclass(kind.Options, LiveOptions)
    show = ShowFormat(30.0, (32, 32), 48000, 2, window=lambda: {"blackout": 1.0})
    shown = []
    for master in (True, False):
        (checked,) = check_outputs([OutputTable.model_validate({"kind": name, "master": master, **kind.example})])
        (queue,) = make_queues([checked], show, SampleRing(2, 48000), FaultGuard(lambda: 0.0))
        memory = Memory()
        monkeypatch.setattr(queue, "_make", lambda memory=memory: memory)
        queue.open()
        for second in range(3):
            queue.send(frame(0))
            queue.poll(float(second))
        shown.append(values(memory)[-1])
    assert shown == [0, 200]
