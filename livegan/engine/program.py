"""Program of a setlist: which entry follows which, and when: by bars, seconds, sections, or a song that is followed."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from livegan.config.setlist import Advance, EntryTable, SetlistTable
from livegan.core.types import FeatureFrame
from livegan.engine.beat_grid import BeatGrid
from livegan.mapping.song_follower import SongFollower

SECTION = "section.change"
SECTION_ON, SECTION_OFF = 0.5, 0.25  # novelty from which a new section is believed; below, the next may come
SECTION_AFTER_S = 15.0  # an entry that waits for a section plays at least so long, if it says nothing else
BEATS_PER_BAR = 4  # while no beat is heard
ON_LINE = 1 / 8  # of a bar, half a beat: who begins no later than that after a bar line begins with it
EARLY_S = 0.4  # an entry of a followed song is due so much before its place: its transition waits for the bar
LISTENED_S = 2.0  # of music before the place is believed: it may have begun anywhere
SURE = 0.5  # confidence of the follower from which it is believed
Due = Literal["", "bars", "seconds", "section", "song"]


@dataclass(frozen=True, slots=True)
class Advancing:
    """When the entry after one comes."""

    by: Advance
    bars: float = float("inf")
    seconds: float = 0.0
    at_s: float = 0.0  # where in the rehearsed song the entry itself begins

    @classmethod
    def of(cls, table: SetlistTable, entry: EntryTable) -> "Advancing":
        """What an entry of a setlist says, or the setlist for it."""
        by = table.advance_of(entry)
        if by == "section":
            seconds = SECTION_AFTER_S if entry.seconds is None else entry.seconds
            return cls(by, float("inf") if entry.bars is None else entry.bars, seconds)
        if by == "song":
            return cls(by, at_s=entry.at or 0.0)
        bars = table.bars if entry.bars is None else entry.bars
        return cls(by, bars, table.seconds if entry.seconds is None else entry.seconds)


class Program:
    """Program of a setlist. Owned by the engine's thread."""

    def __init__(
        self,
        entries: Sequence[Advancing],
        *,
        shuffle_seed: int | None = None,
        loop: bool = True,
        song: SongFollower | None = None,
    ) -> None:
        """`shuffle_seed`: the entries follow each other in a random order of that seed; None: as listed.

        `song`: what entries that advance by the song go by.
        """
        self.entries, self.loop, self.shuffle_seed, self.song = tuple(entries), loop, shuffle_seed, song
        order = np.arange(len(entries))
        if shuffle_seed is not None:
            np.random.default_rng([shuffle_seed, len(entries)]).shuffle(order)
        self.order = [int(i) for i in order]
        self._at = self.order[0]
        self._played_bars, self._played_s = 0.0, 0.0
        self._place: float | None = None  # of the beat grid since the entry began [bars]; None: no beat is known
        self._reached: int | None = None  # the entry of the song's place, when that was last known
        self._armed = True  # the novelty has been low since the last section

    def after(self, number: int, step: int) -> int:
        """The entry `step` places after one in this order (before it, if negative); itself at the end of no loop."""
        place = self.order.index(number) + step
        if not self.loop and not 0 <= place < len(self.order):
            return number
        return self.order[place % len(self.order)]

    @property
    def when(self) -> str:
        """When the next entry comes, in words: "in 12 bars", "in 25 s", "with the next section"; "": on cue."""
        entry = self.entries[self._at]
        if entry.by == "cue" or self.after(self._at, 1) == self._at:
            return ""
        if entry.by == "seconds":
            return f"in {max(entry.seconds - self._played_s, 0.0):.0f} s"
        if entry.by == "section" and entry.bars == float("inf"):
            return "with the next section"
        if entry.by == "song":
            return self._when_in_song()
        begun = self._place % 1.0 if self._place is not None else 0.0  # of this bar
        lines = int(np.ceil(entry.bars - self._played_bars + begun - (ON_LINE if self._place is not None else 0.0)))
        left = max(lines, 0)
        return f"in {left} bar" if left == 1 else f"in {left} bars"

    def began(self, number: int) -> None:
        """Entry `number` begins to come in now."""
        self._at, self._played_bars, self._played_s, self._place = number, 0.0, 0.0, None

    @property
    def played(self) -> tuple[float, float]:
        """How long the entry has played: bars and seconds."""
        return self._played_bars, self._played_s

    def go_on(self, bars: float, seconds: float) -> None:
        """Let the entry that plays have been played for so long."""
        self._played_bars, self._played_s = bars, seconds

    def step(self, features: FeatureFrame | None, beats: BeatGrid, dt_s: float) -> Due:
        """Advance by `dt_s`; by what the next entry is due now, "": it is not."""
        before, self._place = self._place, beats.bar_place if beats.known else None
        self._played_s += dt_s
        if before is None or self._place is None:
            self._played_bars += dt_s / (BEATS_PER_BAR * beats.beat_s)
        else:
            self._played_bars = max(self._played_bars + self._place - before, 0.0)
        entry = self.entries[self._at]
        section = self._section(features)
        if entry.by == "cue" or (self.after(self._at, 1) == self._at):
            return ""
        if entry.by == "seconds":
            return "seconds" if self._played_s >= entry.seconds else ""
        if entry.by == "song":
            reached = self._reached_in_song()
            if reached is None or reached == self._reached:  # a scene that a hand has chosen stays until the next place
                return ""
            self._reached = reached
            return "song" if reached != self._at else ""
        if entry.by == "section" and section and self._played_s >= entry.seconds:
            return "section"
        if self._place is None:
            return "bars" if self._played_bars >= entry.bars - 1e-9 else ""
        return "bars" if beats.bar_begins and self._played_bars >= entry.bars - ON_LINE else ""

    def hear(self, features: FeatureFrame | None, dt_s: float) -> None:
        """Follow the song, in every frame."""
        if self.song is not None:
            self.song.step(features, dt_s)

    @property
    def next(self) -> int:
        """The entry that comes after the present one: of a followed song that of its place."""
        if self.entries[self._at].by == "song" and self._reached is not None:
            return self._reached
        return self.after(self._at, 1)

    def _reached_in_song(self) -> int | None:
        """The entry of the song's place; None while that is not known."""
        song = self.song
        if song is None or song.heard_s < LISTENED_S or song.confidence < SURE:
            return None
        reached = [number for number, entry in enumerate(self.entries) if entry.at_s <= song.position_s + EARLY_S]
        return reached[-1] if reached else None

    def _when_in_song(self) -> str:
        """When the next entry of a followed song comes, in words."""
        if self.song is None or not self.song.begun:
            return "when the song begins"
        if self.song.confidence < SURE:
            return "when the place in the song is found again"
        later = [entry.at_s for entry in self.entries if entry.at_s > self.song.position_s]
        return f"in {later[0] - self.song.position_s:.0f} s" if later else ""

    def _section(self, features: FeatureFrame | None) -> bool:
        """Whether a new section of the music was noticed now."""
        if features is None or SECTION not in features.layout.index:
            return False
        novelty = features[SECTION]
        if novelty < SECTION_OFF:
            self._armed = True
        elif novelty >= SECTION_ON and self._armed:
            self._armed = False
            return True
        return False
