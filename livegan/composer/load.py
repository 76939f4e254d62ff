"""Networks that compose, opened by file or by the folder of their run: one loader for all kinds."""

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Protocol

from livegan.composer.network_file import NetworkFile, read_network
from livegan.composer.network_info import ComposerInfo, network_path
from livegan.composer.song import Song
from livegan.core.text import printable

KINDS: Mapping[str, str] = {  # kind: function that opens it, NetworkFile -> Composer
    "voices": "livegan.composer.voice:open_voice",
    "dcgan": "livegan.composer.dcgan:open_dcgan",
    "musegan": "livegan.composer.musegan:open_musegan",
}


class Composer(Protocol):
    """Network that composes, ready to be asked."""

    @property
    def info(self) -> ComposerInfo:
        """Its description."""
        ...

    def song(self, bars: int, seed: int) -> Song:
        """Music of so many bars. The same seed gives the same music."""
        ...


def load_composer(path: str | Path) -> Composer:
    """Open a network of any kind; NetworkError if there is none, or if it is broken."""
    return open_composer(read_network(network_path(path)))


def open_composer(file: NetworkFile) -> Composer:
    """A network of any kind from its file; NetworkError if its kind is unknown, or its weights do not fit."""
    if file.info.kind not in KINDS:
        raise file.broken(f"its kind is {printable(repr(file.info.kind), 40)}, not one of {', '.join(KINDS)}")
    module, _, name = KINDS[file.info.kind].partition(":")
    composer: Composer = getattr(import_module(module), name)(file)
    return composer
