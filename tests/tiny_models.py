"""Tiny public models of random weights: CLIP, Wav2CLIP and VQGAN, for tests that need no real file.

`random_clip(seed)` and so on are in memory; `add_models(folder)` writes files that `find_model` finds in the user's
folder. Weights come from NumPy, so that they are the same everywhere.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch

from livegan.networks import clip_shape, vqgan_shape, wav2clip_shape
from livegan.networks.clip import Clip
from livegan.networks.clip_shape import ClipShape
from livegan.networks.clip_tokens import VOCABULARY
from livegan.networks.info import NetworkInfo
from livegan.networks.vqgan import Vqgan
from livegan.networks.vqgan_shape import VqganShape
from livegan.networks.wav2clip import Wav2Clip
from livegan.networks.wav2clip_shape import Wav2ClipShape
from livegan.networks.weights import save_weights

Arrays = dict[str, np.ndarray]
EMBED = 32
CLIP = ClipShape(EMBED, 32, 128, (2,), 2, 256, 16, 77, VOCABULARY, 32, 2, 1, 64)
RESNET_CLIP = ClipShape(EMBED, 64, 8, (1, 2, 1, 1), 4, 0, 32, 77, VOCABULARY, 32, 1, 1, 64, "gelu")
WAV2CLIP = Wav2ClipShape(8, (1, 2, 1, 1), 48, EMBED)
PUBLIC_WAV2CLIP = Wav2ClipShape(64, (2, 2, 2, 2), 512, 512)
VQGAN = VqganShape(64, 24, 40, 32, (32, 32, 64), 1, (2,), gumbel=False)
GUMBEL = VqganShape(64, 40, 40, 32, (32, 64), 1, (1,), gumbel=True)


def random_arrays(shapes: Mapping[str, tuple[int, ...]], seed: int = 5) -> Arrays:
    """Random tensors in the proportions of trained ones."""
    arrays = {}
    for index, name in enumerate(sorted(shapes)):
        shape = shapes[name]
        array = np.random.default_rng([seed, index]).standard_normal(shape, np.float32)
        if name == "logit_scale":
            array = np.float32(2.5)
        elif name.endswith("running_var"):
            array = 0.5 + np.abs(array)
        elif len(shape) == 1:  # biases, and weights of normalisations
            array = 0.1 * array + (name.endswith("weight"))
        elif "embed" not in name:
            fan_in = shape[0] if name.endswith(("proj", "projection")) else int(np.prod(shape[1:]))
            array = array / np.sqrt(fan_in)
        arrays[name] = np.asarray(array, np.float32)
    return arrays


def random_clip(seed: int = 5, shape: ClipShape = CLIP) -> Clip:
    """A CLIP for pictures of 32 px whose embeddings have 32 numbers, in milliseconds."""
    return _filled(Clip(shape), clip_shape.tensor_shapes(shape), seed)


def random_wav2clip(seed: int = 5, shape: Wav2ClipShape = WAV2CLIP) -> Wav2Clip:
    """A Wav2CLIP for `random_clip`."""
    return _filled(Wav2Clip(shape), wav2clip_shape.tensor_shapes(shape), seed)


def random_vqgan(seed: int = 5, shape: VqganShape = VQGAN) -> Vqgan:
    """A VQGAN of factor 4 with 64 codes."""
    return _filled(Vqgan(shape), vqgan_shape.tensor_shapes(shape), seed)


def sounds() -> dict[str, torch.Tensor]:
    """A second of noise, and one of a tone with a little noise, 16 kHz."""
    noise = torch.from_numpy(np.random.default_rng(1).standard_normal(16000).astype(np.float32))
    return {"noise": noise * 0.1, "tone": torch.sin(torch.arange(16000) * 0.2) + noise * 0.001}


def add_models(folder: Path, seed: int = 5) -> dict[str, NetworkInfo]:
    """One of each kind as files in `folder`, e.g. `library.installed_folder()`, by kind."""
    folder.mkdir(parents=True, exist_ok=True)
    clip = {"activation": CLIP.activation, "heads": CLIP.heads}
    made: dict[str, tuple[torch.nn.Module, tuple[int, int], int, dict[str, Any]]] = {
        "clip": (random_clip(seed), (CLIP.size, CLIP.size), EMBED, clip),
        "wav2clip": (random_wav2clip(seed), (1, 1), EMBED, {}),
        "vqgan": (random_vqgan(seed), (VQGAN.factor, VQGAN.factor), VQGAN.embed, {}),
    }
    infos = {}
    for kind, (model, resolution, dim, shape) in made.items():
        infos[kind] = NetworkInfo(f"tiny-{kind}", folder / f"tiny-{kind}.json", kind, resolution, dim, shape=shape)
        save_weights(infos[kind], model.state_dict())
    return infos


def _filled(model: Any, shapes: Mapping[str, tuple[int, ...]], seed: int) -> Any:
    model.load_state_dict({name: torch.from_numpy(array) for name, array in random_arrays(shapes, seed).items()})
    return model.eval().requires_grad_(False)
