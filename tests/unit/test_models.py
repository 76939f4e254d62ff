"""CLIP, Wav2CLIP and VQGAN against the networks of other programs (stored outputs), and the laws of each."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from livegan.networks import clip_shape, vqgan_shape, wav2clip_shape
from livegan.networks.clip_shape import ClipShape
from livegan.networks.clip_tokens import END, MAX_WORD_BYTES, START, VOCABULARY, encode, tokenize
from tests import tiny_models
from tests.tiny_models import random_clip, random_vqgan, random_wav2clip

FOLDER = Path(__file__).resolve().parents[1] / "golden" / "models"
OUTPUTS = dict(np.load(FOLDER / "outputs.npz"))
TEXTS = ["a violet spiral of stars", "ripples on water, rings", "a"]
CLIPS = {
    "vit": tiny_models.CLIP,
    "gelu": replace(tiny_models.CLIP, activation="gelu"),
    "resnet": tiny_models.RESNET_CLIP,
}
VQGANS = {"vq": tiny_models.VQGAN, "gumbel": tiny_models.GUMBEL}


def uniform(*shape: int) -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng(1).random(shape, np.float32))


@pytest.mark.parametrize("name", CLIPS)
def test_clip_agrees_with_open_clip(name: str) -> None:
    clip = random_clip(shape=CLIPS[name])
    pictures = uniform(2, 3, clip.size, clip.size)
    assert clip.image(pictures).numpy() == pytest.approx(OUTPUTS[f"clip_{name}_image"], abs=1e-5)
    assert clip.text(TEXTS).numpy() == pytest.approx(OUTPUTS[f"clip_{name}_text"], abs=1e-5)


def test_the_activation_matters() -> None:
    assert np.abs(OUTPUTS["clip_vit_image"] - OUTPUTS["clip_gelu_image"]).max() > 0.01


@pytest.mark.parametrize("name", VQGANS)
def test_vqgan_agrees_with_taming_transformers(name: str) -> None:
    vqgan = random_vqgan(shape=VQGANS[name])
    codes = torch.from_numpy(OUTPUTS[f"vqgan_{name}_codes"].astype(np.int64))
    z = vqgan.encode(uniform(2, 3, 32, 48) * 2 - 1)
    assert torch.equal(vqgan.nearest(z), codes)
    assert torch.equal(z, vqgan.vectors(codes))
    assert vqgan.decode(z)[:1, :, ::4, ::4].numpy() == pytest.approx(OUTPUTS[f"vqgan_{name}_picture"], abs=2e-5)


def test_wav2clip_agrees_with_its_authors_network() -> None:
    model = random_wav2clip(shape=tiny_models.PUBLIC_WAV2CLIP)
    for name, sound in tiny_models.sounds().items():
        assert model.embed(sound).numpy() == pytest.approx(OUTPUTS[f"wav2clip_{name}"], abs=1e-4)


def test_tokens_are_those_of_open_clip() -> None:
    rows = json.loads((FOLDER / "tokens.json").read_text())
    assert len(rows) >= 50
    for text, tokens in rows:
        assert encode(text) == tokens, text
        (row,) = tokenize([text])
        assert len(row) == 77
        assert row[: len(tokens) + 2] == [*[START, *tokens][:76], END]
        assert not any(row[len(tokens) + 2 :])


def test_any_text_has_tokens_soon() -> None:
    """Quadratic time is bounded, broken text is no error."""
    for text in ("x" * 1_000_000, "ab" * 500_000, "\ud800 half", "\udcff", "'" * 5000, "星" * 5000):
        (row,) = tokenize([text])
        assert row[0] == START
        assert max(row) < VOCABULARY
        assert row.count(END) == 1
    assert encode("q" * MAX_WORD_BYTES) == encode("q" * 2 * MAX_WORD_BYTES)


def test_pictures_of_a_clip_have_gradients_and_weights_have_none() -> None:
    clip = random_clip()
    pixels = uniform(1, 3, clip.size, clip.size).requires_grad_()
    clip.image(pixels).square().sum().backward()
    assert pixels.grad is not None
    assert float(pixels.grad.abs().max()) > 0
    assert not any(parameter.requires_grad for parameter in clip.parameters())


def test_gradients_pass_the_quantizer_as_if_it_were_not_there() -> None:
    vqgan = random_vqgan()
    z = torch.randn(1, vqgan.dim, 2, 3, generator=torch.Generator().manual_seed(1)).requires_grad_()
    quantized = vqgan.quantize(z)
    assert torch.equal(quantized.detach(), vqgan.vectors(vqgan.nearest(z)))
    (quantized * 3).sum().backward()
    assert z.grad is not None
    assert torch.equal(z.grad, torch.full_like(z, 3))


def test_the_nearest_code_is_the_nearest() -> None:
    vqgan = random_vqgan()
    z = torch.randn(1, vqgan.dim, 4, 4, generator=torch.Generator().manual_seed(2))
    distances = torch.cdist(z.movedim(1, 3).reshape(-1, vqgan.dim), vqgan.codebook)
    assert torch.equal(vqgan.nearest(z).flatten(), distances.argmin(1))
    assert torch.equal(vqgan.nearest(vqgan.vectors(torch.arange(64).view(1, 8, 8))).flatten(), torch.arange(64))


def test_any_sound_has_a_finite_embedding() -> None:
    model = random_wav2clip()
    for sound in (torch.zeros(16000), torch.ones(16000), torch.zeros(1), torch.full((600,), 1e-30), torch.zeros(0)):
        embedding = model.embed(sound)
        assert embedding.shape == (1, model.dim)
        assert bool(torch.isfinite(embedding).all())
    assert model.embed(torch.zeros(3, 8000)).shape == (3, model.dim)


@pytest.mark.parametrize("shape", [*CLIPS.values()], ids=CLIPS)
def test_the_shape_of_a_clip_is_read_from_its_tensors(shape: ClipShape) -> None:
    tensors = clip_shape.tensor_shapes(shape)
    assert clip_shape.shape_from(tensors, shape.activation) == shape
    assert {name: tuple(each.shape) for name, each in random_clip(shape=shape).state_dict().items()} == tensors


def test_the_shapes_of_the_others_are_read_from_their_tensors() -> None:
    for shape in VQGANS.values():
        assert vqgan_shape.shape_from(vqgan_shape.tensor_shapes(shape)) == shape
    wav = tiny_models.PUBLIC_WAV2CLIP
    assert wav2clip_shape.shape_from(wav2clip_shape.tensor_shapes(wav)) == wav


@pytest.mark.parametrize(
    ("name", "shape", "millions"),
    [
        ("ViT-B/32", ClipShape(512, 224, 768, (12,), 12, 3072, 32, 77, VOCABULARY, 512, 12, 8, 2048), 151.3),
        ("ViT-L/14", ClipShape(768, 336, 1024, (24,), 16, 4096, 14, 77, VOCABULARY, 768, 12, 12, 3072), 427.9),
        ("ViT-H/14", ClipShape(1024, 224, 1280, (32,), 16, 5120, 14, 77, VOCABULARY, 1024, 24, 16, 4096), 986.1),
        ("RN50", ClipShape(1024, 224, 64, (3, 4, 6, 3), 32, 0, 32, 77, VOCABULARY, 512, 12, 8, 2048), 102.1),
    ],
)
def test_public_clips_have_as_many_numbers_as_their_papers_say(name: str, shape: ClipShape, millions: float) -> None:
    tensors = clip_shape.tensor_shapes(shape)
    assert shape.name == name
    assert clip_shape.shape_from(tensors, shape.activation) == shape
    assert sum(int(np.prod(sides)) for sides in tensors.values()) / 1e6 == pytest.approx(millions, abs=0.1)
