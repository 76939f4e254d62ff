"""lucid-sonic-dreams' Python interface: every parameter of it works here, and says what to give where it cannot."""

import inspect
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import av
import numpy as np
import pytest
import soundfile

import livegan
from livegan.errors import LiveganError
from livegan.networks.info import NetworkInfo
from livegan.networks.library import find_network
from livegan.studio.hallucinate import EffectsGenerator, LucidSonicDream
from livegan.studio.lucid_scene import Dream, dream
from tests.tiny_networks import tiny

CONSTRUCTOR = {  # the parameters of version 0.4, in order, and their defaults
    "song": inspect.Parameter.empty,
    **dict.fromkeys(("pulse_audio", "motion_audio", "class_audio", "contrast_audio", "flash_audio")),
    "style": "house-256",  # there 'wikiart', which is not here
    "input_shape": None,
    "num_possible_classes": None,
}
HALLUCINATE: dict[str, Any] = {
    "file_name": inspect.Parameter.empty,
    "output_audio": None,
    "fps": 43,
    "resolution": None,
    "start": 0,
    "duration": None,
    "save_frames": False,
    "batch_size": 1,
    "speed_fpm": 12,
    "pulse_percussive": True,
    "pulse_harmonic": False,
    "pulse_react": 0.5,
    "motion_percussive": False,
    "motion_harmonic": True,
    "motion_react": 0.5,
    "motion_randomness": 0.5,
    "truncation": 1,
    "classes": None,
    "dominant_classes_first": False,
    "class_pitch_react": 0.5,
    "class_smooth_seconds": 1,
    "class_complexity": 1,
    "class_shuffle_seconds": None,
    "class_shuffle_strength": 0.5,
    "contrast_strength": None,
    "contrast_percussive": None,
    "flash_strength": None,
    "flash_percussive": None,
    "custom_effects": None,
    "truncation_psi": 1.0,
}
AUDIO = ("pulse_audio", "motion_audio", "class_audio", "contrast_audio", "flash_audio")
NET = NetworkInfo("net", Path("net.json"), "stylegan2", (16, 16), z_dim=8, c_dim=20, w_dim=8)


def dreamed(song: Path = Path("song.wav"), network: NetworkInfo = NET, **changed: Any) -> Dream:
    audio = {name: changed.pop(name, None) for name in AUDIO}
    effects = changed.pop("custom_effects", ())
    return dream(song, network, audio, HALLUCINATE | changed, effects)


def facts(made: Dream) -> Mapping[str, Any]:
    """What a dream's scene says, in one table."""
    scene = made.scene.scene
    assert scene is not None
    routes = {route.target: (route.source, route.amount) for route in scene.routes}
    return {**scene.parameters, **(scene.motion[0].model_extra or {}), **routes, "classes": scene.classes}


