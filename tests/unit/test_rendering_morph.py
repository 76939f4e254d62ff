"""Morph: each snapshot at whole positions, and between two of them the network halfway."""

import gc
import resource
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from livegan.core.types import FramePlan
from livegan.errors import NetworkError
from livegan.networks.architectures import stylegan2
from livegan.networks.architectures.protocol import StyleNet
from livegan.networks.architectures.stylegan2 import to_pixels
from livegan.networks.device import has_bf16
from livegan.networks.info import NetworkInfo
from livegan.networks.library import open_network
from livegan.networks.morph_info import members_of, morph_info
from livegan.networks.network_class import network_class
from livegan.networks.synthesis_options import SynthesisOptions
from livegan.networks.weights import save_weights
from livegan.rendering.accuracy import REQUIRED_DB, psnr_db
from livegan.rendering.backends.stylegan2_morph import StyleGAN2CpuMorpher
from livegan.rendering.latents_to_ws import WsBuilder
from livegan.rendering.load import load_generator
from livegan.rendering.morph import Morph
from livegan.rendering.morphers import Interpolated, reference_morph_specs
from tests.tiny_networks import LAYERS, LIGHT

SHAPES: dict[str, dict[str, Any]] = {
    "stylegan2": {"channels": [48, 32, 16], "mapping_layers": 2},
    "stylegan3": LAYERS,
    "lightweight": LIGHT,
}


def snapshots(folder: Path, kind: str = "stylegan2", count: int = 3, **shape: Any) -> list[NetworkInfo]:
    """Random networks of one shape, each a step away from the one before."""
    made = []
    tensors: dict[str, torch.Tensor] = {}
    for number in range(count):
        path = folder / f"snapshot-{number}.json"
        info = NetworkInfo(path.stem, path, kind, (16, 16), z_dim=16, w_dim=16, shape={**SHAPES[kind], **shape})
        fresh = network_class(kind).from_info(info).state_dict()
        fill(fresh, number)
        tensors = {key: torch.lerp(tensors.get(key, tensor), tensor, 0.3) for key, tensor in fresh.items()}
        save_weights(info, tensors)
        made.append(info)
    return made


