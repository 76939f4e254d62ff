"""Sound files: lengths are found out, damage is silence, there is one clock, and nothing waits for ever."""

import os
import struct
import subprocess
import sys
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile

from livegan.audio.file import FileSource
from livegan.audio.song import open_song, read_song
from livegan.core import media
from livegan.core.media import MediaClock, SoundFile
from livegan.errors import MediaError

RATE = 16000
SECONDS = 4.0


def music(seconds: float = SECONDS, rate: int = RATE) -> np.ndarray:
    rng = np.random.default_rng(5)
    time_s = np.arange(round(seconds * rate)) / rate
    tone = 0.3 * np.sin(2 * np.pi * 220 * time_s) + 0.02 * rng.standard_normal(len(time_s))
    return tone.astype(np.float32)


def encoded(folder: Path, ending: str, samples: np.ndarray | None = None, rate: int = RATE, subtype: str = "") -> bytes:
    path = folder / f"plain-{np.random.default_rng().integers(1 << 40)}.{ending}"
    kind = {"opus": "OGG", "rf64": "RF64"}.get(ending)
    soundfile.write(path, music() if samples is None else samples, rate, format=kind, subtype=subtype or None)
    return path.read_bytes()


def wav_of_length(data: bytes, length: int) -> bytes:
    """The same WAV with another length in the header of its data."""
    at = data.index(b"data") + 4
    return data[:at] + struct.pack("<I", length) + data[at + 4 :]


def flac_of_length(data: bytes, samples: int) -> bytes:
    """The same FLAC with another number of samples in STREAMINFO; 0 is unknown."""
    fields = int.from_bytes(data[18:26], "big") >> 36 << 36 | samples
    return data[:18] + fields.to_bytes(8, "big") + data[26:]


def with_field(data: bytes, name: bytes, offset: int, layout: str, value: int) -> bytes:
    """The same file with another number so many bytes after the first `name`."""
    at = data.index(name) + offset
    return data[:at] + struct.pack(layout, value) + data[at + struct.calcsize(layout) :]


def rf64_of_length(data: bytes, length: int) -> bytes:
    """The same RF64 with another length of its data."""
    return with_field(data, b"ds64", 16, "<Q", length)


def without_xing(data: bytes) -> bytes:
    """MP3 of variable bit rate whose first frame has no number of frames."""
    at = max(data.find(b"Xing"), data.find(b"Info"))
    return data[data.index(data[:2], at) :] if at > 0 else data


