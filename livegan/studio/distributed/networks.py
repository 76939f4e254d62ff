"""Networks on their way to workers: descriptions as messages, weights by the hash of their content."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from livegan.core.files import write_atomic
from livegan.errors import NetworkError
from livegan.networks.cache import file_hash
from livegan.networks.info import NetworkInfo, info_json, read_info
from livegan.studio.distributed.protocol import Message

Files = dict[str, Path]  # by SHA-256


def described(info: NetworkInfo) -> tuple[Message, Files]:
    """What `received` makes the network from, and the files that it needs there; NetworkError if one is not there."""
    members = [described(read_info(Path(path))) for path in _members(info)]
    files = {key: path for _, own in members for key, path in own.items()}
    weights = ""
    if not members and info.weights.is_file():
        try:
            weights = file_hash(info.weights)
        except OSError as error:
            raise NetworkError(f"cannot be read ({error.strerror})", info.weights) from error
        files[weights] = info.weights
    table = {
        "name": info.name,
        "path": str(info.path),
        "json": info_json(info),
        "weights": weights,
        "members": [member for member, _ in members],
    }
    return table, files


def received(table: Message, files: Mapping[str, Path]) -> NetworkInfo:
    """The network, its weights where they lie here; NetworkError if they are not those that were described."""
    text = json.loads(table["json"])
    path = Path(table["path"])
    if table["weights"]:
        weights = files[table["weights"]]
        if file_hash(weights) != table["weights"]:
            raise NetworkError("was changed meanwhile; begin again", weights)
        if path.with_suffix(".safetensors") != weights:  # it was sent here
            path = weights.with_suffix(".json")
            write_atomic(path, table["json"])
    shape = text.pop("shape")
    if table["members"]:
        shape = shape | {"members": [str(received(member, files).path) for member in table["members"]]}
    text |= {"resolution": tuple(text["resolution"]), "classes": tuple(text["classes"])}
    del text["format"]
    return replace(NetworkInfo(name=table["name"], path=path, shape=shape, **text))


def _members(info: NetworkInfo) -> Sequence[str]:
    return info.shape.get("members", ()) if info.kind == "morph" else ()
