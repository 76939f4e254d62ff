"""Network check: drawing times of its quality steps, PSNR against the float32 reference, a contact sheet as PNG."""

from collections.abc import Callable, Sequence
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
from livegan.rendering.registry import REHEARSAL, Generator, QualityStep
from livegan.rendering.threads import use_threads

TIMED_FRAMES, COMPARED_FRAMES = 7, 4
ALIKE = 2  # of 255, by which no pixel of pictures that are alike differs

FrameCallback = Callable[[int], None]  # called with how many pictures are drawn


@dataclass(frozen=True, slots=True)
class NetworkCheck:
    """Result of checking a network."""

    backend: str  # where and how it is drawn
    reason: str  # why by that backend; empty: there was no choice
    ms: float  # one picture, the median of TIMED_FRAMES
    psnr_db: float | None  # the lowest of COMPARED_FRAMES against the float32 picture; None: there is no reference
    rows: tuple[int, ...]  # the class of each row of the sheet; empty: no classes
    sheet: Path
    steps: tuple[tuple[QualityStep, float], ...] = ()  # each with the median time of a picture [ms]
    notice: str = ""  # why a step is missing
    alike: bool = False  # whether all pictures of the sheet are the same


def check_network(
    info: NetworkInfo, device: str, output: Path, progress: Callable[[int], FrameCallback]
) -> NetworkCheck:
    """Load `info` on `device`, time it, compare it with the reference and write its contact sheet to `output`.

    `progress(total)` is called with the number of pictures of the sheet; what it returns is called after each.
    """
    generator = load_generator(info, device, REHEARSAL)
    try:
        generator.prepare_steps(REHEARSAL)
        steps = tuple((step, _median_ms(generator, index)) for index, step in enumerate(generator.steps))
        lowest_db = _psnr_db(generator, info)
        rows = rows_of_classes(info.c_dim)
        plans = sheet_plans(info, rows)
        drawn = progress(len(plans))
        pictures = []
        for plan in plans:
            pictures.append(_draw(generator, plan))
            drawn(len(pictures))
        columns = SEEDS if rows else 4
        write_png(output, contact_sheet(pictures, columns, 128 if rows else 256), "-o")
        return NetworkCheck(
            generator.device_text,
            generator.reason,
            steps[0][1],
            lowest_db,
            rows,
            output,
            steps,
            generator.notice,
            _alike(pictures),
        )
    finally:
        generator.close()


def report(info: NetworkInfo, check: NetworkCheck) -> list[str]:
    """The result in lines of text."""
    height, width = info.resolution
    lines = [
        f"{info.name}: {info.kind}, {width}x{height} px",
        f"drawn on {check.backend}",
        f"{check.ms:.1f} ms a picture ({1e3 / check.ms:.1f} a second), the median of {TIMED_FRAMES}",
    ]
    if check.reason:
        lines.append(f"chosen: {check.reason}")
    if check.psnr_db is not None:
        lines.append(
            f"{check.psnr_db:.1f} dB like the exact float32 picture, the worst of {COMPARED_FRAMES} (40 is enough)"
        )
    lines += _step_lines(check)
    if check.rows:
        names = [info.classes[row] if row < len(info.classes) else str(row) for row in check.rows]
        lines.append(f"rows of the sheet are classes: {', '.join(names)}")
    if check.alike:
        lines.append(
            "careful: all pictures of the sheet are the same, whatever the seed: the file is damaged, or its training "
            "broke; look at the sheet, then download it again or take an earlier snapshot"
        )
    return [*lines, f"{check.sheet}: {SEEDS} seeds, psi {SHEET_PSI}"]


def _step_lines(check: NetworkCheck) -> list[str]:
    """A line for each quality step, under a heading; none where there is but one."""
    lines = []
    for step, ms in check.steps if len(check.steps) > 1 else ():
        height, width = step.size
        line = f"  {step.text:14} {width}x{height} px, {ms:.1f} ms, cost {step.cost:.2f}"
        if step.db is not None:
            line += f", {step.db:.1f} dB"
        if step.db is not None and step.uncorrected_db not in (None, step.db):
            line += f" ({step.uncorrected_db:.1f} before its ToRGB was corrected)"
        lines.append(line)
    if lines:
        lines.insert(0, "quality steps, for a show that is too slow; dB: enlarged, like the full picture")
    return lines + [check.notice] * bool(check.notice)


def _alike(pictures: Sequence[Pixels]) -> bool:
    """Whether no pixel differs by more than ALIKE between any two of the pictures."""
    darkest, brightest = np.minimum.reduce(pictures), np.maximum.reduce(pictures)
    return len(pictures) > 1 and bool((brightest - darkest).max() <= ALIKE)


def _draw(generator: Generator, plan: FramePlan, step: int = 0) -> Pixels:
    """One picture of a generator, uint8 (height, width, 3), in the memory of the host."""
    use_threads(generator.threads(plan, step))
    return np.asarray(generator.render(plan, step).cpu().numpy(), np.uint8)


def _median_ms(generator: Generator, step: int) -> float:
    """The median time of a picture at a quality step [ms]."""
    clock = WallClock()
    times_s = []
    for seed in range(TIMED_FRAMES + 1):  # the first warms up
        start_s = clock.now()
        _draw(generator, plan_for(generator.info, seed), step)
        times_s.append(clock.now() - start_s)
    return float(np.median(times_s[1:])) * 1e3


def _psnr_db(generator: Generator, info: NetworkInfo) -> float | None:
    """The lowest PSNR of a few pictures against the network's float32 forward [dB]; None where there is none."""
    import torch

    from livegan.networks.architectures.stylegan2 import to_pixels
    from livegan.networks.synthesis_options import SynthesisOptions
    from livegan.rendering.accuracy import psnr_db

    net = open_network(info)
    if net is None:
        return None
    figures_db = []
    for seed in range(COMPARED_FRAMES):
        plan = plan_for(info, seed, seed % info.c_dim if info.c_dim else None)
        with torch.inference_mode():
            w = net.map(torch.from_numpy(plan.z[None]), torch.from_numpy(plan.classes[None]))  # (1, w_dim)
            picture = net.synthesize(w[:, None].expand(-1, net.num_ws, -1), SynthesisOptions.of(plan))[0]
        drawn = _draw(generator, replace(plan, w=np.array(w.numpy(), np.float32)))
        figures_db.append(psnr_db(torch.from_numpy(drawn), to_pixels(picture, net.span)))
    return min(figures_db)
