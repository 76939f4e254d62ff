"""Networks with known answers: what is read of them maps and draws as the programs that wrote them did."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from livegan import load_network
from livegan.errors import NetworkError
from livegan.networks.library import find_network

ROOT = Path(__file__).resolve().parents[2]
REFERENCE = ROOT.parent / "shared" / "fixtures" / "networks"
GOLDEN = ROOT / "tests" / "golden" / "networks"
W_WITHIN = 1e-4
PICTURE_WITHIN = 2e-3  # of the picture's own range; answers are stored as float16


def networks(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("*.p*") if path.suffix in (".pkl", ".pt"))


@pytest.fixture(autouse=True)
def one_thread() -> Any:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def far(found: np.ndarray, wanted: np.ndarray) -> float:
    """The largest difference, as a share of the range of what is wanted."""
    wanted = wanted.astype(np.float32)
    return float(np.abs(found - wanted).max() / np.ptp(wanted))


@pytest.mark.skipif(not REFERENCE.is_dir(), reason="the reference networks are not here; the goldens are")
@pytest.mark.parametrize("path", networks(REFERENCE), ids=lambda path: path.stem)
def test_reference_networks(path: Path) -> None:
    net, answers = load_network(path), np.load(path.with_suffix(".npz"))
    if net.kind == "lightweight":
        for seed in range(3):
            w = net.map(np.random.RandomState(seed).randn(1, net.z_dim).astype(np.float32))
            assert np.abs(w[0] - answers[f"w_{seed}"]).max() <= W_WITHIN
            assert far(net.synthesize(w, answers[f"noise_{seed}"])[0], answers[f"img_{seed}"]) <= PICTURE_WITHIN
        return
    cases = json.loads(str(answers["cases"]))
    assert cases
    for k, case in enumerate(cases):
        z = np.random.RandomState(case["seed"]).randn(1, net.z_dim).astype(np.float32)
        label = np.eye(net.c_dim)[[case["label"]]] if case["label"] is not None else np.zeros((1, net.c_dim))
        w = net.map(z, label, case["psi"], case["cutoff"])
        picture = net.synthesize(w, case["noise_mode"], case.get("input_transform"))
        assert np.abs(w[0] - answers[f"w_{k}"]).max() <= W_WITHIN, case
        assert far(picture[0], answers[f"img_{k}"]) <= PICTURE_WITHIN, case


def test_there_are_goldens() -> None:
    assert len(networks(GOLDEN)) >= 7


@pytest.mark.parametrize("path", networks(GOLDEN), ids=lambda path: path.name)
def test_goldens(path: Path) -> None:
    net, answers = load_network(path), np.load(path.with_suffix(".npz"))
    for seed, psi, noise in ((0, 1.0, "const"), (1, 0.6, "none")):
        w = net.map(answers[f"z_{seed}"], [seed] if net.c_dim else None, psi, cutoff=3)
        assert np.abs(w[0] - answers[f"w_{seed}"]).max() <= W_WITHIN
        plane = np.random.RandomState(seed).rand(*net.resolution) if net.kind == "lightweight" else noise
        assert far(net.synthesize(w, plane)[0], answers[f"img_{seed}"]) <= PICTURE_WITHIN


def test_one_network_in_many_formats_is_one_network() -> None:
    """The TensorFlow and the torch file of the goldens hold the same numbers."""
    one, two = (load_network(GOLDEN / name) for name in ("stylegan2-ada.pkl", "tensorflow.pkl"))
    w = one.map(np.ones((1, one.z_dim)), [1])
    assert np.allclose(one.synthesize(w), two.synthesize(w), atol=1e-4)


def test_a_training_checkpoint_gets_an_average_of_its_own() -> None:
    net = load_network(GOLDEN / "rosinality-training.pt")
    z = np.random.default_rng(3).standard_normal((20_000, net.z_dim))
    spread = net.map(z)[:, 0].std(axis=0)
    assert (np.abs(net.map(z)[:, 0].mean(axis=0) - net.w_avg) < 0.05 * spread).all()


def test_reference_files_cut_short_are_refused(tmp_path: Path) -> None:
    for path in networks(GOLDEN):
        cut = tmp_path / path.name
        cut.write_bytes(path.read_bytes()[:-2000])
        with pytest.raises(NetworkError, match=path.name):
            find_network(cut)
