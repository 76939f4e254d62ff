"""Rehearsed songs: parts, ranges, directions, and a setlist that plays the parts at their places."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from livegan.audio.song import Song
from livegan.config.load import load_setlist, load_venue
from livegan.config.scene import RouteTable, Scene
from livegan.core.types import FeatureFrame
from livegan.engine.beat_grid import BeatGrid
from livegan.engine.bind import setlist_of
from livegan.errors import LiveganError
from livegan.mapping.song_follower import STEP_S
from livegan.rendering.load import load_generator
from livegan.studio.rehearsal import Rehearsal, rehearse_song
from livegan.studio.rehearsal_fit import direction_changes, direction_routes, fitted_range, fitted_routes, look_of_part
from livegan.studio.rehearsal_page import rehearsal_page
from livegan.studio.rehearse import ScenePack, file_name, letter_of, rehearse, setlist_text, tempo_near
from tests.tiny_networks import tiny

RATE = 48000


def two_parts() -> np.ndarray:
    """12 s of a low chord with soft clicks at 120 BPM, then 12 s of a high loud one with hard clicks."""
    time = np.arange(RATE * 24) / RATE
    low = 0.08 * sum(np.sin(2 * np.pi * hz * time) for hz in (110.0, 130.8, 164.8))
    high = 0.2 * sum(np.sin(2 * np.pi * hz * time) for hz in (587.3, 740.0, 880.0))
    second = time >= 12.0
    click = np.exp(-(time % 0.5) * 60) * np.random.default_rng(1).normal(size=len(time))
    sound = np.where(second, high, low) + click * np.where(second, 0.3, 0.05)
    return np.asarray(np.clip(sound, -1, 1), np.float32)[:, None]


@pytest.fixture(scope="module")
def heard() -> Rehearsal:
    listening = rehearse_song(Song(two_parts(), RATE, ()), load_venue())
    try:
        while True:
            share = next(listening)
            assert 0 <= share <= 1
    except StopIteration as end:
        found: Rehearsal = end.value
        return found


@pytest.fixture(scope="module")
def pack(tmp_path_factory: pytest.TempPathFactory) -> ScenePack:
    folder = tmp_path_factory.mktemp("rehearsed")
    soundfile.write(folder / "Two Parts.wav", two_parts(), RATE)
    done: list[int] = []
    made = rehearse(folder / "Two Parts.wav", ["default"], folder / "pack", load_venue(), done.append, draw=False)
    assert done == sorted(done)
    assert done[-1] == 100
    return made


def test_the_parts_of_a_song_are_heard(heard: Rehearsal) -> None:
    first, second = heard.parts
    assert first.start_s == 0
    assert first.end_s == second.start_s == pytest.approx(12.0, abs=1.3)
    assert first.label != second.label
    assert heard.loudness_of(second) > heard.loudness_of(first) + 0.3
    assert heard.song.rows.shape[0] == pytest.approx(24 / STEP_S, abs=2)


def test_ranges_are_those_of_the_song_and_what_hardly_moves_keeps_its_own(heard: Rehearsal) -> None:
    spans = {name: span for name in heard.layout.names if (span := fitted_range(heard, name)) is not None}
    source, (low, high) = next(item for item in spans.items() if item[1] != (0.2, 0.4))
    column = heard.features[:, heard.layout.index[source]]
    assert 0 <= low < high <= 1
    assert ((column >= low - 0.01) & (column <= high + 0.01)).mean() > 0.85
    assert fitted_range(heard, "input.hum") is None
    assert fitted_range(heard, "0.5*bass + mid") is None
    own = RouteTable(source=source, target="react", amount=1.0, range=(0.2, 0.4))
    scene = Scene(title="T", routes=(own, RouteTable(source=source, target="react", amount=1.0)))
    routes, count = fitted_routes(scene, heard)
    assert count == 1
    assert routes[0].range == (0.2, 0.4), "what a scene says stays"
    assert routes[1].range == (low, high)


def test_directions_that_show_most_get_the_features_that_move_most(tmp_path: Path) -> None:
    generator = load_generator(tiny(tmp_path, "stylegan2"), "cpu")
    changes = direction_changes(generator, 1.0)
    generator.close()
    assert len(changes) == 8
    assert max(changes.values()) > 1e-3
    ranked = {1: 0.01, 2: 0.2, 3: 0.05}
    first, second = direction_routes(ranked, [("mid", (0.1, 0.9)), ("bass", (0.0, 0.8))], {"direction.3"})
    assert (first.source, first.target, first.range) == ("mid", "direction.2", (0.1, 0.9))
    assert (second.source, second.target) == ("bass", "direction.1")
    assert first.amount < second.amount, "what shows less is pushed further"


def test_parts_look_different_and_louder_ones_move_faster() -> None:
    scene = Scene(title="T", seed=7, classes=(0, 1, 2), parameters={"motion.speed": 10.0})
    calm, loud = look_of_part(scene, 0, 0.1, "A"), look_of_part(scene, 1, 0.9, "B")
    assert calm.seed == 7 != loud.seed
    assert calm.classes != loud.classes
    assert set(loud.classes) == {0, 1, 2}
    assert calm.parameters["motion.speed"] < 10 < loud.parameters["motion.speed"]


def test_a_pack_is_a_setlist_that_follows_the_song(pack: ScenePack, heard: Rehearsal) -> None:
    names = {path.name for path in pack.folder.iterdir()}
    assert names == {"two-parts.toml", "two-parts.song.safetensors", "part-a.toml", "part-b.toml"}
    assert pack.sure > 0.8
    show = setlist_of(load_setlist(str(pack.setlist)))
    program, beats, changes = show.program(), BeatGrid(), []
    assert program is not None
    for at, row in enumerate(heard.features):
        frame = FeatureFrame(at * STEP_S, heard.layout, row)
        program.hear(frame, STEP_S)
        if program.step(frame, beats, STEP_S) == "song":
            changes.append((at * STEP_S, program.next))
            program.began(program.next)
    assert changes == [(pytest.approx(12.0, abs=1.5), 1)]


def test_the_report_shows_the_parts(pack: ScenePack) -> None:
    page = rehearsal_page(pack)
    assert "http" not in page
    assert page.count("<rect") == len(pack.parts) == 2
    assert f"livegan play --set {pack.setlist}" in page


def test_what_cannot_be_rehearsed_is_one_sentence(tmp_path: Path, pack: ScenePack) -> None:
    soundfile.write(tmp_path / "short.wav", two_parts()[: RATE * 3], RATE)
    with pytest.raises(LiveganError, match=r"has 3\.0 s; rehearse one of 8 s"):
        rehearse(tmp_path / "short.wav", ["default"], tmp_path / "out", load_venue())
    assert not (tmp_path / "out").exists()
    with pytest.raises(LiveganError, match="is there already; give another: -o FOLDER"):
        rehearse(tmp_path / "short.wav", ["default"], pack.folder, load_venue())
    with pytest.raises(LiveganError, match="defalt"):
        rehearse(tmp_path / "short.wav", ["defalt"], tmp_path / "out", load_venue())


def test_small_things() -> None:
    assert [letter_of(place) for place in (0, 25, 26)] == ["A", "Z", "A2"]
    assert [file_name(stem) for stem in ("Part A", "My song!", "...")] == ["song-part-a", "my-song", "song"]
    assert tempo_near(120.0) == (106, 134)
    assert tempo_near(50.0)[1] - tempo_near(50.0)[0] >= 8
    assert tempo_near(400.0) == (207, 215)
    assert 'advance = "song"' in setlist_text("T", "t.song.safetensors", _parts())


def _parts() -> tuple:  # type: ignore[type-arg]
    from livegan.studio.rehearse import PackPart

    return (PackPart(0.0, 9.0, "A", "part-a.toml", "T A", 0.5, 4.0),)
