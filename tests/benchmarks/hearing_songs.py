"""Songs with known truth: MIDI written by rule and seed, rendered by FluidSynth with a General MIDI SoundFont.

A song knows its onsets (all, and of kick, snare and hat), its beats and its downbeats, in seconds. Needs mido, and
``sudo apt install fluidsynth fluid-soundfont-gm``.
"""

import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import mido
import numpy as np
import scipy.signal
import soundfile
from numpy.typing import NDArray

RATE = 48000
TICKS_S = 1000  # of the MIDI files, per second: FluidSynth rounds tempo changes, so there are none
KICK, SNARE, CLAP, CLOSED, OPEN, RIDE, CRASH, TOM = 36, 38, 39, 42, 46, 51, 49, 45
BANDS = {KICK: "bass", SNARE: "mid", CLAP: "mid", CLOSED: "treble", OPEN: "treble", RIDE: "treble", CRASH: "treble"}
SOUNDFONTS = ("/usr/share/sounds/sf2/FluidR3_GM.sf2", "/usr/share/sounds/sf2/default-GM.sf2")
TOGETHER_S = 0.03  # notes so close are one onset
DRUMS = 9  # MIDI channel


Note = tuple[float, int, int, int, float]  # beat, channel, pitch, velocity, length in beats


@dataclass
class Song:
    """A song being written: notes by beat, and the tempo of every beat."""

    name: str
    seed: int
    bpm: float
    beats: int
    meter: int = 4
    notes: list[Note] = field(default_factory=list)
    programs: dict[int, int] = field(default_factory=dict)
    bend: Callable[[float], float] = lambda beat: 1.0  # tempo factor at a beat

    def __post_init__(self) -> None:
        """Chance, by name and seed."""
        self.rng = np.random.default_rng([self.seed, *self.name.encode()])

    def drum(self, beat: float, pitch: int, velocity: int) -> None:
        """One hit, as a drummer hits: a few ms off, not twice as loud."""
        self.note(beat, DRUMS, pitch, velocity, 0.1)

    def note(self, beat: float, channel: int, pitch: int, velocity: int, length: float) -> None:
        """One note."""
        late = float(self.rng.normal(0, 0.004)) * self.bpm / 60
        loud = int(np.clip(velocity + self.rng.normal(0, 6), 20, 127))
        self.notes.append((max(0.0, beat + late), channel, pitch, loud, length))

    def time_s(self, beat: NDArray[np.float64] | float) -> NDArray[np.float64]:
        """Seconds of a beat."""
        grid = np.arange(self.beats * 8 + 65) / 8
        speed = np.array([self.bpm * self.bend(at) for at in grid])
        seconds = np.concatenate([[0.0], np.cumsum(60 / speed[:-1] / 8)])
        return np.interp(beat, grid, seconds)


@dataclass(frozen=True)
class Truth:
    """What is to be heard in a song [s]."""

    onsets: dict[str, NDArray[np.float64]]  # "all", "bass", "mid", "treble"
    beats: NDArray[np.float64]
    downbeats: NDArray[np.float64]
    tempo: float  # the most usual [bpm]


def chord(song: Song, beat: float, channel: int, root: int, minor: bool, velocity: int, length: float) -> None:
    """A triad."""
    for step in (0, 3 if minor else 4, 7):
        song.note(beat, channel, root + step, velocity, length)


PROGRESSIONS = (((0, False), (7, False), (9, True), (5, False)), ((0, True), (8, False), (3, False), (10, False)))


def harmony(song: Song, bar: int) -> tuple[int, bool]:
    """Root of a bar's chord, in semitones, and whether it is minor; by the song's seed."""
    steps = PROGRESSIONS[song.seed % 2]
    step, minor = steps[bar % 4]
    return (song.seed * 5) % 12 + step, minor


def bass(song: Song, bar: int, places: tuple[float, ...], length: float = 0.45) -> None:
    """Roots in the bass."""
    root, _ = harmony(song, bar)
    for place in places:
        song.note(bar * song.meter + place, 1, 36 + root % 12, 88, length)


def rock(seed: int) -> Song:
    """Straight eighths, back beat, guitar chords, a fill every eighth bar."""
    song = Song("rock", seed, 112 + seed * 7 % 24, 96, programs={1: 34, 2: 29, 3: 80})
    for bar in range(24):
        at = bar * 4
        root, minor = harmony(song, bar)
        if bar % 8 == 0:
            song.drum(at, CRASH, 105)
        for eighth in range(8):
            song.drum(at + eighth / 2, CLOSED, 84 if eighth % 2 == 0 else 64)
        for place in (0, 2, 2.5) if bar % 2 else (0, 1.5, 2):
            song.drum(at + place, KICK, 108)
        for place in (1, 3):
            song.drum(at + place, SNARE, 108)
        if bar % 8 == 7:
            for place in (3.25, 3.5, 3.75):
                song.drum(at + place, TOM, 100)
        bass(song, bar, (0, 0.5, 1, 1.5, 2, 2.5, 3, 3.5))
        chord(song, at, 2, 48 + root % 12, minor, 78, 1.9)
        chord(song, at + 2, 2, 48 + root % 12, minor, 74, 1.9)
    return song


