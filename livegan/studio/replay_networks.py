"""Networks of a film of a show log: the show's own, or another one in the place of each that is like it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace

from livegan.config.load import LoadedScene
from livegan.core.text import printable
from livegan.engine.bind import Setlist, check_scene
from livegan.engine.networks import find_bank
from livegan.engine.vocabulary import Vocabulary
from livegan.errors import NetworkError
from livegan.networks.info import NetworkInfo
from livegan.networks.library import list_networks

MOST_NAMED = 4  # networks that are offered instead


@dataclass(slots=True)
class NetworkSwap:
    """Swap of networks: `network` draws in the place of every one with as many numbers of z, classes and w.

    It takes over their names, so that the plans are the same; networks that stay, in scenes whose latents do not fit
    it, have names of their own here: `names` says what the show calls them.
    """

    network: NetworkInfo | None  # None: every scene keeps its own
    vocabulary: Vocabulary
    names: dict[str, str] = field(default_factory=dict)
    kept: dict[str, str] = field(default_factory=dict)  # scenes that it is like and does not fit: name -> why not

    def scene(self, loaded: LoadedScene) -> LoadedScene:
        """A scene of the show, or one that was read again, with the networks that draw it."""
        network = self.network
        if network is None or loaded.scene is None:
            return loaded
        own, mistakes = find_bank(loaded.scene)
        alike = [_numbers(info) == _numbers(network) for info in own]
        if mistakes or not any(alike):
            return loaded
        bank = [replace(network, classes=info.classes) if same else info for info, same in zip(own, alike, strict=True)]
        wrong = check_scene(loaded, self.vocabulary, bank).mistakes
        if wrong and not check_scene(loaded, self.vocabulary, own).mistakes:
            self.kept[loaded.name] = wrong[0].removeprefix(f"scene '{printable(loaded.name)}': ")
            names = [f"{info.name} (its own)" if same else info.name for info, same in zip(own, alike, strict=True)]
            self.names |= {name: info.name for name, info in zip(names, own, strict=True)}
        else:
            names = [info.name for info in own]
            own = tuple(bank)
        return replace(loaded, networks=tuple(replace(info, name=name) for info, name in zip(own, names, strict=True)))

    def setlist(self, show: Setlist, played: Collection[str]) -> Setlist:
        """The scenes of a show; NetworkError if the network fits none of those that `played`."""
        scenes = tuple(map(self.scene, show.scenes))
        swapped = replace(show, scenes=scenes, safe=self.scene(show.safe) if show.safe else None)
        seen = [loaded for loaded in swapped.all_scenes if loaded.name in played]
        draws = any(loaded.networks and loaded.name not in self.kept for loaded in seen)
        if self.network is not None and seen and not draws:
            raise NetworkError(self._unfit([loaded for loaded in show.all_scenes if loaded.name in played]))
        return swapped

    def remarks(self, played: Collection[str]) -> list[str]:
        """A line for each scene that played and keeps its own network."""
        named = printable(self.network.name) if self.network is not None else ""
        return [
            f"Scene '{printable(name)}' keeps its own network, --network {named} does not fit it: {why}."
            for name, why in self.kept.items()
            if name in played
        ]

    def _unfit(self, seen: Sequence[LoadedScene]) -> str:
        network = self.network
        assert network is not None
        for loaded in seen:
            if loaded.name in self.kept:
                return f"--network {network.name} fits no scene that played; '{loaded.name}': {self.kept[loaded.name]}"
        theirs = {info.name: info for each in seen if each.scene is not None for info in find_bank(each.scene)[0]}
        used = " and ".join(f"{name} ({_numbers(info)})" for name, info in [*theirs.items()][:MOST_NAMED])
        wanted = {_numbers(info) for info in theirs.values()}
        fitting = [each.name for each in list_networks() if _numbers(each) in wanted and each.name not in theirs]
        others = f", such as {' or '.join(fitting[:MOST_NAMED])}" if fitting else ""
        return (
            f"--network {network.name} cannot take the place of {used}: no scene that played uses a network like it, "
            f"with {_numbers(network)} numbers of z/classes/w; choose one with the same numbers as theirs{others}"
        )


def _numbers(info: NetworkInfo) -> str:
    return f"{info.z_dim}/{info.c_dim}/{info.w_dim}"
