"""Distillation: the channels that are kept, the mapping that is kept, a run that goes on exactly, refused options."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from livegan.errors import TrainingError
from livegan.networks.architectures.stylegan2 import StyleGAN2
from livegan.networks.architectures.stylegan2_shape import StyleGAN2Shape
from livegan.networks.info import NetworkInfo, read_info
from livegan.networks.synthesis_options import SynthesisOptions
from livegan.networks.weights import load_style_net, save_weights
from livegan.training.distill import DistillTrainer, Latents
from livegan.training.fidelity import Fidelity
from livegan.training.generator import init_generator
from livegan.training.narrow import light_shape, narrow, operations
from livegan.training.options import Overrides, TrainOptions
from livegan.training.settings import Settings, distill_settings
from livegan.training.train import train

SHAPE = StyleGAN2Shape(8, 24, (24, 24, 16, 16), 3, 2, const=(4, 7))
LIGHT = replace(SHAPE, channels=(24, 24, 8, 8), noise=False)


def teacher(shape: StyleGAN2Shape = SHAPE, seed: int = 1) -> StyleGAN2:
    return init_generator(shape, seed).requires_grad_(False)


def settings(**changes: object) -> Settings:
    small = replace(distill_settings(), channels=LIGHT.channels, z_dim=8, w_dim=24, mapping_layers=2, batch=6)
    return replace(small, **{"kimg": 0.6, "lr": 0.01, "seed": 3, **changes})


def rows(network: StyleGAN2, count: int = 4) -> torch.Tensor:
    return Latents(network, 5)(list(range(count)))


def test_a_network_of_one_row_has_nothing_to_mix() -> None:
    net = StyleGAN2(replace(SHAPE, channels=SHAPE.channels[:1]))
    net.num_ws = 1  # as that of a network whose w has one row
    assert Latents(net, 5, mixed_styles=1.0)([0, 1]).shape == (2, 1, 24)


def test_a_network_of_the_same_channels_draws_the_same() -> None:
    net = teacher()
    ws = rows(net)
    with torch.no_grad():
        assert torch.allclose(narrow(net, SHAPE, ws).synthesize(ws), net.synthesize(ws), atol=1e-5)


def test_a_smaller_sibling_keeps_the_mapping_whatever_its_form() -> None:
    net = teacher(replace(SHAPE, layer_features=20, embed_features=6, row_averages=True, torgb_taps=(1.0, 1.0)))
    with torch.no_grad():
        net.mapping.w_avg_rows.normal_(generator=torch.Generator().manual_seed(2))
    light = narrow(net, light_shape(net.shape, channels=(24, 24, 8)), rows(net))
    z, classes = torch.randn(2, 8, generator=torch.Generator().manual_seed(3)), torch.eye(3)[:2]
    assert torch.equal(light.map(z, classes), net.map(z, classes))
    assert torch.equal(light.averages(classes), net.averages(classes)[:, : light.num_ws])
    assert light.shape.picture_taps == (1.0, 3.0, 3.0, 1.0)


def test_channels_that_nothing_reads_are_left_out() -> None:
    net = teacher()
    with torch.no_grad():  # the odd channels of the last two levels bring nothing to anyone
        for level in (2, 3):
            block = net.synthesis.block(level)
            block.conv1.weight[:, 1::2] = 0
            block.torgb.weight[:, 1::2] = 0
        net.synthesis.block(3).conv0.weight[:, 1::2] = 0
        ws = rows(net)
        light = narrow(net, LIGHT, ws)
        assert torch.allclose(light.synthesize(ws), net.synthesize(ws), atol=1e-4)


def test_w_and_the_mapping_are_the_teachers_before_and_after_training() -> None:
    net = teacher()
    run = DistillTrainer(settings(), net, LIGHT)
    try:
        for _ in range(3):
            run.step()
    finally:
        run.close()
    for own in (run.network, run.average):
        for key, value in own.mapping.state_dict().items():
            assert torch.equal(value, net.mapping.state_dict()[key]), key


@pytest.mark.parametrize("architecture", ["skip", "resnet", "orig"])
def test_a_student_comes_nearer_to_its_teacher(architecture: str) -> None:
    net = teacher(replace(SHAPE, architecture=architecture))
    with torch.no_grad():
        for layer in net.synthesis.layers():
            layer.noise_strength.fill_(0.1)
    fidelity = Fidelity(net, samples=24)
    run = DistillTrainer(settings(), net, LIGHT)
    before = fidelity.of(run.average, classify=False)
    try:
        while run.shown < 600:
            run.step()
    finally:
        run.close()
    after = fidelity.of(run.average, classify=False)
    assert after.psnr > before.psnr + 1
    assert after.gigaflops < after.teacher_gigaflops


def test_it_goes_on_exactly(tmp_path: Path) -> None:
    whole = DistillTrainer(settings(), teacher(), LIGHT)
    found = [whole.step()["loss"] for _ in range(20)]
    first = DistillTrainer(settings(), teacher(), LIGHT)
    for _ in range(9):
        first.step()
    torch.save(first.state(), tmp_path / "state.pt")
    second = DistillTrainer(settings(), teacher(), LIGHT)
    second.restore(torch.load(tmp_path / "state.pt", weights_only=True))
    assert [second.step()["loss"] for _ in range(11)] == found[9:]
    other = DistillTrainer(settings(), teacher(seed=2), LIGHT)
    with pytest.raises(TrainingError, match="another teacher"):
        other.restore(first.state())
    for run in (whole, first, second, other):
        run.close()


def test_the_usual_shape_is_light_and_keeps_the_low_levels() -> None:
    house = StyleGAN2Shape(8, 128, (256, 256, 256, 128, 64, 32, 16), 12, 4)
    for light in (light_shape(house), light_shape(house, lines=256)):
        assert operations(light) <= 0.38 * operations(house)
        assert operations(light) <= 0.85e9
        assert light.channels[:2] == (256, 256)
        assert all(count % 8 == 0 for count in light.channels)
    half = light_shape(house)
    assert half.resolutions[-1] == (128, 128)
    assert light_shape(replace(house, const=(4, 7))).resolutions[-1] == (128, 224)
    assert light_shape(SHAPE).resolutions[-1] == (32, 56)
    assert light_shape(house, channels=half.channels) == half
    for wrong in ({"lines": 100}, {"channels": (8,)}, {"channels": (8, 0)}, {"lines": 128, "channels": (8, 8)}):
        with pytest.raises(TrainingError, match=r"type for example|there are"):
            light_shape(house, **wrong)


@pytest.fixture
def network(tmp_path: Path) -> Path:
    """A saved teacher."""
    path = tmp_path / "wide.json"
    table = SHAPE.table()
    info = NetworkInfo("wide", path, "stylegan2", (32, 56), 8, 3, 24, classes=("a", "b", "c"), shape=table)
    save_weights(info, teacher().state_dict())
    return path


def options(folder: Path, **changes: object) -> TrainOptions:
    overrides = Overrides(kimg=0.012, batch=6, precision="f32", seed=1)
    return replace(TrainOptions(folder=folder, overrides=overrides, device="cpu", snapshots=()), **changes)


def test_a_run_writes_a_network_that_says_whose_light_sibling_it_is(
    network: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("livegan.training.fidelity.STEPS", 2)
    monkeypatch.setattr("livegan.training.fidelity.SAMPLES", 24)
    said: list[str] = []
    train(options(tmp_path / "run", distill=str(network), channels=LIGHT.channels), said.append)
    info = read_info(tmp_path / "run" / "wide-light.json")
    assert (info.light_of, info.z_dim, info.c_dim, info.classes) == ("wide", 8, 3, ("a", "b", "c"))
    light, wide = load_style_net(info), load_style_net(read_info(network))
    z, classes = torch.randn(2, 8), torch.eye(3)[:2]
    assert torch.allclose(light.map(z, classes), wide.map(z, classes), atol=1e-2)  # written in half precision
    picture = light.synthesize(light.map(z, classes)[:, None].expand(-1, light.num_ws, -1), SynthesisOptions())
    assert picture.shape == (2, 3, 32, 56)
    card = (tmp_path / "run" / "wide-light.md").read_text()
    for words in ("PSNR against the teacher", "classes recognised", "--distill wide --channels 24,24,8,8"):
        assert words in card
    longer = options(tmp_path / "run", resume=True, overrides=Overrides(kimg=0.018))
    assert train(longer, said.append).kimg == pytest.approx(0.018)


def test_one_that_is_stopped_while_it_is_measured_is_whole_and_measured_later(
    network: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def stopped(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("livegan.training.fidelity.STEPS", 2)
    monkeypatch.setattr("livegan.training.fidelity.SAMPLES", 24)
    folder, said = tmp_path / "run", list[str]()
    with monkeypatch.context() as patch:
        patch.setattr("livegan.training.fidelity.learn", stopped)
        try:
            train(options(folder, distill=str(network), channels=LIGHT.channels), said.append)
        except KeyboardInterrupt:  # which would end all tests
            pytest.fail("Ctrl-C got out")
    assert f"to measure it, type: livegan train --resume {folder}" in said[-1]
    assert not any("kimg are shown" in line for line in said), "it is not the end yet"
    assert load_style_net(read_info(folder / "wide-light.json")).resolution == (32, 56)
    assert "PSNR against" not in (folder / "wide-light.md").read_text()
    capsys.readouterr()
    train(options(folder, resume=True, overrides=Overrides()), said.append)
    assert "teaching a classifier" in capsys.readouterr().err
    assert "PSNR against" in (folder / "wide-light.md").read_text()
    assert said[-1].endswith(f"to train longer, type: livegan train --resume {folder} --kimg 0.024")
    with pytest.raises(TrainingError, match="is finished"):
        train(options(folder, resume=True, overrides=Overrides()), said.append)
    (folder / "wide-light.safetensors").unlink()
    train(options(folder, resume=True, overrides=Overrides()), said.append)
    assert (folder / "wide-light.safetensors").is_file()


Change = Callable[[Path], dict[str, object]]


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"dataset": "patterns"}, "no use with --distill"),
        ({"preset": "tiny-64"}, "--preset has no use"),
        ({"paired": True}, "--paired has no use"),
        ({"transfer": "house-256"}, "--transfer has no use"),
        ({"overrides": Overrides(gamma=1.0)}, "--gamma has no use"),
        ({"lines": 30}, "--lines 30"),
        ({"channels": (64, 64, 64, 64)}, "no lighter than"),
        ({"distill": "patterns"}, "patterns: is a patterns"),
        ({"distill": None, "lines": 16}, "--lines is for --distill"),
    ],
)
def test_what_does_not_go_together_is_refused(
    network: Path, tmp_path: Path, changes: dict[str, object], says: str
) -> None:
    with pytest.raises(TrainingError, match=says):
        train(options(tmp_path / "run", **{"distill": str(network), **changes}), lambda _: None)
    assert not (tmp_path / "run").exists()
