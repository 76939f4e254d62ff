"""Orchestra: the instruments of all SoundFonts that are here, one part at a time, by FluidSynth."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from livegan.audio.fluidsynth import float_writer, library
from livegan.audio.soundfont import find_soundfont, folders
from livegan.core.types import Samples
from livegan.errors import DeviceError
from livegan.studio.hearing.song_instruments import BENT, FAMILIES
from livegan.studio.hearing.song_score import ScoreNote

RATE = 44100
DRUM_BANK = 128
CHANNELS = 192  # so many instruments stay loaded
PROBE_S = 0.7
AUDIBLE_DB = -18.0  # a note begins to be heard when its level is so far under its loudest
PACKAGES = (
    "fluid-soundfont-gm timgm6mb-soundfont musescore-general-soundfont fluid-soundfont-gs opl3-soundfont "
    "csound-soundfont avldrums.lv2-soundfont hydrogen-drumkits lmms-common"
)


@dataclass(frozen=True, slots=True)
class Instrument:
    """A preset of a SoundFont."""

    font: int  # FluidSynth's number of it
    bank: int
    program: int


def soundfonts() -> list[Path]:
    """All SoundFonts of this machine, each once; DeviceError, with what to install, if there is none."""
    found: dict[str, Path] = {}
    for folder in folders():
        if folder.is_dir():
            for path in sorted(folder.iterdir()):
                if path.suffix.lower() in (".sf2", ".sf3") and not path.name.startswith("default"):
                    found.setdefault(path.resolve().name.lower(), path.resolve())
    if not found:
        try:
            return [find_soundfont()]
        except DeviceError as error:
            raise DeviceError(f"{error}; songs to learn from want several: sudo apt-get install {PACKAGES}") from error
    return sorted(found.values())


class Orchestra:
    """FluidSynth with every SoundFont. The same calls give the same samples. One thread."""

    def __init__(self, fonts: list[Path] | None = None) -> None:
        """DeviceError, with what to type, without FluidSynth, pyfluidsynth or SoundFonts."""
        paths = soundfonts() if fonts is None else fonts
        settings = {"synth.cpu-cores": 1, "synth.dynamic-sample-loading": 1, "synth.polyphony": 80}
        self._synth = library().Synth(gain=0.5, samplerate=float(RATE), channels=CHANNELS, **settings)
        self._synth.setting("synth.reverb.active", 0)
        self._synth.setting("synth.chorus.active", 0)
        self.fonts: dict[str, int] = {}
        for path in paths:
            number = self._synth.sfload(str(path))
            if number != -1:
                self.fonts[path.stem] = number
        self._presets = {
            number: {
                bank: [p for p in range(128) if self._synth.sfpreset_name(number, bank, p)] for bank in (0, DRUM_BANK)
            }
            for number in self.fonts.values()
        }
        self._melodic = [number for number, banks in self._presets.items() if len(banks[0]) > 100]
        self._channels: dict[Instrument, int] = {}  # least lately used first
        self._attacks: dict[tuple[Instrument, int], float] = {}

    def kits(self) -> list[Instrument]:
        """Drum kits of all SoundFonts."""
        found = [Instrument(n, DRUM_BANK, p) for n, banks in self._presets.items() for p in banks[DRUM_BANK]]
        few = [Instrument(n, 0, p) for n, banks in self._presets.items() if not banks[DRUM_BANK] for p in banks[0][:1]]
        return found + few

    def choose(self, family: str, rng: np.random.Generator) -> Instrument:
        """An instrument of a family, of any SoundFont; the large ones more often."""
        program = int(rng.choice(FAMILIES[family]))
        fonts = [number for number in self._melodic if program in self._presets[number][0]]
        if not fonts:
            raise DeviceError(f"no SoundFont here has program {program}; type: sudo apt-get install {PACKAGES}")
        return Instrument(int(rng.choice(fonts)), 0, program)

    def attack_s(self, instrument: Instrument, pitch: int) -> float:
        """How long after its beginning a note of an instrument is heard [s], 0..0.35."""
        key = (instrument, pitch // 12)
        if key not in self._attacks:
            channel = self._select(instrument)
            self._synth.noteon(channel, pitch // 12 * 12 + 6, 90)
            sound = self._take(round(PROBE_S * RATE))
            self._silence(channel)
            hop = RATE // 500
            level = np.sqrt((sound[: len(sound) // hop * hop].reshape(-1, hop) ** 2).mean(1))
            level = np.convolve(level, np.ones(2) / 2)[: len(level)]
            loud = level[: round(0.4 * 500)].max()
            over = np.flatnonzero(level > loud * 10 ** (AUDIBLE_DB / 20))
            self._attacks[key] = min(float(over[0]) / 500, 0.35) if len(over) and loud > 0 else 0.0
        return self._attacks[key]

    def play(
        self, instrument: Instrument, notes: tuple[ScoreNote, ...], seconds: float, bends: str = "", seed: int = 0
    ) -> Samples:
        """Sound of a part, (n,) mono. Notes that begin before 0 are heard from 0 on only if they last."""
        channel = self._select(instrument)
        rng = np.random.default_rng([seed, 5])
        events: list[tuple[int, int, int, int]] = []
        for note in notes:
            start, end = round(max(note.start_s, 0) * RATE), round((note.start_s + note.length_s) * RATE)
            if end > start:
                events.append((start, 1, note.pitch, max(1, round(127 * note.velocity))))
                events.append((end, 0, note.pitch, 0))
        if bends in BENT and notes:
            events += self._bends(notes, rng)
        count, at = round(seconds * RATE) + 1, 0
        left, right = np.empty(count, np.float32), np.empty(count, np.float32)

        def take(until: int) -> None:
            if until > at:
                float_writer()(self._synth.synth, until - at, left.ctypes.data, at, 1, right.ctypes.data, at, 1)

        for when, kind, one, two in sorted(events):
            if when >= count:
                break
            take(when)
            at = max(at, when)
            if kind == 1:
                self._synth.noteon(channel, one, two)
            elif kind == 0:
                self._synth.noteoff(channel, one)
            else:
                self._synth.pitch_bend(channel, one)
        take(count)
        self._silence(channel)
        left += right
        left *= 0.5
        return left

    def hit(self, kit: Instrument, pitch: int, velocity: int, seconds: float = 1.2) -> Samples:
        """One stroke of a drum kit, (n,) mono."""
        channel = self._select(kit)
        self._synth.noteon(channel, pitch, velocity)
        sound = self._take(round(seconds * RATE))
        self._silence(channel)
        return sound

    def close(self) -> None:
        """Free the SoundFonts. Idempotent."""
        if self._synth is not None:
            self._synth.delete()
            self._synth = None

    def _bends(self, notes: tuple[ScoreNote, ...], rng: np.random.Generator) -> list[tuple[int, int, int, int]]:
        """Vibrato that grows within a note, and now and then a slide into it."""
        depth, rate = rng.uniform(0.1, 0.45), rng.uniform(4.5, 6.5)
        events = []
        for note in notes:
            slide = float(rng.uniform(-1.5, -0.4)) if rng.random() < 0.3 else 0.0
            times = np.arange(0, min(note.length_s, 4.0), 0.02)
            bend = depth * np.clip(times / 0.4 - 0.4, 0, 1) * np.sin(2 * np.pi * rate * times) + slide * np.exp(
                -times / 0.05
            )
            for time, value in zip(times, bend, strict=True):
                at = note.start_s + time
                if at >= 0:
                    events.append((round(at * RATE), 2, round(float(np.clip(value / 2, -1, 1)) * 8000), 0))
        return events

    def _select(self, instrument: Instrument) -> int:
        """Channel of an instrument; the one that was not used for longest is given away."""
        channel = self._channels.pop(instrument, None)
        if channel is None:
            channel = len(self._channels)
            if channel >= CHANNELS:
                channel = self._channels.pop(next(iter(self._channels)))
            self._synth.program_select(channel, instrument.font, instrument.bank, instrument.program)
        self._channels[instrument] = channel
        self._synth.pitch_bend(channel, 0)
        return channel

    def _silence(self, channel: int) -> None:
        self._synth.all_sounds_off(channel)
        self._take(256)

    def _take(self, count: int) -> Samples:
        both = np.empty((max(count, 0), 2), np.float32)
        if count > 0:
            float_writer()(self._synth.synth, count, both.ctypes.data, 0, 2, both.ctypes.data, 1, 2)
        return 0.5 * (both[:, 0] + both[:, 1])
