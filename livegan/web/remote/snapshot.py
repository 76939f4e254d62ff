"""Snapshot of a show for its phone page: scenes and sliders, which change seldom, and what changes all the time."""

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from livegan.core.events import find_control
from livegan.core.parameters import Parameter, plain_name
from livegan.core.text import printable
from livegan.core.types import Picture
from livegan.engine.board import Board
from livegan.engine.telemetry import Telemetry
from livegan.engine.usual import eight_of

PREVIEW_PX = 320  # longest side
PREVIEW_QUALITY = 62
STILL_PX = 224
NOTICES, LONGEST = 3, 120


def table_of(board: Board, stills: Mapping[int, int]) -> dict[str, Any]:
    """What the page is built of; `stills`: version of the still of each scene, by number from 1."""
    return {
        "scenes": [
            {"title": printable(card.title, LONGEST), "still": stills.get(number, 0)}
            for number, card in enumerate(board.scenes, 1)
        ],
        "sliders": [_slider(board.parameters[name]) for name in eight_of(board)],
        "prompts": [printable(words) for words in board.prompts],
    }


def _slider(parameter: Parameter) -> dict[str, Any]:
    return {
        "name": parameter.name,
        "label": plain_name(parameter.name),
        "about": parameter.about,
        "low": parameter.low,
        "high": parameter.high,
        "unit": parameter.unit,
    }


def now_of(board: Board, telemetry: Telemetry | None, states: Mapping[str, float], phones: int) -> dict[str, Any]:
    """What the page shows of this moment; `at`: where each slider stands, where it is now, whether moved."""
    layout = board.features.layout.index
    facts: dict[str, Any] = {
        "playing": board.playing,
        "chosen": board.chosen,
        "next": board.next,
        "waits": printable(board.waits_for, LONGEST),
        "when": board.when,
        "cued": board.cued,
        "decks": list(board.decks),
        "mixed": _rounded(board.crossfade),
        "at": [_at(board, name) for name in eight_of(board)],
        "phase": _rounded(board.features["beat.phase"]) if "beat.phase" in layout else None,
        "states": {name: _rounded(value) for name, value in states.items() if _is_shown(name)},
        "phones": phones,
    }
    if telemetry is not None:
        facts |= {
            "title": printable(telemetry.scene, LONGEST),
            "bpm": _rounded(telemetry.bpm),
            "level": _rounded(telemetry.level),
            "onset": _rounded(telemetry.onset),
            "fps": _rounded(telemetry.fps),
            "words": [printable(words) for words in telemetry.prompt],
            "notices": [printable(line, LONGEST) for line in telemetry.notices[-NOTICES:]],
        }
    return facts


def _is_shown(state: str) -> bool:
    """Whether phones show a state of the window."""
    spec = find_control(state)
    return spec is not None and spec.phone


def _at(board: Board, name: str) -> list[Any]:
    parameter = board.parameters[name]
    room = (parameter.high - parameter.low) or 1.0
    now = (board.values.get(name, parameter.default) - parameter.low) / room
    return [_rounded(board.share(name)), _rounded(min(max(now, 0.0), 1.0)), name in board.moved]


def _rounded(value: float) -> float:
    """To a thousandth; 0 for what is no number."""
    number = float(value)
    return round(number, 3) if np.isfinite(number) else 0.0


def preview(picture: Picture) -> bytes:
    """A picture as a small JPEG, as wide or as high as `PREVIEW_PX`; of a large one only every k-th pixel is read."""
    from PIL import Image

    pixels = np.asarray(picture)
    step = max(1, max(pixels.shape[:2]) // (2 * PREVIEW_PX))
    small = Image.fromarray(np.ascontiguousarray(pixels[::step, ::step]))
    small.thumbnail((PREVIEW_PX, PREVIEW_PX), Image.Resampling.BOX)
    return jpeg(small)


def small_still(path: Path) -> bytes | None:
    """The still of a scene as a small JPEG; None for a file that is no picture, or one too large to be read."""
    from PIL import Image

    try:
        with Image.open(path) as image:
            image.draft("RGB", (STILL_PX, STILL_PX))
            image.thumbnail((STILL_PX, STILL_PX))
            return jpeg(image.convert("RGB"))
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None


def jpeg(image: Any) -> bytes:
    """A Pillow picture as JPEG."""
    file = io.BytesIO()
    image.save(file, "JPEG", quality=PREVIEW_QUALITY)
    return file.getvalue()
