"""Evaluation distinguishes a network that draws its data from one that is dead, grey, constant, or of other classes."""

import json

import numpy as np
import pytest
import torch

from livegan.datasets.dataset import open_dataset
from livegan.datasets.writer import DatasetWriter
from livegan.errors import NetworkError, TrainingError
from livegan.motifs.draw import Z_DIM
from livegan.networks.architectures.stylegan2_shape import StyleGAN2Shape
from livegan.networks.device import DEVICES, choose_device
from livegan.networks.synthesis_options import SynthesisOptions
from livegan.networks.weights import save_weights
from livegan.training import snapshots
from livegan.training.classify import Motifs
from livegan.training.evaluation import Evaluator, measure
from livegan.training.generator import init_generator
from livegan.training.image_stats import arc, brightness, colourfulness, diversity, unevenness
from livegan.training.pairs import draw_motif
from livegan.training.prefetch import TensorDataset


class Backend:
    """A network that draws the motifs themselves, or makes one mistake."""

    z_dim, c_dim, w_dim, num_ws, resolution, colours, span = Z_DIM, 12, Z_DIM + 12, 2, (64, 64), 3, (-1.0, 1.0)
    row_groups = (0, 2)
    clusters: dict[int, torch.Tensor] = {}  # noqa: RUF012
    w_avg = torch.zeros(Z_DIM + 12)

    def __init__(self, mistake=""):
        self.mistake = mistake

    def map(self, z, classes):
        if self.mistake == "same":
            z = torch.ones_like(z)
        if self.mistake == "jumps":
            z = torch.where(z[:, :1] > z[:, 1:2], torch.ones_like(z), -torch.ones_like(z))
        if self.mistake == "mixed up":
            classes = classes.roll(1, dims=1)
        return torch.cat([z, classes], dim=1)

    def synthesize(self, ws, options=None):
        assert options == SynthesisOptions()
        drawn_ = torch.cat([draw_motif(int(w[Z_DIM:].argmax()), w[None, :Z_DIM], self.resolution) for w in ws[:, 0]])
        pictures = drawn_.float() / 127.5 - 1
        if self.mistake == "grey":
            pictures = pictures.mean(dim=1, keepdim=True).expand(-1, 3, -1, -1)
        return pictures * 0.1 - 0.9 if self.mistake == "dark" else pictures

    def affines(self):
        return []


@pytest.fixture(scope="module")
def evaluator():
    torch.set_num_threads(1)
    return Evaluator(Motifs((64, 64), 30, 0), "the motifs", samples=60, steps=110)


@pytest.fixture(scope="module")
def right(evaluator):
    return evaluator.of(Backend(), "a backend")


def test_a_network_that_draws_its_data_has_its_numbers(right):
    result = right
    assert result.accuracy == pytest.approx(result.real_accuracy, abs=0.08)
    assert result.accuracy > 0.85
    assert 0.8 < result.diversity < 1.2
    assert result.error < 0.01
    assert result.distance < 2 * result.floor
    assert all(
        made.jump == pytest.approx(real.jump, rel=0.1) for made, real in zip(result.made, result.real, strict=True)
    )


@pytest.mark.parametrize("mistake", ["same", "grey", "dark", "mixed up"])
def test_every_mistake_is_seen(evaluator, right, mistake):
    wrong = evaluator.of(Backend(mistake))
    if mistake == "same":
        assert wrong.diversity < 0.01
        assert all(row.jump == 1 for row in wrong.made)
    elif mistake == "grey":
        assert max(row.colourfulness for row in wrong.made) < 0.01 < min(row.greyest for row in right.made)
    elif mistake == "dark":
        assert max(row.brightness for row in wrong.made) < min(row.brightness for row in right.made)
    else:
        assert wrong.accuracy < 0.1
        assert wrong.made[0].taken_for == "flow"
        assert "taken for flow" in wrong.table()
    assert wrong.error > 0.05
    if mistake != "mixed up":  # as many of each class as before
        assert wrong.distance > 2 * right.distance


def test_a_network_that_jumps_is_distinguished_from_one_that_flows(evaluator, right):
    jumpy = evaluator.of(Backend("jumps"))
    assert max(row.jump for row in jumpy.made) > 1.5 * max(row.jump for row in right.made)


def test_report_and_json_hold_every_class(evaluator, right):
    result = right
    table = json.loads(json.dumps(result.json()))
    assert [row["class"] for row in table["classes"]] == list(result.classes)
    assert table["accuracy"] == pytest.approx(result.accuracy, abs=1e-4)
    text = result.table()
    assert "a backend beside the motifs" in text
    for name in result.classes:
        assert sum(line.startswith(name) for line in text.splitlines()) == 1
    assert evaluator(Backend()) == result.numbers()


