"""Motifs of flows: lit cloth, strokes along a stream, contour lines of a landscape, poured marble."""

import math

import torch
from torch import Tensor

from livegan.motifs.field import Canvas, Stops, column, rgb, smoothstep

Moods = tuple[Stops, Stops, Stops]  # what `accent` wanders through, from -1 over 0 to 1; hues run on past 1 or below 0

SILK: tuple[Moods, ...] = (  # the ground, the shade, the cloth, the sheen; the last is the hem
    (
        ((0.44, 0.85, 0.05), (0.44, 0.95, 0.30), (0.42, 0.80, 0.70), (0.34, 0.45, 1.00), (0.47, 0.45, 1.00)),
        ((0.52, 0.85, 0.05), (0.53, 0.95, 0.38), (0.62, 0.75, 0.85), (0.80, 0.45, 1.00), (0.48, 0.55, 1.00)),
        ((0.72, 0.80, 0.06), (0.74, 0.85, 0.42), (0.86, 0.70, 0.90), (1.05, 0.50, 1.00), (0.88, 0.40, 1.00)),
    ),
    (
        ((0.74, 0.85, 0.06), (0.72, 0.85, 0.42), (0.68, 0.70, 0.90), (0.56, 0.50, 1.00), (0.52, 0.50, 1.00)),
        ((0.88, 0.85, 0.06), (0.90, 0.85, 0.42), (0.92, 0.70, 0.92), (0.80, 0.45, 1.00), (0.78, 0.45, 1.00)),
        ((1.00, 0.85, 0.06), (1.02, 0.90, 0.42), (1.06, 0.80, 0.95), (1.14, 0.45, 1.00), (1.12, 0.50, 1.00)),
    ),
    (
        ((0.60, 0.85, 0.06), (0.60, 0.90, 0.40), (0.55, 0.80, 0.85), (0.47, 0.45, 1.00), (0.50, 0.45, 1.00)),
        ((0.48, 0.85, 0.05), (0.48, 0.95, 0.32), (0.46, 0.80, 0.75), (0.30, 0.40, 1.00), (0.80, 0.45, 1.00)),
        ((0.10, 0.80, 0.05), (0.08, 0.90, 0.36), (0.08, 0.80, 0.85), (0.13, 0.45, 1.00), (0.48, 0.45, 1.00)),
    ),
)
FLOW: tuple[Moods, ...] = (  # between the strokes, their flanks, their body, their heart
    (
        ((0.86, 0.90, 0.14), (0.91, 0.92, 0.62), (0.96, 0.80, 1.00), (1.05, 0.40, 1.00)),
        ((1.00, 0.95, 0.06), (1.00, 0.97, 0.62), (1.03, 0.92, 1.00), (1.12, 0.50, 1.00)),
        ((1.07, 0.95, 0.05), (1.08, 0.97, 0.52), (1.12, 0.90, 1.00), (1.15, 0.35, 1.00)),
    ),
    (
        ((0.00, 0.95, 0.14), (-0.01, 0.97, 0.66), (0.01, 0.88, 1.00), (0.09, 0.50, 1.00)),
        ((0.08, 0.95, 0.05), (0.06, 0.97, 0.56), (0.11, 0.88, 1.00), (0.15, 0.40, 1.00)),
        ((-0.14, 0.90, 0.08), (-0.08, 0.92, 0.55), (0.03, 0.80, 1.00), (0.13, 0.45, 1.00)),
    ),
    (
        ((-0.12, 0.92, 0.06), (-0.12, 0.92, 0.52), (-0.05, 0.85, 1.00), (0.06, 0.45, 1.00)),
        ((0.00, 0.95, 0.05), (-0.01, 0.97, 0.58), (0.05, 0.92, 1.00), (0.13, 0.45, 1.00)),
        ((0.05, 0.95, 0.15), (0.07, 0.95, 0.58), (0.12, 0.88, 1.00), (0.15, 0.40, 1.00)),
    ),
)
TOPO: tuple[Moods, ...] = (  # valley, slope, height; the last is the line
    (
        ((0.30, 0.90, 0.05), (0.30, 0.90, 0.22), (0.24, 0.85, 0.60), (0.22, 0.60, 1.00)),
        ((0.40, 0.90, 0.05), (0.40, 0.90, 0.24), (0.37, 0.85, 0.60), (0.38, 0.55, 1.00)),
        ((0.50, 0.90, 0.06), (0.49, 0.90, 0.28), (0.47, 0.85, 0.65), (0.47, 0.45, 1.00)),
    ),
    (
        ((0.45, 0.90, 0.05), (0.44, 0.90, 0.24), (0.42, 0.85, 0.60), (0.42, 0.50, 1.00)),
        ((0.34, 0.90, 0.05), (0.34, 0.90, 0.22), (0.31, 0.85, 0.58), (0.30, 0.55, 1.00)),
        ((0.38, 0.90, 0.04), (0.30, 0.85, 0.20), (0.19, 0.85, 0.60), (0.16, 0.60, 1.00)),
    ),
    (
        ((0.52, 0.90, 0.06), (0.50, 0.90, 0.26), (0.44, 0.85, 0.60), (0.36, 0.50, 1.00)),
        ((0.44, 0.90, 0.05), (0.42, 0.90, 0.24), (0.36, 0.85, 0.58), (0.28, 0.55, 1.00)),
        ((0.36, 0.90, 0.05), (0.34, 0.90, 0.22), (0.27, 0.85, 0.56), (0.46, 0.45, 1.00)),
    ),
)
MARBLE: tuple[Moods, ...] = (  # the depth, dark stone, stone, bright stone; the last is the vein
    (
        ((0.60, 0.90, 0.04), (0.58, 0.90, 0.30), (0.55, 0.80, 0.75), (0.50, 0.45, 1.00), (0.10, 0.67, 1.00)),
        ((0.52, 0.90, 0.03), (0.51, 0.85, 0.26), (0.50, 0.75, 0.62), (0.53, 0.55, 0.95), (0.10, 0.72, 1.00)),
        ((0.70, 0.90, 0.05), (0.68, 0.80, 0.36), (0.66, 0.65, 0.85), (0.75, 0.35, 1.00), (0.07, 0.62, 1.00)),
    ),
    (
        ((0.48, 0.90, 0.03), (0.46, 0.85, 0.24), (0.45, 0.75, 0.60), (0.42, 0.35, 0.95), (0.12, 0.67, 1.00)),
        ((0.60, 0.90, 0.04), (0.59, 0.85, 0.32), (0.57, 0.75, 0.78), (0.53, 0.35, 1.00), (0.10, 0.72, 1.00)),
        ((0.66, 0.60, 0.05), (0.62, 0.40, 0.34), (0.58, 0.22, 0.75), (0.56, 0.08, 1.00), (0.07, 0.75, 1.00)),
    ),
    (
        ((0.56, 0.70, 0.05), (0.55, 0.50, 0.34), (0.54, 0.30, 0.75), (0.53, 0.10, 1.00), (0.09, 0.75, 1.00)),
        ((0.58, 0.90, 0.04), (0.57, 0.85, 0.32), (0.55, 0.78, 0.75), (0.50, 0.40, 1.00), (0.10, 0.67, 1.00)),
        ((0.68, 0.90, 0.05), (0.70, 0.80, 0.36), (0.74, 0.65, 0.80), (0.82, 0.35, 1.00), (0.09, 0.62, 1.00)),
    ),
)


