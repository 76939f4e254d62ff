"""`livegan train hearing`: makes sound to learn from, trains the hearing network on it, says how to hear with it."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import count, product
from math import ceil
from pathlib import Path

from livegan.core.progress import progress_bar
from livegan.core.text import printable
from livegan.studio.hearing.noises import NOISES
from livegan.studio.hearing.over_song import chosen, write_over
from livegan.studio.hearing.recordings import check_recordings, make_recordings, songs_in
from livegan.studio.hearing.song_style import STYLES
from livegan.studio.hearing.song_styles import HELD_OUT
from livegan.studio.hearing.songs import make_songs
from livegan.studio.hearing.unmetred import UNMETRED
from livegan.studio.hearing.unmetred_store import write_unmetred
from livegan.training.hearing.run import FILE, HearingOptions, check_run, train_hearing
from livegan.training.hearing.store import example_paths
from livegan.training.run import RunResult

EXAMPLES = "examples"  # folder of a run
SONG_S, NO_BEAT_S = 32.0, 27.0  # about how long an example is
NO_BEAT_SHARE = 0.2  # seconds of sound without a beat, to one of songs

MessageCallback = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class LearningJob:
    """What to learn from, and how."""

    training: HearingOptions
    hours: float | None = 8.0  # of composed songs; None: those that are there
    songs: Path | None = None  # a folder of recordings to learn from, too


def learn_to_hear(job: LearningJob, notify: MessageCallback = print) -> RunResult:
    """Make what is missing of the examples, and train. Ctrl-C keeps what was made.

    Before training has begun the same command goes on; after that, `livegan train hearing --resume FOLDER` does.
    LiveganError says what is wrong, before anything is made: a run is there or finished, a folder has no songs, a
    `.beats` file is none, BeatNet, FluidSynth or SoundFonts are missing.
    """
    folder = job.training.folder
    examples = folder / EXAMPLES
    check_run(job.training)
    if job.songs is not None:
        check_recordings(job.songs, examples / "own")
    if job.hours is not None:
        make_examples(examples, job.hours)
    if job.songs is not None:
        with progress_bar("labelling", len(songs_in(job.songs)), "songs") as done:
            made = make_recordings(job.songs, examples / "own", progress=lambda number, last: done(number))
        for recording in made:
            if recording.note:
                notify(f"{printable(recording.name)}: {recording.note}")
        seconds = sum(recording.seconds for recording in made)
        notify(f"{seconds / 60:.0f} minutes of your recordings are learnt from")
    result = train_hearing(job.training, notify)
    if not result.stopped:
        path = (folder / FILE).resolve().as_posix()
        notify(f"hear with it: write hearing = '{path}' below [listening] in your venue file")
    return result


def make_examples(folder: Path, hours: float) -> None:
    """Composed songs, some of them sung over or ended, and sound without a beat; what is there is kept.

    `hours` of the first, about.
    """
    styles = [style for style in STYLES if style not in HELD_OUT]
    seeds = max(1, ceil(hours * 3600 / (SONG_S * len(styles))))
    there = len(example_paths(folder / "songs"))
    with progress_bar("composing", seeds * len(styles), "songs") as done:
        counter = count(there + 1)
        done(there)
        make_songs(folder / "songs", range(seeds), styles, lambda name: done(next(counter)))
    with progress_bar("singing over", len(chosen(folder / "songs", folder / "over")), "songs") as done:
        write_over(folder / "songs", folder / "over", done)
    kinds = [*NOISES, *UNMETRED]
    each = max(1, ceil(hours * 3600 * NO_BEAT_SHARE / (NO_BEAT_S * len(kinds))))
    with progress_bar("making noise", each * len(kinds), "sounds") as done:
        for number, (seed, kind) in enumerate(product(range(each), kinds), 1):
            write_unmetred(folder / "no-beat", kind, seed)
            done(number)
