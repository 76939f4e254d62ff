"""Catalogue of public networks (catalogue.toml): where they can be downloaded, and under which licence."""

import re
from pathlib import Path
from typing import Annotated

from pydantic import Field, field_validator

from livegan.core.registry import nearest
from livegan.core.toml import StrictModel, read_table
from livegan.errors import NetworkError

CATALOGUE = Path(__file__).with_name("catalogue.toml")
UNKNOWN_LICENCE = "unknown: ask the author"

Word = Annotated[str, Field(min_length=1)]
Link = Annotated[str, Field(pattern=r"^(https?://[^\s/]+\.[^\s]+)?$")]
SidePx = Annotated[int, Field(ge=1, le=16384)]


class CatalogueEntry(StrictModel):
    """A public network that can be added."""

    name: Word = Field(description="its name; capitals do not matter")
    licence: Word = Field(UNKNOWN_LICENCE, description="as stated by its author, or that it is unknown")
    page: Link = Field("", description="its page; '' is unknown")
    url: Link = Field("", description="the weights file itself, only where it is known for sure")
    sha256: str = Field("", pattern=r"^([0-9a-f]{64})?$", description="of the file behind `url`; '' is unknown")
    resolution: tuple[SidePx, SidePx] | None = Field(None, description="height, width [px]; left out: unknown")
    kind: Word = Field("stylegan2", description="its architecture")
    author: str = Field("", description="who trained it")
    trained_on: str = Field("", description="its training data")
    notes: str = Field("", description="anything else")

    @property
    def key(self) -> str:
        """How it is typed: lower case, hyphens between the words."""
        return slug(self.name)


class Catalogue(StrictModel):
    """Catalogue: all entries of the file."""

    networks: tuple[CatalogueEntry, ...] = Field((), description="in the order in which they are listed")

    @field_validator("networks")
    @classmethod
    def _names_differ(cls, networks: tuple[CatalogueEntry, ...]) -> tuple[CatalogueEntry, ...]:
        keys = [entry.key for entry in networks]
        twice = sorted({key for key in keys if keys.count(key) > 1})
        if twice:
            raise ValueError(f"more than one network is called {', '.join(twice)}")
        return networks

    def find(self, name: str) -> CatalogueEntry | None:
        """The entry of that name, in any spelling of case and hyphens; None if there is none."""
        return next((entry for entry in self.networks if entry.key == slug(name)), None)

    def nearest(self, name: str) -> CatalogueEntry | None:
        """The entry whose name is closest to `name`; None if none is close."""
        close = nearest(slug(name), [entry.key for entry in self.networks])
        return self.find(close) if close else None


def slug(name: str) -> str:
    """Lower-case letters, digits and single hyphens: "faces (FFHQ config-e)" is typed faces-ffhq-config-e."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


def load_catalogue(path: Path = CATALOGUE) -> Catalogue:
    """The catalogue, by default the one that comes with livegan; NetworkError with every mistake in it, one a line."""
    return read_table(path, Catalogue, NetworkError)
