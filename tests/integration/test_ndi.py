"""NDI, received by a second process on loopback (tests/ndi), where the pictures and the sound are compared."""

import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from livegan.core.types import Frame, FramePlan
from livegan.outputs.ndi import Ndi, NdiOptions
from livegan.outputs.registry import ShowFormat
from tests.stream_receiver import HERTZ, SIZE, number_on, numbered, psnr_db, tone

EMPTY = np.zeros(0, np.float32)
FPS, RATE, PICTURES = 30, 48000, 24


def test_a_second_program_gets_the_pictures_and_the_sound(tmp_path: Path) -> None:
    name, out = f"livegan {os.getpid()}", tmp_path / "received.npz"
    ndi = Ndi(NdiOptions(name=name), ShowFormat(FPS, SIZE, RATE, 2))
    command = [sys.executable, "-m", "tests.ndi_receiver", name, str(PICTURES), str(out)]
    receiver = subprocess.Popen(command, stderr=subprocess.PIPE)
    try:
        index = 0
        while receiver.poll() is None:
            time_s = index / FPS
            ndi.send(Frame(numbered(index % 4096), FramePlan(index, time_s, 1 / FPS, EMPTY, EMPTY), 0.0, 0.0))
            ndi.send_audio(tone(time_s, RATE // FPS), RATE, time_s)
            index += 1
            time.sleep(1 / FPS)
        assert receiver.stderr is not None
        assert receiver.returncode == 0, receiver.stderr.read().decode()
    finally:
        receiver.kill()
        receiver.communicate()
        ndi.close()
    assert not ndi.notice
    received = np.load(out)
    numbers = [number_on(picture) for picture in received["pictures"]]
    assert len(numbers) == PICTURES
    assert sorted(numbers) == numbers
    assert len(set(numbers)) > PICTURES // 2
    assert min(psnr_db(picture) for picture in received["pictures"]) > 30
    assert received["fps"].tolist() == [FPS]
    heard = received["heard"][0]
    spectrum = np.abs(np.fft.rfft(heard[-RATE // 10 :]))
    assert np.argmax(spectrum) * 10 == pytest.approx(HERTZ, abs=10)
    assert received["rate"] == RATE
