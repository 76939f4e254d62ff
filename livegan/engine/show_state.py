"""State of a running show: a small JSON file from which another process goes on where a dead one was."""

from collections.abc import Mapping
from math import floor
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, ValidationError

from livegan.core.files import reason_of, write_atomic
from livegan.core.text import printable
from livegan.core.toml import StrictModel

MAX_BYTES = 1 << 18
STALE_S = 600.0  # an older one is of another evening
VERSION: Literal[1] = 1

Share = Annotated[float, Field(ge=0, le=1)]
Name = Annotated[str, Field(max_length=1024)]
Number = Annotated[str, Field(pattern=r"^-?\d{1,6}$")]
Pixels = Annotated[int, Field(ge=-100_000, le=100_000)]
Many = Annotated[int, Field(ge=0, le=1_000_000_000)]


class SceneHands(StrictModel):
    """What hands have done to one scene."""

    name: Name  # as it was asked for
    moved: Mapping[Name, float] = Field({}, max_length=4096)  # parameter -> value that a hand has set
    words: Annotated[str, Field(max_length=4096)] | None = None  # other words than it begins with; "": none


class TappedTempo(StrictModel):
    """Tempo that was tapped."""

    bpm: Annotated[float, Field(ge=20, le=400)]
    beat_s: Annotated[float, Field(ge=-1e9, le=1e9)]  # when a beat was, by the show's clock

    def taps(self, now_s: float, count: int = 4) -> list[float]:
        """Moments of the last beats before `now_s`, oldest first: tapped, they give that tempo again."""
        period_s = 60.0 / self.bpm
        last = self.beat_s + floor((now_s - self.beat_s) / period_s) * period_s
        return [last - period_s * back for back in reversed(range(count))]


class FilmPart(StrictModel):
    """Film that is being recorded."""

    path: Name  # what it is to be called
    part: Name  # where it is until then
    overwrite: bool = False


class ShowState(StrictModel):
    """State of a show at `time_s`."""

    version: Literal[1] = VERSION
    time_s: float  # by the show's clock, which all processes of a machine share until it is switched off [s]
    began_s: float  # when the show began, by it
    input: Name = ""  # the sound, with the seed where it is composed
    scene: Annotated[int, Field(ge=-1, le=100_000)] = -1  # number of the one that plays; -1: the safe scene
    name: Name = ""  # what it is called
    cued: Annotated[int, Field(ge=-1, le=100_000)] = -1  # the scene at the other end of the crossfader
    crossfade: Share = 0.0  # the end at which the scene that plays is
    hands: Mapping[Number, SceneHands] = Field({}, max_length=4096)  # by the number of the scene
    set_bars: Annotated[float, Field(ge=0, le=1e6)] = 0.0  # of the entry of a setlist, so many bars have been played
    set_s: Annotated[float, Field(ge=0, le=1e6)] = 0.0  # and seconds
    window: Mapping[Name, float] = Field({}, max_length=64)  # blackout, master, fade ...: states of the window
    place: tuple[Pixels, Pixels, Pixels, Pixels] | None = None  # of the window: x, y, width, height [px]
    tempo: TappedTempo | None = None
    song_s: Annotated[float, Field(ge=0, le=1e6)] | None = None  # where a song was [s]
    bar: Many | None = None  # which bar of music that livegan plays itself
    bar_s: Annotated[float, Field(ge=0, le=600)] = 0.0  # how long it is
    films: Annotated[tuple[FilmPart, ...], Field(max_length=16)] = ()

    def write(self, path: Path) -> None:
        """Write it, whole or not at all; no disk is waited for, once a second. Raises OSError."""
        write_atomic(path, self.model_dump_json(exclude_defaults=True), durable=False)


def read_state(path: Path, now_s: float) -> ShowState | str:
    """The state in a file; a sentence why there is none that counts at `now_s`, "" if there is no file."""
    try:
        if path.stat().st_size > MAX_BYTES:
            return f"the state of the show before is no state (its file has over {MAX_BYTES >> 10} kB); it begins anew"
        state = ShowState.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return ""
    except OSError as error:
        return f"the state of the show before cannot be read ({printable(reason_of(error))}); it begins anew"
    except (ValidationError, ValueError, RecursionError):
        return "the state of the show before is damaged; it begins anew"
    if not 0.0 <= now_s - state.time_s <= STALE_S:
        return "the state of the show before is too old; it begins anew"
    return state
