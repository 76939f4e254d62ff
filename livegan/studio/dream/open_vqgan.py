"""VQGAN and CLIP-guided dreamers, opened: which models, which size, which device."""

import re
from pathlib import Path

import torch

from livegan.core.types import Pixels
from livegan.errors import DreamError, NetworkError
from livegan.networks.clip import Clip, load_clip
from livegan.networks.device import check_device, choose_device
from livegan.networks.info import NetworkInfo
from livegan.networks.model_files import find_model, models_here
from livegan.networks.vqgan import load_vqgan
from livegan.networks.wav2clip import load_wav2clip
from livegan.studio.dream.aim_losses import SoundModel
from livegan.studio.dream.clip_style_dreamer import CUTS, ClipStyleDreamer
from livegan.studio.dream.prompts import parse_noise
from livegan.studio.dream.vqgan_dreamer import VqganDreamer
from livegan.studio.dream.vqgan_options import VqganOptions
from livegan.studio.projector_network import ProjectorNetwork

FAVOURITES = {"clip": "ViT-B/32", "vqgan": "vqgan_imagenet_f16_16384"}  # VQGAN-CLIP's own
CPU_PX, SMALL_GPU_PX, GPU_PX = 256, 304, 512  # sides of a picture (VQGAN-CLIP)
SMALL_GPU_BYTES = 8 << 30


def open_vqgan_dreamer(
    options: VqganOptions, *, seed: int = 0, device: str = "auto", init_image: Pixels | None = None
) -> VqganDreamer:
    """The dreamer in a VQGAN; NetworkError or DreamError, with what to type, for a model that is not here."""
    place = torch_device(options.cuda_device or device)
    torch.backends.cudnn.deterministic = options.cudnn_determinism
    vqgan_name = model_name("vqgan", options.vqgan_checkpoint)
    clip = open_clip(options.clip_model, place)
    return VqganDreamer(
        load_vqgan(vqgan_name, place),
        clip,
        options,
        options.size or default_size(place),
        seed if options.seed is None else options.seed,
        lambda: open_sound_model(place),
        init_image,
        place,
    )


def open_clip_style_dreamer(
    network: ProjectorNetwork,
    info: NetworkInfo,
    options: VqganOptions,
    *,
    size: tuple[int, int] | None = None,
    seed: int = 0,
    learning_rate: float | None = None,
) -> ClipStyleDreamer:
    """The dreamer in the w of a network, guided by CLIP; errors as `open_vqgan_dreamer`. A few cutouts do."""
    clip = open_clip(options.clip_model, network.device)
    cuts = CUTS if options.num_cuts == VqganOptions().num_cuts else options.num_cuts
    return ClipStyleDreamer(
        network,
        info,
        clip,
        size,
        seed,
        learning_rate,
        cuts,
        options.augments,
        lambda: open_sound_model(network.device),
        parse_noise(options.noise_prompt_seeds, options.noise_prompt_weights),
    )


def open_clip(name: str, device: str) -> Clip:
    """The CLIP of that name or file, or the best that is here."""
    return load_clip(model_name("clip", name), device)


def open_sound_model(device: str) -> SoundModel:
    """The Wav2CLIP that is here."""
    return load_wav2clip("", device)


def model_files(options: VqganOptions, model: str) -> dict[str, Path]:
    """The files of weights that "clip" or "vqgan" dreams with: kind -> file; NetworkError if there is none to take."""
    names = {"clip": options.clip_model} | ({"vqgan": options.vqgan_checkpoint} if model == "vqgan" else {})
    files = {kind: find_model(kind, model_name(kind, name)).weights for kind, name in names.items()}
    return files | {info.kind: info.weights for info in models_here("wav2clip")[:1]}


def model_name(kind: str, name: str) -> str | Path:
    """What was named, else VQGAN-CLIP's own choice, else what is here; NetworkError if nothing is."""
    if name:
        return Path(name) if Path(name).is_file() else name
    if not models_here(kind):
        find_model(kind)  # says what to add
    try:
        return find_model(kind, FAVOURITES[kind]).path
    except NetworkError:
        return ""


def torch_device(name: str) -> str:
    """The device for torch of "auto", "cpu", "cuda", "cuda:1" ...; DreamError or NetworkError if it is not here."""
    numbered = re.fullmatch(r"cuda:(\d{1,3})", name)
    if numbered is None:
        return choose_device(name).device
    check_device("cuda")
    count = torch.cuda.device_count()
    if int(numbered[1]) >= count:
        raise DreamError(f"there is no {name}: this machine has {count}, cuda:0 first; type: --cuda_device cuda:0")
    return name


def default_size(device: str) -> tuple[int, int]:
    """Size of a picture where none is asked for, as VQGAN-CLIP has it."""
    if not device.startswith("cuda"):
        return CPU_PX, CPU_PX
    memory = torch.cuda.get_device_properties(torch.device(device)).total_memory
    return (SMALL_GPU_PX, SMALL_GPU_PX) if memory <= SMALL_GPU_BYTES else (GPU_PX, GPU_PX)
