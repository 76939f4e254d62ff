"""Reference backend: the float32 forward of any style-based network, on any device."""

import copy

from torch import Tensor

from livegan.networks.architectures.protocol import StyleNet
from livegan.networks.architectures.stylegan2 import to_pixels
from livegan.networks.synthesis_options import SynthesisOptions


class ReferenceBackend:
    """The reference forward in float32, on any device, for any network."""

    bends = True

    def __init__(self, net: StyleNet, device: str = "cpu", why: str = "reference") -> None:
        """`why` is told to people. On another device than the CPU it keeps a copy; `net` stays where it is."""
        self.net = net
        if device != "cpu":
            self.net = copy.deepcopy(net).to(device)
        self.device = device
        self.text = f"{device}, fp32, {why}"
        self.megabytes = megabytes(net)

    def render(self, ws: Tensor, controls: SynthesisOptions) -> Tensor:
        """ws (num_ws, w_dim) on the CPU to uint8 (height, width, 3) on the device."""
        return to_pixels(self.net.synthesize(ws[None].to(self.device), controls)[0], self.net.span)


def megabytes(net: StyleNet) -> float:
    """What the tensors of a network take [MB = 2**20 bytes]."""
    count = sum(tensor.numel() * tensor.element_size() for tensor in net.state_dict().values())
    return float(count) / 2**20
