"""How quickly a GAN is trained on this machine: ours against a plain loop over the same networks, in one run.

The plain loop is as textbooks write it: float32, pictures as (n, c, h, w), a convolution with weights of its own for
each picture (`StyleGAN2.synthesize`), the discriminator layer by layer as autograd takes it, pictures made once
for the discriminator and once more for the generator, weights averaged one by one. All ways take turns, a step each, so
that whatever else the machine does befalls all of them. R1 is lazy: its dearer steps are timed on their own and count
as often as they come. Path lengths and augmentation are off, the data lies in memory.
"""

import copy
import gc
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol, cast

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from livegan.core.clock import WallClock
from livegan.datasets.dataset import Pictures
from livegan.networks.architectures.stylegan2 import GAIN, HALF_POWER, SLOPE, StyleGAN2, blur_kernel, normalise
from livegan.networks.device import choose_device, has_bf16, machine
from livegan.training import losses
from livegan.training.adversarial import Adversarial
from livegan.training.discriminator import Discriminator, Filter, Half, spread
from livegan.training.distributed import World
from livegan.training.generator import fresh
from livegan.training.run import NO_MEMORY
from livegan.training.settings import PRESETS, Precision, Settings, preset

C_DIM = 12
KEPT = 64  # pictures in memory
STEPS = 6  # ordinary ones, timed, of each way
PENALISED = 2  # steps with R1, timed
WARM = 1  # of each kind, that do not count
CPU_BATCH = 4
CPU_PRESETS = ("tiny-64", "house-256")  # a step of the larger ones takes minutes
LONGEST_S = 60.0  # a way whose first step takes longer is not timed
PLAIN, WHOLE, HALF = "plain", "ours, f32", "ours, bf16"


class Trained(Protocol):
    """A way to train."""

    steps: int  # taken; those divisible by settings.r1_every have R1

    def step(self) -> Mapping[str, float]:
        """One batch for each of the two networks."""
        ...


class Memory:
    """Pictures of chance, as a training set."""

    colours = 3
    c_dim = C_DIM
    classes: tuple[str, ...] = ()

    def __init__(self, side: int) -> None:
        """Of `side` pixels; always the same."""
        self.size = (side, side)
        chance = torch.Generator().manual_seed(side)
        coarse = torch.rand(KEPT, 3, 16, 16, generator=chance) * 255
        self._pictures = F.interpolate(coarse, self.size, mode="bilinear").to(torch.uint8)

    def __len__(self) -> int:
        return KEPT

    def label(self, i: int) -> int:
        """The class of picture `i`."""
        return i % C_DIM

    def batch(self, indices: Sequence[int]) -> tuple[Tensor, Tensor]:
        """Pictures and classes."""
        return self._pictures[list(indices)], torch.eye(C_DIM)[[self.label(index) for index in indices]]


class Plain:
    """The loop of the textbook."""

    def __init__(self, settings: Settings, data: Memory, device: torch.device) -> None:
        """Networks as fresh as those of `Adversarial`."""
        self.settings, self.data, self.device = settings, data, device
        self.network = fresh(settings.shape(C_DIM), settings.seed).to(device)
        self.average = copy.deepcopy(self.network).requires_grad_(False)
        judge = Discriminator(settings.d_channels, settings.side, 3, C_DIM)
        self.discriminator = judge.begin(settings.seed + 1).to(device)
        betas = (settings.beta1, settings.beta2)
        self._adam = torch.optim.Adam(self.network.parameters(), settings.lr, betas)
        self._d_adam = torch.optim.Adam(self.discriminator.parameters(), settings.d_lr, betas)
        self.steps = 0

    def step(self) -> Mapping[str, float]:
        """The discriminator's step, the generator's, the average's."""
        settings = self.settings
        chance = torch.Generator().manual_seed(self.steps)
        pictures, classes = self.data.batch(torch.randint(KEPT, (settings.batch,), generator=chance).tolist())
        real, classes = pictures.to(self.device).float() / 127.5 - 1, classes.to(self.device)

        with torch.no_grad():
            fake = self._draw(classes, chance)
        penalised = settings.gamma > 0 and self.steps % settings.r1_every == 0
        words = judged(self.discriminator, real.requires_grad_(penalised), classes)
        loss_d = losses.seen_through(judged(self.discriminator, fake, classes)) + losses.judged(words)
        whole = loss_d
        if penalised:
            whole = loss_d + losses.r1(words, real) * (settings.gamma / 2 * settings.r1_every)
        whole.backward()  # type: ignore[no-untyped-call]
        self._d_adam.step()
        self._d_adam.zero_grad()

        self.discriminator.requires_grad_(False)
        loss_g = losses.fooled(judged(self.discriminator, self._draw(classes, chance), classes))
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

    def _draw(self, classes: Tensor, chance: torch.Generator) -> Tensor:
        network: StyleGAN2 = self.network
        z = torch.randn(2, len(classes), network.z_dim, generator=chance).to(self.device)
        cut = losses.cuts(len(classes), network.num_ws, self.settings.mixing, chance).to(self.device)
        return network.synthesize(
            losses.mixed(network.map(z[0], classes), network.map(z[1], classes), cut, network.num_ws)
        )


