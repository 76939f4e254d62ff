"""Memory: an output that keeps every frame. For tests, and for looking at what was made."""

from livegan.core.types import Frame


class Memory:
    """Keeps frames in the order they came."""

    def __init__(self) -> None:
        """Empty and open."""
        self.frames: list[Frame] = []
        self.closed = False

    def send(self, frame: Frame) -> None:
        """Keep one frame; after closing none is kept."""
        if not self.closed:
            self.frames.append(frame)

    def close(self) -> None:
        """Keep no more."""
        self.closed = True
