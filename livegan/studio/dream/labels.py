"""ImageNet labels of a text: what a network without captions can be searched for.

A text is compared with the names of the 1000 classes of ImageNet, by the sentence model where it is installed, else by
whole words. EfficientNet-Lite0 then says how much of those classes is in a picture.
"""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from livegan.mapping.words.tokens import tokens
from livegan.networks.minilm import MiniLM, is_installed
from livegan.training.efficientnet import EfficientNetLite0, Head
from livegan.training.perceptual import read_efficientnet, weights_path

INSTALL = "pip install 'livegan[project,dream]'"
LABELS, NEAREST = 1000, 6
LEAST = 0.42  # cosine of a text and a label that have anything to do with each other
SHARPEN = 12.0  # of cosines, as shares of labels
SEEN_PX = 160  # shorter side of what the classifier looks at
NOISE, SMALLEST_CUT = 0.03, 0.75  # of a view: noise against what only a classifier sees; its share of the picture


@cache
def label_names() -> tuple[str, ...]:
    """The names of ImageNet's classes, in their order."""
    return tuple((files("livegan.studio.dream") / "imagenet.txt").read_text(encoding="utf-8").splitlines())


@cache
def _vectors() -> NDArray[np.float32]:
    """A vector of length 1 for each label, (LABELS, 384), made by the sentence model once for all."""
    stored = np.load(str(files("livegan.studio.dream") / "imagenet-minilm.npy"))  # int8
    vectors: NDArray[np.float32] = stored.astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors


def labels_of(text: str) -> dict[int, float]:
    """Labels (number -> share, sum 1) that a text is about; nothing if none is near, or if there are no words."""
    words = set(tokens(text))
    if not words:
        return {}
    shares = {number: 1.0 for number, name in enumerate(label_names()) if set(tokens(name)) <= words}
    if not shares and is_installed():
        cosines = _vectors() @ MiniLM().embed([text])[0]
        order = np.argsort(-cosines)[:NEAREST]
        shares = {
            int(number): float(np.exp(SHARPEN * (cosines[number] - cosines[order[0]])))
            for number in order
            if cosines[number] >= LEAST
        }
    elif not shares:
        shares = {
            number: 1.0 for number, name in enumerate(label_names()) if tokens(name)[-1:] and tokens(name)[-1] in words
        }
    total = sum(shares.values())
    return {number: share / total for number, share in shares.items()}


class LabelLoss:
    """How little of some labels a picture has, as EfficientNet-Lite0 sees it."""

    def __init__(self, shares: Mapping[int, float], seed: int) -> None:
        """LiveganError if the package with the weights is not installed."""
        self._shares = torch.zeros(LABELS)
        for number, share in shares.items():
            self._shares[number] = share
        _classifier(torch.device("cpu"))
        self._seed = seed

    def __call__(self, pictures: Tensor, step: int) -> Tensor:
        """The mean negative logarithm (n,) of the probability of the labels, of pictures (n, 3, h, w), -1..1.

        Each step sees another cut, one of two mirrored, under noise: else a classifier is soon content with patterns
        that nobody sees.
        """
        body, head = _classifier(pictures.device)
        rng = torch.Generator().manual_seed(self._seed * 1_000_003 + step)
        views = _view(pictures.clamp(-1, 1), rng)
        scores: Tensor = head(body.features(views))
        chances = F.log_softmax(scores, dim=1)
        return -torch.logsumexp(chances + self._shares.to(chances).clamp(min=1e-30).log(), dim=1)


def is_there() -> bool:
    """Whether the classifier is installed."""
    return weights_path() is not None


@cache
def _classifier(device: torch.device) -> tuple[EfficientNetLite0, Head]:
    weights = read_efficientnet()
    body, head = EfficientNetLite0(), Head()
    body.load(weights)
    head.load(weights)
    return body.to(device), head.to(device)


def _view(pictures: Tensor, rng: torch.Generator) -> Tensor:
    """A random cut of pictures (n, 3, h, w), squeezed to a square of SEEN_PX, perhaps mirrored, with noise."""
    height, width = pictures.shape[2:]
    share, left, top, mirror = torch.rand(4, generator=rng).tolist()
    side = min(height, width) * (SMALLEST_CUT + (1 - SMALLEST_CUT) * share)
    rows, columns = round(side), min(width, round(side * (1 + 0.3 * share)))
    x, y = int(left * (width - columns)), int(top * (height - rows))
    cut = pictures[:, :, y : y + rows, x : x + columns]
    cut = cut.flip(3) if mirror < 0.5 else cut
    seen = F.interpolate(cut, (SEEN_PX, SEEN_PX), mode="bilinear", antialias=True)
    return seen + NOISE * torch.randn(seen.shape, generator=rng).to(seen)