def judged(discriminator: Discriminator, pictures: Tensor, classes: Tensor) -> Tensor:
    """What the discriminator says, (n,), layer by layer in float32: the oracle of the quick one."""

    def filtered(layer: Filter, x: Tensor, stride: int = 1) -> Tensor:
        padding = layer.weight.shape[-1] // 2 if stride == 1 else 0
        x = F.conv2d(x, layer.weight * layer.gain, layer.bias, stride, padding)
        return x if layer.bias is None else F.leaky_relu(x, SLOPE) * GAIN

    def blurred(x: Tensor, padding: int) -> Tensor:
        kernel = blur_kernel().to(x.device).expand(x.shape[1], 1, -1, -1)
        return F.conv2d(F.pad(x, (padding,) * 4), kernel, groups=x.shape[1])

    x = filtered(discriminator.fromrgb, pictures)
    for block in discriminator.blocks:
        assert isinstance(block, Half)
        short = filtered(block.skip, blurred(x, 1)[:, :, ::2, ::2])
        long = filtered(block.conv1, blurred(filtered(block.conv0, x), 2), stride=2)
        x = (long + short) * HALF_POWER
    x = filtered(discriminator.conv, torch.cat([x, spread(x, discriminator.group)], dim=1))
    x = F.leaky_relu(discriminator.dense(x.flatten(1)), SLOPE) * GAIN
    words: Tensor = discriminator.out(x)
    if discriminator.c_dim:
        words = words * normalise(discriminator.embed(classes)) / words.shape[1] ** 0.5
    return words.sum(dim=1)


def measure(
    presets: Sequence[str] | None = None,
    steps: int = STEPS,
    batch: int | None = None,
    device: str = "auto",
    tell: Callable[[str], None] = lambda _: None,
) -> dict[str, Any]:
    """Every figure, ready for JSON: of each preset and way its ms, pictures a second, and times the plain loop.

    `presets` None: all on an NVIDIA GPU, else the smaller ones; `batch` None: the preset's there, else CPU_BATCH.
    `device` as in `choose_device`; NetworkError if it is not there.
    """
    chosen = torch.device(choose_device(device).device)
    on_gpu = chosen.type == "cuda"
    rows: list[dict[str, Any]] = []
    for name in presets if presets is not None else tuple(PRESETS) if on_gpu else CPU_PRESETS:
        settings = preset(name, batch=batch if batch is not None else None if on_gpu else CPU_BATCH)
        tell(f"{name}, {settings.batch} pictures a step")
        rows += compare(replace(settings, augment="none", pl_weight=0.0), steps, chosen)
    threads = torch.get_num_threads()
    where = "GPU" if chosen.type != "cpu" else f"{threads} thread{'s' if threads > 1 else ''}"
    return {"machine": machine(), "device": where, "torch": torch.__version__, "rows": rows}


def compare(settings: Settings, steps: int, device: torch.device) -> list[dict[str, Any]]:
    """One preset, all ways in turn; a way that does not fit into memory or LONGEST_S has no figures but the reason."""
    data = Memory(settings.side)
    makers: dict[str, Callable[[], Trained]] = {
        PLAIN: lambda: Plain(settings, data, device),
        WHOLE: lambda: ours(settings, data, device, "f32"),
        HALF: lambda: ours(settings, data, device, "bf16"),
    }
    if device.type == "cpu" and not has_bf16():
        del makers[HALF]
    ways: dict[str, Trained] = {}
    refused: dict[str, str] = {}
    for name, make in makers.items():
        way, why = tried(make, device)
        if way is not None:
            ways[name] = way
            continue
        refused[name] = why
        gc.collect()  # what was refused holds itself in a circle
        if device.type == "cuda":
            torch.cuda.empty_cache()
    times_ms = in_turn(ways, steps, settings.r1_every, device)
    for way in ways.values():
        if isinstance(way, Adversarial):
            way.close()
    return figures(settings, times_ms, refused)


