"""The hearing network: what is trained is what is heard with; files; any hop gives the same frames."""

from pathlib import Path

import numpy as np
import pytest
import torch

from livegan.errors import NetworkError
from livegan.features.hearing import Hearing
from livegan.networks.hearing_bands import INPUTS, condition, power_bands
from livegan.networks.hearing_network import ACTIVATIONS, HearingNetwork, HearingWeights, load_hearing
from livegan.training.hearing.network import HearingModel, save_hearing

FRAMES = 60


def _model(blocks: int = 4) -> HearingModel:
    """A small network whose batch norms have seen something."""
    torch.manual_seed(0)
    model = HearingModel(16, blocks)
    for _ in range(3):
        model(torch.rand(2, INPUTS, 200) * 2)
    torch.nn.init.normal_(model.output.weight, std=0.5)
    return model.eval()


@pytest.fixture(scope="module")
def weights() -> HearingWeights:
    return _model().weights()


def test_it_hears_frame_by_frame_what_was_trained() -> None:
    model = _model()
    inputs = np.random.default_rng(1).random((FRAMES, INPUTS), np.float32)
    with torch.inference_mode():
        wanted = torch.sigmoid(model(torch.from_numpy(inputs.T[None].copy())))[0].T.numpy()
    live = HearingNetwork(model.weights())
    heard = np.array([live.step(frame).copy() for frame in inputs])
    assert heard.shape == (FRAMES, len(ACTIVATIONS))
    assert heard == pytest.approx(wanted, abs=1e-5)
    assert np.ptp(heard, axis=0).min() > 1e-3


def test_it_is_causal() -> None:
    model = _model()
    inputs = torch.rand(1, INPUTS, FRAMES)
    later = inputs.clone()
    later[:, :, 40:] = 0.0
    with torch.inference_mode():
        assert torch.equal(model(inputs)[:, :, :40], model(later)[:, :, :40])


@pytest.mark.parametrize(("rate", "hop"), [(48000, 256), (44100, 256), (48000, 1024), (8000, 43), (96000, 512)])
def test_frames_do_not_depend_on_the_hop(weights: HearingWeights, rate: int, hop: int) -> None:
    sound = np.random.default_rng(2).normal(size=rate).astype(np.float32) * 0.1
    live, network = Hearing(rate, weights), HearingNetwork(weights)
    past = np.zeros(live.past + hop, np.float32)
    heard = []
    for start in range(0, len(sound) - hop + 1, hop):
        past = np.concatenate((past[hop:], sound[start : start + hop]))
        heard += [activations.copy() for activations, _ in live.step(past, hop)]
    inputs = condition(power_bands(sound, rate).astype(np.float32))[: len(heard)]
    wanted = np.array([network.step(frame).copy() for frame in inputs])
    assert len(heard) == (len(sound) // hop * hop) * 100 // rate
    assert np.array(heard) == pytest.approx(wanted, abs=0.02)  # half floats in between


def test_a_file_keeps_the_weights_as_half_floats(weights: HearingWeights, tmp_path: Path) -> None:
    path = tmp_path / "beats.hearing"
    save_hearing(path, weights, {"title": "a test"})
    again = load_hearing(path)
    for name in weights.__slots__:
        assert getattr(again, name) == pytest.approx(getattr(weights, name), abs=2e-3, rel=1e-3)


def test_other_files_are_refused_by_name(weights: HearingWeights, tmp_path: Path) -> None:
    path = tmp_path / "none.hearing"
    path.write_bytes(b"no weights")
    with pytest.raises(NetworkError, match=r"none\.hearing"):
        load_hearing(path)
    with pytest.raises(NetworkError, match="missing"):
        load_hearing(tmp_path / "missing.safetensors")
    broken = {name: getattr(weights, name) for name in weights.__slots__} | {"stem_bias": np.zeros(3, np.float32)}
    with pytest.raises(ValueError, match="stem_bias"):
        HearingWeights(**broken)
    broken["stem_bias"] = np.full_like(weights.stem_bias, np.nan)
    with pytest.raises(ValueError, match="not finite"):
        HearingWeights(**broken)
