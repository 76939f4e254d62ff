"""New music: pieces from seeds, tunes or other pieces, written as MIDI, sound and pictures."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from livegan.audio.fluidsynth import find_soundfont
from livegan.composer.key_analysis import Key, find_key
from livegan.composer.melody import melody_track
from livegan.composer.midi_file import read_midi, reading_of_midi, write_midi
from livegan.composer.piece import VoiceName, Wish, between, harmonise, transposed, write_piece
from livegan.composer.song import STEPS_PER_BEAT, Song
from livegan.composer.styles import Style
from livegan.composer.voice import Voice, load_voice
from livegan.core.files import atomic_path, is_file, reason_of
from livegan.core.progress import progress_bar
from livegan.core.text import duration_text, printable, whole_number
from livegan.errors import ComposeError, MediaError, NetworkError
from livegan.studio.song_sound import check_new, check_sound_name, play_aloud, playing_text, song_seconds, write_sound

if TYPE_CHECKING:
    from livegan.composer.load import Composer

FINE_STEPS = 48  # a beat, of a tune that is not on the grid of 16ths
ENDINGS = (".mid", ".midi")

Notify = Callable[[str], object]


@dataclass(frozen=True, slots=True)
class ComposeJob:
    """What `livegan compose new` is asked for."""

    wish: Wish
    seeds: tuple[int, ...]
    label: str = "piece"  # the first word of names: the style
    network: str | None = None
    output: Path | None = None
    tune: Path | None = None  # to be harmonised
    as_voice: VoiceName = "soprano"
    track: str = ""  # of the tune
    ends: tuple[str, str] | None = None  # MIDI files or seeds
    steps: int = 0  # between the ends
    wav: Path | None = None
    png: Path | None = None
    play: bool = False
    soundfont: Path | None = None
    overwrite: bool = False


class Outputs(NamedTuple):
    """Where a piece is written to."""

    midi: Path
    wav: Path | None
    png: Path | None


def compose(job: ComposeJob, notify: Notify) -> None:
    """Write every piece of a job, and play them. ComposeError, MidiError, NetworkError, MediaError, DeviceError."""
    if job.tune is not None and job.ends is not None:
        raise ComposeError("--harmonise and --between are two ways to begin; choose one of them")
    if job.steps and job.ends is None:
        raise ComposeError("--steps counts the places between two pieces; add --between A B, or leave it away")
    places = [_outputs(job, seed) for seed in job.seeds]
    _check(job, places)
    soundfont = find_soundfont(job.soundfont) if job.play or job.wav else None
    composer = _network(job.network)
    for (seed, song), place in zip(_songs(job, composer), places, strict=True):
        write_midi(song, place.midi)
        written = [str(place.midi)]
        if place.png is not None:
            _write_picture(song, place.png)
            written.append(str(place.png))
        if place.wav is not None and soundfont is not None:
            _write_sound(song, place.wav, soundfont, job.wish.style)
            written.append(str(place.wav))
        notify(f"{', '.join(written)}: {_described(song, job.wish.key, seed)}")
        if job.play and soundfont is not None:
            notify(playing_text(place.midi.name, song, soundfont))
            play_aloud(song, soundfont, job.wish.style)


def _songs(job: ComposeJob, composer: "Voice | Composer") -> Iterator[tuple[int, Song]]:
    """Each seed with its piece."""
    wish = job.wish
    if not isinstance(composer, Voice):
        yield from _songs_of_gan(job, composer)
        return
    tune = None if job.tune is None else _tune(job.tune)
    ends = () if job.ends is None else _ends(job.ends, composer, wish)
    for seed in job.seeds:
        name = f"{job.label} {seed}"
        if tune is not None:
            yield seed, harmonise(composer, tune, seed, wish, job.as_voice, job.track, name)
        elif ends:
            yield seed, between(composer, *ends, seed, wish, job.steps, name)
        else:
            yield seed, write_piece(composer, seed, wish, name)


def _songs_of_gan(job: ComposeJob, composer: "Composer") -> Iterator[tuple[int, Song]]:
    """Each seed with its piece, from a network that writes whole phrases for its own instruments."""
    from livegan.composer.musegan import MuseGan

    kind, bpm = printable(composer.info.kind), job.wish.bpm
    if job.ends is not None and not isinstance(composer, MuseGan):
        raise ComposeError(f"a network of the kind {kind} knows no way between two pieces; take one for four voices")
    for seed in job.seeds:
        if job.ends is not None and isinstance(composer, MuseGan):
            first, last = map(_seed_of, job.ends)
            if first is None or last is None:
                raise ComposeError(f"a network of the kind {kind} knows the way from seed to seed: --between 3 8")
            song = composer.between(first, last, job.wish.bars)
        elif job.tune is None:
            song = composer.song(job.wish.bars, seed)
        elif isinstance(composer, MuseGan):
            tune = read_midi(job.tune)
            key = job.wish.key or find_key(tune)
            shift = key.shift_to(0) if key else 0  # it has learnt from music in C major and A minor
            track = tune.tracks.index(melody_track(tune, job.track))
            song = transposed(composer.accompany(transposed(tune, shift), seed, track), -shift)
        else:
            raise ComposeError(f"a network of the kind {kind} accompanies no tune; take one for four voices")
        yield seed, replace(song, tempos=((0, bpm),)) if bpm else song


def _network(name: str | None) -> "Voice | Composer":
    """The network for four voices, or, if the file holds one of another kind, that."""
    try:
        return load_voice(name)
    except NetworkError:
        from livegan.composer.load import load_composer  # late: it loads torch

        return load_composer(str(name))


def _tune(path: Path) -> Song:
    """A song on the grid of 16ths if it lies on it, else on a fine one."""
    reading = reading_of_midi(path, STEPS_PER_BEAT)
    on_grid = not reading.moved_attacks and not reading.moved_ends
    return reading.song if on_grid else read_midi(path, FINE_STEPS)


def _ends(ends: tuple[str, str], voice: Voice, wish: Wish) -> tuple[Song, Song]:
    """The pieces of --between: those of seeds, or of files, which are read first."""
    seeds = [_seed_of(end) for end in ends]
    files = [
        replace(read_midi(Path(end)), name=end) if seed is None else None for end, seed in zip(ends, seeds, strict=True)
    ]
    first, last = (file or write_piece(voice, seed or 0, wish) for file, seed in zip(files, seeds, strict=True))
    return first, last


def _seed_of(end: str) -> int | None:
    """The seed that an end of --between is; None for a file. ComposeError for a number that is neither."""
    seed = whole_number(end)
    if seed is None and end.isdigit() and not is_file(Path(end)):
        raise ComposeError(
            f"--between {printable(end)} is no seed: they are 0 to {2**31 - 1}; nor is there such a file"
        )
    return seed


def _outputs(job: ComposeJob, seed: int) -> Outputs:
    """Names of the files of a seed; where there are many each gets its seed."""
    if job.output is None:
        return Outputs(Path(f"{job.label}-{seed}.mid"), _numbered(job, job.wav, seed), _numbered(job, job.png, seed))
    midi = job.output
    if midi.suffix.lower() not in ENDINGS:
        raise ComposeError(f"{midi} is no name of a MIDI file; type for example: -o {midi.with_suffix('.mid')}")
    return Outputs(_numbered(job, midi, seed) or midi, _numbered(job, job.wav, seed), _numbered(job, job.png, seed))


def _numbered(job: ComposeJob, path: Path | None, seed: int) -> Path | None:
    return path if path is None or len(job.seeds) == 1 else path.with_name(f"{path.stem}-{seed}{path.suffix}")


def _check(job: ComposeJob, places: list[Outputs]) -> None:
    if job.wav is not None:
        check_sound_name(job.wav)
    if job.png is not None and job.png.suffix.lower() != ".png":
        raise MediaError(f"{job.png} is no name of a picture; type for example: --png {job.png.with_suffix('.png')}")
    ends = [] if job.ends is None else [Path(end) for end in job.ends if _seed_of(end) is None]
    inputs = [*ends, *([] if job.tune is None else [job.tune])]
    for place in places:
        check_new({"-o": place.midi, "--wav": place.wav, "--png": place.png}, inputs, job.overwrite)


def _write_sound(song: Song, path: Path, soundfont: Path, style: Style) -> None:
    total = round(song_seconds(song))
    with progress_bar(f"playing {path.name}", total, "seconds") as done:
        write_sound(song, path, soundfont, style, lambda second: done(min(second, total)))


def _write_picture(song: Song, path: Path) -> None:
    from livegan.composer.roll_picture import roll_picture  # late: it loads Pillow

    try:
        with atomic_path(path) as aside:
            roll_picture(song).save(aside, "PNG")
    except OSError as error:
        raise MediaError(f"{path} cannot be written ({reason_of(error)}); choose another place for --png") from error


def _described(song: Song, key: Key | None, seed: int) -> str:
    notes = sum(len(track.notes) for track in song.tracks)
    bars = -(-song.length // (4 * song.steps_per_beat))
    key = key or find_key(song)
    words = [f"{bars} bars", f"{notes} notes", *([str(key)] if key else []), duration_text(song_seconds(song))]
    return f"{', '.join(words)}; seed {seed}"
