"""Backends of one quality step of a network: the fastest, and the fastest that can bend layers."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from livegan.networks.architectures.protocol import StyleNet
from livegan.networks.synthesis_options import SynthesisOptions
from livegan.rendering.accuracy import FEWEST_SEEDS, ReferenceImages, is_accurate
from livegan.rendering.backends.protocol import Backend, BackendSpec, SharingBackend
from livegan.rendering.correction import rows_for
from livegan.rendering.live_tuning import TunedBackend
from livegan.rendering.registry import LoadOptions, QualityStep


@dataclass(frozen=True, slots=True)
class StepBackends:
    """Backends of one quality step."""

    step: QualityStep
    num_ws: int  # rows of w that they take
    drawn: TunedBackend
    bending: TunedBackend  # may be the same
    network_mb: float = 0.0  # of a network that is kept for them alone [MB]

    @property
    def backend(self) -> Backend:
        return self.drawn.backend

    @property
    def bending_backend(self) -> Backend:
        return self.bending.backend

    @property
    def reason(self) -> str:
        """Why `backend` was selected."""
        return self.drawn.reason

    def tune(self) -> float | None:
        """The next piece of the autotuning behind a show; seconds until another, None: done."""
        wait_s = self.drawn.tune()
        if wait_s == 0.0 or self.bending is self.drawn:
            return wait_s
        return min((each for each in (wait_s, self.bending.tune()) if each is not None), default=None)

    @property
    def backends(self) -> tuple[Backend, ...]:
        if self.bending_backend is self.backend:
            return (self.backend,)
        return self.backend, self.bending_backend

    @property
    def megabytes(self) -> float:
        """The memory it holds [MB]."""
        return self.network_mb + sum(backend.megabytes for backend in self.backends)

    def backend_for(self, options: SynthesisOptions) -> Backend:
        return self.bending_backend if options.bends else self.backend

    def render(self, ws: Tensor, options: SynthesisOptions) -> Tensor:
        """The picture of ws (rows, w_dim) of the whole network: uint8 (height, width, 3)."""
        return self.backend_for(options).render(rows_for(ws, self.num_ws), options)


def select_backends(
    step: QualityStep,
    net: StyleNet,
    specs: Sequence[BackendSpec],
    key: str,
    options: LoadOptions,
    bending_specs: Sequence[BackendSpec] = (),
    whole: StepBackends | None = None,
) -> StepBackends:
    """The backends that draw `net` at its fastest; NetworkError if none can. They have drawn pictures.

    Where the fastest of `specs` cannot bend layers, one of `bending_specs` does, if there are any.
    `whole`: those of the network whose lower resolution `net` is. What can draw it in the memory of those, does.
    """
    with torch.inference_mode():
        references = ReferenceImages(net, rest=options.rest)
        drawn = _sharing(net, whole.drawn, references) if whole else None
        if drawn is None:
            drawn = TunedBackend.select(net, specs, key, references, options, full=whole is None)
        bending = drawn
        if not drawn.backend.bends:
            shared = _sharing(net, whole.bending, references) if whole else None
            able = [spec for spec in bending_specs or specs if spec.bends]
            bending = shared or TunedBackend.select(net, able, key, references, options, full=False)
    return StepBackends(step, net.num_ws, drawn, bending)


def _sharing(net: StyleNet, whole: TunedBackend, references: ReferenceImages) -> TunedBackend | None:
    """A backend in the memory of another one, if its pictures are accurate."""
    shared = whole.selection.backend
    if not isinstance(shared, SharingBackend):
        return None
    low = shared.lower(net)
    if not is_accurate(references.psnr_db(low, FEWEST_SEEDS)):
        return None
    return TunedBackend(low, replace(whole.selection, backend=low, reason=f"as full quality: {whole.reason}"))
