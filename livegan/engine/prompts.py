"""Prompts of a show: words of scenes understood when they are bound, and of a player while it plays, newest first."""

from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

from livegan.config.load import load_scenes
from livegan.config.scene import MAX_WORDS, Scene
from livegan.core.channels import Inbox
from livegan.core.target import Prompt, Target
from livegan.core.text import printable
from livegan.core.types import PromptEvent
from livegan.engine.networks import find_bank
from livegan.errors import DreamError, NetworkError
from livegan.networks.info import NetworkInfo
from livegan.networks.model_files import models_here
from livegan.networks.text_encoder import find_text_model

if TYPE_CHECKING:
    from livegan.networks.text_encoder import TextEncoder

POLL_S = 0.05
REST_S = 0.5  # between two that are understood: whoever floods it takes little of the processor
SHOWN_S = 8.0


@lru_cache(maxsize=1024)
def understood(words: str) -> Prompt:
    """A prompt of these words; the first call of a process loads the sentence model, where it is installed."""
    from livegan.mapping.words import UNSURE, understand

    target = understand(words)
    if target.confidence < UNSURE:  # a guess moves no picture
        target = Target(confidence=target.confidence, understood=target.understood)
    return Prompt(words, target)


def cleaned(words: str) -> str:
    """Words of a player as a scene can hold them: one line, MAX_WORDS characters at most."""
    return printable(words.strip(), MAX_WORDS)[:MAX_WORDS]


def is_clear(prompt: Prompt) -> bool:
    """Whether anything was understood that moves a picture."""
    return bool(prompt.vectors) or not prompt.target.is_empty


def with_vectors(prompt: Prompt, text: "TextEncoder | None") -> Prompt:
    """The prompt with text vectors for the networks that take them; the first call loads a CLIP."""
    return prompt if text is None else replace(prompt, vectors=text.encode(prompt.words))


def check_prompt(words: str, scene: str = "") -> None:
    """DreamError for words at the shell that are not understood; none are fine, any are where a CLIP may read them.

    `scene`: the one that begins, if one is named: its networks may take any words, and lack only the CLIP.
    """
    if words and not is_clear(prompt := understood(cleaned(words))) and not models_here("clip"):
        begun = load_scenes([scene])[0].scene if scene else None
        if begun is not None and (lacking := lacking_lines(find_bank(begun)[0])):
            raise DreamError(f"--prompt '{printable(words, 60)}': {lacking[0]}")
        raise DreamError(f"--prompt '{printable(words, 60)}': {_guessed(prompt)}; {_advice()}")


def prompts_of(scene: Scene) -> tuple[tuple[Prompt, ...], Prompt | None]:
    """The prompts of a scene's words, and the one it begins with, if it begins with any."""
    first = understood(scene.prompts.first) if scene.prompts.first else None
    return tuple(map(understood, scene.prompts.words)), first


def unclear_lines(name: str, prompts: Iterable[Prompt], networks: Iterable[NetworkInfo] = ()) -> list[str]:
    """A line for each prompt of a scene that was not understood; none where its networks all take any words."""
    if (widths := [network.text_dim for network in networks]) and all(widths):
        return []
    return [
        f"Scene '{name}': the words '{printable(prompt.words, 60)}' are not clear ({_guessed(prompt)}); {_advice()}"
        for prompt in prompts
        if not is_clear(prompt)
    ]


def lacking_lines(networks: Iterable[NetworkInfo]) -> list[str]:
    """A line for each CLIP that these networks take words by and that is not here."""
    lines = []
    for width in sorted({network.text_dim for network in networks} - {0}):
        try:
            find_text_model(width)
        except NetworkError as error:
            lines.append(str(error))
    return lines


def _advice() -> str:
    from livegan.networks.minilm import INSTALL, is_installed

    more = "" if is_installed() else f". More is understood after: {INSTALL}"
    return f"say what is seen, e.g. 'violet smoke over black'{more}"


def _guessed(prompt: Prompt) -> str:
    return ", ".join(prompt.target.understood) or "nothing was understood"


class Prompter:
    """Prompt service: understands the words of a player on its own thread; of several that wait, the newest."""

    def __init__(
        self, asked: Inbox[PromptEvent], prompts: Inbox[Prompt | None], text: "TextEncoder | None" = None
    ) -> None:
        """Reads `asked`; `prompts` goes to the engine. `text`: of networks that take any words."""
        self._asked, self._prompts, self._text = asked, prompts, text
        self._until_s = 0.0
        self.notice = ""  # that words were not understood, for a while

    def start(self) -> None:
        """Load the sentence model before the show: it would hold up a picture or two."""
        with_vectors(understood("a picture"), self._text)

    def poll(self, now_s: float) -> float:
        """Understand what waits; returns when to poll again [s]."""
        if self.notice and now_s >= self._until_s:
            self.notice = ""
        waiting = self._asked.drain()
        if waiting:
            self._understand(waiting[-1].words, now_s)
        return REST_S if waiting else POLL_S

    def _understand(self, words: str, now_s: float) -> None:
        words = cleaned(words)
        prompt = with_vectors(understood(words), self._text) if words else None
        if prompt is not None and not is_clear(prompt):
            self.notice, self._until_s = f"not understood: {words} ({_guessed(prompt)})", now_s + SHOWN_S
        else:
            self.notice = ""
            self._prompts.put(prompt)
