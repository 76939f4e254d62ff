"""Training benchmark: livegan's trainer against a textbook loop over the same networks, in one run.

The textbook loop: float32, pictures as (n, c, h, w), one convolution with modulated weights per picture
(`StyleGAN2.synthesize`), the discriminator layer by layer, pictures generated once for the discriminator and again for
the generator, weights averaged one by one. The variants alternate step by step, so that other load on the machine
slows all of them. R1 is lazy: steps with it are timed separately and weighted by their frequency. Path lengths and
augmentation are off, the data lies in memory.
"""

import copy
import gc
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from livegan.core.clock import WallClock
from livegan.networks.architectures.stylegan2 import GAIN, HALF_POWER, SLOPE, StyleGAN2, blur_kernel, normalise
from livegan.networks.device import choose_device, has_bf16, machine
from livegan.training import losses
from livegan.training.adversarial import AdversarialTrainer
from livegan.training.discriminator import ConvLayer, Discriminator, DownBlock, minibatch_stddev
from livegan.training.distributed import ProcessGroup
from livegan.training.generator import init_generator
from livegan.training.run import NO_MEMORY
from livegan.training.settings import PRESETS, Precision, Settings, preset

MessageCallback = Callable[[str], None]

C_DIM = 12
PICTURES = 64  # in memory
STEPS = 6  # without R1 that are timed, of each variant
R1_STEPS = 2  # that are timed
WARMUP_STEPS = 1  # of each kind, not timed
CPU_BATCH = 4
CPU_PRESETS = ("tiny-64", "house-256")  # a step of the larger ones takes minutes
MAX_STEP_S = 60.0  # a variant whose first step takes longer is not timed
PLAIN, F32, BF16 = "plain", "ours, f32", "ours, bf16"


class Trainable(Protocol):
    """A variant of the training step."""

    steps: int  # taken; those divisible by settings.r1_every have R1

    def step(self) -> Mapping[str, float]:
        """One batch for each of the two networks."""
        ...


class RandomImages:
    """Training set of random pictures in memory."""

    colours = 3
    c_dim = C_DIM
    classes: tuple[str, ...] = ()

    def __init__(self, side: int) -> None:
        """Of `side` pixels; the same for the same side."""
        self.size = (side, side)
        generator = torch.Generator().manual_seed(side)
        coarse = torch.rand(PICTURES, 3, 16, 16, generator=generator) * 255
        self._pictures = F.interpolate(coarse, self.size, mode="bilinear").to(torch.uint8)

    def __len__(self) -> int:
        return PICTURES

    def label(self, i: int) -> int:
        """The class of picture `i`."""
        return i % C_DIM

    def batch(self, indices: Sequence[int]) -> tuple[Tensor, Tensor]:
        return self._pictures[list(indices)], torch.eye(C_DIM)[[self.label(index) for index in indices]]


class TextbookTrainer:
    """Textbook training loop."""

    def __init__(self, settings: Settings, data: RandomImages, device: torch.device) -> None:
        """With the initial weights of `AdversarialTrainer`."""
        self.settings, self.data, self.device = settings, data, device
        self.network = init_generator(settings.shape(C_DIM), settings.seed).to(device)
        self.average = copy.deepcopy(self.network).requires_grad_(False)
        discriminator = Discriminator(settings.d_channels, settings.side, 3, C_DIM)
        self.discriminator = discriminator.init_weights(settings.seed + 1).to(device)
        betas = (settings.beta1, settings.beta2)
        self._adam = torch.optim.Adam(self.network.parameters(), settings.lr, betas)
        self._d_adam = torch.optim.Adam(self.discriminator.parameters(), settings.d_lr, betas)
        self.steps = 0

    def step(self) -> Mapping[str, float]:
        """One step of the discriminator, the generator and the moving average."""
        settings = self.settings
        generator = torch.Generator().manual_seed(self.steps)
        pictures, classes = self.data.batch(torch.randint(PICTURES, (settings.batch,), generator=generator).tolist())
        real, classes = pictures.to(self.device).float() / 127.5 - 1, classes.to(self.device)

        with torch.no_grad():
            fake = self._draw(classes, generator)
        penalised = settings.gamma > 0 and self.steps % settings.r1_every == 0
        real_logits = reference_logits(self.discriminator, real.requires_grad_(penalised), classes)
        loss_d = losses.discriminator_loss_fake(reference_logits(self.discriminator, fake, classes))
        loss_d = loss_d + losses.discriminator_loss_real(real_logits)
        total = loss_d
        if penalised:
            total = loss_d + losses.r1(real_logits, real) * (settings.gamma / 2 * settings.r1_every)
        total.backward()  # type: ignore[no-untyped-call]
        self._d_adam.step()
        self._d_adam.zero_grad()

        self.discriminator.requires_grad_(False)
        loss_g = losses.generator_loss(reference_logits(self.discriminator, self._draw(classes, generator), classes))
        loss_g.backward()  # type: ignore[no-untyped-call]
        self.discriminator.requires_grad_(True)
        self._adam.step()
        self._adam.zero_grad()

        keep = 0.5 ** (settings.batch / (1000 * settings.ema_kimg))
        with torch.no_grad():
            for mean, now in zip(self.average.parameters(), self.network.parameters(), strict=True):
                mean.copy_(now.lerp(mean, keep))
        self.steps += 1
        return {"loss_d": float(loss_d.detach()), "loss_g": float(loss_g.detach())}

    def _draw(self, classes: Tensor, generator: torch.Generator) -> Tensor:
        network: StyleGAN2 = self.network
        z = torch.randn(2, len(classes), network.z_dim, generator=generator).to(self.device)
        cut = losses.mixing_cutoffs(len(classes), network.num_ws, self.settings.mixing, generator).to(self.device)
        return network.synthesize(
            losses.mix_styles(network.map(z[0], classes), network.map(z[1], classes), cut, network.num_ws)
        )


