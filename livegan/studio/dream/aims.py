"""Aims of a dream, from prompts and songs."""

from pathlib import Path

from livegan.errors import DreamError
from livegan.studio.dream.dreamer import Aim

SEPARATOR = "|"


def aims_of(text: str, song: Path | None) -> list[Aim]:
    """Aims of prompts "words:weight:stop|more words:weight" and of a song; DreamError for a weight that is none."""
    aims = [parsed_prompt(part) for part in text.split(SEPARATOR) if part.strip()]
    if song is not None:
        raise DreamError(f"{song}: songs are not understood yet; give --text")
    return aims


def parsed_prompt(prompt: str) -> Aim:
    """One prompt "words:weight:stop" (VQGAN-CLIP); weight 1 and no stop where there are none."""
    words, *numbers = prompt.strip().rsplit(":", 2)
    try:
        weight, stop = (*map(float, numbers), *(1.0, -float("inf"))[len(numbers) :])
    except ValueError:  # a colon of the text itself
        return Aim(text=prompt.strip())
    return Aim(text=words.strip(), weight=weight, stop=stop)


def prompt_text(text: str) -> str:
    """The words of prompts without weights."""
    return " ".join(parsed_prompt(part).text for part in text.split(SEPARATOR) if part.strip())
