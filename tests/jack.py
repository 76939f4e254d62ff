"""A private JACK server with a dummy sound card: real virtual MIDI ports on a machine without any."""

import fcntl
import os
import select
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.deadline import until

SENDER = """
import sys, rtmidi
out = rtmidi.MidiOut(rtmidi.API_UNIX_JACK, name=sys.argv[1])
out.open_virtual_port(sys.argv[2])
print("plugged", flush=True)
for line in sys.stdin:
    out.send_message([int(word) for word in line.split()])
"""


class Jack:
    """A JACK server nobody else uses."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._server: subprocess.Popen[bytes] | None = None
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - closed in down()

    @property
    def env(self) -> dict[str, str]:
        """What programs that shall use it must find in their environment."""
        return {"JACK_DEFAULT_SERVER": self.name, "JACK_NO_START_SERVER": "1", "LIVEGAN_MIDI_API": "jack"}

    def up(self) -> None:
        """Start it, and wait until it answers."""
        command = ["jackd", "-n", self.name, "-r", "-p", "128", "-d", "dummy", "-r", "48000", "-p", "512"]
        self._server = subprocess.Popen(command, stdout=self._log, stderr=self._log)
        socket = Path("/dev/shm") / f"jack_{self.name}_{os.getuid()}_0"
        until(lambda: not self._ended() and socket.exists(), f"jackd's socket {socket}")

    def down(self, *, kill: bool = False) -> None:
        """Stop it, or kill it as a crash would; idempotent. Nothing of it is left in /dev/shm."""
        if self._server is not None:
            (self._server.kill if kill else self._server.terminate)()
            try:
                self._server.wait(timeout=10)
            except subprocess.TimeoutExpired:
                self._server.kill()
                self._server.wait()
        self._server = None
        for left in (
            *Path("/dev/shm").glob(f"jack_{self.name}_*"),
            *Path("/dev/shm").glob(f"jack_sem.*_{self.name}_*"),
        ):
            left.unlink(missing_ok=True)

    def close(self) -> None:
        """For good. It is killed: asked to end, it waits 6 s for clients that were pulled out."""
        self.down(kill=True)
        self._log.close()

    def _ended(self) -> bool:
        if self._server is not None and self._server.poll() is not None:
            self._log.seek(0)
            raise AssertionError(f"jackd ended: {self._log.read().decode(errors='replace')}")
        return False

    @contextmanager
    def controller(self, client: str = "KnobBox", port: str = "ctl") -> "Iterator[KnobBox]":
        """A MIDI controller in a process of its own, plugged in for as long as this lasts."""
        box = KnobBox(client, port, os.environ | self.env)
        try:
            box.plugged()
            yield box
        finally:
            box.pull()


class KnobBox:
    """MIDI controller at the other end of the cable."""

    def __init__(self, client: str, port: str, environment: dict[str, str]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", SENDER, client, port],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def plugged(self) -> None:
        """Come back when the port is there."""
        assert self._process.stdout is not None
        assert select.select([self._process.stdout], [], [], 30.0)[0], "no MIDI port in 30 s"
        assert self._process.stdout.readline() == "plugged\n"

    def send(self, message: Sequence[int]) -> None:
        """One MIDI message."""
        assert self._process.stdin is not None
        self._process.stdin.write(" ".join(map(str, message)) + "\n")
        self._process.stdin.flush()

    def pull(self) -> None:
        """Pull the plug without a word; idempotent."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with suppress(BrokenPipeError):  # something was still to be sent
                    pipe.close()


@contextmanager
def private_jack() -> Iterator[Jack]:
    """Start a server with a name of its own; it is stopped afterwards. Two test runs at once take turns."""
    assert shutil.which("jackd"), "jackd is missing; type `make setup-dev`"
    name = (
        "livegan-tests"  # always the same: of eight servers that may ever die, JACK takes over the dead one of its name
    )
    with (Path(tempfile.gettempdir()) / f"{name}-{os.getuid()}.lock").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        jack = Jack(name)
        try:
            jack.up()
            yield jack
        finally:
            jack.close()
