"""Adversarial training: a generator learns to please a discriminator, which learns to tell it from the data.

Karras et al. 2020 (1912.04958) and 2020 (2006.06676). One step is one batch for each of the two; both use the same made
pictures, so the generator draws once. All chance of step i comes from generators seeded by (seed, i, name) and is drawn
for the whole batch by every process, which then takes its share: however many processes there are, they train the same
network, and a run goes on from a checkpoint as if it had not stopped.
"""

import copy
import hashlib
import math
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd import backward

from livegan.datasets.dataset import Pictures
from livegan.errors import TrainingError
from livegan.networks.architectures.stylegan2 import StyleGAN2
from livegan.training import losses
from livegan.training.ada import Ada
from livegan.training.augment import augment, plan
from livegan.training.discriminator import GROUP, Discriminator
from livegan.training.distributed import World
from livegan.training.generator import Noise, draw, fresh, planes
from livegan.training.prefetch import Feed, Lot
from livegan.training.settings import Settings

AVERAGE = 0.998  # what w_avg keeps each step (1812.04948)
PATHS = 0.99  # what the mean path length keeps each penalty (1912.04958, appendix B)
REDUCED = 4  # of the discriminator's finest levels work in half precision (2006.06676); bfloat16 needs no such care
LOUD = 2.0**14  # times the loss, for float16, at the most
NAMES = ("loss_g", "loss_d", "real", "fake", "sign_real", "r1", "path")

Parts = dict[str, Any]


