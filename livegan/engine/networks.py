"""Networks of the scenes: looked up, joined into one bank, with distinct names."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from livegan.config.scene import Scene
from livegan.errors import NetworkError
from livegan.networks.info import NetworkInfo
from livegan.networks.library import find_networks
from livegan.networks.models import MODELS, no_network
from livegan.networks.morph_info import morph_info

Networks = tuple[NetworkInfo, ...]


def find_bank(scene: Scene) -> tuple[Networks, list[str]]:
    """The networks a scene names, in order, a folder's by name; and what could not be found, one line each.

    A bank that blends is one network: a morph of all of them.
    """
    networks: list[NetworkInfo] = []
    mistakes: list[str] = []
    for name in scene.networks:
        try:
            found = find_networks(name)
        except NetworkError as error:
            mistakes.append(f"network: {error}")
            continue
        networks += [info for info in found if info.kind not in MODELS]
        mistakes += [f"network: {no_network(info)}" for info in found if info.kind in MODELS]
    if scene.bank.mode == "blend" and len(networks) > 1 and not mistakes:
        try:
            return (morph_info(networks),), mistakes
        except NetworkError as error:
            mistakes.append(f"network: {error}")
    return tuple(networks), mistakes


class NetworkNames:
    """Unique network names for one show: of two networks with one name, the second is called by its folder too.

    Names are what plans call networks by, and snapshots of two trainings often have the same.
    """

    def __init__(self) -> None:
        self._owners: dict[str, tuple[object, ...]] = {}  # name -> the network that has it

    def distinct(self, bank: Iterable[NetworkInfo]) -> Networks:
        """The same networks; those whose name another has already are renamed."""
        return tuple(replace(info, name=self._name(info)) for info in bank)

    def _name(self, info: NetworkInfo) -> str:
        identity = (info.kind, info.path, str(info.shape.get("members", "")))
        names = [info.name, f"{info.path.parent.name}/{info.name}"]
        names += [f"{names[-1]} ({number})" for number in range(2, len(self._owners) + 3)]
        return next(name for name in names if self._owners.setdefault(name, identity) == identity)


def members(network: NetworkInfo) -> int:
    """How many networks a morph goes through; 0 for any other."""
    return len(network.shape.get("members", ()))


def last_position(networks: Sequence[NetworkInfo]) -> int:
    """The greatest useful `network.position`: of the last network, or within a morph of its last member."""
    return max(len(networks), *(members(network) for network in networks)) - 1