def test_a_training_set_in_a_file_is_read_and_a_network_file_opened(tmp_path):
    motifs = Motifs((32, 32), 8, 0)
    pictures, _ = motifs.batch(list(range(24)))
    with DatasetWriter(tmp_path / "set.zip", (32, 32), ("one", "two", "three")) as writer:
        for index, picture in enumerate(pictures):
            writer.add(np.ascontiguousarray(picture.permute(1, 2, 0).numpy()), index // 8)
    network = init_generator(StyleGAN2Shape(8, 16, (16, 16, 8, 8), 3, 2)).requires_grad_(False)
    with open_dataset(tmp_path / "set.zip") as opened:
        evaluator = Evaluator(TensorDataset(opened), "a set", samples=9, steps=2)
    result = evaluator.of(network)
    assert result.classes == ("one", "two", "three")
    assert result.error is None
    assert result.real[0].jump is None
    assert "/-" in result.table()
    with pytest.raises(TrainingError, match="12 classes"):
        evaluator.of(Backend())
    info = snapshots.describe(network, tmp_path / "small.json", snapshots.ModelCard("small", "a set"), 1.0)
    save_weights(info, network.state_dict())
    again = measure(tmp_path / "small.json", tmp_path / "set.zip", samples=9, steps=2)
    assert again.network == "small"
    assert again.numbers() == pytest.approx(result.numbers(), rel=1e-3)
    with pytest.raises(NetworkError):
        measure("no-such-network", tmp_path / "set.zip")


def here(device):
    try:
        choose_device(device)
    except NetworkError:
        return False
    return True


@pytest.mark.parametrize("device", DEVICES)
def test_every_device_that_is_there_measures_the_same_and_the_others_are_refused(tmp_path, device):
    network = init_generator(StyleGAN2Shape(8, 16, (16, 16, 8, 8), 0, 2)).requires_grad_(False)
    info = snapshots.describe(network, tmp_path / "small.json", snapshots.ModelCard("small", "a set"), 1.0)
    save_weights(info, network.state_dict())
    if here(device):
        result = measure(tmp_path / "small.json", TextbookTrainer(), samples=8, device=device)
        assert result.distance == pytest.approx(measure(network, TextbookTrainer(), samples=8).distance, rel=1e-2)
    else:
        with pytest.raises(NetworkError, match="try --device cpu"):
            measure(tmp_path / "small.json", TextbookTrainer(), samples=8, device=device)


def test_a_device_of_no_such_name_is_refused():
    with pytest.raises(NetworkError, match="no device called 'banana'"):
        measure(Backend(), TextbookTrainer(), device="banana")


class TextbookTrainer:
    """A training set without classes."""

    size, classes, c_dim = (32, 32), (), 0

    def __init__(self):
        self.motifs = Motifs(self.size, 4, 0)

    def __len__(self):
        return len(self.motifs)

    def label(self, i):
        return -1

    def batch(self, indices):
        return self.motifs.batch(indices)[0], torch.zeros(len(indices), 0)


def test_a_set_without_classes_has_one_row():
    network = init_generator(StyleGAN2Shape(8, 16, (16, 16, 8, 8), 0, 2)).requires_grad_(False)
    result = measure(network, TextbookTrainer(), samples=10)
    assert result.classes == ("all",)
    assert result.samples == 10
    assert result.accuracy is None
    assert "accuracy" not in result.numbers()
    assert "all" in result.table()


def test_patterns_are_for_networks_of_twelve_classes():
    network = init_generator(StyleGAN2Shape(8, 16, (16, 16, 8, 8), 3, 2))
    with pytest.raises(TrainingError, match="3 classes and there are 12 motifs"):
        measure(network)


def test_small_measures_are_those_of_their_formulas():
    black, white = torch.zeros(3, 8, 8, dtype=torch.uint8), torch.full((3, 8, 8), 255, dtype=torch.uint8)
    assert diversity(torch.stack([black, white])) == pytest.approx(2)
    assert diversity(black[None]) == 0
    assert brightness(torch.stack([black, white])).tolist() == pytest.approx([0, 1], abs=1e-5)
    assert colourfulness(torch.stack([black, white])).tolist() == [0, 0]
    even = (torch.arange(5) * 50).to(torch.uint8).view(5, 1, 1, 1).expand(5, 3, 8, 8)
    assert unevenness(even) == pytest.approx(1)
    assert unevenness(even[[0, 0, 0, 0, 4]]) == pytest.approx(4)
    along = arc(8, 0)
    assert torch.allclose(along.square().mean(dim=1), torch.ones(len(along)), atol=1e-4)
    steps = (along[1:] - along[:-1]).norm(dim=1)
    assert torch.allclose(steps, steps[:1].expand_as(steps), atol=1e-3)
