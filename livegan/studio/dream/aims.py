"""Aims of a picture, from prompts and a song: what they say to CLIP, and what they mean without it."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from livegan.audio.song import read_song
from livegan.core.text import printable
from livegan.errors import DreamError
from livegan.mapping.words import suggestions, understand
from livegan.networks.musicnn_input import SAMPLE_RATE
from livegan.studio.dream.dreamer import Aim
from livegan.studio.dream.meaning import meaning_of
from livegan.studio.dream.prompts import parse_story

BESIDE_WORDS = 0.35  # weight of a song where there are words


def aims_of(text: str, song: Path | None, progress: Callable[[float], object] = lambda share: None) -> list[Aim]:
    """Aims of prompts ("words:weight:stop | more words", the first phrase of a story) and of a song.

    `progress` is called with the share of the song that has been listened to. DreamError or MediaError for prompts and
    songs that cannot be read.
    """
    aims = [
        Aim(prompt.text, target=understand(prompt.text), weight=prompt.weight, stop=prompt.stop)
        for prompt in parse_story(text).at(0, 0)
    ]
    if song is not None:
        samples = read_song(song).at_rate(SAMPLE_RATE).samples.mean(axis=1, dtype=np.float32)
        meaning = meaning_of(samples, progress)
        target = meaning.target()
        target = target if target.is_empty else replace(target, latents={**meaning.form(), **target.latents})
        aims.append(Aim(sound=samples, target=target, weight=BESIDE_WORDS if aims else 1.0))
    return aims


def not_understood(aims: Sequence[Aim]) -> DreamError:
    """The error where nothing of what is aimed for is understood, with words that would be."""
    words = ", ".join(f"'{printable(aim.text)}'" for aim in aims if aim.text)
    if words:
        examples = ", ".join(f"'{example}'" for example in suggestions()[:3])
        return DreamError(f"{words} is not understood; say what is seen, or a mood, for example: {examples}")
    return DreamError("nothing is heard in this song; give another one, or words, with --text")


def prompt_text(text: str) -> str:
    """The words of prompts without weights."""
    return " ".join(prompt.text for prompt in parse_story(text).at(0, 0))