def reference_logits(discriminator: Discriminator, pictures: Tensor, classes: Tensor) -> Tensor:
    """Logits (n,) of the discriminator, layer by layer in float32: the reference of the fast forward pass."""

    def filtered(layer: ConvLayer, x: Tensor, stride: int = 1) -> Tensor:
        padding = layer.weight.shape[-1] // 2 if stride == 1 else 0
        x = F.conv2d(x, layer.weight * layer.gain, layer.bias, stride, padding)
        return x if layer.bias is None else F.leaky_relu(x, SLOPE) * GAIN

    def blurred(x: Tensor, padding: int) -> Tensor:
        kernel = blur_kernel().to(x.device).expand(x.shape[1], 1, -1, -1)
        return F.conv2d(F.pad(x, (padding,) * 4), kernel, groups=x.shape[1])

    x = filtered(discriminator.fromrgb, pictures)
    for block in discriminator.blocks:
        assert isinstance(block, DownBlock)
        short = filtered(block.skip, blurred(x, 1)[:, :, ::2, ::2])
        long = filtered(block.conv1, blurred(filtered(block.conv0, x), 2), stride=2)
        x = (long + short) * HALF_POWER
    x = filtered(discriminator.conv, torch.cat([x, minibatch_stddev(x, discriminator.group)], dim=1))
    x = F.leaky_relu(discriminator.dense(x.flatten(1)), SLOPE) * GAIN
    logits: Tensor = discriminator.out(x)
    if discriminator.c_dim:
        logits = logits * normalise(discriminator.embed(classes)) / logits.shape[1] ** 0.5
    return logits.sum(dim=1)


def measure(
    presets: Sequence[str] | None = None,
    steps: int = STEPS,
    batch: int | None = None,
    device: str = "auto",
    echo: MessageCallback = lambda _: None,
) -> dict[str, Any]:
    """All figures as JSON values: by preset and variant ms, pictures per second, and speed over the textbook loop.

    `presets` None: all on an NVIDIA GPU, else the smaller ones; `batch` None: the preset's there, else CPU_BATCH.
    `device` as in `choose_device`; NetworkError if it is not there.
    """
    chosen = torch.device(choose_device(device).device)
    on_gpu = chosen.type == "cuda"
    rows: list[dict[str, Any]] = []
    for name in presets if presets is not None else tuple(PRESETS) if on_gpu else CPU_PRESETS:
        settings = preset(name)
        settings = replace(settings, batch=batch or (settings.batch if on_gpu else CPU_BATCH))
        echo(f"{name}, {settings.batch} pictures a step")
        rows += compare(replace(settings, augment="none", pl_weight=0.0), steps, chosen)
    threads = torch.get_num_threads()
    where = "GPU" if chosen.type != "cpu" else f"{threads} thread{'s' if threads > 1 else ''}"
    return {"machine": machine(), "device": where, "torch": torch.__version__, "rows": rows}


def compare(settings: Settings, steps: int, device: torch.device) -> list[dict[str, Any]]:
    """Time all variants of one preset; one that does not fit into memory or MAX_STEP_S has a reason, no figures."""
    data = RandomImages(settings.side)
    makers: dict[str, Callable[[], Trainable]] = {
        PLAIN: lambda: TextbookTrainer(settings, data, device),
        F32: lambda: livegan_trainer(settings, data, device, "f32"),
        BF16: lambda: livegan_trainer(settings, data, device, "bf16"),
    }
    if device.type == "cpu" and not has_bf16():
        del makers[BF16]
    variants: dict[str, Trainable] = {}
    refused: dict[str, str] = {}
    for name, make in makers.items():
        variant, why = tried(make, device)
        if variant is not None:
            variants[name] = variant
            continue
        refused[name] = why
        gc.collect()  # what was refused is in a reference cycle
        if device.type == "cuda":
            torch.cuda.empty_cache()
    times_ms = in_turn(variants, steps, settings.r1_every, device)
    for variant in variants.values():
        if isinstance(variant, AdversarialTrainer):
            variant.close()
    return figures(settings, times_ms, refused)


