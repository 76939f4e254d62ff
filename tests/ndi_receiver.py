"""A receiver of NDI, in a process of its own: keeps so many pictures of a source, and the sound that comes with them.

python -m tests.ndi_receiver NAME COUNT OUT.npz
"""

import sys
import time
from pathlib import Path

import numpy as np
from cyndilib.audio_frame import AudioRecvFrame
from cyndilib.finder import Finder
from cyndilib.receiver import ReceiveFrameType, Receiver
from cyndilib.video_frame import VideoRecvFrame
from cyndilib.wrapper.ndi_recv import RecvBandwidth, RecvColorFormat

PATIENCE_S = 30.0


def receive(name: str, count: int, out: Path) -> None:
    """Wait for a source whose name ends so, and take what it sends."""
    end_s = time.monotonic() + PATIENCE_S
    with Finder() as finder:
        found = ""
        while not found and time.monotonic() < end_s:
            finder.wait_for_sources(0.2)
            found = next((each for each in finder.update_sources() if each.endswith(f"({name})")), "")
        receiver = Receiver(color_format=RecvColorFormat.RGBX_RGBA, bandwidth=RecvBandwidth.highest)
        picture, sound = VideoRecvFrame(), AudioRecvFrame()
        receiver.set_video_frame(picture)
        receiver.set_audio_frame(sound)
        receiver.set_source(finder.get_source(found))
        pictures, heard, rates = [], [], set()
        while len(pictures) < count and time.monotonic() < end_s:
            kind = receiver.receive(ReceiveFrameType.recv_video | ReceiveFrameType.recv_audio, 200)
            if kind & ReceiveFrameType.recv_video and picture.xres:
                rates.add(float(picture.get_frame_rate()))
                taken = np.empty(picture.yres * picture.xres * 4, np.uint8)
                picture.fill_p_data(taken)
                pictures.append(taken.reshape(picture.yres, picture.xres, 4)[..., :3])
            elif kind & ReceiveFrameType.recv_audio and sound.num_samples:
                heard.append(sound.get_all_read_data()[0].copy())
        receiver.disconnect()
    facts = {"rate": sound.sample_rate, "fps": sorted(rates)}
    np.savez(
        out, pictures=np.array(pictures), heard=np.concatenate(heard, axis=1) if heard else np.zeros((0, 0)), **facts
    )


if __name__ == "__main__":
    receive(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]))
