from livegan.control.keys import KEYS
from livegan.core.events import controls_of


def test_every_scene_of_a_set_has_a_key() -> None:
    assert [KEYS[str(number)] for number in range(1, 10)] == [f"scene.{number}" for number in range(1, 10)]
    assert {KEYS["Left"], KEYS["Right"]} == {"scene.previous", "scene.next"}


def test_every_control_of_the_window_has_a_key() -> None:
    assert set(KEYS.values()) >= set(controls_of("window")) - {"master"}, "master is a fader, keys move it up and down"


def test_a_key_quits() -> None:
    assert KEYS["Esc"] == "quit"