def test_parameters_and_defaults_are_those_of_lucid_sonic_dreams() -> None:
    own = list(inspect.signature(LucidSonicDream.__init__).parameters.values())[1:]
    assert {each.name: each.default for each in own} == CONSTRUCTOR
    others = inspect.signature(LucidSonicDream.hallucinate).parameters.values()
    theirs = [each for each in others if each.kind is not inspect.Parameter.KEYWORD_ONLY][1:]
    assert {each.name: each.default for each in theirs} == HALLUCINATE
    assert list(inspect.signature(EffectsGenerator).parameters) == ["func", "audio", "strength", "percussive"]


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({}, {"motion.pulse": 0.5, "pulse_from": "percussive:amplitude", "drift_from": "harmonic:amplitude"}),
        ({}, {"original": True, "truncation": 1.0, "motion.truncation": 1.0, "classes": ()}),
        ({"speed_fpm": 0}, {"motion.speed": 0}),
        ({"pulse_react": 1.5}, {"motion.pulse": 1.5}),
        ({"motion_react": 0.15}, {"motion.drift": 0.15}),
        ({"motion_randomness": 1}, {"motion.randomness": 1}),
        ({"truncation": 0.3}, {"motion.truncation": 0.3, "truncation": 1.0}),
        ({"truncation_psi": 0.7}, {"truncation": 0.7}),
        ({"pulse_harmonic": True}, {"pulse_from": "amplitude"}),
        ({"pulse_percussive": False}, {"pulse_from": "amplitude"}),
        ({"motion_percussive": True, "motion_harmonic": False}, {"drift_from": "percussive:amplitude"}),
        ({"classes": [3, 19]}, {"classes": (3, 19)}),
        ({"dominant_classes_first": True}, {"class.dominant": 1.0}),
        ({"class_pitch_react": 0.2}, {"class.react": 0.2}),
        ({"class_smooth_seconds": 4}, {"class.smooth": 4}),
        ({"class_complexity": 0.5}, {"class.complexity": 0.5}),
        ({"class_shuffle_seconds": 10}, {"class.shuffle": 10}),
        ({"class_shuffle_seconds": [3, 8.5]}, {"shuffle_at": [3, 8.5]}),
        ({"class_shuffle_strength": 0.1}, {"class.turn": 0.1}),
        ({"contrast_strength": 1}, {"effect.contrast": ("percussive:amplitude", 1.0)}),
        ({"contrast_percussive": False}, {"effect.contrast": ("amplitude", 0.5)}),
        ({"flash_strength": 0.3}, {"effect.flash": ("percussive:amplitude", 0.3), "effect.flash.range": 1.0}),
        ({"flash_percussive": True}, {"effect.flash": ("percussive:amplitude", 0.5)}),
        ({"pulse_audio": "drums.wav"}, {"pulse_from": "pulse:amplitude"}),
        ({"pulse_audio": "song.wav"}, {"pulse_from": "amplitude"}),
        ({"motion_audio": "other.wav"}, {"drift_from": "motion:amplitude"}),
        ({"class_audio": "keys.wav"}, {"chroma_of": "class"}),
        ({"contrast_audio": "bass.wav"}, {"effect.contrast": ("contrast.percussive:amplitude", 0.5)}),
        ({"flash_audio": "voice.wav", "flash_percussive": False}, {"effect.flash": ("flash:amplitude", 0.5)}),
    ],
)
def test_each_parameter_means_there_what_it_means_here(changed: dict[str, Any], expected: dict[str, Any]) -> None:
    said = facts(dreamed(**changed))
    assert {name: said[name] for name in expected} == expected


def test_without_their_parameters_there_is_no_contrast_and_no_flash() -> None:
    assert not {"effect.contrast", "effect.flash"} & set(facts(dreamed()))


def test_tracks_of_one_file_are_one_group() -> None:
    made = dreamed(pulse_audio="a.wav", motion_audio="b.wav", flash_audio="a.wav")
    assert made.tracks == {"pulse": Path("a.wav"), "motion": Path("b.wav")}
    assert facts(made)["effect.flash"] == ("pulse.percussive:amplitude", 0.5)


def negative(array: Any, strength: float, amplitude: float) -> Any:
    return 255 - array


