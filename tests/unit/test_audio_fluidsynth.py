"""FluidSynth on the system's SoundFont: pitch, loudness, tails, and the same samples for the same notes."""

import builtins
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from livegan.audio import fluidsynth, soundfont
from livegan.audio.fluidsynth import Synth, find_soundfont
from livegan.core.types import Samples
from livegan.errors import DeviceError
from livegan.studio import doctor

RATE = 48000
CHORD = (72, 67, 64, 48)
PROGRAMS = (0, 6, 10, 12, 19, 24, 48, 52, 56, 60, 68, 88)


@pytest.fixture(scope="module")
def font() -> Path:
    return find_soundfont()  # `sh setup.sh dev` installs one: a machine without is a failure


@pytest.fixture
def synth(font: Path) -> Iterator[Synth]:
    with Synth(font) as made:
        yield made


def chord(synth: Synth, program: int, seconds: float = 1.0) -> Samples:
    for channel, pitch in enumerate(CHORD):
        synth.program(channel, program)
        synth.note_on(channel, pitch, 84)
    return synth.render(round(seconds * RATE))


def test_a4_is_heard_at_440_hz(synth: Synth) -> None:
    synth.program(0, 73)  # a flute
    synth.note_on(0, 69, 90)
    samples = synth.render(2 * RATE)[RATE:, 0]
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    assert abs(float(np.argmax(spectrum)) - 440.0) <= 4.0  # a bin is 1 Hz; less than 16 cents off


@pytest.mark.parametrize("program", PROGRAMS)
def test_four_voices_are_loud_and_never_clip_on_any_instrument(synth: Synth, program: int) -> None:
    samples = chord(synth, program)
    peak = float(np.abs(samples).max())
    assert 0.2 < peak < 0.9
    assert samples.dtype == np.float32
    assert samples.shape == (RATE, 2)


def test_instruments_are_equally_loud(font: Path) -> None:
    loudness = []
    with Synth(font) as synth:
        synth.room(0.0, 0.0)
        for program in PROGRAMS:
            windows = chord(synth, program, 0.5).reshape(10, -1)
            synth.all_off()
            synth.render(2 * RATE)
            loudness.append(10.0 * np.log10(float((windows**2).mean(axis=1).max())))
    assert max(loudness) - min(loudness) < 10.0  # dB; struck ones are short. Without levels it is 20


def test_sixteen_channels_at_full_velocity_are_bent_not_cut(synth: Synth) -> None:
    for channel in range(16):
        synth.program(channel, 48)
        for pitch in (48, 55, 60, 64, 67, 72):
            synth.note_on(channel, pitch, 127)
    samples = synth.render(RATE)
    assert 0.8 < float(np.abs(samples).max()) <= 1.0
    assert np.isfinite(samples).all()


def test_the_same_notes_are_the_same_samples_however_they_are_cut(font: Path) -> None:
    heard = []
    for cuts in ((RATE,), (1, 63, 64, 65, 1000, RATE - 1193)):
        with Synth(font) as synth:
            synth.room(0.7, 0.6, 0.5)
            chord(synth, 48, 0.0)
            heard.append(np.concatenate([synth.render(count) for count in cuts]))
    assert np.array_equal(heard[0], heard[1])


