"""Orders of the studio page: what a form asks for, as command lines. Every value is checked; no shell reads them."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from livegan.core.text import CONTROL_CHARACTERS, parse_size, printable
from livegan.errors import StudioError
from livegan.training.run_folder import has_checkpoint
from livegan.web.studio.work_folder import INPUTS, OUTPUTS, safe_name

T = TypeVar("T")

Command = tuple[str, ...]

KINDS = ("film", "picture", "dream", "project", "train", "compose")
SIZES = ("640x360", "1280x720", "1920x1080", "1080x1080", "1080x1920")  # of films
PICTURE_SIZES = ("448x256", "896x512", "1280x720", "512x512", "1024x1024")
LENGTHS_S = (0, 15, 30, 60)  # 0: the whole song
RATES = (24, 30, 60)
TRAIN_SIDES = (64, 256)
MODELS = ("auto", "embedded", "clip", "vqgan")
SEARCHING = ("clip", "vqgan")  # those that cannot draw motifs
MOTIFS = "patterns"  # the network of stills: the motifs themselves
SEGMENTS = ("sections", "beats", "original")
LONGEST_TEXT = 1000
LONGEST_SEED = 10  # digits
LYRICS = (".lrc", ".srt", ".csv")
RUN = f"{OUTPUTS}/network"  # folder of a training
FILMS = (".mp4", ".mov", ".mkv", ".webm", ".avi", ".m4v", ".gif")


@dataclass(frozen=True, slots=True)
class Order:
    """Commands that make one job, run in its folder."""

    kind: str
    title: str
    commands: tuple[Command, ...]
    again: tuple[Command, ...] = ()  # what goes on with a training that has a checkpoint
    resumes: bool = True  # whether it can go on

    def commands_in(self, folder: Path) -> tuple[Command, ...]:
        """The commands that make it in the folder of a job, or go on with what is there."""
        return self.again if self.again and has_checkpoint(folder / RUN) else self.commands

    def table(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "title": self.title,
            "commands": [list(command) for command in self.commands],
            "again": [list(command) for command in self.again],
            "resumes": self.resumes,
        }

    @classmethod
    def read(cls, table: Mapping[str, Any]) -> "Order":
        """From `table`; KeyError, TypeError or ValueError if it is none."""
        lists = [tuple(tuple(map(str, command)) for command in table[key]) for key in ("commands", "again")]
        if table["kind"] not in KINDS:
            raise ValueError(f"no kind {table['kind']!r}")
        return cls(str(table["kind"]), str(table["title"]), lists[0], lists[1], bool(table["resumes"]))


def film(song: str, scene: str, scenes: Mapping[str, str], size: str, length_s: float, fps: int) -> Order:
    """A film of a song by one of the scenes (name: title): `livegan render`."""
    name = _input(song, "a song")
    look_title = scenes[_one_of(scene, list(scenes), "scene")]
    output = f"{OUTPUTS}/{Path(safe_name(song)).stem} - {safe_name(look_title)}.mp4"
    look = (f"--scene={scene}", f"--size={_size(size)}", f"--fps={_one_of(fps, RATES, 'frame rate')}", *_cut(length_s))
    return Order(
        "film", f"{_title(song)} · {look_title}", (("render", "-o", output, *look, "--audio=aac", "--", name),)
    )


def picture(
    song: str,
    text: str,
    size: str,
    iterations: float,
    seed: str,
    towards: str,
    rate: float,
    model: str,
    network: str,
) -> Order:
    """A picture of what a song or words mean: `livegan dream picture`."""
    if not song and not text.strip():
        raise StudioError("give it a song, or words, or both")
    options = (*_dream(text, size, seed, towards, rate, model, network), f"--iterations={_whole(iterations, 1, 1000)}")
    words = () if not song else ("--", _input(song, "a song"))
    name = safe_name(song or _text(text)[:40])
    output = f"{OUTPUTS}/{Path(name).stem if song else name}.png"
    title = _title(song) if song else printable(_text(text), 60)
    return Order(
        "picture", title, (("dream", "picture", "-o", output, "--overwrite", *options, *words),), resumes=False
    )


def dream_film(
    song: str,
    text: str,
    lyrics: str,
    size: str,
    length_s: float,
    fps: float,
    segments: str,
    zoom: float,
    seed: str,
    towards: str,
    rate: float,
    model: str,
    network: str,
) -> Order:
    """A film that dreams what a song means, moment by moment: `livegan dream film`."""
    name = _input(song, "a song")
    own = (
        *_dream(text, size, seed, towards, rate, model, network),
        f"--fps={_one_of(_whole(fps, 1, 240), RATES, 'frame rate')}",
        "--audio=aac",
        *_cut(length_s),
        f"--segments={_one_of(segments, SEGMENTS, 'way to cut it')}",
        *(() if zoom == 1 else (f"--zoom={_number(zoom, 0.9, 1.2):g}",)),
        *(() if not lyrics else (f"--lyrics={_input(lyrics, 'lyrics', LYRICS)}",)),
    )
    output = f"{OUTPUTS}/{Path(safe_name(song)).stem} - dream.mp4"
    return Order("dream", _title(song), (("dream", "film", "-o", output, *own, "--", name),))


def projection(source: str, network: str, plus: bool, steps: float) -> Order:
    """A picture or a film as latents of a network: `livegan project`."""
    name = _input(source, "a picture or a film")
    stem = Path(safe_name(source)).stem
    is_film = Path(name).suffix.lower() in FILMS
    options = (
        f"--network={_network(network)}",
        f"--space={'w+' if plus else 'w'}",
        f"--steps={_whole(steps, 1, 2000)}",
        *((f"--preview={OUTPUTS}/{stem} - beside it.mp4",) if is_film else ()),
    )
    command = ("project", "-o", f"{OUTPUTS}/{stem}.hdf5", *options, "--", name)
    return Order("project", f"{_title(source)} · {Path(network).stem}", (command,))


def training(pictures: Sequence[str], side: int, kimg: float) -> Order:
    """A network trained on pictures, or on the motifs where there are none: `livegan dataset`, `livegan train`."""
    run, thousands = RUN, f"--kimg={_number(kimg, 0.1, 100_000):g}"
    preset = f"--preset={'tiny-64' if _one_of(_whole(side, 1, 4096), TRAIN_SIDES, 'size') == 64 else 'house-256'}"
    resume = ("train", f"--resume={run}")
    if not pictures:
        begin = ("train", "patterns", "--paired", preset, thousands, "-o", run)
        return Order("train", f"patterns · {side} px", (begin,), (resume,))
    films = [name for name in pictures if Path(name).suffix.lower() in FILMS]
    if films and len(pictures) > 1:
        raise StudioError("give it pictures, or one film, not both")
    source = _input(films[0], "a film") if films else INPUTS
    set_ = f"{OUTPUTS}/pictures-{side}.zip"
    dataset = ("dataset", source, "-o", set_, f"--size={side}", "--overwrite", *(("--every=0.5",) if films else ()))
    train = ("train", set_, preset, thousands, "-o", run)
    title = _title(films[0]) if films else f"{len(pictures)} · {_title(pictures[0])} …"
    return Order("train", f"{title} · {side} px", (dataset, train), (resume,))


def composition(style: str, styles: Sequence[str], bars: float, key: str, keys: Sequence[str], seed: str,
                temperature: float, sound: bool) -> Order:  # fmt: skip
    """New music: `livegan compose new`, with its sound where a SoundFont is."""
    number = _seed(seed)
    stem = f"{OUTPUTS}/{_one_of(style, styles, 'style')}-{number}"
    options = (
        f"--style={style}",
        f"--bars={_whole(bars, 1, 512)}",
        f"--seed={number}",
        f"--temperature={_number(temperature, 0, 3):g}",
        *((f"--key={_one_of(key, keys, 'key')}",) if key else ()),
        *((f"--wav={stem}.wav",) if sound else ()),
    )
    command = ("compose", "new", "-o", f"{stem}.mid", f"--png={stem}.png", "--overwrite", *options)
    return Order("compose", f"{style} {number}", (command,), resumes=False)


def _dream(text: str, size: str, seed: str, towards: str, rate: float, model: str, network: str) -> Command:
    words = _text(text)
    like: Command = ()
    if towards:
        like = f"--towards={_input(towards, 'a picture')}", f"--transfer-rate={_number(rate, 0, 100):g}"
    return (
        *((f"--text={words}",) if words else ()),
        f"--size={_size(size)}",
        f"--seed={_seed(seed)}",
        f"--model={_one_of(model, MODELS, 'model')}",
        *(() if network == MOTIFS and model in SEARCHING else (f"--network={_network(network)}",)),
        *like,
    )


def _cut(length_s: float) -> Command:
    """How much of the song; nothing for all of it."""
    return () if not _one_of(length_s, LENGTHS_S, "length") else (f"--duration={length_s:g}",)


def _seed(text: str) -> int:
    """The seed that was typed, or one that nobody chose where nothing was; the command line keeps it."""
    seed = (text or "").strip()
    if not seed:
        return secrets.randbelow(100_000)
    if not (seed.isascii() and seed.isdigit() and len(seed) <= LONGEST_SEED and int(seed) < 1 << 31):
        raise StudioError(f"{printable(seed, 40)} is no seed; give a whole number below {1 << 31}, or nothing")
    return int(seed)


def _input(name: str, what: str, endings: Sequence[str] = ()) -> str:
    """Path of an input in its job's folder."""
    if not name:
        raise StudioError(f"give it {what}")
    safe = safe_name(name)
    if endings and Path(safe).suffix.lower() not in endings:
        raise StudioError(f"{safe} is no file of {what}; they end in {', '.join(endings)}")
    return f"{INPUTS}/{safe}"


