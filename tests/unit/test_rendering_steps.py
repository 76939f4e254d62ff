"""Quality steps: the lower resolutions of a network, its light sibling, and what they are worth."""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from livegan.core.types import Bend, FramePlan
from livegan.networks import cache
from livegan.networks.architectures import ARCHITECTURES
from livegan.networks.architectures.protocol import PER_ACTIVATION, StyleNet
from livegan.networks.architectures.stylegan2 import StyleGAN2, to_pixels
from livegan.networks.info import NetworkInfo
from livegan.networks.library import find_network, open_network
from livegan.networks.morph_info import morph_info
from livegan.networks.network_class import network_class
from livegan.networks.synthesis_options import SynthesisOptions
from livegan.networks.weights import load_style_net, save_weights
from livegan.rendering import correction, quality_steps
from livegan.rendering.accuracy import OPTIONS, REQUIRED_DB, psnr_db, random_ws
from livegan.rendering.backends import stylegan2 as stylegan2_backends
from livegan.rendering.backends.protocol import BackendSpec
from livegan.rendering.backends.reference import ReferenceBackend
from livegan.rendering.backends.stylegan2_cpu import StyleGAN2CpuBackend
from livegan.rendering.backends.stylegan2_cuda import StyleGAN2CudaBackend
from livegan.rendering.backends.stylegan2_morph import cpu_morph_specs
from livegan.rendering.correction import Family, correct, judge
from livegan.rendering.generator import StyleGenerator
from livegan.rendering.latents_to_ws import WsBuilder
from livegan.rendering.morph import Morph
from livegan.rendering.morphers import reference_morph_specs
from livegan.rendering.quality_steps import StepNet, lower_step_nets, step_nets
from livegan.rendering.registry import LIVE, OFFLINE, QualityStep
from livegan.studio.network_check import check_network, report
from tests.tiny_networks import tiny, tiny_info, tiny_net

CHANNELS = [16, 16, 16, 12, 8, 8, 8]  # 256 px
SHAPE = {"channels": CHANNELS, "mapping_layers": 2}
SMALL = {"resolution": (128, 128), "shape": {**SHAPE, "channels": CHANNELS[:6]}}
BENT = (Bend("rotate", "all", 0.25), Bend("ablate", "128", 0.5))


@pytest.fixture(autouse=True)
def few_pictures_and_no_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(correction, "MOST", 8)
    monkeypatch.setattr(cache.platformdirs, "user_cache_path", lambda name: tmp_path / "cache")


def network(folder: Path, name: str = "forest", **fields: Any) -> NetworkInfo:
    return tiny(folder, "stylegan2", name, **{**SMALL, **fields})


def light_of(forest: NetworkInfo, channels: list[int], **fields: Any) -> NetworkInfo:
    """A light sibling with the mapping network of `forest`."""
    side = 4 << (len(channels) - 1)
    shape = {"channels": channels, "mapping_layers": 2}
    fields = {"resolution": (side, side), "shape": shape, "light_of": forest.name, **fields}
    info = tiny_info("stylegan2", forest.path.parent, f"{forest.name}-light", **fields)
    net = tiny_net("stylegan2", seed=6, **fields)
    if info.w_dim == forest.w_dim and info.z_dim == forest.z_dim:
        net.mapping.load_state_dict(load_style_net(forest).mapping.state_dict())
    save_weights(info, net.state_dict())
    return info


@pytest.fixture
def reference_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """No other backends, so that nothing is benchmarked."""
    monkeypatch.setattr(stylegan2_backends, "backend_specs", lambda net, device: [reference(net)])


def reference(net: StyleNet) -> BackendSpec:
    return BackendSpec("reference, cpu", partial(ReferenceBackend, net))


def made(info: NetworkInfo) -> StyleGenerator:
    net = load_style_net(info)
    return StyleGenerator(info, net, [reference(net)])


