"""Remarks on input groups: what hears nothing, and what nothing listens to, is said before the film or the show."""

import numpy as np
import pytest

from livegan.audio.device import SoundCard
from livegan.config.venue import AudioTable, InputTable, Venue
from livegan.engine.input_groups import silent_groups, unread_stems
from livegan.engine.listening_stage import listening_stage
from livegan.engine.sound import open_sound

INPUTS = {"voice": InputTable(channels=(3, 4)), "keys": InputTable(channels=(2, 3)), "drums": InputTable(channels=(1,))}


def test_groups_on_channels_that_the_sound_has_not_are_told() -> None:
    assert silent_groups(INPUTS, 2) == [
        "The sound has 2 channels: [inputs.voice] channels = [3, 4] hears nothing.",
        "The sound has 2 channels: [inputs.keys] channels = [2, 3] hears only 2.",
    ]
    assert silent_groups(INPUTS, 4) == []
    assert silent_groups(INPUTS, 2, ["voice", "keys"]) == []  # stems are in their place


def test_stems_that_no_scene_reads_are_told() -> None:
    heard = ["bass", "drums.harmonic:level", "voice:onset", "low:level"]
    assert unread_stems(["drums", "voice"], heard) == []
    assert unread_stems(["druns"], heard) == ["No scene reads the stem 'druns'; did you mean 'drums'?"]
    assert unread_stems(["xyz"], []) == ["No scene reads the stem 'xyz'; a source that does is \"xyz:onset\""]


def test_a_group_of_the_venue_hears_no_stem_that_is_called_otherwise() -> None:
    venue = Venue(inputs={"voice": InputTable(channels=(3,))})
    listening = listening_stage(venue, 48000, 3, ["voice:level", "drums:level"], stems={"drums": (3,)})
    sound = np.zeros((24000, 3), np.float32)
    sound[:, 2] = np.random.default_rng(0).standard_normal(24000) * 0.1
    listening.process(sound, 0.5)
    heard = listening.ring.since(0)
    assert heard is not None
    assert (heard.frame["voice:level"], heard.frame["drums:level"] > 0.5) == (0, True)


@pytest.mark.parametrize(("channels", "most", "opened"), [(0, 2, 2), (1, 0, 1), (1, 2, 2), (1, 4, 4), (8, 4, 8)])
def test_a_sound_card_opens_every_channel_that_a_group_names(channels: int, most: int, opened: int) -> None:
    card = open_sound("some card", AudioTable(channels=channels), most=most)
    assert isinstance(card, SoundCard)
    assert card.ring.channels == opened
