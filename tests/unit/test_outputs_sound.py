"""The sound of films: nothing lost, in step, exactly as long as the picture."""

from pathlib import Path

import av
import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from livegan.audio.song import read_song
from livegan.core.media import SoundFile
from livegan.core.types import Frame, FramePlan, Samples
from livegan.errors import MediaError
from livegan.outputs.film import Film
from livegan.outputs.soundtrack import AudioTrack, LiveSound

EMPTY = np.zeros(0, np.float32)
GREY = np.full((32, 32, 3), 90, np.uint8)


def frame(index: int, time_s: float = 0.0) -> Frame:
    return Frame(GREY, FramePlan(index, time_s, 1 / 60, EMPTY, EMPTY), 0.0, 0.0)


def music(seconds: float, rate: int, channels: int = 2, seed: int = 1) -> NDArray[np.float64]:
    walk = np.cumsum(np.random.default_rng(seed).standard_normal((int(seconds * rate), channels)), axis=0)
    walk -= walk.mean(axis=0)
    return 0.9 * walk / np.abs(walk).max()


def heard(path: Path) -> tuple[NDArray[np.float64], int, str]:
    """What a player plays from time 0 on, full scale 1."""
    blocks = []
    with av.open(path) as file:
        stream = file.streams.audio[0]
        for block in file.decode(stream):
            values = block.to_ndarray()
            values = values.T if block.format.is_planar else values.reshape(-1, block.layout.nb_channels)
            scale = 1.0 if values.dtype.kind == "f" else -float(np.iinfo(values.dtype).min)
            blocks.append(values / scale)
        return np.concatenate(blocks), stream.sample_rate, stream.codec_context.name


def encode(path: Path, samples: NDArray[np.float64], rate: int, codec: str) -> Path:
    with av.open(str(path), "w") as file:
        stream = file.add_stream(codec, rate=rate)
        block = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples.T, np.float32), "fltp", "stereo")
        block.sample_rate, block.pts = rate, 0
        file.mux(stream.encode(block))  # type: ignore[union-attr, arg-type]
        file.mux(stream.encode(None))  # type: ignore[union-attr]
    return path


def film(path: Path, song: Path, frames: int, start_s: float = 0.0, quality: str = "original") -> Path:
    out = Film(path, (32, 32), 60, audio=AudioTrack(song, start_s, quality), overwrite=True)
    for index in range(frames):
        out.send(frame(index))
    out.close()
    return path


@pytest.mark.parametrize("ending", ["mp4", "mov", "mkv"])
@pytest.mark.parametrize("kind", ["PCM_16", "PCM_24"])
@pytest.mark.parametrize("rate", [44100, 48000, 96000])
def test_lossless_songs_lose_nothing_and_are_as_long_as_the_picture(
    tmp_path: Path, ending: str, kind: str, rate: int
) -> None:
    for container, channels in (("wav", 2), ("flac", 1)):
        song = tmp_path / f"song.{container}"
        soundfile.write(song, music(1.0, rate, channels), rate, subtype=kind)
        source = soundfile.read(song, always_2d=True)[0]
        for frames in (45, 90):  # shorter and longer than the song
            samples, film_rate, _ = heard(film(tmp_path / f"film.{ending}", song, frames))
            assert film_rate == rate
            assert len(samples) == round(frames * rate / 60)
            both = min(len(samples), len(source))
            assert np.array_equal(samples[:both], source[:both])
            assert not samples[both:].any()


def test_six_channels_stay_six(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "song.wav", music(0.5, 48000, 6), 48000, subtype="PCM_16")
    samples, _, _ = heard(film(tmp_path / "film.mp4", tmp_path / "song.wav", 30))
    assert np.array_equal(samples, soundfile.read(tmp_path / "song.wav")[0])


def test_floating_point_songs_keep_24_bits(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "song.wav", music(0.5, 48000), 48000, subtype="FLOAT")
    samples, _, _ = heard(film(tmp_path / "film.mp4", tmp_path / "song.wav", 30))
    assert np.abs(samples - soundfile.read(tmp_path / "song.wav")[0]).max() <= 2**-23


@pytest.mark.parametrize(("ending", "codec"), [("m4a", "aac"), ("mp3", "libmp3lame")])
def test_compressed_songs_are_copied_and_stay_in_step(tmp_path: Path, ending: str, codec: str) -> None:
    song = encode(tmp_path / f"song.{ending}", music(2.0, 44100), 44100, codec)
    source, _, name = heard(song)
    for container in ("mp4", "mov"):
        samples, rate, film_name = heard(film(tmp_path / f"film.{container}", song, 90))
        assert (rate, film_name) == (44100, name)
        assert 1.5 * 44100 - 1200 <= len(samples) <= 1.5 * 44100 + 1200  # whole packets
        assert np.array_equal(samples, source[: len(samples)])