def plan_of(info: NetworkInfo, seed: int = 0, **words: Any) -> FramePlan:
    rng = np.random.default_rng(seed)
    classes = np.eye(1, info.c_dim, dtype=np.float32)[0] if info.c_dim else np.zeros(0, np.float32)
    return FramePlan(0, 0.0, 0.0, rng.standard_normal(info.z_dim, np.float32), classes, info.name, **words)


def enlarged(picture: Tensor, size: tuple[int, int]) -> Tensor:
    planes = picture.permute(2, 0, 1)[None].float()
    return F.interpolate(planes, size, mode="bilinear", align_corners=False)[0].permute(1, 2, 0)


@pytest.mark.parametrize("fields", [{}, {"resolution": (128, 224), "shape": {**SHAPE, "const": [4, 7]}}], ids=str)
def test_a_lower_network_draws_the_picture_so_far_with_the_same_tensors(fields: dict[str, Any]) -> None:
    if fields:
        fields["shape"] = {**fields["shape"], "channels": CHANNELS[:6]}
    net = tiny_net("stylegan2", **{"resolution": (256, 256), "shape": SHAPE, **fields})
    assert isinstance(net, StyleGAN2)
    ws = random_ws(net, 0)
    ws = ws + torch.randn(ws.shape, generator=torch.Generator().manual_seed(1))  # a w of its own for every row
    pictures = list(net.synthesis_steps(ws[None], OPTIONS))[-2::-1]
    lower = net.lower()
    assert [low.resolution for low in lower] == [
        tuple(picture.shape[2:]) for picture in pictures if picture is not None
    ]
    own = {tensor.data_ptr() for tensor in net.state_dict().values()}
    for low, picture in zip(lower, pictures, strict=True):
        assert isinstance(low, StyleGAN2)
        assert picture is not None
        assert torch.equal(low.synthesize(ws[None, : low.num_ws], OPTIONS), picture)
        top = f"synthesis.b{4 << (low.shape.levels - 1)}.torgb"
        foreign = {name for name, tensor in low.state_dict().items() if tensor.data_ptr() not in own}
        assert foreign == {f"{top}.{name}" for name in ("weight", "bias", "affine.weight", "affine.bias")}


@pytest.mark.parametrize("architecture", ["orig", "resnet"])
def test_other_architectures_draw_no_lower_resolution(architecture: str) -> None:
    shape = {**SHAPE, "channels": [8] * 3, "architecture": architecture}
    assert tiny_net("stylegan2", resolution=(16, 16), shape=shape).lower() == []


def test_the_cost_counts_convolutions_and_activations_and_falls_with_the_resolution() -> None:
    shape = {"channels": [3, 5], "mapping_layers": 1}
    net = tiny_net("stylegan2", resolution=(8, 8), c_dim=0, w_dim=2, shape=shape)
    convolution, to_rgb = (2 * 9 * 3 * 3 + 3 * PER_ACTIVATION) * 16, (2 * 3 * 3 + 3 * (32 + 2 * PER_ACTIVATION)) * 16
    assert net.lower()[0].cost() == convolution + to_rgb
    wide = tiny_net("stylegan2", resolution=(256, 256), shape=SHAPE)
    costs = [wide.cost(), *(low.cost() for low in wide.lower())]
    assert all(after < before for before, after in pairwise(costs))
    for kind in ARCHITECTURES:
        assert tiny_net(kind).cost() > 0


