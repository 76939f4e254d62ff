"""What a scene may say (presets/scenes/*.toml): one look, never a device."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from livegan.scenes.model import Model

Number = Annotated[float, Field(strict=True)]


class Motion(Model):
    """What moves the latent, and to which sound."""

    model: Literal["lucid"] = Field("lucid", description="the motion model")
    pulse_from: str = Field("bass", description="feature that throws the picture for a moment")
    drift_from: str = Field("mid", description="feature that carries the picture away")


class RouteTable(Model):
    """A feature pushes a parameter."""

    source: str = Field(description="a feature, e.g. 'onset' (see `livegan parameters`)")
    target: str = Field(description="a parameter, e.g. 'effect.flash'")
    amount: Number = Field(description="push at full feature, in the target's unit; may be negative")
    curve: str = Field("linear", description="linear, square, cube, root, smooth, gate or invert")
    attack_s: float = Field(0.01, ge=0, le=10, description="rise time constant [s]")
    release_s: float = Field(0.2, ge=0, le=30, description="fall time constant [s]")


class Scene(Model):
    """One look."""

    title: str = Field(description="what the player reads")
    about: str = Field("", description="what it looks like and answers to")
    network: str | tuple[str, ...] = Field("untrained-256", description="a network's name or path, or a list: a bank")
    seed: int = Field(0, ge=0, le=2**31 - 1, description="all chance in this scene comes from here")
    classes: tuple[int, ...] = Field(
        (), max_length=12, description="classes the notes choose from; empty: a seeded choice"
    )
    fade_s: float = Field(1.5, ge=0, le=60, description="crossfade into this scene [s]")
    motion: Motion = Field(Motion(), description="what moves the latent")
    parameters: Mapping[str, Number] = Field({}, description="values where nothing pushes, by parameter name")
    routes: tuple[RouteTable, ...] = Field((), max_length=64, description="features that push parameters")
    knobs: Mapping[str, str] = Field({}, description="knob name -> parameter it turns over its whole range")

    @property
    def networks(self) -> tuple[str, ...]:
        """The bank: one network or several, in the order of `network.position`."""
        return (self.network,) if isinstance(self.network, str) else self.network
