"""Beeps on the default loudspeaker; silence where there is none."""

import threading
from typing import Any

import numpy as np

from livegan.audio.portaudio import portaudio
from livegan.errors import DeviceError

RATE = 48000
LENGTH_S, FADE_S, LEVEL = 0.09, 0.01, 0.3


class Beeper:
    """Beeps one at a time, without ever keeping its caller waiting: a driver may hang, and then the rest are silent."""

    def __init__(self, driver: Any = None) -> None:
        """`driver`: the module sounddevice, or one that stands in."""
        self._driver, self._silent = driver, False
        self._thread: threading.Thread | None = None

    def beep(self, hz: float) -> None:
        """Begin to sound; a beep while another sounds is left out."""
        if self._silent or (self._thread is not None and self._thread.is_alive()):
            return
        self._thread = threading.Thread(target=self._play, args=(hz,), name="livegan-beep", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Let the last beep end, within a second."""
        if self._thread is not None:
            self._thread.join(1.0)

    def _play(self, hz: float) -> None:
        try:
            driver: Any = self._driver or portaudio()
            self._driver = driver
        except DeviceError:
            self._silent = True
            return
        try:
            driver.play(tone(hz), RATE, blocking=True)
        except (driver.PortAudioError, ValueError, OSError):  # no loudspeaker
            self._silent = True


def tone(hz: float) -> np.ndarray:
    """A sine with soft ends, float32 (n,)."""
    time_s = np.arange(round(LENGTH_S * RATE)) / RATE
    edge = np.minimum(time_s, LENGTH_S - time_s) / FADE_S
    return (LEVEL * np.sin(2 * np.pi * hz * time_s) * np.clip(edge, 0, 1)).astype(np.float32)