@pytest.mark.parametrize("bf16", [False, True])
def test_the_cpu_backend_draws_lower_networks_in_its_own_memory(bf16: bool) -> None:
    from livegan.networks.device import has_bf16

    if bf16 and not has_bf16():
        pytest.skip("this processor has no bfloat16")
    net = tiny_net("stylegan2", resolution=(256, 256), shape=SHAPE)
    backend = StyleGAN2CpuBackend(net, 32 if bf16 else None, threads=1)
    ws = random_ws(net, 3)
    before = backend.render(ws, OPTIONS)
    for low in net.lower()[:3]:
        correct(
            low, 0.1 * torch.randn(3, CHANNELS[low.num_ws // 2 - 1] + 1, generator=torch.Generator().manual_seed(2))
        )
        drawn = backend.lower(low)
        assert drawn.megabytes < 0.1 * backend.megabytes
        for options in (OPTIONS, replace(OPTIONS, noise_seed=4), replace(OPTIONS, bends=BENT)):
            expected = to_pixels(low.synthesize(ws[None, : low.num_ws], options)[0])
            assert psnr_db(drawn.render(ws[: low.num_ws], options), expected) >= (REQUIRED_DB - 8 if bf16 else 50)
    assert torch.equal(backend.render(ws, OPTIONS), before)


def test_a_correction_is_the_least_squares_one_and_is_proven_on_other_pictures(tmp_path: Path) -> None:
    net = tiny_net("stylegan2", resolution=(256, 256), shape=SHAPE)
    for level in range(7):  # as in a trained network: within -1..1, and the highest level adds little
        net.synthesis.block(level).torgb.weight *= 0.005 if level == 6 else 0.05
    net.synthesis.block(6).torgb.bias += 0.3  # which a lower level can know
    lower = net.lower()[:2]
    found = judge(Family(net, lower), None, 8)
    assert all(one.db >= one.uncorrected_db for one in found)
    assert found[0].correction is not None
    correct(lower[0], found[0].correction)
    ws = random_ws(net, 77)
    full = to_pixels(net.synthesize(ws[None])[0])
    pictures = [low.synthesize(ws[None, : low.num_ws])[0] for low in (net.lower()[0], lower[0])]
    before, after = (psnr_db(enlarged(to_pixels(picture), net.resolution), full) for picture in pictures)
    assert after > before
    assert [one.db for one in judge(Family(net, net.lower()[:2]), None, 8)] == [one.db for one in found]


def test_steps_are_judged_once_and_recalled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    info = network(tmp_path, resolution=(256, 256), shape=SHAPE)
    net = load_style_net(info)
    first = list(step_nets(info, net, at_once=False))
    assert {one.step.text for one in first} <= {"128 px", "64 px"}
    assert first
    monkeypatch.setattr(quality_steps, "judge", None)
    again = list(step_nets(info, net, at_once=True))
    assert [one.step for one in again] == [one.step for one in first]
    for one, other in zip(first, again, strict=True):
        assert all(map(torch.equal, one.net.state_dict().values(), other.net.state_dict().values()))


def test_at_once_steps_come_as_they_are_and_then_corrected(tmp_path: Path) -> None:
    info = network(tmp_path, resolution=(256, 256), shape=SHAPE)
    texts = [one.step.text for one in step_nets(info, load_style_net(info), at_once=True)]
    assert texts[:2] == ["64 px", "128 px"]  # the cheapest first
    assert set(texts[2:]) <= {"64 px", "128 px"}


def test_the_light_sibling_comes_first_as_a_slow_machine_needs_it_most(tmp_path: Path) -> None:
    info = network(tmp_path)
    light_of(info, [8] * 5)
    rests = list[int]()
    nets = step_nets(info, load_style_net(info), at_once=True, rest=lambda: rests.append(1))
    assert next(nets).step.text == "light"
    assert not rests
    list(nets)
    assert rests  # between the pictures by which the steps are judged


def test_beside_a_show_a_heavy_network_is_not_judged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    info = network(tmp_path)
    net = load_style_net(info)
    monkeypatch.setattr(quality_steps, "MOST_AT_ONCE", 1e6)
    assert [one.step.db for one in step_nets(info, net, at_once=True)] == [None]
    assert [one.step.db is None for one in step_nets(info, net, at_once=False)] == [False]
    assert [one.step.db is None for one in step_nets(info, net, at_once=True)] == [False]


@pytest.fixture
def generator(tmp_path: Path, reference_only: None) -> Iterator[StyleGenerator]:
    forest = network(tmp_path)
    light_of(forest, [8] * 5)
    generator = made(forest)
    yield generator
    generator.close()


def test_steps_grow_while_they_are_made_and_the_first_stays_as_it_was(generator: StyleGenerator) -> None:
    plan = plan_of(generator.info)
    before, alone_mb = generator.render(plan), generator.megabytes
    assert [step.text for step in generator.steps] == ["full"]
    generator.prepare_steps(LIVE)
    steps = generator.steps
    assert steps[0].text == "full"
    assert [step.text for step in steps] == ["full", "64 px", "light"]
    assert generator.notice == ""
    assert all(after.cost < step.cost for step, after in pairwise(steps))
    assert generator.megabytes > alone_mb
    assert torch.equal(generator.render(plan), before)
    for index, step in enumerate(steps):
        for asked in (plan, replace(plan, bends=BENT), replace(plan, noise=0.5, parameters={"noise.seed": 2.0})):
            picture = generator.render(asked, index)
            assert picture.shape == (*step.size, 3)
            assert torch.equal(picture, generator.render(asked, index))
            assert generator.threads(asked, index) >= 0
    generator.close()
    generator.prepare_steps(LIVE)
    assert generator.steps == ()


def test_the_first_cheaper_step_is_made_without_rests(generator: StyleGenerator) -> None:
    ready: list[list[str]] = []  # the steps at each rest
    generator.prepare_steps(replace(LIVE, rest=lambda: ready.append([step.text for step in generator.steps])))
    assert ready
    assert all("light" in steps for steps in ready)


def test_a_light_sibling_takes_the_rows_of_the_whole_network(generator: StyleGenerator) -> None:
    generator.prepare_steps(OFFLINE)
    texts = [step.text for step in generator.steps]
    light = open_network(find_network(generator.info.path.with_name("forest-light.json")))
    assert light is not None
    rng = np.random.default_rng(4)
    w = rng.standard_normal((12, 8), np.float32)
    plan = plan_of(generator.info, w=w)
    drawn = generator.render(plan, texts.index("light"))
    expected = to_pixels(light.synthesize(torch.from_numpy(w)[None, : light.num_ws], SynthesisOptions.of(plan))[0])
    assert psnr_db(drawn, expected) >= REQUIRED_DB


def test_a_step_that_is_no_closer_than_a_cheaper_one_is_left_out() -> None:
    net = tiny_net("stylegan2")
    figures = {
        "128 px": (0.7, 40.0),
        "64 px": (0.5, 28.0),
        "light": (0.4, 33.0),
        "light, 64 px": (0.2, 25.0),
        "dear": (1, 60.0),
    }
    steps = [QualityStep(text, (8, 8), cost, db, db) for text, (cost, db) in figures.items()]
    kept = quality_steps._worthwhile([StepNet(step, tiny_info("stylegan2"), net, "", None) for step in steps])
    assert [one.step.text for one in kept] == ["128 px", "light", "light, 64 px"]


@pytest.mark.parametrize(
    ("fields", "says"),
    [({"z_dim": 4}, "'z_dim' is 4, not 8"), ({"light_of": "wood"}, "'light_of' must be 'forest'")],
)
def test_a_broken_light_sibling_is_a_notice_and_the_other_steps_are_there(
    fields: dict[str, Any], says: str, tmp_path: Path, reference_only: None
) -> None:
    forest = network(tmp_path)
    light_of(forest, [8] * 5, **fields)
    generator = made(forest)
    generator.prepare_steps(OFFLINE)
    assert says in generator.notice
    assert len(generator.steps) > 1


def test_a_light_sibling_of_other_w_is_refused(tmp_path: Path, reference_only: None) -> None:
    forest = network(tmp_path)
    info = light_of(forest, [8] * 5)
    save_weights(info, tiny_net("stylegan2", seed=9, resolution=info.resolution, shape=dict(info.shape)).state_dict())
    generator = made(forest)
    generator.prepare_steps(OFFLINE)
    assert "gives other w to the same z" in generator.notice
    assert not any("light" in step.text for step in generator.steps)


def test_a_heavy_network_has_steps_below_64_lines() -> None:
    shape = {"channels": [512, 512, 512, 512, 512, 64, 32], "mapping_layers": 2}
    info = tiny_info("stylegan2", resolution=(256, 256), shape=shape)
    with torch.device("meta"):
        net = network_class("stylegan2").from_info(info)
        steps = quality_steps._lower_steps(net, info, "", net.cost(), "")
    assert [one.step.text for one in steps] == ["128 px", "64 px", "32 px", "16 px"]


def test_the_check_of_a_network_lists_its_steps(tmp_path: Path, reference_only: None) -> None:
    forest = network(tmp_path, c_dim=0)
    light_of(forest, [8] * 5, c_dim=0)
    check = check_network(forest, "cpu", tmp_path / "sheet.png", lambda total: lambda drawn: None)
    lines = [line.split() for line in report(forest, check) if line.startswith("  ")]
    assert lines[0][0] == "full"
    for (step, ms), line in zip(check.steps, lines, strict=True):
        text = " ".join(line)
        assert text.startswith(f"{step.text} {step.size[1]}x{step.size[0]} px, {ms:.1f} ms, cost {step.cost:.2f}")
        assert (f"{step.db:.1f} dB" in text) if step.db is not None else step.text == "full"


@pytest.mark.parametrize("specs", [reference_morph_specs, lambda net, device: cpu_morph_specs(net, [])])
def test_a_morph_has_lower_resolutions_at_each_position(
    specs: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stylegan2_backends, "morph_specs", specs)
    members = [network(tmp_path, f"snapshot-{seed}", seed=seed) for seed in (5, 6)]
    morph = Morph(morph_info(members), "cpu")
    plan = plan_of(morph.info)
    places = (0.0, 0.5, 1.0, 0.5)
    before, alone_mb = [morph.render(replace(plan, position=at)) for at in places], morph.megabytes
    rests: list[int] = []
    morph.prepare_steps(replace(LIVE, rest=lambda: rests.append(1)))
    assert len(rests) >= 2 * correction.FEWEST  # after each picture by which a member is judged
    assert [(step.text, step.size) for step in morph.steps] == [("full", (128, 128)), ("64 px", (64, 64))]
    assert morph.notice == ""
    assert morph.megabytes > alone_mb
    nets = [lower_step_nets(member, load_style_net(member), 2)[0].net for member in members]
    middle = tiny_net("stylegan2", **SMALL).lower()[0]
    for key, tensor in middle.state_dict().items():
        tensor.copy_((nets[0].state_dict()[key] + nets[1].state_dict()[key]) / 2)
    for at, net, full in zip(places, (nets[0], middle, nets[1], middle), before, strict=True):
        asked = replace(plan, position=at)
        ws = WsBuilder(net, "").build(asked)
        expected = to_pixels(net.synthesize(ws[None], SynthesisOptions.of(asked))[0])
        assert psnr_db(morph.render(asked, 1), expected) >= REQUIRED_DB
        assert torch.equal(morph.render(asked), full)
    morph.close()


def test_every_backend_of_the_cpu_draws_a_corrected_lower_network() -> None:
    net = tiny_net("stylegan2", **SMALL)
    low = net.lower()[0]
    correct(low, 0.1 * torch.randn(3, CHANNELS[4] + 1, generator=torch.Generator().manual_seed(2)))
    ws = random_ws(net, 3)
    expected = to_pixels(low.synthesize(ws[None, : low.num_ws], OPTIONS)[0])
    exact = [spec for spec in stylegan2_backends.backend_specs(low, "cpu") if "bf16" not in spec.name]
    backends = [*(spec.make() for spec in exact), StyleGAN2CudaBackend(low, "cpu", half=False)]
    assert len(backends) > 2
    for backend in backends:
        assert psnr_db(backend.render(ws[: low.num_ws], OPTIONS), expected) >= 50, backend.text
