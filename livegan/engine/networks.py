"""The networks of scenes: found, of one bank, told apart by name, and asked for the paths that are walked in them."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from livegan.config.scene import Scene
from livegan.engine.patch import longest_z
from livegan.errors import LiveganError, NetworkError
from livegan.mapping.motions.path import PathMotion
from livegan.networks.info import NetworkInfo
from livegan.networks.latents.files import read_path
from livegan.networks.library import find_networks
from livegan.networks.morph_info import morph_info

Networks = tuple[NetworkInfo, ...]


def find_bank(scene: Scene) -> tuple[list[NetworkInfo], list[str]]:
    """The networks a scene names, in order, a folder's by name; and what could not be found, one line each.

    A bank that blends is one network: a morph of all of them.
    """
    networks: list[NetworkInfo] = []
    wrong: list[str] = []
    for wanted in scene.networks:
        try:
            networks += find_networks(wanted)
        except NetworkError as error:
            wrong.append(f"network: {error}")
    if scene.bank.mode == "blend" and len(networks) > 1 and not wrong:
        try:
            return [morph_info(networks)], wrong
        except NetworkError as error:
            wrong.append(f"network: {error}")
    return networks, wrong


def distinct(banks: Iterable[Sequence[NetworkInfo]]) -> list[Networks]:
    """The same banks, with networks of one name told apart: by the name of their folder, then by a number.

    Names are what plans call networks by, and snapshots of two trainings often have the same.
    """
    named: dict[str, tuple[object, ...]] = {}  # name -> who bears it

    def name_of(info: NetworkInfo) -> str:
        me = (info.kind, info.path, str(info.shape.get("members", "")))
        names = [info.name, f"{info.path.parent.name}/{info.name}"]
        names += [f"{names[-1]} ({number})" for number in range(2, len(named) + 3)]
        return next(name for name in names if named.setdefault(name, me) == me)

    return [tuple(replace(info, name=name_of(info)) for info in bank) for bank in banks]


def find_path(scene: Scene, networks: Sequence[NetworkInfo], folder: Path) -> PathMotion | None:
    """The path a scene walks in its networks, or None if it walks none; its files lie in `folder`.

    LiveganError if a file cannot be read, or if its w is not that of every network.
    """
    if scene.motion.model != "path" or not scene.motion.path or not networks:
        return None
    points = read_path(scene.motion.path, longest_z(networks), networks[0].w_dim, folder)
    unlike = [info for info in networks if info.w_dim != networks[0].w_dim] if points.kind == "w" else []
    if unlike:
        one, other = networks[0], unlike[0]
        raise LiveganError(
            f"w of {one.name} has {one.w_dim} numbers, that of {other.name} {other.w_dim}; "
            "a path of w needs networks alike: walk seeds instead"
        )
    rows = points.array.shape[1] if points.kind == "w" and points.array.ndim == 3 else 1
    odd = [info for info in networks if rows > 1 and info.num_ws not in (0, rows)]
    if odd:
        raise LiveganError(
            f"the path has w of {rows} rows, {odd[0].name} has {odd[0].num_ws}; "
            "play latents that were made with a network like it"
        )
    return PathMotion(points)
