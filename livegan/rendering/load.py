"""Load a network into a generator on a device. torch is imported only when one is made."""

from dataclasses import replace
from typing import TYPE_CHECKING

from livegan.core.registry import Registry, import_modules, unknown
from livegan.core.text import printable
from livegan.errors import NetworkError
from livegan.networks.architectures import ARCHITECTURES
from livegan.networks.info import NetworkInfo
from livegan.networks.models import MODELS, no_network
from livegan.rendering.registry import GENERATORS, OFFLINE, LoadOptions

if TYPE_CHECKING:
    from livegan.rendering.registry import Generator, Maker


def load_generator(info: NetworkInfo, device: str = "auto", options: LoadOptions = OFFLINE) -> "Generator":
    """The network made ready on `device`, one of `networks.device.DEVICES`; takes seconds, so a show does it aside.

    NetworkError if it cannot be made there: broken weights, a device that is not there or has no memory left.
    """
    from livegan.networks.device import candidate_devices
    from livegan.rendering.trial import torch_device

    makers = generators()
    if info.kind in MODELS:
        raise NetworkError(no_network(info))
    if info.kind not in makers:
        raise NetworkError(f"{unknown('generator', printable(info.kind), makers)}", info.path)
    try:
        devices = candidate_devices("cpu" if options.plain else device)
        if info.kind in ARCHITECTURES:  # its backends on all of them compete
            return makers[info.kind](info, devices[0], replace(options, devices=devices))
        return makers[info.kind](info, torch_device(devices), options)
    except (RuntimeError, MemoryError) as error:  # raised by torch or NumPy, e.g. CUDA out of memory
        reason = str(error).strip().partition("\n")[0] or type(error).__name__
        raise NetworkError(f"{info.name} does not run here: {reason}; try --device cpu") from error


def generators() -> "Registry[Maker]":
    """The registry of generator kinds, with every module of this package that registers one imported."""
    import_modules("livegan.rendering")
    return GENERATORS
