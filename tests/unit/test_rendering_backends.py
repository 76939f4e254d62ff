"""StyleGAN2 CPU backend: its pictures are those of the reference."""

import itertools
from typing import Any

import pytest
import torch

from livegan.core.machine import keep_memory
from livegan.core.types import Bend
from livegan.networks.architectures.stylegan2 import StyleGAN2, to_pixels
from livegan.networks.architectures.stylegan2_shape import StyleGAN2Shape
from livegan.networks.device import has_bf16
from livegan.networks.noise import noise_plane
from livegan.networks.synthesis_options import SynthesisOptions
from livegan.rendering.accuracy import psnr_db
from livegan.rendering.backends import onednn, stylegan2_cpu
from livegan.rendering.backends.stylegan2_cpu import StyleGAN2CpuBackend
from livegan.rendering.threads import threads_for

CHANNELS = (48, 32, 16, 8)  # the first have more weights than pixels, the last more pixels than weights
CONTROLS = (
    SynthesisOptions(),
    SynthesisOptions(noise=(0.0, 0.0, 0.0)),
    SynthesisOptions(noise=(0.5, 0.0, 2.0)),
    SynthesisOptions(noise=(0.3, 1.0, 0.6), noise_seed=4),
    SynthesisOptions(bends=(Bend("scale", "all", 0.5), Bend("ablate", "16", 0.7))),
    SynthesisOptions(noise=(1.0, 0.5, 1.0), bends=(Bend("dilate", "coarse", 0.4, cluster=2), Bend("clamp", "32", 0.9))),
)


def network(strength: float = 0.3, **words: Any) -> StyleGAN2:
    made = StyleGAN2(StyleGAN2Shape(**{"z_dim": 16, "w_dim": 16, "channels": CHANNELS, "mapping_layers": 2, **words}))
    generator = torch.Generator().manual_seed(3)
    for key, tensor in made.state_dict().items():
        tensor.normal_(generator=generator)
        if key.endswith("affine.bias"):
            tensor.fill_(1)
        elif key.endswith("noise_strength"):
            tensor.mul_(strength)
        elif key.endswith("bias"):
            tensor.mul_(0.2)
    return made


def question(made: StyleGAN2, seed: int) -> torch.Tensor:
    """A w of its own for every row."""
    return torch.randn(made.num_ws, made.w_dim, generator=torch.Generator().manual_seed(seed))


def answer(made: StyleGAN2, ws: torch.Tensor, options: SynthesisOptions) -> torch.Tensor:
    return to_pixels(made.synthesize(ws[None], options)[0])


def difference(made: StyleGAN2, backend: StyleGAN2CpuBackend, seed: int, options: SynthesisOptions) -> int:
    ws = question(made, seed)
    return int((backend.render(ws, options).int() - answer(made, ws, options).int()).abs().max())


KINDS = [
    dict(zip(("architecture", "colours", "conv_clamp"), kind, strict=True))
    for kind in itertools.product(("skip", "orig", "resnet"), (1, 3, 4), (None, 1.0))
]
FORMATS = [
    {"const": (3, 5)},
    {"tiles": (1, 2)},
    {"const": (6, 4), "tiles": (2, 1), "conv_clamp": 1.5},
    {"taps": (1.0, 2.0, 1.0)},
    {"taps": (1.0, 4.0, 2.0, 0.5, 0.1, 0.3), "architecture": "resnet"},
    {"taps": (1.0, 2.0, 1.0), "torgb_taps": (1.0, 3.0, 3.0, 1.0)},
    {"taps": (0.0, 1.0)},
    {"channels": (24,)},
    {"channels": (8, 64, 1, 40), "w_dim": 24},
]


@pytest.mark.parametrize("words", [*KINDS, *FORMATS], ids=str)
def test_float32_is_the_reference_picture(words: dict[str, Any]) -> None:
    made = network(**words)
    backend = StyleGAN2CpuBackend(made, threads=1)
    height, width = made.resolution
    for seed, options in enumerate(CONTROLS):
        assert difference(made, backend, seed, options) <= 1, options
    picture = backend.render(question(made, 0), CONTROLS[0])
    assert (picture.shape, picture.dtype) == ((height, width, 3), torch.uint8)
    assert picture.is_contiguous()


@pytest.mark.parametrize("words", [{}, {"architecture": "resnet", "conv_clamp": 1.0}])
def test_a_torch_without_the_private_operators_draws_the_same(
    words: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stylegan2_cpu, "has_fused", lambda dtype: False)
    made = network(**words)
    backend = StyleGAN2CpuBackend(made, threads=1)
    assert all(difference(made, backend, 0, options) <= 1 for options in CONTROLS)


