"""Runs of VQGAN-CLIP: a picture, a film of how it grows, a film that zooms, a folder of frames in a new style."""

import re
import time
from collections.abc import Generator, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from secrets import randbelow

import numpy as np

from livegan.audio.song import read_song
from livegan.core.files import check_outputs, read_text, write_atomic
from livegan.core.images import write_png
from livegan.core.media import check_song_path
from livegan.core.types import Frame, FramePlan, Pixels
from livegan.datasets.sources import list_folder
from livegan.errors import DreamError, MediaError
from livegan.networks.cache import file_hash
from livegan.networks.musicnn_input import SAMPLE_RATE
from livegan.outputs.film import Film
from livegan.studio.dream.dreamer import Aim, DreamProgress, Feedback, State
from livegan.studio.dream.open_vqgan import open_vqgan_dreamer
from livegan.studio.dream.picture import read_pixels
from livegan.studio.dream.prompts import DEFAULT_PROMPT, parse_images
from livegan.studio.dream.vqgan_dreamer import VqganDreamer
from livegan.studio.dream.vqgan_options import VqganOptions

LEAST_FPS, MOST_FPS = 10, 60  # of a film of so many seconds
LEAST_OUTPUT_FPS = 9  # what -ofps must be more than
STEPS = "steps"  # folder beside the output, with the frames of a folder in their new style
MARK = "dream.txt"  # what that folder was made with
STATED = "seed"  # facts in the PNG


@dataclass(frozen=True, slots=True, eq=False)
class _Run:
    """What does not change while a run goes on."""

    options: VqganOptions
    seed: int
    steady: tuple[Aim, ...]  # image prompts and the song

    def aims(self, iteration: int) -> list[Aim]:
        """What one iteration goes for."""
        phrase = self.options.story.at(iteration, self.options.prompt_frequency)
        return [*(Aim(text=each.text, weight=each.weight, stop=each.stop) for each in phrase), *self.steady]

    def changes(self, iteration: int) -> bool:
        """Whether another phrase of the story begins with an iteration."""
        every = self.options.prompt_frequency
        return iteration == 0 or bool(every and iteration % every == 0)

    def write(self, pixels: Pixels, path: Path) -> None:
        """A picture with its prompts as the comment, as VQGAN-CLIP writes it."""
        facts = {"comment": self.options.prompts, STATED: str(self.seed)}
        write_png(path, pixels, "-o", {key: value for key, value in facts.items() if value})


def vqgan_run(options: VqganOptions, overwrite: bool = False) -> Generator[DreamProgress, None, None]:
    """Dream as VQGAN-CLIP's generate.py does with these options; the last progress has the path of what was made.

    Closed early, it keeps the newest picture, and the film so far. DreamError, MediaError or NetworkError, before the
    first step, for what cannot be made.
    """
    options = with_default_prompt(options)
    film_path = film_of(options)
    goes_on = options.video_style_dir is not None and _is_marked(options)
    _check(options, film_path, overwrite or goes_on)
    frames = None if options.video_style_dir is None else style_frames(options.video_style_dir)
    chosen = 0 if frames else randbelow(2**31)  # a folder is gone on with: its seed must be known
    run = _Run(options, chosen if options.seed is None else options.seed, tuple(_steady_aims(options)))
    first = frames[0] if frames else options.init_image
    init_image = None if first is None else read_pixels(first)
    towards = None if options.transfer_image is None else read_pixels(options.transfer_image)
    total = options.iterations * (1 if frames is None else len(frames))
    yield DreamProgress(0, total, text="reading the models")
    dreamer = open_vqgan_dreamer(options, seed=run.seed, init_image=init_image)
    dreamer.towards(towards, options.transfer_rate)
    film = None if film_path is None else _GrowingFilm(options, dreamer, film_path, frames, overwrite or goes_on)
    try:
        if frames is not None:
            yield from _styled(run, dreamer, frames, film, overwrite)
        else:
            yield from _grown(run, dreamer, film)
    finally:
        if film is not None:
            film.close()
    made = film.path if film is not None else options.output if frames is None else options.output.parent / STEPS
    yield DreamProgress(total, total, 0.0, f"seed {run.seed}", None, made)


def with_default_prompt(options: VqganOptions) -> VqganOptions:
    """The options, with VQGAN-CLIP's own prompt where nothing at all is asked for."""
    asked = (options.prompts, options.image_prompts, options.noise_prompt_seeds, options.audio_prompt)
    asks_nothing = not any(asked) and not (options.transfer_image and options.transfer_rate)
    return replace(options, prompts=DEFAULT_PROMPT) if asks_nothing else options