def silk(canvas: Canvas) -> Tensor:
    """Broad folds of glowing cloth on a dark ground, with a bright hem."""
    colours = _colours(canvas, SILK, 0.07)
    x, y = canvas.turned(0.2, 0.12)
    form, fold, drift, light = (column(canvas.latent(name)) for name in ("form", "fold", "drift", "light"))
    phase = canvas.latent("drift", 0.5)
    bend = 0.34 + 0.10 * form
    qx = x + bend * canvas.waves("bend", 2.3, 3).at(x, y, phase)
    qy = y + bend * canvas.waves("sway", 2.3, 3).at(x, y, -phase)
    cloth = canvas.waves("cloth", 2.1, 3).at(qx, qy, phase)
    angle = cloth * (2.5 + 0.2 * fold) + column(canvas.uniform("lean", 1, -1.0, 1.0)[:, 0]) + 0.4 * fold
    rise = torch.cos(angle)
    body = smoothstep(-0.5, 1.15, rise + 0.30 * light)
    sheen = 0.5 + 0.5 * torch.sin(1.5 * angle + 1.6 * qx - 1.1 * qy + 0.9 * drift)
    level = body * (0.40 + 0.52 * sheen) + 0.05 * light * sheen + 0.05
    hem = rise + 0.30 * light + 0.35
    glow = 0.75 * torch.exp(-60.0 * hem * hem) + 0.22 * torch.exp(-6.0 * hem * hem)
    return _paint(level, colours[:, :, :-1]) + glow[:, None] * colours[:, :, -1, None, None]


