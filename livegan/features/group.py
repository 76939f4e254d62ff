"""Input group: its spectra, gate, level ranges and features, then its beat.

A step has two halves, so that another process may do the first one, which costs most (`listening_process`). The second
is the beat, which taps and other clocks may set, and features whose work is done on another thread.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from math import log10

import numpy as np

from livegan.core.guard import Guard, unguarded
from livegan.core.types import Samples, Vector
from livegan.core.window import asymmetric_window
from livegan.features.band_levels import BandLevels
from livegan.features.beat import BeatTracker
from livegan.features.beat_clock import BeatClock, BeatCounter, BeatState
from livegan.features.downmix import Downmix
from livegan.features.gate import Gate
from livegan.features.hearing import Hearing
from livegan.features.hop import Hop
from livegan.features.onset_detection import LONG_EVERY, Novelty, Onset, PeakPicker
from livegan.features.pitch_classes import LONGER, ChromaAnalysis
from livegan.features.played_notes import NoteState
from livegan.features.registry import FEATURES, Feature, Setup
from livegan.features.sanitize import peak
from livegan.features.spectrum import Bins, SampleHistory, Spectrum
from livegan.networks.hearing_network import HearingWeights

AUDIBLE_DB = -96.0  # below this nothing begins [dBFS]
Choose = Callable[[float, BeatTracker], BeatState]  # the beat at the end of a hop [s of the show]

Work = tuple[str, str, Callable[[], bool | None], Vector]  # feature; its name for the guard; computation; part of row
FAILED: bool | None = False  # what the guard returns then

SHORT_FALL = 0.375  # share of the short window behind its peak


@dataclass(slots=True)
class HopRecord:
    """What the first half of a step says of a hop."""

    values: Vector  # numbers of its features, in order
    sound: Vector  # (hop,) as in `Hop`
    gate: float = 0.0  # as in `Hop`
    open: bool = False
    recently_open: bool = False
    onsets: list[Onset] = field(default_factory=list)
    activations: list[tuple[Vector, float]] = field(default_factory=list)  # (7,) of a frame that ended so long ago [s]


class Group:
    """Input group: computes one feature row per hop of its channels. Transforms are shared by all features."""

    def __init__(
        self,
        setup: Setup,
        features: Iterable[str],
        *,
        delay_s: float = 0.0,
        clock: BeatClock | None = None,
        choose: Choose | None = None,
        guard: Guard = unguarded,
        hearing: HearingWeights | None = None,
        half: bool = False,
    ) -> None:
        """`features`: names in the table; `delay_s`: how late its sound comes (separated groups).

        `clock`: where the beat comes from, asked in seconds of the show; None: it is tracked in the sound. Then
        `choose` may put another in its place, hop by hop.
        `hearing`: of the network that the beat is heard with, or else those that come with livegan; where it tracks a
        beat, it confirms onsets, too. `half`: only the first half of each step, and its features.
        A feature that raises is 0 in that hop if `guard` survives it.
        """
        features = list(features)
        self._guard = guard
        self.setup = setup
        needs_beat = any(FEATURES[name].needs_beat for name in features)
        if half:
            features = [name for name in features if not _is_late(FEATURES[name])]
        self.features = [FEATURES[name](setup) for name in features]
        self.paused: frozenset[str] = frozenset()  # features that nobody reads now: 0, and not computed
        self.names = tuple(name for feature in self.features for name in feature.names)
        self.peaks = tuple(feature.peak for feature in self.features for _ in feature.names)
        self.row: Vector = np.zeros(len(self.names), np.float32)
        ends = np.cumsum([len(feature.names) for feature in self.features])
        self.delay_s = delay_s
        self.sound: Vector = np.zeros(setup.hop, np.float32)
        self.onsets: list[Onset] = []
        window = setup.window
        self.tracker = BeatTracker(setup.hop_s) if needs_beat and clock is None and not half else None
        self._hearing = Hearing(setup.sample_rate, hearing) if needs_beat and clock is None else None
        hearing_past = self._hearing.past + setup.hop if self._hearing is not None else 0
        self.past = SampleHistory(max(window * LONGER, hearing_past))
        self._spectrum = Spectrum(asymmetric_window(window))
        self._short = Spectrum(asymmetric_window(window // 4, SHORT_FALL))
        self._long = Spectrum(asymmetric_window(window * 2))
        self._novelty = Novelty(setup.sample_rate, window, setup.hop_s)
        self._peak_picker = PeakPicker(setup.hop_s, setup.sample_rate / window)
        needs_chroma = any(feature.needs_chroma for feature in self.features)
        self._counter = BeatCounter(clock) if needs_beat and clock is not None and not half else None
        self._choose = choose
        self.beat: BeatState | None = None  # in the newest hop
        self._chroma = ChromaAnalysis(setup.sample_rate, window, setup.hop) if needs_chroma else None
        self._levels = BandLevels(setup)
        self._gate = Gate(setup.gate_db, setup.hop_s)
        self._power: Vector = np.zeros(window // 2 + 1, np.float32)
        self._magnitude: Vector = np.zeros(window // 2 + 1, np.float32)
        self._number = 0
        self._downmix = Downmix(setup.hop_s)
        self.bins: Bins = np.zeros(window // 2 + 1, np.complex64)
        self._hop = Hop(  # one for all hops: what is not replaced in each of them is lent
            number=0,
            raw=np.zeros((setup.hop, 0), np.float32),
            peak=0.0,
            sound=self.sound,
            past=self.past.samples,
            bins=self.bins,
            power=self._power,
            bands=self._levels.bands,
            level_db=-120.0,
            normalised=self._levels.normalised,
            loud_db=-120.0,
            gate=0.0,
            open=False,
            recently_open=False,
            flux=0.0,
            onsets=self._peak_picker.values,
            chroma=None,
            beat=None,
        )
        self._work: list[Work] = []
        self._late: list[Work] = []
        self._of_notes: list[Work] = []
        early = np.ones(len(self.row), bool)
        for name, feature, end in zip(features, self.features, ends, strict=True):
            place = slice(end - len(feature.names), end)
            part = self.row[place]
            late = _is_late(feature)
            early[place] = not late
            work = self._of_notes if feature.needs_notes else self._late if late else self._work
            work.append((name, f"feature {feature.names[0]}", partial(feature.compute, self._hop, part), part))
        self._early = np.flatnonzero(early)  # places in the row
        self.early = len(self._early)  # numbers of the features of the first half
        self.activations: list[tuple[Vector, float]] = []  # of this hop, where nothing tracks the beat here
        self.follows_beat = needs_beat  # whether it must hear everything: a beat is found in seconds of sound
        self.own_features = all(type(feature).__module__.startswith("livegan.") for feature in self.features)

    def fill(self, sound: Samples) -> None:
        """Lay clean `sound` (n, channels) under the windows without making a hop."""
        mixed = np.zeros(len(sound), np.float32)
        self._downmix.fill(sound, mixed)
        self.past.fill(mixed)
        self._spectrum.step(self.past.samples)
        self._short.step(self.past.samples)
        if self._hearing is not None:
            self._hearing.fill(self.past.samples)

    def step(self, raw: Samples, time_s: float = 0.0, notes: NoteState | None = None) -> None:
        """Take the next hop of clean samples (hop, channels), which ends at `time_s`, and the notes in it, if known.

        The numbers are in `row` then, the onsets in `onsets`, the beat in `beat`.
        """
        self._downmix.step(raw, self.sound)
        self.past.step(self.sound)
        past = self.past.samples
        bins, _ = self._spectrum.step(past)
        self.bins = bins
        np.abs(bins, out=self._magnitude)
        np.square(self._magnitude, out=self._power)
        self._power *= self._spectrum.density
        self._power[0] = 0.0
        level_db = self._levels.measure(self._power)
        mean = float(np.add.reduce(self.sound)) / len(self.sound)
        square = float(np.dot(self.sound, self.sound)) / len(self.sound) - mean * mean
        instant_db = 10.0 * log10(max(square, 1e-12))  # a click, before the window has let it in
        loudest_db = max(level_db, instant_db)
        long = self._long.step(past)[0] if self._number % LONG_EVERY == 0 else None
        self._novelty.step(self._magnitude, self._short.step(past)[0], long)
        if self._hearing is not None:
            self.activations = []
            for activations, ago_s in self._hearing.step(past, self.setup.hop):
                if self.tracker is not None:
                    self.tracker.hear(activations, ago_s)
                else:
                    self.activations.append((activations.copy(), ago_s))
        heard = self._hearing.onsets if self._hearing is not None else None
        self._peak_picker.step(self._novelty.views, self._power, loudest_db > AUDIBLE_DB, heard)
        self.onsets = self._peak_picker.onsets
        gate = self._gate.step(loudest_db, self._peak_picker.began)
        loud_db = self._levels.step(self._power, self._gate.open_db, self._gate.recently_open)
        if self._chroma:
            self._chroma.step(past, self._number, self._gate.open)
        hop = self._hop
        hop.number, hop.raw, hop.peak = self._number, raw, peak(raw)
        hop.bins = bins
        hop.level_db, hop.loud_db, hop.gate = level_db, loud_db, gate
        hop.open, hop.recently_open = self._gate.open, self._gate.recently_open
        hop.flux = float(self._novelty.views[0])
        hop.chroma = self._chroma.state if self._chroma else None
        hop.notes = notes
        self._compute(self._work)
        self._finish(time_s)
        if notes is not None:
            self._compute(self._of_notes)

    @property
    def record(self) -> HopRecord:
        """What the first half of the newest step said; its arrays are lent until the next step."""
        hop = self._hop
        values = self.row[self._early]
        return HopRecord(values, self.sound, hop.gate, hop.open, hop.recently_open, self.onsets, self.activations)

    def take(self, record: HopRecord, time_s: float) -> None:
        """The second half of a step whose first half was done elsewhere: as after `step` then."""
        hop = self._hop
        hop.number = self._number
        hop.gate, hop.open, hop.recently_open = record.gate, record.open, record.recently_open
        self.sound[:] = record.sound
        self.row[self._early] = record.values
        self.onsets = record.onsets
        if self.tracker is not None:
            for activations, ago_s in record.activations:
                self.tracker.hear(activations, ago_s)
        self._finish(time_s)

    def _finish(self, time_s: float) -> None:
        """The second half of a step."""
        if self.tracker is not None:
            self.tracker.step(self._hop.open)
            self.beat = self.tracker.state if self._choose is None else self._choose(time_s, self.tracker)
        elif self._counter is not None:
            self.beat = self._counter.step(time_s)
        self._hop.beat = self.beat
        self._compute(self._late)
        self._number += 1

    def _compute(self, features: list[Work]) -> None:
        for name, guarded, compute, part in features:
            if name in self.paused or self._guard(guarded, compute, FAILED) is FAILED:
                part.fill(0.0)


def _is_late(feature: type[Feature] | Feature) -> bool:
    """Whether a feature is of the second half."""
    return feature.needs_beat or feature.on_request


def channels_of(sound: Samples, numbers: Sequence[int]) -> Samples:
    """The columns of `sound` (n, channels) with these numbers, counted from 1; those not there are left out."""
    return sound[:, [number - 1 for number in numbers if 1 <= number <= sound.shape[1]]]
