"""Output to lamps by UDP: paces the packets, and says what does not reach them."""

import errno
import socket
from abc import abstractmethod
from contextlib import closing
from typing import Any, ClassVar

import numpy as np

from livegan.core.types import Frame
from livegan.errors import MediaError
from livegan.outputs.lamps import LampOptions, Lamps, check_lamps
from livegan.outputs.registry import Output

ENDINGS = 3  # times that darkness is sent at the end: UDP loses packets


def is_everybody(address: tuple[str, int]) -> bool:
    """Whether this is a broadcast address of a network that this computer is in now. Sends nothing."""
    try:
        with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as trial:
            trial.connect(address)
    except OSError as error:
        return error.errno == errno.EACCES  # man 7 ip
    return False


class LampOutput(Output):
    """Base of outputs to lamps, which differ in `packet`. What cannot be sent is counted and told, and it goes on."""

    live = True
    kind = ""
    everybody: ClassVar[str] = ""  # what to write instead of a broadcast address, or beside it

    def __init__(self, options: LampOptions, address: tuple[str, int]) -> None:
        self._lamps, self._address, self._period_s = Lamps(options), address, 1 / options.rate
        self._due_s = float("-inf")
        self._sequence = 0
        self._trouble, self._lost, self._closed = "", 0, False
        try:
            self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self._socket.setblocking(False)
        except OSError as error:
            raise MediaError(f"{self.kind}: no socket ({error.strerror}); close other programs") from error

    @classmethod
    def check(cls, options: Any) -> None:
        check_lamps(options)

    @classmethod
    def check_host(cls, host: str, port: int) -> None:
        """MediaError for a broadcast address, which must be asked for."""
        if is_everybody((host, port)):
            raise MediaError(f'{cls.kind}: host = "{host}" is everybody\'s address; {cls.everybody}')

    @abstractmethod
    def packet(self, values: bytes, sequence: int, *, last: bool = False) -> bytes:
        """One packet of DMX values; `sequence` 0..255; `last`: nothing follows."""

    @property
    def dropped(self) -> int:
        return self._lost

    @property
    def notice(self) -> str:
        return self._trouble

    def send(self, frame: Frame) -> None:
        """Let the lamps follow the frame, if it is time to send."""
        time_s = frame.plan.time_s
        if self._closed or time_s < self._due_s - 1e-6:
            return
        late_s = time_s - self._due_s
        self._due_s = self._due_s + self._period_s if late_s < self._period_s else time_s + self._period_s
        self._transmit(self._lamps.step(np.asarray(frame.pixels), time_s))

    def _transmit(self, values: bytes, *, last: bool = False) -> None:
        self._sequence = (self._sequence + 1) % 256
        try:
            self._socket.sendto(self.packet(values, self._sequence, last=last), self._address)
            self._trouble = ""
        except OSError as error:
            self._lost += 1
            host = ":".join(str(part) for part in self._address)
            advice = "are cable and address right?"
            if error.errno == errno.EACCES and not self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST):
                advice = f"it is everybody's address; {self.everybody}"
            self._trouble = f"{self.kind}: {host} is not reached ({error.strerror}); {advice}"

    def close(self) -> None:
        """Dark, and the end. Idempotent."""
        if self._closed:
            return
        self._closed = True
        trouble = self._trouble
        for _ in range(ENDINGS):
            self._transmit(self._lamps.black(), last=True)
        self._trouble = trouble
        self._socket.close()
