"""Public models that dreams use, a table: CLIP, Wav2CLIP, VQGAN. No torch here.

The player adds their files as networks are added, by `livegan networks add`, but no scene can draw them.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from livegan.networks.info import NetworkInfo


@dataclass(frozen=True, slots=True)
class Model:
    """One kind of public model."""

    kind: str  # "kind" in its JSON
    title: str  # for people
    does: str  # for people: "it ..."
    network: str  # "module:Class"
    example: str  # the name of a public file
    page: str  # where that file is
    size: Callable[[NetworkInfo], str]  # of what it takes, for people


MODELS: Mapping[str, Model] = {
    model.kind: model
    for model in (
        Model(
            "clip",
            "CLIP",
            "tells how well a picture fits a text",
            "livegan.networks.clip:Clip",
            "ViT-B-32.pt",
            "github.com/openai/CLIP",
            lambda info: f"{info.resolution[1]}x{info.resolution[0]}",
        ),
        Model(
            "wav2clip",
            "Wav2CLIP",
            "puts sounds among the pictures and texts of CLIP",
            "livegan.networks.wav2clip:Wav2Clip",
            "Wav2CLIP.pt",
            "github.com/descriptinc/lyrebird-wav2clip",
            lambda info: "sounds",
        ),
        Model(
            "vqgan",
            "VQGAN",
            "makes pictures of codes and codes of pictures",
            "livegan.networks.vqgan:Vqgan",
            "vqgan_imagenet_f16_16384.ckpt",
            "github.com/CompVis/taming-transformers",
            lambda info: f"{info.resolution[1]}x{info.resolution[0]} a code",
        ),
    )
}
"""Every kind by its name, in the order in which messages list them."""


def no_network(info: NetworkInfo) -> str:
    """A sentence for who wants to draw a model as a network."""
    model = MODELS[info.kind]
    return (
        f"{info.name} is a {model.title}: it {model.does}, and no scene can draw it; use it in a dream "
        "(livegan dream picture --help), and name a network here (livegan networks list)"
    )
