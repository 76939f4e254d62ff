"""Instrument protocol, and a tone generator that works on any machine: additive synthesis with a little room."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from livegan.core.types import Samples

Floats = NDArray[np.float64]

DRUMS = 9  # channel of the drums, counted from 0
NOTES = 48  # at once; beyond, the quietest is dropped
TABLE = 2048  # samples of a period
HARMONICS = (1, 2, 4, 8, 16)  # of the tables
AUDIBLE = 1e-4
LOUDNESS = 0.16  # of one note at full velocity
RELEASE_S = 0.09
ROOM = (0.0323, 0.0406, 0.0491, 0.0573)  # delays of the reverberation [s]
ROOM_KEPT, ROOM_SHARE = 0.66, 0.11
_SOUNDS: tuple[tuple[float, float, float], ...] = (  # by family of General MIDI: attack, decay [s], roll-off
    *((0.003, 1.1, 1.6), (0.002, 0.7, 2.2), (0.02, 60.0, 1.3), (0.003, 0.8, 1.8)),  # piano, percussion, organ, guitar
    *((0.005, 1.2, 1.6), (0.05, 60.0, 1.4), (0.07, 60.0, 1.5), (0.03, 60.0, 1.1)),  # bass, strings, ensemble, brass
    *((0.03, 60.0, 1.4), (0.04, 60.0, 2.2), (0.01, 60.0, 1.2), (0.15, 60.0, 1.9)),  # reed, pipe, lead, pad
    *((0.05, 3.0, 1.7), (0.003, 0.9, 1.7), (0.002, 0.4, 2.0), (0.01, 1.0, 1.5)),  # effects, ethnic, percussive, sounds
)


class Instrument(Protocol):
    """What makes notes audible: notes of sixteen channels in, blocks of samples out. One thread."""

    def program(self, channel: int, program: int) -> None:
        """Instrument of a channel, General MIDI from 0."""
        ...

    def note_on(self, channel: int, pitch: int, velocity: int) -> None: ...

    def note_off(self, channel: int, pitch: int) -> None: ...

    def all_off(self) -> None:
        """Release every note."""
        ...

    def render(self, count: int) -> Samples:
        """The next `count` samples, (count, 2), within -1..1."""
        ...

    def close(self) -> None: ...


class ToneGenerator:
    """Instrument without any library: decaying or standing tones of a few harmonics, noise for drums, some room."""

    def __init__(self, sample_rate: int = 48000) -> None:
        self._rate = sample_rate
        self._programs = [0] * 16
        self._tables: dict[tuple[int, float], int] = {}
        self._waves: NDArray[np.float32] = np.zeros((0, TABLE), np.float32)
        self._keys: list[tuple[int, int]] = []  # channel and pitch of each note
        # per note: phase [samples of a table], its step, level, its decay, attack still missing, its decay, left, right
        self._notes: Floats = np.zeros((0, 8))
        self._table_of: NDArray[np.intp] = np.zeros(0, np.intp)
        self._room = _Room(sample_rate)

    def program(self, channel: int, program: int) -> None:
        self._programs[channel] = min(max(program, 0), 127)

    def note_on(self, channel: int, pitch: int, velocity: int) -> None:
        self.note_off(channel, pitch)
        if len(self._keys) >= NOTES:
            self._keep(np.arange(len(self._keys)) != int(np.argmin(self._notes[:, 2])))
        attack_s, decay_s, fall = _SOUNDS[self._programs[channel] // 8]
        hz = 440.0 * 2.0 ** ((pitch - 69) / 12)
        step = hz * TABLE / self._rate
        if channel == DRUMS:
            low = pitch <= 41
            attack_s, decay_s, fall, hz = 0.001, 0.09 if low else 0.05, 3.0 if low else 0.0, 62.0
            step = hz * TABLE / self._rate if low else 1.0
        decay_s *= 2.0 ** ((60 - min(max(pitch, 36), 96)) / 24)
        level = LOUDNESS * (velocity / 127) ** 1.5
        side = 0.5 + 0.3 * np.sin(2.4 * channel + 0.5)  # each channel stands somewhere else
        left, right = np.cos(side * np.pi / 2), np.sin(side * np.pi / 2)
        note = [0.0, step, level, 1 / (decay_s * self._rate), level, 1 / (attack_s * self._rate), left, right]
        self._notes = np.vstack([self._notes, note])
        self._table_of = np.append(self._table_of, self._table(hz, fall))
        self._keys.append((channel, pitch))

    def note_off(self, channel: int, pitch: int) -> None:
        for at, key in enumerate(self._keys):
            if key == (channel, pitch) and channel != DRUMS:
                self._release(at)

    def all_off(self) -> None:
        for at in range(len(self._keys)):
            self._release(at)

    def _release(self, at: int) -> None:
        self._notes[at, 3] = max(self._notes[at, 3], 1 / (RELEASE_S * self._rate))
        self._keys[at] = (-1, -1)

    def render(self, count: int) -> Samples:
        out = np.zeros((count, 2), np.float32)
        if len(self._keys):
            phase, step, level, decay, missing, attack, left, right = self._notes.T
            time = np.arange(count)
            places = (phase[:, None] + step[:, None] * time).astype(np.int64) % TABLE
            level_now = level[:, None] * np.exp(-decay[:, None] * time)
            level_now -= missing[:, None] * np.exp(-(decay + attack)[:, None] * time)
            tones = self._waves[self._table_of[:, None], places] * level_now  # (notes, count)
            out[:] = (np.stack([left, right]) @ tones).T
            self._notes[:, 0] = (phase + step * count) % TABLE
            self._notes[:, 2] = level * np.exp(-decay * count)
            self._notes[:, 4] = missing * np.exp(-(decay + attack) * count)
            self._keep(self._notes[:, 2] > AUDIBLE)
        out = self._room.step(out)
        return np.asarray(np.tanh(out), np.float32)

    def close(self) -> None:
        """Nothing to close."""

    def _keep(self, kept: NDArray[np.bool_]) -> None:
        self._notes, self._table_of = self._notes[kept], self._table_of[kept]
        self._keys = [key for key, stays in zip(self._keys, kept, strict=True) if stays]

    def _table(self, hz: float, fall: float) -> int:
        """Number of a wave with as many harmonics as the sample rate has room for; 0 as `fall` is noise."""
        count = max([1, *(each for each in HARMONICS if each * hz < 0.4 * self._rate)])
        key = (count, fall)
        if key not in self._tables:
            turns = np.arange(TABLE) / TABLE
            wave = sum(np.sin(2 * np.pi * k * turns) / k**fall for k in range(1, count + 1))
            if fall == 0.0:
                wave = np.random.default_rng(7).standard_normal(TABLE) * 0.4
            peak = float(np.abs(wave).max())
            self._tables[key] = len(self._tables)
            self._waves = np.vstack([self._waves, np.asarray(wave / peak, np.float32)])
        return self._tables[key]


class _Room:
    """Feedback delay network (Jot & Chaigne 1991) of four delays under a Hadamard matrix."""

    def __init__(self, sample_rate: int) -> None:
        self._lines = [np.zeros(round(delay * sample_rate), np.float32) for delay in ROOM]
        self._at = 0
        self._mix = np.array([[1, 1, 1, 1], [1, -1, 1, -1], [1, 1, -1, -1], [1, -1, -1, 1]], np.float32) / 2
        self._mix *= np.float32(ROOM_KEPT)

    def step(self, sound: Samples) -> Samples:
        """The sound (n, 2) with its reverberation."""
        out, most = np.empty_like(sound), min(map(len, self._lines))
        for start in range(0, len(sound), most):
            part = sound[start : start + most]
            places = [np.arange(self._at, self._at + len(part)) % len(line) for line in self._lines]
            late = np.stack([line[place] for line, place in zip(self._lines, places, strict=True)])  # (4, n)
            back = self._mix @ late
            for number, (line, place) in enumerate(zip(self._lines, places, strict=True)):
                line[place] = back[number] + part[:, number % 2]
            self._at += len(part)
            wet = np.stack([late[0] + late[2], late[1] + late[3]], axis=1)
            out[start : start + most] = part + np.float32(ROOM_SHARE) * wet
        return out
