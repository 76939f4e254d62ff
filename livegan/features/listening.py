"""Listening stage: samples in, one feature row per hop out, independent of block size."""

from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import inf
from typing import Any

import numpy as np

from livegan.core.guard import Guard, unguarded
from livegan.core.rings import FeatureRing, SampleRing
from livegan.core.tempo_range import ANY_TEMPO, TempoRange
from livegan.core.timeline import Timeline
from livegan.core.types import Layout, Samples, Vector
from livegan.core.window import scaled_window
from livegan.features.beat_clock import BeatClock, BeatState, TappableClock
from livegan.features.beat_controls import handle
from livegan.features.clock_choice import ChosenClock, ClockChoice, played
from livegan.features.group import Group, channels_of
from livegan.features.names import feature_of_name, features_by_group, groups_here, origin
from livegan.features.played_notes import NoteReader
from livegan.features.registry import FEATURES, Setup
from livegan.features.sanitize import clean
from livegan.features.separation import HarmonicMask, Separation, part
from livegan.features.slow_work import SlowWork
from livegan.networks.hearing_network import HearingWeights

MAX_LAG_S = 0.2  # live, older sound is skipped: an overloaded machine hears less, but never late
HOPS_AT_ONCE = 4  # heard before it is looked again how far behind the sound they are
MIN_SAMPLE_RATE = 8000  # [Hz]
EVENTS = 4096  # onsets kept until they are read
WARM_UP_S = 0.25  # a group that was not computed for a while says nothing before it has heard so much


def cut_for(sample_rate: int, window: int, hop: int) -> tuple[int, int]:
    """`window` and `hop` as meant at 48 kHz, for another rate: the window the nearest power of two, the hop alike."""
    scaled = scaled_window(window, sample_rate)
    return scaled, max(1, round(hop * scaled / window))


@dataclass(frozen=True, slots=True)
class Event:
    """Onset event, its detection delay removed."""

    name: str  # "onset", "onset.bass", "drums:onset.treble" ...
    time_s: float
    strength: float  # 0..1


