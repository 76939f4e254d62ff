"""Registry of generator kinds, the generator protocol with its quality steps, and load options. No torch here."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from livegan.core.registry import Registry
from livegan.core.types import FramePlan
from livegan.errors import NetworkError
from livegan.networks.info import NetworkInfo

if TYPE_CHECKING:
    import torch


def never() -> bool:
    """Loading is not broken off."""
    return False


def no_rest() -> None:
    """Work is done without a rest."""


@dataclass(frozen=True, slots=True)
class LoadOptions:
    """Load options: what a generator is loaded for. Backends are benchmarked and remembered apart for each purpose."""

    show: bool = False  # to be drawn in a show, beside its load; else in a render, which has every core
    live: bool = False  # the show begins or plays: the likely backend is taken now, `tune` benchmarks behind the show
    stop: Callable[[], bool] = never  # asked while a device is tried: True breaks the trial off, as the show ends
    rest: Callable[[], None] = no_rest  # called between two pictures of long work behind a show, which needs the cores
    devices: tuple[str, ...] = ()  # all devices whose backends compete; (): the one device alone
    plain: bool = (
        False  # by the reference backend on the CPU alone, as what was selected before has failed in this show
    )
    backends: tuple[str, ...] = ()  # by name, those that alone may draw, each with one thread (`one_thread`)


OFFLINE, REHEARSAL, LIVE = LoadOptions(), LoadOptions(show=True), LoadOptions(show=True, live=True)


def check_z_plan(plan: FramePlan, info: NetworkInfo) -> None:
    """NetworkError if a network without w cannot draw `plan`: z or classes of other lengths, or w."""
    if plan.z.shape != (info.z_dim,) or len(plan.classes) not in (0, info.c_dim):
        raise NetworkError(
            f"{info.name} wants {info.z_dim} latents and {info.c_dim} classes, "
            f"the plan has {plan.z.shape} and {plan.classes.shape}"
        )
    if plan.w is not None:
        raise NetworkError(f"{info.name} has no w; give latents of z, or a seed")


@dataclass(frozen=True, slots=True)
class QualityStep:
    """Quality step of a generator: a cheaper way to draw the same plan."""

    text: str  # for people: "full", "light", "128 px", "light, 64 px"
    size: tuple[int, int]  # of its pictures: height, width [px]
    cost: float  # time of a picture relative to the full one's: 1 is full
    db: float | None = None  # PSNR of its pictures, enlarged, to the full ones [dB]; None: not known
    uncorrected_db: float | None = None  # that before its last ToRGB was corrected; the same: it was not


class Generator(Protocol):
    """Generator protocol: a network made ready, a plan in, a picture out. Owned by one thread at a time."""

    @property
    def info(self) -> NetworkInfo:
        """The network it draws."""
        ...

    @property
    def device_text(self) -> str:
        """Where and how it draws, for people, e.g. "cpu, bf16, 1 thread"."""
        ...

    @property
    def megabytes(self) -> float:
        """What it keeps in the memory of its device [MB = 2**20 bytes], for the budget of the bank."""
        ...

    @property
    def reason(self) -> str:
        """Why its backend was selected, for `livegan doctor`; "" where there was no choice."""
        ...

    @property
    def steps(self) -> tuple[QualityStep, ...]:
        """Its quality steps, each ready to draw: [0] is full quality, each other one costs less than the one before.

        Grows while `prepare_steps` runs, also in the middle: look up the index by the text again in every frame.
        """
        ...

    @property
    def notice(self) -> str:
        """Why a step, or its light sibling, could not be made ready, in words; "": nothing to say."""
        ...

    def prepare_steps(self, options: LoadOptions) -> None:
        """Make the steps after the first ready, the light sibling first, then the cheapest; takes seconds. Idempotent.

        May run on another thread than `render`, but not than `close`. A step that cannot be made is left out.
        """
        ...

    def tune(self) -> float | None:
        """Do the next piece of the autotuning that follows a live loading; seconds until another, None: all is done.

        On the loader's thread, beside a show. A piece takes seconds at most; what wins draws from some frame on.
        """
        ...

    def threads(self, plan: FramePlan, step: int = 0) -> int:
        """How many CPU threads torch should use while it draws `plan` at a quality step; 0: any number.

        `render` does not set it: that is for the owner of the thread, with `rendering.threads.use_threads`.
        """
        ...

    def render(self, plan: FramePlan, step: int = 0) -> "torch.Tensor":
        """The picture of `plan`: uint8 (height, width, 3) sRGB, contiguous, on the generator's device; yours to keep.

        (height, width) is `steps[step].size`; a step beyond the last means the last. Reads what the plan says of one
        network: not `over`, not `effects`. The same plan gives the same picture.
        """
        ...

    def close(self) -> None:
        """Release the weights. Idempotent. Nothing may be rendered afterwards."""
        ...


@runtime_checkable
class Tuned(Protocol):
    """A generator whose backends were chosen, so that another process must be told which, to draw the same bits."""

    @property
    def backends(self) -> tuple[str, ...]:
        """The names of what draws, with one thread: for `LoadOptions.backends`."""
        ...


def drawn_by(generator: Generator) -> str:
    """What draws, for people, as far as it decides the bits of its pictures: without the number of threads."""
    return ", ".join(generator.backends) if isinstance(generator, Tuned) else generator.device_text


class SingleStep:
    """Base class of a generator with one quality step, the full one."""

    info: NetworkInfo
    notice = ""

    @property
    def steps(self) -> tuple[QualityStep, ...]:
        """Full quality."""
        return (QualityStep("full", self.info.resolution, 1.0),)

    def prepare_steps(self, options: LoadOptions = OFFLINE) -> None:
        """Nothing to do."""

    def tune(self) -> float | None:
        """Nothing to do."""
        return None


Maker = Callable[[NetworkInfo, str, LoadOptions], Generator]
"""(network, "cpu" | "cuda" | "xpu" | "mps", options) -> generator; registered under the network's kind."""


def check_maker(name: str, maker: object) -> None:
    """TypeError for what cannot be a member of GENERATORS."""
    if not callable(maker):
        raise TypeError(f"the generator '{name}' cannot be called with (network, device)")


GENERATORS: Registry[Maker] = Registry("generator", entry_point_group="livegan.generators", check=check_maker)
