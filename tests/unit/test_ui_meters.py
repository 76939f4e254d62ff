"""Meters of the panel: a light for each beat of the bar, whatever the metre."""

from tests.unit.test_ui_qt import run


def test_there_is_a_light_for_each_beat_of_the_bar_and_one_after_the_other_is_lit() -> None:
    run("""
from types import SimpleNamespace
from PyQt5.QtWidgets import QApplication
from livegan.ui.panel.meters import BeatLights
from tests.boards import BoardFeed
from tests.building import LAYOUT
from tests.unit.test_ui_sliders import SCENE
from livegan.core.types import Layout

application = QApplication([])
layout = Layout((*LAYOUT.names, "bar.phase"), (*LAYOUT.peaks, False))
feed, lights = BoardFeed(SCENE, layout), BeatLights()
lights.resize(150, 58)
pictures = {}
for bar in (2, 3, 4, 6):
    lit = []
    for beat in range(bar):
        board = feed.step(**{"bar.phase": (beat + 0.01) / bar})
        engine = SimpleNamespace(bpm=120.0, beats_per_bar=bar)
        now_s = board.features.time_s
        lights.show_facts(SimpleNamespace(engine=engine, board=board, now_s=now_s, silent_s=0.0), "heard")
        lit.append(lights._lit)
    assert lit == list(range(bar)), (bar, lit)
    pictures[bar] = lights.grab().toImage()
assert pictures[3] != pictures[4] != pictures[6]
""")
