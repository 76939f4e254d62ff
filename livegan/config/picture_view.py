"""Schema of how a window shows the picture: slice, mirror, rotation, four-corner mapping and edge blending."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from livegan.core.toml import StrictModel

Share = Annotated[float, Field(ge=0, le=1)]
Place = Annotated[float, Field(ge=-1, le=2)]  # of a corner, which may lie outside its window
Point = tuple[Place, Place]
Corners = tuple[Point, Point, Point, Point]
Slice = tuple[Share, Share, Share, Share]

WHOLE: Slice = (0.0, 0.0, 1.0, 1.0)
SQUARE: Corners = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))
LEAST_TURN = 1e-4  # of two neighbouring sides, as the sine's area: less is a line


def is_convex(corners: Corners) -> bool:
    """Whether four corners, clockwise from the top left (y counts down), make a picture that can be seen."""
    for at in range(4):
        (ax, ay), (bx, by), (cx, cy) = (corners[(at + step) % 4] for step in range(3))
        if (bx - ax) * (cy - by) - (by - ay) * (cx - bx) < LEAST_TURN:
            return False
    return True


def _convex(corners: Corners) -> Corners:
    if not is_convex(corners):
        raise ValueError("the corners go top left, top right, bottom right, bottom left, and make no dent")
    return corners


def _inside(part: Slice) -> Slice:
    left, top, width, height = part
    if min(width, height) < 0.01 or left + width > 1 + 1e-6 or top + height > 1 + 1e-6:
        raise ValueError("a slice is [left, top, width, height], shares of the picture, and lies inside it")
    return part


class SoftEdges(StrictModel):
    """Soft edges, for projectors whose pictures overlap: how wide each fades, as a share of the picture."""

    left: Share = Field(0.0, description="of the width")
    right: Share = Field(0.0, description="of the width")
    top: Share = Field(0.0, description="of the height")
    bottom: Share = Field(0.0, description="of the height")

    @model_validator(mode="after")
    def _apart(self) -> "SoftEdges":
        if self.left + self.right > 1 or self.top + self.bottom > 1:
            raise ValueError("two soft edges that face each other may take the whole picture at most")
        return self

    @property
    def widths(self) -> tuple[float, float, float, float]:
        """Left, top, right, bottom."""
        return self.left, self.top, self.right, self.bottom


class MapTable(StrictModel):
    """Mapping: where the corners of the picture go, and its soft edges; set with the mouse (docs/mapping.md)."""

    corners: Annotated[Corners, AfterValidator(_convex)] = Field(
        SQUARE, description="top left, top right, bottom right, bottom left, shares of the window"
    )
    soft_edges: SoftEdges = Field(SoftEdges(), description="of projectors that overlap: left, right, top, bottom")
    gamma: float = Field(2.2, ge=1, le=4, description="of the projector, for soft edges that add up to an even picture")

    @property
    def off(self) -> bool:
        """Whether nothing is moved and nothing is soft."""
        return self.corners == SQUARE and not any(self.soft_edges.widths)


class PictureView(StrictModel):
    """View of the picture in a window."""

    fill: Annotated[bool, Field(strict=True)] | Literal["stretch"] = Field(
        False, description="true: fill the window and cut off what does not fit; 'stretch': squeeze it in"
    )
    slice: Annotated[Slice, AfterValidator(_inside)] = Field(
        WHOLE, description="the part of the picture that is shown: [left, top, width, height], shares of it"
    )
    mirror: Literal["none", "horizontal", "vertical", "both"] = Field(
        "none", description="horizontal: left and right change places"
    )
    rotate: Literal[0, 90, 180, 270] = Field(0, description="turned clockwise, after the mirror [degrees]")
    map: MapTable = Field(MapTable(), description="four corners and soft edges (docs/mapping.md)")

    @property
    def plain(self) -> bool:
        """Whether the picture is shown as it is."""
        return self.slice == WHOLE and self.mirror == "none" and self.rotate == 0 and self.map.off
