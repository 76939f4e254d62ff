"""StyleGAN2 CUDA backend: it draws the reference picture on any device, and by CUDA graph where there is a GPU."""

from dataclasses import replace

import pytest
import torch

from livegan.core.types import Bend
from livegan.networks.architectures.stylegan2 import StyleGAN2, to_pixels
from livegan.networks.architectures.stylegan2_shape import StyleGAN2Shape
from livegan.networks.synthesis_options import SynthesisOptions
from livegan.rendering.accuracy import psnr_db
from livegan.rendering.backends.stylegan2_cuda import StyleGAN2CudaBackend

SHAPE = StyleGAN2Shape(z_dim=16, w_dim=16, channels=(48, 32, 16, 8, 8), mapping_layers=2)
SHAPES = {
    "plain": SHAPE,
    "clamped": replace(SHAPE, conv_clamp=1.0),
    "wide, grey": replace(SHAPE, tiles=(1, 2), colours=1, architecture="orig"),
    "another filter for the picture": replace(SHAPE, taps=(1.0, 2.0, 1.0), torgb_taps=(1.0, 3.0, 3.0, 2.0)),
    "residual, alpha": replace(SHAPE, architecture="resnet", colours=4),
}
CONTROLS = (
    SynthesisOptions(),
    SynthesisOptions(noise=(0.0, 0.3, 1.0)),
    SynthesisOptions(noise_seed=3),
    SynthesisOptions(bends=(Bend("invert", "16", 1.0), Bend("ablate", "fine", 0.5, cluster=2))),
)
HALF_DB = 40.0  # float16 in the highest levels


def network(shape: StyleGAN2Shape) -> StyleGAN2:
    made = StyleGAN2(shape)
    generator = torch.Generator().manual_seed(3)
    for key, tensor in made.state_dict().items():
        tensor.normal_(generator=generator)
        if key.endswith("affine.bias"):
            tensor.fill_(1)
        elif key.endswith("noise_strength"):
            tensor.fill_(0.3)
        elif key.endswith("bias"):
            tensor.mul_(0.2)
    made.clusters = {8: torch.arange(8) % 4 + 1}
    return made


def question(made: StyleGAN2, seed: int) -> torch.Tensor:
    return torch.randn(made.num_ws, made.w_dim, generator=torch.Generator().manual_seed(seed))


def answer(made: StyleGAN2, seed: int, options: SynthesisOptions) -> torch.Tensor:
    return to_pixels(made.synthesize(question(made, seed)[None], options)[0])


@pytest.mark.parametrize("name", SHAPES)
def test_the_cuda_backend_draws_the_reference_picture(name: str) -> None:
    made = network(SHAPES[name])
    backend = StyleGAN2CudaBackend(made, "cpu", half=False)
    for seed, options in enumerate(CONTROLS):
        picture, expected = backend.render(question(made, seed), options), answer(made, seed, options)
        assert expected.float().std() > 10
        assert int((picture.int() - expected.int()).abs().max()) <= 1


def test_the_network_stays_where_it_is_and_pictures_are_the_callers() -> None:
    made = network(SHAPE)
    backend = StyleGAN2CudaBackend(made, "cpu", half=True)
    assert {tensor.dtype for tensor in backend.synthesis.state_dict().values()} == {torch.float32}
    assert backend.dtypes == [torch.float32] + [torch.float16] * 4
    backend = StyleGAN2CudaBackend(made, "cpu", half=False)
    assert backend.synthesis.block(0).const.data_ptr() != made.synthesis.block(0).const.data_ptr()
    first = backend.render(question(made, 0), SynthesisOptions())
    kept = first.clone()
    backend.render(question(made, 1), SynthesisOptions())
    assert torch.equal(first, kept)
    assert backend.megabytes > 0.1


def test_where_no_graph_can_be_captured_pictures_are_drawn_without(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory")

    made = network(SHAPE)
    backend = StyleGAN2CudaBackend(made, "cpu", half=False)
    monkeypatch.setattr(torch.cuda, "Stream", full)
    backend._capture()
    assert backend.graph is None
    picture = backend.render(question(made, 0), SynthesisOptions())
    assert int((picture.int() - answer(made, 0, SynthesisOptions()).int()).abs().max()) <= 1


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs an NVIDIA GPU")
@pytest.mark.parametrize("half", [False, True])
def test_the_cuda_graph_draws_the_reference_picture(half: bool) -> None:
    made = network(SHAPE)
    backend = StyleGAN2CudaBackend(made, "cuda", half=half)
    assert backend.graph is not None
    assert backend.text == f"cuda, {'fp16' if half else 'fp32'}, untested"
    for options in CONTROLS:
        for seed in range(3):
            picture = backend.render(question(made, seed), options)
            assert psnr_db(picture, answer(made, seed, options)) > HALF_DB
