"""musicnn: convolutional networks that name genres, instruments and moods of three seconds of sound.

Pons & Serra 2019, "musicnn: pre-trained convolutional neural networks for music audio tagging", 1909.06654;
the architecture is that of Pons et al. 2018, 1711.02520: filters as tall as timbres and as long as rhythms, a maximum
over all bands, residual convolutions over time, and a maximum and a mean over the patch. The files are made by
tools/convert_musicnn.py.
"""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from torch import Tensor

from livegan.errors import NetworkError
from livegan.networks.info import TAGGER_SUFFIX
from livegan.networks.library import BUNDLED
from livegan.networks.music_tags import TAGS_OF
from livegan.networks.musicnn_input import BANDS

FORMAT = "livegan-musicnn-1"
FRONT = {"timbral_38": 3, "timbral_67": 3, "temporal_128": 63, "temporal_64": 31, "temporal_32": 15}  # frames before
HIDDEN = 200


class Musicnn:
    """One music tagger, in float32. Filters that are constant at every frame are left out of its file."""

    def __init__(self, tensors: dict[str, Tensor]) -> None:
        self._of = tensors
        self._parts = [name for name in FRONT if len(tensors[f"{name}.bias"])]
        self._down = {name: (tensors[f"{name}.factor"] < 0) for name in self._parts}

    @torch.inference_mode()
    def __call__(self, log_mels: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Probabilities (n, 50), each tag on its own, and hidden units (n, 200) of patches (n, frames, 96)."""
        if log_mels.ndim != 3 or log_mels.shape[1] < 1 or log_mels.shape[2] != BANDS:
            raise ValueError(f"patches of log-mel spectra are (n, frames, {BANDS}), not {log_mels.shape}")
        m1, m2, m3, front = self._middle(torch.from_numpy(np.ascontiguousarray(log_mels, np.float32)))
        every = torch.cat((front, m1, m2, m3), dim=1)  # (n, channels, frames)
        pooled = torch.cat((every.amax(dim=2), every.mean(dim=2)), dim=1)
        hidden = self._norm("hidden", F.relu(F.linear(pooled, self._of["hidden.weight"], self._of["hidden.bias"])))
        tags = torch.sigmoid(F.linear(hidden, self._of["output.weight"], self._of["output.bias"]))
        return tags.numpy(), hidden.numpy()

    def _middle(self, log_mels: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Residual convolutions over time, (n, 64, frames) each, and the front end's filters, (n, alive, frames)."""
        x = log_mels[:, None] * self._of["input.factor"] + self._of["input.summand"]
        front = torch.cat([self._front(name, x) for name in self._parts], dim=1)
        ones = torch.ones_like(front[:, :1])  # carries the constant filters, so that both ends see zeros beyond them
        m1 = self._over_time("mid_1", torch.cat((front, ones), dim=1))
        m2 = self._over_time("mid_2", m1) + m1
        m3 = self._over_time("mid_3", m2) + m2
        return m1, m2, m3, front

    def _front(self, name: str, x: Tensor) -> Tensor:
        """Largest response over all bands of one kind of filter, (n, filters, frames)."""
        weight, before = self._of[f"{name}.weight"], FRONT[name]
        padded = F.pad(x, (0, 0, before, weight.shape[2] - 1 - before))
        y = F.conv2d(padded, weight, self._of[f"{name}.bias"])  # (n, filters, frames, places)
        down = self._down[name]
        best = y.amax(dim=3)
        best[:, down] = y[:, down].amin(dim=3)  # the largest after a norm whose factor is below 0
        return self._norm(name, F.relu(best))

    def _over_time(self, name: str, x: Tensor) -> Tensor:
        return self._norm(name, F.relu(F.conv1d(x, self._of[f"{name}.weight"], self._of[f"{name}.bias"], padding=3)))

    def _norm(self, name: str, x: Tensor) -> Tensor:
        """Batch norm of inference, after the rectifier."""
        shape = (1, -1, *[1] * (x.dim() - 2))
        return x * self._of[f"{name}.factor"].view(shape) + self._of[f"{name}.summand"].view(shape)


@dataclass(frozen=True, slots=True)
class Tagger:
    """Both taggers, with the columns of `music_tags.TAGS`."""

    networks: tuple[Musicnn, ...]

    def __call__(self, log_mels: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Probabilities (n, 100) and hidden units (n, 400) of patches (n, frames, 96)."""
        tags, hidden = zip(*(network(log_mels) for network in self.networks), strict=True)
        return np.concatenate(tags, axis=1), np.concatenate(hidden, axis=1)


@cache
def load_tagger() -> Tagger:
    """The two bundled taggers, read once."""
    return Tagger(tuple(load_musicnn(BUNDLED / f"{name}{TAGGER_SUFFIX}", tags) for name, tags in TAGS_OF.items()))


def load_musicnn(path: Path, tags: tuple[str, ...]) -> Musicnn:
    """The tagger in a file; NetworkError if it is none, is cut short, or names other tags."""
    try:
        with safe_open(path, "pt") as file:
            about = json.loads((file.metadata() or {}).get("livegan", "{}"))
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (OSError, SafetensorError, ValueError) as error:
        raise NetworkError("is no music tagger that can be read; install livegan again", path) from error
    if about.get("format") != FORMAT or about.get("tags") != list(tags):
        raise NetworkError("is a music tagger of another livegan; install livegan again", path)
    return Musicnn(tensors)
