"""Saving service: writes copies of scenes, bookmarks of latents and snapshots on a thread of its own; says where."""

from dataclasses import dataclass
from pathlib import Path

from livegan.config.save import save_scene
from livegan.config.scene import Scene
from livegan.core.channels import Inbox
from livegan.core.text import printable
from livegan.core.token_bucket import TokenBucket
from livegan.core.types import FramePlan
from livegan.errors import LiveganError
from livegan.networks.latents.bookmarks import write_bookmark
from livegan.outputs.snapshot import Snapshot

SHOWN_S = 6.0
POLL_S = 0.1
TOO_MANY = "not saved: only one a second is"


@dataclass(frozen=True, slots=True)
class SceneCopy:
    """A scene as it is played now, to be saved."""

    name: str  # that of the scene it comes from
    scene: Scene
    folder: Path  # of that scene

    def write(self) -> str:
        """Write it; returns what to tell the player. SceneError if it cannot be written."""
        path = save_scene(self.scene, self.name, self.folder)
        return f"saved as {path.stem}: {path}"


@dataclass(frozen=True, slots=True)
class Bookmark:
    """The plan of a frame, to be kept."""

    name: str
    plan: FramePlan

    def write(self) -> str:
        """Write it; returns what to tell the player. MediaError if it cannot be written."""
        path = write_bookmark(self.plan, self.name)
        return f"bookmark {path.stem}: {path}"


class Saver:
    """Saver: writes what the engine asks for, one file a second, so that nobody on a network fills the disk."""

    def __init__(self, requests: Inbox[SceneCopy | Bookmark | Snapshot]) -> None:
        """`requests`: what the engine puts there is written."""
        self._requests = requests
        self._until_s = 0.0
        self._bucket = TokenBucket(1, 4)
        self.notice = ""  # where the newest went, for a while

    def poll(self, now_s: float) -> float:
        """Write what waits; returns when to poll again [s]."""
        for request in self._requests.drain():
            try:
                line = request.write() if self._bucket.take(now_s) else TOO_MANY
            except LiveganError as error:
                line = str(error)
            self.notice, self._until_s = printable(line), now_s + SHOWN_S
        if self.notice and now_s >= self._until_s:
            self.notice = ""
        return POLL_S

    def stop(self) -> None:
        """Write the rest. Idempotent."""
        self.poll(self._until_s)
