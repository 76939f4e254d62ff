"""Listening in real time (`livegan listen` to a sound card, or to a song as it sounds), with meters."""

from math import inf

from rich.console import Console
from rich.live import Live

from livegan.audio.composed import MusicSource
from livegan.config.venue import Venue
from livegan.core.clock import WallClock
from livegan.core.progress import LenientStderr
from livegan.core.rings import Reader
from livegan.engine.guard import FaultGuard
from livegan.engine.listening_stage import listening_stage
from livegan.engine.sound import open_sound
from livegan.engine.sound_runtime import SoundRuntime, monitor_service
from livegan.studio.listen_events import Transcript, hear
from livegan.studio.listen_files import ListenJob, ListenResult, summary, writers
from livegan.studio.listen_meters import meters

METERS_HZ = 20.0  # refresh rate


def listen_live(job: ListenJob, venue: Venue, input_: str) -> ListenResult:
    """A sound card, or a song as it sounds, with meters; Ctrl-C is an ordinary end."""
    source = open_sound(input_, venue.audio, loop=False)
    timeline = source.timeline if isinstance(source, MusicSource) else None
    clock = WallClock()
    listening = listening_stage(venue, source.ring.sample_rate, source.ring.channels, timeline=timeline)
    guard, services = FaultGuard(clock.now), list(monitor_service(venue.audio, source))
    notes = Transcript() if job.events else None
    console = Console(file=LenientStderr())  # type: ignore[arg-type]
    seconds, lost = 0.0, 0
    with writers(job, source.name, listening, notes) as files:
        try:
            with (
                SoundRuntime(source, clock, guard, services) as runtime,
                Live(console=console, auto_refresh=False) as live,
            ):
                reader, at = Reader(listening.ring), 0
                end_s = runtime.start_s + (inf if job.duration_s is None else job.duration_s)
                over, heard = False, None
                while not over:
                    over = clock.now() >= end_s or source.ended  # before listening: nothing is left unheard
                    first, sound = source.ring.read(at, source.ring.written)
                    lost += first > at
                    at = first + len(sound)
                    hops = hear(listening, sound, source.ring.time_at(at), runtime.start_s)
                    seconds = max(seconds, hops.end_s) if len(sound) else seconds
                    for file in files:
                        file.take(hops)
                    batch = reader.read()
                    if batch is not None:
                        heard = batch.frame
                        live.update(meters(heard, source.name, seconds, source.notice), refresh=True)
                    if not over:
                        clock.wait_until(min(end_s, clock.now() + 1.0 / METERS_HZ))
                if heard is not None and source.notice:
                    live.update(meters(heard, source.name, seconds, ""))  # it is told below
        except KeyboardInterrupt:
            pass
        if not console.is_terminal:
            console.line()  # Live ends its line on a terminal only
    lines = summary(source.name, seconds, notes, False, job)
    if source.notice:
        lines = (*lines, source.notice)
    if source.overruns + lost:
        lines = (*lines, f"{source.overruns + lost} times sound was lost before it was analysed.")
    return ListenResult(seconds, False, notes.table() if notes else {}, lines, tuple(SoundRuntime.stuck()))
