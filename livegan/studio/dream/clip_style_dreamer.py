"""CLIP-guided search in the w of a StyleGAN: tens of steps, as the network draws nothing but pictures of its own.

The search begins at the seed whose picture CLIP finds most like the prompts; then w+ goes by Adam, as in StyleCLIP's
latent optimisation (Patashnik et al. 2021, 2103.17249, section 4). It goes in principal components of the network's own
w, each in its standard deviations: a penalty on their squares keeps it where the network was trained (truncation), one
on rows that go apart keeps w+ near w. Prompts, cutouts and their losses are those of `VqganDreamer`.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from livegan.core.target import Target
from livegan.core.types import Pixels
from livegan.errors import DreamError
from livegan.networks.info import NetworkInfo
from livegan.studio.dream.aim_losses import AimLosses, ClipModel, SoundModel
from livegan.studio.dream.cutouts import Cutouts
from livegan.studio.dream.dreamer import Aim, Feedback, State
from livegan.studio.dream.first_picture import fed_back, to_pixels, to_tensor
from livegan.studio.dream.optimizers import optimizer, optimizer_state, restore_optimizer
from livegan.studio.dream.prompts import NoisePrompt
from livegan.studio.dream.style_start import candidates
from livegan.studio.dream.vqgan_options import DEFAULT_AUGMENTS
from livegan.studio.projector_network import ProjectorNetwork

LEARNING_RATE = 0.05  # standard deviations of a principal component
CUTS = 8  # a picture of the network's own needs fewer than one that may be anything
SEEDS = 64  # whose pictures are compared first
BATCH = 8
VARIANCE = 0.999  # of w that the principal components hold
OWN_WEIGHT = 0.02  # of the mean squared component: 1 is how far the network's own w are from their mean
APART_WEIGHT = 0.02  # of the variance between rows
FEEDBACK = "feedback"  # among what it is to be like
TRANSFER = 4.0  # of the transfer rate (MetaMusic)
FEEDBACK_RATE = 1.0  # a transfer rate: how much the next picture is like the one before, zoomed


class ClipStyleDreamer:
    """Dreamer in the w+ of one network, guided by CLIP. Deterministic in its seed, on one device."""

    def __init__(
        self,
        network: ProjectorNetwork,
        info: NetworkInfo,
        clip: ClipModel,
        size: tuple[int, int] | None = None,
        seed: int = 0,
        learning_rate: float | None = None,
        cuts: int = CUTS,
        augments: Sequence[str] = DEFAULT_AUGMENTS,
        open_sound_model: Callable[[], SoundModel] | None = None,
        noise: Sequence[NoisePrompt] = (),
    ) -> None:
        """`size`: of its pictures, width and height [px]; None: the network's own."""
        height, width = network.resolution
        self.size = size or (width, height)
        self._network, self._info, self._seed = network, info, seed
        self._device = torch.device(network.device)
        cutouts = Cutouts(clip.size, cuts, augments=augments)
        self._aims = AimLosses(clip, cutouts, seed, self._device, open_sound_model, noise)
        self._rate = LEARNING_RATE if learning_rate is None else learning_rate
        self._basis = principal_components(network.samples - network.mean)
        self._images: dict[str, tuple[Tensor, float]] = {}  # what it is to be like, with the rate
        self._begin_anew()

    def aim(self, aims: Sequence[Aim], *, first_only: Sequence[Aim] = ()) -> None:
        """See `Dreamer.aim`; the first one also chooses where the search begins."""
        self._aims.aim(aims, first_only, self.size)
        if not self._is_begun and not self._aims.is_empty:
            self._begin(self._best_seed(aims).expand(self._network.rows, -1))

    def begin_with(self, picture: Pixels) -> None:
        """Begin at the one of the network's own pictures that is most like this one; before the first `aim`."""
        nearest = self._network.nearest(self._fitted(picture) * 2 - 1)[0, :1]
        self._begin(self._components(nearest).expand(self._network.rows, -1))

    def towards(self, picture: Pixels | None, rate: float) -> None:
        """See `Dreamer.towards`."""
        self._images.pop("towards", None)
        if picture is not None and rate:
            self._images["towards"] = (self._fitted(picture), rate)

    def step(self) -> float:
        """One step of Adam; DreamError where there is nothing to go for."""
        if self._aims.is_empty and not self._images:
            raise DreamError("a dream needs an aim before its first step; give for example: --text 'a red moon'")
        x = self._x  # (rows, components), in their standard deviations
        self._optimizer.zero_grad(set_to_none=True)
        picture = (self._draw(x[None]) + 1) / 2
        loss = OWN_WEIGHT * x.square().mean() + APART_WEIGHT * x.var(dim=0, unbiased=False).mean()
        if not self._aims.is_empty:
            loss = loss + self._aims(picture.clamp(0, 1), self._count)
        for image, rate in self._images.values():
            loss = loss + TRANSFER * rate * F.mse_loss(picture, image)
        loss.backward()  # type: ignore[no-untyped-call]
        self._optimizer.step()
        self._aims.end_step()
        self._count += 1
        return float(loss.detach())

    def state(self) -> State:
        """See `Dreamer.state`; what it goes for is not part of it, but for its own picture."""
        if not self._is_begun:
            return {}
        state: dict[str, NDArray[np.generic]] = {
            "x": self._x.detach().cpu().numpy().copy(),
            "count": np.array(self._count),
        }
        if FEEDBACK in self._images:
            state[FEEDBACK] = self._images[FEEDBACK][0].cpu().numpy().copy()
        return state | optimizer_state(self._optimizer, self._x)

    def restore(self, state: State) -> None:
        """See `Dreamer.restore`."""
        self._images.pop(FEEDBACK, None)
        if not state:
            self._begin_anew()
            return
        self._begin(torch.from_numpy(np.asarray(state["x"], np.float32).copy()).to(self._device))
        restore_optimizer(self._optimizer, self._x, state)
        self._count = int(state["count"])
        if FEEDBACK in state:
            before = torch.from_numpy(np.asarray(state[FEEDBACK], np.float32).copy()).to(self._device)
            self._images[FEEDBACK] = (before, FEEDBACK_RATE)

    def between(self, start: State, end: State, amount: float) -> Pixels:
        """See `Dreamer.between`: straight in w+."""
        a, b = (torch.from_numpy(np.asarray(each["x"], np.float32)).to(self._device) for each in (start, end))
        return self._pixels(a.lerp(b, amount))

    def picture(self) -> Pixels:
        """See `Dreamer.picture`."""
        return self._pixels(self._x)

    def feed_back(self, feedback: Feedback) -> None:
        """See `Dreamer.feed_back`: it is also to be like its own picture, so changed."""
        with torch.no_grad():
            before = ((self._draw(self._x[None]) + 1) / 2).clamp(0, 1)
        scale = before.shape[3] / self.size[0]  # shifts are in pixels of what is shown
        shift = (feedback.shift[0] * scale, feedback.shift[1] * scale)
        self._images[FEEDBACK] = (fed_back(before, replace(feedback, shift=shift)), FEEDBACK_RATE)
        self._begin(self._x)

    def _begin_anew(self) -> None:
        """Nothing is dreamt, and no aim has chosen where to begin."""
        self._begin(torch.zeros(self._network.rows, len(self._basis), device=self._device))
        self._is_begun, self._count = False, 0

    def _begin(self, x: Tensor) -> None:
        """Go on from x with a new optimizer."""
        self._x = x.detach().clone().requires_grad_()
        self._optimizer = optimizer("Adam", self._x, self._rate)
        self._is_begun = True

    def _best_seed(self, aims: Sequence[Aim]) -> Tensor:
        """Components (1, k) of the w of the best of SEEDS pictures, of the classes that the aims name where they do."""
        target, total = Target(), 0.0
        for aim in aims:
            if aim.target is not None and aim.weight > 0:
                total += aim.weight
                target = target.blend(aim.target, aim.weight / total)
        ws = candidates(self._network, self._info, target, self._seed)[:SEEDS]
        x = self._components(ws)
        with torch.no_grad():
            losses = [
                self._aims.of_pictures(((self._draw(part) + 1) / 2).clamp(0, 1))
                for part in torch.split(x[:, None].expand(-1, self._network.rows, -1), BATCH)
            ]
        best: Tensor = x[int(torch.cat(losses).argmin())][None]
        return best

    def _components(self, ws: Tensor) -> Tensor:
        """Principal components (n, k) of w (n, dim)."""
        components: Tensor = (ws - self._network.mean) @ torch.linalg.pinv(self._basis)
        return components

    def _draw(self, x: Tensor) -> Tensor:
        """x (n, rows, components) to pictures (n, 3, h, w), about -1..1."""
        return self._network.draw(self._network.mean + x @ self._basis)

    def _pixels(self, x: Tensor) -> Pixels:
        with torch.no_grad():
            drawn = self._draw(x[None])
            width, height = self.size
            if drawn.shape[2:] != (height, width):
                drawn = F.interpolate(drawn, size=(height, width), mode="bicubic", antialias=True)
            return to_pixels((drawn + 1) / 2)

    def _fitted(self, picture: Pixels) -> Tensor:
        height, width = self._network.resolution
        return to_tensor(picture, (width, height)).to(self._device)


def principal_components(centred: Tensor) -> Tensor:
    """Principal components (k, dim) of w (n, dim) about its mean, each as long as its standard deviation."""
    covariance = centred.T @ centred / len(centred)
    variances, directions = torch.linalg.eigh(covariance.double())  # the largest last
    variances, directions = variances.flip(0).clamp(min=0), directions.flip(1)
    shares = variances.cumsum(0) / variances.sum().clamp(min=1e-30)
    count = int((shares < VARIANCE).sum()) + 1
    components: Tensor = directions[:, :count] * variances[:count].sqrt()
    return components.T.to(centred)
