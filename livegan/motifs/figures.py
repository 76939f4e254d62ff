"""Motifs of drawn figures: woven curves, ripples, a mandala, a tunnel of tubes.

Counts belong to the layout, so every picture of one layout is a smooth function of the latents.
"""

import math
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from livegan.motifs.field import Canvas, column, rgb, smoothstep

Hues = Sequence[tuple[float, float, float]]  # sets of three hues [turns], one set for each layout

SAMPLES, STRANDS = 220, 6  # points along a curve of `attractor`, and curves side by side in its ribbon
CURVES = (  # how often the four sines of an `attractor` go round (x first, second, y first, second), and a quarter turn
    (1.0, 3.0, 2.0, 1.0, 0.0),
    (2.0, 1.0, 3.0, 2.0, 0.0),
    (1.0, 2.0, 1.0, 3.0, 0.5),
    (3.0, 1.0, 2.0, 1.0, 0.0),
    (1.0, 3.0, 3.0, 1.0, 0.5),
    (1.0, 2.0, 2.0, 3.0, 0.0),
)
ATTRACTOR: Hues = ((0.52, 0.78, 0.66), (0.58, 0.07, 0.92), (0.76, 0.48, 0.8), (0.47, 0.62, 0.97))
RINGS: Hues = ((0.76, 0.9, 0.58), (0.68, 0.84, 0.95), (0.83, 0.63, 0.0), (0.71, 0.52, 0.88))
KALEIDOSCOPE: Hues = ((0.36, 0.13, 0.95), (0.92, 0.12, 0.6), (0.8, 0.45, 0.12), (0.6, 0.95, 0.14))
NEON: Hues = ((0.88, 0.52, 0.07), (0.52, 0.9, 0.74), (0.06, 0.86, 0.56), (0.95, 0.6, 0.12))


def attractor(canvas: Canvas) -> Tensor:
    """A glowing ribbon of closed curves, bright where it is slow, with veils between its strands."""
    x, y = _coarse(canvas)
    t = torch.arange(SAMPLES, device=x.device, dtype=torch.float32) * (2 * math.pi / SAMPLES)
    u = torch.linspace(-1, 1, STRANDS, device=x.device)
    rate = _picked(canvas, "weave", CURVES)
    # the first sines keep their distance in phase, so that the curve stays open
    loose = torch.tensor([0.0, 1.0, 0.1, 1.0], device=x.device)
    quarter = torch.tensor([0.0, 0.0, math.pi, 0.0], device=x.device)
    phase = canvas.uniform("phase", 4, -math.pi, math.pi) * loose + rate[:, 4:] * quarter
    lean = canvas.uniform("lean", 4, -1, 1)
    drift, form, fold = canvas.latent("drift", 0.7), canvas.latent("form"), canvas.latent("fold")

    def sine(at: int) -> Tensor:  # (n, strands, samples)
        spread = (0.27 + 0.1 * fold)[:, None] * u * (0.5 + lean[:, at, None].abs())
        moved = phase[:, at, None] + (drift * lean[:, at])[:, None] + spread
        return torch.sin(column(rate[:, at]) * t + moved[:, :, None])

    more, less = column(0.28 + 0.15 * form), column(0.28 + 0.15 * fold)  # how much of the second sines
    swell = 1 + 0.1 * (u[:, None] * (1 + column(fold)))
    across = ((1 - more) * sine(0) + more * sine(1)) * swell
    down = ((1 - less) * sine(2) + less * sine(3)) * swell
    turn = canvas.latent("turn", 0.35) + canvas.uniform("turn", 1, 0, 2 * math.pi)[:, 0]
    far = 1.02 * torch.exp(canvas.latent("scale", 0.18))
    c, s = column(torch.cos(turn) * far), column(torch.sin(turn) * far)
    wide, high = canvas.stretch
    px = (c * across - s * down).flatten(1) * wide**0.6  # (n, points); a long picture is partly filled
    py = (s * across + c * down).flatten(1) * high**0.6

    hue, other, third = _hues(canvas, ATTRACTOR)
    blend = 0.5 + 0.5 * torch.sin(t + column(drift + phase[:, 0]) + 0.5 * u[:, None])
    blend = blend.expand(len(px), STRANDS, SAMPLES).flatten(1)[:, None]
    first, second, deep = rgb(hue, 0.85, 1.0)[..., None], rgb(other, 0.9, 1.0)[..., None], rgb(third, 0.9, 1.0)
    colour = first * blend + second * (1 - blend)  # (n, 3, points)
    fine = _dots(x, y, px, py, colour * 0.085, 0.046)
    light = canvas.latent("light")
    # the veil borrows its colours from the opposite end of the curve
    veil = _dots(x, y, px[:, ::3], py[:, ::3], colour[:, :, ::3].flip(2) * 0.03, 0.14)
    far_x, far_y = px[:, ::11], py[:, ::11]
    haze = _dots(x, y, far_x, far_y, (deep * 0.016)[..., None].expand(-1, -1, far_x.shape[1]), 0.45)
    out = fine * (1 - 0.3 * light)[:, None, None, None]
    out = out + veil * (1 + 0.6 * light)[:, None, None, None] + haze * (1 + 0.9 * light)[:, None, None, None]
    glare = fine.mean(1, keepdim=True)
    coarse = 1.25 * (1 - torch.exp(-out)) + 0.25 * glare * glare / (1 + glare)
    return F.interpolate(coarse, canvas.size, mode="bicubic", align_corners=False).clamp(min=0)


