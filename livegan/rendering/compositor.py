"""Compositor: the layers of a plan over its picture (Porter & Duff 1984), in colours times alpha."""

from collections.abc import Hashable, Sequence
from functools import partial
from math import ceil, log2
from pathlib import Path
from typing import Any, cast

import torch
from torch import Tensor

from livegan.core.guard import Guard, unguarded
from livegan.core.layers import DRAWN, Layer
from livegan.core.score import Score
from livegan.core.sound import Sound
from livegan.core.types import Picture
from livegan.rendering.canvas import drawing
from livegan.rendering.drawings.light import HALO_PX, lit
from livegan.rendering.drawings.look import Look, look_of
from livegan.rendering.drawings.rasters import (
    LARGEST_PX,
    TEXT,
    Cut,
    Region,
    luminance,
    natural_px,
    place,
    premultiplied,
    read_image,
    text_plane,
)
from livegan.rendering.media import Media

CUTS, SHOWN = 8, 8  # kept
STEPS = 2  # rasters are kept at sizes that differ by the square root of two
TEXT_HEAT = 0.85  # white in the middle of letters


class Compositor:
    """Compositor of a show: lays layers over pictures. A layer that raises is left out if `guard` survives it."""

    def __init__(self, guard: Guard = unguarded, media: Media | None = None) -> None:
        """`media`: where images, texts and videos come from; by default made when they are needed."""
        self._guard = guard
        self._media = media or Media()
        self._cuts: dict[tuple[object, ...], Cut] = {}
        self._shown: dict[Hashable, Any] = {}  # rasters of the newest frames, the newest last

    @torch.inference_mode()
    def step(
        self,
        picture: Picture,
        layers: Sequence[Layer],
        sound: Sound | None,
        score: Score | None = None,
        *,
        on_top: bool,
    ) -> Picture:
        """The picture with its `layers`: those drawn after the effects, or before them. The input is untouched.

        `sound` and `score`: what drawings are made from.
        """
        pixels = cast("Tensor", picture)
        for layer in layers:
            if layer.on_top == on_top and layer.amount > 0:
                pixels = self._guard(f"layer {layer.kind}", partial(self._laid, pixels, layer, sound, score), pixels)
        return cast("Picture", pixels)

    def _laid(self, pixels: Tensor, layer: Layer, sound: Sound | None, score: Score | None) -> Tensor:
        size = pixels.shape[0], pixels.shape[1]
        look = look_of(layer.values, seed=int(layer.options.get("seed", 0)))
        if layer.kind in DRAWN:
            light = drawing(layer.kind, look, sound, score, size, pixels.device)
            whole = (0, size[0], 0, size[1])
            return laid_over(pixels, whole, light, light.amax(0, keepdim=True), layer.blend, layer.amount)
        placed = self._text(layer, look, size) if layer.kind == "text" else self._raster(layer, look, size)
        if placed is None:  # not made yet: a mask, too, waits for it
            return pixels
        region, planes = placed
        planes = planes.to(pixels.device)
        return laid_over(pixels, region, planes[:3], planes[3:], layer.blend, layer.amount)

    def _raster(self, layer: Layer, look: Look, size: tuple[int, int]) -> tuple[Region, Tensor] | None:
        """Colours times alpha, and alpha, of an image, a logo or a video where they lie; None while it is not made."""
        planes = self._frame(layer, size) if layer.kind == "video" else self._image(layer, look, size)
        if planes is None:
            return None
        natural = natural_px(layer.kind, layer.options.get("fit", ""), (planes.shape[1], planes.shape[2]), size)
        region, shown = place(planes, natural, look, size) or _OUTSIDE
        if look.colour >= 1:
            return region, shown
        grey = luminance(shown[:3])
        return region, torch.cat((torch.lerp(grey.expand(3, *grey.shape), shown[:3], look.colour), shown[3:]))

    def _image(self, layer: Layer, look: Look, size: tuple[int, int]) -> Tensor | None:
        """An image, reduced to about the size at which it is seen, so that it is not sampled too coarsely."""
        path, fit, cut = layer.options["source"], layer.options.get("fit", ""), self._cut_key(layer)
        whole, made = self._media.get(("image", path), partial(read_image, Path(path), LARGEST_PX)), None
        if whole is not None:
            own = whole.shape[0], whole.shape[1]
            ratio = natural_px(layer.kind, fit, own, size)[0] * look.scale / own[0]
            level = min(max(ceil(STEPS * log2(max(ratio, 1e-3))), -24), 0)
            is_moved = level == 0 or abs(look.scale - 1) > 1e-6  # at scale 1 it is kept exactly as large as it is seen
            share = 2 ** (level / STEPS) if is_moved else ratio
            made = self._media.get(("image", path, cut, share), partial(_reduced, whole, self._cut(layer), share))
        planes: Tensor | None = self._newest(("image", path, cut), made)
        return planes

    def _newest(self, shown: Hashable, made: Any) -> Any:
        """What was `made`; where it is not there yet, what it shows as it was made last, for another size."""
        if made is None:
            return self._shown.get(shown)
        self._shown.pop(shown, None)
        self._shown[shown] = made
        if len(self._shown) > SHOWN:
            del self._shown[next(iter(self._shown))]
        return made

    def _frame(self, layer: Layer, size: tuple[int, int]) -> Tensor | None:
        """The frame of a video that is due."""
        path, fit = layer.options["source"], layer.options.get("fit", "")
        own = self._media.get(("video size", path), partial(_video_size, Path(path)))
        if own is None:
            return None
        tall, wide = natural_px("video", fit, own, size)
        target = max(round(tall), 1), max(round(wide), 1)
        found = self._media.video(path, layer.values.get("time", 0.0), target)
        return None if found is None else premultiplied(found[1], self._cut(layer))

    def _text(self, layer: Layer, look: Look, size: tuple[int, int]) -> tuple[Region, Tensor] | None:
        """Letters of light: their coverage is alpha, and their halo is added; None while they are not made."""
        text, font = layer.options["text"], layer.options.get("font")
        height_px = TEXT * size[0]
        level = ceil(STEPS * log2(max(look.scale, 1e-3)))
        kept_px = min(height_px * (2 ** (level / STEPS) if abs(look.scale - 1) > 1e-6 else 1.0), 400.0)
        make = partial(text_plane, text, Path(font) if font else None, kept_px)
        plane = self._media.get(("text", text, font, round(kept_px, 2)), make)
        newest = self._newest(("text", text, font), None if plane is None else (plane, kept_px))
        if newest is None:
            return None
        plane, kept_px = newest
        natural = plane.shape[1] * height_px / kept_px, plane.shape[2] * height_px / kept_px
        region, core = place(plane, natural, look, size, HALO_PX if look.glow > 0 else 0) or _OUTSIDE
        if not core.numel():
            return region, core
        wide = max(core.shape[2], 1)
        hues = ((torch.arange(max(wide // 8, 2)) + 0.5) / max(wide // 8, 2) - 0.5)[None].expand(2, -1)
        return region, torch.cat((lit(core[0], hues, look, TEXT_HEAT), core.clamp(0, 1)))

    @staticmethod
    def _cut_key(layer: Layer) -> tuple[object, ...]:
        box = [layer.values.get(name) for name in ("left", "top", "right", "bottom", "feather")]
        return (layer.options.get("mask"), layer.options.get("key"), *box)

    def _cut(self, layer: Layer) -> Cut:
        """What is made transparent of a layer; kept, as a mask is read from a file."""
        key = self._cut_key(layer)
        if key not in self._cuts:
            self._cuts = {key: Cut(layer.options, layer.values), **dict(list(self._cuts.items())[:CUTS])}
        return self._cuts[key]


_OUTSIDE = (0, 0, 0, 0), torch.zeros(4, 0, 0)  # what no part of the picture shows


def _reduced(rgba: "object", cut: Cut, share: float) -> Tensor:
    """An image at a share of its size, as planes."""
    import numpy as np
    from PIL import Image

    pixels = np.asarray(rgba)
    if share < 1:
        size = max(round(pixels.shape[1] * share), 1), max(round(pixels.shape[0] * share), 1)
        pixels = np.array(Image.fromarray(pixels).resize(size, Image.Resampling.LANCZOS))
    return premultiplied(pixels, cut)


def _video_size(path: Path) -> tuple[int, int]:
    from livegan.core.layer_files import open_video

    with open_video(path) as container:
        context = container.streams.video[0].codec_context
        return max(int(context.height), 1), max(int(context.width), 1)


def laid_over(pixels: Tensor, region: Region, colours: Tensor, alpha: Tensor, blend: str, amount: float) -> Tensor:
    """A picture uint8 (h, w, 3) with colours times alpha (3, rows, columns), and alpha, over a region of it."""
    top, bottom, left, right = region
    is_whole = (bottom - top, right - left) == (pixels.shape[0], pixels.shape[1])
    hidden = (pixels * (1 - amount)).add_(0.5).to(torch.uint8) if blend == "mask" and not is_whole else pixels
    if top >= bottom or left >= right:
        return hidden
    below = pixels[top:bottom, left:right].permute(2, 0, 1).contiguous().float().div_(255)
    colours = colours * amount
    if blend == "add":
        mixed = below.add_(colours)
    elif blend == "screen":
        mixed = below.mul_(1 - colours).add_(colours)
    elif blend == "multiply":
        mixed = below.mul_(colours.sub_(alpha, alpha=amount).add_(1))
    elif blend == "mask":
        mixed = below.mul_(luminance(colours).add_(1 - amount))
    else:
        mixed = below.mul_(1 - alpha * amount).add_(colours)
    drawn = mixed.mul_(255).add_(0.5).clamp_(0, 255).to(torch.uint8).permute(1, 2, 0)
    if is_whole:
        return drawn.contiguous()
    result = hidden if hidden is not pixels else pixels.clone()
    result[top:bottom, left:right] = drawn
    return result
