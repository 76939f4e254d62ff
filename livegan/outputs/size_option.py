"""Sizes of pictures as options of outputs have them: "1280x720"."""

from typing import Annotated, Any

from pydantic import Field

from livegan.core.text import parse_size

Side = Annotated[int, Field(ge=16, le=16384)]


def size_option(value: Any) -> Any:
    """(width, height) of a text; anything else as it is."""
    return parse_size(value) if isinstance(value, str) else value
