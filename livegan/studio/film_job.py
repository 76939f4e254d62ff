"""Job of a render: a film to be made, and how."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

from livegan.effects.custom import Function
from livegan.engine.bind import Setlist
from livegan.outputs.images import USUAL
from livegan.studio.distributed.pools import HERE, WorkerOptions


@dataclass(frozen=True, slots=True)
class RenderJob:
    """A film to be made of a song."""

    song: Path  # or a show log
    output: Path  # a film, a GIF, or the pattern of an image sequence
    scene: str = ""
    fps: Fraction = Fraction(60)
    size: tuple[int, int] = (1024, 576)  # width, height [px]
    audio: str = "original"
    duration_s: float | None = None
    overwrite: bool = False  # replace an older film of that name
    prompt: str = ""  # words that every scene begins with
    set: str = ""  # setlist to play, which advances by itself; "": one scene
    scenes: Setlist | None = None  # made by a program, played in place of `scene` and `set`
    functions: Mapping[str, Function] = field(
        default_factory=dict
    )  # custom effects of a program, by their names in the venue
    start_s: float = 0.0  # where in the song the film begins
    more_songs: tuple[Path, ...] = ()  # played after it, as one song
    stems: Mapping[str, Path] = field(default_factory=dict)  # input group -> file
    sound: Path | None = None  # heard in the film in place of the song, on the same clock
    codec: str = ""  # of `formats.CODECS`; "": the usual one of the ending
    quality: float | None = None  # CRF; None: the codec's usual one
    transparent: bool = False  # light on nothing instead of light on black
    frames_folder: Path | None = None  # every frame as a PNG besides
    debug_window_s: float = 0.0  # seconds in the debug view beside the picture, which makes it wider; 0: no such view
    command: str = ""  # what was typed, for people
    run_file: bool = False  # write a file beside the film that makes it again
    network: str = ""  # of a film of a show log: it takes the place of every network of the show
    allowed_effects: tuple[str, ...] = ()  # functions that a show log may run
    workers: WorkerOptions = HERE  # who draws; by default this process
    expected: Mapping[str, str] = field(default_factory=dict)  # facts of the film that is made again

    @property
    def songs(self) -> tuple[Path, ...]:
        """The songs in their order."""
        return (self.song, *self.more_songs)

    @property
    def frames_pattern(self) -> Path | None:
        """Where every frame is written besides."""
        return self.frames_folder / f"{USUAL}.png" if self.frames_folder else None

    @property
    def resumes(self) -> bool:
        """Whether a stopped render can go on: functions and networks of a program may be others the next time."""
        return not self.functions and not any(loaded.networks for loaded in (self.scenes.scenes if self.scenes else ()))
