"""Sound of a show that is rendered again: a file that was given, or the song that it played to."""

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil, inf
from pathlib import Path

import numpy as np

from livegan.audio.demo import demo_track
from livegan.audio.song import read_song
from livegan.core.rings import WINDOW_S
from livegan.core.sound import SoundWindow
from livegan.core.text import printable
from livegan.core.types import Vector
from livegan.engine.input_names import is_song
from livegan.engine.show_log_reader import ShowLogFile
from livegan.networks.digest import file_digest
from livegan.outputs.soundtrack import AudioTrack

DEMO = "demo"


@dataclass(frozen=True, slots=True)
class ShowSound:
    """A sound file of a show, and where in it the show was at a time of its clock."""

    path: Path
    origin_s: float  # when its first sample sounded [s on the show's clock]
    loops: bool  # played again and again

    def track(self, began_s: float, length_s: float, quality: str, seconds: float) -> AudioTrack:
        """The soundtrack of a film that begins at `began_s` of the show's clock; the file lasts `seconds`."""
        start_s = max(began_s - self.origin_s, 0.0)
        if not self.loops or not seconds:
            return AudioTrack(self.path, start_s, quality, start_s + length_s)
        start_s %= seconds
        again = 0 if length_s == inf else ceil((start_s + length_s) / seconds) - 1
        return AudioTrack(self.path, start_s, quality, start_s + length_s, (self.path,) * again)

    def windows(self) -> Callable[[float], SoundWindow | None]:
        """What gives the newest samples at a time of the show's clock, for scenes that draw sound; reads the file."""
        song = read_song(self.path)
        samples: Vector = song.samples.mean(axis=1, dtype=np.float32)
        rate = song.sample_rate
        count = round(WINDOW_S * rate)

        def at(heard_s: float) -> SoundWindow | None:
            end = round((heard_s - self.origin_s) * rate)
            if end <= 0:
                return None
            places = np.arange(max(end - count, 0), end)
            if not self.loops:
                places = places[places < len(samples)]
            return SoundWindow(samples[places % len(samples)], rate) if len(places) else None

        return at


def show_sound(log: ShowLogFile, given: Path | None, began_s: float) -> tuple[ShowSound | None, str]:
    """The sound of a show and a remark; `given`: begins with the film. None where the show heard a sound card."""
    if given is not None:
        return ShowSound(given, began_s, loops=False), ""
    named = log.header.get("input")
    if named == DEMO:
        return ShowSound(demo_track(), _origin_s(log), loops=True), ""
    silent = "The film has no sound; add the show's with --sound song.wav"
    if not isinstance(named, str) or not is_song(named):
        return None, silent
    path = Path(named)
    if not path.is_file():
        return None, f"The song {printable(path)} is gone. {silent}"
    if file_digest(path) != log.header.get("input_digest"):
        return None, f"The song {printable(path)} is another one now. {silent}"
    return ShowSound(path, _origin_s(log), loops=True), ""


def _origin_s(log: ShowLogFile) -> float:
    """When the song began, or would have, had the show not been begun again in it [s on the show's clock]."""
    state = log.resumed
    return log.number("start_s") if state is None or state.song_s is None else state.time_s - state.song_s
