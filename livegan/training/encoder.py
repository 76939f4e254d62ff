"""Encoder in training: from the pictures that a network draws for random w, back to those w.

    loss = sum over rows of |w - w'|^2 in principal components of w          own pictures, spoilt as by a camera
         + pyramid loss of the picture that the network draws from w'        own pictures, changed ones, dead leaves

The first is exact but knows nothing of what is seen; the second knows what is seen, and works for pictures that no w
gives. It costs a pass through the network and back, so it is taken of some pictures of each batch, on the lowest level
whose picture is that of the whole network, and begins when the first has done most of its work.
"""

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from livegan.core.progress import ProgressCallback, progress_bar
from livegan.errors import TrainingError
from livegan.networks.architectures.protocol import StyleNet
from livegan.networks.architectures.stylegan2 import StyleGAN2
from livegan.networks.encoder import Encoder, EncoderInfo, EncoderNet, fitted
from livegan.networks.synthesis_options import SynthesisOptions
from livegan.training.camera_pictures import changed, dead_leaves, spoilt
from livegan.training.distill import KeptPictures, Latents, batch_numbers, is_plain
from livegan.training.generator import synthesize
from livegan.training.regression import average_keep, pyramid_loss, rate_factor
from livegan.training.settings import Settings

KEPT_PICTURES = 1 << 14
REUSE = 4  # how often a picture is learnt from on average, each time spoilt in another way
MIXED_STYLES = 0.3  # share of pictures whose coarse and fine rows of w have different latents
BETWEEN = 0.2  # share between two w
STATISTICS = 4096  # w that principal components are taken of
STATISTICS_SEED, TEST_SEED = 0x57A7, 0x7E57
MOST_COMPONENTS = 128
KEPT_VARIANCE = 0.99
SAME_DB = 30.0  # a lower level whose picture is this near to that of the whole network stands for it
OWN, FOREIGN = 0.125, 0.5  # shares of the batch: own pictures with a picture loss, and foreign ones beside
PICTURE_FROM = 0.3  # share of the run before the picture loss begins
PICTURE_WEIGHT = 1.0
TYPICAL_WEIGHT = 0.01  # pulls the w of foreign pictures towards the mean
DEVIATION_POWER = 1.0  # a component counts by this power of its deviation
TEST_PICTURES = 32
QUIET = SynthesisOptions(noise=(0.0, 0.0, 0.0))


@dataclass(frozen=True, slots=True)
class Components:
    """Principal components of a network's w."""

    mean: Tensor  # (w_dim,)
    basis: Tensor  # (k, w_dim), each as long as the standard deviation of w along it
    deviations: Tensor  # (k,), falling

    def of(self, ws: Tensor) -> Tensor:
        """ws (..., w_dim) in components (..., k), in standard deviations."""
        return (ws - self.mean) @ (self.basis / self.deviations.square()[:, None]).t()


def principal_components(network: StyleNet) -> Components:
    """The components of w that hold KEPT_VARIANCE of it."""
    ws = Latents(network, STATISTICS_SEED, mixed_styles=0.0)(list(range(STATISTICS)))[:, 0].double()
    values, vectors = torch.linalg.eigh(torch.cov(ws.t()))
    values, vectors = values.flip(0).clamp(min=0), vectors.flip(1)
    share = values.cumsum(0) / values.sum().clamp(min=1e-12)
    count = min(int((share < KEPT_VARIANCE).sum()) + 1, MOST_COMPONENTS, len(values))
    deviations = values[:count].sqrt().clamp(min=1e-6)
    basis = vectors[:, :count].t() * deviations[:, None]
    return Components(ws.mean(0).float(), basis.float().contiguous(), deviations.float())