def rings(canvas: Canvas) -> Tensor:
    """Ripples of two to four sources, each in its own light, white where crests meet, over a dark lit lake."""
    x, y = canvas.turned(0.22, 0.11)
    spots = canvas.uniform("spots", 8, -1, 1)
    many = _picked(canvas, "sources", ((2.0,), (3.0,), (2.0,), (3.0,), (4.0,)))[:, 0]
    each = (2.3 / many) ** 0.5  # many sources share the light
    start = canvas.uniform("start", 1, 0, 2 * math.pi)[:, 0]
    fast = canvas.uniform("fast", 1, 12, 14.5)[:, 0]
    drift, form, fold, light = (canvas.latent(name) for name in ("drift", "form", "fold", "light"))
    wave, slope, warm, cool, hearts, side, even, odd = (torch.zeros_like(x) for _ in range(8))
    for at in range(4):
        sign = 1 - 2 * (at % 2)
        on = (many > at).float()
        angle = start + 2 * math.pi * at / many + 0.5 * spots[:, at] + 0.12 * fold
        far = 0.6 + 0.2 * spots[:, 4 + at] + 0.08 * form * sign
        dx = x - column(far * torch.cos(angle))
        dy = y - column(far * torch.sin(angle))
        d = torch.sqrt(dx * dx + dy * dy + 0.003)
        strength = column(on * each * (1 + 0.4 * fold * sign)) / (0.65 + 0.65 * d)
        ripple = column(fast * (1 + 0.05 * form)) * d - column(drift * 1.05 + spots[:, at] * 2)
        cosine = torch.cos(ripple)
        crest = strength * (torch.exp(2.2 * (cosine - 1)) * 0.4 + torch.exp(8 * (cosine - 1)) * 0.6)
        wave = wave + crest
        sine = torch.sin(ripple)
        even, odd = even + strength * cosine, odd + strength * sine
        slope = slope - strength * sine * (0.8 * dx + 0.6 * dy) / d
        heart = column(on) * torch.exp(-d * d * 30)
        hearts = hearts + heart
        side = side + strength * sign
        if at % 2:
            cool = cool + crest
        else:
            warm = warm + crest
    meet = smoothstep(0.95, 2.3, wave)
    mood = torch.sigmoid(side * 1.6 + 1.2 * column(light))
    fringe = smoothstep(0.2, 2.4, torch.sqrt(even * even + odd * odd + 0.01))  # where the ripples add up
    lake = smoothstep(-0.6, 2.0, slope) * 0.6 + fringe * 0.5
    hue, other, third = _hues(canvas, RINGS)
    return _mixed(
        (
            (hue, 0.92, warm * column(0.95 + 0.45 * light)),
            (other, 0.9, cool * column(0.95 - 0.45 * light) + hearts * 0.3),
            (third, 0.95, lake * mood * 0.5 + 0.02),
            (third - 0.06, 0.95, lake * (1 - mood) * 0.4),
            (other + 0.03, 0.25, meet * 0.8 + hearts * hearts * 0.4),
        )
    )


