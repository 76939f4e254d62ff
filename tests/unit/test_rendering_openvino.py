"""OpenVINO backend: the reference pictures, which are the caller's to keep; no telemetry, no files."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from livegan.core.types import Bend
from livegan.networks.architectures.stylegan2 import StyleGAN2, to_pixels
from livegan.networks.architectures.stylegan2_shape import StyleGAN2Shape
from livegan.networks.synthesis_options import SynthesisOptions
from livegan.rendering.accuracy import psnr_db
from livegan.rendering.backends import stylegan2_openvino
from livegan.rendering.backends.stylegan2 import backend_specs
from livegan.rendering.backends.stylegan2_openvino import OpenVinoBackend, has_bf16, is_installed

CHANNELS = (32, 48, 32, 16)
STILL = SynthesisOptions(noise=(0.0, 0.0, 0.0))
SHAPES: dict[str, dict[str, Any]] = {
    "skip": {},
    "orig": {"architecture": "orig"},
    "resnet": {"architecture": "resnet"},
    "grey": {"colours": 1},
    "alpha": {"colours": 4},
    "grey resnet": {"colours": 1, "architecture": "resnet"},
    "wide constant": {"const": (2, 6)},
    "tiled": {"tiles": (1, 2)},
    "tiled wide constant": {"const": (3, 4), "tiles": (2, 1)},
    "clamp": {"conv_clamp": 0.7},
    "clamp, resnet, alpha": {"conv_clamp": 0.7, "architecture": "resnet", "colours": 4},
    "asymmetric filter": {"taps": (1.0, 4.0, 3.0, 2.0)},
    "three taps": {"taps": (1.0, 2.0, 1.0)},
    "five asymmetric taps, resnet": {"taps": (1.0, 5.0, 2.0, 1.0, 3.0), "architecture": "resnet"},
    "two taps": {"taps": (1.0, 1.0)},
    "another filter for the picture": {"taps": (1.0, 2.0, 1.0), "torgb_taps": (1.0, 3.0, 3.0, 2.0)},
    "no low-pass": {"taps": (0.0, 1.0)},
    "no low-pass, resnet": {"taps": (0.0, 1.0), "architecture": "resnet"},
    "one level": {"channels": (16,)},
}


@pytest.fixture(scope="module", autouse=True)
def no_gradients() -> Any:
    with torch.inference_mode():
        yield


def network(seed: int = 0, noise: float = 0.1, **shape: Any) -> StyleGAN2:
    """Random weights in the manner of a trained network: pictures fill the range, noise is seen."""
    generator = torch.Generator().manual_seed(seed)
    made = StyleGAN2(StyleGAN2Shape(**({"z_dim": 24, "w_dim": 20, "channels": CHANNELS} | shape)))
    for name, tensor in made.state_dict().items():
        normal = torch.randn(tensor.shape, generator=generator)
        if name.endswith("noise_strength"):
            normal = torch.tensor(noise)
        elif name.startswith("mapping.") and name != "mapping.w_avg":
            normal *= 100
        elif name.endswith("affine.bias"):
            normal = 1 + 0.1 * normal
        elif name.endswith("bias") or "torgb.weight" in name:
            normal *= 0.3
        tensor.copy_(normal)
    return made


def rows(net: StyleGAN2, seed: int = 0) -> Tensor:
    """Another w for every row."""
    z = torch.randn(net.num_ws, net.z_dim, generator=torch.Generator().manual_seed(seed))
    return net.map(z, torch.zeros(net.num_ws, 0))


def plain(net: StyleGAN2, ws: Tensor, options: SynthesisOptions) -> Tensor:
    return to_pixels(net.synthesize(ws[None], options)[0])


def levels_apart(one: Tensor, other: Tensor) -> int:
    return int((one.int() - other.int()).abs().max())


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_in_float32_it_is_the_networks_picture_to_one_level(shape: dict[str, Any]) -> None:
    net = network(**shape)
    backend = OpenVinoBackend(net, "f32")
    for options in (
        STILL,
        SynthesisOptions(),
        SynthesisOptions(noise=(0.2, 0.5, 2.0)),
        SynthesisOptions(noise_seed=7),
        STILL,
        SynthesisOptions(),
    ):
        expected = plain(net, rows(net), options)
        found = backend.render(rows(net), options)
        assert (found.shape, found.dtype) == (expected.shape, torch.uint8)
        assert found.is_contiguous()
        assert expected.float().std() > 8  # something is in it
        assert levels_apart(found, expected) <= 1


@pytest.mark.parametrize(
    ("name", "bf16_from"),
    [
        ("skip", 0),
        ("skip", 8),
        ("resnet", 16),
        ("grey", 0),
        ("clamp, resnet, alpha", 0),
        ("tiled wide constant", 24),
        ("five asymmetric taps, resnet", 0),
        ("one level", 0),
    ],
)
def test_in_bfloat16_it_is_the_networks_picture_to_40_db(name: str, bf16_from: int) -> None:
    net = network(**SHAPES[name])
    if not has_bf16():
        with pytest.raises(RuntimeError, match="no bfloat16"):
            OpenVinoBackend(net, "bf16", bf16_from=bf16_from)
        return
    backend = OpenVinoBackend(net, "bf16", bf16_from=bf16_from)
    for options in (STILL, SynthesisOptions(), SynthesisOptions(noise_seed=7)):
        db = psnr_db(backend.render(rows(net), options), plain(net, rows(net), options))
        assert 40 <= db < 99  # not equal, or it would not be bfloat16


def test_every_row_of_w_and_every_group_of_noise_is_seen() -> None:
    net = network(channels=(16, 16, 16, 16, 8), noise=0.5)
    backend = OpenVinoBackend(net, "f32")
    ws = rows(net)
    before = backend.render(ws, STILL)
    for row in range(net.num_ws):
        other = ws.clone()
        other[row] = rows(net, 1)[row]
        assert levels_apart(backend.render(other, STILL), before) > 1
        assert levels_apart(backend.render(other, STILL), plain(net, other, STILL)) <= 1
    for group in range(3):
        options = SynthesisOptions(noise=tuple(float(group == i) for i in range(3)))  # type: ignore[arg-type]
        assert levels_apart(backend.render(ws, options), before) > 1
    assert torch.equal(backend.render(ws, STILL), before)


def test_a_picture_is_the_callers_to_keep() -> None:
    net = network()
    backend = OpenVinoBackend(net, "f32")
    ws = rows(net)
    first = backend.render(ws, SynthesisOptions())
    kept, given = first.clone(), ws.clone()
    backend.render(rows(net, 1), SynthesisOptions())
    assert torch.equal(first, kept)
    assert torch.equal(ws, given)
    first.zero_()
    assert torch.equal(backend.render(ws, SynthesisOptions()), kept)


def test_two_backends_of_one_process_do_not_disturb_each_other() -> None:
    net, other = network(), network(1)
    one, two = OpenVinoBackend(net, "f32"), OpenVinoBackend(other, "f32")
    expected = one.render(rows(net), SynthesisOptions())
    two.render(rows(other, 2), SynthesisOptions(noise_seed=3))
    assert torch.equal(one.render(rows(net), SynthesisOptions()), expected)


def test_it_does_not_bend_and_says_so() -> None:
    net = network()
    backend = OpenVinoBackend(net, "f32")
    bent = SynthesisOptions(bends=(Bend("rotate", "all", 1.0),))
    assert not backend.bends
    assert torch.equal(backend.render(rows(net), bent), backend.render(rows(net), SynthesisOptions()))


def test_it_describes_itself() -> None:
    backend = OpenVinoBackend(network(), "f32", threads=2)
    assert backend.text == "cpu, OpenVINO f32, 2 threads"
    assert backend.megabytes > sum(t.nbytes for t in network().synthesis.parameters()) / 1e6
    if has_bf16():
        assert OpenVinoBackend(network(), "bf16", bf16_from=16).text == "cpu, OpenVINO bf16 from 16 px, 1 thread"


def test_a_picture_of_no_size_for_bfloat16_is_refused() -> None:
    with pytest.raises(RuntimeError):
        OpenVinoBackend(network(), "bf16", bf16_from=1024)


ALONE = """
import sys
heard = []
sys.addaudithook(lambda event, given: heard.append(event) if event.startswith(("socket.", "subprocess.")) else None)
import livegan.rendering.backends.stylegan2_openvino as there
assert "openvino" not in sys.modules and there.is_installed() and "openvino" not in sys.modules
import torch
from livegan.networks.synthesis_options import SynthesisOptions
from livegan.networks.architectures.stylegan2 import StyleGAN2, StyleGAN2Shape
net = StyleGAN2(StyleGAN2Shape(8, 8, (8, 8)))
there.OpenVinoBackend(net, "f32").render(torch.zeros(net.num_ws, 8), SynthesisOptions())
assert not heard, heard
assert "openvino_telemetry" not in sys.modules
"""


def test_importing_the_module_loads_no_openvino_and_drawing_calls_nobody_and_writes_nothing(tmp_path: Path) -> None:
    assert is_installed()
    root = Path(__file__).parents[2]
    homes = dict.fromkeys(("HOME", "TMPDIR", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME"), str(tmp_path))
    environment = os.environ | homes | {"PYTHONPATH": str(root), "PYTHONDONTWRITEBYTECODE": "1"}
    subprocess.run([sys.executable, "-c", ALONE], cwd=tmp_path, env=environment, check=True, timeout=120)
    assert not list(tmp_path.iterdir())


class GraphicsCore:
    """OpenVINO's core, pretending to have Intel graphics: what is compiled for GPU is compiled for the CPU."""

    def __init__(self, real: Any) -> None:
        self.real = real
        self.asked: list[dict[str, object]] = []

    def compile_model(self, model: Any, device: str, settings: dict[str, object]) -> Any:
        assert device == "GPU"
        self.asked.append(settings)
        return self.real.compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})


