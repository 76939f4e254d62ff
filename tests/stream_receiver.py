"""A server of streams, in a process of its own: takes one stream, decodes so many pictures of it, and keeps them.

    python -m tests.stream_receiver URL OPTIONS COUNT OUT.npz

Pictures carry their number as twelve blocks, black or white, along their upper edge (`numbered`).
"""

import json
import sys
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from livegan.core.types import Pixels
from livegan.outputs.encoder_trial import trial_picture

SIZE = (320, 192)
BLOCK, BITS = 16, 12
HERTZ = 1000.0


def numbered(index: int, size: tuple[int, int] = SIZE) -> Pixels:
    """A soft moving pattern in three colours with its number on it."""
    red, green, blue = (trial_picture(index * turn, *size)[:, :, 0] for turn in (1, -1, 0))
    picture = np.stack([red, green, blue], 2)
    for bit in range(BITS):
        picture[:BLOCK, bit * BLOCK : (bit + 1) * BLOCK] = 235 if index >> bit & 1 else 16
    return picture


def number_on(picture: Pixels) -> int:
    """The number that a picture carries."""
    blocks = picture[:BLOCK, : BITS * BLOCK].reshape(BLOCK, BITS, BLOCK, 3).mean(axis=(0, 2, 3))
    return int(((blocks > 128) << np.arange(BITS)).sum())


def psnr_db(picture: Pixels) -> float:
    """How much a received picture is like the one of its number [dB]."""
    sent = numbered(number_on(picture), (picture.shape[1], picture.shape[0])).astype(float)
    return float(10 * np.log10(255.0**2 / np.square(sent - picture).mean()))


def tone(time_s: float, length: int, sample_rate: int = 48000) -> NDArray[np.float32]:
    """A stretch of a sine, in stereo."""
    sine = 0.5 * np.sin(2 * np.pi * HERTZ * (time_s + np.arange(length) / sample_rate))
    return np.stack([sine, sine], 1).astype(np.float32)


def receive(url: str, options: dict[str, str], count: int, out: Path) -> None:
    """Take a stream until there are so many pictures."""
    pictures, times, sound = [], [], []
    with av.open(url, options=options) as stream:
        for packet in stream.demux():
            for frame in packet.decode():
                if isinstance(frame, av.VideoFrame):
                    pictures.append(frame.to_ndarray(format="rgb24"))
                    times.append(frame.time)
                else:
                    sound.append(frame.to_ndarray()[0])
            if len(pictures) >= count:
                break
    heard = np.concatenate(sound) if sound else np.zeros(0, np.float32)
    np.savez(out, pictures=np.array(pictures), times=np.array(times), heard=heard)


if __name__ == "__main__":
    receive(sys.argv[1], json.loads(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4]))
