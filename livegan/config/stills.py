"""Stills of scenes: the picture that stands for a scene in a list."""

from collections.abc import Iterable
from pathlib import Path

from livegan.config.load import scene_paths
from livegan.core.resources import bundled

ENDINGS = (".jpg", ".png")


def stills_of(names: Iterable[str]) -> dict[str, Path]:
    """The stills of scenes that are given by name or path, of those that have one."""
    paths = scene_paths()
    files = ((name, Path(name) if name.endswith(".toml") else paths.get(name)) for name in names)
    stills = ((name, still_of(path)) for name, path in files if path is not None)
    return {name: still for name, still in stills if still is not None}


def still_of(path: Path) -> Path | None:
    """The still of the scene file at `path`: a picture of its name beside it, or the one that came with livegan.

    A user's own scene that is called as a bundled one does not get that one's. None where there is none.
    """
    folders = [path.parent]
    if path.resolve().parent == (bundled("presets") / "scenes").resolve():
        folders.append(bundled("docs/scenes"))
    found = (folder / f"{path.stem}{ending}" for folder in folders for ending in ENDINGS)
    return next((still for still in found if still.is_file()), None)
