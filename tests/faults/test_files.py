"""Files: deleted, cut short or broken while they are played; the show goes on, and says what is wrong."""

import shutil
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from livegan.config.load import load_venue
from livegan.config.venue import Venue
from livegan.core.clock import WallClock
from livegan.core.types import ControlEvent
from livegan.engine.show import PlayOptions, set_up
from livegan.errors import NetworkError
from livegan.networks.info import NetworkInfo
from livegan.networks.weights import load_style_net
from tests.deadline import until
from tests.faults.gaps import pictures
from tests.faults.measured import FaultFigures, record
from tests.tiny_networks import tiny

SCENE = 'title = "{title}"\nnetwork = "{network}"\nfade_s = 0.1\n'


def venue_with(song: Path) -> Venue:
    venue = load_venue()
    return venue.model_copy(
        update={
            "audio": venue.audio.model_copy(update={"input": str(song), "monitor": False}),
            "hands": venue.hands.model_copy(update={"port": "none"}),
            "picture": venue.picture.model_copy(update={"fps": 30, "device": "cpu"}),
        }
    )


def cut_short(info: NetworkInfo) -> None:
    """Half of another network is copied over it."""
    with info.weights.open("r+b") as file:
        file.truncate(info.weights.stat().st_size // 2)


def test_weights_are_no_part_of_their_file_once_they_are_read(tmp_path: Path) -> None:
    """A file that is mapped ends the process (SIGBUS) when it is cut short, or its stick is pulled."""
    info = tiny(tmp_path, "stylegan2")
    net = load_style_net(info)
    if sys.platform == "linux":
        assert str(info.weights) not in Path("/proc/self/maps").read_text()
    cut_short(info)
    assert all(bool(tensor.isfinite().all()) for tensor in net.state_dict().values())
    with pytest.raises(NetworkError, match="not a whole safetensors file"):
        load_style_net(info)


def test_files_go_while_they_are_played(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = tmp_path / "cache"
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache))
    network, other = tiny(tmp_path, "stylegan2", "first"), tiny(tmp_path, "stylegan2", "second", seed=6)
    one, two, setlist, song = (tmp_path / name for name in ("one.toml", "two.toml", "set.toml", "song.wav"))
    one.write_text(SCENE.format(title="One", network=network.path))
    two.write_text(SCENE.format(title="Two", network="patterns"))
    entries = 'title = "Set"\n[[entries]]\nscene = "one.toml"\n[[entries]]\nscene = "two.toml"\n'
    setlist.write_text(entries)
    tone = 0.5 * np.sin(np.arange(48000) / 20)
    soundfile.write(song, tone, 48000)
    before, clock = threading.enumerate(), WallClock()
    show = set_up(venue_with(song), PlayOptions(in_window=False, set=str(setlist)), clock).runtime

    def told(part: str) -> Callable[[], bool]:
        return lambda: any(part in line for line in show.notices())

    def row(fault: str, shown: str) -> None:
        seen.wait(10)
        record(FaultFigures("Files", fault, shown, seen.gap_s))
        seen.times_s[:-1] = []

    def press(name: str) -> None:
        show.controls.put(ControlEvent(clock.now(), name, 1.0))

    with show, pictures(show) as seen:
        until(lambda: show.performer.patch.scene.title == "One", "the first scene")
        seen.wait(10)
        seen.times_s[:-1] = []

        cut_short(network)
        seen.wait(10)
        network.weights.unlink()
        network.path.unlink()
        row("network file cut short, then deleted, while it plays", "all pictures")

        two.write_text("title = = 3")
        until(told("two.toml"), "the mistake")
        two.unlink()
        row("scene file broken, then deleted", "all pictures; a notice where the mistake is")
        press("scene.next")
        until(lambda: show.performer.patch.scene.title == "Two", "the scene as it was before the mistake")
        seen.wait(30)
        seen.times_s[:-1] = []

        cut_short(other)
        two.write_text(SCENE.format(title="Three", network=other.path))
        until(told("second"), "what is wrong with the network")
        assert show.performer.patch.scene.title == "Two"
        row("scene asks for half a network file", "all pictures; a notice")

        setlist.write_text(entries.replace("two.toml", "missing.toml"))
        until(told("missing"), "the scene that is missing")
        setlist.write_text(entries)
        row("a setlist's scene is missing", "all pictures; a notice")

        shutil.rmtree(cache, ignore_errors=True)
        row("cache folder deleted", "all pictures")

        song.unlink()
        until(told("song.wav"), "a notice of the song")
        row("song deleted while it plays", "all pictures, to the end of the song; then silence and a notice")
        assert show.performer.guard.faults == 0
    assert threading.enumerate() == before