def fill(tensors: dict[str, torch.Tensor], seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    for key, tensor in tensors.items():
        if key.endswith("_filter"):
            tensor.copy_(torch.hann_window(len(tensor) + 2, periodic=False)[1:-1]).div_(tensor.sum())
        elif key.endswith("transform"):
            tensor.copy_(torch.eye(3))
        elif key.endswith(("magnitude_ema", "affine.bias", "noise_strength")):
            tensor.fill_(0.3 + seed / 10 if key.endswith("strength") else 1)
        elif not key.endswith(".f"):  # the blur of a lightweight network
            tensor.normal_(generator=generator).mul_(100 if "mapping.fc" in key else 0.5 if "torgb" in key else 1)


def plan_at(position: float, seed: int = 1, **words: Any) -> FramePlan:
    z = np.random.default_rng(seed).standard_normal(16).astype(np.float32)
    words = {"noise": 1.0, "truncation": 0.8, **words}
    return FramePlan(0, 0.0, 0.0, z=z, classes=np.zeros(0, np.float32), position=position, **words)


def between(infos: list[NetworkInfo], position: float) -> StyleNet:
    """The network whose tensors lie between those of two snapshots, in float32."""
    index = min(int(position), len(infos) - 2)
    net, other = (open_network(info) for info in infos[index : index + 2])
    average = torch.lerp(net.w_avg, other.w_avg, position - index)
    for key, tensor in net.state_dict().items():
        tensor.lerp_(other.state_dict()[key], position - index)
    if infos[0].kind == "lightweight":  # has no w_avg of its own
        net._average = average
    return net


def answer(net: StyleNet, plan: FramePlan) -> torch.Tensor:
    with torch.inference_mode():
        return to_pixels(net.synthesize(WsBuilder(net, "").build(plan)[None], SynthesisOptions.of(plan))[0], net.span)


@pytest.mark.parametrize("kind", ["stylegan2", "stylegan3", "lightweight"])
@pytest.mark.parametrize("position", [0.0, 1.0, 2.0, 0.25, 1.75])
def test_a_place_is_the_network_between_two_snapshots(kind: str, position: float, tmp_path: Path) -> None:
    infos = snapshots(tmp_path, kind)
    morph = load_generator(morph_info(infos), "cpu")
    for seed in range(3):
        plan = plan_at(position, seed)
        picture = morph.render(plan)
        assert psnr_db(picture, answer(between(infos, position), plan)) >= REQUIRED_DB
        far = answer(between(infos, 2 - position if position != 1 else 0.0), plan)
        assert psnr_db(picture, far) < REQUIRED_DB  # else this would test little


def test_where_it_comes_from_does_not_matter_and_outside_is_the_end(tmp_path: Path) -> None:
    morph = load_generator(morph_info(snapshots(tmp_path)), "cpu")
    first = morph.render(plan_at(0.0))
    for position in (1.3, 2.0, 0.7, -3.0):
        last = morph.render(plan_at(position))
    assert torch.equal(first, last)
    assert torch.equal(morph.render(plan_at(2.0)), morph.render(plan_at(99.0)))


@pytest.mark.parametrize("words", [{"architecture": "resnet", "colours": 4}, {"architecture": "orig", "conv_clamp": 2}])
def test_other_architectures_are_mixed_too(words: dict[str, Any], tmp_path: Path) -> None:
    infos = snapshots(tmp_path, count=2, **words)
    morph, plan = load_generator(morph_info(infos), "cpu"), plan_at(0.4, parameters={"noise.seed": 3})
    assert psnr_db(morph.render(plan), answer(between(infos, 0.4), plan)) >= REQUIRED_DB


@pytest.mark.parametrize(
    "precision", [None, pytest.param(4, marks=pytest.mark.skipif(not has_bf16(), reason="no bf16"))]
)
def test_constants_are_interpolated_as_if_computed_anew(precision: int | None, tmp_path: Path) -> None:
    infos = snapshots(tmp_path, count=2)
    nets = [open_network(info) for info in infos]
    morpher = StyleGAN2CpuMorpher(nets[0], precision, threads=1)
    for net in nets:
        morpher.add(net)
    middle = between(infos, 0.375)
    assert isinstance(middle, stylegan2.StyleGAN2)
    anew = StyleGAN2CpuMorpher(middle, precision, threads=1).backend
    with torch.inference_mode():
        morpher.move(0, 0.375)
        for mixed, expected in zip(morpher.backend.constants(), anew.constants(), strict=True):
            torch.testing.assert_close(
                mixed, expected, rtol=2e-2 if precision else 1e-5, atol=2e-2 if precision else 1e-5
            )
        for mixed, expected in zip(morpher.backend.powers(), anew.powers(), strict=True):
            torch.testing.assert_close(mixed, expected, rtol=1e-4, atol=1e-4)
        assert morpher.backend.gains == pytest.approx(anew.gains)


@pytest.mark.parametrize("kind", ["stylegan2", "stylegan3", "lightweight"])
def test_the_reference_morpher_is_exact(kind: str, tmp_path: Path) -> None:
    infos = snapshots(tmp_path, kind, count=2)
    nets = [open_network(info) for info in infos]
    morpher = reference_morph_specs(open_network(infos[0]), "cpu")[0].make()
    for net in nets:
        morpher.add(net)
    net, plan = between(infos, 0.6), plan_at(0.6)
    with torch.inference_mode():
        morpher.move(0, 0.6)
        found = morpher.backend.render(WsBuilder(net, "").build(plan), SynthesisOptions.of(plan))
    assert int((found.int() - answer(net, plan).int()).abs().max()) <= 1


def test_hundreds_of_moves_keep_the_memory_they_had(tmp_path: Path) -> None:
    morph = load_generator(morph_info(snapshots(tmp_path)), "cpu")

    def held() -> int:
        gc.collect()
        return sum(1 for thing in gc.get_objects() if issubclass(type(thing), torch.Tensor))

    for step in range(30):
        morph.render(plan_at(step / 15))
    before, peak = held(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for step in range(200):
        morph.render(plan_at(2 * step / 199))
    assert held() == before
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - peak < 4096  # kB


def test_it_says_what_it_holds_and_closing_is_idempotent(tmp_path: Path) -> None:
    two, three = (load_generator(morph_info(snapshots(tmp_path, count=count)), "cpu") for count in (2, 3))
    assert 0 < two.megabytes < three.megabytes
    assert "3 networks mixed" in three.device_text
    three.close()
    three.close()
    with pytest.raises(NetworkError, match="was closed"):
        three.render(plan_at(0.0))


def test_a_morph_of_one_is_that_one(tmp_path: Path) -> None:
    infos = snapshots(tmp_path, count=1)
    morph, plan = load_generator(morph_info(infos), "cpu"), plan_at(0.5)
    assert psnr_db(morph.render(plan), answer(open_network(infos[0]), plan)) >= REQUIRED_DB


@pytest.mark.skipif(not has_bf16(), reason="this processor has no bfloat16")
def test_half_precision_is_tried_at_the_first_opening_and_remembered(tmp_path: Path) -> None:
    infos = snapshots(tmp_path, count=5)  # nobody remembers those
    first = load_generator(morph_info(infos), "cpu").device_text
    assert "bf16" in first
    assert load_generator(morph_info(infos), "cpu").device_text == first


@pytest.mark.skipif(not has_bf16(), reason="this processor has no bfloat16")
def test_a_precision_that_is_not_close_is_not_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    infos = snapshots(tmp_path, count=4)  # nobody remembers those
    right = StyleGAN2CpuMorpher.move

    def wrong(self: StyleGAN2CpuMorpher, index: int, share: float) -> None:
        right(self, index, share)
        if self.bf16_from is not None and share:
            self.backend.modulation.bias.add_(3.0)

    monkeypatch.setattr(StyleGAN2CpuMorpher, "move", wrong)
    morph = load_generator(morph_info(infos), "cpu")
    assert "fp32" in morph.device_text
    monkeypatch.undo()
    assert "fp32" in load_generator(morph_info(infos), "cpu").device_text  # remembered


def test_interpolated_tensors_keep_what_they_are_given() -> None:
    target = torch.zeros(2)
    interpolated = Interpolated([target])
    for number in (1.0, 3.0):
        interpolated.add([torch.full((2,), number)])
    seen = []
    for share in (0.0, 0.5, 1.0, 0.0):
        interpolated.move(0, share)
        seen.append(float(target[0]))
    assert seen == [1, 2, 3, 1]


def a(**words: Any) -> NetworkInfo:
    start = NetworkInfo("a", Path("a.json"), "stylegan2", (16, 16), z_dim=16, w_dim=16, shape={"channels": [8, 8, 8]})
    return replace(start, **words)


UNLIKE: list[tuple[Callable[[], list[NetworkInfo]], str]] = [
    (lambda: [], "needs at least one"),
    (lambda: [a(kind="plain")], "'plain', whose weights cannot be mixed"),
    (lambda: [a(), a(name="b"), a(name="c", z_dim=32)], "a and c .*z_dim is 16 in the one and 32"),
    (lambda: [a(), a(name="b", resolution=(16, 32))], "a and b .*resolution is 16x16 in the one and 16x32"),
    (lambda: [a(), a(name="b", shape={"channels": [8, 8, 4]})], r"a and b .*channels is \[8, 8, 8\]"),
    (lambda: [a(), a(name="b", kind="stylegan3")], "a and b .*kind is stylegan2 in the one and stylegan3"),
]


@pytest.mark.parametrize(("infos", "words"), UNLIKE)
def test_what_cannot_be_mixed_is_named(infos: Callable[[], list[NetworkInfo]], words: str) -> None:
    with pytest.raises(NetworkError, match=words):
        morph_info(infos())


def test_a_morph_is_described_by_its_members(tmp_path: Path) -> None:
    infos = snapshots(tmp_path)
    info = morph_info(infos)
    assert (info.kind, info.name, info.path) == ("morph", "snapshot-0 ~ snapshot-2 (3)", infos[0].path)
    assert members_of(info) == infos
    assert (info.z_dim, info.c_dim, info.w_dim, info.resolution) == (16, 0, 16, (16, 16))
    said = {"channels": [8, 8, 8], "architecture": "skip", "conv_clamp": None, "filter": [1, 3, 3, 1]}
    morph_info([a(), a(name="b", shape=said)])  # what goes without saying is no difference
    with pytest.raises(NetworkError, match=r"shape\.members"):
        members_of(replace(info, shape={}))
    infos[1].path.unlink()
    with pytest.raises(NetworkError, match="snapshot-1"):
        Morph(info, "cpu")


def test_describing_a_morph_does_not_load_torch() -> None:
    code = "import sys, livegan.networks.morph_info; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
