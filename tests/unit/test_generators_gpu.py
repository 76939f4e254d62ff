"""The drawing of the GPU gives the picture of the plain way; where there is a GPU, so does its graph."""

from dataclasses import replace

import pytest
import torch

from livegan.core.types import Bend
from livegan.generators.controls import Controls
from livegan.generators.race import likeness_db
from livegan.generators.stylegan2 import Network, Shape, to_pixels
from livegan.generators.stylegan2_gpu import GpuPainter

SHAPE = Shape(z_dim=16, w_dim=16, channels=(48, 32, 16, 8, 8), mapping_layers=2)
SHAPES = {
    "plain": SHAPE,
    "clamped": replace(SHAPE, conv_clamp=1.0),
    "wide, grey": replace(SHAPE, tiles=(1, 2), colours=1, architecture="orig"),
    "residual, alpha": replace(SHAPE, architecture="resnet", colours=4),
}
CONTROLS = (
    Controls(),
    Controls(noise=(0.0, 0.3, 1.0)),
    Controls(noise_seed=3),
    Controls(bends=(Bend("invert", "16", 1.0), Bend("ablate", "fine", 0.5, cluster=2))),
)
HALF_DB = 40.0  # float16 in the highest levels


def network(shape: Shape) -> Network:
    made = Network(shape)
    chance = torch.Generator().manual_seed(3)
    for key, tensor in made.state_dict().items():
        tensor.normal_(generator=chance)
        if key.endswith("affine.bias"):
            tensor.fill_(1)
        elif key.endswith("noise_strength"):
            tensor.fill_(0.3)
        elif key.endswith("bias"):
            tensor.mul_(0.2)
    made.clusters = {8: torch.arange(8) % 4 + 1}
    return made


def question(made: Network, seed: int) -> torch.Tensor:
    return torch.randn(made.num_ws, made.w_dim, generator=torch.Generator().manual_seed(seed))


def answer(made: Network, seed: int, controls: Controls) -> torch.Tensor:
    return to_pixels(made.synthesize(question(made, seed)[None], controls)[0])


@pytest.mark.parametrize("name", SHAPES)
def test_the_drawing_of_the_gpu_is_the_plain_picture(name: str) -> None:
    made = network(SHAPES[name])
    painter = GpuPainter(made, "cpu", half=False)
    for seed, controls in enumerate(CONTROLS):
        found, expected = painter.paint(question(made, seed), controls), answer(made, seed, controls)
        assert expected.float().std() > 10
        assert int((found.int() - expected.int()).abs().max()) <= 1


def test_the_network_stays_where_it_is_and_pictures_are_the_callers() -> None:
    made = network(SHAPE)
    painter = GpuPainter(made, "cpu", half=True)
    assert {tensor.dtype for tensor in painter.synthesis.state_dict().values()} == {torch.float32}
    assert painter.dtypes == [torch.float32] + [torch.float16] * 4
    painter = GpuPainter(made, "cpu", half=False)
    assert painter.synthesis.block(0).const.data_ptr() != made.synthesis.block(0).const.data_ptr()
    first = painter.paint(question(made, 0), Controls())
    kept = first.clone()
    painter.paint(question(made, 1), Controls())
    assert torch.equal(first, kept)
    assert painter.megabytes > 0.1


def test_where_no_graph_can_be_captured_pictures_are_drawn_without(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory")

    made = network(SHAPE)
    painter = GpuPainter(made, "cpu", half=False)
    monkeypatch.setattr(torch.cuda, "Stream", full)
    painter._capture()
    assert painter.graph is None
    found = painter.paint(question(made, 0), Controls())
    assert int((found.int() - answer(made, 0, Controls()).int()).abs().max()) <= 1


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs an NVIDIA GPU")
@pytest.mark.parametrize("half", [False, True])
def test_the_graph_of_the_gpu_is_the_plain_picture(half: bool) -> None:
    made = network(SHAPE)
    painter = GpuPainter(made, "cuda", half=half)
    assert painter.graph is not None
    assert painter.text == f"cuda, {'fp16' if half else 'fp32'}, untested"
    for controls in CONTROLS:
        for seed in range(3):
            found = painter.paint(question(made, seed), controls)
            assert likeness_db(found, answer(made, seed, controls)) > HALF_DB
