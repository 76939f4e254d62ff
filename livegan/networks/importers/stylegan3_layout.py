"""Public torch layout of StyleGAN3: the description of a network from the shapes of its tensors and its attributes."""

from collections.abc import Mapping
from typing import Any

from livegan.errors import NetworkError
from livegan.networks.architectures.stylegan3_shape import shape_from
from livegan.networks.importers.imported import ImportedNetwork
from livegan.networks.importers.storages import Array


def finish(what: str, tensors: dict[str, Array], attributes: Mapping[str, Mapping[Any, Any]]) -> ImportedNetwork:
    """The network of these tensors. `attributes`: those of each module, by its dotted name."""
    synthesis = attributes.get("synthesis", {})
    defaults = synthesis.get("_init_kwargs")
    hints: dict[str, Any] = {
        name: value
        for table in (defaults if isinstance(defaults, dict) else {}, synthesis)
        for name, value in table.items()
        if isinstance(name, str) and isinstance(value, int | float | None)
    }
    clamps = [
        module["conv_clamp"]
        for name, module in attributes.items()
        if name.startswith("synthesis.L") and "conv_clamp" in module
    ]
    if clamps:
        plain = {value if isinstance(value, int | float | None) else "?" for value in clamps}
        if len(plain) > 1:
            raise NetworkError("has a 'conv_clamp' that differs from layer to layer; livegan plays networks with one")
        hints["conv_clamp"] = clamps[0]
    bandwidth = attributes["synthesis.input"].get("bandwidth")
    if bandwidth is not None:
        hints["first_cutoff"] = bandwidth
    values = shape_from({name: array.shape for name, array in tensors.items()}, hints)
    values["resolution"] = list(values["resolution"])
    return ImportedNetwork(what, {"kind": "stylegan3", **values}, tensors)
