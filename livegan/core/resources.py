"""Bundled resources: beside the package in a source tree, inside it when installed from a wheel."""

from pathlib import Path

PACKAGE = Path(__file__).resolve().parent.parent


def bundled(name: str) -> Path:
    """The folder `name` ("presets", "configs") that came with this livegan."""
    beside = PACKAGE.parent / name
    return beside if (PACKAGE.parent / "pyproject.toml").exists() and beside.exists() else PACKAGE / name


def still_of(name: str) -> Path | None:
    """The still of a bundled scene, a JPEG of 448x252; None where there is none."""
    folder = bundled("docs") / "scenes"
    path = folder / f"{name}.jpg"
    return path if path.parent == folder and name.replace("-", "").isalnum() and path.is_file() else None
