"""What to type where the checkpoint of a run is broken or lost: its newest whole snapshot begins a new run."""

import json
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open

from livegan.core.text import quoted
from livegan.errors import NetworkError
from livegan.networks.info import read_info
from livegan.training.run_folder import SETTINGS, SNAPSHOTS

MAX_SETTINGS_BYTES = 1 << 20


def transfer_advice(folder: Path) -> str:
    """How to begin a new run from the newest whole snapshot of the run in `folder`; "" if it has none."""
    newest = newest_snapshot(folder)
    if newest is None:
        return ""
    run = _settings(folder)
    if run.get("teacher"):
        return f"its newest network is whole; to play it, type: livegan networks add {quoted(newest)}"
    dataset, preset = (value if isinstance(value := run.get(key), str) else "" for key in ("dataset", "preset"))
    words = ["livegan train", quoted(dataset) if dataset else "SET", *(["--preset", quoted(preset)] if preset else [])]
    words += [*(["--paired"] if run.get("paired") is True else []), "--transfer", quoted(newest), "-o NEW"]
    return f"its newest network is whole; to begin a new run from it, type: {' '.join(words)}"


def newest_snapshot(folder: Path) -> Path | None:
    """The JSON of the newest snapshot in the folder of a run whose files are whole; None if there is none."""
    for path in sorted((folder / SNAPSHOTS).glob("*.json"), reverse=True):  # their names sort by pictures shown
        try:
            with safe_open(read_info(path).weights, framework="numpy"):  # refuses a file that was cut short
                return path
        except (NetworkError, OSError, SafetensorError):
            continue
    return None


def _settings(folder: Path) -> dict[str, Any]:
    """What settings.json says; nothing if it is broken or lost too."""
    path = folder / SETTINGS
    try:
        table = json.loads(path.read_text(encoding="utf-8")) if path.stat().st_size <= MAX_SETTINGS_BYTES else {}
    except (OSError, ValueError, RecursionError):
        return {}
    return table if isinstance(table, dict) else {}
