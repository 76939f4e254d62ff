"""Offline rendering of a film: the performer of a show on a counting clock; no frame is dropped or late."""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial
from itertools import count
from math import ceil, inf
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import cast

import numpy as np

from livegan.audio.song import SongStream, open_song
from livegan.audio.tracks import Tracks, open_tracks
from livegan.config.venue import Venue
from livegan.core.clock import ManualClock
from livegan.core.files import check_outputs
from livegan.core.media import check_song_path
from livegan.core.progress import progress_bar, show_picture
from livegan.core.rings import Reader
from livegan.core.signals import end_at_once, tell_interrupt
from livegan.core.text import printable
from livegan.core.types import Frame, FramePlan, Pixels
from livegan.effects.memory import Memory
from livegan.engine.assemble import assemble
from livegan.engine.bind import listen, scene_sources, setlist
from livegan.engine.camera import camera_remark
from livegan.engine.drawing import Drawn
from livegan.engine.guard import StrictGuard
from livegan.engine.input_groups import silent_groups, unread_stems
from livegan.engine.input_names import is_composition, is_music
from livegan.engine.performer import Performer
from livegan.engine.show_log_reader import is_show_log
from livegan.errors import MediaError, NetworkError, WorkerError
from livegan.features.listening import MIN_SAMPLE_RATE, Listening
from livegan.outputs.formats import odd_size_text
from livegan.outputs.images import FASTEST_GIF, image_name, image_pattern
from livegan.outputs.sound import check_channels
from livegan.outputs.soundtrack import AudioTrack, check_quality
from livegan.rendering.registry import Generator
from livegan.studio.distributed.frames import draw_plans
from livegan.studio.draw_threads import draw_on_threads, generators_for
from livegan.studio.film_facts import film_facts
from livegan.studio.film_job import RenderJob
from livegan.studio.film_music import MusicTracks, open_film_music
from livegan.studio.film_parts import is_left_by, parts_folder
from livegan.studio.film_recording import Recording, begin_recording, encoder_of, is_there, to_go_on
from livegan.studio.film_stage import Echo, FilmStage, debug_view, open_drawing
from livegan.studio.kept_pictures import KeptPictures
from livegan.studio.replay_stage import replay_stage
from livegan.studio.run_file import differences, run_path, write_run

FRAMES_WAITING = 2  # drawn and not encoded yet


@dataclass(frozen=True, slots=True)
class RenderResult:
    """The film that was made."""

    path: Path  # another than the job's if a second program has taken that name meanwhile
    frames: int
    seconds: float
    stopped: bool  # by Ctrl-C, before the end
    parts: Path | None = None  # where a stopped render goes on


def plans(
    performer: Performer, listening: Listening, clock: ManualClock, song: SongStream, fps: Fraction
) -> Iterator[FramePlan]:
    """The plan of every frame of a song: frame k shows what was heard up to k / fps seconds, and nothing later."""
    reader = Reader(listening.ring)
    for index in count():
        time_s = float(index / fps)
        clock.wait_until(time_s)
        end = int(index / fps * song.sample_rate)
        listening.expected = performer.scenes.tempo_range
        listening.process(song.read(end - song.position), end / song.sample_rate)
        batch = reader.read()
        yield performer.advance(index, time_s, float(1 / fps), batch.frame if batch else None)
        next_end = int((index + 1) / fps * song.sample_rate)
        if not song.more(next_end + 1 - song.position):  # nothing sounds after this frame
            return


def drawn_here(
    performer: Performer, generators: Sequence[Generator], planned: Iterable[FramePlan]
) -> Iterator[tuple[FramePlan, Drawn]]:
    """Each plan with its network pictures, drawn in this process; by `generators` on threads, where there are any."""
    if generators:
        with closing(draw_on_threads(planned, generators)) as drawn:
            for plan, wait in drawn:
                yield plan, cast("Drawn", performer.guard("picture", wait, None))
        return
    for plan in planned:
        performer.poll(plan)
        yield plan, cast("Drawn", performer.guard("picture", partial(performer.draw, plan), None))


def frames(performer: Performer, drawn: Iterable[tuple[FramePlan, Drawn]]) -> Iterator[Frame]:
    """The finished frames, in their order: they remember those before."""
    for plan, pictures in drawn:
        pixels = performer.guard("picture", partial(performer.finish, plan, pictures), None)
        yield Frame(cast("Pixels", pixels), plan, plan.time_s, plan.time_s)


def open_audible(path: Path, sample_rate: int, limit_s: float) -> SongStream:
    """Open a song at its own sample rate, or at `sample_rate` where its own is too low to be analysed."""
    song = open_song(path, limit_s=limit_s)
    return song if song.sample_rate >= MIN_SAMPLE_RATE else open_song(path, sample_rate, limit_s)


