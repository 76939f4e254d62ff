"""Status strip of the panel: sound, tempo, what is connected, and the health of the show."""

from collections.abc import Callable

from PyQt5.QtWidgets import QVBoxLayout, QWidget

from livegan.ui.panel.button import PanelButton
from livegan.ui.panel.card import Card
from livegan.ui.panel.facts import PanelFacts
from livegan.ui.panel.master import Send
from livegan.ui.panel.meters import BeatLights, LevelMeter
from livegan.ui.panel.texts import Health, Lines


class SoundSection(Card):
    """The input's level and onsets, and the button that chooses another."""

    def __init__(self, choose: Callable[[QWidget], None], parent: QWidget | None = None) -> None:
        """`choose` opens the list of inputs at a button."""
        super().__init__("SOUND", parent)
        self.device = PanelButton("...", "Choose the sound &input", size=13.5, height=32, width=80)
        self.device.setAccessibleName("Sound input")
        self.device.clicked.connect(lambda: choose(self.device))
        self.meter = LevelMeter()
        self.rows.addWidget(self.meter, 1)
        self.rows.addWidget(self.device)

    def show_facts(self, facts: PanelFacts) -> None:
        """Level, onset, and the name of what is heard."""
        self.meter.show_facts(facts)
        name = facts.engine.source if facts.engine is not None else "..."
        if name != self.device.shown:
            self.device.shown = name


class TempoSection(Card):
    """Tempo, beat, where it comes from; tap, halve, double."""

    def __init__(self, send: Send, parent: QWidget | None = None) -> None:
        super().__init__("TEMPO", parent)
        self.lights = BeatLights()
        self.tap = PanelButton("&TAP", "Tap the tempo (T)", size=17, height=62, width=66)
        self.halve = PanelButton("\N{DIVISION SIGN}2", "Halve the tempo ([)", size=15, height=28, width=40)
        self.double = PanelButton("\N{MULTIPLICATION SIGN}2", "Double the tempo (])", size=15, height=28, width=40)
        line = self.row(self.lights, stretch=0)
        pair = QVBoxLayout()
        pair.addWidget(self.halve)
        pair.addWidget(self.double)
        line.addLayout(pair)
        line.addWidget(self.tap)
        for button, name in ((self.tap, "beat.tap"), (self.halve, "beat.halve"), (self.double, "beat.double")):
            button.pressed.connect(lambda name=name: send(name))

    def show_facts(self, facts: PanelFacts) -> None:
        """Tempo, and its source."""
        self.lights.show_facts(facts, facts.engine.clock if facts.engine is not None else "")


class HandsSection(Card):
    """What is connected: MIDI, OSC, Link, the phone page; and the button that teaches a knob."""

    def __init__(self, learn: Callable[[], None], parent: QWidget | None = None) -> None:
        """`learn` begins or leaves learning."""
        super().__init__("HANDS", parent)
        self.lines = Lines("What is connected", 3)
        self.learn = PanelButton("&LEARN", "Teach a knob or a pad (L)", ink="warn", size=15, height=62, width=80)
        self.row(self.lines, self.learn, stretch=0)
        self.learn.pressed.connect(learn)

    def show_facts(self, facts: PanelFacts) -> None:
        """A line each."""
        self.lines.show_lines(facts.connections)

    def show_learning(self, *, on: bool) -> None:
        """Lit while a knob is being taught."""
        self.learn.light(on)


class HealthSection(Card):
    """Frame rate, latency, losses, and what the governor traded."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("HEALTH", parent)
        self.health = Health()
        self.rows.addWidget(self.health)

    def show_facts(self, facts: PanelFacts) -> None:
        """The figures."""
        self.health.show_facts(facts)
