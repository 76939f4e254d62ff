"""The tempo range: what may be written, and that the beat is looked for inside it, live and without a jump."""

import re
import tomllib
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livegan.config.load import LoadedScene, load_scenes, load_venue
from livegan.config.save import scene_text
from livegan.config.scene import Scene
from livegan.config.venue import Venue
from livegan.core.beat_line import BeatLine
from livegan.core.tempo_range import ANY_TEMPO, TempoRange, parse_tempo_range, tempo_range_text
from livegan.core.types import Samples
from livegan.engine.bind import listen as stage
from livegan.errors import VenueError
from livegan.features.clock_choice import ClockChoice
from livegan.features.listening import Listening
from tests.screen import ROOT
from tests.shows import plain_show

RATE, BPM, SECONDS = 48000, 88.0, 9.5
ASKED = ["beat", "beat.phase", "beat.bpm", "beat.confidence"]

number = st.one_of(st.floats(-500, 500), st.integers(-10, 400), st.sampled_from([50, 54, 57.9, 207, 215, 215.1]))
anything = st.one_of(
    st.tuples(number, number).map(list),
    st.lists(number, max_size=4),
    st.sampled_from(["70-180", True, 120, None, [True, 90], ["70", 180], [70, float("nan")], {"low": 70}]),
)


@settings(deadline=None)
@given(anything)
def test_what_is_refused_says_what_can_be_written_instead(value: object) -> None:
    try:
        slowest, fastest = parse_tempo_range(value)
    except ValueError as error:
        instead = tomllib.loads(re.findall(r"tempo = \[.*\]", str(error))[0])["tempo"]
        slowest, fastest = parse_tempo_range(instead)
    else:
        assert [slowest, fastest] == list(value)  # type: ignore[call-overload]
    assert ANY_TEMPO[0] <= slowest <= fastest - 8 <= ANY_TEMPO[1] - 8


def test_the_whole_range_is_shown_as_nothing() -> None:
    assert tempo_range_text(ANY_TEMPO) == ""
    assert tempo_range_text((70.0, 180.0)) == "70-180"
    assert tempo_range_text(Venue().time.tempo) == ""


def written(folder: Path, text: str) -> Path:
    path = folder / "mine.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_venue_says_it_and_mistakes_name_the_value(tmp_path: Path) -> None:
    assert load_venue(written(tmp_path, "[time]\ntempo = [70, 180]\n")).time.tempo == (70.0, 180.0)
    with pytest.raises(VenueError) as caught:
        load_venue(written(tmp_path, "[time]\ntempo = [180, 70]\n"))
    assert "time.tempo: the slower tempo comes first; write tempo = [70, 180], got [180, 70]" in str(caught.value)


def test_a_scene_says_it_and_keeps_it_when_it_is_saved(tmp_path: Path) -> None:
    path = written(tmp_path, 'title = "Slow"\nnetwork = "plain"\ntempo = [60, 100]\n')
    (loaded,) = load_scenes([str(path)])
    assert loaded.scene is not None
    assert loaded.scene.tempo == (60.0, 100.0)
    assert tomllib.loads(scene_text(loaded.scene))["tempo"] == [60.0, 100.0]
    (wrong,) = load_scenes([str(written(tmp_path, 'title = "Slow"\nnetwork = "plain"\ntempo = [20, 100]\n'))])
    (line,) = wrong.mistakes
    assert line.endswith(
        "tempo: tempi of 50 to 215 beats a minute can be heard; write tempo = [50, 100], got [20, 100]"
    )


def test_the_scene_in_the_guide_is_a_scene(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "tempo.md").read_text(encoding="utf-8")
    (text,) = re.findall(r"```toml scene\n(.*?)```", page, re.DOTALL)
    (loaded,) = load_scenes([str(written(tmp_path, text))])
    assert not loaded.mistakes
    assert loaded.scene is not None
    assert loaded.scene.tempo == (60.0, 110.0)


@cache
def drums() -> Samples:
    """A back beat at 88 with hats in eighths: 44, 88 and 176 are ways to count it."""
    rng = np.random.default_rng(1)
    sound = np.zeros(round(SECONDS * RATE))
    time = np.arange(round(0.25 * RATE)) / RATE
    noise = rng.standard_normal(len(time)) * (1 - time / 0.25)
    kick = np.sin(2 * np.pi * (55 * time + 3 * (1 - np.exp(-time / 0.02)))) * np.exp(-time / 0.08) * (1 - time / 0.25)
    snare = 0.4 * noise * np.exp(-time / 0.04) + 0.5 * np.sin(2 * np.pi * 190 * time) * np.exp(-time / 0.05)
    hat = 0.15 * np.diff(noise, prepend=0.0) * np.exp(-time / 0.02)
    for eighth in range(int((SECONDS - 0.8) * BPM / 30)):
        at = round((0.5 + eighth * 30 / BPM) * RATE)
        for drum, places in ((hat, range(8)), (kick, (0, 4, 5)), (snare, (2, 6))):
            if eighth % 8 in places:
                sound[at : at + len(drum)] += drum[: len(sound) - at]
    return np.repeat(0.4 * sound[:, None], 2, axis=1).astype(np.float32)


