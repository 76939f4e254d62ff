"""Songs: read whole, refused in one sentence, paced exactly."""

from pathlib import Path

import av
import numpy as np
import pytest
import soundfile

from livegan.audio.file import FileSource
from livegan.audio.song import open_song, read_song
from livegan.audio.test_signals import Clicks, Tone
from livegan.errors import MediaError


def wav(path: Path, samples: np.ndarray, rate: int = 48000, subtype: str = "FLOAT") -> Path:
    soundfile.write(path, samples, rate, subtype=subtype)
    return path


def ramp(count: int, channels: int = 2) -> np.ndarray:
    return np.linspace(-0.5, 0.5, count * channels, dtype=np.float32).reshape(count, channels)


@pytest.mark.parametrize("channels", [1, 2, 5])
@pytest.mark.parametrize("rate", [44100, 96000])
def test_a_wav_is_read_as_it_is(tmp_path: Path, channels: int, rate: int) -> None:
    samples = ramp(1000, channels)
    song = read_song(wav(tmp_path / "a.wav", samples, rate))
    assert song.sample_rate == rate
    assert song.seconds == 1000 / rate
    assert np.array_equal(song.samples, samples)


def film_with_sound(path: Path, samples: np.ndarray, codec: str = "aac", rate: int = 48000) -> Path:
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=rate, layout="stereo")
        for start in range(0, len(samples) - 1023, 1024):
            frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples[start : start + 1024].T), "fltp", "stereo")
            frame.sample_rate, frame.pts = rate, start
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


@pytest.mark.parametrize("name", ["song.m4a", "film.mp4", "film.mkv"])
def test_what_libsndfile_cannot_open_ffmpeg_can(tmp_path: Path, name: str) -> None:
    tone = Tone(440.0).draw(0, 48000)
    song = read_song(film_with_sound(tmp_path / name, tone))
    assert song.sample_rate == 48000
    assert song.samples.shape[1] == 2
    spectrum = np.abs(np.fft.rfft(song.samples[8192 : 8192 + 32768, 0]))
    assert spectrum.argmax() * 48000 / 32768 == pytest.approx(440.0, abs=2)


def test_what_is_no_song_is_refused_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("not a song " * 100)
    (tmp_path / "empty.wav").write_bytes(b"")
    wav(tmp_path / "none.wav", np.zeros((0, 2), np.float32))
    for name, reason in {
        "missing.wav": "no file called",
        "notes.txt": "has no sound in it",
        "empty.wav": "is empty",
        "none.wav": "holds no sound",
        ".": "is a folder",
    }.items():
        with pytest.raises(MediaError, match=reason) as refused:
            FileSource(tmp_path / name)
        assert "livegan play --input demo" in str(refused.value)
        assert "\n" not in str(refused.value)


def test_an_address_is_no_file() -> None:
    for address in ("http://example.org/a.wav", "https:/example.org/a.wav"):
        with pytest.raises(MediaError, match="an address"):
            read_song(address)


def test_a_film_without_sound_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "mute.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 64, "yuv420p"
        container.mux(stream.encode(av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8), "rgb24")))
        container.mux(stream.encode(None))
    with pytest.raises(MediaError, match="no sound in it"):
        read_song(path)


def test_a_song_that_would_fill_the_memory_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("livegan.audio.song.MAX_IN_MEMORY_S", 0.01)
    with pytest.raises(MediaError, match=r"ffmpeg -i .* -t"):
        read_song(wav(tmp_path / "long.wav", np.zeros((100_000, 1), np.float32)))


def test_samples_that_are_not_numbers_are_silent_and_counted(tmp_path: Path) -> None:
    samples = ramp(1000)
    samples[10, 0], samples[20, 1] = np.nan, np.inf
    song = read_song(wav(tmp_path / "holes.wav", samples))
    samples[10, 0] = samples[20, 1] = 0.0
    assert np.array_equal(song.samples, samples)
    assert "holds 2 samples that are not numbers" in " ".join(song.notices)


def test_another_rate_is_resampled(tmp_path: Path) -> None:
    tone = Tone(1000.0, sample_rate=44100).draw(0, 44100)
    source = FileSource(wav(tmp_path / "a.wav", tone, 44100), loop=False, sample_rate=48000)
    assert source.ring.sample_rate == 48000
    samples = source.draw(0, 100_000)
    assert len(samples) == pytest.approx(48000, abs=2)
    expected = Tone(1000.0).draw(0, 48000)
    assert np.abs(samples[2000:40000] - expected[2000:40000]).max() < 1e-3


def test_a_stream_at_another_rate_is_the_whole_song_at_that_rate(tmp_path: Path) -> None:
    path = wav(tmp_path / "a.wav", np.random.default_rng(1).uniform(-0.5, 0.5, (50_000, 2)).astype(np.float32), 44100)
    whole = read_song(path).at_rate(48000).samples
    stream = open_song(path, 48000)
    parts = []
    while stream.more():
        parts.append(stream.read(777))
    assert np.concatenate(parts) == pytest.approx(whole, abs=1e-5)


def test_a_loop_has_no_seam(tmp_path: Path) -> None:
    samples = ramp(1000)
    source = FileSource(wav(tmp_path / "a.wav", samples))
    source.start(10.0)
    for step in range(1, 101):
        source.poll(10.0 + step * 0.0011)
    first, sound = source.ring.read(0, source.ring.written)
    assert (first, source.ended) == (0, False)
    assert np.array_equal(sound, samples[np.arange(len(sound)) % 1000])


def test_without_loop_the_song_ends_with_its_last_sample(tmp_path: Path) -> None:
    samples = ramp(1000)
    source = FileSource(wav(tmp_path / "a.wav", samples), loop=False)
    source.start(10.0)
    source.poll(10.0 + 999 / 48000)
    assert not source.ended
    source.poll(11.0)
    assert source.ended
    assert np.array_equal(source.ring.read(0, 1 << 40)[1], samples)
    assert source.ring.time_at(1000) == pytest.approx(10.0 + 1000 / 48000, abs=1e-9)


def test_clicks_fall_on_their_beats() -> None:
    clicks = Clicks(bpm=137.0)
    sound = clicks.draw(0, 48000 * 3)[:, 0]
    for number in range(6):
        at = clicks.beat(number)
        assert abs(sound[at]) == pytest.approx(0.8)
        assert number == 0 or not sound[at - 500 : at].any()
