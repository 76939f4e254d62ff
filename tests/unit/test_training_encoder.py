"""Training of encoders: what is learnt, a run that goes on exactly, what is found afterwards, refused options."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors import SafetensorError

from livegan.errors import TrainingError
from livegan.networks.encoder import describe, encoder_size, find_encoder
from livegan.networks.info import NetworkInfo
from livegan.networks.library import open_network
from livegan.training.camera_pictures import changed, dead_leaves, spoilt
from livegan.training.encoder import EncoderTrainer, principal_components
from livegan.training.options import Overrides, TrainOptions
from livegan.training.settings import encoder_settings
from livegan.training.train import train
from tests.tiny_networks import tiny, tiny_net


@pytest.fixture(autouse=True)
def _no_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr("livegan.training.encoder.STATISTICS", 512)


def silent(line: str) -> None:
    pass


def options(info: NetworkInfo, folder: Path, kimg: float = 0.032, **changes: object) -> TrainOptions:
    overrides = Overrides(kimg=kimg, batch=8, precision="f32")
    whole = TrainOptions(folder=folder, dataset="encoder", network=str(info.path), overrides=overrides, device="cpu")
    return replace(whole, **changes)  # type: ignore[arg-type]


def trainer(info: NetworkInfo, kimg: float = 1.0) -> EncoderTrainer:
    network = open_network(info)
    assert network is not None
    components = principal_components(network.requires_grad_(False))
    size = encoder_size(info, 16)
    settings = replace(encoder_settings(size), kimg=kimg, batch=8, lr=0.003)
    return EncoderTrainer(settings, network, describe(info, size, len(components.basis)), components)


def test_components_give_back_the_w_that_they_were_taken_of() -> None:
    net = tiny_net("stylegan2")
    components = principal_components(net)
    w = net.map(torch.randn(64, 8), torch.eye(3)[torch.arange(64) % 3])
    again = components.mean + components.of(w) @ components.basis
    assert float((again - w).square().mean() / (w - components.mean).square().mean()) < 0.03
    lengths = components.basis.norm(dim=1)
    torch.testing.assert_close(lengths, components.deviations)
    assert bool((lengths.diff() <= 1e-6).all())


def test_the_losses_fall(tmp_path: Path) -> None:
    learner = trainer(tiny(tmp_path, "stylegan2"), kimg=0.64)
    losses = [learner.step() for _ in range(72)]
    ws, pictures = ([step[name] for step in losses] for name in ("loss_w", "loss_picture"))
    assert np.mean(ws[16:24]) < 0.9 * np.mean(ws[:8])
    assert not any(pictures[:24]), "w first, then pictures"
    assert np.mean(pictures[-8:]) < 0.9 * np.mean(pictures[24:32])


@pytest.mark.parametrize("kind", ["stylegan3", "lightweight"])
def test_other_architectures_learn_from_w_alone(kind: str, tmp_path: Path) -> None:
    learner = trainer(tiny(tmp_path, kind))
    assert not learner.pictures.differentiable
    assert set(learner.step()) == {"loss_w", "rate"}


def test_a_trainer_that_is_restored_goes_on_exactly(tmp_path: Path) -> None:
    info = tiny(tmp_path, "stylegan2")
    whole, first, second = trainer(info, 0.1), trainer(info, 0.1), trainer(info, 0.1)
    for _ in range(6):
        expected = whole.step()
    for _ in range(3):
        first.step()
    second.restore(first.state())
    for _ in range(3):
        found = second.step()
    assert found == expected
    for one, other in zip(
        whole.encoder.net.state_dict().values(), second.encoder.net.state_dict().values(), strict=True
    ):
        assert torch.equal(one, other)


def test_a_checkpoint_of_another_network_is_refused(tmp_path: Path) -> None:
    state = trainer(tiny(tmp_path, "stylegan2")).state()
    other = trainer(tiny(tmp_path / "other", "stylegan2", seed=9))
    with pytest.raises(TrainingError, match="not of an encoder for this network"):
        other.restore(state)


def test_a_run_leaves_an_encoder_that_the_network_finds(tmp_path: Path) -> None:
    info = tiny(tmp_path, "stylegan2", licence="CC0-1.0")
    lines: list[str] = []
    result = train(options(info, tmp_path / "run"), lines.append)
    assert not result.stopped
    assert (tmp_path / "run" / "tiny.encoder").is_file()
    card = (tmp_path / "run" / "tiny.encoder.md").read_text(encoding="utf-8")
    assert "livegan train encoder --network tiny --kimg 0.032" in card
    encoder = find_encoder(info)
    assert encoder is not None
    assert encoder.info.licence == "CC0-1.0"
    assert encoder.info.figures["PSNR of one pass [dB]"] > 0
    with pytest.raises(TrainingError, match="is finished"):
        train(replace(options(info, tmp_path / "run"), dataset=None, network=None, resume=True), silent)
    longer = replace(options(info, tmp_path / "run", kimg=0.064), dataset=None, network=None, resume=True)
    assert train(longer, silent).kimg == pytest.approx(0.064)


def again(folder: Path, **changes: object) -> TrainOptions:
    return replace(TrainOptions(folder=folder, resume=True, device="cpu"), **changes)  # type: ignore[arg-type]


def test_one_that_is_stopped_while_it_is_measured_is_whole_and_measured_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(*_: object) -> None:
        raise KeyboardInterrupt

    info, folder, lines = tiny(tmp_path, "stylegan2"), tmp_path / "run", list[str]()
    with monkeypatch.context() as patch:
        patch.setattr("livegan.training.encoder_run.figures", stopped)
        try:
            train(options(info, folder), lines.append)
        except KeyboardInterrupt:  # which would end all tests
            pytest.fail("Ctrl-C got out")
    assert f"to measure it, type: livegan train --resume {folder}" in lines[-1]
    assert not any("kimg are shown" in line for line in lines), "it is not the end yet"
    encoder = find_encoder(info)
    assert encoder is not None
    assert not encoder.info.figures
    train(again(folder, overrides=Overrides(kimg=0.016)), silent)  # an end that it has passed changes nothing
    encoder = find_encoder(info)
    assert encoder is not None
    assert encoder.info.figures["PSNR of one pass [dB]"] > 0
    card = (folder / "tiny.encoder.md").read_text(encoding="utf-8")
    assert "--kimg 0.032" in card
    assert "PSNR of one pass" in card
    (folder / "tiny.encoder").unlink()
    lines.clear()
    assert train(again(folder), lines.append).kimg == pytest.approx(0.032)
    assert (folder / "tiny.encoder").is_file()
    longer = f"livegan train --resume {folder} --kimg 0.064"
    assert lines[-1] == f"{folder}: 0.032 kimg are shown; to train longer, type: {longer}"


def test_one_that_cannot_be_copied_into_the_cache_says_where_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    info, folder, lines = tiny(tmp_path, "stylegan2"), tmp_path / "run", list[str]()
    assert not train(options(info, folder), lines.append).stopped
    text = "\n".join(lines)
    assert f"{folder / 'tiny.encoder'} is whole, but its copy {tmp_path / 'file'}" in text
    beside = info.path.with_suffix(".encoder")
    assert str(beside) in text
    (folder / "tiny.encoder").rename(beside)
    assert find_encoder(info) is not None


def test_one_that_finds_no_room_is_made_when_the_run_is_resumed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise SafetensorError("Error while serializing: I/O error: No space left on device (os error 28)")

    info, folder = tiny(tmp_path, "stylegan2"), tmp_path / "run"
    with monkeypatch.context() as patch:
        patch.setattr("livegan.training.encoder_run.save_encoder", full)
        with pytest.raises(TrainingError, match=r"No space left .*; make room there; then type: .*--resume"):
            train(options(info, folder), silent)
    train(again(folder), silent)
    assert find_encoder(info) is not None


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"network": None}, "livegan train encoder --network house-256"),
        ({"network": "plain"}, "no w"),
        ({"preset": "tiny-64"}, "--preset has no use"),
        ({"lines": 999}, "--lines 999"),
        ({"overrides": Overrides(gamma=2.0)}, "--gamma has no use"),
        ({"dataset": "patterns"}, "--network is for an encoder"),
    ],
)
def test_options_that_do_not_belong_are_refused(changes: dict[str, object], sentence: str, tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match=sentence):
        train(options(tiny(tmp_path, "stylegan2"), tmp_path / "run", **changes), silent)
    assert not (tmp_path / "run").exists()


def test_what_a_camera_spoils_stays_a_picture_and_depends_on_the_seed_alone() -> None:
    images = torch.rand(6, 3, 16, 28) * 2 - 1
    for make in (spoilt, changed):
        one, again, other = (make(images, torch.Generator().manual_seed(seed)) for seed in (1, 1, 2))
        assert one.shape == images.shape
        assert float(one.abs().max()) <= 1
        assert torch.equal(one, again)
        assert not torch.equal(one, other)
    leaves = dead_leaves(4, (16, 28), torch.Generator().manual_seed(1))
    assert leaves.shape == (4, 3, 16, 28)
    assert float(leaves.abs().max()) <= 1
    assert float(leaves.std(dim=(2, 3)).mean()) > 0.1