WRONG_LENGTHS: dict[str, Callable[[Path], tuple[str, bytes, float]]] = {
    "WAV, length 0": lambda at: ("wav", wav_of_length(encoded(at, "wav"), 0), SECONDS),
    "WAV, length unknown": lambda at: ("wav", wav_of_length(encoded(at, "wav"), 0xFFFFFFFF), SECONDS),
    "WAV, length too small": lambda at: ("wav", wav_of_length(encoded(at, "wav"), RATE), SECONDS),
    "WAV, length too large": lambda at: ("wav", wav_of_length(encoded(at, "wav"), 10**8), SECONDS),
    "WAV with chunks after the data": lambda at: (
        "wav",
        encoded(at, "wav") + b"LIST" + struct.pack("<I", 26) + b"INFOIART" + struct.pack("<I", 14) + b"nobody at all ",
        SECONDS,
    ),
    "FLAC, length unknown": lambda at: ("flac", flac_of_length(encoded(at, "flac"), 0), SECONDS),
    "FLAC, length too small": lambda at: ("flac", flac_of_length(encoded(at, "flac"), RATE), SECONDS),
    "FLAC, length too large": lambda at: ("flac", flac_of_length(encoded(at, "flac"), 1 << 35), SECONDS),
    "FLAC, joined with another rate": lambda at: (
        "flac",
        encoded(at, "flac") + encoded(at, "flac", np.stack([music(2.0, 44100)] * 2, 1), 44100),
        SECONDS + 2.0,
    ),
    "WAV, two joined": lambda at: ("wav", encoded(at, "wav") + encoded(at, "wav", music(2.0)), SECONDS + 2.0),
    "RF64, length 0": lambda at: ("wav", rf64_of_length(encoded(at, "rf64"), 0), SECONDS),
    "RF64, length absurd": lambda at: ("wav", rf64_of_length(encoded(at, "rf64"), (1 << 64) - 1), SECONDS),
    "RF64, length too small": lambda at: ("wav", rf64_of_length(encoded(at, "rf64"), RATE), SECONDS),
    "Wave64, length too small": lambda at: ("w64", with_field(encoded(at, "w64"), b"data", 16, "<Q", RATE), SECONDS),
    "AIFF, length too small": lambda at: ("aiff", with_field(encoded(at, "aiff"), b"SSND", 4, ">I", RATE), SECONDS),
    "AIFF, nothing but its header": lambda at: ("aiff", with_field(encoded(at, "aiff"), b"SSND", 4, ">I", 8), SECONDS),
    "CAF, length too small": lambda at: ("caf", with_field(encoded(at, "caf"), b"data", 4, ">Q", RATE), SECONDS),
    "AU, length 0": lambda at: ("au", with_field(encoded(at, "au"), b".snd", 8, ">I", 0), SECONDS),
    "MP3, joined with another rate and channels": lambda at: (
        "mp3",
        encoded(at, "mp3", np.stack([music(4.0, 44100)] * 2, 1), 44100) + encoded(at, "mp3"),
        2 * SECONDS,
    ),
    "AU, length unknown": lambda at: ("au", (au := encoded(at, "au"))[:8] + b"\xff" * 4 + au[12:], SECONDS),
    "Ogg Vorbis, chained": lambda at: ("ogg", encoded(at, "ogg") + encoded(at, "ogg", music(2.0)), SECONDS + 2.0),
    "Ogg Opus, chained": lambda at: (
        "opus",
        encoded(at, "opus", music(4.0, 48000), 48000, "OPUS") + encoded(at, "opus", music(2.0, 48000), 48000, "OPUS"),
        6.0,
    ),
    "Ogg, chained with another rate": lambda at: (
        "ogg",
        encoded(at, "ogg") + encoded(at, "ogg", np.stack([music(2.0, 44100)] * 2, 1), 44100),
        SECONDS + 2.0,
    ),
    "MP3, two joined": lambda at: ("mp3", 2 * encoded(at, "mp3"), 2 * SECONDS),
    "MP3 without a number of frames": lambda at: ("mp3", without_xing(encoded(at, "mp3")), SECONDS),
}


@pytest.mark.parametrize("kind", WRONG_LENGTHS)
def test_lengths_are_found_out_and_not_believed(kind: str, tmp_path: Path) -> None:
    ending, data, seconds = WRONG_LENGTHS[kind](tmp_path)
    path = tmp_path / f"song.{ending}"
    path.write_bytes(data)
    assert read_song(path).seconds == pytest.approx(seconds, abs=0.3 if ending == "mp3" else 0.03)


@pytest.mark.parametrize(
    ("ending", "kept"),
    [
        ("wav", 0.5),
        ("flac", 0.5),
        ("ogg", 0.5),
        ("mp3", 0.5),
        ("aiff", 0.5),
        ("caf", 0.5),
        ("w64", 0.5),
        ("au", 0.5),
        ("rf64", 0.5),
        ("wav", 0.9),
        ("flac", 0.2),
    ],
)
def test_of_a_file_cut_short_the_rest_is_played_with_a_word(ending: str, kept: float, tmp_path: Path) -> None:
    whole = encoded(tmp_path, ending)
    path = tmp_path / f"cut.{ending}"
    path.write_bytes(whole[: int(len(whole) * kept)])
    song = read_song(path)
    assert 0.3 * kept * SECONDS < song.seconds < SECONDS
    if ending != "ogg" and kept <= 0.5:  # an Ogg says nowhere how long it should be
        assert "header promises" in " ".join(song.notices)


@pytest.mark.parametrize(
    ("codec", "ending"), [("wmav2", "wma"), ("adpcm_ima_wav", "wav"), ("aac", "m4a"), ("ac3", "ac3")]
)
def test_a_file_that_is_whole_is_played_without_a_word(codec: str, ending: str, tmp_path: Path) -> None:
    path = compressed(tmp_path / f"whole.{ending}", codec)
    song = read_song(path)
    assert song.seconds == pytest.approx(4.0, abs=0.15)
    assert song.notices == ()