def kaleidoscope(canvas: Canvas) -> Tensor:
    """A mandala of mirrored sectors: enamel petals with bright rims."""
    x, y = canvas.turned(0.25, 0.14)
    many = _picked(canvas, "sectors", ((5.0,), (6.0,), (8.0,), (6.0,), (10.0,), (7.0,)))
    r = torch.sqrt(x * x + y * y + 1e-4)
    sector = column(2 * math.pi / many[:, 0])
    turned = torch.atan2(y, x) / sector
    # the mirror is rounded, so that petals have no hard seam
    folded = torch.sqrt((turned - torch.round(turned)) ** 2 + 0.002) * sector
    u, v = r * torch.cos(folded), r * torch.sin(folded)
    drift, form, fold = canvas.latent("drift", 1.3), canvas.latent("form"), canvas.latent("fold")
    light = canvas.latent("light")
    bent = canvas.waves("bend", 2.6, 3).at(u, v, drift) * column(0.12 + 0.07 * fold)
    u, v = u + bent, v - bent
    petal = canvas.waves("petal", 4.2, 4).at(u, v, 1.2 * form + 0.4 * drift)
    enamel = canvas.waves("enamel", 3.2, 3).at(u, v, drift)
    step = canvas.uniform("step", 1, 6.5, 9)[:, 0]
    at = canvas.uniform("at", 1, 0, 2 * math.pi)[:, 0] + 0.8 * fold
    zone = petal + 0.55 * torch.sin(
        r * column(step) + column(at) + 1.2 * column(form) * torch.cos(math.pi * turned * 2) * smoothstep(0.0, 0.45, r)
    )
    rim = torch.exp(-((zone / 0.22) ** 2))
    bands = 0.68 + 0.32 * torch.cos(6.5 * zone - 0.6)
    inner = smoothstep(0.05, 0.8, zone) * bands
    outer = smoothstep(0.05, 0.8, -zone) * bands
    mood = smoothstep(-1.0, 1.0, enamel + 0.7 * column(light))
    core = torch.exp(-r * r * 22)
    fade = 1 - 0.92 * smoothstep(0.85, 1.35 * max(canvas.stretch), r)
    hue, other, third = _hues(canvas, KALEIDOSCOPE)
    return _mixed(
        (
            (hue, 0.92, fade * (inner * (0.25 + 0.8 * mood))),
            (other, 0.9, fade * (outer * (1 - mood) * (0.75 - 0.25 * column(light)) + 0.35 * core)),
            (third, 0.9, fade * (outer * mood * (0.5 + 0.35 * column(light)))),
            (other + 0.02, 0.55, fade * (rim * 0.85 + core * 0.4)),
        )
    )


def neon(canvas: Canvas) -> Tensor:
    """A tunnel of nested tubes of light: triangles, squares, pentagons or hexagons, each a little turned."""
    x, y = canvas.turned(0.18, 0.08)
    sides = _picked(canvas, "corners", ((3.0,), (4.0,), (6.0,), (4.0,), (5.0,), (3.0,)))
    sector = column(2 * math.pi / sides[:, 0])
    twist = canvas.uniform("twist", 1, -0.2, 0.2)[:, 0] + canvas.latent("fold", 0.07)
    stand = canvas.uniform("stand", 1, 0, 2 * math.pi)[:, 0]
    ratio = canvas.uniform("ratio", 1, 0.62, 0.69)[:, 0]
    away = canvas.uniform("away", 2, -0.3, 0.3)
    form, drift, light = canvas.latent("form"), canvas.latent("drift"), canvas.latent("light")
    soft = column(0.2 + 0.2 * form)  # 0 has corners, 1 is a circle
    tubes, others, cores = torch.zeros_like(x), torch.zeros_like(x), torch.zeros_like(x)
    walls = torch.zeros_like(x)
    for at in range(6):
        size = 1.3 * ratio**at * torch.exp(0.07 * drift)
        deep = 1 - ratio**at
        dx = x - column(deep * (away[:, 0] + 0.1 * drift))
        dy = y - column(deep * (away[:, 1] + 0.1 * form))
        r = torch.sqrt(dx * dx + dy * dy + 1e-4)
        angle = (torch.atan2(dy, dx) + column(stand + twist * at)) / sector
        flat = r * torch.cos((angle - torch.round(angle)) * sector)
        d = flat + soft * 0.5 * (r - flat) - column(size)
        tube = column(0.026 + 0.018 * size)
        near = (d / tube) ** 2
        bright = column(1 + (0.1 * at - 0.25) * 2 * light)
        cores = cores + torch.exp(-near * 1.6) * bright
        glow = bright * (0.55 * torch.exp(-near * 0.5) + 0.16 / (1 + near * 0.16))
        if at % 2:
            others = others + glow
        else:
            tubes = tubes + glow
        walls = walls + torch.exp(-((d / column(0.55 * size)) ** 2)) * (0.5 + 0.5 * math.cos(at * 1.1))
    lamp = canvas.uniform("lamp", 1, 0, 2 * math.pi)[:, 0] + canvas.latent("accent", 0.6)
    mood = torch.sigmoid(3 * (column(torch.cos(lamp)) * x + column(torch.sin(lamp)) * y))
    hue, other, third = _hues(canvas, NEON)
    return _mixed(
        (
            (hue, 0.92, tubes * mood),
            (other, 0.9, others),
            (third, 0.9, tubes * (1 - mood) + walls * (1 - mood) * column(0.12 + 0.1 * light)),
            (hue - 0.04, 0.95, walls * mood * column(0.12 + 0.1 * light)),
            (other + 0.02, 0.12, cores * 0.42),
        )
    )


