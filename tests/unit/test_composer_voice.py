"""The instrument's own voice: mask, guide, latent, files, numpy against torch, endless music."""

from dataclasses import asdict, replace
from itertools import combinations, pairwise
from pathlib import Path

import numpy as np
import pytest
import torch

from livegan.composer.contour import Contour
from livegan.composer.endless import Endless
from livegan.composer.four_voices import song_of, tokens_of
from livegan.composer.load import load_composer
from livegan.composer.network_file import ComposerInfo, save_network
from livegan.composer.phrase_latent import PhraseLatent, slerp
from livegan.composer.song import Note, Song, Track
from livegan.composer.steering import LATENTS, Steering
from livegan.composer.voice import Voice, load_voice
from livegan.composer.voice_features import canonical, pitch_rows
from livegan.composer.voice_file import read_voice
from livegan.composer.voice_network import NO_SHIFT, VoiceNetwork, VoiceShape
from livegan.composer.voice_sampling import Writer
from livegan.composer.voice_training import batch_of
from livegan.composer.voices import HOLD, PITCHES, REST, STEPS_PER_BAR, Tokens, sounding
from livegan.errors import ComposeError, NetworkError

SMALL = VoiceShape(16, 2, 2, 24, 12, 1, 2, 6, 20)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A network of random weights, loud enough that its notes jump about."""
    torch.manual_seed(0)
    network = VoiceNetwork(SMALL)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.2)
    rng = np.random.default_rng(0)
    latent = PhraseLatent.fit(np.stack([noise(rng) for _ in range(70)]))
    path = tmp_path_factory.mktemp("voice") / "small.composer"
    tensors = dict(network.state_dict())
    tensors |= {"latent.mean": torch.tensor(latent.mean), "latent.components": torch.tensor(latent.components)}
    save_network(path, ComposerInfo("voices", asdict(SMALL)), tensors)
    return path


def noise(rng: np.random.Generator, steps: int = 64) -> Tokens:
    """Notes, holds and rests at random."""
    tokens = rng.integers(0, PITCHES, (steps, 4))
    kind = rng.random((steps, 4))
    return canonical(np.where(kind < 0.6, HOLD, np.where(kind < 0.7, REST, tokens)).astype(np.int8))


def faults(tokens: Tokens) -> tuple[int, int]:
    """Parallel fifths, octaves and unisons; steps with crossed voices."""
    pitches = sounding(tokens).astype(int)
    parallels, crossed = 0, 0
    for before, now in pairwise(pitches):
        for high, low in combinations(range(4), 2):
            four = before[high], before[low], now[high], now[low]
            moved = min(four) >= 0 and before[high] != now[high] and before[low] != now[low]
            interval = abs(four[0] - four[1]) % 12
            parallels += moved and interval in (0, 7) and abs(four[2] - four[3]) % 12 == interval
    for now in pitches:
        heard = now[now >= 0]
        crossed += bool((np.diff(heard) > 0).any())
    return parallels, crossed


@pytest.fixture(scope="module")
def voice() -> Voice:
    return load_voice()


def test_no_parallels_and_no_crossings_under_any_guide(small: Path) -> None:
    loud = load_voice(small)
    for seed in range(8):
        rng = np.random.default_rng(seed)
        contour = Contour(
            rng.uniform(30, 90, (64, 4)).astype(np.float32), rng.uniform(0, 1, (64, 4)).astype(np.float32)
        )
        steering = Steering(rng.random(), rng.uniform(-12, 12), rng.random(), rng.random())
        assert faults(loud.write(4, seed, contour if seed % 2 else None, steering, temperature=1.3)) == (0, 0)


def test_numpy_and_torch_agree(small: Path) -> None:
    loud = load_voice(small)
    network = VoiceNetwork(SMALL)
    stored = {name: torch.tensor(value) for name, value in read_voice(small)[1].items()}
    network.load_state_dict({name: value for name, value in stored.items() if not name.startswith("latent")})
    network.eval()
    phrase = noise(np.random.default_rng(5))
    for given in (False, True):
        batch = batch_of(phrase[None], np.array([NO_SHIFT]), np.array([[given, False, False, False]]))
        with torch.no_grad():
            known = (batch.given_pitch, batch.given_kind, batch.has_given)
            expected = network(batch.before, batch.age, batch.shift, batch.pitch, batch.kind, known).numpy()[0]
        tune = np.where([True, False, False, False], phrase, -1).astype(np.int8)
        writer = Writer(loud.network, np.random.default_rng(0), given=tune if given else None)
        writer.read(phrase[:20])
        for step in range(20, 64):
            encoded = writer._encoded[:, step : step + 1] if writer._encoded is not None else None
            before, age = batch.before.numpy()[:, step], batch.age.numpy()[:, step]
            state = loud.network.trunk(
                before[:, None], age[:, None], np.array([step % 16]), NO_SHIFT, writer._cache, encoded
            )
            hidden = loud.network.head(state[:, 0], before)
            for place, at in enumerate((0, 3, 2, 1)):
                now, kind = batch.pitch.numpy()[:, step], batch.kind.numpy()[:, step]
                logits = loud.network.logits(hidden, place, now, kind)[0]
                np.testing.assert_allclose(logits, expected[step, at], atol=2e-3, rtol=2e-3)


def test_the_same_seed_writes_the_same_notes_and_another_others(voice: Voice) -> None:
    first, again, other = voice.write(4, 7), voice.write(4, 7), voice.write(4, 8)
    assert first.shape == (64, 4)
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_a_contour_that_is_not_followed_changes_nothing(voice: Voice) -> None:
    contour = voice.contour(voice.z_of_seed(3))
    loose = Steering(follow=0.0)
    assert np.array_equal(voice.write(2, 1, contour, loose), voice.write(2, 1, None, loose))


def test_closer_following_comes_nearer_to_the_line(voice: Voice) -> None:
    contour = voice.contour(voice.z_of_seed(3))
    away = []
    for follow in (0.0, 0.5, 1.0):
        pitches = sounding(voice.write(4, 1, contour, Steering(follow=follow)))
        away.append(np.abs(pitches - contour.pitch)[pitches >= 0].mean())
    assert away[0] > away[1] > away[2]


def test_density_and_register_are_heard(voice: Voice) -> None:
    def music(steering: Steering) -> Tokens:
        return np.concatenate([voice.write(2, seed, steering=steering) for seed in (1, 2, 3)])

    attacks = [(music(Steering(density=value)) < PITCHES).sum() for value in (0.0, 0.5, 1.0)]
    assert attacks[0] < attacks[1] < attacks[2]
    heights = [sounding(music(Steering(register=value))).mean() for value in (-9.0, 0.0, 9.0)]
    assert heights[0] < heights[1] < heights[2]


def test_what_is_given_stays_and_the_rest_is_written(voice: Voice) -> None:
    tune = np.where([True, False, False, False], voice.write(3, 5), -1).astype(np.int8)[:40]
    whole = voice.harmonise(tune, 2, bar_steps=12)
    assert whole.shape == tune.shape
    assert np.array_equal(whole[:, 0], tune[:, 0])
    assert (whole[:, 1:] >= 0).all()
    assert (whole[:, 1:] < PITCHES).any(0).all()
    with pytest.raises(ComposeError, match="nothing to harmonise"):
        voice.harmonise(tune[:0], 2)


def test_endless_music_is_the_same_bar_for_bar_and_hears_its_steering(voice: Voice) -> None:
    steerings = [Steering(), Steering(density=0.9), Steering(z=voice.z_of_seed(1)), Steering()]
    one, two = Endless(voice, 3), Endless(voice, 3)
    bars = [one.bar(steering) for steering in steerings]
    assert all(np.array_equal(bar, two.bar(steering)) for bar, steering in zip(bars, steerings, strict=True))
    plain = Endless(voice, 3)
    assert np.array_equal(plain.bar(), bars[0])
    assert not np.array_equal(plain.bar(), bars[1])


def test_a_phrase_comes_back_from_its_place_in_the_latent(voice: Voice) -> None:
    z = voice.z_of_seed(4)
    contour = voice.contour(z)
    phrase = voice.write(4, 4, contour, Steering(follow=1.0))
    back = voice.contour(voice.z_of(phrase))
    assert np.abs(back.pitch - Contour.of(phrase).pitch).mean() < 1.5  # [semitones]


def test_slerp_keeps_lengths_and_ends() -> None:
    rng = np.random.default_rng(0)
    one, two = (rng.standard_normal(LATENTS).astype(np.float32) for _ in range(2))
    np.testing.assert_allclose(slerp(one, two, 0.0), one, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(slerp(one, two, 1.0), two, rtol=1e-4, atol=1e-5)
    length = float(np.linalg.norm(slerp(one, two, 0.5)))
    assert length == pytest.approx((np.linalg.norm(one) + np.linalg.norm(two)) / 2, rel=1e-4)


def test_a_song_of_four_voices_is_the_same_after_a_round_trip(voice: Voice) -> None:
    tokens = voice.write(3, 11)
    assert np.array_equal(tokens_of(song_of(tokens)), tokens)


@pytest.mark.parametrize(
    ("tracks", "words"),
    [
        ((Track((Note(0, 60, 4),)),), "1 tracks with notes"),
        ((Track((Note(0, 60, 4), Note(2, 64, 4))),) * 4, "two notes at once"),
        ((Track((Note(0, 90, 4),)),) * 4, "outside the voices' range"),
    ],
)
def test_a_song_that_is_not_four_voices_is_refused_in_a_sentence(tracks: tuple[Track, ...], words: str) -> None:
    with pytest.raises(ComposeError, match=words):
        tokens_of(Song(tracks, 16))


def test_steering_out_of_range_is_clipped_and_nan_is_neutral() -> None:
    steering = Steering(9.0, -99.0, float("nan"), -1.0, z=np.full(3, np.inf, np.float32)).clipped()
    assert (steering.density, steering.register, steering.tension, steering.follow) == (1.0, -12.0, 0.5, 0.0)
    assert steering.z is not None
    assert steering.z.shape == (LATENTS,)
    assert np.isfinite(steering.z).all()


def test_the_shipped_network_is_small_and_opens_as_any_other() -> None:
    from livegan.composer.voice import BUNDLED

    assert sum(path.stat().st_size for path in BUNDLED.iterdir()) <= 6_000_000
    composer = load_composer(BUNDLED / "chorales.composer")
    assert composer.song(2, 7) == song_of(load_voice().write(2, 7, close=False))
    assert composer.info.licence


def test_a_broken_network_is_refused_in_a_sentence(small: Path, tmp_path: Path) -> None:
    whole = small.read_bytes()
    (tmp_path / "cut.composer").write_bytes(whole[:-100])
    (tmp_path / "odd.composer").write_bytes(whole.replace(b'\\"heads\\": 2', b'\\"heads\\": 3'))
    for name in ("cut", "odd"):
        with pytest.raises(NetworkError):
            load_voice(tmp_path / f"{name}.composer")
    with pytest.raises(ComposeError, match="there are: chorales"):
        load_voice("nothing")


def test_bars_begin_anywhere_in_a_phrase(voice: Voice) -> None:
    rng = np.random.default_rng(0)
    silent = np.full((STEPS_PER_BAR, 4), REST, np.int8)
    for history in (voice.empty, silent, np.concatenate([silent] * 5), voice.write(5, 1)):
        bar = voice.next_bar(history, steering=replace(Steering(), density=0.6), rng=rng)
        assert bar.shape == (STEPS_PER_BAR, 4)
        assert (pitch_rows(np.concatenate([history, bar]))[-16:] < PITCHES).any()


def test_endless_music_neither_falls_silent_nor_goes_round_in_circles(voice: Voice) -> None:
    endless = Endless(voice, 1)
    bars = [endless.bar() for _ in range(40)]
    music = np.concatenate(bars)
    assert faults(music) == (0, 0)
    begun = [(bar < PITCHES).sum() for bar in bars]
    assert min(begun) >= 3
    assert np.mean(begun[:10]) == pytest.approx(np.mean(begun[-10:]), rel=0.5)
    assert (sounding(music) < 0).mean() < 0.1
    assert len({sounding(bar).tobytes() for bar in bars}) >= 36
