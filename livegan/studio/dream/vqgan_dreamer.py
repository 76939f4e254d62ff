"""VQGAN dreamer: the codes of a VQGAN, moved by gradients until CLIP sees the prompts in many cutouts of the picture.

VQGAN-CLIP (Crowson et al. 2022, 2204.08583, section 3) as nerdyrodent's generate.py and MetaMusic run it: z lies in the
space of the codebook, within the range of its vectors; each step draws it through the nearest codes, whose gradients
pass straight through (Bengio et al. 2013).
"""

from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from livegan.core.types import Pixels
from livegan.errors import DreamError
from livegan.studio.dream.aim_losses import FIRST, AimLosses, ClipModel, SoundModel
from livegan.studio.dream.cutouts import Cutouts, clamp_with_gradient
from livegan.studio.dream.dreamer import Aim, Feedback, State
from livegan.studio.dream.first_picture import fed_back, noise_picture, to_pixels, to_tensor
from livegan.studio.dream.mixed_precision import mixed_precision
from livegan.studio.dream.optimizers import optimizer, optimizer_state, restore_optimizer
from livegan.studio.dream.prompts import parse_noise
from livegan.studio.dream.rng import Rng
from livegan.studio.dream.vqgan_options import VqganOptions

TRANSFER = 4.0  # of the transfer rate (MetaMusic)


class VqganModel(Protocol):
    """Codes and pictures, as a dreamer needs them (`networks.vqgan.Vqgan`)."""

    factor: int

    @property
    def codebook(self) -> Tensor: ...
    def encode(self, x: Tensor) -> Tensor: ...
    def decode(self, z: Tensor) -> Tensor: ...
    def quantize(self, z: Tensor) -> Tensor: ...
    def vectors(self, codes: Tensor) -> Tensor: ...


