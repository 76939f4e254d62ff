"""Stage of a film of a show log: the scenes of the show bound again, its plans, its sound."""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
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
from livegan.engine.bind import Setlist
from livegan.engine.camera import sees
from livegan.engine.networks import find_bank
from livegan.engine.patch import Patch
from livegan.engine.show_log_reader import ShowLogFile, open_show_log
from livegan.errors import MediaError, NetworkError
from livegan.networks.digest import file_digest
from livegan.networks.info import NetworkInfo
from livegan.networks.library import find_network
from livegan.outputs.rate import MAX_FPS, MIN_FPS
from livegan.studio.film_facts import film_facts
from livegan.studio.film_job import RenderJob
from livegan.studio.film_stage import Echo, FilmStage, debug_view, open_drawing
from livegan.studio.replay import LoggedHearing, Replay, ReplayGuard
from livegan.studio.replay_film import film_frames, film_plans
from livegan.studio.show_sound import ShowSound, show_sound

if TYPE_CHECKING:
    from livegan.features.listening import Listening


def replay_stage(job: RenderJob, venue: Venue, echo: Echo, opened: ExitStack, folder: Path) -> FilmStage:
    """The stage of a job whose song is a show log; MediaError where that says too little, or does not fit the job."""
    log = open_show_log(job.song)
    _check(job, log)
    place = _place(job, venue, log)
    network = find_network(job.network) if job.network else None
    scenes = with_network(log.scenes, network)
    clock = ManualClock()
    hearing = cast("Listening", LoggedHearing(log.layout))
    draws = not job.workers.used
    session = assemble(scenes, place, hearing, clock, ReplayGuard(clock.now), synchronous=True, draws=draws)
    began_s, span_s = _extent(log)
    if job.start_s > span_s:
        raise MediaError(f"the show is only {span_s:.1f} s long; --start {job.start_s:g} is after its end")
    heard, remark = show_sound(log, job.sound, began_s)
    draws_sound = any(patch.draws_sound or patch.draws_score for patch in session.performer.patches)
    windows = heard.windows() if heard is not None and draws_sound else None
    replay = Replay(log, session.performer, session.binder, windows)

    def bind(scene: LoadedScene, transition: TransitionTable) -> Patch:
        return session.binder.bind(_swapped(scene, network), transition)

    replay.bind = bind
    exact = job.fps == show_rate(log)
    length_s = inf if job.duration_s is None else job.duration_s
    expected = film_frames(span_s, job.fps, exact, job.start_s, length_s)
    planned = film_plans(replay, job.fps, exact=exact, start_s=job.start_s, length_s=length_s)
    drawing = open_drawing(job, place, session.performer, echo, opened)
    facts = film_facts(job, place, scenes, drawing.networks, drawing.backend)
    for line in (*_remarks(log, exact, job), remark):
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


def with_network(show: Setlist, network: NetworkInfo | None) -> Setlist:
    """The scenes with this network for each of their own that is alike; NetworkError if there is none such."""
    scenes = tuple(_swapped(loaded, network) for loaded in show.scenes)
    safe = _swapped(show.safe, network) if show.safe else None
    if network is not None and not any(loaded.networks for loaded in scenes):
        theirs = find_bank(loaded.scene)[0] if (loaded := show.scenes[show.start]).scene is not None else ()
        names = " and ".join(f"{info.name} ({_numbers(info)})" for info in theirs[:1])
        raise NetworkError(
            f"--network {network.name} cannot take the place of {names}: its z, classes and w have {_numbers(network)} "
            "numbers; choose a network that has the same"
        )
    return replace(show, scenes=scenes, safe=safe)


def _numbers(info: NetworkInfo) -> str:
    return f"{info.z_dim}/{info.c_dim}/{info.w_dim}"


def _swapped(loaded: LoadedScene, network: NetworkInfo | None) -> LoadedScene:
    """The scene with another network for each alike: under their names, so that the plans are the same."""
    if network is None or loaded.scene is None:
        return loaded
    own, mistakes = find_bank(loaded.scene)
    if mistakes:
        raise NetworkError("; ".join(mistakes))
    if all(_numbers(info) != _numbers(network) for info in own):
        return loaded
    named = (replace(network, name=info.name, classes=info.classes) for info in own)
    return replace(
        loaded,
        networks=tuple(new if _numbers(old) == _numbers(new) else old for old, new in zip(own, named, strict=True)),
    )


def _remarks(log: ShowLogFile, exact: bool, job: RenderJob) -> list[str]:
    own, asked = float(show_rate(log)), float(job.fps)
    other = f"The show ran at {own:g} frames a second: at {asked:g} what it heard and what was done is stepped anew."
    seen = "What a camera saw is not in the log: scenes that have one walk instead."
    return [*([] if exact else [other]), *([seen] if any(sees(each.scene) for each in log.scenes.all_scenes) else [])]


def _extent(log: ShowLogFile) -> tuple[float, float]:
    """When the first frame of the show was due, and how long after it the last one, as far as the log goes [s].

    MediaError if it holds none.
    """
    times = [frame.time_s for block in log.blocks() for frame in (*block.frames[:1], *block.frames[-1:])]
    if not times:
        raise MediaError(f"{printable(log.path)} holds no frame to render: {log.no_frame}; name another log")
    return times[0], times[-1] - times[0]


def _song_s(sound: ShowSound) -> float:
    return open_song(sound.path).expected_s or 0.0 if sound.loops else 0.0
