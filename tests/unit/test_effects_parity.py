"""Parity of contrast and flash with Lucid Sonic Dreams: PIL's Contrast and scikit-image's rescale_intensity."""

import numpy as np
import pytest
import torch
from PIL import Image, ImageEnhance

from livegan.effects.contrast import Contrast
from livegan.effects.flash import Flash

STRENGTHS = [(0.3, 0.5), (0.9, 1.0), (0.5, 0.1), (1.0, 0.95)]  # amplitude of the sound, strength of the effect


def noise(shape: tuple[int, ...]) -> torch.Tensor:
    return torch.randint(20, 200, shape, dtype=torch.uint8, generator=torch.Generator().manual_seed(9))


@pytest.mark.parametrize(("amplitude", "strength"), STRENGTHS)
def test_contrast_is_pils(amplitude: float, strength: float) -> None:
    pixels = noise((48, 64, 3))
    ours = Contrast().step(pixels.float(), {"amount": amplitude * strength, "pivot": 0.0}, 0.0).numpy()
    theirs = np.asarray(ImageEnhance.Contrast(Image.fromarray(pixels.numpy())).enhance(1 + amplitude * strength))
    assert np.abs(ours - theirs).max() <= 1  # PIL cuts fractions off
    grey = np.floor(np.mean(np.asarray(Image.fromarray(pixels.numpy()).convert("L"))) + 0.5)
    formula = np.clip(grey + (1 + amplitude * strength) * (pixels.numpy() - grey), 0, 255)
    assert ours == pytest.approx(formula, abs=1e-2)


@pytest.mark.parametrize(("amplitude", "strength"), STRENGTHS)
def test_flash_is_scikit_images(amplitude: float, strength: float) -> None:
    pixels = noise((48, 64, 3))
    ours = Flash().step(pixels.float(), {"amount": amplitude * strength, "range": 1.0}, 0.0).numpy()
    most = 255 - amplitude * strength * 255  # in_range of rescale_intensity
    assert ours == pytest.approx(np.clip(pixels.numpy(), 0, most) / most * 255, abs=1e-2)


def test_at_the_end_of_flash_everything_but_black_is_white() -> None:
    pixels = torch.tensor([[[0.0, 1.0, 255.0]]])
    assert Flash().step(pixels, {"amount": 1.0, "range": 1.0}, 0.0)[0, 0].tolist() == pytest.approx([0, 255, 255])