def film_of(options: VqganOptions) -> Path | None:
    """The film that is made, called as the picture; None if none is."""
    return options.output.with_suffix(".mp4") if options.make_video or options.make_zoom_video else None


def frames_per_second(options: VqganOptions, frames: int) -> float:
    """Rate of the film: so many frames in `video_length`, within 10..60; or what -ofps says, if that is above 9."""
    if options.output_video_fps > LEAST_OUTPUT_FPS:
        return options.output_video_fps
    return min(max(frames / options.video_length, LEAST_FPS), MOST_FPS)


def style_frames(folder: Path) -> list[Path]:
    """The pictures of a folder by name; MediaError if there are none, or two that differ only in their endings."""
    if not folder.is_dir():
        raise MediaError(f"{folder} is no folder; give --video_style_dir a folder of pictures")
    names = [name for name in list_folder(folder).pictures if "/" not in name]
    frames = [folder / name for name in sorted(names, key=_by_number)]
    if not frames:
        raise MediaError(f"{folder} has no pictures; give --video_style_dir a folder of PNG or JPEG files")
    stems: dict[str, Path] = {}
    for frame in frames:
        if (other := stems.setdefault(frame.stem.casefold(), frame)) != frame:
            raise MediaError(
                f"{other.name} and {frame.name} in {folder} would both become {frame.stem}.png; rename one"
            )
    return frames


def _by_number(name: str) -> list[tuple[int, str]]:
    """Key that sorts 2.png before 10.png."""
    return [(int(part), "") if part.isascii() and part.isdigit() else (-1, part) for part in re.split(r"(\d+)", name)]


class _GrowingFilm:
    """Film of a dream: a frame for each state, or, with -ofps, drawn frames between them as well."""

    def __init__(
        self, options: VqganOptions, dreamer: VqganDreamer, path: Path, frames: list[Path] | None, overwrite: bool
    ) -> None:
        self._options, self._dreamer = options, dreamer
        states = options.iterations + 1
        if frames is not None:
            states = len(frames)
        elif options.make_zoom_video:
            states = options.iterations // options.zoom_frequency + 1
        self._between = options.output_video_fps > LEAST_OUTPUT_FPS and frames is None
        self.fps = frames_per_second(options if self._between else replace(options, output_video_fps=0), states)
        self._film = Film(path, dreamer.size, self.fps, overwrite=overwrite)
        self._states = 0
        self._before: State | None = None

    @property
    def path(self) -> Path:
        return self._film.path

    def add(self) -> None:
        """Its picture now, after those on the way from the last one."""
        if not self._between:
            self._send(self._dreamer.picture())
            return
        state = self._dreamer.state()
        if self._before is not None:
            start_s = (self._states - 1) / self._options.input_video_fps
            while (time_s := self._film.frames / self.fps) <= start_s + 1 / self._options.input_video_fps + 1e-9:
                share = (time_s - start_s) * self._options.input_video_fps
                self._send(self._dreamer.between(self._before, state, min(share, 1.0)))
        self._before = state
        self._states += 1

    def add_picture(self, pixels: Pixels) -> None:
        """A picture that is finished already."""
        self._send(pixels)

    def close(self) -> None:
        self._film.close()

    def _send(self, pixels: Pixels) -> None:
        index = self._film.frames
        nothing = np.zeros(0, np.float32)
        plan = FramePlan(index, index / self.fps, 1 / self.fps, nothing, nothing)
        self._film.send(Frame(pixels, plan, plan.time_s, plan.time_s))


def _grown(run: _Run, dreamer: VqganDreamer, film: _GrowingFilm | None) -> Iterator[DreamProgress]:
    """One picture, perhaps with a film of it."""
    options = run.options
    clock = _Clock(options.iterations)
    loss = float("nan")
    feedback = Feedback(options.zoom_scale, (float(options.zoom_shift_x), float(options.zoom_shift_y)))
    try:
        for iteration in range(options.iterations + 1):
            if options.make_zoom_video and iteration % options.zoom_frequency == 0 and film is not None:
                film.add()
                if options.zoom_start <= iteration < options.iterations:
                    dreamer.feed_back(feedback)
            elif options.make_video and film is not None:
                film.add()
            if iteration == options.iterations:
                break
            if run.changes(iteration):
                dreamer.aim(run.aims(iteration))
            shown = None
            if options.save_every and iteration % options.save_every == 0:
                shown = dreamer.picture()
                run.write(shown, options.output)
            yield clock.progress(iteration, "" if np.isnan(loss) else f"loss {loss:.4f}", shown)
            loss = dreamer.step()
    finally:  # closed, interrupted or failed: what there is by then is kept
        run.write(dreamer.picture(), options.output)


