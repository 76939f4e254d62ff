"""Stage of a film of a show log: the scenes of the show bound again, its plans, its sound."""

from collections.abc import Collection, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from fractions import Fraction
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, cast

from livegan.audio.song import open_song
from livegan.config.load import LoadedScene
from livegan.config.transition import TransitionTable
from livegan.config.venue import CameraTable, Venue
from livegan.core.clock import ManualClock
from livegan.core.text import printable
from livegan.engine.assemble import assemble
from livegan.engine.camera import sees
from livegan.engine.patch import Patch
from livegan.engine.show_log_reader import ShowLogFile, open_show_log
from livegan.engine.vocabulary import Vocabulary
from livegan.errors import MediaError
from livegan.networks.digest import file_digest
from livegan.networks.library import find_network
from livegan.outputs.rate import MAX_FPS, MIN_FPS
from livegan.studio.film_facts import film_facts
from livegan.studio.film_job import RenderJob
from livegan.studio.film_stage import Echo, FilmStage, debug_view, open_drawing
from livegan.studio.replay import LoggedHearing, Replay, ReplayGuard
from livegan.studio.replay_film import film_frames, film_plans
from livegan.studio.replay_networks import NetworkSwap
from livegan.studio.show_sound import ShowSound, show_sound

if TYPE_CHECKING:
    from livegan.features.listening import Listening


def replay_stage(job: RenderJob, venue: Venue, echo: Echo, opened: ExitStack, folder: Path) -> FilmStage:
    """The stage of a job whose song is a show log; MediaError where that says too little, or does not fit the job."""
    log = open_show_log(job.song)
    _check(job, log)
    place = _place(job, venue, log)
    extent = _extent(log)
    swap = NetworkSwap(find_network(job.network) if job.network else None, Vocabulary.of(log.layout))
    scenes = swap.setlist(log.scenes, extent.played)
    clock = ManualClock()
    hearing = cast("Listening", LoggedHearing(log.layout))
    draws = not job.workers.used
    session = assemble(scenes, place, hearing, clock, ReplayGuard(clock.now), synchronous=True, draws=draws)
    began_s, span_s = extent.began_s, extent.span_s
    if job.start_s > span_s:
        raise MediaError(f"the show is only {span_s:.1f} s long; --start {job.start_s:g} is after its end")
    heard, remark = show_sound(log, job.sound, began_s)
    draws_sound = any(patch.draws_sound or patch.draws_score for patch in session.performer.patches)
    windows = heard.windows() if heard is not None and draws_sound else None
    replay = Replay(log, session.performer, session.binder, windows, swap.names)

    def bind(scene: LoadedScene, transition: TransitionTable) -> Patch:
        return session.binder.bind(swap.scene(scene), transition)

    replay.bind = bind
    exact = job.fps == show_rate(log)
    length_s = inf if job.duration_s is None else job.duration_s
    expected = film_frames(span_s, job.fps, exact, job.start_s, length_s)
    planned = film_plans(replay, job.fps, exact=exact, start_s=job.start_s, length_s=length_s)
    drawing = open_drawing(job, place, session.performer, echo, opened)
    facts = film_facts(job, place, scenes, drawing.networks, drawing.backend)
    for line in (*_remarks(log, exact, job, extent.played), *swap.remarks(extent.played), remark):
        if line:
            echo(line)
    for number, path in enumerate(log.paths[1:], 2):
        facts[f"log {number}"] = file_digest(path)
    length_s = min(max(span_s + float(1 / show_rate(log)) - job.start_s, 0.0), length_s)
    sound = None if heard is None else heard.track(began_s + job.start_s, length_s, job.audio, _song_s(heard))
    view = debug_view(job, session.performer, log.layout)

    def notices() -> Sequence[str]:
        told = [replay.comparison.text] if exact else []
        return [f"{printable(job.song)}: {line}." for line in (*told, replay.comparison.wrong, log.wrong) if line]

    return FilmStage(planned, expected, session.performer, scenes, facts, drawing, sound, view, notices)


def show_rate(log: ShowLogFile) -> Fraction:
    """The frame rate of the show, exactly as `--fps` would give it."""
    fps = log.number("fps")
    if not MIN_FPS <= fps <= MAX_FPS:
        raise log.unusable("fps")
    return Fraction(fps).limit_denominator(1001)


def show_size(log: ShowLogFile) -> tuple[int, int]:
    """The size of the show's picture: width, height [px]."""
    return log.venue.window.size


def _check(job: RenderJob, log: ShowLogFile) -> None:
    name = printable(job.song)
    if job.more_songs or job.stems or job.scene or job.set or job.prompt:
        raise MediaError(f"{name} is a show log and has its scenes and words; leave other songs and scenes out")
    if log.header.get("programs"):
        raise MediaError(f"{name} is of a program's own networks, which no log can hold; render it in that program")
    unnamed = [each.function for each in log.venue.effects if each.function not in job.allowed_effects]
    if unnamed:
        words = " ".join(f"--effect {printable(function)}" for function in unnamed)
        raise MediaError(f"{name} runs Python code of this machine. If that is what you want, type it too: {words}")


def _place(job: RenderJob, venue: Venue, log: ShowLogFile) -> Venue:
    """The show's venue with this machine's device and the film's size."""
    theirs = log.venue
    window = theirs.window.model_copy(update={"size": job.size})
    camera = CameraTable(device=venue.camera.device)
    return theirs.model_copy(update={"picture": venue.picture, "window": window, "camera": camera})


def _remarks(log: ShowLogFile, exact: bool, job: RenderJob, played: Collection[str]) -> list[str]:
    own, asked = float(show_rate(log)), float(job.fps)
    other = f"The show ran at {own:g} frames a second: at {asked:g} what it heard and what was done is stepped anew."
    seen = "What a camera saw is not in the log: scenes that have one walk instead."
    saw = any(sees(each.scene) for each in log.scenes.all_scenes if each.name in played)
    lost = f"{printable(job.song)}: {log.lost}. The film has what is before." if log.lost else ""
    return [line for line in ("" if exact else other, seen if saw else "", lost) if line]


@dataclass(frozen=True, slots=True)
class _Extent:
    """What a log holds, as far as it goes."""

    began_s: float  # when the first frame of the show was due
    span_s: float  # from then to when the last one was
    played: frozenset[str]  # names of the scenes that did


def _extent(log: ShowLogFile) -> _Extent:
    """What there is of the show; MediaError if that is no frame."""
    scenes = log.scenes
    times, played = [], {scenes.scenes[scenes.start].name}
    for block in log.blocks():
        times += [frame.time_s for frame in (*block.frames[:1], *block.frames[-1:])]
        played |= {str(note.get("name")) for note in block.notes if note.get("kind") == "scene"}
    if not times:
        raise MediaError(f"{printable(log.path)} holds no frame to render: {log.no_frame}; name another log")
    return _Extent(times[0], times[-1] - times[0], frozenset(played))


def _song_s(sound: ShowSound) -> float:
    return open_song(sound.path).expected_s or 0.0 if sound.loops else 0.0