def _picked(canvas: Canvas, name: str, table: Sequence[Sequence[float]]) -> Tensor:
    """The row of a table that each layout drew, (n or 1, columns)."""
    rows = torch.tensor(table, device=canvas.latents.device)
    return rows[canvas.uniform(name, 1, 0, len(table))[:, 0].long().clamp(max=len(table) - 1)]


def _hues(canvas: Canvas, table: Hues) -> tuple[Tensor, Tensor, Tensor]:
    """Three hues [turns] per picture: a set of the layout, turned by `hue`; `accent` swings the last two."""
    hues = _picked(canvas, "colours", table) + canvas.uniform("tint", 1, -0.03, 0.03)
    hue, accent = canvas.latent("hue", 0.17), canvas.latent("accent", 0.22)
    return hues[:, 0] + hue, hues[:, 1] + 0.6 * hue + accent, hues[:, 2] + 0.7 * hue - 0.4 * accent


def _mixed(lights: Sequence[tuple[Tensor, float, Tensor]]) -> Tensor:
    """The sum of coloured lights, each a hue (n,), a saturation and a plane (n, h, w): (n, 3, h, w)."""
    colours = torch.stack([rgb(hue, saturation, 1.0) for hue, saturation, _ in lights], dim=2)  # (n, 3, lights)
    planes = torch.stack([plane for _, _, plane in lights], dim=1)
    return torch.bmm(colours, planes.flatten(2)).view(-1, 3, *planes.shape[2:])


def _coarse(canvas: Canvas) -> tuple[Tensor, Tensor]:
    """The plane at about half the size, for soft light that is then enlarged: x (1, w) and y (1, h)."""
    height, width = canvas.size
    side = min(height, width)
    device = canvas.latents.device

    def line(length: int) -> Tensor:
        count = (length + 1) // 2
        at = torch.arange(count, device=device, dtype=torch.float32) + 0.5
        return ((at * (length / count) - length / 2) * (2 / side))[None]

    return line(width), line(height)


def _dots(x: Tensor, y: Tensor, px: Tensor, py: Tensor, colour: Tensor, radius: float) -> Tensor:
    """The light of round soft dots, (n, 3, h, w): x (1, w), y (1, h), points (n, points), colours (n, 3, points).

    A Gaussian is one factor along x times one along y, so the sum over all dots is a product of matrices.
    """
    across = torch.exp(-(((x[:, None] - px[:, :, None]) / radius) ** 2))  # (n, points, w)
    down = torch.exp(-(((y[:, None] - py[:, :, None]) / radius) ** 2))  # (n, points, h)
    rows = (colour[:, :, :, None] * down[:, None]).transpose(2, 3)  # (n, 3, h, points)
    return torch.bmm(rows.flatten(1, 2), across).view(*rows.shape[:3], -1)
