"""Backends of one quality step of a network: the fastest, and the fastest that can bend layers."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from livegan.networks.architectures.protocol import StyleNet
from livegan.networks.synthesis_options import SynthesisOptions
from livegan.rendering.accuracy import FEWEST_SEEDS, ReferenceImages, is_accurate
from livegan.rendering.autotune import select_backend
from livegan.rendering.backends.protocol import Backend, BackendSpec, SharingBackend
from livegan.rendering.correction import rows_for
from livegan.rendering.registry import LoadOptions, QualityStep


@dataclass(frozen=True, slots=True)
class StepBackends:
    """Backends of one quality step."""

    step: QualityStep
    num_ws: int  # rows of w that they take
    backend: Backend
    bending_backend: Backend  # may be the same
    reason: str  # why `backend` was selected
    network_mb: float = 0.0  # of a network that is kept for them alone [MB]

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
        references = ReferenceImages(net)
        backend = _sharing(net, whole.backend, references) if whole else None
        if backend is not None and whole is not None:
            reason = f"as full quality: {whole.reason}"
        else:
            selection = select_backend(net, specs, key, references=references, options=options)
            backend, reason = selection.backend, selection.reason
        bending_backend = backend
        if not backend.bends:
            shared = _sharing(net, whole.bending_backend, references) if whole else None
            able = [spec for spec in bending_specs or specs if spec.bends]
            bending_backend = shared or select_backend(net, able, key, references=references, options=options).backend
    return StepBackends(step, net.num_ws, backend, bending_backend, reason)


def _sharing(net: StyleNet, whole: Backend, references: ReferenceImages) -> Backend | None:
    """A backend in the memory of another one, if its pictures are accurate."""
    if not isinstance(whole, SharingBackend):
        return None
    low = whole.lower(net)
    return low if is_accurate(references.psnr_db(low, FEWEST_SEEDS)) else None
