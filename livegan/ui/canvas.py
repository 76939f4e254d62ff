"""OpenGL canvas (VisPy gloo): quads with the newest frames, the idle scene, and painted panels above them."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from vispy import gloo
from vispy.app import Canvas
from vispy.gloo import gl

from livegan.config.picture_view import PictureView
from livegan.core.channels import Signal
from livegan.core.device_picture import DevicePicture
from livegan.core.dimmer import OutputDimmer
from livegan.core.letterbox import Rect
from livegan.core.types import Picture, Pixels
from livegan.ui import shaders
from livegan.ui.feed import Scaling
from livegan.ui.hold import SLOTS
from livegan.ui.idle import QUIET
from livegan.ui.quad import CORNERS, PictureQuad
from livegan.ui.zero_copy import TextureWriter

SOFTWARE = ("llvmpipe", "softpipe", "swrast", "swiftshader", "software", "gdi generic")  # renderers on the CPU


def checked(picture: Picture) -> Pixels | DevicePicture:
    """The picture of a frame as it is uploaded: (h, w, 3) uint8, contiguous; ValueError for others."""
    if isinstance(picture, DevicePicture) and picture.switch.on:
        return picture
    pixels = np.ascontiguousarray(picture)
    if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] != 3 or not pixels.size:
        raise ValueError(f"a frame is (h, w, 3) uint8, not {pixels.shape} {pixels.dtype}")
    return pixels


class ShowCanvas:
    """OpenGL canvas for uint8 RGB pixels of any size in a window of any size; belongs to the main thread.

    Drawing happens only in `draw`, called from the canvas's own draw event: change the content, then call `refresh`.
    """

    def __init__(
        self,
        dimmer: OutputDimmer,
        *,
        vsync: bool = True,
        scaling: Scaling = "auto",
        view: PictureView | None = None,
        parent: Any = None,
    ) -> None:
        """`parent` is the Qt widget it lies in. The picture passes through `dimmer` each time it is drawn."""
        self._dimmer = dimmer
        self._scaling = scaling
        self.view = view or PictureView()  # how the picture is shown; may be replaced at any time
        self.canvas: Any = Canvas(
            app="pyqt5",
            keys=None,
            show=False,
            vsync=vsync,
            autoswap=False,  # Qt swaps
            parent=parent,
            dpi=96.0,  # nothing is measured in inches; VisPy would look for programs of X to ask
            config={"depth_size": 0, "stencil_size": 0, "double_buffer": True},
        )
        self.canvas.events.initialize.connect(self._prepare)
        self.refreshed: Signal[[]] = Signal()  # other windows that show the same are drawn with this one
        self.renderer = ""  # the graphics card's name for itself, once there is a context
        self._idle: PictureQuad | None = None
        self._picture: PictureQuad | None = None
        self._bound: Any = None  # the texture that the picture's quad shows
        self._textures: list[Any] = [None] * SLOTS
        self._numbers = [0] * SLOTS  # of what `show_slots` has uploaded
        self._writer = TextureWriter()
        self._overlay = Panel("middle")
        self._fresh_overlay: NDArray[np.uint8] | None = None  # not uploaded yet
        self.panels = [Panel(), Panel(), Panel(), Panel()]

    @property
    def native(self) -> Any:
        return self.canvas.native

    @property
    def size_px(self) -> tuple[int, int]:
        """Width and height in the screen's own pixels."""
        width, height = self.canvas.physical_size
        return int(width), int(height)

    @property
    def software(self) -> bool:
        """Whether OpenGL is rendered by the CPU."""
        return any(name in self.renderer.lower() for name in SOFTWARE)

    def refresh(self) -> None:
        """Schedule a redraw; many calls before the next draw make one."""
        self.native.update()
        self.refreshed.emit()

    def show_pixels(self, pixels: Picture, slot: int = 0) -> None:
        """Upload one frame (h, w, 3) uint8 to a slot; ValueError for other pixels. Draw event only.

        The slot's texture is made anew only when the size changes. What lies on the card that draws here stays there.
        """
        picture, context = checked(pixels), self.canvas.context
        texture = self._textures[slot]
        if texture is None or texture.shape != picture.shape:
            texture = self._textures[slot] = gloo.Texture2D(
                shape=picture.shape, format="rgb", interpolation="linear", wrapping="clamp_to_edge"
            )
            context.glir.associate(texture.glir)  # or uploads would wait, all of them, until it is drawn
        if isinstance(picture, DevicePicture):
            context.flush_commands()  # the texture is made
            if self._writer.write(picture, context.shared.parser.get_object(texture.id).handle):
                return
        texture.set_data(np.asarray(picture))
        context.flush_commands()  # now, so that uploads are measured apart from drawing

    def show_slots(self, slots: Sequence[tuple[int, Picture] | None]) -> None:
        """Upload what other pixels the slots have by now, each with its number (`PictureChoice`). Draw event only."""
        for slot, content in enumerate(slots):
            if content is not None and content[0] != self._numbers[slot]:
                self._numbers[slot] = content[0]
                self.show_pixels(content[1], slot)

    def show_overlay(self, image: NDArray[np.uint8] | None) -> None:
        """Lay (h, w, 4) RGBA of the window's size over the picture, under the panels; None takes it away."""
        self._fresh_overlay, self._overlay.visible = image, image is not None
        self.refresh()

    @property
    def picture_size(self) -> tuple[int, int] | None:
        """Width and height of the frame that is shown [px]; None before the first."""
        return None if self._bound is None else (self._bound.shape[1], self._bound.shape[0])

    def draw(
        self,
        now_s: float,
        layers: Sequence[tuple[int, float]] = ((0, 1.0),),
        idle: Mapping[str, float] | None = None,
    ) -> None:
        """Draw frames at `now_s`, the idle scene over them, then the panels. Draw event only.

        `layers`: slots from below, each with its share over those before it, 0..1. `idle`: numbers of the idle scene,
        with its "share"; None: it is drawn, as in silence, where there is no frame.
        """
        light = self._dimmer.light(now_s)
        self.canvas.context.clear(color=(0.0, 0.0, 0.0, 1.0), depth=False, stencil=False)
        drawn = [(self._textures[slot], share) for slot, share in layers if self._textures[slot] is not None]
        if idle is None:
            idle = {**QUIET, "time": now_s % 1000.0, "share": float(not drawn)}
        if light > 0.0:
            for texture, share in drawn:
                self._draw_frame(texture, share, light)
            if idle["share"] > 0.0:
                self._draw_idle(idle, light)
        window = self.size_px
        if self._fresh_overlay is not None:
            self._overlay.set_image(self._fresh_overlay)
            self._fresh_overlay = None
        overlay = [] if self._dimmer.blackout else [self._overlay]
        shown = [panel for panel in (*overlay, *self.panels) if panel.visible]
        if shown:
            self.canvas.context.set_state(blend=True, blend_func=("one", "one_minus_src_alpha"))
            for panel in shown:
                self.canvas.context.set_viewport(*panel.rect(window))
                panel.program.draw("triangle_strip")
            self.canvas.context.set_state(blend=False)

    def close(self) -> None:
        """Close the window's OpenGL context. Idempotent."""
        if self.canvas is not None:
            if self._writer.open:
                self.canvas.set_current()
                self._writer.close()
            self.canvas.close()
        self.canvas = None

    def _prepare(self, _event: Any) -> None:
        self.renderer = str(gl.glGetParameter(gl.GL_RENDERER))
        self.canvas.context.set_state(blend=False, depth_test=False, cull_face=False)
        self._idle = PictureQuad(shaders.IDLE)

    def _draw_frame(self, texture: Any, share: float, light: float) -> None:
        height, width = texture.shape[:2]
        cubic = self._scaling == "cubic" or (self._scaling == "auto" and not self.software)
        if self._picture is None:
            self._picture = PictureQuad(shaders.CUBIC if cubic else shaders.LINEAR)
        if texture is not self._bound:
            self._bound = self._picture["u_picture"] = texture
            if cubic:
                self._picture["u_size"] = (float(width), float(height))
        self._draw_quad(self._picture, (width, height), share, light)

    def _draw_idle(self, numbers: Mapping[str, float], light: float) -> None:
        if self._idle is None:
            return
        width, height = self.size_px
        self._idle["u_aspect"] = width / max(height, 1)
        for name, value in numbers.items():
            self._idle[f"u_{name}"] = value
        self._draw_quad(self._idle, None, numbers["share"], light)

    def _draw_quad(self, quad: PictureQuad, size: tuple[int, int] | None, share: float, light: float) -> None:
        """Draw a quad mixed by its `share` over what is drawn already."""
        context = self.canvas.context
        quad["u_share"], quad["u_light"] = share, light
        if share < 1.0:
            context.set_state(blend=True, blend_func=("src_alpha", "one_minus_src_alpha", "zero", "one"))
        quad.draw(context, self.view, self.size_px, size)
        if share < 1.0:
            context.set_state(blend=False)