def test_constants_that_can_be_overwritten_draw_the_same() -> None:
    made = network()
    backend = StyleGAN2CpuBackend(made, threads=1, loose=True)
    assert all(difference(made, backend, 1, options) <= 1 for options in CONTROLS)


def test_a_backend_keeps_nothing_of_the_picture_before() -> None:
    made, ws = network(), question(network(), 2)
    backend = StyleGAN2CpuBackend(made, threads=1)
    first = [backend.render(ws, options) for options in CONTROLS]
    kept = [picture.clone() for picture in first]
    again = [backend.render(ws, options) for options in reversed(CONTROLS)]
    assert all(map(torch.equal, kept, reversed(again)))
    assert all(map(torch.equal, kept, first))  # a picture is the caller's to keep


def test_rows_of_w_reach_their_own_layers() -> None:
    made = network(architecture="skip")
    backend = StyleGAN2CpuBackend(made, threads=1)
    ws = question(made, 0)
    before = backend.render(ws, CONTROLS[1])
    for row in range(made.num_ws):
        other = ws.clone()
        other[row] += 1
        assert not torch.equal(backend.render(other, CONTROLS[1]), before), row


def test_noise_of_a_steady_seed_is_made_once(monkeypatch: pytest.MonkeyPatch) -> None:
    made, asked = network(), list[int]()

    def counted(seed: int, *place: Any) -> torch.Tensor:
        asked.append(seed)
        return noise_plane(seed, *place)

    monkeypatch.setattr(stylegan2_cpu, "noise_plane", counted)
    backend = StyleGAN2CpuBackend(made, threads=1)
    for seed in (0, 7, 7, 7, 8, 8, 0):
        backend.render(question(made, 0), SynthesisOptions(noise_seed=seed))
    layers = len(made.synthesis.layers())
    assert asked == [7] * layers + [8] * layers


def test_clusters_of_the_analysis_are_bent() -> None:
    made = network()
    backend = StyleGAN2CpuBackend(made, threads=1)
    options = SynthesisOptions(bends=(Bend("ablate", "16", 1.0, cluster=1),))
    before = backend.render(question(made, 0), options)
    groups = {layer.index: torch.arange(len(layer.weight)) // 4 % 4 + 1 for layer in made.synthesis.layers()}
    made.clusters = groups
    backend.set_clusters(groups)
    assert not torch.equal(backend.render(question(made, 0), options), before)
    assert difference(made, backend, 0, options) <= 1


@pytest.mark.skipif(not has_bf16(), reason="this processor has no bfloat16")
@pytest.mark.parametrize(("start", "least_db"), [(4, 33), (16, 35), (32, 40)])
def test_bfloat16_is_close(start: int, least_db: float) -> None:
    made = network(strength=0.1)
    backend = StyleGAN2CpuBackend(made, bf16_from=start, threads=1)
    for seed, options in itertools.product(range(3), CONTROLS[:4]):
        ws = question(made, seed)
        assert psnr_db(backend.render(ws, options), answer(made, ws, options)) > least_db
    assert f"bf16{'' if start == 4 else f' from {start} px'}" in backend.text


@pytest.mark.skipif(not has_bf16(), reason="this processor has no bfloat16")
def test_it_says_how_it_draws_and_what_it_holds() -> None:
    made = network()
    full, half = StyleGAN2CpuBackend(made, threads=1), StyleGAN2CpuBackend(made, bf16_from=4, threads=2)
    assert (full.text, half.text) == ("cpu, fp32, 1 thread", "cpu, bf16, 2 threads")
    weights = sum(layer.weight.nbytes for layer in made.synthesis.layers()) / 2**20
    assert half.megabytes < full.megabytes
    assert weights < full.megabytes < 4 * weights
    assert full.bends


def test_operators_that_draw_something_else_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    onednn.has_fused.cache_clear()
    monkeypatch.setattr(onednn, "packed_up", lambda x, packed: x)
    monkeypatch.setattr(torch, "allclose", lambda one, other, **_: one.shape == other.shape)
    assert not onednn.has_fused(torch.float32)
    onednn.has_fused.cache_clear()


def test_one_thread_on_two_cores_and_never_more_than_four() -> None:
    assert [threads_for(cores) for cores in (1, 2, 4, 8, 64)] == [1, 1, 2, 4, 4]
    assert keep_memory() in (True, False)
