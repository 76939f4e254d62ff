"""Milliseconds of the main thread for one update of the panel's sliders and of its patch bay, offscreen.

    QT_QPA_PLATFORM=offscreen python -m tests.benchmarks.bench_board [SCENE]

Every update is that of a tenth of a second of moving sound, painted; beside it, the paint of everything at once.
"""

import math
import os
import sys
import time

from PyQt5.QtWidgets import QApplication, QWidget

from livegan.config.load import load_scene
from livegan.ui.panel.patch_bay import PatchBayView
from livegan.ui.panel.sliders import SliderBoard
from tests.boards import BoardFeed

UPDATES = 300
HEARD = (
    "level",
    "bass",
    "mid",
    "treble",
    "onset",
    "onset.bass",
    "beat",
    "downbeat",
    "beat.phase",
    "brightness",
    "flux",
)


def main() -> None:
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    application = QApplication([])
    scene = load_scene(sys.argv[1] if len(sys.argv) > 1 else "fourfold")
    for kind in (SliderBoard, PatchBayView):
        feed = BoardFeed(scene)
        board: SliderBoard | PatchBayView = kind(feed)
        board.resize(740, 520)
        for widget in (board, *board.findChildren(QWidget)):
            rescale = getattr(widget, "rescale", None)
            if rescale is not None:
                rescale(1.0)
        board.show()
        board.update_board(feed.step())
        application.processEvents()
        spent = []
        for number in range(UPDATES):
            values = {name: 0.5 + 0.5 * math.sin(number * (at + 3) / 9) for at, name in enumerate(HEARD)}
            newest = feed.step(**values)
            began = time.perf_counter()
            board.update_board(newest)
            application.processEvents()
            spent.append(1e3 * (time.perf_counter() - began))
        began = time.perf_counter()
        board.grab()
        whole = 1e3 * (time.perf_counter() - began)
        spent.sort()
        print(
            f"{kind.__name__:13} median {spent[UPDATES // 2]:.2f} ms, p99 {spent[-3]:.2f} ms; all of it {whole:.1f} ms"
        )
        board.hide()


if __name__ == "__main__":
    main()
