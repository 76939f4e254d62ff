"""Stand-ins for devices that nobody here has: backends that are right, wrong, slow, hang, die or raise.

`livegan.rendering.trial_worker` imports this module in its own process, so what they do is done for real.
"""

import ctypes
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from time import perf_counter

from torch import Tensor

from livegan.networks.architectures.protocol import StyleNet
from livegan.networks.architectures.stylegan2 import StyleGAN2
from livegan.networks.synthesis_options import SynthesisOptions
from livegan.rendering.backends import stylegan2
from livegan.rendering.backends.protocol import BackendSpec
from livegan.rendering.backends.reference import ReferenceBackend

DEVICE = "standin"
NAMES: tuple[str, ...] = ()  # those that are offered; (): all
CHILD = "LIVEGAN_TEST_CHILD"  # environment variable: the file that gets the id of the child of "hangs with a child"


class Odd(ReferenceBackend):
    """A reference backend that does something else before it draws, and something with the picture."""

    def __init__(self, net: StyleNet, before: Callable[[], object], after: Callable[[Tensor], Tensor]) -> None:
        super().__init__(net)
        self.before, self.after = before, after

    def render(self, ws: Tensor, options: SynthesisOptions) -> Tensor:
        self.before()
        return self.after(super().render(ws, options))


def nothing() -> None:
    pass


def same(picture: Tensor) -> Tensor:
    return picture


def hang() -> None:
    threading.Event().wait()


def hang_with_a_child() -> None:
    child = subprocess.Popen([sys.executable, "-c", "import threading; threading.Event().wait()"])
    Path(os.environ[CHILD]).write_text(str(child.pid))
    hang()


def segfault() -> None:
    ctypes.string_at(0)


def run_out_of_memory() -> None:
    raise RuntimeError("STANDIN out of memory: tried to allocate 2 GiB")


def refuse() -> None:
    raise RuntimeError("no kernel for this device")


def be_mistaken() -> None:
    raise KeyError("weight")


def dawdle(net: StyleNet) -> None:
    """Compute for 20 times as long as the network's forward takes."""
    from livegan.rendering.accuracy import random_ws, reference_picture

    start_s = perf_counter()
    reference_picture(net, random_ws(net, 0))
    end_s = perf_counter() + 20 * (perf_counter() - start_s)
    while perf_counter() < end_s:
        pass


def invert(picture: Tensor) -> Tensor:
    return 255 - picture


def backend_specs(net: StyleGAN2, device: str) -> list[BackendSpec]:
    """Those of DEVICE, named for what they do, or those of the CPU."""
    if device != DEVICE:
        return stylegan2.backend_specs(net, device)
    befores: dict[str, Callable[[], object]] = {
        "right": nothing,
        "hangs": hang,
        "hangs with a child": hang_with_a_child,
        "dies": segfault,
        "fills the memory": run_out_of_memory,
        "refuses": refuse,
        "is mistaken": be_mistaken,
        "slow": partial(dawdle, net),
    }
    made = {name: partial(Odd, net, before, same) for name, before in befores.items()}
    made["wrong"] = partial(Odd, net, nothing, invert)
    return [BackendSpec(name, make, device=DEVICE) for name, make in made.items() if name in (NAMES or made)]
