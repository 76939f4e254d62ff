"""Header of a show log: the scenes as they were read, what of the venue enters a plan, versions."""

import json
import platform
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from livegan.config.venue import Venue
from livegan.core.version import __version__
from livegan.effects.registry import EFFECTS
from livegan.engine.bind import Setlist
from livegan.engine.input_names import is_song
from livegan.engine.setlist_json import setlist_to_json
from livegan.engine.show_state import ShowState
from livegan.networks.digest import file_digest, value_digest

FORMAT = 1
VENUE_TABLES = ("audio", "inputs", "listening", "safety", "effects", "hands", "picture", "window", "camera")
"""Tables that plans and pictures depend on: no port, no address, no code of a page."""


def show_header(
    venue: Venue,
    show: Setlist,
    sample_rate: int,
    channels: int,
    resumed: ShowState | None = None,
    *,
    careful: bool = False,
) -> dict[str, Any]:
    """What is known of a show before it begins, as values of JSON; `resumed`: the state from which it goes on."""
    tables = venue.model_dump(mode="json")
    scenes = setlist_to_json(show)
    return {
        "format": FORMAT,
        "livegan": __version__,
        "python": platform.python_version(),
        "numpy": np.__version__,
        "effects": value_digest(sorted(EFFECTS.names())),
        "began": datetime.now().astimezone().isoformat(timespec="seconds"),
        "fps": venue.picture.fps,
        "size": list(venue.window.size),
        "input": venue.audio.input,
        "input_digest": file_digest(Path(venue.audio.input)) if is_song(venue.audio.input) else "",
        "sample_rate": sample_rate,
        "channels": channels,
        "scenes": json.loads(json.dumps(scenes)),
        "digest": value_digest(scenes),
        "programs": any(loaded.networks for loaded in show.all_scenes),
        "resumed": resumed.model_dump(mode="json", exclude_defaults=True) if resumed is not None else None,
        "careful": careful,
        "venue": {name: tables[name] for name in VENUE_TABLES},
    }
