"""Groups that no playing scene reads are not computed, and come back without a false onset."""

import numpy as np
import pytest

from livegan.core.types import Samples
from livegan.features.group import Group
from livegan.features.listening import WARM_UP_S, Listening

RATE = 48000
ASKED = ("harmonic:level", "percussive:onset", "drums:level", "drums.low:level")
NOISE = (0.1 * np.random.default_rng(1).standard_normal((3 * RATE, 2))).astype(np.float32)


@pytest.fixture
def listening() -> Listening:
    return Listening(RATE, 2, groups={"drums": (1,)}, asked=ASKED)


def row(listening: Listening, samples: Samples, end_s: float) -> dict[str, float]:
    """The features after these samples."""
    listening.process(samples, end_s)
    batch = listening.ring.since(0)
    assert batch is not None
    return {name: batch.frame[name] for name in listening.layout.names}


def test_all_groups_are_heard_where_nobody_says_otherwise(listening: Listening) -> None:
    values = row(listening, NOISE[:RATE], 1.0)
    assert all(values[name] > 0 for name in ASKED if name.endswith("level"))


def test_what_nobody_wants_is_zero_and_not_computed(listening: Listening, monkeypatch: pytest.MonkeyPatch) -> None:
    stepped: list[Group] = []
    step = Group.step
    monkeypatch.setattr(Group, "step", lambda group, *rest: (stepped.append(group), step(group, *rest))[1])
    listening.wanted = frozenset({"", "harmonic"})
    values = row(listening, NOISE[:RATE], 1.0)
    assert values["harmonic:level"] > 0
    assert values["percussive:onset"] == values["drums.low:level"] == 0
    assert values["drums:level"] > 0  # a part is made from it
    assert {id(group) for group in stepped} == {id(listening._groups[name]) for name in ("", "drums", "harmonic")}


def test_a_group_that_comes_back_says_nothing_until_it_has_heard_enough(listening: Listening) -> None:
    listening.wanted = frozenset()
    row(listening, NOISE[:RATE], 1.0)
    listening.wanted = frozenset({"percussive", "drums.low"})
    early = round((WARM_UP_S - 0.05) * RATE)
    before = row(listening, NOISE[RATE : RATE + early], 1.0 + early / RATE)
    assert before["drums.low:level"] == 0
    after = row(listening, NOISE[RATE + early :], 3.0)
    assert after["drums.low:level"] > 0
    assert not [event for event in listening.events if event.name == "percussive:onset"]  # steady noise has none


def test_a_group_whose_beat_is_asked_for_hears_everything() -> None:
    listening = Listening(RATE, 2, groups={"drums": (1,)}, asked=("drums:beat", "drums:level"))
    listening.wanted = frozenset()
    assert row(listening, NOISE[:RATE], 1.0)["drums:level"] > 0
