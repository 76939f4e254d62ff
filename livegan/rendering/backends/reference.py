"""Reference backend: the float32 forward of any style-based network, on any device."""

import copy

from torch import Tensor

from livegan.core.machine import cores
from livegan.networks.architectures.protocol import StyleNet
from livegan.networks.architectures.stylegan2 import to_pixels
from livegan.networks.synthesis_options import SynthesisOptions
from livegan.rendering.threads import threads_for


class ReferenceBackend:
    """Reference backend in float32, for any network on any device; what the other backends are compared with."""

    bends = True

    def __init__(
        self,
        net: StyleNet,
        device: str = "cpu",
        note: str = "reference",
        threads: int | None = None,
        *,
        checks_numbers: bool = False,
    ) -> None:
        """`note` is for people. On another device than the CPU it keeps a copy; `net` stays where it is.

        `checks_numbers`: it raises ArithmeticError for a picture that has NaN or infinity in it.
        """
        self._checks_numbers = checks_numbers
        self.threads = (threads or threads_for(cores())) if device == "cpu" else 0
        self.net = net if device == "cpu" else copy.deepcopy(net).to(device)
        self.device = device
        self.text = f"{device}, fp32, {note}"
        self.megabytes = 0.0 if device == "cpu" else megabytes(net)

    def set_clusters(self, clusters: dict[int, Tensor]) -> None:
        self.net.clusters = clusters

    def render(self, ws: Tensor, options: SynthesisOptions) -> Tensor:
        picture = self.net.synthesize(ws[None].to(self.device), options)[0]
        if self._checks_numbers and not bool(picture.isfinite().all()):
            raise ArithmeticError("its picture is not finite")
        return to_pixels(picture, self.net.span)


def megabytes(net: StyleNet) -> float:
    """The memory of a network's tensors [MB = 2**20 bytes]."""
    count = sum(tensor.numel() * tensor.element_size() for tensor in net.state_dict().values())
    return float(count) / 2**20
