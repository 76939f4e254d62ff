"""Report of how a sentence is understood, for people."""

from livegan.core.oklab import to_hex
from livegan.core.target import NUMBERS
from livegan.mapping.words.colours import hue_of, name_of
from livegan.mapping.words.reading import UNSURE, understand, what_is_missing


def lines(text: str) -> list[str]:
    """What the sentence asks for, a line each: motifs, colours, numbers, latents, and how sure that is."""
    target = understand(text)
    numbers = {name: value for name in NUMBERS if (value := getattr(target, name)) is not None}
    said = [
        ("motifs", ", ".join(f"{name} {share * 100:.0f} %" for name, share in target.classes.items())),
        ("colours", ", ".join(f"{share * 100:.0f} % {_called(colour)}" for share, colour in target.colours)),
        ("numbers", ", ".join(f"{name} {value:.2f}" for name, value in numbers.items())),
        ("latents", ", ".join(f"{name} {value:+.1f}" for name, value in target.latents.items())),
        (
            "sure",
            f"{target.confidence:.2f}" + (f", not understood (below {UNSURE})" if target.confidence < UNSURE else ""),
        ),
        ("note", what_is_missing() or ""),
    ]
    return [f"{name:8} {value}" for name, value in said if value]


def _called(colour: tuple[float, float, float]) -> str:
    name, hue = name_of(colour), hue_of(colour)
    return f"#{to_hex(colour)} {name}" + ("" if name == hue else f" ({hue})")