def flow(canvas: Canvas) -> Tensor:
    """Broad strokes that swell and taper along a stream."""
    colours = _colours(canvas, FLOW, 0.06)
    x, y = canvas.turned(0.10, 0.06)
    form, fold, drift, light = (column(canvas.latent(name)) for name in ("form", "fold", "drift", "light"))
    phase = canvas.latent("drift", 0.26)
    bend = 0.27 + 0.045 * form
    qx = x + bend * canvas.waves("bend", 2.0, 3).at(x, y, phase)
    qy = y + bend * canvas.waves("sway", 2.0, 3).at(x, y, -phase)
    tilt = canvas.uniform("tilt", 1, 0.0, math.pi)[:, 0]
    c, s = column(torch.cos(tilt)), column(torch.sin(tilt))
    across, along = c * qx + s * qy, c * qy - s * qx
    angle = column(canvas.uniform("many", 1, 13.0, 18.0)[:, 0]) * across + 0.45 * drift
    stagger = 1.5 * torch.sin(0.5 * angle + 0.6) + 1.1 * torch.sin(0.31 * angle)
    swell = torch.sin(column(canvas.uniform("long", 1, 2.6, 3.6)[:, 0]) * along + stagger + 1.2 * fold)
    tide = canvas.waves("tide", 2.0, 3).at(x, y, canvas.latent("fold", 1.2))
    wide = 0.42 * swell + 0.24 * tide + 0.26 * light - 0.22
    level = smoothstep(-0.85, 1.35, torch.cos(angle) + wide) * (0.80 + 0.22 * swell + 0.14 * tide + 0.10 * light)
    return _paint(level + 0.05 * light, colours)


def topo(canvas: Canvas) -> Tensor:
    """Contour lines of a soft landscape, glowing, its heights filled with a fainter light."""
    colours = _colours(canvas, TOPO, 0.06)
    x, y = canvas.turned(0.15, 0.10)
    form, light = column(canvas.latent("form")), column(canvas.latent("light"))
    drift, fold = canvas.latent("drift", 0.65), canvas.latent("fold", 0.7)
    hills, ridges = canvas.waves("hills", 2.0, 3), canvas.waves("ridges", 3.6, 2)
    high, high_x, high_y = hills.slope(x, y, drift)
    rough, rough_x, rough_y = ridges.slope(x, y, fold)
    share = 0.26 + 0.12 * form
    height, dx, dy = high + share * rough, high_x + share * rough_x, high_y + share * rough_y
    many = column(canvas.uniform("many", 1, 1.35, 1.8)[:, 0]) * math.pi
    angle = many * height + column(canvas.latent("fold", 0.5))
    steep = torch.sqrt(dx * dx + dy * dy + 0.15) * many
    off = torch.sin(angle) / steep  # from the nearest line, in units of the plane
    square = off * off
    line = 0.88 * torch.exp(square * -1300.0) + 0.24 * torch.exp(square * -150.0)
    level = 0.30 + 0.24 * height + 0.32 * light
    return _paint(level, colours[:, :, :-1]) + line[:, None] * colours[:, :, -1, None, None]


