"""Convergence of a projection: distance of each step's latents from the final ones, and GANce's completeness.

GANce calls a frame complete at the first step where sum |w_final - w_step| <= 0.2 (max - min) of that curve: 80 % of
the way is done. It needed 607 of 1000 steps.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from livegan.core.images import write_png
from livegan.core.types import Pixels
from livegan.studio.listen_plot import BACK, BEAT, DIM, FIRST, INK, LANE, WAVE, write
from livegan.studio.projection_work import ProjectionWork

LEFT_PX, INNER_PX, RIGHT_PX, TITLE_PX, HEIGHT_PX, TIMES_PX = 64, 1120, 16, 30, 360, 20
LINES = 240  # frames drawn, at most
REMAINING = 0.2

Curve = NDArray[np.float32]


def complete_at(curve: Curve) -> int:
    """The first step at which a frame is complete, from 0."""
    return int(np.argmax(curve <= REMAINING * (curve.max() - curve.min())))


def write_convergence(work: ProjectionWork, count: int, title: str, path: Path) -> str:
    """Plot the curves of all frames as PNG; what it shows in one line. MediaError if it cannot be written."""
    curves = [work.result(index).curve for index in range(count)]
    write_png(path, plot(curves, title), "--convergence")
    text = f"80 % of the way after {complete_at(curves[0])} of {len(curves[0])} steps in the first frame"
    if len(curves) == 1:
        return text
    others, steps = zip(*((complete_at(curve), len(curve)) for curve in curves[1:]), strict=True)
    return f"{text}, after {np.mean(others):.0f} of {np.mean(steps):.0f} in later ones"


def plot(curves: Sequence[Curve], title: str) -> Pixels:
    """Curves (steps,) each, over steps; the first frame's is bright, with a mark where it is complete."""
    sheet: Pixels = np.full((TITLE_PX + HEIGHT_PX + TIMES_PX, LEFT_PX + INNER_PX + RIGHT_PX, 3), BACK, np.uint8)
    lane = sheet[TITLE_PX : TITLE_PX + HEIGHT_PX, LEFT_PX : LEFT_PX + INNER_PX]
    lane[:] = LANE
    longest = max(len(curve) for curve in curves)
    top = max(float(curve.max()) for curve in curves) or 1.0
    write(sheet, LEFT_PX, 8, f"{title}  {len(curves)} FRAMES  STEPS AND WAY TO GO", INK, 2)
    for curve in [*curves[1 : LINES + 1], curves[0]]:
        _line(lane, curve, longest, top, WAVE if curve is curves[0] else DIM)
    done = complete_at(curves[0])
    x = _place(done, longest)
    lane[:, x : x + 2] = FIRST
    write(lane, min(x + 6, INNER_PX - 130), 6, f"COMPLETE AT STEP {done}", FIRST)
    level = round((1 - REMAINING * float(np.ptp(curves[0])) / top) * (HEIGHT_PX - 3)) + 1
    lane[level, ::6] = BEAT
    write(sheet, 6, TITLE_PX, f"{top:.0f}", DIM)
    write(sheet, 6, TITLE_PX + HEIGHT_PX - 8, "0", DIM)
    step = next((step for step in (1, 2, 5, 10, 20, 50, 100, 200, 500) if step * INNER_PX / longest >= 60), 1000)
    for number in range(0, longest, step):
        at = LEFT_PX + _place(number, longest)
        sheet[TITLE_PX + HEIGHT_PX : TITLE_PX + HEIGHT_PX + 3, at] = DIM
        write(sheet, at + 3, TITLE_PX + HEIGHT_PX + 5, str(number), DIM)
    return sheet


def _place(step: int, longest: int) -> int:
    return round(step / max(longest - 1, 1) * (INNER_PX - 3))


def _line(lane: Pixels, curve: Curve, longest: int, top: float, colour: tuple[int, int, int]) -> None:
    """A curve, two pixels thick, without gaps."""
    width = _place(len(curve) - 1, longest) + 1
    steps = np.linspace(0, len(curve) - 1, width)
    rows = np.round((1 - np.interp(steps, np.arange(len(curve)), curve) / top) * (HEIGHT_PX - 3)).astype(int)
    for x in range(width):
        before = rows[max(x - 1, 0)]
        lane[min(before, rows[x]) : max(before, rows[x]) + 2, x] = colour
