"""Beat tracker: real-time tempo, beat and bar from the activations of the hearing network.

The bar-pointer model keeps every tempo and phase alive (`bar_pointer`); a phase-locked loop follows the most probable
one, and jumps only when another has clearly won (`phase_lock`). The bar is counted by a second model (`metre`), and
`confidence` is the probability that a beat told now is right (`beat_confidence`).
"""

from math import inf, log

from livegan.core.tempo_range import FASTEST_BPM, SLOWEST_BPM, TempoRange
from livegan.core.types import Vector
from livegan.features.bar_pointer import FRAME_S, NEAR_S, NEAR_TEMPO, BarPointer
from livegan.features.beat_clock import BeatState
from livegan.features.beat_confidence import BeatConfidence, faded
from livegan.features.metre import Metre
from livegan.features.phase_lock import PhaseLock
from livegan.features.taps import Taps
from livegan.networks.hearing_network import BEAT, BEAT_DELAY, DOWNBEAT, PULSE

DELAY_S = (BEAT_DELAY + 0.5) * FRAME_S  # from the middle of the sound to the end of the frame that speaks of it
LOOK_EVERY = 4  # frames from one search for a better hypothesis to the next
MARGIN, NEEDED = 1.9, 0.2  # another hypothesis must be so many times as probable, and so probable
YOUNG_S = 2.1  # a clock is young for so long
HOLD_S = (0.37, 0.15)  # ... and follows another hypothesis that has been better for so long: old, young
SILENT_S = 2.0  # a piece ends
HAND_S, HAND_MASS = 8.0, 0.8  # a tempo set by hand gives way to one so probable for so long that is no reading of it
READINGS = (2.0, 0.5, 3.0, 1.0 / 3.0, 1.5, 2.0 / 3.0)  # tempi at which the same music may be counted
BELIEF = 0.9  # probability given to what is known from a hand, or from before
PULSE_NEEDED = 0.037  # of the activation `pulse`: with less the clock runs on freely


