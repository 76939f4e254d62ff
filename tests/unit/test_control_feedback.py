"""Lights and rings: only changes are sent, at a bounded rate; everything again after a replug; dark at the end."""

import numpy as np
import pytest

from livegan.control.feedback import MOST, Feedback, Show, Shown
from livegan.control.output_ports import FakeOutPorts
from livegan.core.binding import Binding
from livegan.core.controller import Controller, FeedbackTable
from livegan.core.parameters import Parameter
from livegan.core.types import ControlEvent, FeatureFrame, Layout
from livegan.engine.board import Board, SceneCard
from livegan.engine.lights import LightReader, shown
from livegan.engine.router import Router

TABLE = FeedbackTable(
    same=("pad",),
    lights={"scene.1": "note 64", "blackout": "cc 41 channel 2"},
    dim=1,
    on=5,
    rings={"knob.1": "cc 9"},
    ring_low=1,
    ring_high=13,
)
BOX = Controller(name="box", match=("knobbox",), knobs={1: "knob.1"}, pads={36: "pad.1"}, feedback=(TABLE,))


class Stage:
    """What is to be shown, changed by a test."""

    def __init__(self, **states: Shown) -> None:
        self.states = states
        self.show: Show | None = None
        self.change()

    def change(self, **states: Shown) -> None:
        self.states = {**self.states, **states}
        self.show = lambda source, control: self.states.get(f"{source}.{control}".replace(".", "_"), Shown())

    def read(self) -> Show | None:
        return self.show


def test_what_changes_is_sent_once_and_all_goes_dark_at_the_end() -> None:
    ports, stage = FakeOutPorts("KnobBox:ctl", "Pedal"), Stage(box_pad_1=Shown("dim"), box_scene_1=Shown("on"))
    feedback = Feedback(stage.read, [BOX], ports=ports)
    assert feedback.poll(0.0) == pytest.approx(0.04)
    first = [(0x90, 64, 5), (0xB1, 41, 0), (0x90, 36, 1), (0xB0, 9, 1)]
    assert sorted(ports.sent["KnobBox:ctl"]) == sorted(first)
    assert list(ports.sent) == ["KnobBox:ctl"], "the pedal has no lights"
    feedback.poll(0.04)
    stage.change()
    feedback.poll(0.08)
    assert len(ports.sent["KnobBox:ctl"]) == 4, "nothing has changed"
    stage.change(box_pad_1=Shown("on"), box_knob_1=Shown("dim", 0.5))
    feedback.poll(0.12)
    assert ports.sent["KnobBox:ctl"][4:] == [(0x90, 36, 5), (0xB0, 9, 7)]
    feedback.stop()
    feedback.stop()
    assert sorted(ports.sent["KnobBox:ctl"][6:]) == [(0x90, 36, 0), (0x90, 64, 0), (0xB0, 9, 1)]


def test_everything_is_sent_again_once_to_a_controller_that_was_still_waking_up() -> None:
    ports, stage = FakeOutPorts("KnobBox"), Stage(box_scene_1=Shown("on"))
    feedback = Feedback(stage.read, [BOX], ports=ports)
    counts = []
    for step in range(80):
        feedback.poll(step * 0.04)
        counts.append(len(ports.sent["KnobBox"]))
    assert counts[0] == 4
    assert sorted(set(counts)) == [4, 8]
    assert ports.sent["KnobBox"][:4] == ports.sent["KnobBox"][4:]


def test_a_controller_that_is_plugged_in_again_is_told_everything_again() -> None:
    ports, stage = FakeOutPorts(), Stage(box_scene_1=Shown("on"))
    feedback = Feedback(stage.read, [BOX], ports=ports)
    assert feedback.poll(0.0) == 0.5
    ports.plugged.append("KnobBox")
    feedback.poll(0.5)
    assert len(ports.sent["KnobBox"]) == 4
    ports.plugged.clear()
    stage.change(box_scene_1=Shown("dim"))
    feedback.poll(0.6)
    ports.plugged.append("KnobBox")
    feedback.poll(1.1)
    assert ports.sent["KnobBox"][4:].count((0x90, 64, 1)) == 1
    assert len(ports.sent["KnobBox"]) == 8
    assert feedback.poll(1.2) == pytest.approx(0.04)


def test_a_controller_is_told_how_to_behave_before_and_after() -> None:
    table = FeedbackTable(same=("pad",), start="F0 00 20 29 02 0D 0E 01 F7", stop="F0 00 F7", on=21)
    pads = Controller(name="pads", match=("pads",), pads={11: "pad.1"}, feedback=(table,))
    ports, stage = FakeOutPorts("pads"), Stage(pads_pad_1=Shown("on"))
    feedback = Feedback(stage.read, [pads], ports=ports)
    feedback.poll(0.0)
    feedback.stop()
    start, stop = (0xF0, 0x00, 0x20, 0x29, 0x02, 0x0D, 0x0E, 0x01, 0xF7), (0xF0, 0x00, 0xF7)
    assert ports.sent["pads"] == [start, (0x90, 11, 21), (0x90, 11, 0), stop]


