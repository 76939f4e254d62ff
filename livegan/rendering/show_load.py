"""Synthetic load of a show for benchmarks: one thread that listens, applies effects and uploads pictures in time."""

import threading
from typing import Self

import numpy as np

HOP_S = 0.005  # between two steps of the listening
WINDOW, GROUPS = 2048, 4  # samples of an FFT; FFTs each step
FRAME_HOPS = 3  # steps between two frames: 67 a second
PICTURE = (256, 448, 3)  # that effects are applied to: height, width, colours [px]
UPLOAD = (720, 1280, 4)  # copied for the window


class ShowLoad:
    """Synthetic load: ``with ShowLoad():`` a thread takes about as much of a core as a show beside its drawing."""

    def __init__(self) -> None:
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="livegan-show-load", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _run(self) -> None:
        rng = np.random.default_rng(0)
        sound, window = rng.standard_normal((GROUPS, WINDOW)).astype(np.float32), np.hanning(WINDOW)
        picture, screen = rng.random(PICTURE, np.float32), np.zeros(UPLOAD, np.uint8)
        bright, uploaded = np.empty_like(picture), np.empty_like(screen)
        step = 0
        while not self._ended.wait(HOP_S):
            np.abs(np.fft.rfft(sound * window, axis=1))
            step += 1
            if step % FRAME_HOPS == 0:
                np.multiply(picture, 0.9, out=bright)
                np.power(bright, 0.8, out=bright)
                np.copyto(uploaded, screen)
