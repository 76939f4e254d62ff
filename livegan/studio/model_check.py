"""Check of a public model: does CLIP know colours by name, does a VQGAN draw again what it is shown, how fast."""

from collections.abc import Callable
from pathlib import Path
from statistics import median

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from livegan.core.clock import WallClock
from livegan.core.images import write_png
from livegan.errors import NetworkError
from livegan.motifs import draw
from livegan.networks.clip import Clip
from livegan.networks.device import choose_device
from livegan.networks.info import NetworkInfo
from livegan.networks.model_files import models_here
from livegan.networks.models import MODELS
from livegan.networks.vqgan import Vqgan
from livegan.networks.wav2clip import RATE, Wav2Clip
from livegan.networks.weights import load_model

RUNS = 3  # timed
SOUND_S = 10.0
SHOWN = ("silk", "glass", "kaleidoscope", "galaxy")  # motifs that a VQGAN draws again
CODES = 16  # across each: 256 px, where a code draws 16
COLOURS = {
    "red": (0.8, 0.1, 0.1),
    "green": (0.1, 0.6, 0.15),
    "blue": (0.1, 0.2, 0.8),
    "yellow": (0.95, 0.85, 0.1),
    "orange": (0.95, 0.5, 0.05),
    "purple": (0.5, 0.1, 0.6),
    "black": (0.02, 0.02, 0.02),
    "white": (0.98, 0.98, 0.98),
}


def check_model(info: NetworkInfo, device: str, sheet: Path) -> list[str]:
    """What is found out about a model, in lines of text; of a VQGAN also the picture `sheet`.

    NetworkError if its file is broken.
    """
    place = choose_device(device).device
    model = load_model(info).to(place)
    lines = [f"{info.name}: {MODELS[info.kind].title}; it {MODELS[info.kind].does}", f"on {place}"]
    with torch.inference_mode():
        if isinstance(model, Clip):
            return lines + _check_clip(model, info)
        if isinstance(model, Vqgan):
            return lines + _check_vqgan(model, sheet)
        if isinstance(model, Wav2Clip):
            return lines + _check_wav2clip(model)
    raise NetworkError(f"is of no kind that can be checked ('{info.kind}')", info.path)


def _check_clip(clip: Clip, info: NetworkInfo) -> list[str]:
    """Times, and how many plain colours it knows by name."""
    colours = torch.tensor(list(COLOURS.values()), device=clip.logit_scale.device)
    pictures = colours[:, :, None, None].expand(-1, -1, clip.size, clip.size)
    texts = [f"a plain {name} background" for name in COLOURS]
    image, text = (F.normalize(each, dim=1) for each in (clip.image(pictures), clip.text(texts)))
    known = int((image @ text.T).argmax(1).eq(torch.arange(len(COLOURS), device=image.device)).sum())
    activation = clip.shape.activation
    lines = [
        f"{_ms(lambda: clip.image(pictures[:1])):.0f} ms a picture of {clip.size}x{clip.size} px, "
        f"{_ms(lambda: clip.text(texts[:1])):.0f} ms a text",
        f"{known} of {len(COLOURS)} plain colours are known by name (by luck 1)",
        f"activation: {activation} ({info.shape.get('activation_from', 'unknown')})",
    ]
    if known < len(COLOURS) * 3 // 4:
        other = "gelu" if activation == "quick_gelu" else "quick_gelu"
        lines.append(
            f"so few: the weights are untrained, or its activation is another (networks add --activation {other})"
        )
    return lines


def _check_vqgan(vqgan: Vqgan, sheet: Path) -> list[str]:
    """Times, and pictures drawn again from their codes."""
    device, side = vqgan.codebook.device, CODES * vqgan.factor
    pictures = torch.cat([draw.draw(name, torch.zeros(1, 8), (side, side)) for name in SHOWN])
    codes = vqgan.encode(pictures.to(device) * 2 - 1)
    again = ((vqgan.decode(codes) + 1) / 2).clamp(0, 1)
    error = float((again.cpu() - pictures).square().mean())
    rows = [torch.cat(list(row), 2) for row in (pictures, again.cpu())]
    picture = (torch.cat(rows, 1).permute(1, 2, 0) * 255).round().byte().numpy()
    write_png(sheet, picture, "-o")
    seconds = _ms(lambda: vqgan.decode(codes[:1])) / 1e3
    return [
        f"{seconds:.2f} s a picture of {side}x{side} px, forward",
        f"codebook: {len(vqgan.codebook)} vectors of {vqgan.dim} numbers, each draws {vqgan.factor}x{vqgan.factor} px",
        f"{-10 * np.log10(max(error, 1e-12)):.1f} dB like what it was shown (a trained one: about 20 for photographs)",
        f"{sheet}: what it was shown above, what it drew below",
    ]


def _check_wav2clip(model: Wav2Clip) -> list[str]:
    """Its time, and the CLIPs that it fits."""
    times = torch.arange(int(SOUND_S * RATE)) / RATE
    sound: Tensor = 0.3 * torch.sin(2 * torch.pi * 220 * times)
    fits = [info.name for info in models_here("clip") if info.z_dim == model.dim]
    where = f"as many as those of {', '.join(fits)}" if fits else "of which no CLIP is here: add ViT-B-32.pt"
    return [
        f"{_ms(lambda: model.embed(sound)):.0f} ms for {SOUND_S:g} s of sound",
        f"embeddings of {model.dim} numbers, {where}; it was trained for CLIP ViT-B/32 of OpenAI",
    ]


def _ms(run: Callable[[], object]) -> float:
    """The median time of a call [ms], after one that does not count."""
    run()
    clock, times = WallClock(), []
    for _ in range(RUNS):
        start = clock.now()
        run()
        times.append(clock.now() - start)
    return 1e3 * median(times)
