"""Adversarial training of StyleGAN2 with adaptive augmentation (1912.04958, 2006.06676).

One step is one batch for each of the two networks; both use the same generated pictures. All random numbers of step i
come from generators seeded by (seed, i, name) and are drawn for the whole batch by every process, which then takes its
share: any number of processes trains the same network, and a resumed run equals one that never stopped.
"""

import copy
import hashlib
import math
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd import backward

from livegan.errors import TrainingError
from livegan.networks.architectures.stylegan2 import StyleGAN2
from livegan.training import losses
from livegan.training.ada import Ada
from livegan.training.augment import augment, plan
from livegan.training.discriminator import GROUP, Discriminator
from livegan.training.distributed import ProcessGroup
from livegan.training.generator import Noise, init_generator, noise_planes, synthesize
from livegan.training.prefetch import Batch, Prefetcher, TrainingData
from livegan.training.settings import Settings

W_AVG_DECAY = 0.998  # of w_avg, a step (1812.04948)
PATH_DECAY = 0.99  # of the mean path length, a penalty (1912.04958, appendix B)
FP16_LEVELS = 4  # finest levels of the discriminator that use float16 (2006.06676); bfloat16 is used in all
MAX_LOSS_SCALE = 2.0**14  # for float16
STATISTICS = ("loss_g", "loss_d", "real", "fake", "sign_real", "r1", "path")

State = dict[str, Any]


