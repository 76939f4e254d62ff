"""A show, set up: sound, hands, scenes, networks and recorders for one venue, ready to run."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, Self

from livegan import __version__
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


class Companion(Protocol):
    """Opened before the show, closed after it."""

    def start(self) -> None:
        """Open."""
        ...

    def stop(self) -> None:
        """Close; twice is fine."""
        ...


class Show:
    """``with set_up(...) as show:`` plays, with everything that belongs to it, until the block ends."""

    def __init__(
        self,
        runtime: Runtime,
        desk: Inbox[ControlEvent],
        companions: Sequence[Companion] = (),
        closers: Sequence[Callable[[], None]] = (),
    ) -> None:
        """`desk` takes what hands want of the window; `closers` are called after the last frame."""
        self.runtime = runtime
        self.desk = desk
        self._companions = companions
        self._closers = closers

    def __enter__(self) -> Self:
        """Sound first: if it cannot be opened, nothing was begun."""
        self.runtime.__enter__()
        for companion in self._companions:
            companion.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop every thread, then close what they wrote to."""
        for companion in self._companions:
            companion.stop()
        self.runtime.__exit__()
        for close in self._closers:
            close()


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
    desk: Inbox[ControlEvent] = Inbox()
    tenders: dict[str, Tend] = {}
    companions: list[Companion] = []
    closers: list[Callable[[], None]] = []
    sinks: list[Recording] = []
    notices: list[Callable[[], str]] = []
    if venue.hands.port != NO_MIDI:
        midi = MidiHands(hands, controllers(), port=venue.hands.port, now=clock.now, desk=desk)
        tenders["midi"] = midi.tend
        closers.append(midi.stop)
        notices.append(lambda: midi.notice)
    if isinstance(source, FileSource) and wishes.aloud:
        companions.append(Monitor(source))
    if wishes.record is not None:
        recording = Recording(wishes.record, wishes.record_size, venue.picture.fps, ring)
        sinks.append(recording)
        tenders["recorder"] = recording.tend
        closers.append(recording.close)
        notices.append(lambda: recording.notice)
    journal = Journal(wishes.journal) if wishes.journal else None
    if journal is not None:
        patch = company.performer.patch
        facts = {"scene": patch.name, "seed": patch.scene.seed, "network": patch.network.name}
        journal.note(0.0, "show", livegan=__version__, **facts)
        closers.append(journal.close)
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
        notices=lambda: [notice() for notice in notices],
    )
    return Show(runtime, desk, companions, closers)


def play_headless(show: Show, clock: Clock, duration_s: float | None) -> None:
    """Play without a window until `duration_s` has passed, or for ever; Ctrl-C is an ordinary end."""
    with show, suppress(KeyboardInterrupt):
        end_s = clock.now() + (duration_s if duration_s is not None else float("inf"))
        while clock.now() < end_s:
            clock.wait_until(min(end_s, clock.now() + 0.2))
