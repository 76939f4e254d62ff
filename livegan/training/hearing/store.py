"""Store of examples: sound as band power, with what is true of it. One `.npz` file each, made by studio/hearing."""

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Literal, get_args
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from livegan.core.files import atomic_path
from livegan.errors import TrainingError
from livegan.networks.hearing_bands import BANDS, FRAME_RATE
from livegan.networks.hearing_network import ACTIVATIONS, DELAYS, PULSE

Kind = Literal["music", "nobeat", "noise"]  # a beat; none; and no onsets either
EVENTS: Mapping[str, str] = {  # activation -> array of the file [s]
    "beat": "beats",
    "downbeat": "downbeats",
    "onset": "onsets",
    "kick": "kick",
    "snare": "snare",
    "hat": "hat",
}
BESIDE = 0.5  # target of the frames beside an event's own
LONGEST_BEAT_S = 1.5  # from the first beat to the last there is a pulse, unless there is none for longer than this

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Example:
    """A piece of sound with its truth."""

    name: str
    kind: Kind
    style: str
    certain: float  # 0..1: how far its beats are to be believed
    power: NDArray[np.float16]  # (frames, BANDS), log10
    events: Mapping[str, Floats]  # activation -> moments [s]; what is not there is not known

    @property
    def frames(self) -> int:
        return len(self.power)


def read_example(path: Path) -> Example:
    """The example in a file; TrainingError if it is none."""
    try:
        with path.open("rb") as raw, np.load(raw, allow_pickle=False) as file:
            kind = str(file["kind"])
            power = np.asarray(file["power"], np.float16)
            if kind not in get_args(Kind) or power.ndim != 2 or power.shape[1] != BANDS:
                raise ValueError(f"kind {kind!r}, power {power.shape}")
            events = {
                activation: np.sort(np.asarray(file[key], np.float32))
                for activation, key in EVENTS.items()
                if key in file.files
            }
            if kind != "music":
                events |= {name: np.zeros(0, np.float32) for name in ("beat", "downbeat")}
            if kind == "noise":
                events |= {name: np.zeros(0, np.float32) for name in EVENTS}
            certain = float(file["certain"]) if "certain" in file.files else 1.0
            style = str(file["style"]) if "style" in file.files else ""
    except (OSError, EOFError, KeyError, ValueError, BadZipFile, zlib.error) as error:
        raise TrainingError(f"{path} is no example of sound ({error}); delete it, and make it again") from error
    return Example(path.stem, kind, style, certain, power, events)  # type: ignore[arg-type]


def write_example(path: Path, example: Example) -> None:
    """Write a whole example or none; TrainingError, with the reason, if it cannot be written."""
    events = {EVENTS[name]: np.asarray(moments, np.float32) for name, moments in example.events.items()}
    try:
        with atomic_path(path) as aside:
            np.savez_compressed(
                aside,
                power=example.power,
                kind=np.array(example.kind),
                style=np.array(example.style),
                certain=np.array(example.certain, np.float32),
                **events,  # type: ignore[arg-type]
            )
    except OSError as error:
        raise TrainingError(f"{path} cannot be written ({error.strerror or error}); choose another with -o") from error


def read_store(folder: Path) -> list[Example]:
    """All examples in a folder and below, by name; TrainingError if there are none, or one is broken."""
    paths = example_paths(folder)
    if not paths:
        raise TrainingError(f"no examples of sound in {folder}")
    return [read_example(path) for path in paths]


def example_paths(folder: Path) -> list[Path]:
    """Files of all examples in a folder and below, by name; a half one that a crash left is hidden, and none."""
    return sorted(path for path in folder.rglob("*.npz") if not path.name.startswith("."))


def targets(events: Mapping[str, Floats], kind: Kind, frames: int, stretch: float = 1.0) -> tuple[Floats, Floats]:
    """Targets (7, frames) and their weights, 0 where nothing is known, of events [s], read `stretch` times as fast."""
    wanted, weights = np.zeros((2, len(ACTIVATIONS), frames), np.float32)
    for row, name in enumerate(ACTIVATIONS):
        if name not in events:
            continue
        weights[row] = 1.0
        at = np.floor(events[name] / stretch * FRAME_RATE).astype(int) + DELAYS[row]
        for beside, value in ((-1, BESIDE), (1, BESIDE), (0, 1.0)):
            inside = at + beside
            wanted[row, inside[(inside >= 0) & (inside < frames)]] = value
    if kind != "music":
        weights[PULSE] = 1.0
    elif len(events.get("beat", ())) > 1:
        beats = events["beat"] / stretch
        weights[PULSE] = 1.0
        for first, last in pairwise(beats):
            if last - first < LONGEST_BEAT_S:
                begin, end = (int(moment * FRAME_RATE) + DELAYS[PULSE] for moment in (first, last))
                wanted[PULSE, max(begin, 0) : max(end, 0)] = 1.0
    return wanted, weights
