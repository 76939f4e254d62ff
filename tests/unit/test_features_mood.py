"""Live tagging: in range on every sound, however it is cut; the same in a render and in a show that keeps up."""

import threading
import warnings
from pathlib import Path

import numpy as np
import pytest
import soundfile

from livegan.config.load import LoadedScene
from livegan.config.scene import Scene
from livegan.config.venue import Venue
from livegan.core.clock import WallClock
from livegan.engine import bind
from livegan.engine.patch_bay import source_mistakes
from livegan.engine.show import PlayOptions, set_up
from livegan.errors import SceneError
from livegan.features import Listening
from livegan.features.mood import LATER_S, NUMBERS
from livegan.features.slow_work import SlowWork
from livegan.networks.music_tags import TAG_NAMES
from livegan.networks.tag_table import tag_table
from tests.deadline import until

RECORD = np.load(Path(__file__).parents[1] / "golden" / "musicnn.npz")
RATE = 16000  # fewer samples than at 48 kHz, the same code
RNG = np.random.default_rng(3)
TIME = np.arange(4 * RATE) / RATE
BEAT = (RNG.standard_normal(4 * RATE) * np.exp(-20 * (TIME % 0.5)) * 0.3).astype(np.float32)[:, None]
SOUNDS = {
    "silence": np.zeros((4 * RATE, 1)),
    "denormals": np.full((4 * RATE, 1), 1e-42),
    "almost nothing": RNG.standard_normal((4 * RATE, 1)) * 1e-8,
    "DC": np.ones((4 * RATE, 1)),
    "clipping": np.sign(np.sin(2 * np.pi * 50 * TIME))[:, None] * 4,
    "not a number": np.where(RNG.random((4 * RATE, 1)) < 0.01, np.nan, RNG.standard_normal((4 * RATE, 1))),
    "absurdly loud": RNG.standard_normal((4 * RATE, 1)) * 1e37,
    "no channels": np.zeros((4 * RATE, 0)),
}


def listening(channels: int = 1) -> Listening:
    return Listening(RATE, channels, asked=["mood.energy"], everything=False)


def hear(sound: np.ndarray, block: int = 1600) -> np.ndarray:
    """Every hop, (hops, 102)."""
    made = listening(sound.shape[1])
    for start in range(0, len(sound), block):
        part = sound[start : start + block].astype(np.float32)
        made.process(part, (start + len(part)) / RATE)
    return made.ring.history(10_000)[1]


