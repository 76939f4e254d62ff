"""A show, set up: sound, hands, scenes, networks and recorders for one venue, ready to run."""

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from livegan.audio.file import FileSource
from livegan.audio.monitor import Monitor
from livegan.config.load import load_controllers
from livegan.config.venue import Venue
from livegan.control.controllers import Controller
from livegan.control.midi import MidiHands
from livegan.core.channels import Inbox
from livegan.core.clock import Clock
from livegan.core.types import ControlEvent
from livegan.core.version import __version__
from livegan.engine.assemble import assemble
from livegan.engine.bind import listen, setlist
from livegan.engine.journal import Journal
from livegan.engine.patch import Patch
from livegan.engine.recording import Recording
from livegan.engine.runtime import Runtime, Service
from livegan.engine.sound import is_song, open_sound
from livegan.errors import MediaError

NO_MIDI = "none"


@dataclass(frozen=True, slots=True)
class PlayOptions:
    """What was asked for at the shell, over what the venue says."""

    input: str = ""
    scene: str = ""
    record: Path | None = None
    record_size: tuple[int, int] = (768, 768)
    overwrite: bool = False  # an older film of that name
    journal: Path | None = None
    aloud: bool = True  # play songs through the speakers
    in_window: bool = True


@dataclass(frozen=True, slots=True)
class Show:
    """What was set up. ``with show.runtime:`` plays."""

    runtime: Runtime
    window_events: Inbox[ControlEvent]  # what hands want of the window
    notices: tuple[str, ...]  # lines worth printing before the show
    recording: Recording | None = None


def set_up(venue: Venue, wishes: PlayOptions, clock: Clock) -> Show:
    """Build everything aside; nothing is opened yet. Raises LiveganError, loudly, where something cannot work."""
    what = setlist(venue, wishes.scene)
    wanted = wishes.input or venue.audio.input
    _spare_the_song(wanted, wishes.record)
    if wishes.record is not None and wishes.record.exists() and not wishes.overwrite:
        raise MediaError(f"{wishes.record} is there already; type --overwrite, or record to another file")
    most = max((channel for group in venue.inputs.values() for channel in group.channels), default=0)
    source = open_sound(wanted, venue.audio, most=most)
    ring = source.ring
    session = assemble(what, venue, listen(venue, ring.sample_rate, ring.channels, what.scenes), clock)
    hands: Inbox[ControlEvent] = Inbox()
    window_events: Inbox[ControlEvent] = Inbox()
    services: list[Service] = []
    if wishes.aloud and venue.audio.monitor and isinstance(source, FileSource):
        services.append(_aloud(Monitor(source)))
    if venue.hands.port != NO_MIDI:
        to_window = window_events if wishes.in_window else None
        midi = MidiHands(hands, _controllers(), port=venue.hands.port, now=clock.now, window_events=to_window)
        services.append(Service("midi", poll=midi.poll, stop=midi.stop, notice=lambda: midi.notice))
    journal = Journal(wishes.journal) if wishes.journal else None
    if journal is not None:
        services.append(_written(journal, session.performer.patch))
    recording = None
    if wishes.record is not None:
        recording = Recording(wishes.record, wishes.record_size, venue.picture.fps, ring)
        services.append(_recorded(recording))
    runtime = Runtime(
        source,
        session.listening,
        session.performer,
        session.loader,
        clock,
        fps=venue.picture.fps,
        hands=hands,
        services=services,
        sinks=[recording] if recording else [],
        journal=journal,
    )
    return Show(runtime, window_events, session.notices, recording)


def _spare_the_song(song: str, film: Path | None) -> None:
    """MediaError if the film would overwrite the song that is played."""
    if film is not None and is_song(song) and film.resolve() == Path(song).resolve():
        raise MediaError(f"{film} is the song that plays; record to another file, for example: --record show.mp4")


def _controllers() -> list[Controller]:
    """Every controller we know by name."""
    return [Controller(table.name, table.match, table.knobs, table.pads) for table in load_controllers()]


def _aloud(monitor: Monitor) -> Service:
    return Service("monitor", start=monitor.start, stop=monitor.stop, notice=lambda: monitor.notice)


def _written(journal: Journal, patch: Patch) -> Service:
    def begin() -> None:
        journal.open()
        networks = list(patch.scene.networks)
        journal.note(0.0, "show", livegan=__version__, scene=patch.name, seed=patch.scene.seed, networks=networks)

    return Service("journal", begin, journal.poll, journal.close, lambda: journal.notice)


def _recorded(recording: Recording) -> Service:
    return Service("recorder", recording.open, recording.poll, recording.close, lambda: recording.notice)


def play_headless(show: Show, clock: Clock, duration_s: float | None) -> None:
    """Play without a window until `duration_s` has passed, or for ever; Ctrl-C is an ordinary end."""
    with show.runtime, suppress(KeyboardInterrupt):
        end_s = clock.now() + (duration_s if duration_s is not None else float("inf"))
        while clock.now() < end_s:
            clock.wait_until(min(end_s, clock.now() + 0.2))
