"""A show, set up: sound, hands, scenes, networks and recorders for one venue, ready to run."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from livegan.audio.file import FileSource
from livegan.audio.monitor import Monitor
from livegan.control.controllers import Controller
from livegan.control.midi import MidiHands
from livegan.core.channels import Inbox
from livegan.core.clock import Clock
from livegan.core.types import ControlEvent
from livegan.engine.bind import assemble, listen, programme
from livegan.engine.journal import Journal
from livegan.engine.recording import Recording
from livegan.engine.runtime import Runtime, Tend
from livegan.engine.sound import open_sound
from livegan.scenes.load import load_controllers
from livegan.scenes.venue import Venue

NO_MIDI = "none"


@dataclass(frozen=True, slots=True)
class Wishes:
    """What was asked for at the shell, over what the venue says."""

    input: str = ""
    scene: str = ""
    record: Path | None = None
    record_size: tuple[int, int] = (768, 768)
    journal: Path | None = None
    aloud: bool = True  # play songs through the speakers


@dataclass(slots=True)
class Show:
    """The runtime, and what must be closed after it."""

    runtime: Runtime
    notices: list[str] = field(default_factory=list)  # lines worth printing before the show
    closers: list[Callable[[], None]] = field(default_factory=list)

    def close(self) -> None:
        """Close recorders, journal, ports; twice is fine."""
        while self.closers:
            self.closers.pop()()


def controllers() -> list[Controller]:
    """Every controller we know by name."""
    return [Controller(table.name, table.match, table.knobs, table.pads) for table in load_controllers()]


def set_up(venue: Venue, wishes: Wishes, clock: Clock) -> Show:
    """Build everything aside; nothing runs yet. Raises LiveganError, loudly, where something cannot work."""
    order, start = programme(venue, wishes.scene)
    source = open_sound(wishes.input or venue.audio.input, venue.audio)
    ring = source.ring
    company = assemble(order, start, venue, listen(venue, ring.sample_rate, ring.channels), clock)
    hands: Inbox[ControlEvent] = Inbox()
    tenders: dict[str, Tend] = {}
    closers: list[Callable[[], None]] = []
    notices: list[str] = []
    told: list[Callable[[], str]] = []
    if venue.hands.port != NO_MIDI:
        midi = MidiHands(hands, controllers(), port=venue.hands.port, now=clock.now)
        tenders["midi"] = midi.tend
        closers.append(midi.stop)
        told.append(lambda: midi.notice)
    if isinstance(source, FileSource) and wishes.aloud:
        monitor = Monitor(source)
        tenders["monitor"] = monitor.tend
        closers.append(monitor.stop)
    journal = Journal(wishes.journal) if wishes.journal else None
    if journal is not None:
        scene = company.performer.patch.scene
        journal.note(0.0, "show", scene=company.performer.patch.name, seed=scene.seed, network=scene.network)
        closers.append(journal.close)
    sinks = []
    if wishes.record is not None:
        recording = Recording(wishes.record, wishes.record_size, venue.picture.fps, ring)
        sinks.append(recording)
        tenders["recorder"] = recording.tend
        closers.append(recording.close)
    runtime = Runtime(
        source,
        company.listening,
        company.performer,
        company.loader,
        clock,
        fps=venue.picture.fps,
        hands=hands,
        tenders=tenders,
        sinks=sinks,
        journal=journal,
        notices=lambda: [text() for text in told],
    )
    return Show(runtime, notices, closers)
