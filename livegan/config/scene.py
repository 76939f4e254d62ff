"""What a scene may say (presets/scenes/*.toml): one look, never a device."""

import re
from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import ConfigDict, Field, field_validator

from livegan.core.toml import StrictModel

MOST_NETWORKS = 1000  # in one bank
MOST_PART = 255  # bytes of the name of a file or a folder
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")

Number = Annotated[float, Field(strict=True)]


class Motion(StrictModel):
    """What moves the latent. The keys besides `model` are the model's own; they are checked when the scene is bound."""

    model_config = ConfigDict(extra="allow")

    model: str = Field("lucid", description="a motion model, e.g. 'lucid' or 'path' (see `livegan parameters`)")


class RouteTable(StrictModel):
    """A feature pushes a parameter."""

    source: str = Field(description="a feature, e.g. 'onset' (see `livegan parameters`)")
    target: str = Field(description="a parameter, e.g. 'effect.flash'")
    amount: Number = Field(description="push at full feature, in the target's unit; may be negative")
    curve: str = Field("linear", description="linear, square, cube, root, smooth, gate or invert")
    attack_s: float = Field(0.01, ge=0, le=10, description="rise time constant [s]")
    release_s: float = Field(0.2, ge=0, le=30, description="fall time constant [s]")


class BankTable(StrictModel):
    """How several networks share the stage, by network.position."""

    mode: Literal["switch", "blend", "fade"] = Field(
        "switch", description="'switch': one at a time; 'blend': weights between neighbours; 'fade': pictures"
    )
    hysteresis: float = Field(0.15, ge=0, le=0.45, description="how far past the middle a switch is [networks]")
    hold_s: float = Field(0.12, ge=0, le=60, description="how long a network stays at least when switching [s]")


class BendTable(StrictModel):
    """A layer of the network that can be bent; the k-th one's amount is the parameter bend.k."""

    operation: str = Field(description="what is done to it, e.g. 'rotate'")
    layer: str = Field("all", description="'coarse', 'middle', 'fine', 'all', or the side of a layer in px, '32'")
    cluster: int = Field(0, ge=0, le=4, description="which group of like channels, 1..4; 0: all")


class Scene(StrictModel):
    """One look."""

    dotted_tables = ("parameters", "knobs")

    title: str = Field(description="what the user reads")
    about: str = Field("", description="what it looks like and answers to")
    network: str | tuple[str, ...] = Field(
        "house-256", description="a network's name or path, a folder, or a list: a bank"
    )
    bank: BankTable = Field(BankTable(), description="how several networks share the stage")
    seed: int = Field(0, ge=0, le=2**31 - 1, description="all chance in this scene comes from here")
    classes: tuple[int, ...] = Field(
        (), max_length=12, description="classes the notes choose from; empty: a seeded choice"
    )
    fade_s: float = Field(1.5, ge=0, le=60, description="crossfade into this scene [s]")
    motion: Motion = Field(Motion(), description="what moves the latent")
    parameters: Mapping[str, Number] = Field(
        {}, max_length=256, description="values where nothing pushes, by parameter name"
    )
    bends: tuple[BendTable, ...] = Field((), max_length=8, description="layers that parameters bend.1 .. bend.8 bend")
    routes: tuple[RouteTable, ...] = Field((), max_length=64, description="features that push parameters")
    knobs: Mapping[str, str] = Field(
        {}, max_length=256, description="knob name -> parameter it turns over its whole range"
    )

    @field_validator("network")
    @classmethod
    def _can_be_paths(cls, network: str | tuple[str, ...]) -> str | tuple[str, ...]:
        names = (network,) if isinstance(network, str) else network
        if len(names) > MOST_NETWORKS:
            raise ValueError(f"more than {MOST_NETWORKS} networks")
        if not all(name.strip() for name in names):
            raise ValueError("a name that is empty")
        if any(_CONTROLS.search(name) for name in names):
            raise ValueError("a name with control characters in it")
        if any(len(part.encode()) > MOST_PART for name in names for part in re.split(r"[\\/]", name)):
            raise ValueError("a name longer than that of any file")
        return network

    @property
    def networks(self) -> tuple[str, ...]:
        """As written: one name, path or folder, or several, in the order of `network.position`."""
        return (self.network,) if isinstance(self.network, str) else self.network
