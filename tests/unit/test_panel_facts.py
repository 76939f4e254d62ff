"""What the panel says and where its window goes, without Qt."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from livegan.config.load import scene_paths
from livegan.config.stills import still_of, stills_of
from livegan.config.venue import WindowTable
from livegan.core.types import FeatureFrame, Layout
from livegan.engine.beat_grid import BeatGrid
from livegan.engine.board import Board, SceneCard
from livegan.engine.program import Advancing, Program
from livegan.engine.telemetry import Meter, Telemetry
from livegan.ui.panel.facts import ANSWERS_S, PanelFacts, duration_text
from livegan.ui.panel.learning import TOLD_S, PanelLearning
from livegan.ui.panel.placing import arrange, beside, shelter
from livegan.ui.panel.stills import StillCache

TOLD = Telemetry(10.0, 60.0, Meter(), "Tide", "n", "cpu", "demo", 0.5, 0.0, 0, 0, 0)
CARDS = tuple(SceneCard(name, name.title(), "") for name in ("tide", "ink", "neon"))
FEATURES = FeatureFrame(10.0, Layout((), ()), np.zeros(0, np.float32))
BOARD = Board(10.0, CARDS, 0, {}, {}, {}, FEATURES, next=1, when="in 4 bars")


def test_an_engine_that_does_not_answer_is_noticed_after_a_second() -> None:
    assert PanelFacts(10.0 + ANSWERS_S / 2, BOARD, TOLD).silent_s == 0
    assert PanelFacts(13.0, BOARD, TOLD).silent_s == pytest.approx(3.0)
    assert PanelFacts(13.0, since_s=11.0).silent_s == pytest.approx(2.0), "one that never spoke"


def test_what_comes_next_and_when() -> None:
    assert PanelFacts(10.0, BOARD, TOLD).coming == ("Ink", "in 4 bars")
    waiting = replace(BOARD, chosen=2, waits_for="the next bar: Neon")
    assert PanelFacts(10.0, waiting, TOLD).coming == ("Neon", "waits for the next bar")
    assert PanelFacts(10.0, replace(BOARD, next=0), TOLD).coming == ("", ""), "one scene follows itself"
    assert PanelFacts(10.0).coming == ("", "")


def test_the_light_is_that_of_blackout_master_and_fade() -> None:
    def facts(**states: float) -> PanelFacts:
        return PanelFacts(10.0, states=states)

    assert facts(blackout=1.0, master=0.8).light == 0
    assert facts(master=0.5, fade=0.5).light == 0.25
    assert facts(fade=0.0).faded
    assert [words for words, _ in facts(blackout=1.0, freeze=1.0, master=0.5).marks] == ["BLACKOUT", "FROZEN"]


@pytest.mark.parametrize(("seconds", "text"), [(0.4, "0 s"), (59.9, "59 s"), (185, "3:05"), (3725, "1:02:05")])
def test_durations_as_people_write_them(seconds: float, text: str) -> None:
    assert duration_text(seconds) == text


def test_every_bundled_scene_has_its_still_and_a_scene_of_ones_own_does_not_borrow_it() -> None:
    names = list(scene_paths())
    assert set(stills_of(names)) == set(names)
    assert stills_of(["nothing", "/nowhere/tide.toml"]) == {}
    assert still_of(scene_paths()["tide"].with_name("unheard-of.toml")) is None


def test_the_panel_opens_where_there_is_a_screen_left_for_it() -> None:
    full, asked = WindowTable(fullscreen=True), WindowTable(panel=True)
    assert not arrange(1, 0, full).opens
    two = arrange(2, 0, full)
    assert (two.opens, two.output, two.panel, two.fullscreen) == (True, 1, 0, True)
    assert not arrange(2, 0, WindowTable()).opens, "a window is no projector"
    assert not arrange(2, 0, WindowTable(fullscreen=True, panel=False)).opens
    assert arrange(2, 0, asked).fullscreen, "the projector is filled"
    assert arrange(1, 0, asked).side_by_side
    assert not arrange(1, 0, asked).fullscreen
    named = arrange(3, 0, full, named=0)
    assert (named.output, named.panel) == (0, 1), "the venue's word about the output stands"


@pytest.mark.parametrize("screen", [(0, 0, 1366, 768), (100, 30, 1920, 1050), (0, 0, 3840, 2160), (0, 0, 800, 600)])
def test_side_by_side_neither_window_covers_the_other_nor_leaves_the_screen(screen: tuple[int, int, int, int]) -> None:
    x, y, width, height = screen
    panel, output = beside(screen, (1024, 576))
    assert panel[0] + panel[2] <= output[0]
    for left, top, wide, high in (panel, output):
        assert x <= left
        assert left + wide <= x + width
        assert y <= top
        assert top + high <= y + height


def test_a_window_whose_screen_is_gone_goes_to_the_main_one() -> None:
    main = (0, 0, 1280, 720)
    assert shelter((100, 50, 800, 600), [main], 0) is None, "it is seen"
    assert shelter((1280, 0, 1280, 720), [main], 0) == main
    assert shelter((1280, 0, 1920, 1080), [main], 0) == main, "no larger than the screen"


def test_a_setlist_says_when_its_next_entry_comes() -> None:
    program = Program(
        [Advancing("bars", bars=8), Advancing("seconds", seconds=30), Advancing("section"), Advancing("cue")]
    )
    assert program.when == "in 8 bars"
    beats = BeatGrid()
    program.step(None, beats, 2.0)  # a bar, while no beat is heard
    assert program.when == "in 7 bars"
    program.began(1)
    program.step(None, beats, 4.5)
    assert program.when == "in 26 s"
    program.began(2)
    assert program.when == "with the next section"
    program.began(3)
    assert program.when == ""


class FakeLearner:
    """A learner of nothing: what it was asked, and what it answers."""

    def __init__(self) -> None:
        from livegan.engine.router import Router

        self.controls = Router()
        self.learning = PanelLearning(self.controls)

    def answer(self, **state: object) -> None:
        from livegan.control.learn import LearnState

        self.controls.learning.put(LearnState(**state))

    def asked(self) -> list[str]:
        return [request.wish for request in self.controls.learn_requests.drain()]


def test_learning_arms_what_is_clicked_and_undoes_only_what_was_just_learnt() -> None:
    learner = FakeLearner()
    learning = learner.learning
    learning.toggle(0.0)
    assert "no MIDI" in learning.line(0.0)
    learner.answer()
    assert not learning.arm("blackout"), "it is not on: the button does what it does"
    learning.toggle(1.0)
    learner.answer(phase="choosing")
    assert learning.on
    assert "click" in learning.line(1.0)
    assert learning.arm("blackout")
    learner.answer(phase="armed", message="now move a knob")
    assert learning.line(2.0) == "now move a knob"
    learner.answer(message="knob 3 turns motion.pulse", learnt=1)
    assert learning.line(3.0).startswith("knob 3 turns motion.pulse")
    assert learning.undo(3.0 + TOLD_S / 2)
    assert not learning.undo(4.0), "that undo is the show's"
    assert learner.asked() == ["begin", "arm", "undo"]


def test_what_is_wrong_with_the_connections_comes_first_and_a_clock_is_no_controller() -> None:
    told = replace(TOLD, connections=(("OSC on 9000", True), ("MIDI clock to Synth", True), ("Link: nobody", False)))
    lines = PanelFacts(10.0, BOARD, told).connections
    words = ["Link: nobody", "no MIDI controller", "OSC on 9000", "MIDI clock to Synth"]
    assert [line for line, _ in lines] == words
    told = replace(TOLD, connections=(("MIDI: nanoKONTROL2", True),))
    assert PanelFacts(10.0, BOARD, told).connections == (("MIDI: nanoKONTROL2", "good"),)


def test_a_still_that_was_asked_for_before_the_setlist_was_read_again_is_forgotten() -> None:
    stills = StillCache()
    stills.know({"tide": Path("tide.webp")})
    assert stills.pixmap("tide") is None
    stills.know({})
    assert stills.read_next() == ""