class Pictures(KeptPictures):
    """Pictures of a network for its random w, as RGB of the size that an encoder looks at."""

    def __init__(self, network: StyleNet, seed: int, size: tuple[int, int], dtype: torch.dtype) -> None:
        super().__init__(Latents(network, seed, MIXED_STYLES, BETWEEN), 3, size, KEPT_PICTURES)
        self.network, self.dtype = network, dtype
        self.levels: int | None = None  # that are drawn; None: all
        self.differentiable = isinstance(network, StyleGAN2) and is_plain(network.shape)
        if self.differentiable:
            network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
            self.levels = self._least_levels()

    def __call__(self, ws: Tensor) -> Tensor:
        """RGB pictures (n, 3, *size), about -1..1, of ws; differentiable where `differentiable` says so."""
        return fitted(self._drawn(ws, self.levels), self.size)

    @torch.inference_mode()
    def draw(self, ws: Tensor) -> Tensor:
        return ((self(ws).clamp(-1, 1) + 1) * 127.5 + 0.5).to(torch.uint8)

    @torch.inference_mode()
    def whole(self, ws: Tensor, progress: ProgressCallback = lambda _: None) -> Tensor:
        """RGB pictures of ws in the network's own size, -1..1; `progress` is called with how many are drawn."""
        pictures = []
        for row in ws:
            pictures.append(self._drawn(row[None], None))
            progress(len(pictures))
        return torch.cat(pictures).clamp(-1, 1)

    def _drawn(self, ws: Tensor, levels: int | None) -> Tensor:
        net = self.network
        if self.differentiable:
            assert isinstance(net, StyleGAN2)
            pictures = synthesize(net, ws, self.dtype, levels=levels)
        else:
            pictures = torch.cat([net.synthesize(row[None], QUIET) for row in ws])
        black, white = net.span
        pictures = (pictures - black) * (2 / (white - black)) - 1
        return pictures[:, :3] if net.colours >= 3 else pictures[:, :1].expand(-1, 3, -1, -1)

    @torch.inference_mode()
    def _least_levels(self) -> int | None:
        """The fewest levels that draw what the whole network does, at this size."""
        assert isinstance(self.network, StyleGAN2)
        ws = self.latents(list(range(8)))
        expected = fitted(self.whole(ws), self.size)
        for level, (height, _) in enumerate(self.network.shape.resolutions, 1):
            if height >= self.size[0]:
                picture = fitted(self._drawn(ws, level).clamp(-1, 1), self.size)
                if psnr(picture, expected).mean() >= SAME_DB:
                    return level
        return None