class Panel:
    """Overlay panel: a small painted image above the picture, pixel for pixel."""

    def __init__(self, place: Literal["top left", "top right", "bottom", "middle"] = "top left") -> None:
        """Empty; its program is made by the first `set_image`, in the draw event."""
        self.program: Any = None
        self.visible = False
        self.place = place
        self.margin_px = 12
        self._texture: Any = None

    def set_image(self, image: NDArray[np.uint8]) -> None:
        """Put (h, w, 4) RGBA on it, colours multiplied by alpha. Draw event only."""
        if self.program is None:
            self.program = gloo.Program(shaders.QUAD, shaders.PANEL)
            self.program["a_corner"] = CORNERS
            self.program["u_alpha"] = 1.0
            gloo.get_current_canvas().context.glir.associate(self.program.glir)  # also while it is not drawn
        if self._texture is None or self._texture.shape != image.shape:
            self._texture = gloo.Texture2D(shape=image.shape, format="rgba", interpolation="nearest")
            self.program["u_panel"] = self._texture
        self._texture.set_data(image)

    def rect(self, window: tuple[int, int]) -> Rect:
        """Where it stands in a window of (width, height)."""
        height, width = self._texture.shape[:2] if self._texture is not None else (1, 1)
        if self.place == "bottom":
            return (window[0] - width) // 2, 2 * self.margin_px, width, height
        if self.place == "middle":
            return (window[0] - width) // 2, (window[1] - height) // 2, width, height
        left = window[0] - width - self.margin_px if self.place == "top right" else self.margin_px
        return left, window[1] - height - self.margin_px, width, height
