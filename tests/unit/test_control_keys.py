from livegan.control.keys import HERE, KEYS


def test_every_scene_of_a_set_has_a_key() -> None:
    assert [KEYS[str(number)] for number in range(1, 10)] == [f"scene.{number}" for number in range(1, 10)]
    assert {KEYS["Left"], KEYS["Right"]} == {"scene.previous", "scene.next"}


def test_whatever_the_window_does_itself_has_a_key() -> None:
    assert set(KEYS.values()) >= HERE - {"master"}, "master is a fader, keys move it up and down"


def test_somebody_can_always_leave() -> None:
    assert KEYS["Esc"] == "quit"
