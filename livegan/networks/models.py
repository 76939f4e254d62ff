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
    get: str  # what to type, or to download first
    size: Callable[[NetworkInfo], str]  # of what it takes, for people
    shape: str  # module without torch: `shape_from` the shapes of tensors, and the `tensor_shapes` that it then has
    hints: tuple[str, ...] = ()  # keys of "shape" in its JSON that `shape_from` also takes


MODELS: Mapping[str, Model] = {
    model.kind: model
    for model in (
        Model(
            "clip",
            "CLIP",
            "tells how well a picture fits a text",
            "livegan.networks.clip:Clip",
            "type: livegan networks add clip-vit-b-32 (354 MB are fetched), or: livegan networks add ViT-B-32.pt",
            lambda info: f"{info.resolution[1]}x{info.resolution[0]}",
            "livegan.networks.clip_shape",
            hints=("activation", "heads"),
        ),
        Model(
            "wav2clip",
            "Wav2CLIP",
            "puts sounds among the pictures and texts of CLIP",
            "livegan.networks.wav2clip:Wav2Clip",
            "type: livegan networks add wav2clip (it is fetched), or: livegan networks add Wav2CLIP.pt",
            lambda info: "sounds",
            "livegan.networks.wav2clip_shape",
        ),
        Model(
            "vqgan",
            "VQGAN",
            "makes pictures of codes and codes of pictures",
            "livegan.networks.vqgan:Vqgan",
            "download one (livegan networks info vqgan-imagenet-f16-16384), then type: livegan networks add last.ckpt",
            lambda info: f"{info.resolution[1]}x{info.resolution[0]} a code",
            "livegan.networks.vqgan_shape",
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
