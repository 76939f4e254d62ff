"""ONNX Runtime backend, the one for DirectML: the reference pictures, by ONNX Runtime's CPU provider."""

from typing import Any

import pytest
import torch

from livegan.networks.architectures.stylegan2 import StyleGAN2
from livegan.networks.synthesis_options import SynthesisOptions
from livegan.rendering.accuracy import psnr_db
from livegan.rendering.backends.stylegan2 import backend_specs
from livegan.rendering.backends.stylegan2_onnx import CPU, OnnxBackend
from tests.unit.test_rendering_openvino import SHAPES, STILL, levels_apart, network, plain, rows


@pytest.fixture(scope="module", autouse=True)
def no_gradients() -> Any:
    with torch.inference_mode():
        yield


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_in_float32_it_is_the_networks_picture_to_one_level(shape: dict[str, Any]) -> None:
    net = network(**shape)
    backend = OnnxBackend(net, half=False, provider=CPU)
    for options in (STILL, SynthesisOptions(), SynthesisOptions(noise=(0.2, 0.5, 2.0)), SynthesisOptions(noise_seed=7)):
        expected = plain(net, rows(net), options)
        found = backend.render(rows(net), options)
        assert (found.shape, found.dtype) == (expected.shape, torch.uint8)
        assert found.is_contiguous()
        assert expected.float().std() > 8  # something is in it
        assert levels_apart(found, expected) <= 1


@pytest.mark.parametrize("half_from", [0, 16])
@pytest.mark.parametrize("name", ["skip", "resnet", "grey", "clamp, resnet, alpha", "tiled wide constant"])
def test_in_float16_it_is_the_networks_picture_to_40_db(name: str, half_from: int) -> None:
    net = network(**SHAPES[name])
    backend = OnnxBackend(net, half=True, half_from=half_from, provider=CPU)
    for options in (STILL, SynthesisOptions(), SynthesisOptions(noise_seed=7)):
        assert psnr_db(backend.render(rows(net), options), plain(net, rows(net), options)) > 40
    assert backend.megabytes < OnnxBackend(net, half=False, provider=CPU).megabytes


def test_float16_does_not_overflow_where_a_layer_has_many_and_large_inputs() -> None:
    net = network(channels=(512, 512, 16))
    for layer in net.synthesis.layers():
        layer.affine.bias.mul_(100)  # demodulation takes this out again
    backend = OnnxBackend(net, half=True, provider=CPU)
    assert psnr_db(backend.render(rows(net), STILL), plain(net, rows(net), STILL)) > 40


def test_pictures_are_the_callers_to_keep() -> None:
    net = network()
    backend = OnnxBackend(net, half=False, provider=CPU)
    first = backend.render(rows(net), STILL)
    kept = first.clone()
    assert not torch.equal(backend.render(rows(net, seed=1), STILL), kept)
    assert torch.equal(first, kept)


def test_without_directml_or_a_level_for_float16_it_says_so() -> None:
    with pytest.raises(RuntimeError, match=r"no DmlExecutionProvider; it has .*CPUExecutionProvider"):
        OnnxBackend(network(), half=False)
    with pytest.raises(RuntimeError, match="no level of 0 px"):
        OnnxBackend(network(channels=(16,)), half=True, provider=CPU)


def test_the_backends_of_directml_are_tried_before_they_are_made() -> None:
    net: StyleGAN2 = network()
    specs = backend_specs(net, "directml")
    assert {spec.device for spec in specs} == {"directml"}
    assert not any(spec.bends for spec in specs)
