"""Real sounds with their truth, from a folder: JSON beside each sound, or a `.beats` file of one's own.

JSON as in the fixtures: `beats` [s] (absent: no beat is to be heard), `bpm`, `onsets` [s] with `onset_kind`, `group`
"phase?" where only the tempo can be trusted. A `.beats` file is as `livegan.studio.hearing.beats_file` reads it. Of two
truths, `.beats` counts.
"""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import scipy.signal
import soundfile
from numpy.typing import NDArray

from livegan.errors import MediaError
from livegan.studio.hearing.beats_file import read_beats
from tests.benchmarks.hearing_scores import Moments

FIXTURES = Path(__file__).resolve().parents[3] / "shared" / "fixtures" / "hearing"
RATE = 48000  # of every sound that is heard
SOUNDS = (".wav", ".flac", ".ogg", ".opus", ".mp3", ".aiff", ".aif")
HELD_OUT = frozenset(("fof_mime", "sp_amen_full", "sp_mika", "lr_vibeace", "no_ambient"))
"""Fixtures that nobody trains on, tunes on or looks at one by one: what is measured on them is a forecast."""
TUNE, HELD = "tune", "held-out"


@dataclass(frozen=True)
class Item:
    """A sound and what is to be heard in it [s]."""

    name: str
    path: Path
    beats: Moments | None  # None: there is no beat
    downbeats: Moments | None  # None: not known
    onsets: Moments | None  # None: not known
    onset_kind: str  # "all", or what of the sound they are of
    bpm: float  # 0: there is no beat
    phase_known: bool  # False: only the tempo can be trusted

    @property
    def group(self) -> str:
        """`TUNE` or `HELD`."""
        return HELD if self.name in HELD_OUT else TUNE

    def sound(self) -> NDArray[np.float32]:
        """Mono at 48 kHz, (n,)."""
        samples, rate = soundfile.read(self.path, dtype="float32", always_2d=True)
        mono = samples.mean(axis=1)
        if rate == RATE:
            return mono
        common = int(np.gcd(rate, RATE))
        return np.asarray(scipy.signal.resample_poly(mono, RATE // common, rate // common), np.float32)


def read_items(folder: Path) -> list[Item]:
    """Every sound of a folder that has a truth, by name; MediaError if there is none, or a beat cannot be read."""
    sounds = sorted(path for path in folder.iterdir() if path.suffix.lower() in SOUNDS) if folder.is_dir() else []
    items = []
    for path in sounds:
        own, facts = path.with_suffix(".beats"), path.with_suffix(".json")
        if own.exists():
            items.append(_of_lines(path, own))
        elif facts.exists():
            items.append(_of_json(path, json.loads(facts.read_text(encoding="utf-8"))))
    if not items:
        raise MediaError(
            f"no sound with its truth in {str(folder)!r}: put NAME.beats (a beat a line, in seconds) beside NAME.wav"
        )
    return items


def _of_json(path: Path, facts: dict[str, object]) -> Item:
    times = {key: np.sort(np.array(facts[key], float)) for key in ("beats", "downbeats", "onsets") if key in facts}
    beats = times.get("beats")
    bpm = float(str(facts.get("bpm") or 0.0)) or _tempo(beats)
    return Item(
        path.stem,
        path,
        beats,
        times.get("downbeats"),
        times.get("onsets"),
        str(facts.get("onset_kind", "all")),
        bpm,
        facts.get("group") != "phase?",
    )


def _of_lines(path: Path, own: Path) -> Item:
    """Truth from a `.beats` file."""
    written = read_beats(own)
    beats = written.beats if len(written.beats) else None
    return Item(path.stem, path, beats, written.downbeats, None, "all", _tempo(beats), True)


def _tempo(beats: Moments | None) -> float:
    return 60.0 / float(np.median(np.diff(beats))) if beats is not None and len(beats) > 1 else 0.0
