"""Every quick way of drawing gives the picture of the plain way."""

import itertools

import numpy as np
import pytest
import torch

from livegan.generators import stylegan2_cpu
from livegan.generators.load import find_network
from livegan.generators.stylegan2 import Network, Shape, to_pixels
from livegan.generators.stylegan2_cpu import CpuPainter, has_bf16, keep_memory, threads_for
from livegan.generators.stylegan2_generator import CLOSE_ENOUGH_DB, choose_painter, likeness_db
from livegan.generators.stylegan2_gpu import GpuPainter
from livegan.generators.weights import load_weights


def network(clamp: float | None = None, strength: float = 0.3) -> Network:
    made = Network(Shape(z_dim=16, w_dim=16, channels=(48, 32, 16, 8), c_dim=3, mapping_layers=2, conv_clamp=clamp))
    chance = torch.Generator().manual_seed(3)
    for key, tensor in made.state_dict().items():
        tensor.normal_(generator=chance)
        if "mapping.fc" in key:
            tensor.mul_(100)
        elif key.endswith("affine.bias"):
            tensor.fill_(1)
        elif key.endswith("noise_strength"):
            tensor.fill_(strength)
        elif key.endswith("bias") or key.endswith("w_avg"):
            tensor.mul_(0.2)
    return made


def question(made: Network, seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    z = torch.from_numpy(np.random.default_rng([seed]).standard_normal(made.shape.z_dim, np.float32))
    return z, torch.eye(made.shape.c_dim)[seed % made.shape.c_dim]


def answer(made: Network, seed: int, psi: float, noise: float) -> torch.Tensor:
    z, classes = question(made, seed)
    return to_pixels(made(z[None], classes[None], psi, noise=noise)[0])


@pytest.mark.parametrize("clamp", [None, 1.0])
@pytest.mark.parametrize("fused", [True, False])
def test_float32_on_the_cpu_is_the_plain_picture(
    clamp: float | None, fused: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not fused:
        monkeypatch.setattr(stylegan2_cpu, "has_fused", lambda dtype: False)
    made = network(clamp)
    painter = CpuPainter(made, threads=1)
    with torch.inference_mode():
        for seed, (psi, noise) in enumerate(itertools.product((1.0, 0.5), (0.0, 0.7))):
            found = painter.paint(*question(made, seed), psi, noise)
            assert int((found.int() - answer(made, seed, psi, noise).int()).abs().max()) <= 1


@pytest.mark.skipif(not has_bf16(), reason="this processor has no bfloat16")
def test_bfloat16_on_the_cpu_is_close() -> None:
    made = network()
    painter = CpuPainter(made, bf16_from=4, threads=1)
    with torch.inference_mode():
        assert (
            min(likeness_db(painter.paint(*question(made, s), 1.0, 0.0), answer(made, s, 1.0, 0.0)) for s in range(4))
            > 35
        )


@pytest.mark.parametrize("clamp", [None, 1.0])
def test_the_drawing_of_the_gpu_is_the_plain_picture(clamp: float | None) -> None:
    made = network(clamp)
    painter = GpuPainter(made, "cpu", half=False)
    with torch.inference_mode():
        for seed in range(3):
            found = painter.paint(*question(made, seed), 0.8, 0.6)
            assert int((found.int() - answer(made, seed, 0.8, 0.6).int()).abs().max()) <= 1


def test_where_no_graph_can_be_captured_pictures_are_drawn_without(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory")

    made = network()
    painter = GpuPainter(made, "cpu", half=False)
    monkeypatch.setattr(torch.cuda, "Stream", full)
    with torch.inference_mode():
        painter._capture()
        assert painter.graph is None
        found = painter.paint(*question(made, 0), 1.0, 0.5)
        assert int((found.int() - answer(made, 0, 1.0, 0.5).int()).abs().max()) <= 1


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs an NVIDIA GPU")
def test_the_graph_of_the_gpu_is_the_plain_picture() -> None:
    made = network()
    answers = [answer(made, seed, 1.0, 0.5) for seed in range(3)]
    painter = GpuPainter(made, "cuda", half=False)
    assert painter.graph is not None
    assert painter.text == "cuda, fp32, untested"
    with torch.inference_mode():
        assert all(likeness_db(painter.paint(*question(made, s), 1.0, 0.5), answers[s]) > 40 for s in range(3))


def test_the_shipped_network_is_close_on_sixteen_latents() -> None:
    info = find_network("untrained-256")
    made = Network(Shape.of(info))
    made.load_state_dict(load_weights(info, {key: tensor.shape for key, tensor in made.state_dict().items()}))
    with torch.inference_mode():
        painter = choose_painter(made, "cpu")
        likeness = [
            likeness_db(painter.paint(*question(made, s), 1.0, 0.0), answer(made, s, 1.0, 0.0)) for s in range(16)
        ]
    assert min(likeness) >= CLOSE_ENOUGH_DB


def test_a_quick_way_that_is_not_close_is_not_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(CpuPainter, "paint", lambda self, *_: torch.zeros(32, 32, 3, dtype=torch.uint8))
    with torch.inference_mode():
        assert "reference" in choose_painter(network(), "cpu").text


def test_one_thread_on_two_cores_and_never_more_than_four() -> None:
    assert [threads_for(cores) for cores in (1, 2, 4, 8, 64)] == [1, 1, 2, 4, 4]
    assert keep_memory() in (True, False)
