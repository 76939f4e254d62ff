"""Small networks of further architectures, fitted to the motifs by regression, and docs/networks-fitted.jpg of them.

    python -m tools.fit_motifs fit stylegan-t build/fitted --minutes 35
    python -m tools.fit_motifs sheet build/fitted

No discriminator: each z is the latent of a motif's picture, which the network learns to draw. So they show what an
architecture does with its latents in a show, not how real it can look.
"""

import time
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import torch
import torch.nn.functional as F
import typer
from PIL import Image, ImageDraw
from torch import Tensor, nn

from livegan.motifs.draw import NAMES, SHOWN, draw
from livegan.networks.api import load_network
from livegan.networks.architectures.protocol import StyleNet
from livegan.networks.info import NetworkInfo
from livegan.networks.network_class import network_class
from livegan.networks.synthesis_options import SynthesisOptions
from livegan.networks.weights import save_weights

SIDE, BATCH, MOTIF_DIM = 128, 6, 8
CHANNELS = [160, 160, 128, 96, 48, 24]
OPTIONS = SynthesisOptions(noise=(0.0, 0.0, 0.0))
TITLES = {
    "fastgan": "FastGAN",
    "progressive": "Progressive GAN",
    "stylegan1": "StyleGAN (2019)",
    "stylegan-t": "StyleGAN-T",
}
FIELDS: dict[str, dict[str, Any]] = {
    "fastgan": {
        "z_dim": 32,
        "w_dim": 64,
        "shape": {"channels": [160, 128, 96, 64, 48, 24], "convolutions": [2, 1, 2, 1, 1]},
        "classes": ("rings", "neon", "galaxy"),
    },
    "progressive": {"z_dim": 8, "w_dim": 11, "shape": {"channels": CHANNELS}, "classes": ("silk", "glass", "neon")},
    "stylegan1": {
        "z_dim": 8,
        "w_dim": 64,
        "shape": {"channels": CHANNELS, "mapping_layers": 4, "mapping_width": 64},
        "classes": ("silk", "turing", "kaleidoscope"),
    },
    "stylegan-t": {
        "z_dim": 8,
        "w_dim": 11,
        "shape": {"channels": [128, 96, 64, 48, 24], "layers": [2, 2, 2, 2, 2], "groups": 8},
        "classes": ("neon", "glass", "kaleidoscope"),
    },
}
RATE = {"fastgan": 1e-3, "progressive": 3e-3}  # learning rate, where it is not 2e-3
SEEDS = (3, 5)  # of the sheet, for each class
TILE, CAPTION = 196, 18  # [px]

app = typer.Typer(add_completion=False)


def begun(kind: str, folder: Path) -> tuple[NetworkInfo, StyleNet]:
    """A network with random weights, in the proportions in which it learns."""
    info = NetworkInfo(kind, folder / f"{kind}.json", kind, (SIDE, SIDE), c_dim=3, licence="CC0-1.0", **FIELDS[kind])
    net = network_class(kind).from_info(info)
    rng = torch.Generator().manual_seed(3)
    for name, tensor in net.state_dict().items():
        if name.endswith("freqs"):
            tensor.normal_(generator=rng)
        elif name.endswith("phases"):
            tensor.uniform_(generator=rng)
    for name, weights in net.named_parameters():
        if name.endswith(("bias", "noise_strength")):
            weights.zero_()
        else:
            weights.normal_(generator=rng)
        _scale(kind, name, weights)
    return info, net