def expected_frames(song: SongStream, fps: Fraction) -> int:
    """How many frames the film will have if the song is as long as its header says."""
    return max(1, ceil(float((song.expected_s or 0.0) * fps) - 1e-6))  # 0.1 + 0.2 s are three frames of ten


def _open_tracks(job: RenderJob, venue: Venue, folder: Path) -> Tracks | MusicTracks:
    """The songs of a job; music that livegan plays itself is written to `folder` while it is drawn."""
    duration_s = inf if job.duration_s is None else job.duration_s
    rate = venue.audio.sample_rate
    if not any(is_music(str(song)) for song in job.songs):
        return open_tracks(job.songs, job.stems, rate, MIN_SAMPLE_RATE, start_s=job.start_s, duration_s=duration_s)
    if job.more_songs or job.stems:
        raise MediaError(f"{job.song.name} is played by livegan itself; it takes no stems and joins no other song")
    return open_film_music(str(job.song), folder / "music.wav", rate, job.start_s, duration_s)


def _set_up(job: RenderJob, venue: Venue, echo: Echo, opened: ExitStack, folder: Path) -> FilmStage:
    song = _open_tracks(job, venue, folder)
    if isinstance(song, MusicTracks):
        opened.callback(song.finish)
    music = song.music if isinstance(song, MusicTracks) else None
    check_channels(song.own_channels)
    clock = ManualClock()
    scenes = job.scenes or (setlist(venue, job.scene, job.set) if job.set else setlist(venue, job.scene).only_start())
    scenes = scenes.with_prompt(job.prompt)
    if remark := camera_remark(scenes.all_scenes, venue.camera.device):
        echo(remark)
    timeline = music.timeline if music else None
    listening = listen(venue, song.sample_rate, song.channels, scenes.all_scenes, stems=song.groups, timeline=timeline)
    guard = StrictGuard(clock.now)
    here = not job.workers.used
    session = assemble(scenes, venue, listening, clock, guard, synchronous=True, draws=here, functions=job.functions)
    read = [*scene_sources(scenes.all_scenes), *(effect.amplitude_from for effect in venue.effects)]
    for line in (
        *session.notices,
        *silent_groups(venue.inputs, song.own_channels, song.groups),
        *unread_stems(song.groups, read),
    ):
        echo(line)
    performer = session.performer
    if isinstance(song, MusicTracks):
        song.begin(performer.patch.music)
        performer.music, performer.score_feed = song.music.controls, timeline
        session.feed.music = timeline
    until_s = inf if job.duration_s is None else job.start_s + job.duration_s
    played = folder / "music.wav" if music else job.song
    sound = AudioTrack(job.sound or played, job.start_s, job.audio, until_s, () if job.sound else job.more_songs)
    planned = plans(performer, listening, clock, song, job.fps)
    drawing = open_drawing(job, venue, performer, echo, opened)
    facts = film_facts(job, venue, scenes, drawing.networks, drawing.backend)
    view = debug_view(job, performer, listening.layout)
    expected = expected_frames(song, job.fps)
    return FilmStage(planned, expected, performer, scenes, facts, drawing, sound, view, lambda: song.notices)


def render_film(job: RenderJob, venue: Venue, echo: Echo = lambda line: None) -> RenderResult:
    """Render a film with a progress bar; `echo` gets remarks.

    Ctrl-C closes it early and leaves it playable. The same call goes on where an earlier one was stopped or killed, and
    ends with the same bytes as if it never had been.
    """
    check_job(job)
    with TemporaryDirectory() as folder, ExitStack() as opened:
        return _rendered(job, venue, echo, opened, Path(folder))


def _rendered(job: RenderJob, venue: Venue, echo: Echo, opened: ExitStack, folder: Path) -> RenderResult:
    with tell_interrupt(echo, printable(job.output)), end_at_once():  # there is nothing to keep yet
        set_up = replay_stage if is_show_log(job.song) else _set_up
        stage = set_up(job, venue, echo, opened, folder)
        if (remark := odd_size_text(job.size)) and not image_pattern(job.output):
            echo(remark)
        if job.expected:
            _compare(job.expected, stage.facts, echo)
    view = stage.debug_view
    recording = begin_recording(replace(job, size=view.size) if view else job, stage.facts, echo)
    stopped = False
    failure: NetworkError | None = None
    try:
        _record(job, stage, recording)
    except KeyboardInterrupt:
        stopped = True
    except RuntimeError as error:
        stage_name = "".join(f"{note}: " for note in getattr(error, "__notes__", ())[:1])
        reason = stage_name + (str(error).splitlines() or [type(error).__name__])[0]
        failure = NetworkError(f"frame {recording.frames} cannot be drawn: {reason}; {job.output} ends there")
        failure.__cause__ = error
    except (MediaError, WorkerError) as error:
        recording.abandon()
        raise to_go_on(error, recording) from error
    except BaseException:
        recording.abandon()
        raise
    try:
        opened.close()
        path, notice = recording.finish(stage.sound, stopped=stopped or failure is not None)
    except BaseException as error:
        recording.parts.close()
        if isinstance(error, MediaError):
            raise to_go_on(error, recording) from error
        raise
    if failure is not None:
        raise failure
    if not recording.frames and not stopped:
        why = " ".join(stage.notices()).rstrip(".")
        raise MediaError(
            f"there is no film {path}: nothing of {printable(job.song)} gave a frame" + (why and f": {why}")
        )
    if job.run_file and recording.frames:
        write_run(run_path(path), job, venue, stage.scenes, stage.facts)
    for line in (*stage.notices(), notice, stage.drawing.summary):
        if line:
            echo(line)
    parts = recording.parts.folder if stopped and recording.frames and job.resumes else None
    return RenderResult(path, recording.frames, float(recording.frames / job.fps), stopped, parts)