def test_custom_effects_have_their_own_track_strength_and_part() -> None:
    effects = [EffectsGenerator(negative), EffectsGenerator(negative, "b.wav", 0.2, percussive=False)]
    made = dreamed(custom_effects=effects, motion_audio="b.wav")
    assert [(table.amplitude_from, table.strength) for table in made.effects] == [
        ("percussive:amplitude", 0.5),
        ("motion:amplitude", 0.2),
    ]
    assert [made.functions[table.function] for table in made.effects] == [negative, negative]


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"speed_fpm": 121}, r"speed_fpm=121 is not a number in 0\.\.120"),
        ({"speed_fpm": "fast"}, "speed_fpm='fast'"),
        ({"pulse_react": -1}, "pulse_react=-1"),
        ({"motion_react": 2.5}, "motion_react=2.5"),
        ({"motion_randomness": 1.1}, "motion_randomness=1.1"),
        ({"truncation": 2}, "truncation=2"),
        ({"truncation_psi": 9}, "truncation_psi=9"),
        ({"class_pitch_react": 3}, "class_pitch_react=3"),
        ({"class_smooth_seconds": 11}, "class_smooth_seconds=11"),
        ({"class_complexity": 2}, "class_complexity=2"),
        ({"class_shuffle_seconds": "often"}, "class_shuffle_seconds='often'"),
        ({"class_shuffle_seconds": [1, -2]}, "class_shuffle_seconds=-2"),
        ({"class_shuffle_strength": True}, "class_shuffle_strength=True"),
        ({"contrast_strength": 1.5}, "contrast_strength=1.5"),
        ({"flash_strength": 1.5}, "flash_strength=1.5"),
        ({"classes": []}, r"classes=\[\]"),
        ({"classes": list(range(13))}, "1 to 12"),
        ({"classes": [1, 20]}, r"0\.\.19; leave 20 out"),
        ({"custom_effects": [negative]}, r"EffectsGenerator\(function\)"),
        ({"custom_effects": [EffectsGenerator(negative)] * 5}, "at most 4"),
    ],
)
def test_what_cannot_be_played_is_said_with_the_value(changed: dict[str, Any], sentence: str) -> None:
    with pytest.raises(LiveganError, match=sentence):
        dreamed(**changed)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A song of half a second, a drum track, and a tiny network with the name of lucid-sonic-dreams' first example."""
    path = tmp_path_factory.mktemp("dream")
    beat = np.sin(2 * np.pi * 220 * np.arange(12000) / 24000) * (np.arange(12000) % 6000 < 900)
    for name in ("song.wav", "drums.wav", "unfaith.wav", "chemical_love.wav"):
        soundfile.write(path / name, (0.5 * beat).astype(np.float32), 24000)
    tiny(path, "stylegan2", "abstract-photos")
    return path


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"song": "nowhere.mp3"}, "song='nowhere.mp3'"),
        ({"pulse_audio": "nowhere.wav"}, "pulse_audio='nowhere.wav'"),
        ({"style": "horse"}, "livegan networks add horse"),
        ({"style": "hous-256"}, "did you mean 'house-256'"),
        ({"style": "plain", "input_shape": 512}, "input_shape=512"),
        ({"style": negative, "input_shape": 4}, "num_possible_classes=1000"),
        ({"style": negative, "input_shape": 4, "num_possible_classes": 0}, "noise_batch"),
        ({"fsp": 25}, "did you mean 'fps'"),
        ({"fps": 0}, "0"),
        ({"resolution": 3}, "resolution=3"),
        ({"start": -1}, "start=-1"),
        ({"duration": 0}, "duration=0"),
        ({"batch_size": 0}, "batch_size=0"),
        ({"seed": -1}, "seed=-1"),
        ({"output_audio": "nowhere.wav"}, "output_audio='nowhere.wav'"),
    ],
)
def test_mistakes_are_told_before_anything_is_rendered(
    folder: Path, tmp_path: Path, changed: dict[str, Any], sentence: str
) -> None:
    song = changed.pop("song", folder / "song.wav") if "song" in changed else folder / "song.wav"
    with pytest.raises(LiveganError, match=sentence):
        livegan.hallucinate(song, tmp_path / "film.mp4", **({"style": "plain"} | changed))
    assert not list(tmp_path.iterdir())


def test_an_effect_of_other_arguments_is_refused() -> None:
    with pytest.raises(LiveganError, match="array, strength and amplitude"):
        EffectsGenerator(lambda picture: picture)


def seen(path: Path) -> tuple[int, tuple[int, int], float]:
    with av.open(str(path)) as film:
        video = film.streams.video[0]
        return video.frames, (video.width, video.height), float(video.average_rate or 0)