def test_many_changes_are_sent_step_by_step() -> None:
    pads = {number: f"pad.{number + 1}" for number in range(100)}
    grid = Controller(name="grid", match=("grid",), pads=pads, feedback=(FeedbackTable(same=("pad",)),))
    ports, stage = FakeOutPorts("grid"), Stage()
    feedback = Feedback(stage.read, [grid], ports=ports)
    counts = []
    for step in range(4):
        feedback.poll(step * 0.04)
        counts.append(len(ports.sent["grid"]))
    assert counts == [MOST, 2 * MOST, 100, 100]


def test_nothing_is_sent_before_there_is_something_to_show_or_to_a_port_that_is_not_asked_for() -> None:
    ports, stage = FakeOutPorts("KnobBox"), Stage()
    stage.show = None
    feedback = Feedback(stage.read, [BOX], ports=ports)
    feedback.poll(0.0)
    other = Feedback(Stage().read, [BOX], port=["pedal"], ports=ports)
    other.poll(0.0)
    assert ports.sent == {}


def a_board(**changes: object) -> Board:
    glow = Parameter("effect.glow", 0.0, 2.0, 0.0, "glow")
    features = FeatureFrame(0.0, Layout((), ()), np.zeros(0, np.float32))
    scenes = tuple(SceneCard(name, name, "") for name in ("tide", "ink"))
    facts: dict[str, object] = {
        "bindings": {
            "pad.1": Binding("effect.glow"),
            "pad.2": Binding("effect.glow", "toggle", high=0.5),
            "knob.1": Binding("effect.glow"),
            "pad.3": Binding("scene.2"),
            "pad.4": Binding("scene.3"),
            "pad.5": Binding("blackout"),
            "pad.6": Binding("effect.nothing"),
            "pad.8": Binding("cue.1"),
            "fader.3": Binding("crossfade"),
        },
        "cued": 0,
        "crossfade": 0.25,
    }
    return Board(
        0.0,
        scenes,
        1,
        {"effect.glow": glow},
        {"effect.glow": 1.0},
        {"effect.glow": 1.0},
        features,
        **{**facts, **changes},  # type: ignore[arg-type]
    )


@pytest.mark.parametrize(
    ("control", "expected"),
    [
        ("pad.1", Shown("dim", 0.5)),  # not held
        ("pad.2", Shown("dim", 0.0)),
        ("knob.1", Shown("dim", 0.5)),
        ("pad.3", Shown("on", 1.0)),
        ("pad.4", Shown()),  # there is no third scene
        ("pad.5", Shown("on", 1.0)),
        ("pad.6", Shown()),  # no parameter of this scene
        ("pad.7", Shown()),
        ("scene.1", Shown("dim", 0.0)),
        ("scene.2", Shown("on", 1.0)),
        ("freeze", Shown("dim", 0.0)),
        ("scene.next", Shown("dim", 0.0)),
        ("fader.1", Shown("dim", 0.25)),
        ("fader.2", Shown()),
        ("fader.3", Shown("dim", 0.25)),  # the crossfader's, whoever moved it
        ("crossfade", Shown("dim", 0.25)),
        ("pad.8", Shown("on", 1.0)),  # the scene that is cued
        ("cue.2", Shown("dim", 0.0)),
        ("cue.3", Shown()),
        ("fade", Shown("on", 1.0)),  # a window that has not told yet is bright
    ],
)
def test_what_a_control_shows(control: str, expected: Shown) -> None:
    learned = {("box", "fader.1"): Binding("master"), ("other", "fader.2"): Binding("master")}
    assert shown(a_board(), {"blackout": 1.0, "master": 0.25}, learned, "box", control) == expected


def test_a_pad_that_is_held_and_a_button_that_is_on_are_lit() -> None:
    board = a_board(moved=frozenset(["effect.glow"]))
    assert shown(board, {}, {}, "box", "pad.1").level == "on"
    assert shown(board, {}, {}, "box", "pad.2").level == "on"


def test_the_same_object_is_read_until_something_changes() -> None:
    router, boards = Router(has_window=False), [a_board()]
    read = LightReader(router, lambda: boards[-1])
    first = read()
    assert first is not None
    assert read() is first
    router.put(ControlEvent(0.0, "blackout", 1.0))
    second = read()
    assert second is not first
    boards.append(a_board())
    assert read() is not second