def tempo_at_the_end(listening: Listening) -> float:
    listening.process(drums(), SECONDS)
    return float(listening.ring.history(1)[1][0, listening.layout.index["beat.bpm"]])


@pytest.mark.parametrize(("tempi", "heard"), [((60.0, 110.0), 88.0), ((150.0, 200.0), 176.0)])
def test_half_or_double_time_is_counted_so_that_it_lies_in_the_range(tempi: TempoRange, heard: float) -> None:
    listening = Listening(RATE, 2, asked=ASKED, everything=False, tempo_range=tempi)
    assert tempo_at_the_end(listening) == pytest.approx(heard, rel=0.02)


def test_a_range_that_changes_moves_nothing_while_the_tempo_is_inside_and_doubles_it_where_it_is_not() -> None:
    asked, now = (Listening(RATE, 2, asked=ASKED, everything=False, tempo_range=(60.0, 110.0)) for _ in range(2))
    sound, turn = drums(), round(6.0 * RATE)
    rows = []
    for listening in (asked, now):
        listening.process(sound[:turn], 6.0)
        if listening is now:
            listening.expected = (80.0, 100.0)
        listening.process(sound[turn : turn + RATE], 7.0)
        rows.append(listening.ring.history(listening.ring.written)[1])
    bpm, phase = (asked.layout.index[name] for name in ("beat.bpm", "beat.phase"))
    assert rows[0][-1, bpm] == pytest.approx(88.0, rel=0.02)
    np.testing.assert_allclose(rows[0][:, phase], rows[1][:, phase], atol=0.02)
    now.expected = (150.0, 200.0)
    now.process(sound[turn + RATE :], SECONDS)
    heard = now.ring.history(now.ring.written)[1][len(rows[1]) :]
    assert heard[-1, bpm] == pytest.approx(176.0, rel=0.02)
    beats = np.flatnonzero(np.diff(heard[-200:, phase]) < -0.5) * 256 / RATE
    assert np.abs(np.diff(beats) - 60 / 176).max() < 0.03


def test_every_group_looks_for_it_and_a_scene_without_one_goes_back_to_the_venues(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from livegan.features.beat import BeatTracker

    told: list[TempoRange] = []
    monkeypatch.setattr(BeatTracker, "expect", lambda self, tempo_range: told.append(tempo_range))
    venue = Venue.model_validate({"time": {"tempo": [70, 180]}, "inputs": {"drums": {"channels": [1]}}})
    route = {"source": "drums:beat", "target": "effect.flash", "amount": 1.0}
    scene = Scene.model_validate({"title": "T", "network": "plain", "routes": [route]})
    listening = stage(venue, RATE, 2, [LoadedScene("t", scene)])
    assert told == [(70.0, 180.0)] * 2
    hop = np.zeros((listening.setup.hop, 2), np.float32)
    for k, expected in enumerate(((90.0, 100.0), (90.0, 100.0), None, None)):
        listening.expected = expected
        listening.process(hop, (k + 1) * listening.setup.hop_s)
        assert listening.tempo_range == (expected or (70.0, 180.0))
    assert told[2:] == [(90.0, 100.0)] * 2 + [(70.0, 180.0)] * 2


def test_what_is_tapped_may_lie_outside() -> None:
    listening = Listening(RATE, 2, clock_choice=ClockChoice(), tempo_range=(140.0, 200.0))
    listening.process(np.zeros((RATE, 2), np.float32), 1.0)
    for k in range(4):
        listening.handle("beat.tap", 1.0 + k * 0.75)
    listening.process(np.zeros((RATE, 2), np.float32), 4.0)
    assert listening.chosen_clock is not None
    assert listening.chosen_clock.reason == "tapped"
    assert listening.chosen_clock.line.bpm == pytest.approx(80.0)


class _Link:
    def line(self, time_s: float) -> BeatLine | None:
        return BeatLine(time_s, time_s, 60.0, "Link, 1 peer")


def test_the_scene_that_plays_decides_and_displays_say_so() -> None:
    show = plain_show(clock_choice=ClockChoice())
    show._listening.process(np.zeros((RATE, 2), np.float32), 1.0)
    assert show.clock_reason == "heard"
    patch = show.performer.patch
    patch.scene = patch.scene.model_copy(update={"tempo": (60.0, 100.0)})
    assert show.performer.scenes.tempo_range == (60.0, 100.0)
    show._frame(0, 0.0)
    assert show._listening.tempo_range == (60.0, 100.0)
    assert show.clock_reason == "heard within 60-100"
    linked = plain_show(clock_choice=ClockChoice("auto", {"link": _Link()}))
    linked._listening.expected = (60.0, 100.0)
    linked._listening.process(np.zeros((RATE, 2), np.float32), 1.0)
    assert linked.clock_reason == "Link, 1 peer"
