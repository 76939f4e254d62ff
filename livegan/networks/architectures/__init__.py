"""Network architectures: one whole file each, and the one table that lists them. No torch here."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

Shape = Mapping[str, Any]  # "shape" of a network's JSON


@dataclass(frozen=True, slots=True)
class Architecture:
    """One style-based architecture: its network class, its rendering backends, whether its weights can be mixed."""

    name: str  # "kind" in a network's JSON
    title: str  # for people
    network: str  # "module:Class" of its StyleNet, see `networks.network_class`
    backends: str  # module of rendering: has `backend_specs(net, device) -> list[BackendSpec]`, likely fastest first
    num_ws: Callable[[Shape], int]  # rows of w that a valid shape describes
    shape: str = ""
    """"module:Class" without torch; `Class.of(info)` raises a NetworkError for a JSON that cannot be, and
    `module.tensor_shapes` of what it returns are the names and shapes of all tensors."""
    takes_text: bool = False  # whether a class vector is the text vector of words
    can_morph: bool = True  # whether weights of two networks of one shape can be interpolated
    defaults: Shape = field(default_factory=dict)  # values of the keys of a shape that may be left out


ARCHITECTURES: Mapping[str, Architecture] = {
    architecture.name: architecture
    for architecture in (
        Architecture(
            "stylegan2",
            "StyleGAN2",
            "livegan.networks.architectures.stylegan2:StyleGAN2",
            "livegan.rendering.backends.stylegan2",
            shape="livegan.networks.architectures.stylegan2_shape:StyleGAN2Shape",
            num_ws=lambda shape: 2 * len(shape["channels"]),
            defaults={
                "mapping_layers": 8,
                "conv_clamp": None,
                "architecture": "skip",
                "colours": 3,
                "const": [4, 4],
                "tiles": [1, 1],
                "filter": [1, 3, 3, 1],
                "torgb_filter": None,
                "layer_features": None,
                "embed_features": None,
                "joint_norm": False,
                "row_averages": False,
            },
        ),
        Architecture(
            "stylegan3",
            "StyleGAN3",
            "livegan.networks.architectures.stylegan3:StyleGAN3",
            "livegan.rendering.backends.stylegan3",
            shape="livegan.networks.architectures.stylegan3_shape:StyleGAN3Shape",
            num_ws=lambda shape: len(shape["sizes"]) + 1,
            defaults={
                "bandwidth": 2.0,
                "oversampling": 2,
                "conv_clamp": 256.0,
                "output_scale": 0.25,
                "widths": None,
                "embedding": 0,
            },
        ),
        Architecture(
            "lightweight",
            "lightweight StyleGAN2",
            "livegan.networks.architectures.lightweight:LightweightStyleGAN2",
            "livegan.rendering.backends.demodulated",
            shape="livegan.networks.architectures.lightweight_shape:LightweightShape",
            num_ws=lambda shape: len(shape["channels"]),
        ),
        Architecture(
            "stylegan1",
            "StyleGAN (2019)",
            "livegan.networks.architectures.stylegan1:StyleGAN1",
            "livegan.rendering.backends.precomputed",
            shape="livegan.networks.architectures.stylegan1_shape:StyleGAN1Shape",
            num_ws=lambda shape: 2 * len(shape["channels"]),
            defaults={"mapping_layers": 8, "mapping_width": 512, "colours": 3, "fused_from": 128},
        ),
        Architecture(
            "progressive",
            "Progressive GAN",
            "livegan.networks.architectures.progressive:ProgressiveGAN",
            "livegan.rendering.backends.precomputed",
            shape="livegan.networks.architectures.progressive_shape:ProgressiveShape",
            num_ws=lambda shape: 1,
            defaults={"colours": 3, "fused": True},
        ),
        Architecture(
            "stylegan-t",
            "StyleGAN-T",
            "livegan.networks.architectures.stylegan_t:StyleGANT",
            "livegan.rendering.backends.demodulated",
            shape="livegan.networks.architectures.stylegan_t_shape:StyleGANTShape",
            num_ws=lambda shape: len(shape["channels"]) + sum(shape["layers"]) + 1,
            takes_text=True,
            defaults={
                "mapping_layers": 2,
                "groups": 32,
                "architecture": "skip",
                "colours": 3,
                "conv_clamp": 256.0,
            },
        ),
        Architecture(
            "fastgan",
            "FastGAN",
            "livegan.networks.architectures.fastgan:FastGAN",
            "livegan.rendering.backends.fastgan",
            shape="livegan.networks.architectures.fastgan_shape:FastGANShape",
            num_ws=lambda shape: 2,
            defaults={"normalised": True, "tanh": False, "colours": 3},
        ),
    )
}
"""Every architecture by its name, in the order in which messages list them."""
