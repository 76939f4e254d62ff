"""Quality steps of generators without weights: the same drawing at smaller sizes, ready at once."""

from functools import lru_cache

from livegan.networks.info import NetworkInfo
from livegan.rendering.registry import QualityStep, SingleStep

SHARES = (1.0, 0.71, 0.5, 0.35)  # of the full height, one for each quality step
COSTS = (1.0, 0.5, 0.31, 0.22)  # of the time of a full picture (patterns at 448x256, AMD EPYC Zen 4, one thread)
SMALLEST_PX = 48  # shorter side of the smallest step


@lru_cache(maxsize=64)
def drawing_steps(resolution: tuple[int, int]) -> tuple[QualityStep, ...]:
    """Steps of a drawing of (height, width) px, the full one first; a small drawing has fewer."""
    height, width = resolution
    sizes = [(max(round(height * share), 1), max(round(width * share), 1)) for share in SHARES]
    kept = [sizes[0], *(size for size in sizes[1:] if min(size) >= SMALLEST_PX)]
    return tuple(
        QualityStep("full" if size == sizes[0] else f"{size[0]} px", size, cost)
        for size, cost in zip(kept, COSTS, strict=False)
    )


class DrawingSteps(SingleStep):
    """Base class of a generator that draws pictures of any size; its steps need no preparation."""

    info: NetworkInfo

    @property
    def steps(self) -> tuple[QualityStep, ...]:
        """Full quality first."""
        return drawing_steps(self.info.resolution)
