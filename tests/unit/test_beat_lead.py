"""Beat lead: laws on a steady beat, and the lag of the light behind the demo track's beats with a simulated latency."""

from dataclasses import dataclass
from functools import cache

import numpy as np
import pytest

from livegan.audio.demo import BEAT_S, demo_track
from livegan.audio.song import open_song
from livegan.config.load import LoadedScene
from livegan.config.scene import RouteTable, Scene
from livegan.core.rings import FeatureRing, Reader
from livegan.core.types import Layout
from livegan.engine.bind import bind_scene
from livegan.engine.telemetry import Meter
from livegan.engine.vocabulary import Vocabulary, parameter_table
from livegan.errors import SceneError
from livegan.features.listening import Listening
from livegan.mapping.beat_lead import MAX_LEAD_S, NAMES, BeatLead
from tests.building import CHROMA, PLAIN

FEATURES = (*NAMES, "beat.bpm", "beat.confidence")
INDEX = {name: i for i, name in enumerate(FEATURES)}


def beat_at(time_s: float, bpm: float, bar: int = 4, *, sure: float = 1.0, since_s: float = 1 / 60) -> list[float]:
    """The features of a steady beat, as a frame sees them that comes `since_s` after the one before."""
    beats = time_s * bpm / 60
    ago_s = [beats % count / bpm * 60 for count in (1, bar)]
    pulses = [1.0 if ago <= since_s else float(np.exp(-(ago - since_s) / 0.12)) for ago in ago_s]
    return [*pulses, beats % 1, beats % bar / bar, bpm, sure]


@pytest.mark.parametrize("bar", [2, 3, 4, 7])
@pytest.mark.parametrize("lead_s", [0.01, 0.08, 0.3])
@pytest.mark.parametrize("bpm", [70.0, 174.0])
def test_what_is_read_ahead_is_what_will_be_heard(bpm: float, lead_s: float, bar: int) -> None:
    lead = BeatLead(INDEX)
    for frame in range(600):
        time_s = frame / 60 + 0.0077
        led = lead.step(beat_at(time_s, bpm, bar), lead_s, 1 / 60)
        if frame > 300:  # a bar and a beat have been heard
            np.testing.assert_allclose(led, beat_at(time_s + lead_s, bpm, bar)[:4], atol=1e-6)


def test_without_a_lead_everything_is_as_heard() -> None:
    lead = BeatLead(INDEX)
    for frame in range(100):
        heard = beat_at(frame / 60, 100)
        assert list(lead.step(heard, 0.0, 1 / 60)) == heard[:4]
    assert lead.step([0.0] * 6, 0.1, 1 / 60) == (0, 0, 0, 0), "silence"


@pytest.mark.parametrize("fps", [15, 30, 60, 144])
def test_a_beat_falls_once_even_where_the_tracker_corrects_itself(fps: int) -> None:
    lead, rng, fell, was = BeatLead(INDEX), np.random.default_rng(0), [], 1.0
    for frame in range(20 * fps):
        heard = beat_at(frame / fps + rng.uniform(-0.02, 0.02) + 0.03, 120, since_s=1 / fps)
        value = lead.step(heard, 0.05, 1 / fps)[0]
        if value == 1 and was < 1:
            fell.append(frame / fps)
        was = value
    assert len(fell) == 40
    np.testing.assert_allclose(np.diff(fell), 0.5, atol=0.05 + 1 / fps)


def test_while_the_tracker_is_unsure_the_beat_is_that_which_is_heard() -> None:
    lead = BeatLead(INDEX)
    for frame in range(200):
        heard = beat_at(frame / 60, 120, sure=0.1)
        assert list(lead.step(heard, 0.1, 1 / 60)[:2]) == heard[:2]


@dataclass(frozen=True)
class Analysed:
    """What was heard of the demo track, hop by hop."""

    layout: Layout
    times_s: np.ndarray
    rows: np.ndarray


START_S, SETTLED_S, END_S = 8.0, 14.0, 24.0  # the drums come in; the tracker has found their beat


