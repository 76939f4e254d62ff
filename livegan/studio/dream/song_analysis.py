"""Analysis of a whole song for a film: beats, onsets, loudness and sections, by the listening of the show."""

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from math import ceil

import numpy as np
from numpy.typing import NDArray

from livegan.audio.song import Song
from livegan.config.venue import Venue
from livegan.core.beat_thresholds import MOVES
from livegan.core.types import Layout
from livegan.engine.bind import listen
from livegan.features.listening import MIN_SAMPLE_RATE
from livegan.studio.listen_events import Beat, Hops, Transcript, hear_song

Curve = NDArray[np.float64]  # (n,)

STEP_S = 0.25  # of the rows by which sections are found
QUIET_DB, LOUD_DB = -40.0, -8.0  # RMS level that counts as 0 and as 1, where the song does not say more
LEAST_SPREAD_DB = 12.0  # of quiet and loud: what is less is no dynamics
STEADY = 8  # beats by which the tempo near them is known
USUAL_BAR = 4  # beats
UNSTEADY, FAR = 0.06, 0.35  # beats: from the line of steady ones; from the same beat


@dataclass(frozen=True, slots=True, eq=False)
class SongAnalysis:
    """What is heard in a song; moments in seconds from the beginning of the film."""

    seconds: float
    beats_s: Curve  # (beats,) ascending
    downbeats_s: Curve  # those that begin a bar
    onsets_s: Curve  # (onsets,)
    onset_strengths: Curve  # (onsets,) 0..1
    hop_s: float
    loudness: Curve  # (hops,) 0 as in the quiet parts of this song .. 1 as in the loud ones
    rows: NDArray[np.float64]  # (seconds / STEP_S, k) notes and bands, one row each STEP_S, for sections

    def loudness_between(self, start_s: float, end_s: float) -> float:
        """Mean loudness, 0..1."""
        first = min(int(start_s / self.hop_s), len(self.loudness) - 1)
        return float(self.loudness[first : max(first + 1, ceil(end_s / self.hop_s))].mean())


def hear(
    song: Song, venue: Venue, also: Callable[[Layout, Hops], object] = lambda layout, hops: None
) -> Generator[float, None, SongAnalysis]:
    """Listen to a song, faster than it sounds; yields the share that is done, and returns what was heard.

    `also` gets the hops of every block, with the layout of their features.
    """
    rate = max(song.sample_rate, MIN_SAMPLE_RATE)
    song = song.at_rate(venue.audio.sample_rate if rate != song.sample_rate else rate)
    listening = listen(venue, song.sample_rate, song.samples.shape[1])
    names = listening.layout.names
    kept = [at for at, name in enumerate(names) if name.startswith(("chroma.", "band."))]
    transcript, rows = Transcript(), list[NDArray[np.float64]]()
    for hops in hear_song(listening, song.samples):
        transcript.take(hops)
        also(listening.layout, hops)
        rows.append(hops.rows[:, kept])
        yield min(1.0, hops.end_s / song.seconds)
    hop_s = listening.setup.hop_s
    beats = [beat for beat in transcript.beats if 0 <= beat.time_s < song.seconds]
    beats_s, downbeats_s = _beats(beats)
    onsets = transcript.onsets["onset"]
    strengths = np.array([onset.strength for onset in onsets])
    heard = np.concatenate(rows) if rows else np.zeros((0, len(kept)))
    return SongAnalysis(
        song.seconds,
        beats_s,
        downbeats_s,
        np.array([max(0.0, onset.time_s) for onset in onsets]),
        np.clip(strengths, 0.0, 1.0),
        hop_s,
        _loudness(song, hop_s),
        _in_steps(heard, max(1, round(STEP_S / hop_s))),
    )


def _beats(found: Sequence[Beat]) -> tuple[Curve, Curve]:
    """Beats and downbeats, with those that were not heard: before the tracker was sure, and where it lost the beat."""
    sure = [beat for beat in found if beat.confidence >= MOVES]
    if len(sure) < STEADY:
        return np.zeros(0), np.zeros(0)
    moments, firsts = [sure[0].time_s], [0] if sure[0].first else []
    for beat in sure[1:]:
        count = max(1, round((beat.time_s - moments[-1]) / _period_s(sure, beat.time_s)))
        moments += np.linspace(moments[-1], beat.time_s, count + 1)[1:].tolist()
        firsts += [len(moments) - 1] if beat.first else []
    moments = _in_line(moments)
    period_s, bar = _period_s(sure, moments[0]), _bar(firsts)
    earlier = int(moments[0] / period_s)
    beats_s = np.concatenate((moments[0] - period_s * np.arange(earlier, 0, -1), moments))
    bars = [first + earlier for first in firsts]
    if bars:
        bars = [*range(bars[0] % bar, bars[0], bar), *bars]
    return beats_s, beats_s[bars]


def _in_line(moments: Sequence[float]) -> list[float]:
    """The first beats in line with those after them, where the music is steady: the tracker finds the phase slowly."""
    later = np.array(moments[STEADY : 3 * STEADY])
    if len(later) < STEADY:
        return list(moments)
    at = np.arange(len(later))
    period_s, first_s = np.polyfit(at, later, 1)
    earlier = first_s - period_s * np.arange(STEADY, 0, -1)
    is_steady = np.abs(first_s + period_s * at - later).max() < UNSTEADY * period_s
    if not is_steady or np.abs(earlier - moments[:STEADY]).max() > FAR * period_s:
        return list(moments)
    return [*earlier.tolist(), *moments[STEADY:]]


def _period_s(beats: Sequence[Beat], time_s: float) -> float:
    """Seconds from beat to beat near a moment."""
    return float(np.median([60.0 / beat.bpm for beat in sorted(beats, key=lambda b: abs(b.time_s - time_s))[:STEADY]]))


def _bar(firsts: Sequence[int]) -> int:
    """Beats of a bar."""
    return max(1, int(np.median(np.diff(firsts)))) if len(firsts) > 1 else USUAL_BAR


def _loudness(song: Song, hop_s: float) -> Curve:
    """RMS level of each hop on the scale of this song, smoothed over a tenth of a second."""
    hop = max(1, round(hop_s * song.sample_rate))
    power = np.square(song.samples.astype(np.float64)).mean(axis=1)
    sums = np.add.reduceat(power, np.arange(0, len(power), hop))
    counts = np.diff(np.append(np.arange(0, len(power), hop), len(power)))
    width = max(1, round(0.1 / hop_s))
    smooth = np.convolve(np.pad(sums / counts, width, mode="edge"), np.ones(width) / width, "same")[width:-width]
    level = 10 * np.log10(smooth + 1e-12)
    sounding = level[level > -70.0]
    low, high = np.percentile(sounding, (10, 95)) if len(sounding) else (QUIET_DB, LOUD_DB)
    low = min(low, high - LEAST_SPREAD_DB)
    return np.clip((level - low) / (high - low), 0.0, 1.0)


def _in_steps(rows: NDArray[np.float64], every: int) -> NDArray[np.float64]:
    count = len(rows) // every
    return np.asarray(rows[: count * every].reshape(count, every, rows.shape[1]).mean(axis=1))
