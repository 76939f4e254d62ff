"""NDI output: the show as a source in the local network, with sound (cyndilib, which brings Vizrt's library along)."""

from typing import Any

import numpy as np
from pydantic import Field

from livegan.core.types import Frame, Pixels, Samples
from livegan.errors import MediaError
from livegan.outputs.rate import frame_rate
from livegan.outputs.registry import OUTPUTS, ShowFormat
from livegan.outputs.wire import FAULTS, Wire, WireOptions, library

BLOCK = 4096  # samples that go in one packet
MOST_CHANNELS = 16


class NdiOptions(WireOptions):
    """Options of the output `ndi`."""

    name: str = Field("livegan", min_length=1, max_length=60, description="what receivers show the source as")
    sound: bool = Field(True, strict=True, description="with the sound that is heard")


class NdiSource:
    """Source of NDI: RGBX pictures with the frame's number and time as metadata, and sound of full scale at 0 dBFS."""

    def __init__(self, options: NdiOptions, size: tuple[int, int], show: ShowFormat) -> None:
        """MediaError where there is no cyndilib, or no source can be made."""
        structs = library("cyndilib.wrapper.ndi_structs", "NDI", "ndi")
        sender = library("cyndilib.sender", "NDI", "ndi")
        frames = library("cyndilib.video_frame", "NDI", "ndi")
        self._picture: Any = frames.VideoSendFrame()
        self._picture.set_resolution(*size)
        self._picture.set_fourcc(structs.FourCC.RGBX)
        self._picture.set_frame_rate(frame_rate(show.fps))
        self._sender: Any = sender.Sender(options.name, clock_video=False, clock_audio=False)
        self._sender.set_video_frame(self._picture)
        self._has_sound = options.sound
        if options.sound:
            self._sender.set_audio_frame(self._sound(show))
        try:
            self._sender.open()
        except FAULTS as error:
            raise MediaError(f"NDI: no source '{options.name}' ({error}); choose another name") from error

    def _sound(self, show: ShowFormat) -> Any:
        sound = library("cyndilib.audio_frame", "NDI", "ndi")
        levels = library("cyndilib.audio_reference", "NDI", "ndi")
        frame = sound.AudioSendFrame(max_num_samples=BLOCK)
        frame.sample_rate, frame.num_channels = show.sample_rate, min(show.channels, MOST_CHANNELS)
        frame.reference_level = levels.AudioReference.dBFS_smpte
        return frame

    def send(self, picture: Pixels, frame: Frame) -> None:
        """Send one picture, (height, width, 4); returns when it is encoded."""
        facts = f'<livegan frame="{frame.plan.index:.0f}" time_s="{frame.plan.time_s:.6f}"/>'
        self._picture.set_metadata(facts.encode())
        self._sender.write_video(picture.reshape(-1))

    def send_audio(self, samples: Samples, sample_rate: int) -> None:
        if not self._has_sound:
            return
        for begin in range(0, len(samples), BLOCK):
            block = samples[begin : begin + BLOCK, :MOST_CHANNELS]
            self._sender.write_audio(np.ascontiguousarray(block.T, np.float32))

    def close(self) -> None:
        self._sender.close()


@OUTPUTS("ndi")
class Ndi(Wire):
    """NDI source of the show."""

    Options = NdiOptions
    takes_sound = True
    name = "ndi"
    channels = 4

    @classmethod
    def check(cls, options: NdiOptions) -> None:
        library("cyndilib", "NDI", "ndi")

    def open_device(self) -> NdiSource:
        return NdiSource(self.options, self.size, self.show)
