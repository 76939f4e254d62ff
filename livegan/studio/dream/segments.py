"""Segments of a song: the stretches of a dream film that each have their own aims, and how many steps they get."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from livegan.studio.dream.sections import Section
from livegan.studio.dream.song_analysis import Curve, SongAnalysis

LONGEST_ORIGINAL_S = 4.0  # MetaMusic: what is longer is halved
SHORTEST_S, USUAL_S, LONGEST_S = 1.0, 1.7, 3.2  # of a segment by sections and bars
NEAR_S = 0.4  # a lyric or section begins on the beat that is nearer than this
QUIET, LOUD = 0.6, 1.4  # steps by loudness, as a share of the usual ones
LEAST_STEPS, LOUD_STEPS = 10, 110  # music2video without iterations_per_second: 10 + 110 loudness
SLOWEST, FASTEST = 10.0, 120.0  # fps of MetaMusic


@dataclass(frozen=True, slots=True)
class Segment:
    """Segment of a film [s from its beginning]."""

    number: int
    start_s: float
    end_s: float
    iterations: int = 0  # optimisation steps
    loudness: float = 0.0  # mean, 0..1
    label: int = 0  # of its section: segments of one label may look alike

    @property
    def seconds(self) -> float:
        return self.end_s - self.start_s


Rule = Callable[[SongAnalysis, Sequence[Section], Sequence[float]], list[float]]


def cuts_original(heard: SongAnalysis, sections: Sequence[Section], lyrics_s: Sequence[float]) -> list[float]:
    """MetaMusic's rule to the letter: 0, every second beat, the end; what is longer than 4 s is halved, repeatedly."""
    moments = _unique([0.0, *heard.beats_s[::2].tolist(), heard.seconds], heard.seconds, 1e-6)
    cuts = [moments[0]]
    for end in moments[1:]:
        cuts += _halved(cuts[-1], end, LONGEST_ORIGINAL_S)
    return cuts


def cuts_beats(heard: SongAnalysis, sections: Sequence[Section], lyrics_s: Sequence[float]) -> list[float]:
    """music2video's rule: a segment for each beat interval; its film begins with the first beat, ours with the song."""
    return _unique([0.0, *heard.beats_s.tolist(), heard.seconds], heard.seconds, 0.1)


def cuts_sections(heard: SongAnalysis, sections: Sequence[Section], lyrics_s: Sequence[float]) -> list[float]:
    """Bars of two seconds and more, cut anew where a section or a lyric begins; all of it on the beat."""
    firm = [0.0, heard.seconds]
    for moment in sorted([*(section.start_s for section in sections), *lyrics_s]):
        on_beat = _nearest(heard.downbeats_s, moment, NEAR_S, _nearest(heard.beats_s, moment, NEAR_S, moment))
        if all(abs(on_beat - other) >= SHORTEST_S for other in firm):
            firm.append(on_beat)
    firm.sort()
    bars = heard.downbeats_s if len(heard.downbeats_s) >= 2 else heard.beats_s
    cuts = [0.0]
    for end in firm[1:]:
        for bar in bars[(bars > cuts[-1]) & (bars < end)].tolist():
            if bar - cuts[-1] >= USUAL_S and end - bar >= SHORTEST_S:
                cuts.append(bar)
        cuts.append(end)
    return [0.0, *(cut for start, end in pairwise(cuts) for cut in _on_beats(heard, start, end))]


RULES: Mapping[str, Rule] = {"sections": cuts_sections, "beats": cuts_beats, "original": cuts_original}


def segments(
    rule: str,
    heard: SongAnalysis,
    sections: Sequence[Section],
    iterations_per_second: float,
    lyrics_s: Sequence[float] = (),
) -> tuple[Segment, ...]:
    """The segments of a song by a rule of `RULES`, without gaps, from 0 to its end.

    `iterations_per_second` 0, which only the rule "beats" knows: 10 + 110 loudness steps a segment (music2video).
    `lyrics_s`: when lyrics begin.
    """
    cuts = RULES[rule](heard, sections, lyrics_s)
    found = []
    for number, (start, end) in enumerate(pairwise(cuts)):
        loudness = heard.loudness_between(start, end)
        label = next((s.label for s in sections if start + end < 2 * s.end_s), 0)
        found.append(Segment(number, start, end, 0, loudness, label))
    return tuple(replace(each, iterations=_steps(rule, each, found, iterations_per_second)) for each in found)


def _steps(rule: str, segment: Segment, every: Sequence[Segment], per_second: float) -> int:
    if rule == "original":
        return int(segment.seconds * per_second + 0.5)
    if rule == "beats":
        return int(segment.seconds * per_second) if per_second else int(LEAST_STEPS + LOUD_STEPS * segment.loudness)
    mean = sum(each.loudness * each.seconds for each in every) / sum(each.seconds for each in every)
    share = np.clip(1 + segment.loudness - mean, QUIET, LOUD)
    return max(1, round(segment.seconds * per_second * float(share)))


def original_fps(frames: int, seconds: float) -> float:
    """MetaMusic's frame rate of a film that shows every step: 10..120."""
    return float(np.clip(frames / max(seconds, 1e-9), SLOWEST, FASTEST))


def _halved(start: float, end: float, longest: float) -> list[float]:
    """Ends of the parts of an interval after halving whatever is too long."""
    if end - start <= longest:
        return [end]
    middle = (start + end) / 2
    return _halved(start, middle, longest) + _halved(middle, end, longest)


def _on_beats(heard: SongAnalysis, start: float, end: float) -> list[float]:
    """Ends of the parts of a segment that is too long: halved, on the beat where there is one."""
    if end - start <= LONGEST_S:
        return [end]
    middle = _nearest(heard.beats_s, (start + end) / 2, (end - start) / 6, (start + end) / 2)
    return _on_beats(heard, start, middle) + _on_beats(heard, middle, end)


def _nearest(moments_s: Curve, moment: float, within: float, otherwise: float) -> float:
    if not len(moments_s):
        return otherwise
    nearest = float(moments_s[np.argmin(np.abs(moments_s - moment))])
    return nearest if abs(nearest - moment) <= within else otherwise


def _unique(moments: Sequence[float], end: float, apart: float) -> list[float]:
    """Ascending moments from the first to `end`, at least so far apart."""
    found = [moments[0]]
    for moment in moments[1:-1]:
        if moment - found[-1] >= apart and end - moment >= apart:
            found.append(moment)
    return [*found, end]
