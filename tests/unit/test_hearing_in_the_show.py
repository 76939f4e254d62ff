"""The listening stage in the show: groups of inputs from the venue, controls of the beat clock, warnings."""

from pathlib import Path

import numpy as np
import pytest

from livegan.config.load import LoadedScene, load_scenes
from livegan.config.scene import Scene
from livegan.config.venue import InputTable, Venue
from livegan.control.keys import KEYS
from livegan.core.clock import ManualClock
from livegan.core.events import controls_of
from livegan.core.toml import read_table
from livegan.core.types import ControlEvent, FeatureFrame
from livegan.engine.assemble import assemble
from livegan.engine.bind import Setlist, bind, bind_scene, listen
from livegan.engine.check import check
from livegan.engine.router import Router
from livegan.engine.sound import open_sound
from livegan.engine.telemetry import SOUND_WARNINGS, sound_warnings
from livegan.engine.vocabulary import Vocabulary
from livegan.errors import SceneError, VenueError
from livegan.features.beat import BeatTracker
from livegan.features.beat_controls import handle
from livegan.features.names import features_of

VENUE = Venue(inputs={"drums": InputTable(channels=(1,)), "keys": InputTable(channels=(2,))})


@pytest.fixture
def stems(tmp_path: Path) -> str:
    path = tmp_path / "stems.toml"
    path.write_text(
        'title = "Stems"\nnetwork = "plain"\n[motion]\npulse_from = "drums:level"\n'
        '[[routes]]\nsource = "keys:level"\ntarget = "effect.glow"\namount = 1.0\n'
    )
    return str(path)


def test_a_scene_hears_the_group_of_inputs_it_names_and_no_other(stems: str) -> None:
    scenes = load_scenes([stems])
    listening = listen(VENUE, 48000, 2, scenes)
    assert {"drums:level", "keys:level"} <= set(listening.layout.names)
    rng = np.random.default_rng(0)
    sound = np.zeros((48000, 2), np.float32)
    sound[:, 0] = rng.standard_normal(48000) * 0.1
    listening.process(sound, 1.0)
    heard = listening.ring.since(0)
    assert heard is not None
    assert heard.frame["drums:level"] > 0.5
    assert heard.frame["keys:level"] == 0
    assert bind(Setlist(scenes), listening.layout, VENUE).patches[0].name == stems


def test_a_group_that_the_venue_has_not_is_a_mistake_that_says_what_to_write(stems: str) -> None:
    assert check(VENUE, [stems]) == []
    scenes = load_scenes([stems])
    found = check(Venue(), [stems])
    assert any("drums:level" in line for line in found)
    assert any("[inputs.drums] channels = [1, 2]" in line for line in found)
    with pytest.raises(SceneError, match="keys:level"):
        assemble(Setlist(scenes), Venue(), listen(Venue(), 48000, 2, scenes), ManualClock())


def test_only_what_scenes_ask_for_is_computed(stems: str) -> None:
    plain = listen(VENUE, 48000, 2)
    assert not any(":" in name for name in plain.layout.names)
    assert "drums:onset.bass" in features_of(VENUE.inputs)
    assert set(plain.layout.names) <= set(features_of(VENUE.inputs))


def test_a_sound_card_opens_the_channels_that_groups_name() -> None:
    assert open_sound("", VENUE.audio, most=8).ring.channels == 8
    assert open_sound("", VENUE.audio, most=2).ring.channels == 2


@pytest.mark.parametrize("name", ["low", "harmonic", "Drums", "a b"])
def test_groups_have_names_of_their_own(name: str, tmp_path: Path) -> None:
    path = tmp_path / "venue.toml"
    path.write_text(f'[inputs."{name}"]\nchannels = [1]\n')
    with pytest.raises(VenueError, match="inputs"):
        read_table(path, Venue, VenueError)


def test_controls_move_the_beat_clock() -> None:
    hop_s = 256 / 48000
    beat = BeatTracker(hop_s)
    for hop in range(int(4 / hop_s)):
        beat.step()
        if hop * hop_s // 0.5 > (hop - 1) * hop_s // 0.5:
            handle(beat, "beat.tap", beat.time_s)
    assert beat.bpm == pytest.approx(120, rel=0.02)
    handle(beat, "beat.halve", 0.0)
    assert beat.bpm == pytest.approx(60, rel=0.02)
    handle(beat, "beat.double", 0.0)
    assert beat.bpm == pytest.approx(120, rel=0.02)
    before = beat.beats_at(beat.time_s)
    handle(beat, "beat.earlier", 0.0)
    assert beat.beats_at(beat.time_s) > before
    handle(beat, "beat.later", 0.0)
    assert beat.beats_at(beat.time_s) == pytest.approx(before)


def test_keys_and_pads_reach_the_beat_clock() -> None:
    assert set(controls_of("beat clock")) <= set(KEYS.values())
    vocabulary = Vocabulary.of(listen(Venue(), 48000, 2).layout)
    scene = Scene(title="a", network="plain", knobs={"pad.1": "beat.tap"})
    patch = bind_scene(LoadedScene("a", scene), vocabulary)
    router = Router(patch.controls.binding)
    for name in ("pad.1", "beat.halve", "pad.2", "scene.1"):
        router.put(ControlEvent(1.0, name))
    assert router.beat_events.drain() == [ControlEvent(1.0, "beat.tap"), ControlEvent(1.0, "beat.halve")]
    assert [event.name for event in router.engine_events.drain()] == ["pad.2", "scene.1"]


def test_every_control_of_the_beat_clock_is_handled() -> None:
    for name in controls_of("beat clock"):
        handle(BeatTracker(256 / 48000), name, 0.0)
    with pytest.raises(ValueError, match=r"scene\.1"):
        handle(BeatTracker(256 / 48000), "scene.1", 0.0)


def test_what_is_wrong_with_the_sound_is_reported() -> None:
    layout = listen(Venue(), 48000, 2).layout
    row = np.zeros(len(layout.names), np.float32)
    assert sound_warnings(FeatureFrame(0.0, layout, row)) == []
    for name, (_, text) in SOUND_WARNINGS.items():
        row = np.zeros(len(layout.names), np.float32)
        row[layout.index[name]] = 1.0
        assert sound_warnings(FeatureFrame(0.0, layout, row)) == [text]
