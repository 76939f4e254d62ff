"""Rehearsal of a song: heard once, whole, as a show will hear it."""

from collections.abc import Generator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from livegan.audio.song import Song
from livegan.config.venue import Venue
from livegan.core.types import Layout
from livegan.errors import MediaError
from livegan.mapping.song_follower import STEP_S, SongRows, columns_of, folded
from livegan.studio.dream.sections import Section, sections
from livegan.studio.dream.song_analysis import SongAnalysis, hear
from livegan.studio.listen_events import Hops

Table = NDArray[np.float32]

SHORTEST_S = 8.0
MERGED_S = 6.0  # a part that is shorter belongs to the one before it
ON_BAR_S = 1.2  # a boundary is moved to a bar line so near


@dataclass(frozen=True, slots=True, eq=False)
class Rehearsal:
    """What was heard of a song."""

    analysis: SongAnalysis
    layout: Layout
    features: Table  # (n, features) means, of peaks the greatest, one row each STEP_S
    song: SongRows
    parts: tuple[Section, ...]  # without gaps; boundaries on bar lines where bars are heard

    def loudness_of(self, part: Section) -> float:
        """Mean loudness of a part, 0..1 on the scale of this song."""
        return self.analysis.loudness_between(part.start_s, part.end_s)

    @property
    def tempo(self) -> float | None:
        """Median tempo [bpm]; None if no beat was heard."""
        beats = self.analysis.beats_s
        return 60.0 / float(np.median(np.diff(beats))) if len(beats) > 8 else None


def rehearse_song(song: Song, venue: Venue) -> Generator[float, None, Rehearsal]:
    """Hear a song; yields the share that is done. MediaError for one that is too short."""
    if song.seconds < SHORTEST_S:
        raise MediaError(f"the song has {song.seconds:.1f} s; rehearse one of {SHORTEST_S:.0f} s or more")
    found: list[Layout] = []
    times, rows = list[NDArray[np.float64]](), list[Table]()

    def keep(layout: Layout, hops: Hops) -> None:
        found[:] = [layout]
        times.append(hops.times_s)
        rows.append(hops.rows.astype(np.float32))

    analysis = yield from hear(song, venue, keep)
    layout = found[0]
    features = _in_steps(np.concatenate(times), np.concatenate(rows), layout)
    where = columns_of(layout)
    assert where is not None  # of every show's layout
    parts = sections(analysis.rows, song.seconds)
    return Rehearsal(analysis, layout, features, SongRows(folded(features[:, where])), on_bars(parts, analysis))


def _in_steps(times_s: NDArray[np.float64], rows: Table, layout: Layout) -> Table:
    """One row each STEP_S: means, of peaks the greatest."""
    place = np.minimum((times_s - 1e-9) / STEP_S, times_s[-1] / STEP_S - 1).astype(int)
    starts = np.flatnonzero(np.diff(place, prepend=-1))
    counts = np.diff(np.append(starts, len(rows)))[:, None]
    peaks = np.array(layout.peaks)
    means = np.add.reduceat(rows, starts, axis=0) / counts
    return np.asarray(np.where(peaks, np.maximum.reduceat(rows, starts, axis=0), means), np.float32)


def on_bars(parts: tuple[Section, ...], analysis: SongAnalysis) -> tuple[Section, ...]:
    """The parts with their boundaries on bar lines where there are some near; short ones belong to the one before."""
    lines, cuts, labels = analysis.downbeats_s, list[float](), list[int]()
    for part in parts:
        start = part.start_s
        if len(lines) and cuts:
            nearest = float(lines[np.abs(lines - start).argmin()])
            start = nearest if abs(nearest - start) <= ON_BAR_S else start
        if cuts and start - cuts[-1] < MERGED_S:
            continue
        cuts.append(start)
        labels.append(part.label)
    ends = [*cuts[1:], parts[-1].end_s]
    return tuple(Section(start, end, label) for start, end, label in zip(cuts, ends, labels, strict=True))