@pytest.mark.parametrize(("precision", "start", "asked"), [("f32", 0, ["f32"]), ("f16", 0, ["f32", "f16"])])
def test_on_intel_graphics_it_draws_the_same_with_styles_in_float32(
    precision: str, start: int, asked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    core = GraphicsCore(stylegan2_openvino._core())
    monkeypatch.setattr(stylegan2_openvino, "_core", lambda: core)
    net = network()
    backend = OpenVinoBackend(net, precision, bf16_from=start, device="GPU")
    assert [settings["INFERENCE_PRECISION_HINT"] for settings in core.asked] == asked
    assert all(str(settings["CACHE_DIR"]).endswith("openvino") for settings in core.asked)
    assert not any("INFERENCE_NUM_THREADS" in settings for settings in core.asked)
    for seed, options in enumerate((STILL, SynthesisOptions(), SynthesisOptions(noise_seed=7))):
        assert levels_apart(backend.render(rows(net, seed), options), plain(net, rows(net, seed), options)) <= 1
    assert backend.text.startswith("Intel graphics, OpenVINO")


def test_without_intel_graphics_its_backends_are_unavailable_and_they_are_tried_before_they_are_made() -> None:
    specs = backend_specs(network(), "openvino-gpu")
    assert {spec.device for spec in specs} == {"openvino-gpu"}
    if "GPU" not in stylegan2_openvino._core().available_devices:
        for spec in specs:
            with pytest.raises(RuntimeError):
                spec.make()