@pytest.mark.parametrize("name", SOUNDS)
def test_every_number_is_finite_and_in_range(name: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        rows = hear(SOUNDS[name])
    assert np.isfinite(rows).all()
    assert rows.min() >= 0
    assert rows.max() <= 1
    if name in ("silence", "denormals", "almost nothing", "no channels"):
        assert rows.max() == 0


def test_it_is_the_same_however_the_sound_is_cut() -> None:
    whole = hear(BEAT, len(BEAT))
    assert whole[-1].max() > 0.3
    assert np.array_equal(whole, hear(BEAT, 777))


def test_quarters_sum_to_one_and_silence_ends_it() -> None:
    made = listening()
    made.process(BEAT, 4.0)
    frame = made.ring.since(0).frame
    quarters = [frame[f"mood.{name}"] for name in ("happy", "tense", "sad", "calm")]
    assert sum(quarters) == pytest.approx(1.0, abs=0.02)
    made.process(np.zeros((5 * RATE, 1), np.float32), 9.0)
    assert not made.ring.since(0).frame.values.any()


def test_it_is_causal() -> None:
    rows = hear(BEAT)
    changed = BEAT.copy()
    changed[2 * RATE :] = 0.5 * np.sin(2 * np.pi * 220 * TIME[2 * RATE :])[:, None]
    other = hear(changed)
    hop_s = 4.0 / len(rows)
    until = int((2.0 + LATER_S) / hop_s) - 1
    assert np.array_equal(rows[:until], other[:until])
    assert not np.array_equal(rows, other)


def test_a_show_that_keeps_up_shows_what_a_render_shows() -> None:
    render, show = listening(), listening()
    (work,) = show.slow_work
    work.background = True
    hop = show.setup.hop
    stop, began = threading.Event(), threading.Event()

    def poll() -> None:
        while not stop.is_set():
            began.set()
            stop.wait(min(0.001, work.poll(0.0)))

    thread = threading.Thread(target=poll)
    thread.start()
    began.wait()
    try:
        for start in range(0, len(BEAT), hop):
            part = BEAT[start : start + hop]
            render.process(part, start / RATE)
            show.process(part, start / RATE)
            asked = work._asked.peek()
            while asked is not None and (work._done.peek() or (-1,))[0] != asked[0]:  # it keeps up
                stop.wait(0.001)
    finally:
        stop.set()
        thread.join()
    same, wanted = show.ring.history(10_000)[1], render.ring.history(10_000)[1]
    assert wanted[-1].max() > 0.3
    assert np.abs(same - wanted).max() < 1e-5  # threads add up in another order


def test_a_result_is_seen_when_it_is_due_late_or_never_but_once() -> None:
    done: list[int] = []
    work: SlowWork[int, int] = SlowWork(lambda n: (done.append(n), 10 * n)[1], 5)
    assert work.result(0) is None
    work.ask(0, 1)
    assert [work.result(hop) for hop in range(7)] == [None] * 5 + [10, None]  # a render waits
    work.background = True
    work.ask(7, 2)
    assert work.poll(0.0) == 0.0
    assert work.poll(0.0) > 0
    assert [work.result(hop) for hop in (8, 11, 12, 13)] == [None, None, 20, None]
    work.ask(14, 3)
    work.ask(20, 4)  # the newest wins
    work.poll(0.0)
    assert [work.result(hop) for hop in (24, 25, 60)] == [None, 40, None]
    work.ask(70, 5)
    work.poll(0.0)
    work.forget()
    assert work.result(90) is None
    assert done == [1, 2, 4, 5]


def scene(source: str) -> LoadedScene:
    table = Scene.model_validate({"title": "?", "routes": [{"source": source, "target": "effect.glow", "amount": 1}]})
    return LoadedScene("one", table)


def test_it_runs_only_where_a_scene_asks() -> None:
    assert "mood.energy" not in Listening(48000, 2).layout.names
    assert not bind.listen(Venue(), 48000, 2, [scene("bass")]).slow_work
    asked = bind.listen(Venue(), 48000, 2, [scene("0.5 * mood.energy + bass")])
    assert len(asked.slow_work) == 1
    assert set(asked.layout.names) >= {*(f"mood.{name}" for name in NUMBERS), *(f"tag.{name}" for name in TAG_NAMES)}
    split = bind.listen(Venue(), 48000, 2, [scene("percussive:tag.techno")])
    assert "percussive:mood.energy" in split.layout.names
    assert "mood.energy" not in split.layout.names


def test_no_networks_run_while_no_playing_scene_reads_it() -> None:
    made = listening()
    made.wanted = frozenset({""})
    made.process(BEAT, 4.0)
    assert not made.ring.since(0).frame.values.any()
    assert made.slow_work[0]._asked.peek() is None
    made.wanted = frozenset({"", ":mood"})
    made.process(BEAT, 8.0)
    assert made.ring.since(0).frame["mood.energy"] > 0


def test_a_wrong_name_is_told_with_the_nearest_right_one() -> None:
    wrong = scene("mood.enery")
    vocabulary = bind.Vocabulary.of(bind.listen(Venue(), 48000, 2, [wrong]).layout)
    assert any("did you mean 'mood.energy'" in line for line in bind.check_scene(wrong, vocabulary).mistakes)


def test_every_name_can_stand_in_an_expression() -> None:
    names = Listening(48000, 2, asked=["mood.energy"], everything=False).layout.index
    assert source_mistakes("0.5 * tag.no_vocals - tag.80s + max(tag.hip_hop, mood.calm)", names) == ()
    assert not [name for name in names if source_mistakes(name, names)]


def test_a_broken_table_of_the_user_is_told_before_the_show(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platformdirs.user_config_dir", lambda *_: str(tmp_path))
    (tmp_path / "tags.toml").write_text("[techno]\nwhy = 'x'\nenergy = 2\n")
    tag_table.cache_clear()
    try:
        bind.listen(Venue(), 48000, 2, [scene("bass")])
        with pytest.raises(SceneError, match=r"techno\.energy"):
            bind.listen(Venue(), 48000, 2, [scene("mood.energy")])
    finally:
        tag_table.cache_clear()


def test_a_scene_that_asks_when_nobody_listens_for_it_is_told_what_to_do() -> None:
    late = scene("mood.energy")
    vocabulary = bind.Vocabulary.of(bind.listen(Venue(), 48000, 2).layout)
    assert any("start it again" in line for line in bind.check_scene(late, vocabulary).mistakes)


def test_in_a_show_a_thread_of_its_own_tags_and_is_joined(tmp_path: Path) -> None:
    samples = np.repeat(RECORD["audio_techno"].astype(np.float32) / 32768, 3)
    soundfile.write(tmp_path / "song.wav", np.tile(samples, 2), 48000)
    (tmp_path / "moody.toml").write_text(
        'title = "Moody"\nnetwork = "plain"\n[[routes]]\nsource = "tag.techno"\ntarget = "effect.glow"\namount = 1.0\n'
    )
    audio = Venue().audio.model_copy(update={"input": str(tmp_path / "song.wav"), "monitor": False})
    options = PlayOptions(str(tmp_path / "moody.toml"), in_window=False, one_scene=True)
    show = set_up(Venue().model_copy(update={"audio": audio}), options, WallClock())
    with show.runtime as runtime:
        threads = {thread.name for thread in threading.enumerate()}
        until(lambda: runtime.performer.features["tag.techno"] > 0.02, "a tag")
    assert "livegan-tagging" in threads
    assert "livegan-tagging" not in {thread.name for thread in threading.enumerate()}
