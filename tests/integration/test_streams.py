"""Streams, received by a second process on loopback and compared; servers that are not there, go and come back."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import av
import numpy as np
import pytest

from livegan.core.types import Frame, FramePlan, Pixels
from livegan.errors import MediaError
from livegan.outputs.registry import ShowFormat
from livegan.outputs.stream import LONGEST_WAIT_S, Stream, StreamOptions
from tests.deadline import until
from tests.stream_receiver import HERTZ, SIZE, number_on, numbered, psnr_db, tone

FPS = 30
SHOW = ShowFormat(FPS, SIZE, 48000, 2)
EMPTY = np.zeros(0, np.float32)
LIKE_DB = 30.0
PROBE = {"analyzeduration": "300000", "fpsprobesize": "0"}
RATE = 48000
PICTURES = 24


class Sender:
    """A show that streams: each call sends a frame and its sound; time is what this says."""

    def __init__(self, url: str, **options: object) -> None:
        self.stream = Stream(StreamOptions.model_validate({"url": url, "hardware": False, **options}), SHOW)
        self._index, self._time_s = count(), 0.0

    def send(self, passed_s: float = 1 / FPS, pixels: Pixels | None = None) -> None:
        """`passed_s` since the frame before."""
        index, self._time_s = next(self._index), self._time_s + passed_s
        plan = FramePlan(index, self._time_s, 1 / FPS, EMPTY, EMPTY)
        self.stream.send(Frame(numbered(index) if pixels is None else pixels, plan, 0.0, 0.0))
        self.stream.send_audio(tone(self._time_s, RATE // FPS), RATE, self._time_s)

    def send_on(self, passed_s: float = 1 / FPS) -> bool:
        """Another frame, to be asked again and again."""
        self.send(passed_s)
        return False


def free_port() -> int:
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        return int(door.getsockname()[1])


@contextmanager
def receiving(url: str, options: dict[str, str], pictures: int, out: Path) -> Iterator["subprocess.Popen[bytes]"]:
    command = [sys.executable, "-m", "tests.stream_receiver", url, json.dumps(options | PROBE), str(pictures), str(out)]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


@pytest.fixture
def sender(request: pytest.FixtureRequest) -> Iterator[Sender]:
    sender = Sender(request.param)
    yield sender
    sender.stream.close()


PORTS = [free_port() for _ in range(2)]
TCP, RTMP = f"tcp://127.0.0.1:{PORTS[0]}", f"rtmp://127.0.0.1:{PORTS[1]}/live/secret-key"


def check(out: Path) -> None:
    """What was received is what was sent: each picture, in order, and the sound."""
    received = np.load(out)
    numbers = [number_on(picture) for picture in received["pictures"]]
    assert numbers == list(range(numbers[0], numbers[0] + PICTURES))
    assert min(psnr_db(picture) for picture in received["pictures"]) > LIKE_DB
    assert np.diff(received["times"]) == pytest.approx(1 / FPS, abs=2e-3)
    spectrum = np.abs(np.fft.rfft(received["heard"][-8192:]))
    assert np.argmax(spectrum) * RATE / 8192 == pytest.approx(HERTZ, abs=RATE / 8192)


@pytest.mark.parametrize(
    ("sender", "url", "options", "turns"),
    [(TCP, f"{TCP}?listen=1", {}, 2), (RTMP, RTMP, {"listen": "1"}, 1)],
    indirect=["sender"],
    ids=["tcp", "rtmp"],
)
def test_a_second_program_gets_the_pictures_and_after_a_break_gets_them_again(
    sender: Sender, url: str, options: dict[str, str], turns: int, tmp_path: Path
) -> None:
    stream = sender.stream
    sender.send()
    until(lambda: stream.notice or sender.send_on(), "the notice that no server is there")
    assert "secret" not in stream.notice
    for turn in range(turns):
        with receiving(url, options, PICTURES, out := tmp_path / f"{turn}.npz") as server:
            breaks = stream.breaks
            while server.poll() is None:  # connects in the end; then frames come as fast as they are taken
                connected = stream._link is not None
                sender.send(1 / FPS if connected else LONGEST_WAIT_S)
                time.sleep(0.002 if connected else 0.2)
            assert server.returncode == 0
        check(out)
        until(lambda: stream.breaks > breaks or sender.send_on(), "the server that went is noticed")  # noqa: B023
        assert stream.notice.startswith(f"stream: {sender.stream._address.scheme}://127.0.0.1:")


def test_srt_goes_through_the_program_ffmpeg_with_the_address_as_it_was_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PyAV's FFmpeg has no SRT. A stand-in for the program keeps what it is given, and its arguments."""
    program = tmp_path / "ffmpeg"
    program.write_text(
        f"#!{sys.executable}\nimport socket, sys\nport = int(sys.argv[sys.argv.index('-i') + 1].rpartition(':')[2])\n"
        "show = socket.create_connection(('127.0.0.1', port))\n"
        f"open({str(tmp_path / 'arguments')!r}, 'w').write(' '.join(sys.argv[1:]))\n"
        f"with open({str(tmp_path / 'taken.flv')!r}, 'wb') as file:\n"
        "    while data := show.recv(65536):\n        file.write(data)\n"
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    url = "srt://127.0.0.1:9000?mode=caller&latency=200000"
    Stream.check(StreamOptions(url=url))
    sender = Sender(url)
    for _ in range(10):
        sender.send()
    sender.stream.close()
    assert not sender.stream.notice
    arguments = (tmp_path / "arguments").read_text()
    assert arguments.endswith(f"-c copy -f mpegts {url}")
    with av.open(str(tmp_path / "taken.flv")) as taken:
        pictures = [frame.to_ndarray(format="rgb24") for frame in taken.decode(video=0)]
    assert [number_on(picture) for picture in pictures] == list(range(10))
    monkeypatch.setenv("PATH", "")
    with pytest.raises(MediaError, match="sudo apt install ffmpeg"):
        Stream.check(StreamOptions(url=url))


def test_a_server_that_takes_nothing_holds_up_one_frame_for_a_while_and_is_left(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It accepts and never reads: what waits fills, then the connection is given up."""
    monkeypatch.setattr("livegan.outputs.stream_link.STALLED_S", 0.3)
    monkeypatch.setattr("livegan.outputs.stream_link.END_S", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        sender = Sender(f"tcp://127.0.0.1:{server.getsockname()[1]}", bitrate=100)
        noise = np.random.default_rng(7).integers(0, 256, (6, *reversed(SIZE), 3), np.uint8)
        for index in range(1500):  # what lies between holds some megabytes
            sender.send(pixels=noise[index % len(noise)])
            if sender.stream.notice:
                break
    assert "nothing was taken" in sender.stream.notice
    sender.stream.close()


def test_a_stream_into_a_file_plays_and_is_never_written_over_another(tmp_path: Path) -> None:
    path = tmp_path / "show.ts"
    sender = Sender(str(path))
    for _ in range(30):
        sender.send()
    sender.stream.close()
    sender.stream.close()
    with av.open(str(path)) as file:
        pictures = [frame.to_ndarray(format="rgb24") for frame in file.decode(video=0)]
    assert [number_on(picture) for picture in pictures] == list(range(30))
    assert min(psnr_db(picture) for picture in pictures) > LIKE_DB
    before = path.read_bytes()
    Stream.check(StreamOptions(url=str(path)))
    again = Sender(str(path))
    again.send()
    again.stream.close()
    assert path.read_bytes() == before
    assert (tmp_path / "show-2.ts").stat().st_size > 0
