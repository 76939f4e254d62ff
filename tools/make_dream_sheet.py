"""Contact sheets of dream pictures. `python -m tools.make_dream_sheet docs/dream-words.jpg`, or with songs after it."""

import sys
from pathlib import Path

import torch
from PIL import Image, ImageDraw

from livegan.core.types import Pixels
from livegan.studio.dream.aims import aims_of
from livegan.studio.dream.open_dreamer import DreamOptions, open_dreamer
from livegan.studio.dream.picture import ITERATIONS

PROMPTS = (
    "slow violet smoke over black",
    "bright orange mandala, fast",
    "deep blue galaxy, calm",
    "red strobe tunnel for the drop",
    "rain on a grey lake, melancholic",
    "gold-veined black stone",
    "a cathedral at dawn, pink light",
    "tiny green worms everywhere",
    "huge white curtain, almost still",
    "turquoise laser scribbles, hectic",
    "autumn wind through brown grass",
    "indigo mountains at night, as a map",
    "hot magenta fractal monster",
    "something yellow and happy",
    "dark and slow, no colour",
    "liquid silver",
    "fire, wild, red and orange",
    "one lonely blue circle of sound on water",
    "pastel lavender flower for an ambient set",
    "emerald stained glass, small pieces",
)
NETWORK = "patterns"
SIZE, LINE, COLUMNS = (280, 160), 14, 4  # width and height of a picture [px]; its last line


def dreamt(text: str, song: Path | None, iterations: int = ITERATIONS) -> Pixels:
    """The picture that `livegan dream picture` makes of them, smaller."""
    dreamer = open_dreamer(DreamOptions(network=NETWORK, size=(3 * SIZE[0], 3 * SIZE[1])))
    dreamer.aim(aims_of(text, song))
    for _ in range(iterations):
        dreamer.step()
    return dreamer.picture()


def main(output: Path, songs: list[Path]) -> None:
    """Draw the sheet of the prompts, or of songs."""
    torch.set_num_threads(2)
    named = [(song.stem, "", song) for song in songs] or [(text, text, None) for text in PROMPTS]
    width, height = SIZE[0], SIZE[1] + LINE
    page = Image.new("RGB", (width * COLUMNS, height * -(-len(named) // COLUMNS)), (16, 16, 16))
    draw = ImageDraw.Draw(page)
    for index, (title, text, song) in enumerate(named):
        left, top = index % COLUMNS * width, index // COLUMNS * height
        cell = Image.fromarray(dreamt(text, song)).resize(SIZE, Image.Resampling.LANCZOS)
        page.paste(cell, (left, top))
        draw.text((left + 3, top + SIZE[1] + 1), title, fill=(200, 200, 200))
    page.save(output, quality=88)
    print(f"{output}: {output.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main(Path(sys.argv[1]), [Path(name) for name in sys.argv[2:]])