def marble(canvas: Canvas) -> Tensor:
    """Poured stone: sheets that fade on one side and break off at a golden vein on the other."""
    colours = _colours(canvas, MARBLE, 0.07, last=0.25)
    x, y = canvas.turned(0.3, 0.16)
    form, fold, light = (column(canvas.latent(name)) for name in ("form", "fold", "light"))
    phase = canvas.latent("drift", 1.0)
    bend = 0.42 + 0.15 * form
    px = x + bend * canvas.waves("bend", 2.0, 3).at(x, y, phase)
    py = y + bend * canvas.waves("sway", 2.0, 3).at(x, y, -phase)
    qx = px + 0.22 * torch.sin(2.7 * py + column(phase))
    qy = py + 0.22 * torch.sin(2.7 * px - 1.0)
    tilt = canvas.uniform("tilt", 1, 0.0, 2 * math.pi)[:, 0]
    angle = 4.6 * (column(torch.cos(tilt)) * qx + column(torch.sin(tilt)) * qy) + 1.0 * fold
    angle = angle + column(canvas.uniform("lean", 1, 0.0, 2 * math.pi)[:, 0])
    up, over = 0.82 * torch.sin(angle), 1 - 0.82 * torch.cos(angle)
    sheet = torch.atan2(up, over) * (1 / 2.1)  # a rounded sawtooth, -1..1, steep where `angle` is a whole turn
    cloud = canvas.waves("cloud", 2.6, 3).at(qx, qy, canvas.latent("fold", 1.0))
    level = 0.36 + 0.42 * sheet + 0.17 * cloud + 0.22 * light
    vein = 0.0324 / (up * up + over * over)  # 1 at the break, by the width of the tooth
    gold = vein * (0.98 + 0.25 * cloud)
    stone, shine = _paint(level, colours[:, :, :-1]), gold.clamp(0, 1.2)[:, None]
    return stone + shine * (colours[:, :, -1, None, None] - 0.75 * stone)


def _colours(canvas: Canvas, moods: tuple[Moods, ...], reach: float, last: float = 1.0) -> Tensor:
    """The colours of each picture, (n, 3, stops): its layout picks the moods, `accent` one of them, `hue` turns it.

    `last`: how much of that turn, `reach` at most, the last stop takes part in.
    """
    device = canvas.latents.device
    pick = (canvas.uniform("mood", 1)[:, 0] * len(moods)).long()
    three = torch.tensor(moods, device=device)[pick]  # (n or 1, 3 moods, stops, 3)
    accent = canvas.latent("accent", 1.15).clamp(-1, 1)[:, None, None]
    before, after = (-accent).clamp(min=0), accent.clamp(min=0)
    mixed = three[:, 1] + before * (three[:, 0] - three[:, 1]) + after * (three[:, 2] - three[:, 1])
    share = torch.ones(mixed.shape[1], device=device)
    share[-1] = last
    return rgb(mixed[..., 0] + canvas.latent("hue", reach)[:, None] * share, mixed[..., 1], mixed[..., 2])


def _paint(level: Tensor, colours: Tensor) -> Tensor:
    """Colour a plane (n, h, w), 0..1, along evenly spaced stops (n, 3, stops), straight between them: (n, 3, h, w)."""
    count = colours.shape[2]
    place = level[:, None] * (count - 1)
    light = colours[:, :, 0, None, None].expand(-1, -1, *level.shape[1:])
    for at in range(count - 1):
        step = (colours[:, :, at + 1] - colours[:, :, at])[:, :, None, None]
        light = torch.addcmul(light, (place - at).clamp(0, 1), step)
    return light
