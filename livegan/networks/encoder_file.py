"""Encoder files: where the encoder of a network lies. No torch here, so that binding a scene can ask."""

import json
from pathlib import Path

from livegan.errors import NetworkError
from livegan.networks.cache import cache_folder, file_hash
from livegan.networks.info import ENCODER_SUFFIX, NetworkInfo
from livegan.networks.library import find_network

MAX_HEADER_BYTES = 1 << 20


def encoder_path(info: NetworkInfo, follow: bool = True) -> Path | None:
    """The encoder file of a network: the user's own, else one beside the network, else that of its full sibling.

    None if there is none. `follow`: take that of the full sibling, whose own is not followed. NetworkError if the one
    beside it was trained for other weights.
    """
    try:
        key = file_hash(info.weights)
    except OSError:  # no weights: drawings, patterns
        return None
    own = installed_path(key)
    if own.is_file():
        return own
    beside = info.path.with_suffix(ENCODER_SUFFIX)
    if beside.is_file():
        if network_hash(beside) != key:
            raise NetworkError(
                f"was trained for other weights than those of {info.name}; delete it, or type: "
                f"livegan train encoder --network {info.name}",
                beside,
            )
        return beside
    if follow and info.light_of:
        try:
            return encoder_path(find_network(info.light_of), follow=False)
        except NetworkError:
            return None
    return None


def installed_path(key: str) -> Path:
    """Where the user's own encoder lies for the network whose weights have that hash."""
    return cache_folder(key) / f"own{ENCODER_SUFFIX}"


def network_hash(path: Path) -> str:
    """The hash of the network's weights that the header of an encoder file names; "" if it is no such file."""
    try:
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            header = json.loads(file.read(length)) if length <= MAX_HEADER_BYTES else {}
        return str(json.loads(header["__metadata__"]["livegan"])["network_hash"])
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return ""