def test_a_film_that_begins_in_mid_song_begins_there_to_the_sample(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "song.wav", music(2.0, 48000), 48000, subtype="PCM_16")
    samples, _, _ = heard(film(tmp_path / "film.mp4", tmp_path / "song.wav", 60, start_s=0.75))
    assert np.array_equal(samples, soundfile.read(tmp_path / "song.wav")[0][36000 : 36000 + 48000])


@pytest.mark.parametrize("rate", [44100, 48000, 192000])
def test_aac_is_there_for_telephones(tmp_path: Path, rate: int) -> None:
    song = tmp_path / "song.wav"
    soundfile.write(song, music(1.0, rate), rate, subtype="PCM_16")
    samples, film_rate, codec = heard(film(tmp_path / "film.mp4", song, 60, quality="aac"))
    assert codec == "aac"
    assert film_rate == (rate if rate < 100_000 else 48000)
    assert len(samples) == pytest.approx(film_rate, abs=2048)
    if film_rate == rate:
        source = soundfile.read(song)[0][: len(samples)]
        assert np.corrcoef(samples[: len(source), 0], source[:, 0])[0, 1] > 0.99


def test_a_song_that_cannot_be_read_is_reported_at_once(tmp_path: Path) -> None:
    (tmp_path / "song.wav").write_text("not a song")
    for song in ("song.wav", "missing.wav"):
        with pytest.raises(MediaError, match=r"is not a sound file|no file called"):
            film(tmp_path / "film.mp4", tmp_path / song, 1)
    silent = Film(tmp_path / "silent.mp4", (32, 32), 60)
    silent.send(frame(0))
    silent.close()
    with pytest.raises(MediaError, match="no sound"):
        film(tmp_path / "film.mp4", silent.path, 1)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_samples_that_are_no_numbers_are_silent(kind: type, tmp_path: Path) -> None:
    """Of an infinite one came a click at full scale, and of a huge one none that is heard."""
    sound = np.full((4800, 2), 0.25, kind)
    sound[100], sound[200], sound[300], sound[400] = np.inf, -np.inf, np.nan, 3e38
    soundfile.write(tmp_path / "song.wav", sound, 48000, subtype="FLOAT" if kind is np.float32 else "DOUBLE")
    samples, _, _ = heard(film(tmp_path / "film.mkv", tmp_path / "song.wav", 6))
    assert np.abs(samples[[100, 200, 300]]).max() == 0
    assert samples[400].min() > 0.999, "too loud is as loud as can be"
    assert np.abs(np.delete(samples[:4800], 400, axis=0)).max() == pytest.approx(0.25)


@pytest.mark.filterwarnings("error")
def test_live_sound_that_is_no_number_is_silent(tmp_path: Path) -> None:
    sound = np.zeros((48000, 2), np.float32)
    sound[20000:20100], sound[20100:20200] = np.inf, -np.inf
    assert np.abs(live(tmp_path / "film.mkv", sound)).max() < 0.01


def record(path: Path, blocks: list[tuple[Samples, float | None]]) -> NDArray[np.float64]:
    out = Film(path, (32, 32), 60, live=True, audio=LiveSound(48000, 2))
    out.send_audio(*_block(blocks[0]))
    for index in range(60):
        out.send(frame(index, 50.0 + index / 60))
    for block in blocks[1:]:
        out.send_audio(*_block(block))
    out.close()
    return heard(path)[0]


def _block(block: tuple[Samples, float | None]) -> tuple[Samples, int, float | None]:
    return block[0], 48000, block[1]


def test_live_sound_lies_where_it_was_heard(tmp_path: Path) -> None:
    sound = music(1.0, 48000).astype(np.float32)
    early = [(sound[i : i + 480], 49.9 + i / 48000) for i in range(0, 48000, 480)]
    samples = record(tmp_path / "early.mp4", early)
    assert np.corrcoef(samples[:40000, 0], sound[4800:44800, 0])[0, 1] > 0.99
    hole = [block for i, block in enumerate(early) if not 30 <= i < 60]
    samples = record(tmp_path / "hole.mp4", hole)
    assert np.corrcoef(samples[26000:40000, 0], sound[30800:44800, 0])[0, 1] > 0.99
    late = [(sound[i : i + 480], 50.25 + i / 48000 if i == 0 else None) for i in range(0, 48000, 480)]
    samples = record(tmp_path / "late.mp4", late)
    assert np.abs(samples[:11000]).max() < 1e-2
    assert np.corrcoef(samples[12000:50000, 0], sound[:38000, 0])[0, 1] > 0.99


