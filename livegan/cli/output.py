"""What all commands share: words on standard error, sizes as people type them, options that several have."""

import sys
from contextlib import suppress
from typing import Annotated

import typer

from livegan.errors import LiveganError

DeviceName = Annotated[str, typer.Option("--device", help="auto, cpu, cuda or mps.")]


def echo(line: str) -> None:
    """A line for whoever types, beside the output; a terminal that was closed is no reason to end."""
    with suppress(OSError):
        print(line, file=sys.stderr, flush=True)


def counted(number: int, one: str, many: str = "") -> str:
    """`1 picture`, `2 pictures`."""
    return f"{number} {one if number == 1 else many or f'{one}s'}"


def size_of(text: str) -> tuple[int, int] | None:
    """Width and height from "1024x768"."""
    if not text:
        return None
    width, _, height = text.lower().partition("x")
    if not (width.isdecimal() and height.isdecimal() and 16 <= int(width) <= 8192 and 16 <= int(height) <= 8192):
        raise LiveganError(f"--size {text!r} is not WIDTHxHEIGHT in 16..8192; type for example: --size 1024x1024")
    return int(width), int(height)