def tried(make: Callable[[], Trained], device: torch.device) -> tuple[Trained | None, str]:
    """A way whose first steps went well; else None, and why it is not timed. Nothing of that one is kept."""
    way = None
    try:
        way = make()
        if max(timed(way, 0, device), timed(way, 1, device)) <= LONGEST_S * 1000:
            return way, ""
        why = f"a step takes longer than {LONGEST_S:.0f} s"
    except (MemoryError, RuntimeError) as error:
        if isinstance(error, RuntimeError) and not any(sign in str(error).lower() for sign in NO_MEMORY):
            raise
        why = "does not fit into memory"
    if isinstance(way, Adversarial):
        way.close()
    return None, why


def in_turn(
    ways: Mapping[str, Trained], steps: int, r1_every: int, device: torch.device
) -> dict[str, tuple[list[float], list[float]]]:
    """Of each way the times of ordinary steps and of those with R1 [ms]."""
    times_ms: dict[str, tuple[list[float], list[float]]] = {name: ([], []) for name in ways}
    for turn in range(WARM + steps):
        for name, way in ways.items():
            ms = timed(way, 1 + turn % max(r1_every - 1, 1), device)
            if turn >= WARM:
                times_ms[name][0].append(ms)
    for _ in range(PENALISED):
        for name, way in ways.items():
            times_ms[name][1].append(timed(way, 0, device))
    return times_ms


def figures(
    settings: Settings, times_ms: Mapping[str, tuple[list[float], list[float]]], refused: Mapping[str, str]
) -> list[dict[str, Any]]:
    """A row for each way."""
    mean_ms = {}
    for name, (ordinary, penalised) in times_ms.items():
        usual = float(np.median(ordinary))
        mean_ms[name] = usual + (float(np.median(penalised)) - usual) / settings.r1_every
    about = {"preset": settings.preset, "side": settings.side, "batch": settings.batch}
    rows: list[dict[str, Any]] = []
    for name in (PLAIN, WHOLE, HALF):
        if name in mean_ms:
            found = {
                "ms": round(mean_ms[name], 2),
                "usual_ms": round(float(np.median(times_ms[name][0])), 2),
                "r1_ms": round(float(np.median(times_ms[name][1])), 2),
                "pictures_s": round(settings.batch * 1000 / mean_ms[name], 2),
                "times_plain": round(mean_ms[PLAIN] / mean_ms[name], 2) if PLAIN in mean_ms else None,
            }
            rows.append({**about, "way": name, **found})
        elif name in refused:
            rows.append({**about, "way": name, "why": refused[name]})
    return rows


def ours(settings: Settings, data: Memory, device: torch.device, precision: Precision) -> Adversarial:
    """Our way, in that precision."""
    return Adversarial(replace(settings, precision=precision), cast(Pictures, data), World(0, 1, device))


def timed(way: Trained, step: int, device: torch.device) -> float:
    """How long the step of that number takes [ms]."""
    clock = WallClock()
    way.steps = step
    _wait(device)
    start_s = clock.now()
    way.step()
    _wait(device)
    return (clock.now() - start_s) * 1000


def _wait(device: torch.device) -> None:
    """Until the device has done all that it was told."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    elif device.type == "mps":
        torch.mps.synchronize()


def table(found: Mapping[str, Any]) -> str:
    """The figures as people read them."""
    lines = [
        f"{found['machine']}, {found['device']}",
        "plain: a textbook's loop over the same networks in float32; ms: a step, R1 as often as it comes",
        "",
        f"{'preset':15} {'px':>5} {'batch':>6}  {'way':11} {'ms':>9} {'usual':>9} {'with R1':>9}"
        f" {'pictures/s':>11} {'x plain':>8}",
    ]
    last = None
    for row in found["rows"]:
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
