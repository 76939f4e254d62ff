"""Trial of a video encoder, run in a process of its own: it encodes a few pictures, which are decoded and compared.

The exit code is 0 if they come back right, and as fast as a show sends them.
"""

import io
import json
import sys
import time
from fractions import Fraction

import av
import numpy as np

from livegan.core.types import Pixels
from livegan.outputs.encoders import add_video, pixel_format

PICTURES = 12
WORST_DB = 25.0  # PSNR of the luma


def trial_picture(index: int, width: int, height: int) -> Pixels:
    """A soft moving pattern, uint8 (height, width, 3)."""
    across, down = np.arange(width) / width, np.arange(height)[:, None] / height
    wave = np.sin(2 * np.pi * (2 * across + down + index / PICTURES))
    return np.repeat((128 + 100 * wave).astype(np.uint8)[:, :, None], 3, axis=2)


def worst_psnr_db(codec: str, size: tuple[int, int], fps: Fraction) -> tuple[float, float]:
    """PSNR of the worst picture after encoding and decoding [dB], and the time that encoding one takes [s].

    Whatever the encoder raises. -inf if pictures are missing.
    """
    memory = io.BytesIO()
    pictures = [
        av.VideoFrame.from_ndarray(trial_picture(index, *size), "rgb24").reformat(format=pixel_format(codec))
        for index in range(PICTURES)
    ]
    with av.open(memory, "w", format="matroska") as file:
        stream = add_video(file, codec, size, fps)
        file.start_encoding()
        for index, picture in enumerate(pictures):
            if index == PICTURES // 2:  # the first ones wait for the driver
                began_s = time.perf_counter()
            picture.pts, picture.time_base = index, 1 / fps
            file.mux(stream.encode(picture))
        each_s = (time.perf_counter() - began_s) / (PICTURES - PICTURES // 2)
        file.mux(stream.encode(None))
    memory.seek(0)
    with av.open(memory, "r") as film:
        decoded = [frame.to_ndarray(format="gray").astype(float) for frame in film.decode(video=0)]
    if len(decoded) != PICTURES:
        return float("-inf"), each_s
    sent = [picture.to_ndarray(format="gray").astype(float) for picture in pictures]
    errors = [np.square(one - other).mean() for one, other in zip(sent, decoded, strict=True)]
    return float(10 * np.log10(255.0**2 / max(*errors, 1e-9))), each_s


def main() -> int:
    """Do the job on the command line."""
    job = json.loads(sys.argv[-1])
    fps = Fraction(job["fps"])
    psnr_db, each_s = worst_psnr_db(job["codec"], tuple(job["size"]), fps)
    return 0 if psnr_db >= WORST_DB and each_s < 1 / fps else 1


if __name__ == "__main__":
    sys.exit(main())
