"""The classifier learns motifs by their form, and its data is that of the pairs."""

import pytest
import torch

from livegan.motifs.draw import NAMES
from livegan.training.classify import Motifs, accuracy, jittered, learn, to_signed
from livegan.training.pairs import Pairs

FOUR = ("glass", "rings", "neon", "galaxy")


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    torch.set_num_threads(1)


def lot(each, seed):
    motifs = Motifs((64, 64), each, seed)
    indices = [NAMES.index(name) * each + index for name in FOUR for index in range(each)]
    return motifs.batch(indices)[0], torch.arange(len(FOUR)).repeat_interleave(each)


@pytest.fixture(scope="module")
def classifier():
    pictures, labels = lot(24, 0)
    return learn(pictures, labels, len(FOUR), steps=60)


def test_a_minute_of_learning_is_plenty_and_colour_is_not_what_decides(classifier):
    pictures, labels = lot(16, 1)
    grey = pictures.float().mean(dim=1, keepdim=True).expand_as(pictures).to(torch.uint8)
    assert accuracy(classifier, pictures, labels) >= 0.95
    assert accuracy(classifier, grey, labels) >= 0.9


def test_wrong_labels_are_wrong(classifier):
    pictures, labels = lot(8, 2)
    assert accuracy(classifier, pictures, (labels + 1) % len(FOUR)) <= 0.1


def test_the_same_seed_learns_the_same():
    pictures, labels = lot(4, 0)
    one, other = (learn(pictures, labels, len(FOUR), seed=3, steps=3).state_dict() for _ in range(2))
    assert all(torch.equal(one[name], other[name]) for name in one)


def test_jitter_changes_each_picture_and_keeps_its_range():
    pictures = to_signed(lot(2, 0)[0])
    changed = jittered(pictures, torch.Generator().manual_seed(0))
    assert changed.shape == pictures.shape
    assert changed.min() >= -1
    assert changed.max() <= 1
    assert ((changed - pictures).abs().mean(dim=(1, 2, 3)) > 0.01).all()


def test_motifs_are_the_pictures_of_the_pairs(tmp_path):
    pairs = Pairs(tmp_path, (32, 32), 2, 5)
    kept, anew = Motifs((32, 32), 2, 0, pairs), Motifs((32, 32), 2, 5)
    indices = [0, 3, 10, 23]
    (one, classes), (other, same) = kept.batch(indices), anew.batch(indices)
    assert torch.equal(kept.z(indices), anew.z(indices))
    assert (one.int() - other.int()).abs().max() <= 1
    assert torch.equal(classes, same)
    assert [kept.label(index) for index in indices] == classes.argmax(dim=1).tolist() == [0, 1, 5, 11]
    small = anew.smaller(16)
    assert small.size == (16, 16)
    assert float(small.batch([3])[0].float().mean()) == pytest.approx(float(other[1].float().mean()), abs=4)
