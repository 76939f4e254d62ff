"""Network architectures: one whole file each, and the one table that lists them. No torch here."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from livegan.networks.architectures.protocol import StyleNet

Shape = Mapping[str, Any]  # "shape" of a network's JSON


@dataclass(frozen=True, slots=True)
class Architecture:
    """One style-based architecture: how to open it, draw it, and whether its weights can be mixed."""

    name: str  # the `kind` in a network's JSON
    title: str  # for people
    module: str  # has `open_network(info) -> StyleNet`
    backends: str  # module of rendering: has `backend_specs(net, device) -> list[BackendSpec]`, likely fastest first
    num_ws: Callable[[Shape], int]  # rows of w that a valid shape describes
    can_morph: bool = True  # whether weights of two networks of one shape can be interpolated
    defaults: Shape = field(default_factory=dict)  # what a shape means where it does not say

    def open(self, info: Any) -> "StyleNet":
        """The network of a NetworkInfo on the CPU in float32; NetworkError if its files do not fit. Imports torch."""
        network: StyleNet = import_module(self.module).open_network(info)
        return network


ARCHITECTURES: Mapping[str, Architecture] = {
    architecture.name: architecture
    for architecture in (
        Architecture(
            "stylegan2",
            "StyleGAN2",
            "livegan.networks.architectures.stylegan2",
            "livegan.rendering.backends.stylegan2",
            num_ws=lambda shape: 2 * len(shape["channels"]),
            defaults={
                "mapping_layers": 8,
                "conv_clamp": None,
                "architecture": "skip",
                "colours": 3,
                "const": [4, 4],
                "tiles": [1, 1],
                "filter": [1, 3, 3, 1],
            },
        ),
        Architecture(
            "stylegan3",
            "StyleGAN3",
            "livegan.networks.architectures.stylegan3",
            "livegan.rendering.backends.stylegan3",
            num_ws=lambda shape: len(shape["sizes"]) + 1,
        ),
        Architecture(
            "lightweight",
            "lightweight StyleGAN2",
            "livegan.networks.architectures.lightweight",
            "livegan.rendering.backends.lightweight",
            num_ws=lambda shape: len(shape["channels"]),
        ),
    )
}
"""Every architecture by its name, in the order in which people are told of them."""
