"""Examples of sound, their targets and distortions, and a training that resumes exactly."""

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from livegan.errors import MediaError, TrainingError
from livegan.networks.hearing_bands import BANDS, FRAME_RATE, MIDDLES_HZ, QUIETEST
from livegan.networks.hearing_network import BEAT, BEAT_DELAY, DOWNBEAT, ONSET, ONSET_DELAY, PULSE
from livegan.studio.hearing.learn import LearningJob, learn_to_hear
from livegan.training.hearing.distort import distorted, microphone, room, stretched
from livegan.training.hearing.examples import Examples
from livegan.training.hearing.run import HearingOptions, check_run, train_hearing
from livegan.training.hearing.store import Example, read_example, read_store, targets, write_example
from livegan.training.hearing.trainer import HearingSettings, HearingTrainer

PERIOD_S = 0.5


def _clicks(seed: int = 0, seconds: float = 20.0, kind: str = "music") -> Example:
    """Noise with a burst on every beat."""
    rng = np.random.default_rng(seed)
    frames = int(seconds * FRAME_RATE)
    power = rng.normal(-6.0, 0.2, (frames, BANDS))
    beats = np.arange(0.3, seconds - 0.2, PERIOD_S)
    for beat in beats:
        at = int(beat * FRAME_RATE)
        power[at : at + 5] += np.linspace(3.0, 0.5, 5)[: len(power[at : at + 5]), None]
    events = {"beat": beats, "downbeat": beats[::4], "onset": beats}
    return Example(f"clicks-{seed}", kind, "clicks", 1.0, power.astype(np.float16), events)  # type: ignore[arg-type]


def test_targets_lie_where_the_network_must_speak() -> None:
    wanted, weights = targets({"beat": np.array([1.0, 1.5]), "onset": np.array([1.004])}, "music", 300)
    assert wanted[BEAT].argmax() == 100 + BEAT_DELAY
    assert wanted[BEAT, 100 + BEAT_DELAY - 1] == wanted[BEAT, 100 + BEAT_DELAY + 1] == 0.5
    assert wanted[ONSET].argmax() == 100 + ONSET_DELAY
    assert wanted[PULSE].sum() == 50
    assert weights[BEAT].all()
    assert not weights[DOWNBEAT].any()  # it is not known


def test_what_is_no_music_has_no_beat_and_noise_no_onset() -> None:
    wanted, weights = targets({"beat": np.zeros(0)}, "nobeat", 100)
    assert not wanted.any()
    assert weights[BEAT].all()
    assert weights[PULSE].all()
    assert not weights[ONSET].any()


def test_an_example_comes_back_from_its_file(tmp_path: Path) -> None:
    example = _clicks()
    write_example(tmp_path / "a" / "clicks-0.npz", example)
    again = read_example(tmp_path / "a" / "clicks-0.npz")
    assert np.array_equal(again.power, example.power)
    assert again.events.keys() == example.events.keys()
    assert again.events["beat"] == pytest.approx(example.events["beat"])
    assert (again.name, again.kind, again.style, again.certain) == ("clicks-0", "music", "clicks", 1.0)
    assert len(read_store(tmp_path)) == 1