@cache
def demo() -> Analysed:
    song = open_song(demo_track())
    rate = song.sample_rate
    sound = song.read(int(END_S * rate))[int(START_S * rate) :]
    listening = Listening(rate, 2, everything=False, asked=[*FEATURES, "level", "bass", "mid", *CHROMA])
    times_s, rows = [], []
    for start in range(0, len(sound), 4800):
        listening.process(sound[start : start + 4800], (start + 4800) / rate)
    history = listening.ring.history(listening.ring.written)
    times_s, rows = history[0] + START_S, history[1].astype(np.float32)
    return Analysed(listening.layout, times_s, rows)


def lags_ms(lead: float | str, fps: int, input_s: float, draw_s: float, jitter_s: float) -> np.ndarray:
    """How long after each beat the light comes on, if sound comes `input_s` late and pictures take `draw_s` or more."""
    heard, rng, delays = demo(), np.random.default_rng(1), Meter(512)
    route = RouteTable(source="beat", target="effect.flash", amount=1, attack_s=0, release_s=0.1, lead=lead)  # type: ignore[arg-type]
    scene = Scene(title="T", network="plain", routes=(route,))
    patch = bind_scene(LoadedScene("t", scene), Vocabulary(heard.layout, parameter_table()), networks=[PLAIN])
    ring = FeatureRing(heard.layout)
    reader, features, written, delay_s = Reader(ring), None, 0, 0.0
    light, shown_s = [], []
    for frame in range(int(START_S * fps), int(END_S * fps)):
        due_s = frame / fps
        while written < len(heard.rows) and heard.times_s[written] <= due_s - input_s:
            ring.write(float(heard.times_s[written]), heard.rows[written])
            written += 1
        batch = reader.read()
        features = batch.frame if batch else features
        if features is None:
            continue
        if frame % (fps // 10) == 0:  # as often as the runtime
            delay_s = delays.percentiles()["p50"] / 1e3
        light.append(patch.plan(frame, due_s, 1 / fps, features, delay_s).effects.get("flash", 0.0))
        shown_s.append(due_s + draw_s + jitter_s * rng.random())
        delays.add(shown_s[-1] - due_s)
    on = np.array(shown_s)[1:][np.diff(light) > 0.2]
    beats = np.arange(SETTLED_S, END_S - 0.3, BEAT_S)
    nearest = on[np.abs(on - beats[:, None]).argmin(axis=1)]
    return 1e3 * (nearest - beats)


@pytest.mark.parametrize("fps", [30, 60])
@pytest.mark.parametrize(("input_s", "draw_s", "jitter_s"), [(0.0, 0.0, 0.0), (0.012, 0.03, 0.01), (0.02, 0.08, 0.02)])
def test_with_a_lead_the_light_coincides_with_the_demo_tracks_beats(
    fps: int, input_s: float, draw_s: float, jitter_s: float
) -> None:
    led, late = lags_ms("auto", fps, input_s, draw_s, jitter_s), lags_ms(0.0, fps, input_s, draw_s, jitter_s)
    assert abs(np.median(led)) <= 10
    assert np.median(late) >= 1e3 * (input_s + draw_s) - 10


def test_a_lead_in_seconds_makes_the_light_so_much_earlier() -> None:
    difference = np.median(lags_ms(0.1, 60, 0.0, 0.15, 0.0)) - np.median(lags_ms(0.0, 60, 0.0, 0.15, 0.0))
    assert difference == pytest.approx(-100, abs=17)


def test_a_lead_without_a_beat_is_a_mistake() -> None:
    layout = Layout((*FEATURES, "bass", "mid"), (False,) * 8)
    for source, count, wrong in (("bass", "beat", True), ("bass*beat", "beat", False)):
        route = RouteTable(source=source, target="noise", amount=1, lead="auto", count=count)
        scene = Scene(title="T", network="plain", routes=(route,))
        if wrong:
            with pytest.raises(SceneError, match=r"routes\.0\.lead: only a beat is known before it sounds; read"):
                bind_scene(LoadedScene("t", scene), Vocabulary(layout, parameter_table()), networks=[PLAIN])
        else:
            bind_scene(LoadedScene("t", scene), Vocabulary(layout, parameter_table()), networks=[PLAIN])
    for lead in (MAX_LEAD_S + 0.1, -0.1, "aut", True):
        with pytest.raises(ValueError, match='write lead = "auto", or seconds'):
            RouteTable(source="beat", target="noise", amount=1, lead=lead)  # type: ignore[arg-type]
