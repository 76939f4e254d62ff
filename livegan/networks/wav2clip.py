"""Wav2CLIP: sounds in the space of CLIP's pictures and texts (Wu et al. 2021, 2110.11499).

The whole network: log spectrogram, ResNet-18 (He et al. 2016, 1512.03385), an MLP. Tensors have the names of the
public checkpoint, whose space is that of CLIP ViT-B/32.
"""

from pathlib import Path
from typing import Self

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from livegan.errors import NetworkError
from livegan.networks.frozen_norm import FrozenBatchNorm
from livegan.networks.info import NetworkInfo
from livegan.networks.model_files import find_model, tensor_shapes
from livegan.networks.wav2clip_shape import Wav2ClipShape, shape_from
from livegan.networks.weights import load_module

RATE = 16_000  # of its sounds [Hz]
WINDOW, HOP = 512, 353  # of its spectrogram [samples]
MIN_SAMPLES = WINDOW  # of a sound; shorter ones are lengthened by silence
FLOOR = 1e-7  # power below which all is silence


class BasicBlock(nn.Module):
    """Residual block of two convolutions."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        stride = 1 if inputs == outputs else 2
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride=stride, padding=1, bias=False)
        self.bn1 = FrozenBatchNorm(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1, bias=False)
        self.bn2 = FrozenBatchNorm(outputs)
        self.downsample: nn.Sequential | None = None
        if stride == 2:
            self.downsample = nn.Sequential(
                nn.Conv2d(inputs, outputs, 1, stride=2, bias=False), FrozenBatchNorm(outputs)
            )

    def forward(self, x: Tensor) -> Tensor:
        """(n, inputs, h, w) to (n, outputs, h, w), of half the size where the channels double."""
        y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        return F.relu(y + (x if self.downsample is None else self.downsample(x)))


class AudioEncoder(nn.Module):
    """ResNet over a spectrogram as a picture of one channel."""

    def __init__(self, shape: Wav2ClipShape) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, shape.width, 7, stride=2, padding=3, bias=False)
        self.bn1 = FrozenBatchNorm(shape.width)
        inputs, stages = shape.width, []
        for stage, count in enumerate(shape.blocks):
            outputs = shape.width << stage
            stages.append(
                nn.Sequential(*(BasicBlock(inputs if not index else outputs, outputs) for index in range(count)))
            )
            inputs = outputs
        self.layer1, self.layer2, self.layer3, self.layer4 = stages

    def forward(self, x: Tensor) -> Tensor:
        """(n, 1, frequencies, frames) to (n, 8 width)."""
        x = F.max_pool2d(F.relu(self.bn1(self.conv1(x))), 3, stride=2, padding=1)
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return x.mean((2, 3))


class AudioTransform(nn.Module):
    """MLP from what the ResNet heard to CLIP's space."""

    def __init__(self, inputs: int, hidden: int, embed: int) -> None:
        super().__init__()
        self.sequential = nn.ModuleDict({"0": nn.Linear(inputs, hidden), "3": nn.Linear(hidden, embed)})

    def forward(self, x: Tensor) -> Tensor:
        """(n, inputs) to (n, embed)."""
        out: Tensor = self.sequential["3"](F.relu(self.sequential["0"](x)))
        return out


class Wav2Clip(nn.Module):
    """Wav2CLIP. Embeddings are as long as they come: compare their directions."""

    window: Tensor

    def __init__(self, shape: Wav2ClipShape) -> None:
        super().__init__()
        self.shape = shape
        self.dim = shape.embed
        self.audio_encoder = AudioEncoder(shape)
        self.audio_transform = AudioTransform(shape.width * 8, shape.hidden, shape.embed)

    @classmethod
    def from_info(cls, info: NetworkInfo) -> Self:
        """The Wav2CLIP in the files of `info`, ready to use; NetworkError if they are broken."""
        try:
            shape = shape_from(tensor_shapes(info))
        except NetworkError as error:
            raise error.about(info.path) from error
        return load_module(info, lambda: cls(shape)).eval().requires_grad_(False)

    def embed(self, samples: Tensor) -> Tensor:
        """Sounds (samples,) or (n, samples), mono, 16 kHz, to embeddings (n, dim).

        Several are standardised together, as in the original: embed songs one by one.
        """
        samples = samples.to(next(self.parameters()))
        samples = samples[None] if samples.ndim == 1 else samples
        samples = F.pad(samples, (0, max(MIN_SAMPLES - samples.shape[1], 0)))
        out: Tensor = self.audio_transform(self.audio_encoder(self.spectrogram(samples)))
        return out

    def spectrogram(self, samples: Tensor) -> Tensor:
        """Log power spectrogram (n, 1, 257, frames) of mean 0 and deviation 1; of silence all 0."""
        window = torch.hann_window(WINDOW, device=samples.device)
        power = torch.stft(samples, WINDOW, HOP, window=window, pad_mode="reflect", return_complex=True).abs().square()
        x = (power + FLOOR).log()[:, None]
        return (x - x.mean()) / (x.std() + 1e-9)


def load_wav2clip(name: str | Path = "", device: str = "cpu") -> Wav2Clip:
    """The Wav2CLIP of that name, or in that file; without a name the one that is here. float32, nothing to be learnt.

    NetworkError if there is none, or if its file is broken.
    """
    return Wav2Clip.from_info(find_model("wav2clip", name)).to(device)
