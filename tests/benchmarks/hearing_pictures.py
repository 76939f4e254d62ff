"""Pictures of the hearing benchmark for docs/hearing.md: reliability diagram of confidence, beat F by condition."""

from collections.abc import Mapping, Sequence
from math import isnan
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from tests.benchmarks.hearing_rows import Row
from tests.benchmarks.hearing_scores import BINS, Reliability
from tests.benchmarks.hearing_tables import MEASURES

PAPER, INK, DIM, GRID = "#12141b", "#e8e6e1", "#8d92a3", "#2b2f3c"
BARS = {"livegan": "#f2b544", "aubio": "#6aa6d8", "madmom": "#7cc48a", "BeatNet": "#c58be0", "librosa": "#8d92a3"}
SIDE_PX, GAP_PX, EDGE_PX = 260, 60, 48


def draw_reliability(by_condition: Mapping[str, Reliability], path: Path) -> None:
    """For each condition: share of right beats over confidence, the wider the more beats; the diagonal is wanted."""
    shown = {name: one for name, one in by_condition.items() if sum(one.counts)}
    width = EDGE_PX + len(shown) * (SIDE_PX + GAP_PX)
    sheet = Image.new("RGB", (max(width, EDGE_PX), SIDE_PX + 2 * EDGE_PX), PAPER)
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(14)
    for number, (name, one) in enumerate(shown.items()):
        left, top = EDGE_PX + number * (SIDE_PX + GAP_PX), EDGE_PX
        draw.rectangle((left, top, left + SIDE_PX, top + SIDE_PX), outline=GRID)
        told = f"{name}: {sum(one.counts)} beats, calibration error {one.error:.2f}"
        draw.text((left, top - 24), told, INK, font)
        widest = max(one.counts)
        for index, (count, confidence, right) in enumerate(zip(one.counts, one.confidence, one.right, strict=True)):
            if not count:
                continue
            half = max(2.0, SIDE_PX / BINS / 2 * (count / widest) ** 0.5 - 1)
            x, y = left + SIDE_PX * (index + 0.5) / BINS, top + SIDE_PX * (1 - right)
            draw.rectangle((x - half, y, x + half, top + SIDE_PX), fill=BARS["livegan"])
            meant = top + SIDE_PX * (1 - confidence)
            draw.line((x - SIDE_PX / BINS / 2, meant, x + SIDE_PX / BINS / 2, meant), fill=INK, width=2)
        draw.line((left, top + SIDE_PX, left + SIDE_PX, top), fill=DIM)
        for share in (0, 0.5, 1):
            draw.text((left + SIDE_PX * share, top + SIDE_PX + 6), f"{share:g}", DIM, font, anchor="ma")
            draw.text((left - 6, top + SIDE_PX * (1 - share)), f"{share:g}", DIM, font, anchor="rm")
        draw.text((left + SIDE_PX / 2, top + SIDE_PX + 24), "confidence", DIM, font, anchor="ma")
        if not number:
            draw.text((left + 8, top + 6), "share of beats that were right", DIM, font)
    sheet.save(path)


def draw_summary(rows: Sequence[Row], path: Path) -> None:
    """Beat F of each listener, a group of bars for each condition."""
    conditions = list(dict.fromkeys(row.condition for row in rows))
    listeners = list(dict.fromkeys(row.listener for row in rows))
    bar, tall = 34, 220
    each = len(listeners) * bar + GAP_PX
    sheet = Image.new("RGB", (2 * EDGE_PX + len(conditions) * each, tall + 3 * EDGE_PX), PAPER)
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(14)
    bottom = EDGE_PX + tall
    draw.text((EDGE_PX, 14), "beat F, ±70 ms, after 6 s", INK, font)
    for share in (0, 0.25, 0.5, 0.75, 1):
        y = bottom - tall * share
        draw.line((EDGE_PX, y, sheet.width - EDGE_PX / 2, y), fill=GRID)
        draw.text((EDGE_PX - 6, y), f"{share:g}", DIM, font, anchor="rm")
    for place, condition in enumerate(conditions):
        left = EDGE_PX + GAP_PX / 2 + place * each
        draw.text((left + len(listeners) * bar / 2, bottom + 8), condition, INK, font, anchor="ma")
        for number, listener in enumerate(listeners):
            value = MEASURES["f"][1]([row for row in rows if (row.condition, row.listener) == (condition, listener)])
            if isnan(value):
                continue
            x = left + number * bar
            draw.rectangle((x + 2, bottom - tall * value, x + bar - 2, bottom), fill=BARS.get(listener, DIM))
            draw.text((x + bar / 2, bottom - tall * value - 2), f"{value:.2f}", INK, font, anchor="mb")
    x = EDGE_PX
    for listener in listeners:
        draw.rectangle((x, bottom + 44, x + 12, bottom + 56), fill=BARS.get(listener, DIM))
        draw.text((x + 18, bottom + 50), listener, INK, font, anchor="lm")
        x += 110
    sheet.save(path)
