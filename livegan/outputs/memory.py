"""In-memory output: keeps the newest frames, for tests and for programs that use livegan as a library."""

from collections import deque

from pydantic import Field

from livegan.core.toml import StrictModel
from livegan.core.types import Frame
from livegan.outputs.registry import OUTPUTS, Output, ShowFormat


class MemoryOptions(StrictModel):
    """Options of the output `memory`."""

    frames: int = Field(600, ge=1, le=100_000, description="how many of the newest frames are kept")


@OUTPUTS("memory")
class Memory(Output):
    """In-memory output: frames in the order they came."""

    Options = MemoryOptions

    def __init__(self, options: MemoryOptions = MemoryOptions(), show: ShowFormat | None = None) -> None:  # noqa: B008
        self.frames: deque[Frame] = deque(maxlen=options.frames)
        self.closed = False

    def send(self, frame: Frame) -> None:
        """Keep one frame; after closing none is kept."""
        if not self.closed:
            self.frames.append(frame)

    def close(self) -> None:
        self.closed = True
