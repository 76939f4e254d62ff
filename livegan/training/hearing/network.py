"""The hearing network in PyTorch, as it is trained; see networks/hearing_network.py for how it is heard with."""

from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.numpy import save
from torch import Tensor, nn

from livegan.core.files import write_atomic
from livegan.networks.hearing_bands import INPUTS
from livegan.networks.hearing_network import ACTIVATIONS, FORMAT, TAPS, HearingWeights

CHANNELS, BLOCKS = 64, 10


class _Block(nn.Module):
    """Residual block: a dilated causal convolution, batch norm, ELU, a mix of the channels."""

    def __init__(self, channels: int, dilation: int) -> None:
        super().__init__()
        self.past = (TAPS - 1) * dilation
        self.dilated = nn.Conv1d(channels, channels, TAPS, dilation=dilation, bias=False)
        self.norm = nn.BatchNorm1d(channels)
        self.mixing = nn.Conv1d(channels, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        return torch.as_tensor(x + self.mixing(F.elu(self.norm(self.dilated(F.pad(x, (self.past, 0)))))))


class HearingModel(nn.Module):
    """Logits of the activations, (n, 7, frames), of inputs (n, INPUTS, frames)."""

    def __init__(self, channels: int = CHANNELS, blocks: int = BLOCKS) -> None:
        super().__init__()
        self.stem = nn.Conv1d(INPUTS, channels, TAPS, bias=False)
        self.norm = nn.BatchNorm1d(channels)
        self.blocks = nn.ModuleList(_Block(channels, 2**i) for i in range(blocks))
        self.output = nn.Conv1d(channels, len(ACTIVATIONS), 1)
        assert self.output.bias is not None
        nn.init.constant_(self.output.bias, -3.0)  # most frames have no event

    def forward(self, x: Tensor) -> Tensor:
        x = F.elu(self.norm(self.stem(F.pad(x, (TAPS - 1, 0)))))
        for block in self.blocks:
            x = block(x)
        return torch.as_tensor(self.output(F.elu(x)))

    @torch.no_grad()
    def weights(self) -> HearingWeights:
        """Weights to hear with: batch norms folded into the convolutions."""
        stem, stem_bias = _folded(self.stem, self.norm)
        pairs = [_folded(block.dilated, block.norm) for block in self.blocks]  # type: ignore[arg-type]
        return HearingWeights(
            stem,
            stem_bias,
            np.stack([weight for weight, _ in pairs]),
            np.stack([bias for _, bias in pairs]),
            np.stack([block.mixing.weight[:, :, 0].float().cpu().numpy() for block in self.blocks]),  # type: ignore[union-attr, index]
            np.stack([block.mixing.bias.float().cpu().numpy() for block in self.blocks]),  # type: ignore[union-attr, operator]
            self.output.weight[:, :, 0].float().cpu().numpy(),
            self.output.bias.float().cpu().numpy() if self.output.bias is not None else np.zeros(7, np.float32),
        )


def _folded(convolution: nn.Conv1d, norm: nn.BatchNorm1d) -> tuple[np.ndarray, np.ndarray]:
    """Weight (out, TAPS * in), oldest frame first, and bias (out,) of a convolution and the batch norm behind it."""
    assert norm.running_mean is not None
    assert norm.running_var is not None
    factor = norm.weight / torch.sqrt(norm.running_var + norm.eps)
    weight = (convolution.weight * factor[:, None, None]).permute(0, 2, 1).flatten(1)
    bias = norm.bias - norm.running_mean * factor
    return weight.float().cpu().numpy(), bias.float().cpu().numpy()


def save_hearing(path: Path, weights: HearingWeights, metadata: dict[str, str]) -> None:
    """Write weights as half floats with `metadata`; OSError if it cannot be written."""
    tensors = {name: np.ascontiguousarray(getattr(weights, name), np.float16) for name in weights.__slots__}
    write_atomic(path, save(tensors, {"format": FORMAT, **metadata}))
