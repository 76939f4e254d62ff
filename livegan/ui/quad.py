"""Quad of one fragment shader (VisPy gloo): drawn in a rectangle, or with mapped corners and soft edges."""

from typing import Any

import numpy as np
from vispy import gloo

from livegan.config.picture_view import PictureView
from livegan.ui import shaders
from livegan.ui.warp import content_rect, placing

CORNERS = np.array([(-1, -1), (1, -1), (-1, 1), (1, 1)], np.float32)  # a strip of two triangles


class PictureQuad:
    """Quad that shows a picture; its uniforms are set as those of a program. Main thread, in draw events only.

    A picture that is shown as it is costs no more than its own shader: the mapped program is made when it is needed.
    """

    def __init__(self, fragment: str) -> None:
        """`fragment`: a shader that reads `v_at` and writes `gl_FragColor`."""
        self._fragment = fragment
        self._uniforms: dict[str, Any] = {}
        self._plain: Any = None
        self._mapped: Any = None
        self._placed: object = None  # what the mapped program is placed for

    def __setitem__(self, name: str, value: Any) -> None:
        """Set a uniform."""
        self._uniforms[name] = value
        for program in (self._plain, self._mapped):
            if program is not None:
                program[name] = value

    def draw(self, context: Any, view: PictureView, window: tuple[int, int], picture: tuple[int, int] | None) -> None:
        """Draw the picture of (width, height), or what has no size of its own, into a window of (width, height)."""
        if view.plain:
            if self._plain is None:
                self._plain = self._program(shaders.QUAD, self._fragment)
            context.set_viewport(*content_rect(view, window, picture))
            self._plain.draw("triangle_strip")
            return
        if self._mapped is None:
            self._mapped = self._program(shaders.MAPPED_QUAD, shaders.masked(self._fragment))
        if self._placed != (view, window, picture):
            self._placed = view, window, picture
            placed = placing(view, window, picture)
            self._mapped["u_place"] = placed.place.T.astype(np.float32)  # OpenGL's columns are numpy's rows
            self._mapped["u_texture"] = placed.texture.T.astype(np.float32)
            self._mapped["u_content"], self._mapped["u_margin"] = placed.content, placed.margin
            self._mapped["u_blend"], self._mapped["u_gamma"] = view.map.soft_edges.widths, view.map.gamma
        context.set_viewport(0, 0, *window)
        self._mapped.draw("triangle_strip")

    def _program(self, vertex: str, fragment: str) -> Any:
        program = gloo.Program(vertex, fragment)
        program["a_corner"] = CORNERS
        for name, value in self._uniforms.items():
            program[name] = value
        return program
