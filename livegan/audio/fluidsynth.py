"""FluidSynth synthesizer: notes of sixteen channels in, blocks of samples out; no thread or driver of its own."""

import io
from contextlib import ExitStack, redirect_stdout
from ctypes import POINTER, c_char_p, c_int, c_void_p
from functools import cache
from pathlib import Path
from typing import Any, Self

import numpy as np

from livegan.audio.soundfont import find_soundfont
from livegan.core.text import printable
from livegan.core.types import Samples
from livegan.errors import DeviceError

__all__ = ["DRUMS", "Synth", "find_soundfont", "float_writer", "library"]

CHANNELS = 16
DRUMS = 9  # channel of the drums, counted from 0
GAIN = 2.0  # FluidSynth's own default is 0.2; volumes of the channels bring it down
VOLUME, PAN, REVERB, CHORUS = 7, 10, 91, 93  # controllers of General MIDI
SEND = 100  # share of a channel that goes to reverb and chorus, 0..127
PEAK, RMS = 0.38, 0.072  # of four ordinary notes at once: no instrument is above either; struck ones count as softer
PROBE = (43, 55, 64, 72)  # those notes
PROBE_VELOCITY = 84
PROBE_S = 1.2
WIDTH = 0.35  # how far to the sides the first and the last voice sound
KNEE = 0.8  # above it samples are bent towards 1 instead of cut
PACKAGE = (
    "notes become sound with the package pyfluidsynth, which is not installed; type: pip install 'livegan[compose]'"
)
LIBRARY = (
    "notes become sound with FluidSynth, which is not on this machine; type: sudo apt-get install libfluidsynth3 "
    "(Fedora: sudo dnf install fluidsynth-libs; Arch: sudo pacman -S fluidsynth; macOS: brew install fluid-synth; "
    "Windows: choco install fluidsynth)"
)


class Synth:
    """Synthesizer of one SoundFont. The same calls give the same samples, however they are cut into blocks.

    Every instrument is as loud as the others: four voices peak near -6 dBFS, whatever the SoundFont. One thread.
    """

    def __init__(self, soundfont: Path, sample_rate: int = 48000) -> None:
        """DeviceError, with what to type, without pyfluidsynth, without FluidSynth, or for a broken SoundFont."""
        self.sample_rate = sample_rate
        self._handle = _synth(soundfont, sample_rate)
        with ExitStack() as opening:
            opening.callback(self._handle.delete)
            self._probe = _Probe(soundfont)
            opening.pop_all()
        for channel in range(CHANNELS):
            self._handle.cc(channel, REVERB, SEND)
            self._handle.cc(channel, CHORUS, SEND)
            self.program(channel, 0)
        for voice, place in enumerate(seats(4)):
            self.pan(voice, place)
        self.room(0.5, 0.5)

    def room(self, size: float, reverb: float, chorus: float = 0.0) -> None:
        """Reverberation, each 0..1: size of the room, share of it in the sound; chorus likewise."""
        self._handle.set_reverb(0.2 + 0.75 * size, 0.3, 0.8, reverb)
        self._handle.set_chorus(3, 1.5 * chorus, 0.4, 6.0, 0)

    def program(self, channel: int, program: int) -> None:
        """Instrument of a channel, General MIDI from 0, brought to the loudness of all others; of DRUMS a drum kit."""
        self._handle.program_change(channel, program)
        self._handle.cc(channel, VOLUME, self._probe.volume(program, channel == DRUMS))

    def pan(self, channel: int, place: float) -> None:
        """Place of a channel, -1 left to 1 right."""
        self._handle.cc(channel, PAN, min(max(round(64 + 63 * place), 0), 127))

    def note_on(self, channel: int, pitch: int, velocity: int) -> None:
        """Begin a note; velocity 1..127."""
        self._handle.noteon(channel, pitch, velocity)

    def note_off(self, channel: int, pitch: int) -> None:
        """Release a note; it dies away as its instrument does."""
        self._handle.noteoff(channel, pitch)

    def all_off(self) -> None:
        """Release every note of every channel."""
        for channel in range(CHANNELS):
            self._handle.all_notes_off(channel)

    def render(self, count: int) -> Samples:
        """The next `count` samples, (count, 2), never beyond -1..1."""
        samples = _render(self._handle, count)
        loud = np.abs(samples) > KNEE
        if loud.any():
            rest = 1.0 - KNEE
            over = np.abs(samples[loud]) - KNEE
            samples[loud] = np.sign(samples[loud]) * (KNEE + rest * np.tanh(over / rest))
        return samples

    def close(self) -> None:
        """Free the SoundFont. Idempotent."""
        if self._handle is not None:
            self._handle.delete()
            self._probe.close()
            self._handle = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def seats(count: int) -> list[float]:
    """Places of so many voices or tracks, -1 left to 1 right: the first a little left, the last a little right."""
    return [WIDTH * (2 * index / (count - 1) - 1) if count > 1 else 0.0 for index in range(count)]


