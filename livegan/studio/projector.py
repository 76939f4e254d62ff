"""Projector: the w or w+ whose picture is most like a target, found by gradient descent.

`original`: the projector of StyleGAN2 (Karras et al. 2020, 1912.04958, appendix D), to the letter: from the mean w, one
w for all rows, Adam with a learning rate of 0.1 that ramps up over 5 % of the steps and down over the last 25 %, noise
on w that fades out over 75 %, noise inputs optimised under a regulariser of weight 1e5, always all the steps.

Else, what converges sooner (mean PSNR of 4 pictures of house-256's own after 100 steps, one change a line):

    from the mean w, in w, learning rate 0.1          21.9 dB   some pictures stay in the wrong class
    from the nearest of 256 random pictures           28.6 dB
    in w+                                             28.9 dB
    of 2400 random pictures, learning rate 0.2        36.2 dB   33.8 dB with pixels and gradients, no classifier
    squared pixels beside the features, weight 10     36.5 dB
    the first 30 % of the steps in w (weight 1)       38.8 dB   what is settled in w stays among the network's own
    all together, at most 200 steps, 16 pictures      45.7 dB   the lowest 37.3 dB; none needed more than 150 steps

Learning rates are in standard deviations of a coordinate of w. They follow a cosine; a picture that gets no better goes
through it faster (`PATIENCE`), so that steps end early by convergence. A frame of a video starts from the one before,
or from where the last two point, whichever is more like it, goes by L-BFGS, as it is near a minimum (`lbfgs`), and ends
when it is as like its target as the first of them was and gets no better; where a fresh start is much nearer, as after
a cut, it starts afresh. Pictures in a batch do not touch each other. Frames that follow one (house-256, a quick walk;
perceptual distance and PSNR, means of five):

    at most 20 steps of Adam (18 taken)      0.045   40.7 dB   4.0 s   the worst distance 0.140
    at most 60 steps of Adam (34)            0.025   42.7 dB   6.4 s   0.055
    at most 30 steps of L-BFGS (21)          0.015   45.5 dB   3.8 s   0.016
    the same in w (14)                       0.009   46.8 dB   2.9 s   0.010
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from math import cos, pi
from typing import Literal

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from livegan.core.types import Pixels
from livegan.errors import NetworkError
from livegan.networks.architectures.stylegan2 import to_pixels
from livegan.networks.encoder import Encoder
from livegan.studio.lbfgs import Descent
from livegan.studio.projector_network import ProjectorNetwork
from livegan.training.perceptual import Perceptual

Space = Literal["w", "w+"]

STEPS, WARM_STEPS, ORIGINAL_STEPS = 200, 30, 1000
PIXEL_WEIGHT = 10.0  # of the mean squared difference of pixels, beside the perceptual distance
COLD_LR, WARM_LR = 0.2, 0.1  # standard deviations of a coordinate of w
FIRST_STEP = 0.03  # of L-BFGS, in the same unit
WARM_UP = 5  # steps
CUT = 0.7  # a fresh start must be so much better than the frame before
W_SHARE = 0.3  # of a fresh start into w+: first in w
PATIENCE, SLOW = 5, 0.01  # after so many steps without so much of an improvement ...
SETTLED = 2  # steps without it, after which a frame ends that is as good as the first of its chain
FASTER = 3.0  # ... time runs so much faster
NOISE_WEIGHT = 1e5  # of the noise regulariser
ORIGINAL_LR, RAMP_UP, RAMP_DOWN = 0.1, 0.05, 0.25
W_NOISE, W_NOISE_SHARE = 0.05, 0.75
BETA1, BETA2, EPSILON = 0.9, 0.999, 1e-8  # Adam (Kingma and Ba 2014)


@dataclass(frozen=True, slots=True)
class ProjectorSettings:
    """How targets are projected."""

    space: Space = "w+"
    steps: int = STEPS  # at most, from a fresh start
    warm_steps: int = WARM_STEPS  # at most, from the frame before
    original: bool = False  # StyleGAN2's projector, always `steps`
    noise: bool = False  # optimise the noise inputs too
    seed: int = 303  # of the noise on w
    histories: tuple[str, ...] = ()  # "latents", "images", "noises": what to keep of every step


@dataclass(slots=True)
class Projected:
    """One projected target."""

    ws: NDArray[np.float32]  # (rows, dim)
    pixels: Pixels  # its picture
    loss: float
    goal: float  # loss at which the next frame ends: that of the last fresh start
    steps: int
    curve: NDArray[np.float32]  # (steps,): sum of |w at the end - w at each step|
    noise: NDArray[np.float32] | None = None  # optimised noise inputs, all planes in one row
    histories: dict[str, NDArray[np.generic]] = field(default_factory=dict)  # (steps, ...) each


@dataclass(slots=True)
class _Track:
    """One target on its way."""

    fresh: bool  # not from the frame before
    limit: int  # steps
    rate: float  # highest learning rate
    goal: float  # loss at which it ends if it gets no better
    rng: torch.Generator
    time: float = 0.0  # 0..1 through the schedule
    step: int = 0
    best: float = float("inf")
    waiting: int = 0  # steps without an improvement
    descent: Descent | None = None  # by L-BFGS, of w in standard deviations; None: by Adam
    latents: list[Tensor] = field(default_factory=list)
    images: list[Tensor] = field(default_factory=list)
    noises: list[Tensor] = field(default_factory=list)


class Projector:
    """Projector into one network."""

    def __init__(
        self,
        network: ProjectorNetwork,
        features: Perceptual,
        settings: ProjectorSettings,
        encoder: Encoder | None = None,
    ) -> None:
        """`encoder`: where fresh starts may come from, besides the nearest random pictures."""
        self.network, self.features, self.settings, self._encoder = network, features, settings, encoder
        self._tied = settings.original or settings.space == "w"
        self._noisy = (settings.original or settings.noise) and network.has_noise

    def trial(self, steps: int) -> "Projector":
        """The same with so many steps."""
        return Projector(self.network, self.features, replace(self.settings, steps=steps, histories=()), self._encoder)

    def project(
        self,
        targets: Tensor,
        before: Sequence[Sequence[Projected]],
        numbers: Sequence[int] = (),
        report: Callable[[int], None] = lambda step: None,
    ) -> list[Projected]:
        """Project targets (n, 3, h, w), -1..1, of the network's size, each on its own.

        `before` has for each the results of up to two frames before it, the last one last; `numbers` seed the noise on
        w. `report` is called with every step. NetworkError if the network draws something that is not finite.
        """
        with torch.no_grad():
            goals = self.features.features(targets)
            ws, tracks = self._starts(targets, goals, before, numbers or range(len(targets)))
        parameters = [ws, *self._noise_of(before)]
        best = [parameter.clone() for parameter in parameters]
        moments = [(torch.zeros_like(each), torch.zeros_like(each)) for each in parameters]
        active = list(range(len(targets)))
        count = 0
        while active:
            self._step(active, tracks, parameters, best, moments, targets, goals)
            active = [index for index in active if not self._is_done(tracks[index])]
            count += 1
            report(count)
        return self._results(tracks, best)

    def _starts(
        self, targets: Tensor, goals: Tensor, before: Sequence[Sequence[Projected]], numbers: Sequence[int]
    ) -> tuple[Tensor, list[_Track]]:
        """Where each target starts (n, rows, dim), and its track."""
        net, settings = self.network, self.settings
        rngs = [torch.Generator().manual_seed(settings.seed * 1_000_003 + number) for number in numbers]
        mean = net.mean.expand(len(targets), net.rows, -1)
        if settings.original:
            return mean.clone(), [_Track(True, settings.steps, ORIGINAL_LR, -1.0, rng) for rng in rngs]
        unit = net.coordinate_deviation
        nearest = net.nearest(targets)[:, :, None].expand(-1, -1, net.rows, -1)  # (n, NEAREST, rows, dim)
        encoded = None if self._encoder is None else self._encoder.encode(targets).clone().to(mean)
        ws, tracks = [], []
        for index, earlier in enumerate(before):
            starts = [mean[index], *nearest[index]]
            if encoded is not None:
                starts.append(encoded[index].mean(0).expand_as(mean[0]) if self._tied else encoded[index])
            fresh = len(starts)  # so many of them
            starts += [torch.from_numpy(each).to(mean) for each in _warm(earlier)]
            losses = [float(self._losses(start[None], targets[index, None], goals[index, None])[0]) for start in starts]
            losses[fresh:] = [CUT * loss for loss in losses[fresh:]]
            best = min(range(len(starts)), key=lambda place: losses[place])
            ws.append(starts[best])
            warm = best >= fresh
            descent = Descent(starts[best] / unit, FIRST_STEP) if warm and not self._noisy else None
            tracks.append(
                _Track(
                    fresh=not warm,
                    limit=settings.warm_steps if warm else settings.steps,
                    rate=(WARM_LR if warm else COLD_LR) * unit,
                    goal=earlier[-1].goal if warm else 0.0,
                    rng=rngs[index],
                    descent=descent,
                )
            )
        return torch.stack(ws), tracks

    def _noise_of(self, before: Sequence[Sequence[Projected]]) -> list[Tensor]:
        """Noise inputs to be optimised, (n, 1, h, w) each: the network's own, or those of the frame before."""
        if not self._noisy:
            return []
        planes = self.network.noise_planes(len(before))
        for index, earlier in enumerate(before):
            if earlier and earlier[-1].noise is not None:
                row = torch.from_numpy(earlier[-1].noise)
                for plane, part in zip(planes, torch.split(row, [plane[0].numel() for plane in planes]), strict=True):
                    plane[index] = part.view(plane[index].shape)
        return planes

    def _losses(self, ws: Tensor, targets: Tensor, goals: Tensor, noise: list[Tensor] | None = None) -> Tensor:
        return self._compare(self.network.draw(ws, noise), targets, goals)

    def _compare(self, pictures: Tensor, targets: Tensor, goals: Tensor) -> Tensor:
        losses = (self.features.features(pictures) - goals).square().sum(dim=1)
        if self.settings.original:
            return losses
        return losses + PIXEL_WEIGHT * (pictures - targets).square().flatten(1).mean(dim=1)

    def _step(
        self,
        active: list[int],
        tracks: list[_Track],
        parameters: list[Tensor],
        best: list[Tensor],
        moments: list[tuple[Tensor, Tensor]],
        targets: Tensor,
        goals: Tensor,
    ) -> None:
        """One step of the active targets; `best` keeps the parameters of the lowest loss."""
        places = torch.tensor(active, device=targets.device)
        values = [parameter[places].requires_grad_() for parameter in parameters]
        drawn_ws = values[0]
        if self.settings.original:
            drawn_ws = drawn_ws + torch.stack([self._w_noise(tracks[index]) for index in active]).to(drawn_ws)
        noise = values[1:] or None
        pictures = self.network.draw(drawn_ws, noise)
        losses = self._compare(pictures, targets[places], goals[places])
        total = losses + NOISE_WEIGHT * noise_regularisation(values[1:]) if noise else losses
        gradients = list(torch.autograd.grad(total.sum(), values))
        found = losses.detach().tolist()
        for at, index in enumerate(active):
            track = tracks[index]
            if not np.isfinite(found[at]):
                raise NetworkError(f"the picture of frame {index} of a batch is not finite; the network is broken")
            self._record(track, values, pictures, at)
            improved = found[at] < track.best * (1 - SLOW)
            track.waiting = 0 if improved else track.waiting + 1
            if found[at] < track.best or self.settings.original:
                track.best = found[at]
                for kept, value in zip(best, values, strict=True):
                    kept[index] = value[at].detach()
            if self._tied or (track.fresh and track.time < W_SHARE):
                gradients[0][at] = gradients[0][at].sum(dim=0, keepdim=True).expand_as(gradients[0][at])
            if track.descent is not None:
                unit = self.network.coordinate_deviation
                track.descent.tell(found[at], gradients[0][at] * unit)
                parameters[0][index] = track.descent.place * unit
                self._advance(track)
                continue
            for value, gradient, (first, second), parameter in zip(values, gradients, moments, parameters, strict=True):
                first[index].lerp_(gradient[at], 1 - BETA1)
                second[index].mul_(BETA2).addcmul_(gradient[at], gradient[at], value=1 - BETA2)
                power = track.step + 1
                slope = (first[index] / (1 - BETA1**power)) / ((second[index] / (1 - BETA2**power)).sqrt() + EPSILON)
                parameter[index] = value[at].detach() - self._rate(track) * slope
            self._advance(track)
            if noise:
                for plane in parameters[1:]:
                    plane[index] -= plane[index].mean()
                    plane[index] *= plane[index].square().mean().rsqrt()

    def _w_noise(self, track: _Track) -> Tensor:
        strength = self.network.deviation * W_NOISE * max(0.0, 1 - track.time / W_NOISE_SHARE) ** 2
        return torch.randn(1, self.network.dim, generator=track.rng) * strength

    def _rate(self, track: _Track) -> float:
        """Learning rate of this step."""
        if self.settings.original:
            down = min(1.0, (1 - track.time) / RAMP_DOWN)
            return track.rate * (0.5 - 0.5 * cos(pi * down)) * min(1.0, track.time / RAMP_UP)
        return track.rate * (0.5 + 0.5 * cos(pi * track.time)) * min(1.0, (track.step + 1) / WARM_UP)

    def _advance(self, track: _Track) -> None:
        faster = FASTER if track.waiting >= PATIENCE and not self.settings.original else 1.0
        track.step += 1
        track.time = track.step / track.limit if self.settings.original else track.time + faster / track.limit

    def _is_done(self, track: _Track) -> bool:
        settled = track.best <= track.goal and track.waiting >= SETTLED
        return track.step >= track.limit or track.time >= 1 or settled

    def _record(self, track: _Track, values: list[Tensor], pictures: Tensor, at: int) -> None:
        track.latents.append(values[0][at].detach().cpu().clone())
        if "images" in self.settings.histories:
            track.images.append(to_pixels(pictures[at].detach()).cpu())
        if "noises" in self.settings.histories and len(values) > 1:
            track.noises.append(_row(values[1:], at))

    def _results(self, tracks: list[_Track], best: list[Tensor]) -> list[Projected]:
        pictures = self.network.pixels(best[0], best[1:] or None)
        results = []
        for index, track in enumerate(tracks):
            ws = best[0][index].detach().cpu()
            steps = torch.stack(track.latents)
            kept: dict[str, NDArray[np.generic]] = {}
            if "latents" in self.settings.histories:
                kept["latents"] = steps.numpy()
            if track.images:
                kept["images"] = torch.stack(track.images).numpy()
            if track.noises:
                kept["noises"] = torch.stack(track.noises).numpy()
            curve = (steps - ws).abs().sum(dim=(1, 2)).numpy()
            noise = _row(best[1:], index).numpy() if self._noisy else None
            goal = track.best if track.fresh else track.goal
            results.append(Projected(ws.numpy(), pictures[index], track.best, goal, track.step, curve, noise, kept))
        return results


def noise_regularisation(planes: Sequence[Tensor]) -> Tensor:
    """Noise regulariser (n,) of planes (n, 1, h, w): correlations of neighbours at all scales (appendix D)."""
    total = planes[0].new_zeros(len(planes[0]))
    for plane in planes:
        while True:
            total = total + (plane * plane.roll(1, 3)).mean(dim=(1, 2, 3)).square()
            total = total + (plane * plane.roll(1, 2)).mean(dim=(1, 2, 3)).square()
            if plane.shape[2] <= 8:
                break
            plane = F.avg_pool2d(plane, 2)
    return total


def _row(planes: Sequence[Tensor], index: int) -> Tensor:
    return torch.cat([plane[index].detach().flatten().cpu() for plane in planes])


def _warm(earlier: Sequence[Projected]) -> list[NDArray[np.float32]]:
    """Starts from the frames before: the last w, and where the last two point."""
    if len(earlier) < 2:
        return [each.ws for each in earlier]
    return [earlier[-1].ws, 2 * earlier[-1].ws - earlier[-2].ws]