def tried(make: Callable[[], Trainable], device: torch.device) -> tuple[Trainable | None, str]:
    """The variant, if its first steps succeed; else None and the reason, and its memory is released."""
    variant = None
    try:
        variant = make()
        if max(timed(variant, 0, device), timed(variant, 1, device)) <= MAX_STEP_S * 1000:
            return variant, ""
        why = f"a step takes longer than {MAX_STEP_S:.0f} s"
    except (MemoryError, RuntimeError) as error:
        if isinstance(error, RuntimeError) and not any(sign in str(error).lower() for sign in NO_MEMORY):
            raise
        why = "does not fit into memory"
    if isinstance(variant, AdversarialTrainer):
        variant.close()
    return None, why


def in_turn(
    variants: Mapping[str, Trainable], steps: int, r1_every: int, device: torch.device
) -> dict[str, tuple[list[float], list[float]]]:
    """For each variant the times of steps without R1 and with it [ms]."""
    times_ms: dict[str, tuple[list[float], list[float]]] = {name: ([], []) for name in variants}
    for turn in range(WARMUP_STEPS + steps):
        for name, variant in variants.items():
            ms = timed(variant, 1 + turn % max(r1_every - 1, 1), device)
            if turn >= WARMUP_STEPS:
                times_ms[name][0].append(ms)
    for _ in range(R1_STEPS):
        for name, variant in variants.items():
            times_ms[name][1].append(timed(variant, 0, device))
    return times_ms


def figures(
    settings: Settings, times_ms: Mapping[str, tuple[list[float], list[float]]], refused: Mapping[str, str]
) -> list[dict[str, Any]]:
    """A row for each variant."""
    mean_ms = {}
    for name, (ordinary, penalised) in times_ms.items():
        median = float(np.median(ordinary))
        mean_ms[name] = median + (float(np.median(penalised)) - median) / settings.r1_every
    common = {"preset": settings.preset, "side": settings.side, "batch": settings.batch}
    rows: list[dict[str, Any]] = []
    for name in (PLAIN, F32, BF16):
        if name in mean_ms:
            times = {
                "ms": round(mean_ms[name], 2),
                "usual_ms": round(float(np.median(times_ms[name][0])), 2),
                "r1_ms": round(float(np.median(times_ms[name][1])), 2),
                "pictures_s": round(settings.batch * 1000 / mean_ms[name], 2),
                "times_plain": round(mean_ms[PLAIN] / mean_ms[name], 2) if PLAIN in mean_ms else None,
            }
            rows.append({**common, "way": name, **times})
        elif name in refused:
            rows.append({**common, "way": name, "why": refused[name]})
    return rows


def livegan_trainer(
    settings: Settings, data: RandomImages, device: torch.device, precision: Precision
) -> AdversarialTrainer:
    """livegan's trainer in that precision."""
    return AdversarialTrainer(replace(settings, precision=precision), data, ProcessGroup(0, 1, device))


def timed(variant: Trainable, step: int, device: torch.device) -> float:
    """The time of the step of that number [ms]."""
    clock = WallClock()
    variant.steps = step
    _wait(device)
    start_s = clock.now()
    variant.step()
    _wait(device)
    return (clock.now() - start_s) * 1000


def _wait(device: torch.device) -> None:
    """Wait until the device has finished its work."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    elif device.type == "mps":
        torch.mps.synchronize()


def table(report: Mapping[str, Any]) -> str:
    """The figures as a table for people."""
    lines = [
        f"{report['machine']}, {report['device']}",
        "plain: a textbook's loop over the same networks in float32; ms: a step, R1 as often as it comes",
        "",
        f"{'preset':15} {'px':>5} {'batch':>6}  {'way':11} {'ms':>9} {'usual':>9} {'with R1':>9}"
        f" {'pictures/s':>11} {'x plain':>8}",
    ]
    last = None
    for row in report["rows"]:
        if last not in (None, row["preset"]):
            lines.append("")
        last = row["preset"]
        head = f"{row['preset']:15} {row['side']:5} {row['batch']:6}  {row['way']:11}"
        if "why" in row:
            lines.append(f"{head} {row['why']}")
            continue
        times = "-" if row["times_plain"] is None else f"{row['times_plain']:.2f}"
        lines.append(
            f"{head} {row['ms']:9.1f} {row['usual_ms']:9.1f} {row['r1_ms']:9.1f} {row['pictures_s']:11.1f} {times:>8}"
        )
    return "\n".join(lines)
