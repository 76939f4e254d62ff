"""Check a network: drawing time, PSNR against the float32 reference, and a contact sheet of 16 seeds as PNG."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from livegan.core.clock import WallClock
from livegan.core.images import write_png
from livegan.core.types import FramePlan, Pixels
from livegan.networks.contact_sheet import SEEDS, SHEET_PSI, contact_sheet, plan_for, rows_of_classes, sheet_plans
from livegan.networks.info import NetworkInfo
from livegan.networks.library import open_network
from livegan.rendering.load import load_generator
from livegan.rendering.registry import Generator

TIMED = 7  # pictures
COMPARED = 4  # pictures

Tell = Callable[[int], None]  # how many pictures are drawn


@dataclass(frozen=True, slots=True)
class Finding:
    """What drawing a network has shown."""

    way: str  # where and how it is drawn
    why: str  # why that way; empty: there was no choice
    ms: float  # one picture, the median of TIMED
    psnr_db: float | None  # the worst of COMPARED, against the exact float32 picture; None: nothing to compare with
    rows: tuple[int, ...]  # the class of each row of the sheet; empty: no classes
    sheet: Path


def look(info: NetworkInfo, device: str, output: Path, drawing: Callable[[int], Tell]) -> Finding:
    """Open `info` on `device`, time it, compare it with the exact picture and write its contact sheet to `output`.

    `drawing(total)` is told how many pictures will be drawn and returns who hears of each.
    """
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
    if found.psnr_db is not None:
        lines.append(f"{found.psnr_db:.1f} dB like the exact float32 picture, the worst of {COMPARED} (40 is enough)")
    if found.rows:
        names = [info.classes[one] if one < len(info.classes) else str(one) for one in found.rows]
        lines.append(f"rows of the sheet are classes: {', '.join(names)}")
    return [*lines, f"{found.sheet}: {SEEDS} seeds, psi {SHEET_PSI}"]


def pixels(generator: "Generator", plan: FramePlan) -> Pixels:
    """One picture of a generator, uint8 (height, width, 3), here."""
    return np.asarray(generator.render(plan).cpu().numpy(), np.uint8)


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

    from livegan.networks.architectures.stylegan2 import to_pixels
    from livegan.networks.synthesis_options import SynthesisOptions

    net = open_network(info)
    if net is None:
        return None
    worst = 99.0
    for seed in range(COMPARED):
        plan = plan_for(info, seed, seed % info.c_dim if info.c_dim else None)
        with torch.inference_mode():
            w = net.map(torch.from_numpy(plan.z[None]), torch.from_numpy(plan.classes[None]))  # (1, w_dim)
            exact = net.synthesize(w[:, None].expand(-1, net.num_ws, -1), SynthesisOptions.of(plan))[
                0
            ]  # (colours, h, w)
            wanted = to_pixels(exact, net.span).numpy().astype(np.float32)
        drawn = pixels(generator, replace(plan, w=np.array(w.numpy(), np.float32)))
        error = float(np.square(drawn - wanted).mean())
        worst = min(worst, 99.0 if error == 0 else 10 * float(np.log10(255**2 / error)))
    return worst