def test_a_released_note_rings_on_in_the_room_and_ends(synth: Synth) -> None:
    synth.room(0.8, 0.7)
    chord(synth, 19)
    synth.all_off()
    tail = np.abs(synth.render(10 * RATE)).max(axis=1)
    assert tail[RATE // 2 : RATE].max() > 1e-3
    assert tail[-RATE:].max() < 1e-4


def test_a_larger_room_rings_longer(font: Path) -> None:
    energy = []
    for size in (0.1, 0.9):
        with Synth(font) as synth:
            synth.room(size, 0.6)
            chord(synth, 19)
            synth.all_off()
            energy.append(float((synth.render(3 * RATE)[RATE:] ** 2).sum()))
    assert energy[1] > 2 * energy[0]


def test_silence_is_silent_and_closing_twice_is_fine(font: Path, capfd: pytest.CaptureFixture[str]) -> None:
    synth = Synth(font, 44100)
    assert float(np.abs(synth.render(4410)).max()) < 1e-6
    assert synth.render(0).shape == (0, 2)
    synth.close()
    synth.close()
    assert capfd.readouterr() == ("", "")


def test_a_file_that_is_no_soundfont_is_one_sentence(
    tmp_path: Path, font: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "cut.sf2").write_bytes(font.read_bytes()[:5_000_000])
    (tmp_path / "text.sf2").write_text("hello")
    (tmp_path / "empty.sf2").touch()
    for name in ("cut", "text", "empty"):
        with pytest.raises(DeviceError, match="is no SoundFont, or cannot be read"):
            find_soundfont(tmp_path / f"{name}.sf2")
    for path in (tmp_path, tmp_path / "nothing.sf2", "~nobody-here/a.sf2", "x" * 300, "a\0b"):
        with pytest.raises(DeviceError, match="--soundfont"):
            find_soundfont(path)
    assert capfd.readouterr() == ("", "")


def test_a_soundfont_that_fluidsynth_refuses_is_one_sentence(tmp_path: Path) -> None:
    lists = b"".join(b"LIST\4\0\0\0" + name for name in (b"INFO", b"sdta", b"pdta"))
    (tmp_path / "hollow.sf2").write_bytes(b"RIFF\x28\0\0\0sfbk" + lists)
    with pytest.raises(DeviceError, match="cannot be read as a SoundFont"):
        Synth(find_soundfont(tmp_path / "hollow.sf2"))


def test_no_soundfont_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, font: Path) -> None:
    monkeypatch.setattr(soundfont, "folders", lambda: [tmp_path, tmp_path / "nowhere"])
    with pytest.raises(DeviceError, match="sudo apt-get install timgm6mb-soundfont"):
        find_soundfont()
    for name in ("zzz.sf2", "FluidR3_GM.sf2", "other.txt"):
        (tmp_path / name).symlink_to(font)
    assert find_soundfont() == tmp_path / "FluidR3_GM.sf2"
    monkeypatch.setenv("LIVEGAN_SOUNDFONT", str(tmp_path / "zzz.sf2"))
    assert find_soundfont() == tmp_path / "zzz.sf2"
    assert find_soundfont(font) == font


def test_the_doctor_names_the_soundfont_or_what_to_type(monkeypatch: pytest.MonkeyPatch) -> None:
    found = doctor._synthesizer()
    assert (found.well, found.detail) == (True, f"FluidSynth with {find_soundfont().name}")
    monkeypatch.setattr(soundfont, "folders", lambda: [])
    found = doctor._synthesizer()
    assert (found.well, found.repair) == (False, "sudo apt-get install timgm6mb-soundfont")
    assert "there is no SoundFont here" in found.detail


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (ModuleNotFoundError("no module"), r"pip install 'livegan\[compose\]'"),
        (ImportError("no library"), "sudo apt-get install libfluidsynth3"),
        (OSError("wrong architecture"), "brew install fluid-synth"),
    ],
)
def test_what_is_missing_is_named_with_its_command(
    monkeypatch: pytest.MonkeyPatch, font: Path, error: Exception, words: str
) -> None:
    real = builtins.__import__

    def missing(name: str, *others: object) -> object:
        if name == "fluidsynth":
            raise error
        return real(name, *others)  # type: ignore[arg-type]

    monkeypatch.delitem(sys.modules, "fluidsynth", raising=False)
    monkeypatch.setattr(builtins, "__import__", missing)
    fluidsynth.library.cache_clear()
    with pytest.raises(DeviceError, match=words):
        Synth(font)


def test_a_synthesizer_that_cannot_be_measured_is_freed(font: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    freed: list[object] = []
    made = fluidsynth._synth

    def counted(path: Path, rate: int) -> object:
        if rate == 44100:
            raise DeviceError("no memory")
        handle = made(path, rate)
        delete = handle.delete
        handle.delete = lambda: (freed.append(handle), delete())
        return handle

    monkeypatch.setattr(fluidsynth, "_synth", counted)
    with pytest.raises(DeviceError, match="no memory"):
        Synth(font)
    assert len(freed) == 1