def _styled(
    run: _Run, dreamer: VqganDreamer, frames: list[Path], film: _GrowingFilm | None, overwrite: bool
) -> Iterator[DreamProgress]:
    """Every frame begun from its own picture with the same random numbers; those that are there already are kept."""
    options = run.options
    folder = options.output.parent / STEPS
    _prepare(folder, run, frames, overwrite)
    clock = _Clock(options.iterations * len(frames))
    for number, frame in enumerate(frames):
        place = folder / f"{frame.stem}.png"
        if not place.exists():
            dreamer.begin_with(read_pixels(frame))
            for iteration in range(options.iterations):
                if run.changes(iteration):
                    dreamer.aim(run.aims(iteration))
                yield clock.progress(number * options.iterations + iteration, frame.name)
                dreamer.step()
            run.write(dreamer.picture(), place)
        pixels = read_pixels(place)
        if film is not None:
            film.add_picture(pixels)
        yield clock.progress((number + 1) * options.iterations, frame.name, pixels)


def _prepare(folder: Path, run: _Run, frames: list[Path], overwrite: bool) -> None:
    """The folder for new frames, empty or of the same dream; MediaError if it holds other pictures."""
    if folder.is_dir() and any(folder.iterdir()) and not _is_marked(run.options):
        if not overwrite:
            raise MediaError(f"{folder} holds other pictures; type --overwrite, or give another place with -o")
        for frame in frames:
            (folder / f"{frame.stem}.png").unlink(missing_ok=True)
    folder.mkdir(exist_ok=True)
    write_atomic(folder / MARK, _mark_of(run.options))


def _is_marked(options: VqganOptions) -> bool:
    """Whether the frames in their new style that are there are of the same dream."""
    mark = options.output.parent / STEPS / MARK
    return mark.is_file() and read_text(mark) == _mark_of(options)


def _mark_of(options: VqganOptions) -> str:
    """All that decides how frames look, but for the frames themselves: options, and what is in the files they name."""
    kept = replace(options, output=Path(), save_every=0, make_video=False, cuda_device="")
    named = [options.transfer_image, options.audio_prompt, *(each.text for each in parse_images(options.image_prompts))]
    digests = [file_hash(Path(path)) for path in named if path is not None and Path(path).is_file()]
    return "\n".join(("livegan dream vqgan:", str(kept), *digests, ""))


class _Clock:
    """Time that is left."""

    def __init__(self, total: int) -> None:
        self._total, self._began_s = total, time.monotonic()
        self._first: int | None = None

    def progress(self, done: int, text: str, picture: Pixels | None = None) -> DreamProgress:
        """Progress, with the time left by the pace so far; frames that were there already do not count."""
        if self._first is None:
            self._first, self._began_s = done, time.monotonic()
        paced = done - self._first
        left_s = (time.monotonic() - self._began_s) / paced * (self._total - done) if paced else None
        return DreamProgress(done, self._total, left_s, text, picture)


def _steady_aims(options: VqganOptions) -> Iterator[Aim]:
    for prompt in parse_images(options.image_prompts):
        yield Aim(picture=read_pixels(Path(prompt.text)), weight=prompt.weight, stop=prompt.stop)
    if options.audio_prompt is not None:
        song = read_song(options.audio_prompt).at_rate(SAMPLE_RATE)
        yield Aim(sound=song.samples.mean(axis=1, dtype=np.float32))


def _check(options: VqganOptions, film: Path | None, overwrite: bool) -> None:
    if options.output.suffix.lower() != ".png":
        raise DreamError(f"{options.output} is no PNG; type for example: -o {options.output.stem or 'output'}.png")
    if options.audio_prompt is not None:
        check_song_path(options.audio_prompt)
    picture = None if options.video_style_dir is not None else options.output
    outputs = {"-o": picture, "the film of -o": film}
    for path in outputs.values():
        if path is not None and path.exists() and not path.is_dir() and not overwrite:
            raise MediaError(f"{path} is there already; type --overwrite, or give another name with -o")
    named = (options.init_image, options.transfer_image, options.audio_prompt)
    check_outputs(outputs, [path for path in named if path is not None])