def compressed(path: Path, codec: str, rate: int = 44100) -> Path:
    """A file of SECONDS of music."""
    frame = av.AudioFrame.from_ndarray(music(SECONDS, rate).reshape(1, -1), "flt", "mono")
    frame.sample_rate, frame.pts = rate, 0
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=rate, layout="mono")
        stream.bit_rate = 128_000
        stream.codec_context.open()
        resampler = av.AudioResampler(stream.format.name, "mono", rate, stream.codec_context.frame_size)
        for part in (*resampler.resample(frame), *resampler.resample(None)):
            container.mux(stream.encode(part))
        container.mux(stream.encode(None))
    return path


def test_an_edit_list_that_leaves_nothing_is_ignored(tmp_path: Path) -> None:
    path = compressed(tmp_path / "edited.m4a", "aac")
    path.write_bytes(with_field(path.read_bytes(), b"elst", 12, ">I", 0))
    assert read_song(path).seconds == pytest.approx(4.0, abs=0.15)


@pytest.mark.parametrize("ending", ["flac", "mp3", "ogg"])
def test_what_is_damaged_in_the_middle_is_silent_and_the_rest_keeps_its_time(ending: str, tmp_path: Path) -> None:
    whole = bytearray(encoded(tmp_path, ending, music(20.0)))
    middle = len(whole) // 2
    whole[middle : middle + 3000] = np.random.default_rng(1).bytes(3000)
    path = tmp_path / f"damaged.{ending}"
    path.write_bytes(whole)
    song = read_song(path)
    assert song.seconds == pytest.approx(20.0, abs=1.0)
    if ending == "flac":  # its frames are numbered
        assert song.seconds == pytest.approx(20.0, abs=0.001)
        assert song.samples[-RATE:, 0] == pytest.approx(music(20.0)[-RATE:], abs=1e-3)
        assert "damaged" in " ".join(song.notices)


def muxed(path: Path, codec: str, starts_s: list[float], rate: int = 48000) -> Path:
    """A file whose packets of 0.1 s each are stamped as `starts_s` say."""
    count = rate // 10
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=rate, layout="mono")
        sound = (music(0.1 * len(starts_s), rate) * 20000).astype(np.int16)
        for number, start_s in enumerate(starts_s):
            packet = av.Packet(sound[number * count : (number + 1) * count].tobytes())
            packet.stream, packet.time_base = stream, Fraction(1, rate)
            packet.pts = packet.dts = round(start_s * rate)
            packet.duration = count
            container.mux(packet)
    return path


def test_a_hole_in_the_time_stamps_is_silence(tmp_path: Path) -> None:
    starts_s = [0.1 * k + (2.0 if k >= 10 else 0.0) for k in range(20)]
    file = SoundFile(muxed(tmp_path / "hole.mkv", "pcm_s16le", starts_s))
    sound = np.concatenate(list(file.blocks()))
    assert len(sound) == pytest.approx(4.0 * 48000, abs=100)
    assert not sound[48100:143900].any()
    assert sound[:47900].any(axis=1).mean() > 0.9
    assert sound[144100:].any(axis=1).mean() > 0.9
    assert not file.is_continuous()
    assert file.is_continuous(until_s=0.9)


def test_packets_around_a_hole_that_is_closed_are_not_copied(tmp_path: Path) -> None:
    whole = SoundFile(compressed(tmp_path / "whole.m4a", "aac"))
    assert whole.is_continuous()
    with whole.open() as source, av.open(str(tmp_path / "hole.m4a"), "w") as film:
        track = film.add_stream_from_template(source.streams.audio[0])
        for packet in source.demux():
            if packet.pts is not None:
                late = round(100 / packet.time_base) if packet.pts * packet.time_base > SECONDS / 2 else 0
                packet.pts = packet.dts = packet.pts + late
                packet.stream = track
                film.mux(packet)
    file = SoundFile(tmp_path / "hole.m4a")
    assert sum(map(len, file.blocks())) == pytest.approx(SECONDS * 44100, rel=0.05)
    assert not file.is_continuous()


@pytest.mark.parametrize(("shift_s", "after_s"), [(-0.5, 1.0), (3000.0, 1.0), (0.02, 1.02), (1.0, 2.0)])
def test_the_clock_keeps_short_holes_and_closes_jumps(shift_s: float, after_s: float) -> None:
    clock = MediaClock()
    assert clock.place(0.0, 0.0) == 0.0
    assert clock.place(1.0 + shift_s, 1.0) == pytest.approx(after_s)
    assert clock.place(1.5 + shift_s, after_s + 0.5) == pytest.approx(after_s + 0.5), "from there on it runs evenly"


