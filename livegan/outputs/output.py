"""Output: wherever finished frames go besides the window."""

from typing import Protocol

from livegan.core.types import Frame


class Output(Protocol):
    """Laws: frames come one after the other from one thread; closing twice is fine; nothing is sent after closing."""

    def send(self, frame: Frame) -> None:
        """Take one frame. May take its time: a `Recorder` stands in front of it during a show."""
        ...

    def close(self) -> None:
        """Finish what was begun."""
        ...
