"""Header of a show log: the scenes as they were read, what of the venue enters a plan, versions."""

import json
import platform
from datetime import datetime
from typing import Any

import numpy as np

from livegan.config.venue import Venue
from livegan.core.version import __version__
from livegan.effects.registry import EFFECTS
from livegan.engine.bind import Setlist
from livegan.engine.setlist_json import setlist_to_json
from livegan.networks.digest import value_digest

FORMAT = 1
VENUE_TABLES = ("audio", "inputs", "listening", "safety", "effects", "hands", "picture", "window", "camera")
"""Tables that plans and pictures depend on: no port, no address, no code of a page."""


def show_header(venue: Venue, show: Setlist, sample_rate: int, channels: int) -> dict[str, Any]:
    """What is known of a show before it begins, as values of JSON."""
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
        "sample_rate": sample_rate,
        "channels": channels,
        "scenes": json.loads(json.dumps(scenes)),
        "digest": value_digest(scenes),
        "programs": any(loaded.networks for loaded in show.all_scenes),
        "venue": {name: tables[name] for name in VENUE_TABLES},
    }