class Adversarial:
    """A generator and a discriminator in training: a `method.Method`."""

    def __init__(
        self,
        settings: Settings,
        pictures: Pictures,
        world: World | None = None,
        start: StyleGAN2 | None = None,
        start_d: dict[str, Tensor] | None = None,
    ) -> None:
        """From nothing, or from `start` (which then learns itself) and what fits of a discriminator's tensors.

        TrainingError where data, networks and batch do not fit together.
        """
        self.settings, self.pictures, self.world = settings, pictures, world or World()
        self.device = self.world.device
        self._check(start)
        group = math.gcd(settings.batch, GROUP)
        self._part = self.world.share(settings.batch)
        if (self._part.stop - self._part.start) % group:
            raise TrainingError(
                f"a batch of {settings.batch} leaves {self._part.stop - self._part.start} pictures to each of "
                f"{self.world.size} processes, not a multiple of {group}; try --batch {group * self.world.size}"
            )
        half = settings.batch // 2
        self._paths = half if half and half % self.world.size == 0 else settings.batch
        self._path_part = self.world.share(self._paths)
        self.dtype = settings.dtype
        shape = settings.shape(pictures.c_dim, pictures.colours)
        self.network = fresh(shape, settings.seed) if start is None else start.requires_grad_(True)
        self.network.to(self.device)
        self.average = copy.deepcopy(self.network).requires_grad_(False)
        self.discriminator = Discriminator(
            settings.d_channels,
            settings.side,
            pictures.colours,
            pictures.c_dim,
            dtype=self.dtype,
            clamp=256.0 if settings.precision == "fp16" else None,
            reduced=REDUCED if settings.precision == "fp16" else None,
            group=group,
        ).begin(settings.seed + 1)
        if start_d is not None:
            _take_over(self.discriminator, start_d)
        self.discriminator.to(self.device).freeze(settings.freeze_d)
        self._weights = [*self.network.parameters()]
        self._d_weights = [weight for weight in self.discriminator.parameters() if weight.requires_grad]
        fused = self.device.type in ("cuda", "cpu") or None
        betas = (float(settings.beta1), float(settings.beta2))  # the fused one insists on floats
        self._adam = torch.optim.Adam(self._weights, settings.lr, betas, fused=fused)
        self._d_adam = torch.optim.Adam(self._d_weights, settings.d_lr, betas, fused=fused)
        self._draw, self._judge = draw, self.discriminator.__call__
        if settings.compile:  # for what needs no second derivative
            warnings.filterwarnings("ignore", "Dynamo detected a call to a `functools.lru_cache`")
            self._draw, self._judge = torch.compile(draw), torch.compile(self.discriminator)
        loud = LOUD if settings.precision == "fp16" else 1.0
        self._scale, self._d_scale = losses.Scale(loud), losses.Scale(loud)
        self.ada = Ada(settings.ada_target, settings.ada_kimg, settings.augment_p)
        self.steps = 0
        self.shown = 0
        self._path_mean = torch.zeros([], device=self.device)
        self._r1 = self._path = 0.0  # as last measured
        self._feed = Feed(self._lot, 8 if self.device.type == "cuda" else 1)

    def step(self) -> dict[str, float]:
        """Train both on one batch."""
        with _compiler(self.settings.compile):
            return self._step()

    def _step(self) -> dict[str, float]:
        lot = self._feed.take(self.steps)
        wanted = lot.wanted.to(self.device, non_blocking=True)
        w, ws = self._rows("latents", wanted, self.settings.batch, self._part)
        fake = self._draw(self.network, ws, self.dtype, self._noise("noise", self.settings.batch, self._part))
        numbers = self._step_d(lot, fake.detach(), wanted)
        numbers["loss_g"] = self._step_g(fake, wanted)
        every = self.settings.pl_every
        if self.settings.pl_weight and self.steps % every == 0:
            numbers["path"] = self._lengthen(lot)
        self._learn(self._adam, self._weights, self._scale)

        missing = torch.full([], math.nan, device=self.device)
        told = torch.stack([numbers.get(name, missing) for name in NAMES])
        told = self.world.average(torch.cat([told, w.detach().mean(dim=0)]))
        self.network.mapping.w_avg.lerp_(told[len(NAMES) :], 1 - AVERAGE)
        found = dict(zip(NAMES, told[: len(NAMES)].tolist(), strict=True))
        self.steps += 1
        self.shown += self.settings.batch
        self._follow()
        if "r1" in numbers:
            self._r1 = found["r1"]
        if "path" in numbers:
            self._path = found["path"]
        if self.settings.augment == "ada":
            self.ada.hear(found["sign_real"], self.settings.batch)
        return {**found, "r1": self._r1, "path": self._path, "p": self.p}

    @property
    def p(self) -> float:
        """How often each change is made to a picture that the discriminator sees."""
        return 0.0 if self.settings.augment == "none" else self.ada.p

    def state(self) -> Parts:
        """All that learns and counts, on the CPU."""
        return {
            "steps": self.steps,
            "shown": self.shown,
            "network": _kept(self.network.state_dict()),
            "average": _kept(self.average.state_dict()),
            "discriminator": _kept(self.discriminator.state_dict()),
            "adam": _adam_state(self._adam),
            "d_adam": _adam_state(self._d_adam),
            "path_mean": self._path_mean.item(),
            "r1": self._r1,
            "path": self._path,
            "ada": self.ada.state(),
            "scale": self._scale.state(),
            "d_scale": self._d_scale.state(),
        }

    def restore(self, state: Parts) -> None:
        """Go on from there; TrainingError if it is the state of other networks.

        Where the settings say a fixed p it is theirs: it may have changed on the way.
        """
        try:
            self.network.load_state_dict(state["network"])
            self.average.load_state_dict(state["average"])
            self.discriminator.load_state_dict(state["discriminator"])
            _restore_adam(self._adam, state["adam"])
            _restore_adam(self._d_adam, state["d_adam"])
            self.ada.restore(state["ada"])
            if self.settings.augment == "fixed":
                self.ada.p = self.settings.augment_p
            for scale, name in ((self._scale, "scale"), (self._d_scale, "d_scale")):
                scale.restore(state.get(name, scale.state()))
            self._path_mean.fill_(state["path_mean"])
            self._r1, self._path = float(state["r1"]), float(state["path"])
            self.steps, self.shown = int(state["steps"]), int(state["shown"])
        except (KeyError, RuntimeError, TypeError, ValueError) as error:
            reason = str(error).partition("\n")[0]
            raise TrainingError(f"the checkpoint is not of these networks: {reason}") from error

    def close(self) -> None:
        """Stop reading ahead; nothing else is held."""
        self._feed.close()

    def _step_d(self, lot: Lot, fake: Tensor, wanted: Tensor) -> dict[str, Tensor]:
        settings = self.settings
        real = lot.pictures.to(self.device, non_blocking=True)[:, : self.pictures.colours].float() / 127.5 - 1
        classes = lot.classes.to(self.device, non_blocking=True)
        if settings.flips:
            mirrored = torch.rand(settings.batch, generator=self._chance("flips"))[self._part] < 0.5
            real = real.where(~mirrored.to(self.device, non_blocking=True)[:, None, None, None], real.flip(3))
        with torch.no_grad():
            real, fake = self._changed(real, "augment real"), self._changed(fake, "augment fake")
        words = self._judge(fake, wanted)
        loss_fake = losses.seen_through(words)
        backward([loss_fake * self._d_scale.by], inputs=self._d_weights)
        penalised = settings.gamma > 0 and self.steps % settings.r1_every == 0
        judge = self.discriminator if penalised else self._judge
        real_words = judge(real.requires_grad_(penalised), classes)
        loss_real = losses.judged(real_words)
        numbers = {
            "real": real_words.detach().mean(),
            "fake": words.detach().mean(),
            "sign_real": real_words.detach().sign().mean(),
            "loss_d": (loss_fake + loss_real).detach(),
        }
        if penalised:
            penalty = losses.r1(real_words, real)
            loss_real = loss_real + penalty * (settings.gamma / 2 * settings.r1_every)
            numbers["r1"] = penalty.detach()
        backward([loss_real * self._d_scale.by], inputs=self._d_weights)
        self._learn(self._d_adam, self._d_weights, self._d_scale)
        return numbers

    def _step_g(self, fake: Tensor, wanted: Tensor) -> Tensor:
        loss = losses.fooled(self._judge(self._changed(fake, "augment made"), wanted))
        backward([loss * self._scale.by], inputs=self._weights)
        return loss.detach()

    def _lengthen(self, lot: Lot) -> Tensor:
        """Path-length regularisation, on pictures of its own; adds to the gradients."""
        wanted = lot.path_wanted.to(self.device)
        _, ws = self._rows("path latents", wanted, self._paths, self._path_part)
        pictures = draw(self.network, ws, self.dtype, self._noise("path noise", self._paths, self._path_part))
        sample = torch.randn(
            (self._paths, *pictures.shape[1:]), generator=self._chance("path", self.device), device=self.device
        )
        lengths = losses.path_lengths(pictures, ws, sample[self._path_part])
        self._path_mean.lerp_(self.world.average(lengths.detach().mean()), 1 - PATHS)
        penalty = losses.path_penalty(lengths, self._path_mean)
        weight = self.settings.pl_weight * self.settings.pl_every
        backward([penalty * (weight * self._scale.by)], inputs=self._weights)
        return penalty.detach()

    def _rows(self, name: str, wanted: Tensor, count: int, part: slice) -> tuple[Tensor, Tensor]:
        """New latents for this process: their w (n, w_dim) and, mixed, their rows (n, num_ws, w_dim)."""
        chance, network = self._chance(name), self.network
        z = torch.randn(2, count, network.z_dim, generator=chance)[:, part].to(self.device, non_blocking=True)
        cut = losses.cuts(count, network.num_ws, self.settings.mixing, chance)[part].to(self.device, non_blocking=True)
        w = network.map(z[0], wanted)
        other = network.map(z[1], wanted) if self.settings.mixing else w
        return w, losses.mixed(w, other, cut, network.num_ws)

    def _changed(self, pictures: Tensor, name: str) -> Tensor:
        if self.p == 0:
            return pictures
        size = (self.settings.side, self.settings.side)
        return augment(pictures, plan(self.settings.batch, size, self.p, self._chance(name)).part(self._part))

    def _learn(self, adam: torch.optim.Adam, weights: list[nn.Parameter], scale: losses.Scale) -> None:
        """One step along the mean gradient of all processes; what is not finite does not count."""
        self.world.sum_gradients(weights)
        gradients = [weight.grad for weight in weights if weight.grad is not None]
        if scale.undo(gradients):
            for gradient in gradients:
                torch.nan_to_num(gradient, nan=0.0, posinf=0.0, neginf=0.0, out=gradient)
            adam.step()
        adam.zero_grad(set_to_none=True)

    @torch.no_grad()
    def _follow(self) -> None:
        """The average network comes closer; in the beginning fast."""
        half_life = min(self.settings.ema_kimg * 1000, self.shown * self.settings.ema_rampup)
        keep = 0.5 ** (self.settings.batch / max(half_life, 1e-8))
        means: list[Tensor] = [*self.average.parameters()]
        torch._foreach_lerp_(means, [*self._weights], 1 - keep)
        for mean, now in zip(self.average.buffers(), self.network.buffers(), strict=True):
            mean.copy_(now)

    def _chance(self, name: str, device: torch.device | str = "cpu", step: int | None = None) -> torch.Generator:
        """Chance for one purpose in one step."""
        text = f"{self.settings.seed}/{self.steps if step is None else step}/{name}"
        seed = int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little") >> 1
        return torch.Generator(device).manual_seed(seed)

    def _noise(self, name: str, count: int, part: slice) -> Noise | None:
        """Noise for `count` pictures over all processes, of which this one has `part`."""
        if not self.settings.noise:
            return None
        return [plane[part] for plane in planes(self.network, count, self._chance(name, self.device))]

    def _lot(self, step: int) -> Lot:
        """In the feeding thread."""
        indices = self._indices("pictures", step, self.settings.batch)[self._part]
        pictures, classes = self.pictures.batch(indices)
        if self.device.type == "cuda":  # pinned, so that the copy to the GPU waits for nothing
            pictures = pictures.pin_memory()
        wanted = self._indices("classes", step, self.settings.batch)[self._part]
        path = self._indices("path classes", step, self._paths)[self._path_part]
        return Lot(pictures, classes, self._classes(wanted), self._classes(path))

    def _indices(self, name: str, step: int, count: int) -> list[int]:
        found: list[int] = torch.randint(len(self.pictures), (count,), generator=self._chance(name, step=step)).tolist()
        return found

    def _classes(self, indices: list[int]) -> Tensor:
        """What those pictures of the training set are, (n, c_dim)."""
        c_dim = self.pictures.c_dim
        if not c_dim:
            return torch.zeros(len(indices), 0)
        labels = [self.pictures.label(index) for index in indices]
        if min(labels) < 0:  # vectors, not numbers
            return self.pictures.batch(indices)[1]
        return torch.eye(c_dim)[labels]

    def _check(self, start: StyleGAN2 | None) -> None:
        settings, pictures = self.settings, self.pictures
        if not len(pictures):
            raise TrainingError("the training set is empty; make one: livegan dataset")
        height, width = pictures.size
        if (height, width) != (settings.side, settings.side):
            raise TrainingError(
                f"the pictures are {width}x{height} px, and {settings.preset} learns {settings.side} px"
            )
        if start is None:
            return
        if start.resolution != pictures.size or start.c_dim != pictures.c_dim or start.colours != pictures.colours:
            size = "x".join(map(str, reversed(start.resolution)))
            raise TrainingError(
                f"the network to begin from draws {size} px in {start.colours} colours, {start.c_dim} classes; "
                f"the data has {width}x{height} px, {pictures.colours} colours, {pictures.c_dim} classes"
            )
        if start.shape.architecture != "skip":
            raise TrainingError(
                f"a network of architecture '{start.shape.architecture}' cannot be trained on, only 'skip'"
            )


