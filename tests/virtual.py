"""A virtual sound card: a private PulseAudio with a null sink, whose monitor is what livegan hears.

    from tests.virtual import sound_server  # noqa: F401  (the fixture)

    def test_something(sound_server): ...
        with sound_server.playing(samples, 48000): ...   # (n, channels) float32, or a path to a wav
        sound_server.kill(); sound_server.restart()
        sound_server.plug("usbmic"); sound_server.unplug("usbmic")   # an input of that name, a sink to play into

The server of whoever sits at this machine is never touched: socket, state and cookie lie in a folder of its own.
ALSA finds no other sound card: tests/conftest.py sees to that.
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from livegan.audio.portaudio import portaudio, rescan_devices
from tests.deadline import until

PROGRAMS = ("pulseaudio", "pactl", "pacat", "paplay")
MISSING = "type: sudo apt install pulseaudio pulseaudio-utils libasound2-plugins libportaudio2"


class SoundServer:
    """One private PulseAudio with a null sink called `vsink`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._door = folder / "native"
        self.env = {
            "XDG_RUNTIME_DIR": str(folder),
            "PULSE_SERVER": f"unix:{self._door}",
            "PULSE_RUNTIME_PATH": f"{folder}/pulse",
            "PULSE_STATE_PATH": f"{folder}/state",
            "PULSE_COOKIE": f"{folder}/cookie",
        }
        self._server: subprocess.Popen[bytes] | None = None
        self._config = folder / "default.pa"
        self._config.write_text(
            f"load-module module-native-protocol-unix auth-anonymous=1 socket={self._door}\n"
            "load-module module-null-sink sink_name=vsink rate=48000 channels=2 format=s16le\n"
            "set-default-sink vsink\nset-default-source vsink.monitor\n"
        )

    def start(self) -> None:
        """Start it and wait until it answers; one that does not is stopped."""
        self._door.unlink(missing_ok=True)  # a killed one leaves its socket behind
        command = ["pulseaudio", "-n", "-F", str(self._config), "--daemonize=no", "--exit-idle-time=-1"]
        command += ["--use-pid-file=no", "--high-priority=no", "--realtime=no", "--disallow-exit=no"]
        log = self.folder / "server.log"
        with log.open("ab") as out:
            self._server = subprocess.Popen(command, env=os.environ | self.env, stdout=out, stderr=out)
        try:
            until(lambda: self._pactl("info").returncode == 0, lambda: f"PulseAudio: {log.read_text()[-2000:]}")
        except BaseException:
            self.kill()
            raise

    def kill(self) -> None:
        """Simulate a crash: kill -9."""
        if self._server is not None:
            self._server.kill()
            self._server.wait()
            self._server = None

    def freeze(self) -> None:
        """It hangs: nothing answers, nothing ends. `kill` still works."""
        assert self._server is not None
        self._server.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """It goes on after `freeze`."""
        assert self._server is not None
        self._server.send_signal(signal.SIGCONT)

    def plug(self, name: str) -> None:
        """One more sound card: what is played into the sink `name` is heard from the input `name`."""
        done = self._pactl("load-module", "module-null-sink", f"sink_name={name}", "rate=48000", "format=s16le")
        assert done.returncode == 0, done.stderr

    def unplug(self, name: str) -> None:
        """Pull a card that was plugged in. The server moves who listens to it to another."""
        lines = self._pactl("list", "short", "modules").stdout.decode().splitlines()
        (module,) = [line.split()[0] for line in lines if f"sink_name={name} " in line]
        assert self._pactl("unload-module", module).returncode == 0

    def mute(self, name: str, *, muted: bool) -> None:
        """The input `name` sends digital zeros, or its sound again."""
        assert self._pactl("set-source-mute", f"{name}.monitor", str(int(muted))).returncode == 0

    def restart(self) -> None:
        """Start it again after `kill`."""
        self.kill()
        self.start()

    def wait_for_knock(self, seconds: float = 30.0) -> None:
        """After `kill`: wait until a client tries to connect; nothing accepts."""
        assert self._server is None
        self._door.unlink(missing_ok=True)
        with socket.socket(socket.AF_UNIX) as door:
            door.bind(str(self._door))
            door.listen()
            door.settimeout(seconds)
            door.accept()[0].close()
        self._door.unlink()

    def stop(self) -> None:
        """Let it go, politely at first."""
        if self._server is not None:
            self._server.terminate()
            try:
                self._server.wait(1)
            except subprocess.TimeoutExpired:
                self.kill()
            self._server = None

    @contextmanager
    def playing(
        self, sound: NDArray[np.float32] | Path | str, sample_rate: int = 48000, sink: str = "vsink"
    ) -> Iterator[None]:
        """Play a wav, or samples (n, channels), into the sink while the block runs; it may end earlier."""
        if isinstance(sound, (str, Path)):
            command = ["paplay", "--latency-msec=20", f"--device={sink}", str(sound)]
        else:
            samples = np.ascontiguousarray(np.atleast_2d(sound.T).T, np.float32)
            raw = self.folder / f"playing-{sink}.raw"
            raw.write_bytes(samples.tobytes())
            command = ["pacat", "--playback", "--latency-msec=20", f"--device={sink}", "--format=float32le"]
            command += [f"--rate={sample_rate}", f"--channels={samples.shape[1]}", "--raw", str(raw)]
        player = subprocess.Popen(
            command, env=os.environ | self.env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            yield
        finally:
            player.terminate()
            player.wait()

    def _pactl(self, *words: str) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(["pactl", *words], env=os.environ | self.env, capture_output=True, timeout=20)


@pytest.fixture
def sound_server() -> Iterator[SoundServer]:
    """A running virtual sound card; this process and its children use it. Fails where PulseAudio is not installed."""
    with running_server() as server:
        yield server


@contextmanager
def running_server(*inputs: str) -> Iterator[SoundServer]:
    """The server of the fixture; ALSA also knows the `inputs`, each there while it is plugged in."""
    lacking = [program for program in PROGRAMS if shutil.which(program) is None]
    if lacking:
        pytest.fail(f"no {', '.join(lacking)} on this machine; {MISSING}")
    folder = Path(tempfile.mkdtemp(prefix="livegan-pulse-"))  # short: a socket's path has at most 107 letters
    server = SoundServer(folder)
    alsa = folder / "asound.conf"
    entries = [f'pcm.{name} {{ type pulse device "{name}.monitor" hint {{ show on }} }}\n' for name in inputs]
    alsa.write_text(Path(os.environ["ALSA_CONFIG_PATH"]).read_text() + "".join(entries))
    with pytest.MonkeyPatch.context() as monkeypatch:
        for key, value in {**server.env, "ALSA_CONFIG_PATH": str(alsa)}.items():
            monkeypatch.setenv(key, value)
        try:
            server.start()
            _look_again()
            yield server
        finally:
            server.stop()
            _look_again()
            shutil.rmtree(folder, ignore_errors=True)


def _look_again() -> None:
    """PortAudio keeps the list of devices it made when it was loaded."""
    if "sounddevice" in sys.modules:
        rescan_devices(portaudio())


@contextmanager
def quiet_stderr() -> Iterator[None]:
    """Silence what C libraries print on their own while a server dies."""
    kept = os.dup(2)
    with open(os.devnull, "wb") as nowhere:
        os.dup2(nowhere.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