class VqganDreamer:
    """Dreamer in the codes of a VQGAN. Deterministic in its seed, on one device."""

    def __init__(
        self,
        vqgan: VqganModel,
        clip: ClipModel,
        options: VqganOptions,
        size: tuple[int, int],
        seed: int,
        open_sound_model: Callable[[], SoundModel] | None = None,
        init_image: Pixels | None = None,
        device: str = "cpu",
    ) -> None:
        """`size`: width and height [px], made less where they are no multiples of the VQGAN's factor.

        `open_sound_model` is called when the first aim with a sound comes; DreamError for a size that is too small.
        """
        self._vqgan, self._options, self._seed = vqgan, options, seed
        self._device = torch.device(device)
        across, down = (side // vqgan.factor for side in size)
        if not across or not down:
            raise DreamError(f"a size of {size[0]}x{size[1]} px is too small; give {vqgan.factor} px at least")
        self.size = across * vqgan.factor, down * vqgan.factor
        cutouts = Cutouts(clip.size, options.num_cuts, options.cut_method, options.cut_power, options.augments)
        noise = parse_noise(options.noise_prompt_seeds, options.noise_prompt_weights)
        self._aims = AimLosses(clip, cutouts, seed, self._device, open_sound_model, noise)
        with torch.no_grad():
            book = vqgan.codebook
            self._low, self._high = (each.view(1, -1, 1, 1) for each in (book.amin(0), book.amax(0)))
            self._z = self._first_z(init_image, (across, down)).requires_grad_()
        self._optimizer = optimizer(options.optimiser, self._z, options.step_size)
        self._image: Tensor | None = None
        self._image_rate = 0.0
        self._count = 0  # steps

    def aim(self, aims: Sequence[Aim], *, first_only: Sequence[Aim] = ()) -> None:
        """See `Dreamer.aim`; noise prompts of the options count always."""
        self._aims.aim(aims, first_only, self.size)

    def towards(self, picture: Pixels | None, rate: float) -> None:
        """See `Dreamer.towards`."""
        self._image = None if picture is None else to_tensor(picture, self.size).to(self._device)
        self._image_rate = rate

    def step(self) -> float:
        """One step of the optimizer; DreamError where there is nothing to go for."""
        image = self._image if self._image_rate else None
        if self._aims.is_empty and image is None:
            raise DreamError("a dream needs an aim before its first step; give for example: --text 'a red moon'")
        self._optimizer.zero_grad(set_to_none=True)
        picture = self._draw(self._z)
        loss = picture.new_zeros(())
        if not self._aims.is_empty:
            loss = loss + self._aims(picture, self._count)
        if self._options.init_weight:
            weight = self._options.init_weight / (2 * (2 * self._count + 1))
            loss = loss + weight * self._z.square().mean()
        if image is not None:
            loss = loss + TRANSFER * self._image_rate * F.mse_loss(picture, image)
        loss.backward()  # type: ignore[no-untyped-call]
        self._optimizer.step()
        with torch.no_grad():
            self._z.copy_(self._z.maximum(self._low).minimum(self._high))
        self._aims.end_step()
        self._count += 1
        return float(loss.detach())

    def state(self) -> State:
        """See `Dreamer.state`; what it goes for is not part of it."""
        return {
            "z": self._z.detach().cpu().numpy().copy(),
            "count": np.array(self._count),
            **optimizer_state(self._optimizer, self._z),
        }

    def restore(self, state: State) -> None:
        """See `Dreamer.restore`."""
        self._begin(torch.from_numpy(np.asarray(state["z"], np.float32).copy()).to(self._device))
        restore_optimizer(self._optimizer, self._z, state)
        self._count = int(state["count"])

    def between(self, start: State, end: State, amount: float) -> Pixels:
        """See `Dreamer.between`: on the straight line between the codes of both."""
        with torch.no_grad():
            a, b = (torch.from_numpy(np.asarray(each["z"], np.float32)).to(self._device) for each in (start, end))
            return to_pixels(self._decode(self._vqgan.quantize(a).lerp(self._vqgan.quantize(b), amount)))

    def picture(self) -> Pixels:
        """See `Dreamer.picture`."""
        with torch.no_grad():
            return to_pixels(self._draw(self._z))

    def feed_back(self, feedback: Feedback) -> None:
        """See `Dreamer.feed_back`: the picture is encoded anew, the optimizer begins anew."""
        with torch.no_grad():
            z = self._encode(fed_back(self._draw(self._z), feedback))
        self._begin(z)

    def begin_with(self, picture: Pixels) -> None:
        """Begin the whole dream anew from a picture: so every frame of a film is treated alike."""
        with torch.no_grad():
            self._begin(self._encode(to_tensor(picture, self.size).to(self._device)))
        self._count = 0

    def _begin(self, z: Tensor) -> None:
        """Go on from z with a new optimizer."""
        self._z = z.detach().clone().requires_grad_()
        self._optimizer = optimizer(self._options.optimiser, self._z, self._options.step_size)

    def _first_z(self, init_image: Pixels | None, codes: tuple[int, int]) -> Tensor:
        """Codes of the initial image or noise, else random ones."""
        rng = Rng(self._seed, FIRST, device=self._device)
        if init_image is not None:
            return self._encode(to_tensor(init_image, self.size).to(self._device))
        if self._options.init_noise:
            return self._encode(noise_picture(self._options.init_noise, self.size, rng))
        across, down = codes
        numbers = rng.integers(len(self._vqgan.codebook), across * down).view(1, down, across)
        return self._vqgan.vectors(numbers)

    def _encode(self, picture: Tensor) -> Tensor:
        return self._vqgan.encode(picture * 2 - 1).float().clone()

    def _draw(self, z: Tensor) -> Tensor:
        return self._decode(self._vqgan.quantize(z))

    def _decode(self, z: Tensor) -> Tensor:
        """z of codes to a picture (1, 3, h, w), 0..1."""
        with mixed_precision(self._device):
            drawn = self._vqgan.decode(z)
        return clamp_with_gradient((drawn.float() + 1) / 2, 0, 1)
