"""OpenGL canvas (VisPy gloo): one quad with the newest frame, and painted panels above it."""

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from vispy import gloo
from vispy.app import Canvas
from vispy.gloo import gl

from livegan.config.picture_view import PictureView
from livegan.core.dimmer import OutputDimmer
from livegan.core.letterbox import Rect
from livegan.core.types import Pixels
from livegan.ui import shaders
from livegan.ui.feed import Scaling
from livegan.ui.quad import CORNERS, PictureQuad

SOFTWARE = ("llvmpipe", "softpipe", "swrast", "swiftshader", "software", "gdi generic")  # renderers on the CPU


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
        self.renderer = ""  # the graphics card's name for itself, once there is a context
        self._idle: PictureQuad | None = None
        self._picture: PictureQuad | None = None
        self._texture: Any = None
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

    @property
    def empty(self) -> bool:
        """Whether no frame was uploaded yet."""
        return self._texture is None

    def refresh(self) -> None:
        """Schedule a redraw; many calls before the next draw make one."""
        self.native.update()

    def show_pixels(self, pixels: Pixels) -> None:
        """Upload one frame (h, w, 3) uint8; the texture is made anew only when the size changes. Draw event only."""
        pixels = np.ascontiguousarray(pixels)
        if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] != 3 or not pixels.size:
            raise ValueError(f"a frame is (h, w, 3) uint8, not {pixels.shape} {pixels.dtype}")
        if self._texture is None or self._texture.shape != pixels.shape:
            self._texture = gloo.Texture2D(
                shape=pixels.shape, format="rgb", interpolation="linear", wrapping="clamp_to_edge"
            )
            self._update_program(pixels.shape[1], pixels.shape[0])
        self._texture.set_data(pixels)
        self.canvas.context.flush_commands()  # now, so that uploads are measured apart from drawing

    def draw(self, now_s: float) -> None:
        """Draw the frame or the idle picture at `now_s`, then the panels. Draw event only."""
        light = self._dimmer.light(now_s)
        window = self.size_px
        self.canvas.context.clear(color=(0.0, 0.0, 0.0, 1.0), depth=False, stencil=False)
        if light > 0.0 and self._picture is not None:
            height, width = self._texture.shape[:2]
            self._picture["u_light"] = light
            self._picture.draw(self.canvas.context, self.view, window, (width, height))
        elif light > 0.0 and self._idle is not None:
            self._idle["u_light"], self._idle["u_time"] = light, now_s % 3600.0
            self._idle.draw(self.canvas.context, self.view, window, None)
        shown = [panel for panel in self.panels if panel.visible]
        if shown:
            self.canvas.context.set_state(blend=True, blend_func=("one", "one_minus_src_alpha"))
            for panel in shown:
                self.canvas.context.set_viewport(*panel.rect(window))
                panel.program.draw("triangle_strip")
            self.canvas.context.set_state(blend=False)

    def close(self) -> None:
        """Close the window's OpenGL context. Idempotent."""
        if self.canvas is not None:
            self.canvas.close()
        self.canvas = None

    def _prepare(self, _event: Any) -> None:
        self.renderer = str(gl.glGetParameter(gl.GL_RENDERER))
        self.canvas.context.set_state(blend=False, depth_test=False, cull_face=False)
        self._idle = PictureQuad(shaders.IDLE)

    def _update_program(self, width: int, height: int) -> None:
        """Bind the current texture to the picture's program."""
        cubic = self._scaling == "cubic" or (self._scaling == "auto" and not self.software)
        if self._picture is None:
            self._picture = PictureQuad(shaders.CUBIC if cubic else shaders.LINEAR)
        self._picture["u_picture"] = self._texture
        if cubic:
            self._picture["u_size"] = (float(width), float(height))


class Panel:
    """Overlay panel: a small painted image above the picture, pixel for pixel."""

    def __init__(self) -> None:
        """Empty; its program is made by the first `set_image`, in the draw event."""
        self.program: Any = None
        self.visible = False
        self.place: Literal["top left", "top right", "bottom", "middle"] = "top left"
        self.margin_px = 12
        self._texture: Any = None

    def set_image(self, image: NDArray[np.uint8]) -> None:
        """Put (h, w, 4) RGBA on it, colours multiplied by alpha. Draw event only."""
        if self.program is None:
            self.program = gloo.Program(shaders.QUAD, shaders.PANEL)
            self.program["a_corner"] = CORNERS
            self.program["u_alpha"] = 1.0
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