class AdversarialTrainer:
    """Trainer of a generator against a discriminator."""

    def __init__(
        self,
        settings: Settings,
        pictures: TrainingData,
        process_group: ProcessGroup | None = None,
        start: StyleGAN2 | None = None,
        start_d: dict[str, Tensor] | None = None,
    ) -> None:
        """From random weights, or from `start`, trained in place, and those of a discriminator's tensors that fit.

        TrainingError if data, networks and batch do not fit together.
        """
        self.settings, self.pictures, self.process_group = settings, pictures, process_group or ProcessGroup()
        self.device = self.process_group.device
        self._check(start)
        group = math.gcd(settings.batch, GROUP)
        self._part = self.process_group.share(settings.batch)
        if (self._part.stop - self._part.start) % group:
            size = self.process_group.size
            raise TrainingError(
                f"a batch of {settings.batch} leaves {self._part.stop - self._part.start} pictures to each of "
                f"{size} processes, not a multiple of {group}; try --batch {group * size}"
            )
        half = settings.batch // 2
        self._paths = half if half and half % self.process_group.size == 0 else settings.batch
        self._path_part = self.process_group.share(self._paths)
        self.dtype = settings.dtype
        shape = replace(settings.shape(pictures.c_dim, pictures.colours), noise=True)  # --noise may change on the way
        self.network = init_generator(shape, settings.seed) if start is None else start.requires_grad_(True)
        self.network.to(self.device)
        self.average = copy.deepcopy(self.network).requires_grad_(False)
        self.discriminator = Discriminator(
            settings.d_channels,
            settings.side,
            pictures.colours,
            pictures.c_dim,
            dtype=self.dtype,
            clamp=256.0 if settings.precision == "fp16" else None,
            reduced=FP16_LEVELS if settings.precision == "fp16" else None,
            group=group,
        ).init_weights(settings.seed + 1)
        if start_d is not None:
            _copy_fitting(self.discriminator, start_d)
        self.discriminator.to(self.device).freeze(settings.freeze_d)
        self._weights = [*self.network.parameters()]
        self._d_weights = [weight for weight in self.discriminator.parameters() if weight.requires_grad]
        fused = self.device.type in ("cuda", "cpu") or None
        betas = (float(settings.beta1), float(settings.beta2))  # the fused one insists on floats
        self._adam = torch.optim.Adam(self._weights, settings.lr, betas, fused=fused)
        self._d_adam = torch.optim.Adam(self._d_weights, settings.d_lr, betas, fused=fused)
        self._synthesize, self._discriminate = synthesize, self.discriminator.__call__
        if settings.compile:  # only calls without a second derivative
            self._synthesize, self._discriminate = torch.compile(synthesize), torch.compile(self.discriminator)
        max_scale = MAX_LOSS_SCALE if settings.precision == "fp16" else 1.0
        self._scale, self._d_scale = losses.LossScaler(max_scale), losses.LossScaler(max_scale)
        self.ada = Ada(settings.ada_target, settings.ada_kimg, settings.augment_p)
        self.steps = 0
        self.shown = 0
        self._path_mean = torch.zeros([], device=self.device)
        self._r1 = self._path = 0.0  # as last measured
        self._prefetcher = Prefetcher(self._read_batch, 8 if self.device.type == "cuda" else 1)

    def step(self) -> dict[str, float]:
        """Train both on one batch."""
        with _compiler_errors(self.settings.compile):
            return self._step()

    def _step(self) -> dict[str, float]:
        batch = self._prefetcher.take(self.steps)
        classes = batch.fake_classes.to(self.device, non_blocking=True)
        w, ws = self._mixed_latents("latents", classes, self.settings.batch, self._part)
        fake = self._synthesize(self.network, ws, self.dtype, self._noise("noise", self.settings.batch, self._part))
        numbers = self._step_d(batch, fake.detach(), classes)
        numbers["loss_g"] = self._step_g(fake, classes)
        every = self.settings.pl_every
        if self.settings.pl_weight and self.steps % every == 0:
            numbers["path"] = self._path_length_step(batch)
        self._optimizer_step(self._adam, self._weights, self._scale)

        missing = torch.full([], math.nan, device=self.device)
        local = torch.stack([numbers.get(name, missing) for name in STATISTICS])
        means = self.process_group.average(torch.cat([local, w.detach().mean(dim=0)]))
        self.network.mapping.w_avg.lerp_(means[len(STATISTICS) :], 1 - W_AVG_DECAY)
        statistics = dict(zip(STATISTICS, means[: len(STATISTICS)].tolist(), strict=True))
        self.steps += 1
        self.shown += self.settings.batch
        self._update_ema()
        if "r1" in numbers:
            self._r1 = statistics["r1"]
        if "path" in numbers:
            self._path = statistics["path"]
        if self.settings.augment == "ada":
            self.ada.update(statistics["sign_real"], self.settings.batch)
        return {**statistics, "r1": self._r1, "path": self._path, "p": self.p}

    @property
    def p(self) -> float:
        """The augmentation probability."""
        return 0.0 if self.settings.augment == "none" else self.ada.p

    def state(self) -> State:
        """A copy of all weights, moments and counters, on the CPU."""
        return {
            "steps": self.steps,
            "shown": self.shown,
            "network": _to_cpu(self.network.state_dict()),
            "average": _to_cpu(self.average.state_dict()),
            "discriminator": _to_cpu(self.discriminator.state_dict()),
            "adam": _adam_state(self._adam),
            "d_adam": _adam_state(self._d_adam),
            "path_mean": self._path_mean.item(),
            "r1": self._r1,
            "path": self._path,
            "ada": self.ada.state(),
            "scale": self._scale.state(),
            "d_scale": self._d_scale.state(),
        }

    def restore(self, state: State) -> None:
        """Continue from `state`; TrainingError if it is that of other networks.

        A fixed p is that of the settings, which may have changed since.
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
        """Stop prefetching. Idempotent."""
        self._prefetcher.close()

    def _step_d(self, batch: Batch, fake: Tensor, fake_classes: Tensor) -> dict[str, Tensor]:
        settings = self.settings
        real = batch.pictures.to(self.device, non_blocking=True)[:, : self.pictures.colours].float() / 127.5 - 1
        classes = batch.classes.to(self.device, non_blocking=True)
        if settings.flips:
            mirrored = torch.rand(settings.batch, generator=self._generator("flips"))[self._part] < 0.5
            real = real.where(~mirrored.to(self.device, non_blocking=True)[:, None, None, None], real.flip(3))
        with torch.no_grad():
            real, fake = self._augmented(real, "augment real"), self._augmented(fake, "augment fake")
        fake_logits = self._discriminate(fake, fake_classes)
        loss_fake = losses.discriminator_loss_fake(fake_logits)
        backward([loss_fake * self._d_scale.factor], inputs=self._d_weights)
        penalised = settings.gamma > 0 and self.steps % settings.r1_every == 0
        discriminate = self.discriminator if penalised else self._discriminate
        real_logits = discriminate(real.requires_grad_(penalised), classes)
        loss_real = losses.discriminator_loss_real(real_logits)
        numbers = {
            "real": real_logits.detach().mean(),
            "fake": fake_logits.detach().mean(),
            "sign_real": real_logits.detach().sign().mean(),
            "loss_d": (loss_fake + loss_real).detach(),
        }
        if penalised:
            penalty = losses.r1(real_logits, real)
            loss_real = loss_real + penalty * (settings.gamma / 2 * settings.r1_every)
            numbers["r1"] = penalty.detach()
        backward([loss_real * self._d_scale.factor], inputs=self._d_weights)
        self._optimizer_step(self._d_adam, self._d_weights, self._d_scale)
        return numbers

    def _step_g(self, fake: Tensor, classes: Tensor) -> Tensor:
        loss = losses.generator_loss(self._discriminate(self._augmented(fake, "augment made"), classes))
        backward([loss * self._scale.factor], inputs=self._weights)
        return loss.detach()

    def _path_length_step(self, batch: Batch) -> Tensor:
        """Path-length regularisation on pictures of its own; adds to the gradients."""
        classes = batch.path_classes.to(self.device)
        _, ws = self._mixed_latents("path latents", classes, self._paths, self._path_part)
        pictures = synthesize(self.network, ws, self.dtype, self._noise("path noise", self._paths, self._path_part))
        image_noise = torch.randn(
            (self._paths, *pictures.shape[1:]), generator=self._generator("path", self.device), device=self.device
        )
        lengths = losses.path_lengths(pictures, ws, image_noise[self._path_part])
        self._path_mean.lerp_(self.process_group.average(lengths.detach().mean()), 1 - PATH_DECAY)
        penalty = losses.path_penalty(lengths, self._path_mean)
        weight = self.settings.pl_weight * self.settings.pl_every
        backward([penalty * (weight * self._scale.factor)], inputs=self._weights)
        return penalty.detach()

    def _mixed_latents(self, name: str, classes: Tensor, count: int, part: slice) -> tuple[Tensor, Tensor]:
        """New latents of this process: w (n, w_dim), and ws with style mixing (n, num_ws, w_dim)."""
        generator, network = self._generator(name), self.network
        z = torch.randn(2, count, network.z_dim, generator=generator)[:, part].to(self.device, non_blocking=True)
        cut = losses.mixing_cutoffs(count, network.num_ws, self.settings.mixing, generator)[part].to(
            self.device, non_blocking=True
        )
        w = network.map(z[0], classes)
        other = network.map(z[1], classes) if self.settings.mixing else w
        return w, losses.mix_styles(w, other, cut, network.num_ws)

    def _augmented(self, pictures: Tensor, name: str) -> Tensor:
        if self.p == 0:
            return pictures
        size = (self.settings.side, self.settings.side)
        return augment(pictures, plan(self.settings.batch, size, self.p, self._generator(name)).part(self._part))

    def _optimizer_step(self, adam: torch.optim.Adam, weights: list[nn.Parameter], scale: losses.LossScaler) -> None:
        """One step of an optimizer along the mean gradient of all processes; values that are not finite count as 0."""
        self.process_group.average_gradients(weights)
        gradients = [weight.grad for weight in weights if weight.grad is not None]
        if scale.unscale(gradients):
            for gradient in gradients:
                torch.nan_to_num(gradient, nan=0.0, posinf=0.0, neginf=0.0, out=gradient)
            adam.step()
        adam.zero_grad(set_to_none=True)

    @torch.no_grad()
    def _update_ema(self) -> None:
        """Update the exponential moving average of the weights, with a shorter half-life in the beginning."""
        half_life = min(self.settings.ema_kimg * 1000, self.shown * self.settings.ema_rampup)
        keep = 0.5 ** (self.settings.batch / max(half_life, 1e-8))
        means: list[Tensor] = [*self.average.parameters()]
        torch._foreach_lerp_(means, [*self._weights], 1 - keep)
        for mean, now in zip(self.average.buffers(), self.network.buffers(), strict=True):
            mean.copy_(now)

    def _generator(self, name: str, device: torch.device | str = "cpu", step: int | None = None) -> torch.Generator:
        """The random generator of one purpose in one step."""
        text = f"{self.settings.seed}/{self.steps if step is None else step}/{name}"
        seed = int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little") >> 1
        return torch.Generator(device).manual_seed(seed)

    def _noise(self, name: str, count: int, part: slice) -> Noise | None:
        """Noise for `count` pictures over all processes, of which this one has `part`."""
        if not self.settings.noise:
            return None
        return [plane[part] for plane in noise_planes(self.network, count, self._generator(name, self.device))]

    def _read_batch(self, step: int) -> Batch:
        """Called in the prefetching threads."""
        indices = self._indices("pictures", step, self.settings.batch)[self._part]
        pictures, classes = self.pictures.batch(indices)
        if self.device.type == "cuda":  # pinned, so that the copy to the GPU waits for nothing
            pictures = pictures.pin_memory()
        fake = self._indices("classes", step, self.settings.batch)[self._part]
        path = self._indices("path classes", step, self._paths)[self._path_part]
        return Batch(pictures, classes, self._classes(fake), self._classes(path))

    def _indices(self, name: str, step: int, count: int) -> list[int]:
        indices: list[int] = torch.randint(
            len(self.pictures), (count,), generator=self._generator(name, step=step)
        ).tolist()
        return indices

    def _classes(self, indices: list[int]) -> Tensor:
        """The classes of those pictures, (n, c_dim)."""
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
def _compiler_errors(compiled: bool) -> Iterator[None]:
    """Context manager that converts errors of torch.compile, where it is used, into a TrainingError."""
    if not compiled:
        yield
        return
    from torch._dynamo.exc import TorchDynamoException

    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Dynamo detected a call to a `functools.lru_cache`")
            yield
    except TorchDynamoException as error:  # no C++ compiler, no Triton ...
        if isinstance(getattr(error, "inner_exception", error.__cause__), KeyboardInterrupt):
            raise KeyboardInterrupt from error
        reason = str(getattr(error, "inner_exception", error)).strip().partition("\n")[0][:200]
        raise TrainingError(f"torch.compile does not work here ({reason}); leave --compile out") from error


def _copy_fitting(discriminator: Discriminator, tensors: dict[str, Tensor]) -> None:
    """Copy every tensor whose name and shape fit; TrainingError if none does."""
    own = discriminator.state_dict()
    fits = {name: tensor for name, tensor in tensors.items() if name in own and tensor.shape == own[name].shape}
    if not fits:
        raise TrainingError("nothing of the discriminator to begin from fits this one")
    discriminator.load_state_dict(fits, strict=False)


def _to_cpu(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Copies on the CPU."""
    return {name: tensor.detach().cpu().clone() for name, tensor in tensors.items()}


def _adam_state(adam: torch.optim.Adam) -> State:
    """State of an optimizer, without the first moment if beta1 = 0: then it is the last gradient, and not needed."""
    state = adam.state_dict()
    omitted = "exp_avg" if adam.param_groups[0]["betas"][0] == 0 else ""
    return {
        "state": {
            number: _to_cpu({name: tensor for name, tensor in own.items() if name != omitted})
            for number, own in state["state"].items()
        }
    }


def _restore_adam(adam: torch.optim.Adam, state: State) -> None:
    whole = adam.state_dict()
    whole["state"] = {
        number: {"exp_avg": torch.zeros_like(own["exp_avg_sq"]), **own} for number, own in state["state"].items()
    }
    _check_shapes(adam, whole["state"])
    adam.load_state_dict(whole)


def _check_shapes(adam: torch.optim.Adam, state: dict[int, dict[str, Tensor]]) -> None:
    weights: Iterable[Tensor] = adam.param_groups[0]["params"]
    for number, weight in enumerate(weights):
        if number in state and state[number]["exp_avg_sq"].shape != weight.shape:
            raise ValueError(f"moments of size {tuple(state[number]['exp_avg_sq'].shape)}, not {tuple(weight.shape)}")