class _Probe:
    """Loudness of a SoundFont's instruments, measured by playing each for a second to nobody."""

    def __init__(self, soundfont: Path) -> None:
        self._handle = _synth(soundfont, 44100)
        self._handle.set_reverb(0.0, 0.0, 0.0, 0.0)
        self._handle.set_chorus(0, 0.0, 0.3, 1.0, 0)
        self._handle.cc(0, VOLUME, 127)
        self._volumes: dict[int, int] = {}

    def volume(self, program: int, drums: bool) -> int:
        """Controller 7 for a program: its gain is (volume / 127)²."""
        if drums:
            return 54
        if program not in self._volumes:
            self._handle.program_change(0, program)
            for pitch in PROBE:
                self._handle.noteon(0, pitch, PROBE_VELOCITY)
            samples = _render(self._handle, round(PROBE_S * 44100))
            self._handle.all_sounds_off(0)
            windows = samples[: len(samples) // 8 * 8].reshape(8, -1)
            levels = np.sqrt((windows**2).mean(axis=1))
            peak, rms = float(np.abs(samples).max()), float(np.sqrt(levels.max() * levels.mean()))
            gain = min(1.0, PEAK / peak, RMS / rms) if peak else 1.0
            self._volumes[program] = max(1, round(127 * gain**0.5))
        return self._volumes[program]

    def close(self) -> None:
        self._handle.delete()


def _synth(soundfont: Path, sample_rate: int) -> Any:
    """pyfluidsynth's synthesizer with a SoundFont loaded; samples of instruments are read when they are chosen."""
    settings = {"synth.cpu-cores": 1, "synth.dynamic-sample-loading": 1, "synth.polyphony": 512}
    handle = library().Synth(gain=GAIN, samplerate=float(sample_rate), channels=CHANNELS, **settings)
    if handle.sfload(str(soundfont)) == -1:
        handle.delete()
        raise DeviceError(
            f"'{printable(soundfont)}' cannot be read as a SoundFont; give another with --soundfont FILE.sf2 "
            "(an .sf3 needs a FluidSynth built with libsndfile)"
        )
    return handle


def _render(handle: Any, count: int) -> Samples:
    samples = np.empty((count, 2), np.float32)
    if count:
        float_writer()(handle.synth, count, samples.ctypes.data, 0, 2, samples.ctypes.data, 1, 2)
    return samples


@cache
def library() -> Any:
    """pyfluidsynth, loaded now, with FluidSynth's messages and sound drivers off."""
    try:
        with redirect_stdout(io.StringIO()):  # it prints where the library is if $CI is set
            import fluidsynth
    except ModuleNotFoundError as error:
        raise DeviceError(PACKAGE) from error
    except (ImportError, OSError) as error:
        raise DeviceError(LIBRARY) from error
    if not hasattr(fluidsynth, "cfunc"):  # another package of that name
        raise DeviceError(PACKAGE)
    set_log = fluidsynth.cfunc(
        "fluid_set_log_function", c_void_p, ("level", c_int, 1), ("function", c_void_p, 1), ("data", c_void_p, 1)
    )
    for level in range(5):
        set_log(level, None, None)
    register = fluidsynth.cfunc("fluid_audio_driver_register", c_int, ("drivers", POINTER(c_char_p), 1))
    if register is not None:  # else FluidSynth would look for sound cards; none before version 1.1.9
        register((c_char_p * 1)(None))
    return fluidsynth


@cache
def float_writer() -> Any:
    """FluidSynth's renderer of float samples, which pyfluidsynth does not bind."""
    side = ((c_void_p, "samples"), (c_int, "offset"), (c_int, "stride"))
    words = [(f"{hand}_{name}", kind, 1) for hand in ("left", "right") for kind, name in side]
    return library().cfunc("fluid_synth_write_float", c_int, ("synth", c_void_p, 1), ("count", c_int, 1), *words)
