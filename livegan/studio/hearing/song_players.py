"""Players of made songs: what a pitched layer plays over the chords, in beats."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from livegan.studio.hearing.song_harmony import Chord, in_register, voiced
from livegan.studio.hearing.song_style import Layer

Tone = tuple[float, float, int, float]  # start and length [beats], MIDI key, velocity 0..1

DEGREES = {"r": 0, "5": 7, "l": -5, "8": 12, "7": 10, "6": 9}


@dataclass(slots=True)
class Harmony:
    """Key and the chord of every half bar."""

    key: int  # pitch class
    scale: tuple[int, ...]
    chords: list[Chord]  # one per half bar
    metre: int

    def at(self, beat: float) -> Chord:
        """Chord that sounds at a beat."""
        return self.chords[min(int(beat * 2 / self.metre + 1e-6), len(self.chords) - 1)]


class Player:
    """One layer in one song: its choices are made once, so that bars resemble each other."""

    def __init__(self, layer: Layer, harmony: Harmony, rng: np.random.Generator) -> None:
        self.layer, self._harmony, self._rng = layer, harmony, rng
        self._pattern = str(rng.choice(layer.patterns))
        self._other = str(rng.choice(layer.patterns)) if rng.random() < 0.25 else self._pattern
        self._metre = harmony.metre
        self._gate = layer.gate * float(rng.uniform(0.75, 1.1))
        self._count = int(rng.integers(2, 5))  # tones of a chord
        self._strum = float(rng.choice([0.0, 0.012, 0.025])) if "guitar" in layer.sound else 0.0
        self._motif: dict[int, list[tuple[float, float]]] = {}
        self._last = (layer.low + layer.high) // 2
        self._riffs: dict[str, list[tuple[int, int, bool]]] = {}

    def bar(self, bar: int) -> list[Tone]:
        """Tones of a bar."""
        pattern = self._other if bar % 4 == 3 else self._pattern
        begin = bar * self._metre
        if pattern.startswith("@"):
            name, *words = pattern[1:].split(":")
            play: Callable[..., list[Tone]] = getattr(self, f"_{name}")
            return play(begin, bar, *map(float, words))
        make = {"bass": self._bass, "chords": self._stabs, "arp": self._arp, "pad": self._stabs}[self.layer.role]
        return make(begin, pattern)

    def _signs(self, begin: float, pattern: str) -> list[tuple[float, float, str]]:
        """(start, length, sign) of what is played; lengths in beats."""
        step = self._metre / len(pattern)
        places = [at for at, sign in enumerate(pattern) if sign not in ".-"]
        found = []
        for turn, at in enumerate(places):
            after = places[turn + 1] if turn + 1 < len(places) else len(pattern)
            held = 1
            while at + held < after and pattern[at + held] == "-":
                held += 1
            length = held * step if held > 1 else min(step, (after - at) * step) * self._gate
            found.append((begin + at * step, length, pattern[at]))
        return found

    def _bass(self, begin: float, pattern: str) -> list[Tone]:
        found = []
        for start, length, sign in self._signs(begin, pattern):
            chord = self._harmony.at(start)
            root = in_register(self._harmony.key + chord.root + 24, self.layer.low, self.layer.low + 11)
            third = 3 if 3 in chord.intervals else 4
            if sign == "a":
                after = self._harmony.at(begin + self._metre)
                pitch = in_register(self._harmony.key + after.root + 23, self.layer.low, self.layer.high)
            elif sign == "s":
                pitch = root + int(self._rng.choice(self._harmony.scale))
            else:
                pitch = root + (third if sign == "3" else DEGREES.get(sign, 0))
            found.append(
                (start, length, in_register(pitch, self.layer.low, self.layer.high), 0.85 if start % 1 < 0.01 else 0.75)
            )
        return found

    def _stabs(self, begin: float, pattern: str) -> list[Tone]:
        found = []
        centre = (self.layer.low + self.layer.high) / 2
        for start, length, sign in self._signs(begin, pattern):
            loud = {"X": 0.95, "x": 0.75, "c": 0.5, "u": 0.62}.get(sign, 0.7)
            pitches = voiced(self._harmony.at(start + 0.01), self._harmony.key, centre, self._count)
            order = pitches[::-1] if sign == "u" else pitches
            for place, pitch in enumerate(order):
                found.append((start + place * self._strum, length, pitch, loud))
        return found

    def _arp(self, begin: float, pattern: str) -> list[Tone]:
        found = []
        for start, length, sign in self._signs(begin, pattern):
            tones = voiced(self._harmony.at(start + 0.01), self._harmony.key, self.layer.low + 6, 8)
            pitch = tones[min("12345678".find(sign) if sign in "12345678" else 0, len(tones) - 1)]
            accent = 0.82 if start % 1 < 0.01 else 0.68
            found.append((start, length, in_register(pitch, self.layer.low, self.layer.high + 12), accent))
        return found

    def _pad(self, begin: float, bar: int, bars: float = 1) -> list[Tone]:
        """Chords as long as they last."""
        found = []
        halves = [self._harmony.at(begin + half * self._metre / 2) for half in (0, 1)]
        spans = (
            [(0.0, self._metre)] if halves[0] == halves[1] else [(0.0, self._metre / 2), (self._metre / 2, self._metre)]
        )
        for since, until in spans:
            chord = self._harmony.at(begin + since)
            pitches = voiced(chord, self._harmony.key, (self.layer.low + self.layer.high) / 2, self._count)
            found += [(begin + since, (until - since) * bars * 0.98, pitch, 0.65) for pitch in pitches]
        return found

    def _pad2(self, begin: float, bar: int) -> list[Tone]:
        """Chords of two bars."""
        return self._pad(begin, bar, 2) if bar % 2 == 0 else []

    def _walk(self, begin: float, bar: int) -> list[Tone]:
        """Walking bass: a note a beat that leads to the next root, with now and then one between."""
        found: list[Tone] = []
        for beat in range(self._metre):
            chord = self._harmony.at(begin + beat)
            after = self._harmony.at(begin + beat + 1)
            roots = [
                in_register(self._harmony.key + c.root + 24, self.layer.low, self.layer.high) for c in (chord, after)
            ]
            if beat == 0 or (chord != self._harmony.at(begin + beat - 1)):
                pitch = roots[0]
            elif after != chord or beat == self._metre - 1:
                pitch = roots[1] + int(self._rng.choice([-1, 1, -2, 2]))
            else:
                pitch = roots[0] + int(self._rng.choice([*chord.intervals, *self._harmony.scale]))
            found.append((begin + beat, 0.95, in_register(pitch, self.layer.low, self.layer.high), 0.8))
            if self._rng.random() < 0.1:
                found.append((begin + beat + 0.5, 0.4, found[-1][2], 0.6))
        return found

    def _double(self, begin: float, bar: int) -> list[Tone]:
        """Eighths on the root."""
        return self._bass(begin, "r" * (2 * self._metre))

    def _gallop(self, begin: float, bar: int) -> list[Tone]:
        """One eighth and two sixteenths."""
        return self._bass(begin, "r.rr" * self._metre)

    def _riff(self, begin: float, bar: int, steps: float, density: float) -> list[Tone]:
        """A figure of one or two bars, repeated as long as the song lasts, moved with the chords or not."""
        length = int(steps) * self._metre // 4 if self._metre in (3, 4) else int(steps)
        name = f"{bar % 2 if self._rng_two() else 0}"
        if name not in self._riffs:
            self._riffs[name] = self._new_riff(length, density)
        step = self._metre / length
        chord = self._harmony.at(begin)
        root = in_register(self._harmony.key + chord.root + 24, self.layer.low, self.layer.low + 11)
        found = []
        for at, offset, loud in self._riffs[name]:
            pitch = in_register(root + offset, self.layer.low, self.layer.high + 5)
            found.append((begin + at * step, step * self._gate, pitch, 0.95 if loud else 0.72))
        return found

    def _rng_two(self) -> bool:
        return bool(len(self._pattern) % 2)

    def _new_riff(self, length: int, density: float) -> list[tuple[int, int, bool]]:
        rng, found = self._rng, []
        offset = 0
        for at in range(length):
            strong = at == 0 or (at * 4) % length == 0
            if rng.random() < density * (1.5 if strong else 0.9 if at % 2 == 0 else 0.75):
                move = rng.random()
                offset = 0 if move < 0.5 else int(rng.choice([*self._harmony.scale, 12, 7, -5]))
                found.append((at, offset, bool(rng.random() < 0.25)))
        return found or [(0, 0, True)]

    def _melody(self, begin: float, bar: int, density: float) -> list[Tone]:
        """Two bars of tune and an answer; rests at the end of a phrase; rhythms return."""
        slot = (0, 1, 0, 2)[bar % 4] if bar % 16 < 12 else 3 + bar % 2
        if slot not in self._motif:
            self._motif[slot] = self._rhythm(density, slot in (2, 4))
        scale = sorted((self._harmony.key + step) % 12 for step in self._harmony.scale)
        found = []
        for start, length in self._motif[slot]:
            chord = self._harmony.at(begin + start)
            classes = {(self._harmony.key + chord.root + step) % 12 for step in chord.intervals}
            near = [p for p in range(self._last - 7, self._last + 8) if self.layer.low <= p <= self.layer.high]
            weights = np.array(
                [
                    (3.0 if p % 12 in classes else 1.0 if p % 12 in scale else 0.02)
                    * np.exp(-abs(p - self._last) / 2.5)
                    * (0.6 if p == self._last else 1)
                    for p in near
                ]
            )
            if not near:
                self._last = (self.layer.low + self.layer.high) // 2
                continue
            self._last = int(self._rng.choice(near, p=weights / weights.sum()))
            found.append((begin + start, length, self._last, float(self._rng.uniform(0.65, 0.95))))
        return found

    def _rhythm(self, density: float, closing: bool) -> list[tuple[float, float]]:
        """(start, length) of a bar's notes [beats]."""
        rng = self._rng
        units = [1 / 3, 2 / 3, 1.0, 1.0] if self._metre == 2 else [0.5, 0.5, 1.0, 1.0, 1.5, 2.0]
        if density > 0.65:
            units += [0.25, 0.25, 0.5, 0.5]
        if density < 0.4:
            units += [2.0, 3.0, 1.5]
        at = float(rng.choice([0.0, 0.0, 0.5, 1.0, -0.5] if density < 0.65 else [0.0, 0.0, 0.5]))
        at, found = max(at, 0.0), []
        end = self._metre * (0.5 if closing else 1.0)
        while at < end - 0.05:
            length = float(rng.choice(units))
            if rng.random() < 0.6 + 0.4 * density:
                found.append((at, min(length, self._metre - at) * float(rng.uniform(0.7, 1.0))))
            at += length
        return found or [(0.0, 1.0)]
