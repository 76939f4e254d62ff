"""BeatNet's three recurrent networks as teachers of where the beat is in a recording.

M. Heydari, F. Cwitkowitz, Z. Duan 2021, BeatNet: CRNN and particle filtering for online joint beat downbeat and meter
tracking, section 3.2. The weights are those of the package BeatNet (CC BY 4.0, Mojtaba Heydari and others), each
learned with another data set left out; nothing else of the package is used.
"""

import importlib.util
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from livegan.errors import LiveganError, NetworkError
from livegan.networks.importers.read import read_tensors
from livegan.studio.hearing.offline_beats import FRAME_RATE
from livegan.studio.hearing.teacher_spectrum import HOP, SAMPLE_RATE, teacher_spectrum

NETWORKS: Final = 3
INPUTS, FILTERS, KERNEL, UNITS, LAYERS = 272, 2, 10, 150, 2
FILES = "model_{}_weights.pt"
LATE_S: Final = (0.02, 0.0, 0.0)  # to add to the times of every network: the first tells a frame early
AT_ONCE = 4000  # frames that are convolved together

Floats = NDArray[np.float32]


class BeatNetwork(nn.Module):
    """A convolution over bands, a layer, two LSTM layers of 150 over time: (frames, 272) -> (frames, 2)."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv1d(1, FILTERS, KERNEL)
        self.linear0 = nn.Linear(FILTERS * ((INPUTS - KERNEL + 1) // 2), UNITS)
        self.lstm = nn.LSTM(UNITS, UNITS, LAYERS, batch_first=True)
        self.linear = nn.Linear(UNITS, 3)

    def forward(self, spectrum: torch.Tensor) -> torch.Tensor:
        """How likely a frame is a beat that opens no bar, and one that opens a bar, each 0..1."""
        parts = []
        for part in torch.split(spectrum[:, None], AT_ONCE):
            pooled = nn.functional.max_pool1d(torch.relu(self.conv1(part)), 2)
            parts.append(self.linear0(pooled.flatten(1)))
        hidden, _ = self.lstm(torch.cat(parts)[None])
        chances: torch.Tensor = torch.softmax(self.linear(hidden[0]), 1)[:, :2]
        return chances


def teacher_folder() -> Path:
    """The folder with the weights of the installed package BeatNet; LiveganError if there is none."""
    found = importlib.util.find_spec("BeatNet")
    for place in (found.submodule_search_locations if found else None) or ():
        if (Path(place) / "models" / FILES.format(1)).is_file():
            return Path(place) / "models"
    raise LiveganError(
        "songs without a .beats file need a teacher, and BeatNet is not installed: "
        "pip install --no-deps BeatNet (its weights are CC BY 4.0), or write the beats by hand"
    )


class Teacher:
    """Three networks that each say where the beats are."""

    def __init__(self, folder: Path | None = None) -> None:
        """With the weights in `folder`, or else those of the installed package; LiveganError if they are not there."""
        folder = folder or teacher_folder()
        self._networks = [self._read(folder / FILES.format(number)) for number in range(1, NETWORKS + 1)]

    def _read(self, path: Path) -> BeatNetwork:
        if not path.is_file():
            raise LiveganError(f"no weights of BeatNet at {path}: give the folder BeatNet/models of its package")
        network = BeatNetwork()
        try:
            stored = read_tensors(path)
            network.load_state_dict({name: torch.from_numpy(stored[name]) for name in network.state_dict()})
        except NetworkError as error:
            raise error.about(path) from error
        except (OSError, KeyError, RuntimeError) as error:
            raise NetworkError(f"these are not the weights of BeatNet ({error})", path) from error
        return network.eval()

    @torch.inference_mode()
    def __call__(self, sound: Floats, numbers: Sequence[int] = range(NETWORKS)) -> Floats:
        """Activations (networks, frames, 2), 100 frames a second, of mono `sound` (n,) at 22050 Hz.

        Of any beat, and of those that open a bar; frame k speaks of k * 10 ms. `numbers`: of the networks asked, 0..2.
        """
        spectrum = torch.from_numpy(teacher_spectrum(sound))
        heard = np.arange(len(spectrum)) * (HOP / SAMPLE_RATE)
        asked = np.arange(int(len(sound) / SAMPLE_RATE * FRAME_RATE)) / FRAME_RATE
        out = np.empty((len(numbers), len(asked), 2), np.float32)
        for row, number in enumerate(numbers):
            chances = self._networks[number](spectrum).numpy()
            at = heard + LATE_S[number]
            out[row, :, 0] = np.interp(asked, at, chances.sum(axis=1))
            out[row, :, 1] = np.interp(asked, at, chances[:, 1])
        return out
