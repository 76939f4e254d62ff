"""Aims of a dream, from prompts and songs."""

from pathlib import Path

from livegan.errors import DreamError
from livegan.studio.dream.dreamer import Aim
from livegan.studio.dream.prompts import parse_story


def aims_of(text: str, song: Path | None) -> list[Aim]:
    """Aims of prompts ("words:weight:stop | more words", the first phrase of a story) and of a song."""
    aims = [Aim(text=prompt.text, weight=prompt.weight, stop=prompt.stop) for prompt in parse_story(text).at(0, 0)]
    if song is not None:
        raise DreamError(f"{song}: songs are not understood yet; give --text")
    return aims


def prompt_text(text: str) -> str:
    """The words of prompts without weights."""
    return " ".join(prompt.text for prompt in parse_story(text).at(0, 0))
