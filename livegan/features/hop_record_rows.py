"""Rows of numbers that say what was heard in a hop, but for the beat: written by one process, read by another."""

from collections.abc import Mapping, Set
from dataclasses import dataclass
from math import ceil

import numpy as np

from livegan.core.types import Vector
from livegan.features.group import Group, HopRecord
from livegan.features.onset_detection import ONSET_KINDS, Onset
from livegan.networks.hearing_bands import FRAME_RATE
from livegan.networks.hearing_network import ACTIVATIONS

HEAD = 4  # of a row: sample at which the hop ends, time skipped before [s], samples missed, gaps
STATE = 6  # of a group: whether it told anything, gate, open, recently open, how many activations, how many onsets
ONSET = 3  # numbers of an onset: kind, how long ago [s], strength
FRAME = 1 + len(ACTIVATIONS)  # numbers of a frame of activations: how long ago [s], and they


@dataclass(slots=True)
class Skipped:
    """What was skipped before a hop; samples and gaps are of all hops so far."""

    time_s: float = 0.0  # that the beat must run on through, before this hop
    missed: int = 0  # samples
    gaps: int = 0


class HopRecordRows:
    """Row format of hop records."""

    def __init__(self, groups: Mapping[str, Group], hop: int, hop_s: float) -> None:
        """`groups`: as they are on either side; with or without what needs the beat."""
        self._groups, self.hop = groups, hop
        self._frames = ceil(hop_s * FRAME_RATE) + 1
        self._spoken = STATE + hop  # where activations begin
        self._begun = self._spoken + self._frames * FRAME  # where onsets begin
        self._fixed = self._begun + len(ONSET_KINDS) * ONSET
        self.width = HEAD + sum(self._fixed + group.early for group in groups.values())

    def pack(self, end: int, skipped: Skipped, told: Set[str], out: Vector) -> None:
        """Write the newest step of every group into `out` (width,) float64; of those that are not `told` nothing.

        `end`: the sample of the writer's ring at which the hop ends.
        """
        out[:HEAD] = end, skipped.time_s, skipped.missed, skipped.gaps
        at = HEAD
        for name, group in self._groups.items():
            place = out[at : at + self._fixed + group.early]
            at += len(place)
            place[0] = name in told
            if name not in told:
                continue
            record = group.record
            frames, onsets = record.activations[: self._frames], record.onsets[: len(ONSET_KINDS)]
            place[STATE : self._spoken] = record.sound
            place[1:STATE] = record.gate, record.open, record.recently_open, len(frames), len(onsets)
            for index, (activations, ago_s) in enumerate(frames):
                frame = place[self._spoken + index * FRAME :][:FRAME]
                frame[0], frame[1:] = ago_s, activations
            for index, onset in enumerate(onsets):
                place[self._begun + index * ONSET :][:ONSET] = (
                    ONSET_KINDS.index(onset.kind),
                    onset.ago_s,
                    onset.strength,
                )
            place[self._fixed :] = record.values

    def skipped(self, row: Vector) -> tuple[int, Skipped]:
        """The sample at which the hop of a row ended, and what was skipped before it."""
        end, skipped_s, missed, gaps = row[:HEAD].tolist()
        return int(end), Skipped(skipped_s, int(missed), int(gaps))

    def records(self, row: Vector) -> dict[str, HopRecord]:
        """Of each group that told anything."""
        at, records = HEAD, dict[str, HopRecord]()
        for name, group in self._groups.items():
            place = row[at : at + self._fixed + group.early]
            at += len(place)
            told, gate, is_open, recently, frames, onsets = place[:STATE].tolist()
            if not told:
                continue
            spoken = place[self._spoken :][: int(frames) * FRAME].reshape(-1, FRAME)
            begun = place[self._begun :][: int(onsets) * ONSET].reshape(-1, ONSET).tolist()
            records[name] = HopRecord(
                place[self._fixed :],
                place[STATE : self._spoken],
                gate,
                bool(is_open),
                bool(recently),
                [Onset(ONSET_KINDS[int(kind)], ago_s, strength) for kind, ago_s, strength in begun],
                [(frame[1:].astype(np.float32), float(frame[0])) for frame in spoken],
            )
        return records