def _network(name: str) -> str:
    """Name or path of a network."""
    if not name or CONTROL_CHARACTERS.search(name):
        raise StudioError(f"there is no network '{printable(name, 40)}'")
    return name


def _title(name: str) -> str:
    return printable(Path(safe_name(name)).stem, 60)


def _text(text: str) -> str:
    words = " ".join(text.split())
    if len(words) > LONGEST_TEXT:
        raise StudioError(f"{len(words)} letters are too many words; {LONGEST_TEXT} at most")
    return printable(words, LONGEST_TEXT)


def _size(text: str) -> str:
    try:
        width, height = parse_size(text)
    except ValueError as error:
        raise StudioError(str(error)) from error
    if not (16 <= width <= 4096 and 16 <= height <= 4096):
        raise StudioError(f"{text} is no size between 16 and 4096")
    return f"{width}x{height}"


def _one_of(value: T, choices: Sequence[T], what: str) -> T:
    if value not in choices:
        raise StudioError(f"there is no {what} {printable(value, 40)}")
    return value


def _number(value: float, least: float, most: float) -> float:
    if not isinstance(value, int | float) or not least <= value <= most:  # NaN is not
        raise StudioError(f"{printable(value, 40)} is no number between {least:g} and {most:g}")
    return float(value)


def _whole(value: float, least: int, most: int) -> int:
    return int(_number(value, least, most))