def house(seed: int) -> Song:
    """Four on the floor, off-beat hats, claps, an arpeggio."""
    song = Song("house", seed, 120 + seed * 3 % 10, 112, programs={1: 38, 2: 90, 3: 81})
    for bar in range(28):
        at = bar * 4
        root, minor = harmony(song, bar // 2)
        for beat in range(4):
            song.drum(at + beat, KICK, 116)
            song.drum(at + beat + 0.5, OPEN, 82)
        for place in (1, 3):
            song.drum(at + place, CLAP, 100)
        if bar >= 4:
            for step in range(16):
                song.drum(at + step / 4, CLOSED, 50)
        bass(song, bar, (0.5, 1.5, 2.5, 3.5))
        if bar >= 8:
            for step in range(8):
                song.note(at + step / 2, 3, 60 + (root + (0, 7, 12, 3 if minor else 4)[step % 4]) % 24, 66, 0.2)
    return song


def hiphop(seed: int) -> Song:
    """Swung sixteenths at 84-96, sparse kick, keys."""
    song = Song("hiphop", seed, 84 + seed * 5 % 12, 80, programs={1: 33, 2: 4})
    swing = 0.08
    for bar in range(20):
        at = bar * 4
        root, minor = harmony(song, bar)
        for place in (0, 0.75 + swing, 2.5) if bar % 2 else (0, 1.75 + swing, 2.25 + swing):
            song.drum(at + place, KICK, 110)
        for place in (1, 3):
            song.drum(at + place, SNARE, 106)
        for eighth in range(8):
            song.drum(at + eighth / 2, CLOSED, 72)
            if song.rng.random() < 0.35:
                song.drum(at + eighth / 2 + 0.25 + swing, CLOSED, 52)
        bass(song, bar, (0, 2.5), 0.9)
        chord(song, at + 0.5, 2, 60 + root % 12, minor, 62, 1.2)
        chord(song, at + 2.75 + swing, 2, 60 + root % 12, minor, 58, 0.8)
    return song


def ballad(seed: int) -> Song:
    """Slow strings, a soft piano in quarters, no drums: soft onsets."""
    song = Song("ballad", seed, 62 + seed * 5 % 14, 56, programs={1: 32, 2: 48, 3: 0})
    for bar in range(14):
        at = bar * 4
        root, minor = harmony(song, bar)
        chord(song, at, 2, 55 + root % 12, minor, 62, 3.9)
        for beat in range(4):
            song.note(at + beat, 3, 60 + (root + (0, 7, 12, 7)[beat]) % 24, 60, 0.9)
        if bar % 2:
            song.note(at + 2.5, 3, 72 + (root + 4) % 12, 56, 0.5)
        bass(song, bar, (0, 2), 1.8)
    return song


def piano(seed: int) -> Song:
    """A piano alone, arpeggios and melody, breathing tempo."""
    song = Song("piano", seed, 92 + seed * 7 % 20, 84, programs={3: 0})
    song.bend = lambda beat: 1 + 0.025 * float(np.sin(2 * np.pi * beat / 16))
    for bar in range(21):
        at = bar * 4
        root, minor = harmony(song, bar)
        for eighth in range(8):
            step = (0, 7, 12, 15 if minor else 16, 12, 7, 12, 7)[eighth]
            song.note(at + eighth / 2, 3, 43 + (root + step) % 36, 74 if eighth == 0 else 60, 0.5)
        for place in (0, 1, 2.5, 3) if bar % 2 else (0, 2):
            song.note(at + place, 3, 72 + (root + int(song.rng.choice([0, 3, 7, 10]))) % 12, 84, 0.8)
    return song


def jungle(seed: int) -> Song:
    """Drum and bass at 172-176."""
    song = Song("dnb", seed, 172 + seed * 2 % 5, 152, programs={1: 38, 2: 89})
    for bar in range(38):
        at = bar * 4
        root, minor = harmony(song, bar // 4)
        for place in (0, 2.5):
            song.drum(at + place, KICK, 114)
        for place in (1, 3):
            song.drum(at + place, SNARE, 112)
        for place in (1.75, 3.75) if bar % 2 else (2.25,):
            song.drum(at + place, SNARE, 62)
        for eighth in range(8):
            song.drum(at + eighth / 2, CLOSED, 76 if eighth % 2 == 0 else 66)
        bass(song, bar, (0, 0.75, 2.5), 0.7)
        if bar % 4 == 0:
            chord(song, at, 2, 55 + root % 12, minor, 60, 15.5)
    return song


def sixeight(seed: int) -> Song:
    """Six eighths to the bar, two dotted beats: a beat is a dotted quarter."""
    song = Song("six-eight", seed, 64 + seed * 5 % 16, 56, meter=2, programs={1: 33, 2: 25})
    for bar in range(28):
        at = bar * 2
        root, minor = harmony(song, bar)
        song.drum(at, KICK, 110)
        song.drum(at + 1, SNARE, 104)
        if bar % 2:
            song.drum(at + 5 / 3, KICK, 96)
        for eighth in range(6):
            song.drum(at + eighth / 3, CLOSED, 84 if eighth % 3 == 0 else 62)
        bass(song, bar, (0, 1), 0.8)
        for eighth in range(6):
            step = (0, 7, 12, 15 if minor else 16, 12, 7)[eighth]
            song.note(at + eighth / 3, 2, 50 + (root + step) % 24, 62, 0.3)
    return song


def change(seed: int) -> Song:
    """The rock song, and half-way another tempo."""
    song = rock(seed)
    song.name, song.bpm = "tempo-change", 104 + seed * 3 % 8
    song.bend = lambda beat: 1.0 if beat < 48 else 1.2
    return song


def breakdown(seed: int) -> Song:
    """The house song, whose drums are silent for eight bars, twice."""
    song = house(seed)
    song.name = "breakdown"
    silent = [(32, 64), (88, 104)]
    song.notes = [n for n in song.notes if not (n[1] == DRUMS and any(a <= n[0] + 0.01 < b for a, b in silent))]
    return song


SONGS: tuple[Callable[[int], Song], ...] = (*(rock, house, hiphop, ballad, piano, jungle, sixeight, change, breakdown),)


def truth(song: Song, seconds: float) -> Truth:
    """What is to be heard in the song's first `seconds`."""
    at = song.time_s(np.array([note[0] for note in song.notes]))
    drums = [BANDS.get(note[2]) if note[1] == DRUMS else None for note in song.notes]

    def onsets(wanted: NDArray[np.bool_]) -> NDArray[np.float64]:
        times = np.sort(at[wanted & (at < seconds)])
        kept: list[float] = []
        for time in times:
            if not kept or time - kept[-1] > TOGETHER_S:
                kept.append(float(time))
        return np.array(kept)

    every = np.ones(len(at), bool)
    found = {"all": onsets(every)}
    for band in ("bass", "mid", "treble"):
        found[band] = onsets(np.array([drum == band for drum in drums]))
    beats = song.time_s(np.arange(song.beats, dtype=float))
    usual = 60 / float(np.median(np.diff(beats)))
    return Truth(found, beats[beats < seconds], beats[:: song.meter][beats[:: song.meter] < seconds], usual)


def write_midi(song: Song, path: Path) -> None:
    """The song as a MIDI file whose every tick is a millisecond."""
    file = mido.MidiFile(ticks_per_beat=480)
    tempo = mido.MidiTrack()
    tempo.append(mido.MetaMessage("set_tempo", tempo=480 * 1_000_000 // TICKS_S))
    file.tracks.append(tempo)
    notes: list[tuple[int, mido.Message]] = []
    for channel, program in song.programs.items():
        notes.append((0, mido.Message("program_change", channel=channel, program=program)))
    for beat, channel, pitch, velocity, length in song.notes:
        on, off = (round(float(song.time_s(at)) * TICKS_S) for at in (beat, beat + length))
        notes.append((on, mido.Message("note_on", channel=channel, note=int(pitch), velocity=velocity)))
        notes.append((max(off, on + 1), mido.Message("note_off", channel=channel, note=int(pitch))))
    track, now = mido.MidiTrack(), 0
    for tick, message in sorted(notes, key=lambda item: (item[0], item[1].type == "note_on")):
        track.append(message.copy(time=tick - now))
        now = tick
    file.tracks.append(track)
    file.save(path)


def render(song: Song, folder: Path) -> NDArray[np.float32]:
    """The song's sound, (n, 2) at 48 kHz, peak 0.7; kept in `folder`."""
    wav = folder / f"{song.name}-{song.seed}.wav"
    if not wav.exists():
        fluid = shutil.which("fluidsynth")
        font = next((font for font in SOUNDFONTS if Path(font).exists()), None)
        if fluid is None or font is None:
            raise SystemExit("the songs need FluidSynth; type: sudo apt install fluidsynth fluid-soundfont-gm")
        midi = wav.with_suffix(".mid")
        write_midi(song, midi)
        fresh = wav.with_suffix(".part.wav")
        dry = ("-g", "0.6", "-R", "0", "-C", "0")  # gain; no reverberation, no chorus
        words = [fluid, "-ni", "-q", "-r", str(RATE), *dry, "-F", str(fresh), font, str(midi)]
        subprocess.run(words, check=True, capture_output=True)
        fresh.rename(wav)
    sound, rate = soundfile.read(wav, dtype="float32")
    assert rate == RATE
    sound = sound[: int(float(song.time_s(song.beats)) * RATE)]
    return np.asarray(sound * (0.7 / np.abs(sound).max()), np.float32)


def rough(sound: NDArray[np.float32], seed: int) -> NDArray[np.float32]:
    """Through a room, with a crowd at 12 dB below, driven into saturation."""
    rng = np.random.default_rng([seed, 77])
    time = np.arange(int(0.5 * RATE)) / RATE
    room = rng.standard_normal((len(time), 2)) * np.exp(-6.9 * time / 0.5)[:, None] * 0.02
    room[0] = 1.0
    wet = scipy.signal.fftconvolve(sound, room, axes=0)[: len(sound)]
    white = rng.standard_normal((len(sound), 2))
    band = scipy.signal.butter(2, (200, 3000), "bandpass", fs=RATE, output="sos")
    crowd = scipy.signal.sosfilt(band, white, axis=0)
    slow = scipy.signal.sosfilt(scipy.signal.butter(1, 3, fs=RATE, output="sos"), rng.standard_normal(len(sound)))
    crowd *= (1 + 0.5 * slow / np.abs(slow).max())[:, None]
    crowd *= np.sqrt(np.mean(wet**2) / np.mean(crowd**2)) * 10 ** (-12 / 20)
    return np.asarray(np.tanh(2.5 * (wet + crowd)) * 0.7, np.float32)


def rest(kind: str, seed: int, seconds: float = 40.0) -> NDArray[np.float32]:
    """What is no music, (n, 2): "silence", "pink", "hum", "crowd" or "speech"."""
    rng = np.random.default_rng([seed, *kind.encode()])
    count = int(seconds * RATE)
    time = np.arange(count) / RATE
    if kind == "silence":
        sound = np.zeros(count)
    elif kind == "pink":
        sound = _pink(rng, count) * 10 ** (-60 / 20)
    elif kind == "hum":  # at -30 dBFS, over pink noise at -60 dBFS
        hum = sum(np.sin(2 * np.pi * 50 * k * time + k) / k for k in (1, 2, 3, 4, 5, 7, 9))
        sound = hum / np.sqrt(np.mean(hum**2)) * 10 ** (-30 / 20) + _pink(rng, count) * 10 ** (-60 / 20)
    elif kind == "crowd":
        sound = 0.1 * _crowd(rng, count)
    else:
        sound = _speech(rng, count)
    return np.repeat(np.asarray(sound, np.float32)[:, None], 2, axis=1)


def _pink(rng: np.random.Generator, count: int) -> NDArray[np.float64]:
    """1/f noise, RMS 1."""
    spectrum = np.fft.rfft(rng.standard_normal(count))
    sound = np.fft.irfft(spectrum / np.sqrt(np.maximum(np.arange(len(spectrum)), 1)), count)
    return np.asarray(sound / np.sqrt(np.mean(sound**2)))


def _crowd(rng: np.random.Generator, count: int) -> NDArray[np.float64]:
    """Voices of many: noise of 200-3000 Hz that swells, RMS about 1."""
    band = scipy.signal.butter(2, (200, 3000), "bandpass", fs=RATE, output="sos")
    voices = scipy.signal.sosfilt(band, rng.standard_normal(count))
    slow = scipy.signal.sosfilt(scipy.signal.butter(1, 3, fs=RATE, output="sos"), rng.standard_normal(count))
    return np.asarray(voices / np.std(voices) * (1 + 0.5 * slow / np.abs(slow).max()))


def _speech(rng: np.random.Generator, count: int) -> NDArray[np.float64]:
    """Like one voice: syllables of 0.1-0.35 s and pauses, each a buzz of 90-150 Hz with its overtones, and breath."""
    envelope, at = np.zeros(count), 0
    while at < count - RATE:
        length = int(rng.uniform(0.1, 0.35) * RATE)
        envelope[at : at + length] += np.hanning(length) * rng.uniform(0.4, 1)
        at += length + int(max(0.0, rng.normal(0.03, 0.05)) * RATE)
        if rng.random() < 0.1:
            at += int(rng.uniform(0.2, 0.9) * RATE)
    hertz = 120 + 30 * np.cumsum(rng.standard_normal(count)) / np.sqrt(count)
    turns = 2 * np.pi * np.cumsum(hertz) / RATE
    voice = sum(np.sin(k * turns) / k for k in range(1, 20)) + 0.2 * rng.standard_normal(count)
    return np.asarray(0.1 * envelope * voice)
