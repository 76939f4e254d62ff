"""Files of the public models, found by kind and name. No torch here."""

from pathlib import Path

from livegan.core.text import printable
from livegan.errors import NetworkError
from livegan.networks.catalogue import slug
from livegan.networks.info import NetworkInfo, read_info
from livegan.networks.library import find_network, installed_folder
from livegan.networks.models import MODELS
from livegan.networks.weights_file import weight_entries

Shapes = dict[str, tuple[int, ...]]


def models_here(kind: str) -> list[NetworkInfo]:
    """The models of that kind that the player has added, by name; what cannot be read is left out."""
    found = []
    for path in sorted(installed_folder().glob("*.json")):
        try:
            info = read_info(path)
        except NetworkError:  # whoever names it is told
            continue
        if info.kind == kind and info.weights.is_file():
            found.append(info)
    return found


def find_model(kind: str, name: str | Path = "") -> NetworkInfo:
    """The model of that kind and name, or in that file; without a name the first that is here.

    "ViT-B/32" finds what was added from ViT-B-32.pt. NetworkError says what to type where there is none.
    """
    model = MODELS[kind]
    here = models_here(kind)
    if not str(name):
        if not here:
            raise NetworkError(f"there is no {model.title} here, which {model.does}; {model.get}")
        return here[0]
    same = [info for info in here if slug(str(name)) in (slug(info.name), slug(info.title.removeprefix(model.title)))]
    info = same[0] if same else find_network(name)
    if info.kind != kind:
        title = MODELS[info.kind].title if info.kind in MODELS else info.kind
        raise NetworkError(f"{printable(str(name))}: is no {model.title} but a {printable(title)}")
    return info


def tensor_shapes(info: NetworkInfo) -> Shapes:
    """Names and shapes of the tensors in its weights, from the head of the file; NetworkError if it is broken."""
    return {name: entry.shape for name, entry in weight_entries(info).items()}
