"""Schema of a setlist (presets/sets/*.toml): scenes in order, and when the next one comes."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Literal

from pydantic import Field, model_validator

from livegan.config.scene import MAX_ABOUT, MAX_TITLE, Number, Scene
from livegan.config.transition import Seconds, TransitionTable
from livegan.core.toml import StrictModel

CHECKED_TOGETHER = frozenset({"advance", "song", "bars", "seconds", "at"})  # keys that must agree with each other
Advance = Literal["cue", "bars", "seconds", "section", "song"]
Flag = Annotated[bool, Field(strict=True)]
Bars = Annotated[int, Field(strict=True, ge=1, le=1024)]
MAX_ENTRIES = 256


class EntryTable(StrictModel):
    """Entry of a setlist: a scene, and when the next entry comes."""

    dotted_tables = ("parameters",)

    scene: str = Field(description="a scene's name, or a path from the setlist on")
    advance: Advance | None = Field(None, description="as that of the setlist, for this entry")
    bars: Bars | None = Field(None, description="after so many bars; of 'section', at the latest")
    seconds: Seconds | None = Field(None, description="after so many seconds; of 'section', at the earliest [s]")
    at: Annotated[float, Field(strict=True, ge=0, le=86400)] | None = Field(
        None, description="where in the rehearsed song this entry begins [s]; the first is at 0"
    )
    transition: TransitionTable | None = Field(None, description="how this entry comes in, whatever the scene says")
    parameters: Mapping[str, Number] = Field({}, max_length=256, description="values instead of the scene's")


class SetlistTable(StrictModel):
    """Setlist: the scenes of a night."""

    dotted_tables = ("entries.parameters",)
    check_option = ""

    title: str = Field(max_length=MAX_TITLE, description="what the user reads")
    about: str = Field("", max_length=MAX_ABOUT, description="for which music or moment")
    advance: Advance = Field(
        "cue",
        description="the next entry comes with a key or pad ('cue'), after 'bars' or 'seconds', with a 'section', or "
        "where the rehearsed 'song' is",
    )
    song: str = Field("", description="rehearsed song, by its path from the setlist on (`livegan rehearse` makes it)")
    bars: Bars = Field(16, description="of entries that advance after bars and say no number")
    seconds: Seconds = Field(30, description="of entries that advance after seconds and say no number [s]")
    order: Literal["listed", "shuffled"] = Field("listed", description="in which the entries follow each other")
    seed: int = Field(0, ge=0, le=2**31 - 1, description="of the shuffled order")
    loop: Flag = Field(True, description="after the last entry comes the first")
    safe: str = Field("", description="scene to go back to with one key; '' is the first entry")
    transition: TransitionTable | None = Field(None, description="of entries and scenes that say none")
    entries: tuple[EntryTable, ...] = Field(min_length=1, max_length=MAX_ENTRIES, description="[[entries]] in order")

    def advance_of(self, entry: EntryTable) -> Advance:
        """When the entry after this one comes: what it says, or what its `bars` or `seconds` mean, or as the set."""
        if entry.advance is not None:
            return entry.advance
        if self.advance in ("section", "song"):
            return self.advance
        return "bars" if entry.bars is not None else "seconds" if entry.seconds is not None else self.advance

    def transition_into(self, number: int, scene: Scene | None) -> TransitionTable | None:
        """How an entry with this scene comes in: as it says, or the scene, or the setlist; None: nobody says."""
        return self.entries[number].transition or (scene.transition if scene else None) or self.transition

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> "SetlistTable":
        if mistakes := [*self._two_measures(), *self._song_mistakes()]:
            raise ValueError("\n".join(mistakes))
        return self

    def _two_measures(self) -> Iterator[str]:
        for i, entry in enumerate(self.entries):
            if entry.bars is not None and entry.seconds is not None and self.advance_of(entry) != "section":
                yield f"entries.{i}: bars and seconds are both there; keep one of them"

    def _song_mistakes(self) -> Iterator[str]:
        follows = [i for i, entry in enumerate(self.entries) if self.advance_of(entry) == "song"]
        if follows and not self.song:
            yield f'entries.{follows[0]}: there is no song; write song = "NAME.song.safetensors"'
        places = [entry.at for entry in self.entries if entry.at is not None]
        if places != sorted(places):
            yield "entries: `at` goes back; list the entries in the order of the song"
