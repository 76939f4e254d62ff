"""Card of the master section: blackout, freeze, safe scene, panic and the fader; all act while the engine hangs."""

from typing import Protocol

from PyQt5.QtCore import Qt
from PyQt5.QtWidgets import QWidget

from livegan.ui.panel.button import PanelButton
from livegan.ui.panel.card import Card
from livegan.ui.panel.facts import PanelFacts
from livegan.ui.panel.fader import Fader
from livegan.ui.panel.texts import Lines


class Send(Protocol):
    """Puts a control event of the panel into the router."""

    def __call__(self, name: str, value: float = 1.0) -> None:
        """A control's name, and its value, 0..1."""
        ...


class MasterCard(Card):
    """The column of large buttons, and the fader below them."""

    def __init__(self, send: Send, parent: QWidget | None = None) -> None:
        super().__init__("", parent)
        self.blackout = PanelButton("&BLACKOUT", "Black, and back (B)", ink="bad", size=20, height=84, width=160)
        self.freeze = PanelButton("&FREEZE", "Hold the picture (Space)", ink="cold", size=20, height=70, width=160)
        self.safe = PanelButton("&SAFE", "To the safe scene, at once (Home)", ink="good", size=20, height=70, width=160)
        self.fade = PanelButton(
            "FA&DE", "Fade to black, and back (Page down, up)", ink="bad", size=14.5, height=46, width=72
        )
        self.panic = PanelButton(
            "&PANIC",
            "All notes off, every control as the scene has it (End)",
            ink="warn",
            size=14.5,
            height=46,
            width=72,
        )
        self.fader = Fader("Brightness of the output", upright=True, home=1.0, ink="text")
        self.level = Lines("Master", 1)
        for button in (self.blackout, self.freeze, self.safe):
            self.rows.addWidget(button)
        self.row(self.fade, self.panic)
        self.fade.pressed.connect(lambda: send("fade.in" if self.fade.lit else "fade.out"))
        self.blackout.pressed.connect(lambda: send("blackout", float(not self.blackout.lit)))
        self.freeze.pressed.connect(lambda: send("freeze", float(not self.freeze.lit)))
        self.safe.pressed.connect(lambda: send("scene.safe"))
        self.panic.pressed.connect(lambda: send("panic"))
        self.rows.addWidget(self.fader, 1, Qt.AlignmentFlag.AlignHCenter)
        self.rows.addWidget(self.level)
        self.fader.moved.connect(lambda value: send("master", value))

    def show_facts(self, facts: PanelFacts) -> None:
        """What is on, and where the fader stands."""
        board = facts.board
        self.blackout.light(facts.blackout)
        self.freeze.light(facts.frozen)
        plays = board is not None and (board.playing < 0 or board.playing == board.safe)
        self.safe.light(plays and not facts.silent_s, facts.title_of(board.safe) if board is not None else "")
        self.fader.show_value(facts.master)
        self.fade.light(facts.faded, "in" if facts.faded else "out")
        self.level.show_lines([(f"master {facts.master:.0%}", "good" if facts.master >= 1.0 else "warn")])
