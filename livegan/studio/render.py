"""Rendering a film: the same performer as on stage, on a clock that counts; nothing is dropped, nothing is late."""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from math import inf
from pathlib import Path

from livegan.audio.song import Song, read_song
from livegan.config.venue import Venue
from livegan.core.clock import ManualClock
from livegan.core.progress import progress_bar
from livegan.core.types import Frame
from livegan.engine.assemble import assemble
from livegan.engine.bind import listen, setlist
from livegan.engine.guard import StrictGuard
from livegan.engine.performer import Performer
from livegan.errors import MediaError, NetworkError
from livegan.features.listening import Listening
from livegan.outputs.film import Film
from livegan.outputs.sound import check_channels
from livegan.outputs.soundtrack import AudioTrack

SOUNDS = ("original", "aac")


@dataclass(frozen=True, slots=True)
class Order:
    """Which film is wanted."""

    song: Path
    output: Path
    scene: str = ""
    fps: Fraction = Fraction(60)
    size: tuple[int, int] = (768, 768)
    audio: str = "original"
    duration_s: float | None = None
    overwrite: bool = False


@dataclass(frozen=True, slots=True)
class Done:
    """What became of it."""

    frames: int
    seconds: float
    stopped: bool  # by Ctrl-C, before the end
    path: Path  # where the film is: beside the name that was asked for, if another film took that meanwhile
    notice: str = ""  # what is wrong with the song, or with the film's name


def frames(
    performer: Performer, listening: Listening, clock: ManualClock, song: Song, fps: Fraction
) -> Iterator[Frame]:
    """Every frame of a song: frame k shows what was heard up to k / fps seconds, and nothing later."""
    mark, at = 0, 0
    for index in range(frame_count(song, fps)):
        time_s = float(index / fps)
        clock.wait_until(time_s)
        end = int(index / fps * song.sample_rate)
        listening.process(song.samples[at:end], end / song.sample_rate)
        at = end
        heard = listening.ring.since(mark)
        mark = heard.mark if heard else mark
        yield performer.step(index, time_s, float(1 / fps), heard.frame if heard else None, ())


def frame_count(song: Song, fps: Fraction) -> int:
    """How many frames cover the song."""
    return max(1, -(-len(song.samples) * fps.numerator // (song.sample_rate * fps.denominator)))


def film(order: Order, venue: Venue) -> Done:
    """Make the film, with a progress bar; Ctrl-C closes it early and leaves it playable."""
    if order.audio not in SOUNDS:
        raise MediaError(f"--audio {order.audio!r} is not one of {', '.join(SOUNDS)}; type for example: --audio aac")
    if order.output.resolve() == order.song.resolve():
        raise MediaError(f"{order.output} is the song itself; give the film another name, for example: -o film.mp4")
    if order.output.exists() and not order.overwrite:
        raise MediaError(f"{order.output} is there already; type --overwrite, or give another name with -o")
    song = read_song(order.song, inf if order.duration_s is None else order.duration_s)
    check_channels(song.samples.shape[1])
    clock = ManualClock()
    only = setlist(venue, order.scene).only_start()
    listening = listen(venue, song.sample_rate, song.samples.shape[1], only.scenes)
    session = assemble(only, venue, listening, clock, StrictGuard(clock.now), patient=True)
    session.performer.poll()  # what is wrong with a network is told before the film is begun
    output = Film(
        order.output,
        order.size,
        order.fps,
        audio=AudioTrack(order.song, quality=order.audio, until_s=song.seconds),
        overwrite=order.overwrite,
    )
    made, stopped = 0, False
    try:
        with progress_bar(order.output.name, frame_count(song, order.fps), "frames") as tell:
            for frame in frames(session.performer, listening, clock, song, order.fps):
                output.send(frame)
                made += 1
                tell(made)
    except KeyboardInterrupt:
        stopped = True
    except RuntimeError as error:
        reason = str(error).splitlines()[0]
        raise NetworkError(f"frame {made} cannot be drawn: {reason}; {order.output} ends there") from error
    finally:
        output.close()
    notice = " ".join(line for line in (*song.notices, output.notice) if line)
    return Done(made, float(made / order.fps), stopped, output.path, notice)