@contextmanager
def _compiler(wanted: bool) -> Iterator[None]:
    """Where torch.compile is `wanted` and fails inside, say what to type."""
    if not wanted:
        yield
        return
    from torch._dynamo.exc import TorchDynamoException

    try:
        yield
    except TorchDynamoException as error:  # no C++ compiler, no Triton ...
        if isinstance(getattr(error, "inner_exception", error.__cause__), KeyboardInterrupt):
            raise KeyboardInterrupt from error
        reason = str(getattr(error, "inner_exception", error)).strip().partition("\n")[0][:200]
        raise TrainingError(f"torch.compile does not work here ({reason}); leave --compile out") from error


def _take_over(discriminator: Discriminator, tensors: dict[str, Tensor]) -> None:
    """Every tensor whose name and size fit; TrainingError if none does."""
    own = discriminator.state_dict()
    fitting = {name: tensor for name, tensor in tensors.items() if name in own and tensor.shape == own[name].shape}
    if not fitting:
        raise TrainingError("nothing of the discriminator to begin from fits this one")
    discriminator.load_state_dict(fitting, strict=False)


def _kept(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Copies on the CPU."""
    return {name: tensor.detach().cpu().clone() for name, tensor in tensors.items()}


def _adam_state(adam: torch.optim.Adam) -> Parts:
    """An optimizer's state; without a first moment (beta1 = 0) that is no memory of more than the last gradient."""
    state = adam.state_dict()
    forgotten = "exp_avg" if adam.param_groups[0]["betas"][0] == 0 else ""
    return {
        "state": {
            number: _kept({name: tensor for name, tensor in own.items() if name != forgotten})
            for number, own in state["state"].items()
        }
    }


def _restore_adam(adam: torch.optim.Adam, state: Parts) -> None:
    whole = adam.state_dict()
    whole["state"] = {
        number: {"exp_avg": torch.zeros_like(own["exp_avg_sq"]), **own} for number, own in state["state"].items()
    }
    _fit(adam, whole["state"])
    adam.load_state_dict(whole)


def _fit(adam: torch.optim.Adam, state: dict[int, dict[str, Tensor]]) -> None:
    weights: Iterable[Tensor] = adam.param_groups[0]["params"]
    for number, weight in enumerate(weights):
        if number in state and state[number]["exp_avg_sq"].shape != weight.shape:
            raise ValueError(f"moments of size {tuple(state[number]['exp_avg_sq'].shape)}, not {tuple(weight.shape)}")
