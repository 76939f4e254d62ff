"""Style dreamer: search in the w+ of a StyleGAN by Adam, towards colours, light, classes and pictures.

The search begins at the best of some hundred seeds (`style_start`); that w stays the anchor of later steps, so that a
picture remains one of the network's own. A new aim has a new anchor, to which the picture travels.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from livegan.core.target import CLASSES, Target
from livegan.core.types import Pixels
from livegan.errors import DreamError
from livegan.mapping.words import NOT_UNDERSTOOD, UNSURE
from livegan.networks.info import NetworkInfo
from livegan.studio.dream.dreamer import Aim, Feedback, State
from livegan.studio.dream.first_picture import fed_back
from livegan.studio.dream.grade import Grade, finished, grade_of
from livegan.studio.dream.labels import INSTALL, LabelLoss, is_there, label_names, labels_of
from livegan.studio.dream.losses import SEARCH_PX, target_losses
from livegan.studio.dream.style_start import candidates, losses_of
from livegan.studio.projector_network import ProjectorNetwork, to_targets

LEARNING_RATE = 0.05  # standard deviations of a coordinate of w
BETA1, BETA2, EPSILON = 0.9, 0.99, 1e-8
GRADE_RATE = 0.15  # of the way to what the newest picture needs, each step
SCREEN_PX = 768  # about the height of pictures, where no size is asked for
TIED = 0.6  # how far all rows of w go the same way: what is settled in w stays among the network's own pictures
ANCHOR_WEIGHT = 2.0  # of the mean squared distance from the anchor, in standard deviations
ECHO_WEIGHT = 2.0  # of what feed_back made of the picture
SEEDS_LOOKED_AT = 64  # by the classifier, to begin with
LABEL_WEIGHT = 0.15  # of what a classifier misses
AWAY_LIMIT = 1.0  # what an aim of negative weight can gain at most


def usual_size(resolution: tuple[int, int]) -> tuple[int, int]:
    """Width and height [px] of a picture of a network of that height and width: a multiple that fills a screen."""
    height, width = resolution
    factor = max(1, round(SCREEN_PX / height))
    return width * factor, height * factor


class StyleDreamer:
    """Dreamer in the w+ of one network, without a joint model of text and pictures."""

    def __init__(
        self,
        network: ProjectorNetwork,
        info: NetworkInfo,
        size: tuple[int, int] | None = None,
        seed: int = 0,
        learning_rate: float | None = None,
    ) -> None:
        """`size`: of its pictures, width and height [px]; None: the network's own."""
        self.size = size or usual_size(network.resolution)
        self._network, self._info, self._seed = network, info, seed
        self._rate = LEARNING_RATE if learning_rate is None else learning_rate
        self._unit = network.coordinate_deviation
        self._begin_anew()
        self._aims: list[tuple[float, float, Target]] = []  # weight, stop, target
        self._labels: list[tuple[float, LabelLoss]] = []  # of texts, where the network has no captions
        self._pictures: list[tuple[float, Tensor]] = []  # weight, picture (1, 3, h, w)
        self._first_only: list[tuple[float, Tensor]] = []
        self._captioned = not set(CLASSES).isdisjoint(info.classes)
        self._looks = not self._captioned and is_there()
        self._levels = network.levels_of(SEARCH_PX)
        self._image: Tensor | None = None
        self._image_rate = 0.0

    def _begin_anew(self) -> None:
        """Nothing is dreamt, and no aim has chosen where to begin."""
        self._ws: Tensor | None = None  # (rows, dim), in standard deviations from the mean
        self._anchor = torch.zeros(self._network.rows, self._network.dim)
        self._moments = (torch.zeros_like(self._anchor), torch.zeros_like(self._anchor))
        self._count = 0
        self._echo: Tensor | None = None  # what feed_back made of the picture
        self._grade: Grade | None = None
        self._is_aimed = False

    def aim(self, aims: Sequence[Aim], *, first_only: Sequence[Aim] = ()) -> None:
        """See `Dreamer.aim`; the first one also chooses where the search begins."""
        understood = [aim for aim in aims if aim.target is not None and aim.target.confidence >= UNSURE]
        self._aims = [(aim.weight, aim.stop, aim.target) for aim in understood if aim.target is not None]
        self._pictures = [(aim.weight, self._fitted(aim.picture)) for aim in aims if aim.picture is not None]
        self._first_only = [(aim.weight, self._fitted(aim.picture)) for aim in first_only if aim.picture is not None]
        self._labels = [
            (aim.weight, LabelLoss(shares, self._seed))
            for aim in aims
            if self._looks and aim.weight > 0 and (shares := labels_of(aim.text))
        ]
        self._is_aimed = True
        best = self._best_seed()
        self._anchor = best[None].expand(self._network.rows, -1).clone()
        if self._ws is None:
            self._ws = self._anchor.clone()

    def read(self, aims: Sequence[Aim]) -> tuple[bool, str]:
        """Whether anything of the aims is understood, and what, for people."""
        targets = [aim.target for aim in aims if aim.target is not None]
        known = any(target.confidence >= UNSURE and not target.is_empty for target in targets)
        parts = list(dict.fromkeys(part for target in targets for part in target.understood))
        if self._captioned:
            return known, ", ".join(parts)
        if not is_there():
            return known, f"{self._info.name} has no captions: only colours and light are followed; type: {INSTALL}"
        labels = [list(labels_of(aim.text))[:3] if aim.text else [] for aim in aims]
        found = [label_names()[number] for numbers in labels for number in numbers]
        if all(labels):  # each is understood, though it names no motif
            parts = [part for part in parts if part != NOT_UNDERSTOOD]
        return known or bool(found), ", ".join([*parts, *(f"looked for: {name}" for name in found)])

    def begin_with(self, picture: Pixels) -> None:
        """Begin at the one of the network's own pictures that is most like this one; before the first `aim`."""
        nearest = self._network.nearest(self._fitted(picture))[0, 0]
        self._ws = ((nearest - self._network.mean) / self._unit).cpu()[None].repeat(self._network.rows, 1)

    def towards(self, picture: Pixels | None, rate: float) -> None:
        """See `Dreamer.towards`."""
        self._image = None if picture is None else self._fitted(picture)
        self._image_rate = rate

    def step(self) -> float:
        """One step of Adam; DreamError before the first `aim`."""
        if self._ws is None:
            raise DreamError("a dream needs an aim before its first step")
        ws = self._ws.clone().requires_grad_()
        picture = self._draw(ws[None], self._levels)
        self._grade_towards(picture[0].detach())
        loss = self._losses(picture)[0] + ANCHOR_WEIGHT * (ws - self._anchor).square().mean()
        (gradient,) = torch.autograd.grad(loss, ws)
        gradient = gradient.lerp(gradient.mean(dim=0, keepdim=True), TIED)
        self._count += 1
        first, second = self._moments
        first.lerp_(gradient, 1 - BETA1)
        second.mul_(BETA2).addcmul_(gradient, gradient, value=1 - BETA2)
        slope = (first / (1 - BETA1**self._count)) / ((second / (1 - BETA2**self._count)).sqrt() + EPSILON)
        self._ws = self._ws - self._rate * slope
        self._first_only = []
        return float(loss.detach())

    def state(self) -> State:
        """See `Dreamer.state`."""
        if self._ws is None:
            return {}
        arrays = {"ws": self._ws, "anchor": self._anchor, "first": self._moments[0], "second": self._moments[1]}
        state: dict[str, NDArray[np.generic]] = {name: array.cpu().numpy().copy() for name, array in arrays.items()}
        if self._echo is not None:
            state["echo"] = self._echo.cpu().numpy().copy()
        if self._is_aimed or self._grade is not None:
            state["grade"] = self._graded().vector()
        return state | {"count": np.array(self._count)}

    def restore(self, state: State) -> None:
        """See `Dreamer.restore`."""
        self._begin_anew()
        if not state:
            return
        ws, anchor, first, second = (
            torch.from_numpy(np.asarray(state[name], np.float32).copy()) for name in ("ws", "anchor", "first", "second")
        )
        self._ws, self._anchor, self._moments = ws, anchor, (first, second)
        if "echo" in state:
            echo = torch.from_numpy(np.asarray(state["echo"], np.float32).copy())
            self._echo = echo.to(self._network.device)
        self._count = int(state["count"])
        if "grade" in state:
            self._grade = Grade.of(np.asarray(state["grade"], np.float64))

    def between(self, start: State, end: State, amount: float) -> Pixels:
        """See `Dreamer.between`."""
        a, b = (torch.from_numpy(np.asarray(each["ws"], np.float32)) for each in (start, end))
        grades = [np.asarray(each["grade"], np.float64) for each in (start, end)]
        return self._pixels(a.lerp(b, amount), Grade.of(grades[0] * (1 - amount) + grades[1] * amount))

    def picture(self) -> Pixels:
        """See `Dreamer.picture`."""
        if self._ws is None:
            raise DreamError("a dream needs an aim before it has a picture")
        return self._pixels(self._ws, self._graded())

    def feed_back(self, feedback: Feedback) -> None:
        """See `Dreamer.feed_back`: the next steps go for the picture as it is then, as far as the network can."""
        if self._ws is None:
            raise DreamError("a dream needs an aim before it can go on from its picture")
        with torch.no_grad():
            seen = self._draw(self._ws[None], self._levels).clamp(-1, 1)
        height = self.size[1]
        scale = seen.shape[2] / height
        shift = (feedback.shift[0] * scale, feedback.shift[1] * scale)
        self._echo = fed_back((seen + 1) / 2, replace(feedback, shift=shift)) * 2 - 1

    def _draw(self, ws: Tensor, levels: int | None = None) -> Tensor:
        """ws (n, rows, dim) in standard deviations to pictures (n, 3, h, w), about -1..1."""
        return self._network.draw(ws.to(self._network.device) * self._unit + self._network.mean, levels=levels)

    def _losses(self, pictures: Tensor, candidates: bool = False) -> Tensor:
        """The loss (n,) of pictures (n, 3, h, w); of `candidates` without what counts for a step or two only."""
        total = pictures.new_zeros(len(pictures))
        for weight, stop, target in self._aims:
            losses = target_losses(pictures, target).clamp(min=stop)
            total = total + (weight * losses if weight >= 0 else weight * AWAY_LIMIT * torch.tanh(losses / AWAY_LIMIT))
        for weight, seen in self._labels:
            total = total + weight * LABEL_WEIGHT * seen(pictures, 0 if candidates else self._count)
        images = [*self._pictures, *(() if candidates else self._first_only)]
        if self._image is not None and self._image_rate:
            images.append((self._image_rate, self._image))
        if self._echo is not None and not candidates:
            images.append((ECHO_WEIGHT, self._echo))
        for weight, image in images:  # the mean square of -1..1 is 4 times that of 0..1
            fitted = F.interpolate(image, size=pictures.shape[2:], mode="area")
            total = total + weight * (pictures - fitted).square().flatten(1).mean(dim=1)
        return total

    def _best_seed(self) -> Tensor:
        """The w (dim,) of the best seed for the aims, in standard deviations from the mean."""
        ws = candidates(self._network, self._info, self._target(), self._seed)
        levels = self._levels if self._labels else self._network.small_levels  # a classifier sees nothing at 32 px
        ws = ws[:SEEDS_LOOKED_AT] if self._labels else ws
        losses = losses_of(self._network, ws, partial(self._losses, candidates=True), levels)
        best = ws[int(losses.argmin())]
        return ((best - self._network.mean) / self._unit).cpu()

    def _fitted(self, picture: Pixels) -> Tensor:
        height, width = self._network.resolution
        whole = to_targets([picture], self._network.device)
        return F.interpolate(whole, size=(height, width), mode="area" if whole.shape[2] > height else "bilinear")

    def _target(self) -> Target:
        """What the aims of positive weight ask for, in one."""
        target, total = Target(), 0.0
        for weight, _, other in self._aims:
            if weight > 0:
                total += weight
                target = target.blend(other, weight / total)
        return target

    def _graded(self) -> Grade:
        """The grade now; of a dream that has made no step, of the picture that it begins with."""
        if self._grade is None and self._ws is not None:
            with torch.no_grad():
                self._grade_towards(self._draw(self._ws[None], self._levels)[0])
        return self._grade or Grade()

    def _grade_towards(self, picture: Tensor) -> None:
        """The grade follows the picture, and the aims, within some steps."""
        wanted = grade_of(picture, self._target())
        if self._grade is not None:
            before = self._grade.vector()
            wanted = Grade.of(before + (wanted.vector() - before) * GRADE_RATE)
        self._grade = wanted

    def _pixels(self, ws: Tensor, grade: Grade) -> Pixels:
        with torch.no_grad():
            return finished(self._draw(ws[None])[0].clamp(-1, 1), grade, self.size)