def _scale(kind: str, name: str, weights: Tensor) -> None:
    if kind == "fastgan" and weights.ndim > 1:  # no norms keep its variance
        fan_in = len(weights) if name == "init.weight" else weights[0].numel()
        weights.div_(8 if weights.ndim == 2 else fan_in**0.5)
    elif "mapping.fc" in name and name.endswith("weight"):
        weights.mul_(100)
    elif name.endswith("mlp.fc0.weight") or name.endswith("mlp.fc1.weight"):
        weights.mul_(0.3).add_(torch.eye(len(weights)), alpha=50 * len(weights) ** 0.5)
    elif name.endswith("gamma"):
        weights.fill_(0.1)
    elif name.endswith("norm.weight"):
        weights.fill_(1.0)
    elif kind == "stylegan-t" and name.endswith("proj.bias"):  # style = first * second + third
        weights[2 * len(weights) // 3 :] = 1.0
    elif kind == "stylegan-t" and name.endswith("torgb.weight"):
        weights.mul_(0.3)
    elif name.endswith("input.affine.weight"):
        weights.zero_()
    elif name.endswith("input.affine.bias"):  # not turned
        weights[0] = 1.0


def examples(info: NetworkInfo, count: int) -> tuple[Tensor, Tensor, Tensor]:
    """z (n, z_dim), classes (n, 3) and pictures -1..1 (n, 3, SIDE, SIDE), class by class."""
    numbers = torch.randint(0, len(info.classes), (count,)).sort().values
    z = torch.randn(count, info.z_dim)
    pictures = []
    for number in numbers.unique().tolist():
        motif = info.classes[number]
        latents = z[numbers == number, :MOTIF_DIM] * 0.8
        pictures.append(draw(motif, latents, (SIDE, SIDE), (SHOWN[NAMES.index(motif)],), finer=2))
    return z, F.one_hot(numbers, len(info.classes)).float(), torch.cat(pictures) * 2 - 1


def drawn(net: StyleNet, z: Tensor, classes: Tensor) -> Tensor:
    """Pictures -1..1 (n, 3, SIDE, SIDE)."""
    return net.synthesize(net.map(z, classes)[:, None].expand(-1, net.num_ws, -1), OPTIONS)


def distance(a: Tensor, b: Tensor) -> Tensor:
    """Mean differences of pixels and of their slopes, at four sizes."""
    total = a.new_zeros(())
    for _ in range(4):
        apart = a - b
        total = total + apart.abs().mean()
        total = total + 0.5 * (apart.diff(dim=3).abs().mean() + apart.diff(dim=2).abs().mean())
        a, b = F.avg_pool2d(a, 2), F.avg_pool2d(b, 2)
    return total


def learn(net: StyleNet, info: NetworkInfo, seconds: float) -> None:
    """Adam on `distance`, bfloat16, for so long; the weights are then their moving average."""
    weights = [value for name, value in net.named_parameters() if not name.endswith("strength")]
    rate = RATE.get(info.kind, 2e-3)
    optimiser = torch.optim.Adam(weights, lr=rate, betas=(0.0, 0.99))
    average = [value.detach().clone() for value in weights]
    began_s, step, mean = time.monotonic(), 0, 0.0
    while (done := (time.monotonic() - began_s) / seconds) < 1:
        for group in optimiser.param_groups:
            group["lr"] = rate * min(1.0, (step + 1) / 50) * min(1.0, max(0.03, (1 - done) / 0.4))
        z, classes, wanted = examples(info, BATCH)
        with torch.autocast("cpu", torch.bfloat16):
            pictures = drawn(net, z, classes)
        loss = distance(pictures.float(), wanted)
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(weights, 5.0)
        optimiser.step()
        with torch.no_grad():
            for kept, value in zip(average, weights, strict=True):
                kept.lerp_(value, 1 - min(0.998, step / (step + 10)))
        step += 1
        mean += (float(loss.detach()) - mean) / min(step, 50)
        if step % 100 == 0:
            print(
                f"{info.kind}: {step} steps, {seconds * (1 - done) / 60:.0f} min left, distance {mean:.3f}", flush=True
            )
    with torch.no_grad():
        for kept, value in zip(average, weights, strict=True):
            value.copy_(kept)


def centre(net: StyleNet, info: NetworkInfo) -> None:
    """Take the averages that truncation leads to."""
    z = torch.randn(4096, info.z_dim)
    classes = F.one_hot(torch.randint(0, len(info.classes), (len(z),)), len(info.classes)).float()
    w = net.map(z, classes)
    for name, value in net.named_buffers():
        if name.endswith("w_avg"):
            value.copy_(w.mean(0).view_as(value))
        elif name.endswith("x_avg"):
            value.copy_(w[:, : len(value)].mean(0))


@app.command()
def fit(kind: str, folder: Path, minutes: float = 35.0) -> None:
    """Fit a network of this architecture and save it in the folder."""
    torch.set_num_threads(1)
    torch.manual_seed(1)
    batch_norm = F.batch_norm  # StyleGAN's instance norm: in float32, as autocast leaves it no other way
    F.batch_norm = lambda x, *rest, **named: batch_norm(  # type: ignore[assignment]
        x.float(), *(each.float() if isinstance(each, Tensor) else each for each in rest), **named
    ).to(x.dtype)
    folder.mkdir(parents=True, exist_ok=True)
    with torch.no_grad():
        info, net = begun(kind, folder)
    learn(net.requires_grad_(True), info, minutes * 60)
    with torch.no_grad():
        centre(net.requires_grad_(False), info)
    save_weights(replace(info, made_by=f"python -m tools.fit_motifs fit {kind}"), net.state_dict())


@app.command()
def sheet(folder: Path, output: Annotated[Path, typer.Option()] = Path("docs/networks-fitted.jpg")) -> None:
    """A row for each network in the folder: two seeds of three classes."""
    rows = []
    for kind, title in TITLES.items():
        network = load_network(folder / f"{kind}.json")
        row = Image.new("RGB", (TILE * 6, TILE + CAPTION), (12, 12, 14))
        ImageDraw.Draw(row).text((4, 3), title, (190, 190, 196))
        for place in range(6):
            z = np.random.default_rng(SEEDS[place % 2]).standard_normal(network.z_dim)
            (w,) = network.map(z[None], [place // 2])
            picture = Image.fromarray(np.asarray(network.render(w)))
            row.paste(picture.resize((TILE, TILE), Image.Resampling.LANCZOS), (place * TILE, CAPTION))
        rows.append(row)
    whole = Image.new("RGB", (TILE * 6, sum(row.height for row in rows)))
    for number, row in enumerate(rows):
        whole.paste(row, (0, number * rows[0].height))
    whole.save(output, quality=88)
    print(output)


if __name__ == "__main__":
    app()
