"""Scenes written with the parameter names of lucid-sonic-dreams."""

from contextlib import suppress
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from livegan.config.load import LoadedScene, load_scenes
from livegan.config.lucid_names import NAMES, with_own_names
from livegan.config.scene import Scene
from livegan.config.venue import InputTable, Venue
from livegan.engine import bind
from livegan.engine.vocabulary import Vocabulary

EVERY = """
title = "Every name of hallucinate() that means something live"
style = "patterns"
classes = [1, 2, 3]
flash_strength = 0.3
flash_percussive = true
[motion]
speed_fpm = 15
pulse_percussive = true
pulse_harmonic = false
pulse_react = 0.6
motion_percussive = false
motion_harmonic = true
motion_react = 0.4
motion_randomness = 0.7
truncation = 0.9
dominant_classes_first = true
class_pitch_react = 0.8
class_smooth_seconds = 2
class_complexity = 0.6
class_shuffle_seconds = 8
class_shuffle_strength = 0.25
pulse_audio = "drums"
motion_audio = "keys"
class_audio = "keys"
contrast_audio = "bass"
[parameters]
contrast_strength = 0.7
truncation = 0.8
"""
VENUE = Venue(inputs={name: InputTable(channels=(1,)) for name in ("drums", "keys", "bass")})


def read(tmp_path: Path, text: str) -> LoadedScene:
    path = tmp_path / "theirs.toml"
    path.write_text(text)
    return load_scenes([str(path)])[0]


def opened(tmp_path: Path, text: str) -> Scene:
    loaded = read(tmp_path, text)
    assert loaded.mistakes == ()
    assert loaded.scene is not None
    vocabulary = Vocabulary.of(bind.listen(VENUE, 48000, 2, [loaded]).layout)
    assert bind.check_scene(loaded, vocabulary).mistakes == ()
    return loaded.scene


def test_a_scene_with_every_name_opens_and_means_what_it_says(tmp_path: Path) -> None:
    scene = opened(tmp_path, EVERY)
    assert scene.network == "patterns"
    assert scene.classes == (1, 2, 3)
    assert dict(scene.parameters) == {
        "truncation": 0.8,
        "motion.speed": 15,
        "motion.pulse": 0.6,
        "motion.drift": 0.4,
        "motion.randomness": 0.7,
        "motion.truncation": 0.9,
        "class.dominant": 1,
        "class.react": 0.8,
        "class.smooth": 2,
        "class.complexity": 0.6,
        "class.shuffle": 8,
        "class.turn": 0.25,
    }
    (motion,) = scene.motion
    extra = {"original": True, "pulse_from": "drums:amplitude", "drift_from": "keys:amplitude", "chroma_of": "keys"}
    assert motion.model_extra == extra
    routes = [(route.source, route.target, route.amount) for route in scene.routes]
    assert routes == [("bass:amplitude", "effect.contrast", 0.7), ("percussive:amplitude", "effect.flash", 0.3)]


@pytest.mark.parametrize(
    ("flags", "source"),
    [
        ("", "percussive:amplitude"),
        ("pulse_percussive = false\npulse_harmonic = true", "harmonic:amplitude"),
        ("pulse_percussive = true\npulse_harmonic = true", "amplitude"),
        ("pulse_percussive = false\npulse_harmonic = false", "amplitude"),
    ],
)
def test_percussive_and_harmonic_choose_as_there(tmp_path: Path, flags: str, source: str) -> None:
    scene = opened(tmp_path, f'title = "x"\nnetwork = "patterns"\npulse_react = 0.5\n{flags}')
    assert (scene.motion[0].model_extra or {})["pulse_from"] == source
    assert (scene.motion[0].model_extra or {})["drift_from"] == "harmonic:amplitude"


def test_a_list_of_moments_turns_the_classes_at_those(tmp_path: Path) -> None:
    scene = opened(tmp_path, 'title = "x"\nnetwork = "patterns"\nclass_shuffle_seconds = [3, 8.5]')
    assert (scene.motion[0].model_extra or {})["shuffle_at"] == [3, 8.5]
    assert "class.shuffle" not in scene.parameters


def test_livegans_own_words_have_the_last_word(tmp_path: Path) -> None:
    text = """
title = "x"
network = "patterns"
pulse_react = 0.5
[motion]
original = false
pulse_from = "onset"
[parameters]
motion.pulse = 0.9
"""
    scene = opened(tmp_path, text)
    assert scene.parameters["motion.pulse"] == 0.9
    assert (scene.motion[0].model_extra or {})["original"] is False
    assert (scene.motion[0].model_extra or {})["pulse_from"] == "onset"


def test_of_several_motion_models_it_is_the_lucid_one(tmp_path: Path) -> None:
    text = """
title = "x"
network = "patterns"
[[motion]]
model = "spectrum"
[[motion]]
model = "lucid"
speed_fpm = 30
"""
    assert opened(tmp_path, text).parameters["motion.2.speed"] == 30


def test_a_scene_without_them_is_left_alone(tmp_path: Path) -> None:
    scene = opened(tmp_path, 'title = "x"\nnetwork = "patterns"\nclasses = [1]\n[parameters]\ntruncation = 0.7')
    assert dict(scene.parameters) == {"truncation": 0.7}
    assert scene.motion[0].model_extra == {}


@pytest.mark.parametrize(
    ("line", "mistake"),
    [
        ('class_shuffle_seconds = ["soon"]', "class_shuffle_seconds: unknown key"),
        ('pulse_react = "much"', "pulse_react: unknown key"),
        ("fps = 43", "fps: unknown key"),
        ("speed_fmp = 12", "speed_fmp: unknown key"),
    ],
)
def test_what_cannot_be_played_is_a_mistake(tmp_path: Path, line: str, mistake: str) -> None:
    loaded = read(tmp_path, f'title = "x"\nnetwork = "patterns"\n{line}')
    assert mistake in "\n".join(loaded.mistakes)


@pytest.mark.parametrize("odd", ["motion = 3", "motion = [3]", "parameters = 3", "routes = 3", "[motion]\nmodel = 3"])
def test_odd_files_are_mistakes_and_nothing_worse(tmp_path: Path, odd: str) -> None:
    assert read(tmp_path, f'title = "x"\npulse_react = 1\nflash_strength = 1\n{odd}').mistakes


def test_the_names_in_the_documentation_are_these() -> None:
    text = (Path(__file__).parents[2] / "docs" / "motions.md").read_text(encoding="utf-8")
    for name in NAMES:
        assert f"`{name}`" in text, name


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(sorted(NAMES)), inner, max_size=3),
    max_leaves=6,
)
TABLES = st.dictionaries(
    st.sampled_from([*sorted(NAMES), "model", "motion", "parameters", "routes", "x"]), JUNK, max_size=5
)


@settings(max_examples=30)
@given(TABLES, JUNK | TABLES, JUNK | TABLES | st.lists(TABLES, max_size=3), JUNK)
def test_no_file_is_too_odd_to_be_read(scene: dict[str, Any], parameters: Any, motion: Any, routes: Any) -> None:
    raw = {**scene, "title": "x", "parameters": parameters, "motion": motion, "routes": routes}
    before = deepcopy(raw)
    own = with_own_names(raw)
    assert own["title"] == "x"
    assert repr(raw) == repr(before), "it was changed"
    with suppress(ValidationError):
        Scene.model_validate(own)
