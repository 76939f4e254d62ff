"""Songs to learn hearing from: made by rule and seed, endlessly many, kept as examples in a folder."""

import json
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from livegan.core.types import Samples
from livegan.networks.hearing_bands import power_bands
from livegan.studio.hearing.song_accompanist import accompaniment, grooves, held_out
from livegan.studio.hearing.song_compose import compose
from livegan.studio.hearing.song_orchestra import RATE, Orchestra
from livegan.studio.hearing.song_render import render
from livegan.studio.hearing.song_score import Score
from livegan.studio.hearing.song_style import STYLES
from livegan.studio.hearing.song_styles import HELD_OUT
from livegan.studio.hearing.song_truth import SongTruth

Told = Callable[[str, float], None]  # name of a song that was made, and how long it is [s]


def make_songs(
    folder: Path, seeds: Iterable[int], styles: Sequence[str] | None = None, told: Told | None = None
) -> int:
    """Examples STYLE-SEED.npz of every style and seed into a folder; returns how many were made.

    Those that are there are not made again. Without `styles`, those that are not held out. DeviceError, with what to
    install, without FluidSynth or SoundFonts; KeyError for a style that is not there.
    """
    names = [name for name in STYLES if name not in HELD_OUT] if styles is None else list(styles)
    return _make(folder, seeds, names, told, ".npz", _keep, compose)


def make_accompaniments(folder: Path, seeds: Iterable[int], told: Told | None = None, unseen: bool = False) -> int:
    """As `make_songs`, in the grooves of MMA's library that are not held out, or that are: mma-FILE-SEED.npz.

    Grooves that make no song, of odd metres or too thin, are left out. DeviceError without MMA.
    """
    files = {f"mma-{file.replace('/', '-')}": file for file in grooves() if held_out(file) == unseen}
    return _make(folder, seeds, list(files), told, ".npz", _keep, lambda name, seed: accompaniment(files[name], seed))


def make_recordings(
    folder: Path, seeds: Iterable[int], styles: Sequence[str] = HELD_OUT, told: Told | None = None
) -> int:
    """Songs to test hearing with, as `make_songs`: sound STYLE-SEED.ogg and its truth STYLE-SEED.json."""

    def keep(sound: Samples, truth: SongTruth, path: Path) -> None:
        soundfile.write(path, sound, RATE, format="OGG")
        facts = {
            "name": f"song_{path.name.split('.')[0]}",
            "dur": round(len(sound) / RATE, 3),
            "group": "song",
            "style": truth.style,
            "source": "made by rule",
            "truth": "made by rule",
            "licence": "that of the SoundFonts and samples it was played with",
            "bpm": round(60 / float(np.median(np.diff(truth.beats))), 3) if len(truth.beats) > 1 else None,
            "beats": [round(float(time), 4) for time in truth.beats],
            "downbeats": [round(float(time), 4) for time in truth.downbeats],
            "onsets": [round(float(time), 4) for time in truth.onsets],
            "onset_kind": "all",
        }
        path.with_name(path.name.split(".")[0] + ".json").write_text(json.dumps(facts), "utf-8")

    return _make(folder, seeds, styles, told, ".ogg", keep, compose)


def _keep(sound: Samples, truth: SongTruth, path: Path) -> None:
    """The song as an example to learn from."""
    words = ("beats", "downbeats", "onsets", "kick", "snare", "hat")
    arrays: dict[str, Any] = {word: np.asarray(getattr(truth, word), np.float32) for word in words}
    arrays |= {"power": power_bands(sound, RATE), "kind": "music", "style": truth.style, "certain": 1.0}
    np.savez(path, **arrays)


def _make(
    folder: Path,
    seeds: Iterable[int],
    names: Sequence[str],
    told: Told | None,
    suffix: str,
    keep: Callable[[Samples, SongTruth, Path], None],
    score_of: Callable[[str, int], Score],
) -> int:
    folder.mkdir(parents=True, exist_ok=True)
    made = 0
    orchestra: Orchestra | None = None
    try:
        for seed in seeds:
            for name in names:
                path = folder / f"{name}-{seed}{suffix}"
                if path.exists():
                    continue
                try:
                    score = score_of(name, seed)
                except ValueError:  # of a groove that makes no song
                    continue
                orchestra = orchestra or Orchestra()
                sound, truth = render(score, orchestra)
                fresh = path.with_name(f"{path.stem}.part{suffix}")  # a broken run leaves no half song
                keep(sound, truth, fresh)
                fresh.rename(path)
                made += 1
                if told is not None:
                    told(path.stem, len(sound) / RATE)
    finally:
        if orchestra is not None:
            orchestra.close()
    return made
