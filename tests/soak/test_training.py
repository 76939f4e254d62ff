"""A few minutes of adversarial training at 64 px: it learns, ADA follows its target, and it goes on exactly."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from livegan.core.machine import keep_memory
from livegan.datasets.dataset import open_dataset
from livegan.datasets.patterns import make_patterns
from livegan.networks.device import has_bf16
from livegan.training.adversarial import AdversarialTrainer
from livegan.training.distance import FrechetDistance
from livegan.training.prefetch import TensorDataset
from livegan.training.settings import Precision, preset

pytestmark = pytest.mark.slow

KIMG = 6.0
FACTOR = 3.0  # the distance to the data falls at least so much


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("set") / "patterns.zip"
    make_patterns(path, (64, 64), 2400, seed=0, layouts=1)
    return path


def test_minutes_of_training_come_nearer_to_the_data(dataset: Path) -> None:
    keep_memory()
    precision: Precision = "bf16" if has_bf16() else "f32"
    settings = replace(preset("tiny-64"), precision=precision, kimg=KIMG, ema_kimg=1.0, ada_kimg=20.0)
    with open_dataset(dataset) as images:
        pictures = TensorDataset(images)
        distance = FrechetDistance.on(pictures, 480)
        method = AdversarialTrainer(settings, pictures)
        try:
            before = distance.of(method.average)
            signs, p = [], []
            while method.shown < KIMG * 1000:
                found = method.step()
                signs.append(found["sign_real"])
                p.append(found["p"])
            after = distance.of(method.average)
        finally:
            method.close()
    print(
        f"distance {before:.3f} -> {after:.3f} (other data {distance.floor:.3f}), "
        f"p {p[-1]:.3f}, sign {np.mean(signs[-50:]):.2f}"
    )
    assert after < before / FACTOR
    for at in range(100, len(p), 50):  # while the discriminator is surer than wanted p rises, else it falls
        surer = np.mean(signs[at - 50 : at]) - settings.ada_target
        moved = p[at - 1] - p[at - 50]
        assert moved * surer >= 0 or abs(surer) < 0.1 or p[at - 1] in (0.0, 1.0)


def test_a_run_at_64_px_goes_on_bit_for_bit(dataset: Path, tmp_path: Path) -> None:
    settings = replace(preset("tiny-64"), augment_p=0.3, pl_weight=2.0, batch=8)
    with open_dataset(dataset) as images:
        pictures = TensorDataset(images)
        whole, first, second = (AdversarialTrainer(settings, pictures) for _ in range(3))
        try:
            told = [whole.step() for _ in range(8)]
            for _ in range(3):
                first.step()
            torch.save(first.state(), tmp_path / "state.pt")
            second.restore(torch.load(tmp_path / "state.pt", weights_only=True))
            assert [second.step() for _ in range(5)] == told[3:]
        finally:
            for method in (whole, first, second):
                method.close()
    for one, two in zip(whole.network.parameters(), second.network.parameters(), strict=True):
        assert torch.equal(one, two)
