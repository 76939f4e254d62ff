"""Losses of a dream's aims in CLIP: texts, pictures and sounds are prompts, and cutouts are held against them."""

from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from livegan.core.types import Vector
from livegan.errors import DreamError
from livegan.studio.dream.cutouts import Cutouts
from livegan.studio.dream.dreamer import Aim
from livegan.studio.dream.first_picture import fit_within, to_tensor
from livegan.studio.dream.mixed_precision import mixed_precision
from livegan.studio.dream.prompt_loss import PromptLoss, noise_losses
from livegan.studio.dream.prompts import NoisePrompt
from livegan.studio.dream.rng import Rng

FIRST, STEP, PROMPT = range(3)  # what random numbers are for


class ClipModel(Protocol):
    """Joint model of texts and pictures, as a dreamer needs it (`networks.clip.Clip`)."""

    size: int
    dim: int

    def image(self, pixels: Tensor) -> Tensor: ...
    def text(self, texts: Sequence[str]) -> Tensor: ...


class SoundModel(Protocol):
    """Model that puts sounds among CLIP's pictures (`networks.wav2clip.Wav2Clip`)."""

    def embed(self, samples: Tensor) -> Tensor: ...


class AimLosses:
    """Prompt losses of the aims of now."""

    def __init__(
        self,
        clip: ClipModel,
        cutouts: Cutouts,
        seed: int,
        device: str | torch.device,
        open_sound_model: Callable[[], SoundModel] | None = None,
        noise: Sequence[NoisePrompt] = (),
    ) -> None:
        """`open_sound_model` is called when the first sound comes; `noise` prompts count always."""
        self._clip, self._cutouts, self._seed, self._device = clip, cutouts, seed, torch.device(device)
        self._open_sound_model = open_sound_model
        self._sound_model: SoundModel | None = None
        self._noise = noise_losses(noise, clip.dim)
        self._aims: list[PromptLoss] = []
        self._first_only: list[PromptLoss] = []

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to go for."""
        return not (self._aims or self._first_only or self._noise)

    def aim(self, aims: Sequence[Aim], first_only: Sequence[Aim], size: tuple[int, int]) -> None:
        """Embed what is aimed for; `size`: of the dream, width and height [px]. DreamError if one says nothing."""
        with torch.no_grad():
            self._aims = [self._loss_of(aim, size) for aim in aims]
            self._first_only = [self._loss_of(aim, size) for aim in first_only]

    def __call__(self, picture: Tensor, step: int) -> Tensor:
        """The sum of all losses, (), of a picture (1, 3, h, w), 0..1, seen by the cutouts of that step."""
        rng = Rng(self._seed, STEP, step, device=self._device)
        return self.of_views(self._seen(self._cutouts(picture, rng)))

    def of_pictures(self, pictures: Tensor) -> Tensor:
        """The sum of all losses, (n,), of pictures (n, 3, h, w), 0..1, each seen once as a whole."""
        whole = F.interpolate(pictures, (self._clip.size,) * 2, mode="bilinear", antialias=True)
        return torch.stack([self.of_views(views[None]) for views in self._seen(whole)])

    def of_views(self, views: Tensor) -> Tensor:
        """The sum of all losses, (), of embeddings of views (n, dim)."""
        prompts = [*self._aims, *self._noise, *self._first_only]
        return torch.stack([prompt(views) for prompt in prompts]).sum()

    def end_step(self) -> None:
        """What counted in one step alone is over."""
        self._first_only = []

    def _seen(self, views: Tensor) -> Tensor:
        """Embeddings (n, dim) of pictures (n, 3, size, size)."""
        with mixed_precision(self._device):
            embeddings = self._clip.image(views)
        return embeddings.float()

    def _loss_of(self, aim: Aim, size: tuple[int, int]) -> PromptLoss:
        """Loss of an aim: of its picture, text or sound, the first that it has."""
        if aim.picture is not None:
            whole = to_tensor(fit_within(aim.picture, size)).to(self._device)
            embeddings = self._seen(self._cutouts(whole, Rng(self._seed, PROMPT, device=self._device)))
        elif aim.text:
            embeddings = self._clip.text([aim.text])
        elif aim.sound is not None:
            embeddings = self._sound_embedding(aim.sound)
        else:
            raise DreamError("an aim without text, picture and sound says nothing to CLIP; give --text")
        return PromptLoss(embeddings.detach().float(), aim.weight, aim.stop)

    def _sound_embedding(self, samples: Vector) -> Tensor:
        if self._sound_model is None and self._open_sound_model is not None:
            self._sound_model = self._open_sound_model()
        if self._sound_model is None:
            raise DreamError("sounds need Wav2CLIP; add its file: livegan networks add Wav2CLIP.pt")
        embedding = self._sound_model.embed(torch.from_numpy(np.asarray(samples, np.float32)).to(self._device))
        if embedding.shape[1] != self._clip.dim:
            raise DreamError(
                f"Wav2CLIP gives {embedding.shape[1]} numbers and this CLIP {self._clip.dim}; take CLIP ViT-B/32"
            )
        return embedding
