import pytest

from livegan.control.keys import KEYS, key_help, key_table, tidy
from livegan.errors import VenueError


def test_no_key_does_two_things() -> None:
    caps = [key.cap for key in KEYS]
    assert len(caps) == len(set(caps))
    assert all(tidy(cap) == cap for cap in caps), "the table spells keys as it asks others to"


def test_the_venue_may_add_keys_and_change_them() -> None:
    table = key_table({"p": "pad.1", "space": "blackout"})
    assert table["P"].event == "pad.1"
    assert table["Space"].event == "blackout"
    assert key_table()["Space"].event == "freeze", "the built-in table is left alone"


@pytest.mark.parametrize("keys", [{"Esc": "pad.1"}, {"escape": "pad.1"}, {"P": ""}, {" ": "pad.1"}])
def test_what_cannot_be_a_key_is_refused(keys: dict[str, str]) -> None:
    with pytest.raises(VenueError, match="keys: "):
        key_table(keys)


def test_help_names_every_key() -> None:
    text = "\n".join(key_help())
    assert all(key.cap in text for key in KEYS if not key.cap.isdigit())
    assert "1-9" in text
    assert "pad.7" in "\n".join(key_help(key_table({"k": "pad.7"})))