def _compare(expected: Mapping[str, str], facts: Mapping[str, str], echo: Echo) -> None:
    """MediaError if another film would come of it; a remark if its pixels may be a little different."""
    wrong, mild = differences(expected, facts)
    if wrong:
        raise MediaError(f"the film cannot be made again: {'; '.join(wrong)}. Put back what it was made of")
    if mild:
        echo(f"Its pixels may be a little different: {'; '.join(mild)}.")


def _record(job: RenderJob, stage: FilmStage, recording: Recording) -> None:
    """Draw and record every frame that is missing."""
    performer, done = stage.performer, recording.frames
    planned, view = stage.planned, stage.debug_view
    if view is not None:
        planned = view.noted(planned, lambda: performer.features)
    if done:
        with progress_bar(f"{job.output.name}, heard again", done, "frames") as report_progress:
            for plan in planned:
                report_progress(plan.index + 1)
                if view is not None:
                    view.catch_up(plan.index)
                if plan.index + 1 == done:
                    break
        performer.restore(recording.parts.memory())
    expected, workers, networks = stage.expected, stage.drawing.workers, stage.drawing.networks
    generators = [] if workers else generators_for(performer.generator, networks, stage.drawing.device, expected - done)
    with (
        ThreadPoolExecutor(1, "livegan-film") as writer,  # encodes while the next frame is drawn
        progress_bar(job.output.name, expected, "frames") as report_progress,
    ):
        waiting: deque[Future[None]] = deque()
        kept = KeptPictures(recording.parts.folder, recording.each)
        draw = partial(draw_plans, workers) if workers else partial(drawn_here, performer, generators)
        drawn = kept.drawn(planned, done, draw) if job.resumes else draw(planned)
        for frame in frames(performer, drawn):
            shown = frame if view is None else view.beside(frame)
            waiting.append(writer.submit(recording.send, shown))
            done += 1
            if done % recording.each == 0:
                memory: Memory = performer.memory()
                waiting.append(writer.submit(recording.end_segment, memory))
                waiting.append(writer.submit(kept.remove, done // recording.each - 1))
            while len(waiting) > FRAMES_WAITING:
                waiting.popleft().result()
            show_picture(partial(np.asarray, shown.pixels))
            report_progress(done)
        for sent in waiting:
            sent.result()


def check_job(job: RenderJob) -> None:
    """MediaError, before the song is read, for what cannot be made."""
    check_quality(job.audio)
    if job.transparent and job.debug_window_s:
        raise MediaError("a film with the debug view is not transparent; leave --debug-view out")
    pattern = image_pattern(job.output)
    if pattern is None:
        encoder_of(job)
        if job.output.suffix.lower() == ".gif" and job.fps > FASTEST_GIF:
            raise MediaError(f"a GIF shows at most {FASTEST_GIF} pictures a second; type for example: --fps 25")
    elif job.transparent and job.output.suffix.lower() != ".png":
        raise MediaError("JPEG cannot be transparent; type: -o frames/%06d.png")
    for name, stem in job.stems.items():
        if not stem.is_file():
            where = "is a folder" if stem.is_dir() else "is not there"
            raise MediaError(f"--stem {name}={printable(stem)}: that file {where}; look at its name")
    songs = [*job.songs, *job.stems.values(), *([job.sound] if job.sound else [])]
    for song in (*job.songs, *job.stems.values()):
        if not is_composition(str(song)):
            check_song_path(song)
    if job.sound is not None and not job.sound.is_file():
        raise MediaError(f"there is no sound {job.sound}; look at the name that --sound was given")
    check_outputs({"-o": job.output}, songs, in_new_folders=["-o"])
    if job.overwrite:
        return
    own = f"{parts_folder(job.output, '').name}*"
    if pattern is not None and image_name(pattern, 0).exists() and not list(job.output.parent.glob(own)):
        raise is_there(image_name(pattern, 0))
    left = any(is_left_by(folder, job.output) for folder in job.output.parent.glob("*.parts-*"))
    if job.output.exists() and not left:
        raise is_there(job.output)
