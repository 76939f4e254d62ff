"""Which device draws, and why."""

from dataclasses import dataclass

import torch

from livegan.errors import NetworkError

DEVICES = ("auto", "cpu", "cuda", "mps")


@dataclass(frozen=True, slots=True)
class DeviceChoice:
    """A device and the reason for it, in words for `livegan doctor`."""

    device: str  # "cpu", "cuda" or "mps"
    reason: str


def choose_device(wanted: str = "auto") -> DeviceChoice:
    """The device to draw on: the one asked for, or with "auto" the first of cuda, mps, cpu that is there.

    One that was asked for and is not there raises a NetworkError: a show must not fall back in silence.
    """
    if wanted not in DEVICES:
        raise NetworkError(f"no device called '{wanted}'; there are: {', '.join(DEVICES)}; type: --device cpu")
    cuda, mps = torch.cuda.is_available(), torch.backends.mps.is_available()
    if wanted == "cuda" and not cuda:
        built = "finds no NVIDIA GPU" if torch.version.cuda else "is the build without CUDA"
        raise NetworkError(
            f"device 'cuda' was asked for, but this torch ({torch.__version__}) {built}; try --device cpu"
        )
    if wanted == "mps" and not mps:
        raise NetworkError("device 'mps' was asked for, but this machine has no Apple GPU; try --device cpu")
    if wanted != "auto":
        return DeviceChoice(wanted, "asked for")
    if cuda:
        return DeviceChoice("cuda", f"a GPU is there: {torch.cuda.get_device_name()}")
    if mps:
        return DeviceChoice("mps", "an Apple GPU is there")
    return DeviceChoice("cpu", "no GPU is there")
