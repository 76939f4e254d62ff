"""What is wrong with the sound that comes in, in words for the HUD."""

from livegan.core.types import FeatureFrame

SAID = {
    "input.clip": (0.5, "the input clips: turn it down"),
    "input.hum": (0.5, "mains hum: check cables and ground"),
    "input.dc": (0.5, "the input is off centre (DC)"),
    "input.talk": (0.6, "somebody is talking"),
}


def sound_warnings(heard: FeatureFrame) -> list[str]:
    """A line for each thing that is wrong now."""
    known = heard.layout.index
    return [text for name, (least, text) in SAID.items() if name in known and heard[name] >= least]
