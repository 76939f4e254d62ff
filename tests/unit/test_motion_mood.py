"""The mood motion model: unlike music is elsewhere in z and asks for another picture; nearly alike changes nothing."""

from itertools import pairwise

import numpy as np
import pytest

from livegan.core.target import Target
from livegan.core.types import FeatureFrame, Layout
from livegan.mapping.motions.registry import MOTIONS, Motion, MotionSetup
from livegan.mapping.tag_memory import HOLD_S, LEADS, TURN_S, unlike
from livegan.networks.music_mood import usual_levels
from livegan.networks.music_tags import TAG_NAMES
from tests.building import PLAIN, heard
from tests.contracts.test_motions import DEFAULTS

USUAL = dict(zip(TAG_NAMES, (1 / (1 + np.exp(-usual_levels().mean))).tolist(), strict=True))
TECHNO = {"techno": 0.8, "electronic": 0.7, "beat": 0.5, "fast": 0.5}
CHOIR = {"choir": 0.8, "choral": 0.7, "opera": 0.4}


def music(tags: dict[str, float], gate: float = 1.0, **values: float) -> FeatureFrame:
    """Features of music with these tags; all others are at their usual level."""
    named = {f"tag.{name}": value * gate for name, value in {**USUAL, **tags}.items()}
    return heard(0.0, **named, **{"mood.happy": 0.25 * gate, "mood.calm": 0.75 * gate}, **values)


@pytest.fixture
def mood() -> Motion:
    return MOTIONS["mood"](MotionSetup([PLAIN], 3, MOTIONS["mood"].Settings()))


def play(motion: Motion, frame: FeatureFrame, seconds: float) -> tuple[np.ndarray, Target | None]:
    for _ in range(round(seconds * 4)):
        latent = motion.step(frame, {**DEFAULTS, "motion.meaning": 1.0}, 0.25)
    assert latent.z is not None
    return latent.z, latent.target


def test_unlike_music_is_elsewhere_and_asks_for_another_picture(mood: Motion) -> None:
    first, techno = play(mood, music(TECHNO), 20)
    second, choir = play(mood, music(CHOIR), 20)
    again, back = play(mood, music(TECHNO), 20)
    assert techno is not None
    assert choir is not None
    assert back is not None
    assert max(techno.classes, key=lambda name: techno.classes[name]) == "neon"
    assert unlike(techno, choir) > 0.4
    assert unlike(techno, back) < 0.2
    assert np.linalg.norm(first - second) > 2 * np.linalg.norm(first - again)


def test_a_target_stays_until_the_music_is_clearly_another(mood: Motion) -> None:
    _, techno = play(mood, music(TECHNO), 5)
    assert play(mood, music({**TECHNO, "fast": 0.3, "electro": 0.2}), 5)[1] is techno
    _, other = play(mood, music(CHOIR), 2)
    assert other is not techno
    assert play(mood, music(TECHNO), HOLD_S - 3)[1] is other, "it is held for a while"


def test_silence_and_missing_tags_keep_what_was_known(mood: Motion) -> None:
    _, techno = play(mood, music(TECHNO), 4)
    at, kept = play(mood, music(TECHNO, gate=0.1), 30)
    assert kept is techno
    assert np.isfinite(at).all()
    names = ("level", "bass", "mood.energy")
    bare = FeatureFrame(0.0, Layout(names, (False,) * 3), np.full(3, 0.5, np.float32))
    fresh = MOTIONS["mood"](MotionSetup([PLAIN], 3, MOTIONS["mood"].Settings()))
    at, none = play(fresh, bare, 5)
    assert none is None
    assert np.isfinite(at).all()


def test_classes_of_one_mood_take_turns_by_their_shares(mood: Motion) -> None:
    leaders = []
    for _ in range(10):
        _, target = play(mood, music(CHOIR), TURN_S)
        assert target is not None
        leaders += [name for name, share in target.classes.items() if share == pytest.approx(LEADS)]
    assert len(set(leaders)) > 1
    assert len(leaders) == 10
    assert len(play(mood, music(CHOIR), 1)[1].understood) > 0  # type: ignore[union-attr]


def test_energy_is_the_pace(mood: Motion) -> None:
    still, wild = (MOTIONS["mood"](MotionSetup([PLAIN], 3, MOTIONS["mood"].Settings())) for _ in "12")
    way = []
    for motion, energy in ((still, 0.0), (wild, 1.0)):
        frame = heard(0.0, **{"mood.energy": energy})
        z = [motion.step(frame, {**DEFAULTS, "motion.meaning": 0.0}, 0.1).z for _ in range(300)]
        way.append(sum(float(np.linalg.norm(b - a)) for a, b in pairwise(z)))  # type: ignore[operator]
    assert way[1] > 2.5 * way[0]