class BeatTracker:
    """Beat clock from the sound. `hear` every frame of activations and `step` once a hop; `state` is the beat then.

    The beat is predicted, not found: `beat` is true in the hop in which it falls. Without music it runs on at the last
    tempo, and `confidence` falls to 0.
    """

    def __init__(self, hop_s: float) -> None:
        """Nothing heard yet; runs free at 120 bpm."""
        self.hop_s = hop_s
        self.beat = self.downbeat = False
        self.time_s = 0.0  # how much was heard; `tap` and `beats_at` count from the same moment
        self._pointer = BarPointer()
        self._lock = PhaseLock()
        self._metre = Metre()
        self._confidence = BeatConfidence()
        self._taps = Taps()
        self._bar = 0  # number of a beat that begins a bar
        self._frames = 0
        self._heard_s = 0.0  # end of the newest frame, after `time_s` until the hop is stepped
        self._silent_s = inf  # until something is heard
        self._begun = False  # whether anything of a piece was heard
        self._forget()

    @property
    def bpm(self) -> float:
        """Tempo in beats per minute."""
        return self._lock.bpm

    @property
    def confidence(self) -> float:
        """Probability that a beat told now is within 70 ms of one of the music."""
        return self._confidence.value * faded(self._silent_s)

    @property
    def phase(self) -> float:
        """Where in the beat: 0 on it, rising to 1."""
        return self._lock.position % 1.0

    @property
    def bar_phase(self) -> float:
        """Where in the bar: 0 on the first beat, rising to 1."""
        bar = self.beats_per_bar
        return ((self._lock.position - self._bar) % bar) / bar

    @property
    def beats_per_bar(self) -> int:
        """Beats to the bar: 2, 3, 4 or 6."""
        return self._metre.beats_per_bar

    @property
    def state(self) -> BeatState:
        """The beat in the last hop."""
        return BeatState(self.bpm, self.confidence, self.phase, self.bar_phase, self.beat, self.downbeat)

    def beats_at(self, time_s: float) -> float:
        """Beats at a moment near now, on the time of `time_s`."""
        return self._lock.position - self._bar + (time_s - self.time_s) * self.bpm / 60.0

    def hear(self, activations: Vector, ago_s: float = 0.0) -> None:
        """Take the activations (7,) of a frame that ended `ago_s` before the hop that `step` ends; any number a hop."""
        self._frames += 1
        self._heard_s = self.hop_s - ago_s
        if self._silent_s > SILENT_S:
            return
        if not self._begun:
            self._begun = True
            if self._hand:
                self._believe()
        beat, downbeat, pulse = float(activations[BEAT]), float(activations[DOWNBEAT]), float(activations[PULSE])
        self._age_s += FRAME_S
        self._pointer.step(beat if self._silent_s == 0.0 else -1.0)
        phase = self._phase_heard()
        mass, beats, log_tempo = self._around(phase)
        if self._confidence.pulse > PULSE_NEEDED:
            if self._frames % LOOK_EVERY == 0 and self._look(phase, mass):
                phase = self._phase_heard()
                mass, beats, log_tempo = self._around(phase)
            if self._silent_s == 0.0:
                self._lock.follow(beats, log_tempo, mass)
        first = self._confidence.step(beat, downbeat, pulse, mass=mass, phase=phase, beat_s=60.0 / self.bpm)
        if first is not None:
            place = self._metre.step(first)
            self._bar = round(self._position_heard()) - place

    def step(self, playing: bool = True) -> None:
        """One hop later, in which something was to be heard or not."""
        self.time_s += self.hop_s
        self._silent_s = 0.0 if playing else self._silent_s + self.hop_s
        self._lock.advance(self.hop_s)
        self._heard_s -= self.hop_s
        if self._silent_s > SILENT_S and self._begun:
            self._forget()
        number = self._lock.count()
        self.beat = number is not None
        self.downbeat = number is not None and (number - self._bar) % self.beats_per_bar == 0

    def skip(self, time_s: float) -> None:
        """The beat runs on through `time_s` that nothing was heard of."""
        self.time_s += time_s
        self._lock.advance(time_s)
        self._lock.recount()

    def tap(self, time_s: float) -> None:
        """A tap at `time_s`; the third one sets tempo and beat."""
        line = self._taps.add(time_s)
        if line is not None:
            period_s, first_s = line
            self._lock.set_bpm(60.0 / period_s)
            self._lock.set_beat((self.time_s - first_s) / period_s)
            self._by_hand()

    def halve(self) -> None:
        """Every other beat is one; the first of the bar stays."""
        self._scale(0.5)

    def double(self) -> None:
        """Between two beats there is another."""
        self._scale(2.0)

    def nudge(self, beats: float) -> None:
        """Let the beat fall so much earlier; a whole number moves the bar only."""
        self._lock.nudge(beats)

    def listen(self) -> None:
        """What was tapped is a tempo like any other: what is heard decides."""
        self._hand = False
        self._age_s = 0.0

    def expect(self, tempo_range: TempoRange) -> None:
        """Tell tempi of this range only, unless set by hand; another reading of the present one if that is inside."""
        self._pointer.expect(tempo_range)
        low_bpm, high_bpm = tempo_range
        if self._hand or low_bpm <= self.bpm <= high_bpm:
            return
        for by in READINGS[:4]:
            if low_bpm <= self.bpm * by <= high_bpm:
                self._reread(by)
                return
        self.listen()

    def _scale(self, by: float) -> None:
        if SLOWEST_BPM <= self.bpm * by <= FASTEST_BPM:
            self._reread(by)
            self._by_hand()

    def _reread(self, by: float) -> None:
        self._lock.scale(by, self._bar)
        self._metre.forget()
        if self._begun:
            self._believe()

    def _by_hand(self) -> None:
        """The tempo is the player's: what is heard decides on the phase only."""
        self._hand, self._hand_s, self._better_s = True, 0.0, 0.0
        self._age_s = YOUNG_S
        if self._begun:
            self._believe()

    def _believe(self) -> None:
        """Tempo and phase are what the clock tells."""
        self._pointer.believe(self.bpm, self._phase_heard(), BELIEF)

    def _forget(self) -> None:
        """A piece is over: the next may be anything. The clock runs on."""
        self._begun = False
        self._age_s = self._better_s = self._hand_s = 0.0
        self._hand = False
        self._pointer.forget()
        self._metre.forget()
        self._confidence.forget()

    def _position_heard(self) -> float:
        """Position of the clock in the sound that the newest frame speaks of."""
        return self._lock.heard + (self._heard_s - DELAY_S) * self.bpm / 60.0

    def _phase_heard(self) -> float:
        position = self._position_heard()
        return position - round(position)

    def _around(self, phase: float) -> tuple[float, float, float]:
        """As `BarPointer.around` the told tempo; of one set by hand the mass is a share of that tempo's."""
        mass, beats, log_tempo = self._pointer.around(self.bpm, phase)
        return mass / self._tempo_mass() if self._hand else mass, beats, log_tempo

    def _tempo_mass(self) -> float:
        return max(self._pointer.tempo_mass(self.bpm), 1e-6)

    def _look(self, phase: float, mass: float) -> bool:
        """Look for a better hypothesis; True if the clock has jumped to it."""
        leader = self._pointer.leader(self.bpm if self._hand else None)
        apart = leader.phase - phase
        apart -= round(apart)
        away = abs(log(leader.bpm / self.bpm)) > NEAR_TEMPO or abs(apart) * 60.0 / self.bpm > NEAR_S
        leading, passed_s = leader.mass, LOOK_EVERY * FRAME_S
        if self._hand:
            leading /= self._tempo_mass()
            self._release(passed_s)
        better = away and leading > MARGIN * mass and leading > NEEDED
        self._better_s = self._better_s + passed_s if better else max(0.0, self._better_s - passed_s)
        if not better or self._better_s < HOLD_S[self._age_s < YOUNG_S]:
            return False
        self._better_s = 0.0
        before = self.bpm
        if not self._hand:
            self._lock.set_bpm(leader.bpm)
        apart = leader.phase - self._phase_heard()
        self._lock.jump(apart - round(apart))
        if abs(log(leader.bpm / before)) > NEAR_TEMPO:
            self._metre.forget()
        return True

    def _release(self, passed_s: float) -> None:
        """Let go of a tempo set by hand when for long quite another is played."""
        leader = self._pointer.leader()
        ratio = log(leader.bpm / self.bpm)
        another = min(abs(ratio - log(by)) for by in (1.0, *READINGS)) > NEAR_TEMPO
        self._hand_s = self._hand_s + passed_s if another and leader.mass > HAND_MASS else 0.0
        self._hand = self._hand_s < HAND_S
