"""Snapshots: the picture of a moment as a PNG, with its frame plan in the file, by which it can be drawn again."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np

from livegan.core.files import expanded, move_to_free_name, new_file_beside, reason_of
from livegan.core.images import write_png
from livegan.core.plan_json import from_json, to_json
from livegan.core.text import printable
from livegan.core.types import Frame, FramePlan
from livegan.core.version import __version__
from livegan.errors import MediaError

PLAN, SCENE, SEED, NETWORKS, TAKEN = (f"livegan.{name}" for name in ("plan", "scene", "seed", "networks", "taken"))
LARGEST = 1 << 26  # characters of a plan that is read


@dataclass(frozen=True, slots=True, eq=False)
class Snapshot:
    """A frame to be kept."""

    frame: Frame
    scene: str
    seed: int
    folder: Path

    def write(self) -> str:
        """Write it, never over another; returns what to tell the player. MediaError if it cannot be written."""
        now = datetime.now().astimezone()
        path = expanded(self.folder) / f"{Path(self.scene).stem or 'show'}-{now:%Y%m%d-%H%M%S}.png"
        try:
            facts = {
                PLAN: to_json(self.frame.plan),
                SCENE: self.scene,
                SEED: str(self.seed),
                NETWORKS: ", ".join(sorted(self.frame.plan.networks)),
                TAKEN: now.isoformat(timespec="milliseconds"),
                "Software": f"livegan {__version__}",
            }
            part = new_file_beside(path)
            try:
                write_png(part, np.asarray(self.frame.pixels), "snapshots", facts)
                path = move_to_free_name(part, path)
            finally:
                part.unlink(missing_ok=True)
        except OSError as error:
            raise MediaError(f"no snapshot: {path} cannot be written ({reason_of(error)})") from error
        except ValueError as error:
            raise MediaError(f"no snapshot: {error}") from error
        return f"snapshot: {path}"


@dataclass(frozen=True, slots=True, eq=False)
class SnapshotFacts:
    """What a snapshot says of itself."""

    plan: FramePlan
    scene: str
    size: tuple[int, int]  # (width, height) [px]


def snapshot_texts(path: Path) -> dict[str, str]:
    """The texts in a PNG file; none in any other file."""
    from PIL import Image, PngImagePlugin

    if path.suffix.lower() != ".png" or not path.is_file():  # a pipe would be waited for
        return {}
    try:
        with Image.open(path, formats=["PNG"]) as picture:
            assert isinstance(picture, PngImagePlugin.PngImageFile)
            width, height = picture.size
            return {"size": f"{width}x{height}"} | {name: str(text) for name, text in picture.text.items()}
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError, Image.DecompressionBombWarning):
        return {}


def is_snapshot(path: Path) -> bool:
    """Whether a file is a snapshot of a show."""
    return PLAN in snapshot_texts(path)


def read_snapshot(path: Path) -> SnapshotFacts:
    """What a snapshot says; MediaError if it is none."""
    texts = snapshot_texts(path)
    width, _, height = texts.get("size", "").partition("x")
    try:
        if PLAN not in texts:
            raise ValueError("no plan is in it")
        plan = from_json(texts[PLAN][:LARGEST])
    except ValueError as error:
        raise MediaError(f"{path} is no snapshot of a show ({printable(str(error))})") from error
    return SnapshotFacts(plan, texts.get(SCENE, ""), (int(width), int(height)))
