"""Contact sheet of the effects and their table in docs/effects.md. `python -m tools.make_effect_sheet`."""

from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageDraw

from livegan import load_network
from livegan.core.parameters import Parameter
from livegan.effects.chain import Chain
from livegan.effects.registry import EFFECTS

DOCS = Path(__file__).resolve().parents[1] / "docs"
BEGIN, END = "<!-- made by tools.make_effect_sheet -->", "<!-- end -->"
SIZE, LINE, COLUMNS, FRAMES, FPS = (216, 124), 14, 5, 45, 30  # width and height of a still [px]; its last line
SEEDS, CLASSES = (5, 12), (9, 9)  # two latents between which the picture travels

SHOWN: dict[str, dict[str, float]] = {  # where an amount of 0.7 is not what shows the effect best
    "mirror": {"mirror": 1.0},
    "kaleidoscope": {"kaleidoscope": 1.0, "kaleidoscope.spin": 20.0},
    "tile": {"tile": 1.0},
    "rotate": {"rotate": 0.3},
    "shake": {"shake": 1.0, "shake.tilt": 12.0},
    "swirl": {"swirl": 0.6},
    "waves": {"waves": 0.9},
    "glitch": {"glitch": 0.8, "glitch.share": 0.6},
    "pixelate": {"pixelate": 1.0, "pixelate.blocks": 28.0},
    "chromatic": {"chromatic": 1.0, "chromatic.distance": 0.06},
    "feedback": {"feedback": 0.2, "feedback.rotate": 60.0, "feedback.zoom": 1.2, "feedback.warm": 0.6},
    "trails": {"trails": 0.7},
    "glow": {"glow": 0.5},
    "bloom": {"bloom": 0.8, "bloom.streak": 0.5},
    "edge": {"edge": 1.0},
    "hue": {"hue": 0.4},
    "saturation": {"saturation": 0.6},
    "grey": {"grey": 1.0, "grey.tint": 0.5},
    "invert": {"invert": 1.0},
    "palette": {"palette": 1.0, "palette.number": 3.0},
    "gradient": {"gradient": 1.0},
    "posterize": {"posterize": 0.9},
    "gamma": {"gamma": 1.0, "gamma.power": 1.8},
    "contrast": {"contrast": 0.6},
    "flash": {"flash": 0.6},
    "scanlines": {"scanlines": 0.8, "scanlines.lines": 60.0},
    "strobe": {"strobe": 0.6},
    "dim": {"dim": 0.6},
}


def pictures() -> list[torch.Tensor]:
    """A second and a half of the bundled network, uint8 (h, w, 3): from one latent to another."""
    network = load_network("house-256")
    z = np.stack([np.random.default_rng(seed).standard_normal(network.z_dim) for seed in SEEDS])
    start, end = network.map(z, list(CLASSES), psi=0.95)
    return [torch.from_numpy(np.array(network.render(start + (end - start) * at))) for at in travel()]


def travel() -> list[float]:
    """The way from one latent to the other: 0..1, slow at both ends."""
    return [0.5 - 0.5 * float(np.cos(np.pi * at)) for at in np.linspace(0, 1, FRAMES)]


def still(name: str, frames: list[torch.Tensor]) -> Image.Image:
    """The last frame with an effect on it, or as it is for an empty name."""
    picture = frames[-1]
    if name:
        chain = Chain([name])
        for frame in frames:
            picture = torch.as_tensor(chain.step(frame, SHOWN.get(name, {name: 0.7}), 1 / FPS))
    return Image.fromarray(picture.numpy()).resize(SIZE, Image.Resampling.LANCZOS)


def sheet(names: list[str]) -> Image.Image:
    """Every effect on the same frames, the picture as it is first."""
    frames, cells = pictures(), ["", *names]
    width, height = SIZE[0], SIZE[1] + LINE
    page = Image.new("RGB", (width * COLUMNS, height * -(-len(cells) // COLUMNS)), (16, 16, 16))
    draw = ImageDraw.Draw(page)
    for index, name in enumerate(cells):
        left, top = index % COLUMNS * width, index // COLUMNS * height
        page.paste(still(name, frames), (left, top))
        draw.text((left + 4, top + SIZE[1] + 1), name or "(without)", (230, 230, 230))
    return page


def row(key: str, parameter: Parameter) -> str:
    """A row of a table: name, range, default, meaning."""
    unit = f" {parameter.unit}" if parameter.unit else ""
    return f"| `{key}` | {parameter.low:g} .. {parameter.high:g}{unit} | {parameter.default:.3g} | {parameter.about} |"


def table(names: list[str]) -> str:
    """Markdown: for every effect what it does, and a row for each of its parameters."""
    lines = []
    for name in names:
        effect = EFFECTS[name]
        about = " ".join((effect.__doc__ or "").split("\n\n")[0].split()).replace(" effect:", ":", 1)
        lines += [f"### {name}", "", about, "", "| parameter | range | default | |", "|---|---|---|---|"]
        lines += [
            row(f"effect.{name}" if place == 0 else f"effect.{name}.{parameter.name}", parameter)
            for place, parameter in enumerate(effect.parameters)
        ]
        lines.append("")
    return "\n".join(lines)


def with_table(page: str, names: list[str]) -> str:
    """The page with its table made anew."""
    before, rest = page.split(BEGIN)
    return f"{before}{BEGIN}\n\n{table(names)}\n{END}{rest.split(END)[1]}"


def own() -> list[str]:
    """livegan's own effects, in the order of the table."""
    return [name for name in EFFECTS if EFFECTS.origin(name) == "livegan"]


if __name__ == "__main__":
    page = DOCS / "effects.md"
    page.write_text(with_table(page.read_text(encoding="utf-8"), own()), encoding="utf-8")
    sheet(own()).save(DOCS / "effects.jpg", quality=82, optimize=True)