class EncoderTrainer:
    """Trainer of an encoder on the pictures of a network."""

    average = None  # no network to play

    def __init__(self, settings: Settings, network: StyleNet, info: EncoderInfo, components: Components) -> None:
        self.settings, self.info, self.components = settings, info, components
        self.pictures = Pictures(network, settings.seed, info.size, settings.dtype)
        device = network.w_avg.device
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(settings.seed)
            net = EncoderNet(info)
        net.mean.copy_(components.mean)
        net.basis.copy_(components.basis)
        self.mean_net = copy.deepcopy(net).to(device).requires_grad_(False).eval()  # moving average of the weights
        self.net = net.to(device, memory_format=torch.channels_last).train()  # type: ignore[call-overload]
        self.adam = torch.optim.Adam(self.net.parameters(), lr=settings.lr, betas=(0.9, settings.beta2), fused=True)
        self.shown = 0
        weights = components.deviations**DEVIATION_POWER
        self._weights = weights / weights.mean()

    @property
    def encoder(self) -> Encoder:
        """The encoder as it is now: with the moving average of the weights."""
        return Encoder(self.info, copy.deepcopy(self.mean_net))

    def step(self) -> dict[str, float]:
        """Train on one batch; both losses and the learning rate's factor."""
        settings, count = self.settings, self.settings.batch
        generator = torch.Generator().manual_seed(settings.seed * 1_000_003 + self.shown)
        seen = self.pictures.differentiable and self.shown >= PICTURE_FROM * settings.kimg * 1000
        numbers = batch_numbers(settings, self.shown, self.pictures.capacity, REUSE)
        ws, own = self.pictures.pictures(numbers)
        own = own.contiguous(memory_format=torch.channels_last)
        shown_to_it, targets = spoilt(own, generator), own
        foreign = round(FOREIGN * count) if seen else 0
        if foreign:
            leaves = dead_leaves(foreign // 2, self.info.size, generator).to(own)
            others = torch.cat([changed(own[: foreign - len(leaves)], generator), leaves])
            shown_to_it, targets = torch.cat([shown_to_it, others]), torch.cat([own, others])
        with torch.autocast(own.device.type, torch.bfloat16, enabled=settings.precision == "bf16"):
            components = self.net.components(shown_to_it)
        components = components.float()
        errors = (components[:count] - self.components.of(ws)).square() * self._weights
        loss_w = errors.mean()
        loss, loss_picture = loss_w, torch.zeros(())
        if seen:
            first = count - round(OWN * count)  # the last own pictures, and all foreign ones
            drawn = self.pictures(self.net.mean + components[first:] @ self.net.basis)
            loss_picture = pyramid_loss(drawn, targets[first:])
            loss = loss + PICTURE_WEIGHT * loss_picture + TYPICAL_WEIGHT * components[count:].square().mean()
        rate = self._descend(loss)
        self.shown += count
        numbers_now = {"loss_w": float(loss_w.detach()), "rate": rate}
        return numbers_now | ({"loss_picture": float(loss_picture.detach())} if self.pictures.differentiable else {})

    def _descend(self, loss: Tensor) -> float:
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.net.parameters(), 1.0)
        rate = rate_factor(self.shown, self.settings)
        for group in self.adam.param_groups:
            group["lr"] = self.settings.lr * rate
        self.adam.step()
        self.adam.zero_grad(set_to_none=True)
        keep = average_keep(self.shown + self.settings.batch, self.settings.batch, self.settings)
        with torch.no_grad():
            for mean, now in zip(self.mean_net.state_dict().values(), self.net.state_dict().values(), strict=True):
                if mean.is_floating_point():
                    mean.lerp_(now, 1 - keep)
        return rate

    def state(self) -> dict[str, Any]:
        """A copy of everything that `restore` needs."""
        parts = {"net": self.net.state_dict(), "mean": self.mean_net.state_dict(), "adam": self.adam.state_dict()}
        return copy.deepcopy({"shown": self.shown, **parts})

    def restore(self, state: dict[str, Any]) -> None:
        """Continue from `state`; TrainingError if it is that of an encoder for other weights."""
        try:
            basis = state["net"]["basis"].to(self.net.basis)
            if basis.shape != self.net.basis.shape or not torch.allclose(basis, self.net.basis, atol=1e-4):
                raise ValueError("its network has other w")
            self.net.load_state_dict(state["net"])
            self.mean_net.load_state_dict(state["mean"])
            self.adam.load_state_dict(state["adam"])
            self.shown = int(state["shown"])
        except (KeyError, RuntimeError, TypeError, ValueError, AttributeError) as error:
            reason = str(error).partition("\n")[0]
            raise TrainingError(f"the checkpoint is not of an encoder for this network: {reason}") from error

    def close(self) -> None:
        """Nothing to release."""


def psnr(pictures: Tensor, targets: Tensor) -> Tensor:
    """PSNR (n,) [dB] of pictures (n, c, h, w), -1..1, as they are shown."""
    error = (pictures.clamp(-1, 1) - targets.clamp(-1, 1)).square().mean(dim=(1, 2, 3))
    return 10 * torch.log10(4 / error.clamp(min=1e-9))


@torch.inference_mode()
def figures(encoder: Encoder, pictures: Pictures) -> Mapping[str, float]:
    """PSNR [dB] of one pass on own pictures that it was not trained on, in the network's size; beside the mean w's.

    A bar on standard error shows how far it is.
    """
    network = pictures.network
    ws = Latents(network, TEST_SEED, mixed_styles=0.0)(list(range(TEST_PICTURES)))
    with progress_bar("measuring", 2 * TEST_PICTURES, "pictures") as done:
        targets = pictures.whole(ws, done)
        drawn = pictures.whole(encoder.encode(targets), lambda count: done(TEST_PICTURES + count))
    mean = pictures.whole(network.w_avg.expand(1, network.num_ws, -1))
    spread = F.mse_loss(ws, network.w_avg.expand_as(ws))
    return {
        "PSNR of one pass [dB]": round(float(psnr(drawn, targets).mean()), 2),
        "PSNR of the mean w [dB]": round(float(psnr(mean.expand_as(targets), targets).mean()), 2),
        "share of w explained": round(1 - float(F.mse_loss(encoder.encode(targets), ws) / spread), 3),
    }