def two_tracks(path: Path, first: float, second: float) -> Path:
    with av.open(str(path), "w") as container:
        streams = [container.add_stream("pcm_s16le", rate=RATE, layout="mono") for _ in range(2)]
        for stream, gain in zip(streams, (first, second), strict=True):
            for start in range(0, 2 * RATE, 1600):
                values = (music()[start : start + 1600] * gain * 32000).astype(np.int16)
                frame = av.AudioFrame.from_ndarray(values[None], "s16", "mono")
                frame.sample_rate, frame.pts = RATE, start
                container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
    return path


@pytest.mark.parametrize(("first", "second", "played"), [(0.0, 1.0, 2), (1.0, 0.0, 1), (1.0, 1.0, 1), (0.0, 0.0, 1)])
def test_of_several_sound_tracks_the_first_that_sounds_is_played(
    first: float, second: float, played: int, tmp_path: Path
) -> None:
    song = read_song(two_tracks(tmp_path / "two.mkv", first, second))
    assert bool(song.samples.any()) == bool(first or second)
    assert f"2 sound tracks; track {played} is played" in " ".join(song.notices)


def test_sound_above_full_scale_is_reported(tmp_path: Path) -> None:
    loud, whole = tmp_path / "loud.wav", tmp_path / "whole.wav"
    soundfile.write(loud, 4.0 * music(1.0) / np.abs(music(1.0)).max(), RATE, subtype="FLOAT")
    soundfile.write(whole, music(1.0), RATE, subtype="FLOAT")
    assert "12.0 dB above full scale" in " ".join(read_song(loud).notices)
    assert not read_song(whole).notices


def test_no_more_is_decoded_than_is_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "long.wav"
    soundfile.write(path, music(60.0), RATE)
    decoded = []
    blocks = SoundFile.blocks
    monkeypatch.setattr(SoundFile, "blocks", lambda file, *at: (decoded.append(len(b)) or b for b in blocks(file, *at)))
    song = read_song(path, limit_s=2.0)
    assert song.seconds == 2.0
    assert sum(decoded) < 2.5 * RATE
    decoded.clear()
    source = FileSource(path, sample_rate=RATE)
    source.start(0.0)
    source.poll(1.0)
    assert source.ring.written == RATE
    assert sum(decoded) < 1.5 * RATE


def test_a_stream_is_the_song_however_it_is_cut(tmp_path: Path) -> None:
    path = tmp_path / "song.flac"
    soundfile.write(path, music(), RATE)
    stream = open_song(path)
    parts = [stream.read(count) for count in (0, 1, 10_000, 3, 4096, 40_000, 40_000, 5)]
    assert [len(part) for part in parts[-2:]] == [9900, 0]
    assert np.array_equal(np.concatenate(parts), read_song(path).samples)


@pytest.mark.skipif(sys.platform == "win32", reason="no such files there")
def test_a_pipe_is_refused_in_a_sentence_and_never_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.wav")
    for path in (tmp_path / "pipe.wav", Path("/dev/zero")):
        with pytest.raises(MediaError, match="write it to a file first"):
            read_song(path)


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="names are text there")
def test_names_are_bytes(tmp_path: Path) -> None:
    for ending in ("wav", "ogg", "aiff"):
        data = encoded(tmp_path, ending)
        path = Path(os.fsdecode(os.fsencode(tmp_path) + f"/caf\xe9.{ending}".encode("latin-1")))
        path.write_bytes(data)
        assert read_song(path).seconds == SECONDS
        path.write_bytes(b"nothing")
        with pytest.raises(MediaError) as refused:
            read_song(path)
        str(refused.value).encode()  # prints


def test_libsndfile_reads_what_ffmpeg_does_not(tmp_path: Path) -> None:
    data = bytearray(encoded(tmp_path, "aiff"))
    common, sound = data.index(b"COMM"), data.index(b"SSND")
    data[common + 10 : common + 14] = data[sound + 4 : sound + 8] = bytes(4)  # no frames, no bytes
    path = tmp_path / "recorder.aiff"
    path.write_bytes(data)
    assert read_song(path).seconds == pytest.approx(SECONDS, abs=0.01)


def test_reading_a_song_loads_no_player_of_ours(tmp_path: Path) -> None:
    code = "import sys, livegan.core.media as m; sys.exit('av' in sys.modules or 'soundfile' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
    assert media.TOLERANCE_S < media.MISSING_S