@pytest.mark.parametrize("channels", [3, 18])
@pytest.mark.parametrize("ending", ["mp4", "webm"])
def test_live_sound_of_many_channels_is_mixed_odd_to_the_left_and_even_to_the_right(
    tmp_path: Path, ending: str, channels: int
) -> None:
    sound = music(1.0, 48000, channels).astype(np.float32)
    sides = np.stack([sound[:, 0::2].mean(axis=1), sound[:, 1::2].mean(axis=1)], axis=1)
    mixed, wanted = (live(tmp_path / f"{name}.{ending}", one) for name, one in (("mixed", sound), ("two", sides)))
    assert mixed.shape == wanted.shape
    assert mixed.shape[1] == 2
    np.testing.assert_allclose(mixed, wanted, atol=1e-4)


def live(path: Path, sound: Samples) -> NDArray[np.float64]:
    out = Film(path, (32, 32), 60, live=True, audio=LiveSound(48000, sound.shape[1]))
    for index in range(60):
        out.send(frame(index, index / 60))
    for start in range(0, 48000, 480):
        out.send_audio(sound[start : start + 480], 48000, start / 48000)
    out.close()
    return heard(path)[0]


def test_live_sound_of_the_wrong_kind_is_refused(tmp_path: Path) -> None:
    mute = Film(tmp_path / "mute.mp4", (32, 32), 60, live=True)
    with pytest.raises(MediaError, match="expects no sound"):
        mute.send_audio(np.zeros((10, 2), np.float32), 48000)
    mute.close()
    film = Film(tmp_path / "film.mp4", (32, 32), 60, live=True, audio=LiveSound(48000, 2))
    with pytest.raises(MediaError, match="expected"):
        film.send_audio(np.zeros((10, 3), np.float32), 48000)
    film.close()


def with_gap(path: Path, song: Path, at_s: float, gap_s: float) -> Path:
    """The packets of `song` in another file, those from `at_s` on stamped `gap_s` later."""
    with av.open(str(song)) as source, av.open(str(path), "w") as file:
        track = source.streams.audio[0]
        stream = file.add_stream_from_template(track)
        for packet in source.demux(track):
            if packet.pts is None:
                continue
            late = packet.pts * packet.time_base >= at_s
            packet.pts = packet.dts = packet.pts + (round(gap_s / packet.time_base) if late else 0)
            packet.stream = stream
            file.mux(packet)
    return path


@pytest.mark.parametrize(("gap_s", "seconds"), [(2.0, 5.0), (0.5, 3.5), (0.0, 3.0)])
def test_film_and_analysis_have_one_clock_whatever_the_time_stamps_say(
    tmp_path: Path, gap_s: float, seconds: float
) -> None:
    plain = encode(tmp_path / "song.mp3", music(3.0, 44100), 44100, "libmp3lame")
    song = with_gap(tmp_path / "song.mkv", plain, 1.0, gap_s)
    samples, rate, codec = heard(film(tmp_path / "film.mp4", song, round(seconds * 60)))
    analysed = read_song(song).samples
    assert rate == 44100
    assert len(samples) == pytest.approx(seconds * rate, abs=1200)
    assert codec.startswith("mp3") == (gap_s == 0.0), "packets are copied only where their time stamps are whole"
    count = min(len(samples), len(analysed))
    moved = [np.abs(samples[lag + 2000 : count] - analysed[2000 : count - lag]).mean() for lag in range(0, 2400, 40)]
    assert int(np.argmin(moved)) * 40 < 0.03 * rate
    if gap_s:
        assert np.abs(samples[round(1.1 * rate) : round((0.95 + gap_s) * rate)]).max() < 1e-3


def test_the_sounding_track_goes_into_the_film(tmp_path: Path) -> None:
    with av.open(str(tmp_path / "two.mkv"), "w") as file:
        streams = [file.add_stream("pcm_s16le", rate=48000, layout="mono") for _ in range(2)]
        for stream, gain in zip(streams, (0.0, 20000.0), strict=True):
            values = (music(1.0, 48000, 1) * gain).astype(np.int16)
            block = av.AudioFrame.from_ndarray(np.ascontiguousarray(values.T), "s16", "mono")
            block.sample_rate, block.pts = 48000, 0
            file.mux(stream.encode(block))
            file.mux(stream.encode(None))
    samples, _, _ = heard(film(tmp_path / "film.mp4", tmp_path / "two.mkv", 60))
    assert np.abs(samples).max() > 0.3


def test_sixteen_channels_are_refused_before_anything_is_decoded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    soundfile.write(tmp_path / "many.wav", np.zeros((48000, 16)), 48000)
    monkeypatch.setattr(SoundFile, "blocks", None)  # cannot be called
    with pytest.raises(MediaError, match="16 channels"):
        film(tmp_path / "film.mp4", tmp_path / "many.wav", 1)