def test_a_store_says_what_is_wrong(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="no examples"):
        read_store(tmp_path)
    write_example(tmp_path / "whole.npz", _clicks())
    whole = (tmp_path / "whole.npz").read_bytes()
    for broken in (b"", b"PK", whole[:100], whole[: len(whole) // 2], b"\x93NUMPY"):
        (tmp_path / "broken.npz").write_bytes(broken)
        with pytest.raises(TrainingError, match=r"broken\.npz is no example"):
            read_store(tmp_path)
    (tmp_path / "broken.npz").rename(tmp_path / ".broken.npz")  # as a crash leaves it
    assert [example.name for example in read_store(tmp_path)] == ["whole"]


def test_an_example_that_cannot_be_written_leaves_nothing_and_says_why(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(TrainingError, match=r"one\.npz cannot be written \("):
        write_example(tmp_path / "file" / "one.npz", _clicks())
    broken = Example("one", "music", "", 1.0, _clicks().power, {"beat": np.array(["x"])})  # type: ignore[dict-item]
    with pytest.raises(ValueError, match="could not convert"):
        write_example(tmp_path / "one.npz", broken)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_stretching_moves_a_hit_and_nothing_else() -> None:
    power = np.full((400, BANDS), -6.0, np.float32)
    power[200] = -2.0
    assert stretched(power, 1.0, 300, 0.0)[:, 0].argmax() == 200
    assert stretched(power, 1.25, 300, 0.0)[:, 0].argmax() == 160
    assert stretched(power, 1.0, 300, -50.0)[:, 0].argmax() == 250
    assert (stretched(power, 1.0, 300, -50.0)[:50] == QUIETEST).all()


def test_a_room_rings_and_a_microphone_has_no_bass() -> None:
    linear = np.full((200, BANDS), 1e-9, np.float32)
    linear[50] = 1.0
    ringing = room(linear, np.random.default_rng(0))
    assert (ringing[:50] < 1e-7).all()
    assert (ringing[56] > 100 * linear[56]).all()
    curves = np.array([microphone(np.random.default_rng(seed)) for seed in range(40)])
    bass, middle = curves[:, MIDDLES_HZ < 120].mean(), curves[:, (MIDDLES_HZ > 700) & (MIDDLES_HZ < 2500)].mean()
    assert bass < middle - 0.5


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 1 << 20))
def test_distorted_sound_is_sound(seed: int) -> None:
    rng = np.random.default_rng(seed)
    power = rng.uniform(QUIETEST, 0.0, (120, BANDS)).astype(np.float32)
    out = distorted(power, rng, lambda rng: rng.uniform(-8, -3, (120, BANDS)).astype(np.float32), 1.0)
    assert out.shape == power.shape
    assert out.dtype == np.float32
    assert np.isfinite(out).all()
    assert out.min() >= QUIETEST - 0.1
    assert out.max() < 9.0


def _trainer(steps: int = 4) -> HearingTrainer:
    examples = Examples([[_clicks(0), _clicks(1)], [_clicks(2, kind="noise")]], [0.8, 0.2], 256)
    settings = HearingSettings(steps=steps, batch=2, frames=256, lr=1e-2, channels=16, blocks=5)
    return HearingTrainer(settings, examples, torch.device("cpu"))


def test_a_resumed_run_is_the_run_that_never_stopped() -> None:
    whole, first, second = _trainer(), _trainer(), _trainer()
    numbers = [whole.step() for _ in range(4)]
    for _ in range(2):
        first.step()
    second.restore(first.state())
    assert [second.step() for _ in range(2)] == numbers[2:]
    assert second.shown == 4
    for trainer in (whole, first, second):
        trainer.close()
    with pytest.raises(TrainingError, match="not of this network"):
        second.restore({"steps": 1})


def test_it_learns_the_beat_of_clicks() -> None:
    trainer = _trainer(steps=80)
    losses = [trainer.step()["beat"] for _ in range(80)]
    trainer.close()
    assert np.mean(losses[-10:]) < 0.8 * np.mean(losses[:10])


def test_a_run_that_is_there_or_finished_is_told_before_anything_is_made(tmp_path: Path) -> None:
    write_example(tmp_path / "examples" / "clicks-0.npz", _clicks(seconds=4.0))
    train_hearing(HearingOptions(folder=tmp_path, steps=1, batch=1, device="cpu"), lambda _: None)
    songs = tmp_path / "songs"  # is not there: the run is asked first
    for resume, told in ((False, "there is a run in it.*--resume"), (True, "the run is finished, 1 steps are done")):
        options = HearingOptions(folder=tmp_path, resume=resume, device="cpu")
        with pytest.raises(TrainingError, match=told):
            learn_to_hear(LearningJob(options, 8.0, songs), lambda _: None)
    (tmp_path / "beats.hearing").unlink()  # as if stopped while it was written
    train_hearing(HearingOptions(folder=tmp_path, resume=True, device="cpu"), lambda _: None)
    assert (tmp_path / "beats.hearing").is_file()
    assert check_run(HearingOptions(folder=tmp_path, steps=2, resume=True))[0].steps == 2
    with pytest.raises(MediaError, match="no folder"):
        learn_to_hear(LearningJob(HearingOptions(folder=tmp_path / "new", device="cpu"), 8.0, songs), lambda _: None)
    assert not (tmp_path / "new").exists()
