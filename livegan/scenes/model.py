"""The ground of every file schema: frozen, bounded, described; an unknown key is an error."""

from pydantic import BaseModel, ConfigDict


class Model(BaseModel):
    """A table of a file."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True, allow_inf_nan=False)