def test_a_function_draws_with_tracks_and_effects_of_its_own(folder: Path, tmp_path: Path) -> None:
    calls: list[tuple[Any, ...]] = []

    def draw(noise_batch: Any, class_batch: Any) -> Any:
        calls.append((noise_batch.shape, noise_batch.dtype, class_batch.shape))
        from PIL import Image

        grey = np.full((24, 32), 128 + 20 * noise_batch[0, 0], np.uint8)
        return [Image.fromarray(grey)]

    amplitudes: list[float] = []

    def note(array: Any, strength: float, amplitude: float) -> Any:
        amplitudes.append(amplitude)
        return array

    path = livegan.hallucinate(
        folder / "song.wav",
        tmp_path / "film",
        style=draw,
        input_shape=6,
        num_possible_classes=5,
        pulse_audio=folder / "drums.wav",
        output_audio=folder / "drums.wav",
        fps=20,
        start=0.1,
        duration=0.3,
        resolution=64,
        save_frames=True,
        custom_effects=[EffectsGenerator(note, audio=folder / "drums.wav", percussive=False)],
    )
    assert path == tmp_path / "film.mp4"
    assert seen(path) == (6, (64, 48), 20.0)
    assert set(calls) == {((1, 6), np.dtype(np.float32), (1, 5))}
    assert len(amplitudes) == 6
    assert len(list((tmp_path / "film_frames").glob("*.png"))) == 6


EXAMPLES = """
from lucidsonicdreams import LucidSonicDream

L = LucidSonicDream(song = 'chemical_love.wav',
                    style = 'abstract photos')

L.hallucinate(file_name = 'chemical_love.mp4')

import numpy as np
from skimage.transform import swirl
from lucidsonicdreams import EffectsGenerator

def swirl_func(array, strength, amplitude):
  swirled_image = swirl(array,
                        rotation = 0,
                        strength = 100 * strength * amplitude,
                        radius=650)
  return (swirled_image*255).astype(np.uint8)

swirl_effect = EffectsGenerator(swirl_func,
                                audio = 'unfaith.wav',
                                strength = 0.2,
                                percussive = False)

L = LucidSonicDream('unfaith.wav',
                    style = 'abstract photos')

L.hallucinate('unfaith.mp4',
              motion_react = 0.15,
              speed_fpm = 2,
              pulse_react = 1.5,
              contrast_strength = 1,
              flash_strength = 1,
              custom_effects = [swirl_effect])
"""
"""The examples that made it known, but for the songs' endings."""


def test_its_examples_run_with_another_import_line(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    skimage = ModuleType("skimage.transform")
    skimage.swirl = lambda array, **how: array[::-1] / 255  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "skimage", ModuleType("skimage"))
    monkeypatch.setitem(sys.modules, "skimage.transform", skimage)
    monkeypatch.setattr("livegan.networks.library.installed_folder", lambda: folder)
    monkeypatch.chdir(tmp_path)
    for name in ("chemical_love.wav", "unfaith.wav"):
        (tmp_path / name).write_bytes((folder / name).read_bytes())
    exec(EXAMPLES.replace("from lucidsonicdreams import", "from livegan import"), {})
    for name in ("chemical_love.mp4", "unfaith.mp4"):
        assert seen(tmp_path / name) == (22, (16, 16), 43.0)


def test_the_page_has_every_parameter_and_its_function_draws(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (Path(__file__).parents[2] / "docs" / "lucid-sonic-dreams.md").read_text(encoding="utf-8")
    for name in (*CONSTRUCTOR, *HALLUCINATE, "seed", "device", "overwrite"):
        assert f"`{name}" in text, name
    first, second = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    compile(first, "first block", "exec")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "song.mp3").write_bytes((folder / "song.wav").read_bytes())
    exec(second, {})
    assert seen(tmp_path / "ramp.mp4") == (22, (64, 64), 43.0)


def test_styles_are_the_networks_here_and_those_of_the_catalogue(capsys: pytest.CaptureFixture[str]) -> None:
    livegan.show_styles()
    printed = capsys.readouterr().out.splitlines()
    assert find_network("house-256").name in printed
    assert "horse    (livegan networks add horse)" in printed
