"""Conversion of RGB pixels of any size to video frames of the film's size."""

import av
import numpy as np
from av.video.reformatter import ColorPrimaries, ColorRange, Colorspace, ColorTrc, Interpolation, VideoReformatter

from livegan.core.letterbox import nearly_alike
from livegan.core.types import Pixels
from livegan.errors import MediaError

EXACT = Interpolation.LANCZOS | Interpolation.ACCURATE_RND | Interpolation.FULL_CHR_H_INP | Interpolation.BITEXACT
FAST = Interpolation.BICUBIC  # half the time

BLACK = (16, 128, 128)  # Y, Cb, Cr (ITU-R BT.709, 8 bit)
YUV = "yuv420p"

_LEVELS = np.arange(256)
_BRIGHTEST = np.maximum(_LEVELS, 1)[:, None]
STRAIGHT = np.minimum((255 * _LEVELS + _BRIGHTEST // 2) // _BRIGHTEST, 255).astype(np.uint8).ravel()
"""Light divided by alpha, at 256 alpha + light."""


def is_rgb(layout: str) -> bool:
    """Whether a pixel format holds red, green and blue as they are."""
    return layout.startswith(("rgb", "bgr", "gbr"))


def light_on_nothing(pixels: Pixels) -> Pixels:
    """Light on black, uint8 (h, w, 3), as light on nothing, (h, w, 4): alpha is the brightest of the three colours.

    The colours are divided by it (straight alpha; Porter & Duff 1984 have it multiplied in). Over black it is the same
    picture again, to the bit.
    """
    planes = [pixels[..., colour] for colour in range(3)]
    alpha = np.maximum(np.maximum(planes[0], planes[1]), planes[2])
    row = alpha.astype(np.uint16) << 8
    return np.stack([*(STRAIGHT[row | plane] for plane in planes), alpha], axis=2)


class FrameConverter:
    """Frame converter: scales to fit, centres on black, and converts sRGB to BT.709 4:2:0, or to another layout.

    A picture of nearly the film's aspect ratio loses the rows or columns that would leave thin bars. A layout with
    alpha gets `light_on_nothing`.
    """

    def __init__(self, width: int, height: int, *, exact: bool = True, layout: str = YUV) -> None:
        """The film's size, both even; `exact`: by Lanczos and the same on every machine, else twice as fast."""
        self.width, self.height = width, height
        self._interpolation = EXACT if exact else FAST
        self._layout = layout
        self._transparent = "a" in layout
        self._reformatter, self._scaler = VideoReformatter(), VideoReformatter()

    def convert(self, pixels: Pixels) -> av.VideoFrame:
        """One video frame, without a time; MediaError if `pixels` is not uint8 (height, width, 3)."""
        pixels = np.ascontiguousarray(pixels)
        if pixels.ndim != 3 or pixels.shape[2] != 3 or pixels.dtype != np.uint8 or not pixels.size:
            raise MediaError(f"not a picture of uint8 (height, width, 3): {pixels.dtype} {pixels.shape}")
        if nearly_alike((self.width, self.height), (pixels.shape[1], pixels.shape[0])):
            pixels, width, height = self._trimmed(pixels), self.width, self.height
        else:
            scale = min(self.width / pixels.shape[1], self.height / pixels.shape[0])
            width, height = (max(2, 2 * round(side * scale / 2)) for side in (pixels.shape[1], pixels.shape[0]))
        if self._layout not in (YUV, "nv12"):
            return self._laid_out(self._centred_rgb(self._scaled(pixels, width, height)))
        fitted = self._yuv(pixels, width, height)
        whole = fitted if (width, height) == (self.width, self.height) else self._centred(fitted)
        return whole if self._layout == YUV else whole.reformat(format=self._layout, threads=1)

    def fitted(self, pixels: Pixels) -> Pixels:
        """The same as pixels, uint8 (film's height, width, 3 or 4)."""
        return np.asarray(self.convert(pixels).to_ndarray(format="rgba" if self._transparent else "rgb24"), np.uint8)

    def _yuv(self, pixels: Pixels, width: int, height: int) -> av.VideoFrame:
        return self._bt709(av.VideoFrame.from_ndarray(pixels, "rgb24"), width, height, YUV)

    def _bt709(self, frame: av.VideoFrame, width: int, height: int, layout: str) -> av.VideoFrame:
        """The frame in a layout of luma and colour differences, ITU-R BT.709 of limited range, at that size."""
        return self._reformatter.reformat(
            frame,
            width,
            height,
            layout,
            interpolation=self._interpolation,
            src_color_range=ColorRange.JPEG,
            dst_colorspace=Colorspace.ITU709,
            dst_color_range=ColorRange.MPEG,
            dst_color_primaries=ColorPrimaries.BT709,
            dst_color_trc=ColorTrc.BT709,
            threads=1,
        )

    def _scaled(self, pixels: Pixels, width: int, height: int) -> Pixels:
        """The picture at another size."""
        if (pixels.shape[1], pixels.shape[0]) == (width, height):
            return pixels
        frame = av.VideoFrame.from_ndarray(pixels, "rgb24")
        scaled = self._scaler.reformat(frame, width, height, "rgb24", interpolation=self._interpolation, threads=1)
        return np.asarray(scaled.to_ndarray(), np.uint8)

    def _centred_rgb(self, pixels: Pixels) -> Pixels:
        """The picture in the middle of black."""
        height, width = pixels.shape[:2]
        if (width, height) == (self.width, self.height):
            return pixels
        whole = np.zeros((self.height, self.width, 3), np.uint8)
        top, left = (self.height - height) // 2, (self.width - width) // 2
        whole[top : top + height, left : left + width] = pixels
        return whole

    def _laid_out(self, pixels: Pixels) -> av.VideoFrame:
        """The picture in the film's layout, of its size."""
        if self._transparent:
            frame = av.VideoFrame.from_ndarray(light_on_nothing(pixels), "rgba")
        else:
            frame = av.VideoFrame.from_ndarray(pixels, "rgb24")
        if is_rgb(self._layout):
            return frame.reformat(format=self._layout, threads=1)
        return self._bt709(frame, self.width, self.height, self._layout)

    def _trimmed(self, pixels: Pixels) -> Pixels:
        """The middle of the picture, of the film's aspect ratio."""
        height, width = pixels.shape[:2]
        high = min(height, round(width * self.height / self.width))
        wide = min(width, round(height * self.width / self.height))
        top, left = (height - high) // 2, (width - wide) // 2
        return np.ascontiguousarray(pixels[top : top + high, left : left + wide])

    def _planes(self, values: Pixels, width: int, height: int) -> list[Pixels]:
        luma, chroma = width * height, width * height // 4
        y, u, v = np.split(values.reshape(-1), (luma, luma + chroma))
        return [y.reshape(height, width), u.reshape(height // 2, -1), v.reshape(height // 2, -1)]

    def _centred(self, fitted: av.VideoFrame) -> av.VideoFrame:
        canvas = np.empty((self.height * 3 // 2, self.width), np.uint8)
        planes = self._planes(canvas, self.width, self.height)
        inner = self._planes(fitted.to_ndarray().astype(np.uint8, copy=False), fitted.width, fitted.height)
        for plane, part, black in zip(planes, inner, BLACK, strict=True):
            plane[:] = black
            top, left = (plane.shape[0] - part.shape[0]) // 2, (plane.shape[1] - part.shape[1]) // 2
            plane[top : top + part.shape[0], left : left + part.shape[1]] = part
        whole = av.VideoFrame.from_ndarray(canvas, YUV)
        whole.colorspace, whole.color_range = fitted.colorspace, fitted.color_range
        return whole