class Listening:
    """Listening stage. One thread owns it; any thread may read its `ring`."""

    def __init__(
        self,
        sample_rate: int,
        channels: int,
        *,
        window: int = 2048,
        hop: int = 256,
        bands: int = 40,
        gate_db: float = -54.0,
        groups: Mapping[str, Sequence[int]] | None = None,
        asked: Iterable[str] = (),
        everything: bool = True,
        guard: Guard = unguarded,
        beat_clock: BeatClock | None = None,
        clock_choice: ClockChoice | None = None,
        main_channels: int = 0,
        timeline: Timeline | None = None,
        tempo_range: TempoRange = ANY_TEMPO,
        hearing: HearingWeights | None = None,
        half: bool = False,
    ) -> None:
        """`window` and `hop` in samples at 48 kHz, scaled for other rates; `gate_db`: quieter is silence [dBFS].

        `groups`: name -> channels, counted from 1; those that are not open are silent. The main group, which has no
        name, is all channels, and all its features are computed; of the others (and of the main group, if not
        `everything`) only the features of the names in `asked` are: ``drums:onset.bass``, and of live separation
        ``harmonic:level`` or ``drums.low:level``. A feature that raises is 0 in that hop if `guard` survives it.

        `main_channels`: the main group is the first so many, 0: all. `beat_clock`: where the beat comes from, in
        seconds of the show; None: each group tracks it in its sound. Then `clock_choice` may put a clock from outside,
        or a tapped one, in its place. `timeline`: the notes of the sound, where they are known before it.
        `tempo_range`: tempi that are looked for where `expected` says none. `hearing`: weights of the network that the
        beat is heard with; None: those that come with livegan. `half`: without the second half of a group's step.
        """
        if sample_rate < MIN_SAMPLE_RATE or window < 64 or not 1 <= hop <= window // 2 or not 4 <= bands <= 512:
            raise ValueError(f"cannot listen at {sample_rate} Hz with window {window}, hop {hop}, {bands} bands")
        window, hop = cut_for(sample_rate, window, hop)
        self.setup = Setup(sample_rate, window, hop, bands, gate_db)
        self.channels = channels
        self._main = main_channels or channels
        self.groups = {name: tuple(numbers) for name, numbers in (groups or {}).items()}
        self.missed = 0  # samples that were overwritten before they could be heard
        self.gaps = 0  # how often it fell so far behind
        self.events: deque[Event] = deque(maxlen=EVENTS)  # take them with popleft
        self.wanted: frozenset[str] | None = None
        """Groups that somebody reads now, and of features on request "GROUP:FEATURE"; None: all.

        Any thread may set it; the others are 0 and cost nothing.
        """
        self.expected: TempoRange | None = None
        """Tempi that are expected now [bpm]; None: the `tempo_range` it was made with. Any thread may set it."""
        self._usual_range = self._tracked_range = tempo_range
        self._groups: dict[str, Group] = {}
        self._parts: dict[str, Separation] = {}
        self._beat_clock = beat_clock
        self._choice = clock_choice
        self._played: ChosenClock | None = None  # of music that livegan plays
        self._notes = NoteReader(timeline, sample_rate, self.setup.hop_s) if timeline is not None else None
        self._hops = 0
        self._on_request: list[tuple[Group, str, str]] = []  # group, feature, as in `wanted`
        masks: dict[str, HarmonicMask] = {}  # by the group that is separated
        for name, features in features_by_group(asked, self.groups, self.setup, everything).items():
            source, kind = origin(name)
            delay_s = self.setup.hop_s if kind else 0.0
            choose = (clock_choice.follow if name else clock_choice.step) if clock_choice is not None else None
            self._groups[name] = Group(
                self.setup,
                features,
                delay_s=delay_s,
                clock=beat_clock,
                choose=choose,
                guard=guard,
                hearing=hearing,
                half=half,
            )
            costly = [feature for feature in features if FEATURES[feature].on_request]
            self._on_request += [(self._groups[name], feature, f"{name}:{feature}") for feature in costly]
            if kind:
                self._parts[name] = part(kind, self.setup, masks.setdefault(source, HarmonicMask(self.setup)))
        needed = {"", *(origin(name)[0] for name in self._parts)}
        self._warm_up = round(WARM_UP_S / self.setup.hop_s)
        self._unheard = {  # hops that a group must hear before it counts: of those that may pause
            name: 0 for name, own in self._groups.items() if name not in needed and not own.follows_beat
        }
        self._expect(tempo_range)
        names = [f"{group}:{name}" if group else name for group, own in self._groups.items() for name in own.names]
        peaks = [peak for own in self._groups.values() for peak in own.peaks]
        self.layout = Layout(tuple(names), tuple(peaks))
        self.ring = FeatureRing(self.layout, sample_rate=sample_rate)
        self._row: Vector = np.zeros(len(names), np.float32)
        self._clean: Samples = np.zeros((hop, channels), np.float32)
        self._waiting: Samples = np.zeros((hop, channels), np.float32)
        self._filled = 0
        self._mark: int | None = None  # next sample of the followed ring
        self._heard_to = 0  # sample of it at which the newest hop ended
        self._time_s = float("-inf")

    @property
    def beat(self) -> BeatState | None:
        """The main group's beat in the newest hop; None before the first, and if no feature of the group asks."""
        return self._groups[""].beat

    @property
    def beat_clock(self) -> BeatClock | None:
        """The main group's beat clock."""
        return self._beat_clock or self._groups[""].tracker

    @property
    def chosen_clock(self) -> ChosenClock | None:
        """The beat clock now, with the reason, and where its beat is; None before any is known. Any thread."""
        return self._played if self._beat_clock is not None or self._choice is None else self._choice.published

    @property
    def tempo_range(self) -> TempoRange:
        """Tempi that are looked for now [bpm]. Any thread."""
        return self.expected or self._usual_range

    @property
    def slow_work(self) -> list[SlowWork[Any, Any]]:
        """What its features have done on another thread, if one polls."""
        features = (feature for group in self._groups.values() for feature in group.features)
        return [feature.slow for feature in features if feature.slow is not None]

    def handle(self, control: str, time_s: float) -> None:
        """Apply a control of the beat clock (`core.events`) pressed at `time_s`. For the listening thread."""
        tracker = self._groups[""].tracker
        if tracker is not None and self._time_s > float("-inf"):
            tracker_s = tracker.time_s - (self._time_s - time_s)
            if self._choice is not None:
                self._choice.handle(control, time_s, tracker, tracker_s)
            else:
                handle(tracker, control, tracker_s)
        elif isinstance(self._beat_clock, TappableClock):
            handle(self._beat_clock, control, time_s)

    def names(self) -> list[str]:
        """Every feature name available here, computed or not."""
        features = feature_of_name(self.setup)
        return [f"{group}:{name}" if group else name for group in groups_here(self.groups) for name in features]

    def process(self, samples: Samples, end_s: float) -> int:
        """Listen to `samples` (n, channels) whose last was heard at `end_s`; returns how many hops that completed."""
        rate, count = self.setup.sample_rate, len(samples)
        return self._take(samples, lambda sample: end_s - (count - sample) / rate)

    def follow(self, sound: SampleRing, max_lag_s: float = inf) -> int:
        """Listen to everything new in `sound`; returns how many hops that completed. Never waits.

        What is further behind than `max_lag_s` is skipped up to the newest sound, so that the delay never grows. What
        was skipped, or overwritten meanwhile, is counted in `missed` and how often in `gaps`; listening goes on behind
        the gap as if it had always listened there, so that the gap itself is not heard as an onset, and the beat runs
        on through it.
        """
        newest, hops = sound.written, 0
        if self._mark is None:
            self._mark = max(0, newest - sound.capacity)
        while self._mark < newest:
            hops += self._follow(sound, self._mark, max_lag_s)
        return hops

    def _follow(self, sound: SampleRing, mark: int, max_lag_s: float) -> int:
        """Listen to the next `HOPS_AT_ONCE` hops of `sound` from `mark` on, or behind the gap if that is too old."""
        newest, hop = sound.written, self.setup.hop
        start = max(mark, newest - sound.capacity)
        lead = next(iter(self._groups.values())).past.samples.size
        if newest - start > max_lag_s * self.setup.sample_rate:
            start = max(start, newest - lead - hop)
        first, samples = sound.read(start, min(newest, start + lead + HOPS_AT_ONCE * hop))
        if first > mark:
            self.missed += first - mark
            self.gaps += 1
            lead = min(len(samples), lead)
            self._lead_in(samples[:lead])
            self._skip(first + lead - mark + self._filled)
            first, samples = first + lead, samples[lead:]
        samples = samples[: HOPS_AT_ONCE * hop]
        self._mark = first + len(samples)
        return self._take(samples, lambda sample: sound.time_at(first + sample), first)

    def _lead_in(self, samples: Samples) -> None:
        """Fill the sample history of every channel group with `samples`, without a hop."""
        cleaned = np.zeros(samples.shape, np.float32)
        clean(samples, cleaned)
        for name, group in self._groups.items():
            if name not in self._parts:
                group.fill(self._channels(name, cleaned))

    def _skip(self, samples: int) -> None:
        """Let the beat run on through `samples` that are not heard."""
        self._filled = 0
        for group in self._groups.values():
            if group.tracker is not None:
                group.tracker.skip(samples / self.setup.sample_rate)

    def _channels(self, name: str, sound: Samples) -> Samples:
        return channels_of(sound, self.groups[name]) if name else sound[:, : self._main]

    def _expect(self, tempo_range: TempoRange) -> None:
        """Let every beat tracker look for these tempi."""
        self._tracked_range = tempo_range
        for group in self._groups.values():
            if group.tracker is not None:
                group.tracker.expect(tempo_range)

    def _take(self, samples: Samples, time_of: Callable[[int], float], first: int = 0) -> int:
        """Cut `samples` into hops; `time_of(n)`: when the n-th of them had been heard. `first`: where in a ring."""
        hop, at, hops = self.setup.hop, 0, 0
        while at < len(samples):
            count = min(hop - self._filled, len(samples) - at)
            self._waiting[self._filled : self._filled + count] = samples[at : at + count]
            self._filled += count
            at += count
            if self._filled == hop:
                self._filled = 0
                self._time_s, self._heard_to = max(self._time_s, time_of(at)), first + at
                self._step()
                hops += 1
        return hops

    def _step(self) -> None:
        """One whole hop waits: clean it once, ask every group, publish the row."""
        clean(self._waiting, self._clean)
        at, wanted = 0, self.wanted
        self._follow_range()
        self._pause()
        notes = self._notes.step(self._time_s) if self._notes is not None else None
        for name, group in self._groups.items():
            row = self._row[at : at + len(group.row)]
            at += len(group.row)
            unheard = self._unheard.get(name, 0)
            if wanted is not None and name in self._unheard and name not in wanted:
                self._unheard[name] = self._warm_up
                row.fill(0.0)
                continue
            part = self._parts.get(name)
            if part is not None:
                sound = part.step(self._groups[origin(name)[0]].bins, self._hops)
            else:
                sound = self._channels(name, self._clean)
            group.step(sound, self._time_s, notes)
            if unheard:
                self._unheard[name] = unheard - 1
                row.fill(0.0)
                continue
            self._tell(name, group, row)
        self._publish()

    def _pause(self) -> None:
        """Features on request rest while nobody reads them."""
        wanted = self.wanted
        for group, feature, asked in self._on_request:
            group.paused = group.paused - {feature} if wanted is None or asked in wanted else group.paused | {feature}

    def _follow_range(self) -> None:
        """Look for the tempi that are expected now."""
        if self.tempo_range != self._tracked_range:
            self._expect(self.tempo_range)

    def _tell(self, name: str, group: Group, row: Vector) -> None:
        """What a group said of this hop."""
        row[:] = group.row
        for onset in group.onsets:
            kind = f"onset.{onset.kind}" if onset.kind else "onset"
            time_s = self._time_s - onset.ago_s - group.delay_s
            self.events.append(Event(f"{name}:{kind}" if name else kind, time_s, onset.strength))

    def _publish(self) -> None:
        """The hop is complete."""
        if self._beat_clock is not None:
            self._played = played(self._beat_clock, self._time_s)
        self._hops += 1
        self.ring.write(self._time_s, self._row, self._groups[""].sound)
