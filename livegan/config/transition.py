"""Schema of [transition]: how a scene comes in, in a scene file, a setlist or an entry of one."""

from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from livegan.core.registry import unknown
from livegan.core.toml import StrictModel
from livegan.core.transitions import KINDS, MORPH

Seconds = Annotated[float, Field(strict=True, ge=0, le=600)]


class TransitionTable(StrictModel):
    """Transition into a scene."""

    kind: str = Field(MORPH, description="cut, fade, morph, or a wipe: wipe-left, iris, clock, dissolve ...")
    seconds: Seconds | None = Field(None, description="length [s]; without it and without beats, the scene's fade_s")
    beats: Annotated[float, Field(strict=True, gt=0, le=256)] | None = Field(
        None, description="length in beats of the tempo when it begins; seconds counts while no beat is heard"
    )
    begin: Literal["now", "beat", "bar", "4 bars"] = Field("now", description="what its beginning waits for")
    patience_s: float = Field(4, ge=0, le=60, description="without a beat for so long it begins all the same [s]")
    softness: float = Field(0.1, ge=0, le=1, description="of a wipe's edge, as a share of the way; 0 is hard")
    seed: int = Field(0, ge=0, le=2**31 - 1, description="of what is random in a wipe")

    @model_validator(mode="before")
    @classmethod
    def _is_table(cls, table: object) -> object:
        if isinstance(table, str):
            raise ValueError(f"'{table}' is no table; write transition = {{ kind = \"{table}\" }}")
        return table

    @field_validator("kind")
    @classmethod
    def _is_known(cls, kind: str) -> str:
        if kind not in KINDS:
            raise ValueError(unknown("transition", kind, KINDS))
        return kind
