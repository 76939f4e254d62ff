"""Data augmentation of songs as band power: one that is sung over, and one that ends in applause or a crowd.

Powers of independent sounds add up, so neither needs the song's sound.
"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from livegan.networks.hearing_bands import FRAME_RATE, QUIETEST, power_bands
from livegan.studio.hearing.noises import NOISES
from livegan.studio.hearing.song_truth import merged, stands_out
from livegan.studio.hearing.voices import any_singer, choir, on_beats, sing
from livegan.training.hearing.store import Example, example_paths, read_example, write_example

SAMPLE_RATE = 44100
FRAMES_AFTER, FRAMES_BEFORE = 5, 2  # of a syllable's begin: where its power is looked at
LEAD_DB = (-6.0, 8.0)  # of the voice against the song
SUNG, ENDED, OF = 2, 1, 16  # so many of so many songs are sung over, and end in applause

Power = NDArray[np.float64]  # (frames, BANDS), linear
Making = Callable[[Example, int], Example]


def write_over(songs: Path, folder: Path, progress: Callable[[int], None] = lambda done: None) -> None:
    """Of every eight examples in `songs` about one sung over, of every sixteen one ended, into `folder`; by name.

    What is there already is not made again. `progress` is told how many are there. TrainingError for an example that is
    broken, or a folder that cannot be written.
    """
    for done, (song, path, make) in enumerate(chosen(songs, folder), 1):
        if not path.exists():
            write_example(path, make(read_example(song), crc32(path.stem.encode())))
        progress(done)


def chosen(songs: Path, folder: Path) -> list[tuple[Path, Path, Making]]:
    """Which examples in `songs` are made others of: each with the file that is made in `folder`, and how."""
    found: list[tuple[Path, Path, Making]] = []
    for song in example_paths(songs):
        turn = crc32(song.stem.encode()) % OF
        if turn < SUNG:
            found.append((song, folder / f"{song.stem}-sung.npz", sung_over))
        elif turn < SUNG + ENDED:
            found.append((song, folder / f"{song.stem}-ended.npz", ended))
    return found


def linear(example: Example) -> Power:
    """Power of an example, not its logarithm."""
    return np.asarray(10.0 ** example.power.astype(np.float64))


def mixed(*powers: Power) -> NDArray[np.float16]:
    """log10 of the sum of powers of equal length."""
    return np.asarray(np.log10(np.maximum(sum(powers), 10.0**QUIETEST)), np.float16)


def sung_over(song: Example, seed: int) -> Example:
    """A song with a singer or a choir over its beats, -6..8 dB against it; the voice's onsets are told too."""
    rng = np.random.default_rng([seed, 21])
    power = linear(song)
    seconds = song.frames / FRAME_RATE
    many = rng.random() < 0.25
    singer = any_singer(rng)
    line = on_beats(song.events["beat"].tolist(), rng, singer.body)
    voice = (
        choir(line, seconds, SAMPLE_RATE, rng, int(rng.integers(3, 6)))
        if many
        else sing(line, seconds, SAMPLE_RATE, rng, singer)
    )
    sung = 10.0 ** power_bands(voice.astype(np.float32), SAMPLE_RATE)[: song.frames].astype(np.float64)
    sung *= loudness(power) / max(loudness(sung), 1e-12) * 10.0 ** (rng.uniform(*LEAD_DB) / 10)
    events = dict(song.events)
    if "onset" in events:
        heard = [note.at_s for note in line if _begins(note.at_s, sung, power + sung)]
        events["onset"] = merged(np.concatenate((events["onset"], heard))).astype(np.float32)
    return replace(song, name=f"{song.name}-sung", power=mixed(power, sung), events=events)


def ended(song: Example, seed: int) -> Example:
    """A song that ends or fades after a half or so, then applause or a crowd, in which nothing begins."""
    rng = np.random.default_rng([seed, 22])
    power = linear(song)
    loud = loudness(power)
    end = int(song.frames * rng.uniform(0.35, 0.65))
    fall = int(rng.choice((2, 40, 300)))
    power *= np.clip((end - np.arange(song.frames)) / fall, 0.0, 1.0)[:, None] ** 2
    first = max(end - 50, 0)
    hands = NOISES[str(rng.choice(("applause", "crowd")))]((song.frames - first) / FRAME_RATE + 0.3, SAMPLE_RATE, rng)
    crowd = 10.0 ** power_bands(hands.astype(np.float32), SAMPLE_RATE)[: song.frames - first].astype(np.float64)
    crowd *= np.clip(np.arange(len(crowd)) / 60, 0, 1)[:, None]
    crowd *= loud / max(loudness(crowd), 1e-12) * 10.0 ** (rng.uniform(-20, -4) / 10)
    power[first : first + len(crowd)] += crowd
    last = (end - 0.3 * fall) / FRAME_RATE
    events = {name: moments[moments < last] for name, moments in song.events.items()}
    return replace(song, name=f"{song.name}-ended", power=mixed(power), events=events)


def loudness(power: Power) -> float:
    """Mean power of all bands in the louder half of the frames, 0 of none."""
    whole = np.sort(power.sum(axis=1))
    return float(whole[len(whole) // 2 :].mean()) if len(whole) else 0.0


def _begins(at_s: float, part: Power, mix: Power) -> bool:
    """Whether what a part begins at `at_s` [s] is heard in the mix."""
    frame = int(at_s * FRAME_RATE)
    before, after = frame - FRAMES_BEFORE, frame + FRAMES_AFTER
    if before < 0 or after >= len(part):
        return False
    loudest = mix[max(0, frame - FRAME_RATE) : frame + FRAME_RATE // 5].max()
    return bool(stands_out(part[after], part[before], mix[after], loudest))
