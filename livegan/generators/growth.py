"""Make `growth`: five snapshots of one small StyleGAN2, from a blurred glow to fine lines. Nothing in it was trained.

``python -m livegan.generators.growth [folder]`` writes 1.safetensors .. 5.safetensors and their .json, always the same
bytes. The network follows the rule of `untrained` with fewer channels. What grows is where its light comes from: the
youngest lights only the lamps of 32 px, which are large and soft, each older one more of the finer, the oldest mostly
the finest. So the weights between two neighbours are a network between them, and its pictures lie between theirs.
"""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import torch
from torch import Tensor

from livegan.generators.controls import Controls
from livegan.generators.info import NetworkInfo
from livegan.generators.stylegan2 import Network, Shape
from livegan.generators.weights import save_weights

CHANNELS = (48, 48, 48, 48, 32, 16, 16)
W_DIM, CLASS_PART = 48, 20
SEED, SAMPLES = 5, 96  # latents looked at: more than in `untrained`, for fewer channels need surer offsets
LIT = (  # per snapshot: how much of the light of 32, 64, 128 and 256 px is seen
    (1.0, 0.4, 0.0, 0.0),
    (0.7, 1.0, 0.2, 0.0),
    (0.4, 0.8, 0.9, 0.0),
    (0.3, 0.6, 1.0, 0.35),
    (0.1, 0.25, 0.6, 1.5),
)
FULL = (0.97, 0.5)  # this share of the pixels, in this share of the pictures, is not at full brightness


def rule() -> ModuleType:
    """The rule of `untrained`, a copy of its own, for a network of our size."""
    found = importlib.util.find_spec("livegan.generators.untrained")
    assert found is not None
    assert found.loader is not None
    copy = importlib.util.module_from_spec(found)
    found.loader.exec_module(copy)
    classes = len(copy.CLASSES)
    copy.__dict__.update(W_DIM=W_DIM, CLASS_PART=CLASS_PART, SHAPE=Shape(W_DIM, W_DIM, CHANNELS, classes, 2))
    return copy


def age(network: Network, lit: tuple[float, ...]) -> dict[str, Tensor]:
    """The tensors of `network` with its lamps lit so much, and as bright as ever."""
    first = len(CHANNELS) - len(lit)
    tensors = {key: tensor.clone() for key, tensor in network.state_dict().items()}
    styles = [f"synthesis.b{4 << (first + at)}.torgb.affine" for at in range(len(lit))]
    chance = torch.Generator().manual_seed(SEED)
    z = torch.randn(SAMPLES, W_DIM, generator=chance)
    classes = torch.eye(network.shape.c_dim)[torch.arange(SAMPLES) % network.shape.c_dim]
    gain = 1.0
    for _ in range(2):
        for style, share in zip(styles, lit, strict=True):
            for part in ("weight", "bias"):
                tensors[f"{style}.{part}"] = network.state_dict()[f"{style}.{part}"] * share * gain
        aged = Network(network.shape)
        aged.load_state_dict(tensors)
        ws = aged.map(z, classes)[:, None].expand(-1, aged.num_ws, -1)
        pictures = torch.cat([aged.synthesize(some, Controls()) for some in torch.split(ws, 12)])
        bright = (pictures.amax(dim=1) + 1)[:, ::2, ::2].flatten(1).quantile(FULL[0], dim=1)
        gain *= 1.9 / float(bright.quantile(FULL[1]))
    return {key: tensor.half() for key, tensor in tensors.items()}


def write(folder: Path) -> list[NetworkInfo]:
    """Make the snapshots and write their files into `folder`."""
    made_with = rule()
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # the order of sums, and so the last bit, depends on the number of threads
    infos = []
    try:
        with torch.no_grad():
            network: Network = made_with.Rule(seed=SEED, samples=SAMPLES).make()
            for number, lit in enumerate(LIT, 1):
                info = NetworkInfo(
                    name=str(number),
                    path=folder / f"{number}.json",
                    kind="stylegan2",
                    resolution=(256, 256),
                    z_dim=W_DIM,
                    c_dim=network.shape.c_dim,
                    w_dim=W_DIM,
                    title=f"Growth, age {number} of {len(LIT)}: weights from a rule and a seed, light on black",
                    licence="CC0-1.0",
                    made_by="python -m livegan.generators.growth",
                    classes=tuple(name for name, _, _ in made_with.CLASSES),
                    shape={"architecture": "skip", "channels": list(CHANNELS), "mapping_layers": 2},
                )
                save_weights(info, age(network, lit))
                infos.append(info)
    finally:
        torch.set_num_threads(threads)
    return infos


if __name__ == "__main__":
    place = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parent / "networks" / "growth"
    place.mkdir(parents=True, exist_ok=True)
    for made in write(place):
        print(f"wrote {made.weights}")
