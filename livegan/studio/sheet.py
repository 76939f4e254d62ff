"""Draw a network to look at it: how fast and how exact it is here, and a contact sheet of 16 seeds as PNG."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import av
import numpy as np

from livegan.core.clock import WallClock
from livegan.core.types import FramePlan, Pixels
from livegan.generators.info import NetworkInfo
from livegan.outputs.still import write_png

if TYPE_CHECKING:
    from livegan.generators.registry import Generator
    from livegan.generators.style import StyleNet

SEEDS = 16
SHEET_PSI = 0.7  # what people look at trained networks with
ROWS_OF_CLASSES = 8  # at most
TIMED = 7  # pictures
COMPARED = 4  # pictures
GAP_PX = 4
GAP_GREY = 40  # 0..255: pictures on black must show where they end
ARCHITECTURES = ("stylegan2", "stylegan3", "lightweight")  # modules with `open_network`

Tell = Callable[[int], None]  # how many pictures are drawn


@dataclass(frozen=True, slots=True)
class Finding:
    """What drawing a network has shown."""

    way: str  # where and how it is drawn
    why: str  # why that way; empty: there was no choice
    ms: float  # one picture, the median of TIMED
    likeness_db: float | None  # the worst of COMPARED, against the exact float32 picture; None: nothing to compare with
    rows: tuple[int, ...]  # the class of each row of the sheet; empty: no classes
    sheet: Path


def open_network(info: NetworkInfo) -> "StyleNet | None":
    """The network of `info` whole and plain, its weights read and checked; None where there is none to be had."""
    if info.kind not in ARCHITECTURES:
        return None
    net: StyleNet = import_module(f"livegan.generators.{info.kind}").open_network(info)
    return net


def look(info: NetworkInfo, device: str, output: Path, drawing: Callable[[int], Tell]) -> Finding:
    """Open `info` on `device`, time it, compare it with the exact picture and write its contact sheet to `output`.

    `drawing(total)` is told how many pictures will be drawn and returns who hears of each.
    """
    from livegan.generators.load import load_generator

    generator = load_generator(info, device)
    try:
        ms = _median_ms(generator)
        likeness = _likeness_db(generator, info)
        rows = rows_of_classes(info.c_dim)
        plans = sheet_plans(info, rows)
        tell = drawing(len(plans))
        pictures = []
        for plan in plans:
            pictures.append(pixels(generator, plan))
            tell(len(pictures))
        columns = SEEDS if rows else 4
        write_png(output, contact_sheet(pictures, columns, 128 if rows else 256), "-o")
        return Finding(generator.device_text, getattr(generator, "reason", ""), ms, likeness, rows, output)
    finally:
        generator.close()


def report(info: NetworkInfo, found: Finding) -> list[str]:
    """What people are told of a finding."""
    height, width = info.resolution
    lines = [
        f"{info.name}: {info.kind}, {width}x{height} px",
        f"drawn on {found.way}",
        f"{found.ms:.1f} ms a picture ({1e3 / found.ms:.1f} a second), the median of {TIMED}",
    ]
    if found.why:
        lines.append(f"chosen: {found.why}")
    if found.likeness_db is not None:
        lines.append(
            f"{found.likeness_db:.1f} dB like the exact float32 picture, the worst of {COMPARED} (40 is enough)"
        )
    if found.rows:
        names = [info.classes[one] if one < len(info.classes) else str(one) for one in found.rows]
        lines.append(f"rows of the sheet are classes: {', '.join(names)}")
    return [*lines, f"{found.sheet}: {SEEDS} seeds, psi {SHEET_PSI}"]


def plan_for(info: NetworkInfo, seed: int, wanted: int | None = None, psi: float = 1.0) -> FramePlan:
    """The plan of a seed: z of `default_rng([seed])`, one class or none, all noise."""
    z = np.random.default_rng([seed]).standard_normal(info.z_dim, np.float32)
    classes = np.zeros(info.c_dim, np.float32)
    if wanted is not None:
        classes[wanted] = 1.0
    return FramePlan(0, 0.0, 1 / 60, z=z, classes=classes, truncation=psi, noise=1.0)


def rows_of_classes(c_dim: int) -> tuple[int, ...]:
    """The classes that get a row of the sheet: all, or so many spread evenly over them."""
    return tuple(np.linspace(0, c_dim - 1, min(c_dim, ROWS_OF_CLASSES)).round().astype(int).tolist()) if c_dim else ()


def sheet_plans(info: NetworkInfo, rows: Sequence[int]) -> list[FramePlan]:
    """Sixteen seeds; where there are classes, the same sixteen for each of `rows`."""
    wanted: Sequence[int | None] = rows or (None,)
    return [plan_for(info, seed, one, SHEET_PSI) for one in wanted for seed in range(SEEDS)]


def pixels(generator: "Generator", plan: FramePlan) -> Pixels:
    """One picture of a generator, uint8 (height, width, 3), here."""
    return np.asarray(generator.render(plan).cpu().numpy(), np.uint8)


def contact_sheet(pictures: Sequence[Pixels], columns: int, cell_px: int) -> Pixels:
    """Pictures of one size side by side, row after row, none wider or higher than `cell_px`, on grey."""
    height, width = pictures[0].shape[:2]
    shrink = max(1.0, max(height, width) / cell_px)
    grow = max(1, cell_px // max(height, width)) if shrink == 1 else 1
    cells = [_resized(picture, max(1, round(height / shrink)), max(1, round(width / shrink))) for picture in pictures]
    cells = [cell.repeat(grow, 0).repeat(grow, 1) for cell in cells]  # small ones keep their pixels
    height, width = cells[0].shape[:2]
    rows = -(-len(cells) // columns)
    sheet = np.full((rows * (height + GAP_PX) + GAP_PX, columns * (width + GAP_PX) + GAP_PX, 3), GAP_GREY, np.uint8)
    for index, cell in enumerate(cells):
        top = GAP_PX + index // columns * (height + GAP_PX)
        left = GAP_PX + index % columns * (width + GAP_PX)
        sheet[top : top + height, left : left + width] = cell
    return sheet


def _resized(picture: Pixels, height: int, width: int) -> Pixels:
    """By the mean of areas."""
    if picture.shape[:2] == (height, width):
        return picture
    frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), "rgb24")
    return frame.reformat(width, height, interpolation="AREA").to_ndarray().astype(np.uint8, copy=False)


def _median_ms(generator: "Generator") -> float:
    """One picture [ms], on this machine, now."""
    clock = WallClock()
    times = []
    for seed in range(TIMED + 1):  # the first warms up
        start_s = clock.now()
        pixels(generator, plan_for(generator.info, seed))
        times.append(clock.now() - start_s)
    return float(np.median(times[1:])) * 1e3


def _likeness_db(generator: "Generator", info: NetworkInfo) -> float | None:
    """The worst PSNR of a few pictures against the network's own float32 forward [dB]; None where there is none."""
    import torch

    from livegan.generators.controls import Controls
    from livegan.generators.stylegan2 import to_pixels

    net = open_network(info)
    if net is None:
        return None
    worst = 99.0
    for seed in range(COMPARED):
        plan = plan_for(info, seed, seed % info.c_dim if info.c_dim else None)
        with torch.inference_mode():
            w = net.map(torch.from_numpy(plan.z[None]), torch.from_numpy(plan.classes[None]))  # (1, w_dim)
            exact = net.synthesize(w[:, None].expand(-1, net.num_ws, -1), Controls.of(plan))[0]  # (colours, h, w)
            wanted = to_pixels(exact, net.span).numpy().astype(np.float32)
        drawn = pixels(generator, replace(plan, w=np.array(w.numpy(), np.float32)))
        error = float(np.square(drawn - wanted).mean())
        worst = min(worst, 99.0 if error == 0 else 10 * float(np.log10(255**2 / error)))
    return worst
