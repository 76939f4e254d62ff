"""What the catalogue of networks may say (configs/networks.toml): where public networks can be had."""

import re
from typing import Annotated

from pydantic import Field, field_validator

from livegan.core.registry import nearest
from livegan.core.resources import bundled
from livegan.core.toml import StrictModel, read_table
from livegan.errors import NetworkError

UNKNOWN_LICENCE = "unknown: ask the author"

Word = Annotated[str, Field(min_length=1)]
Link = Annotated[str, Field(pattern=r"^(https?://[^\s/]+\.[^\s]+)?$")]
Pixels = Annotated[int, Field(ge=1, le=16384)]


class Style(StrictModel):
    """A public network that can be added."""

    name: Word = Field(description="what people call it; the same for capitals and small letters")
    licence: Word = Field(UNKNOWN_LICENCE, description="as its author says, or that nobody knows")
    page: Link = Field("", description="the page that tells of it; '' is unknown")
    url: Link = Field("", description="the weights file itself, only where it is known for sure")
    sha256: str = Field("", pattern=r"^([0-9a-f]{64})?$", description="of the file behind `url`; '' is unknown")
    resolution: tuple[Pixels, Pixels] | None = Field(None, description="height, width [px]; left out: unknown")
    kind: Word = Field("stylegan2", description="its architecture")
    author: str = Field("", description="who trained it")
    trained_on: str = Field("", description="the pictures it has seen")
    notes: str = Field("", description="what else is known")

    @property
    def key(self) -> str:
        """How it is typed: small letters, hyphens between the words."""
        return slug(self.name)


class Catalogue(StrictModel):
    """configs/networks.toml."""

    networks: tuple[Style, ...] = Field((), description="in the order in which they are listed")

    @field_validator("networks")
    @classmethod
    def _names_differ(cls, networks: tuple[Style, ...]) -> tuple[Style, ...]:
        keys = [style.key for style in networks]
        twice = sorted({key for key in keys if keys.count(key) > 1})
        if twice:
            raise ValueError(f"more than one network is called {', '.join(twice)}")
        return networks

    def find(self, name: str) -> Style | None:
        """The style of that name, however it is written; None if there is none."""
        return next((style for style in self.networks if style.key == slug(name)), None)

    def nearest(self, name: str) -> Style | None:
        """The style whose name is most like `name`; None if none is alike."""
        close = nearest(slug(name), [style.key for style in self.networks])
        return self.find(close) if close else None


def slug(name: str) -> str:
    """Small letters, digits and single hyphens: "faces (FFHQ config-e)" is typed faces-ffhq-config-e."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


def load_catalogue() -> Catalogue:
    """The catalogue that came with livegan; NetworkError with every mistake in it, one a line."""
    return read_table(bundled("configs") / "networks.toml", Catalogue, NetworkError)
