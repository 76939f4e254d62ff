"""GANs that compose: binary neurons, gradient penalty, shapes, the article's sizes and its bug, accompaniment."""

from contextlib import suppress
from dataclasses import asdict, replace
from math import log
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from typer.testing import CliRunner

from livegan.cli import app
from livegan.composer.binary_neurons import annealed_slope, binary, one_of
from livegan.composer.dcgan import SIDE, Dcgan, DcganShape, page_of
from livegan.composer.dcgan import Discriminator as DcganDiscriminator
from livegan.composer.dcgan import Generator as DcganGenerator
from livegan.composer.dcgan_training import DcganLearner, song_pages, square, training_pages
from livegan.composer.gan_losses import CRITIC_LOSSES, GENERATOR_LOSSES, gradient_penalty
from livegan.composer.learner import LearnerTrainer, batch_indices, seeded
from livegan.composer.load import load_composer
from livegan.composer.midi_file import read_midi, write_midi
from livegan.composer.musegan import Generator, MuseGan, MuseGanShape, Spread, truncated
from livegan.composer.musegan_critic import Critic
from livegan.composer.musegan_training import MuseGanLearner, PhraseSet
from livegan.composer.network_file import save_network
from livegan.composer.network_info import ComposerInfo, info_of
from livegan.composer.phrase_rolls import DRUMS, song_of_rolls
from livegan.composer.roll_image import COLUMNS
from livegan.composer.song import Note, Song, Track
from livegan.composer.train_settings import resolved
from livegan.core.latents import latent_of_seed
from livegan.errors import NetworkError, TrainingError

torch.set_num_threads(1)
CPU = torch.device("cpu")
INFO = ComposerInfo("", {})
TINY = MuseGanShape((0, 0), bars=2, beats=2, steps=2, octaves=2, latent=4, shared=(8, 8, 8), private=(4, 4))


def rolls(shape: MuseGanShape, count: int, seed: int = 0) -> Tensor:
    size = (count, shape.tracks, shape.length, shape.pitches)
    return (torch.rand(size, generator=torch.Generator().manual_seed(seed)) < 0.2).float()


def test_binary_neurons_are_0_or_1_with_the_gradient_of_the_sigmoid() -> None:
    logits = torch.linspace(-3, 3, 25).requires_grad_(True)
    for slope in (1.0, 3.0):
        for stochastic in (False, True):
            made = binary(logits, slope, stochastic)
            assert set(made.tolist()) <= {0.0, 1.0}
            (gradient,) = torch.autograd.grad(made.sum(), logits)
            soft = torch.sigmoid(slope * logits.detach())
            torch.testing.assert_close(gradient, slope * soft * (1 - soft))
    assert torch.equal(binary(logits) > 0, logits > 0)


def test_stochastic_neurons_throw_coins_of_the_sigmoid() -> None:
    logits = torch.tensor([log(0.2 / 0.8), log(0.7 / 0.3)]).expand(4000, 2)
    with seeded(1, 0, CPU):
        coins = binary(logits, 1.0, True).mean(dim=0)
        chosen = one_of(torch.tensor([0.1, 0.6, 0.3]).log().expand(4000, 3), 1.0, True)
    torch.testing.assert_close(coins, torch.tensor([0.2, 0.7]), atol=0.03, rtol=0)
    torch.testing.assert_close(chosen.mean(dim=0), torch.tensor([0.1, 0.6, 0.3]), atol=0.03, rtol=0)


def test_one_note_at_a_time_is_one_hot_with_the_gradient_of_the_softmax() -> None:
    logits = torch.randn(7, 5, generator=torch.Generator().manual_seed(3)).requires_grad_(True)
    weights = torch.arange(5.0)
    made = one_of(logits, 2.0)
    assert torch.equal(made.detach(), F.one_hot(logits.argmax(dim=1), 5).float())
    (gradient,) = torch.autograd.grad((made * weights).sum(), logits)
    (expected,) = torch.autograd.grad((torch.softmax(2 * logits, dim=1) * weights).sum(), logits)
    torch.testing.assert_close(gradient, expected)


def test_the_slope_rises_from_one_to_five() -> None:
    assert [annealed_slope(place) for place in (-1, 0, 0.5, 1, 2)] == [1, 1, 3, 5, 5]


def test_the_gradient_penalty_of_a_linear_critic_is_known() -> None:
    weights = torch.tensor([3.0, 4.0]).requires_grad_(True)  # its gradient has the length 5 everywhere
    penalty = gradient_penalty(lambda x: x @ weights, torch.rand(6, 2), torch.rand(6, 2))
    assert penalty.item() == pytest.approx(16.0)
    (gradient,) = torch.autograd.grad(penalty, weights)
    torch.testing.assert_close(gradient, 2 * 4 * weights.detach() / 5)


def test_the_gradient_penalty_is_taken_between_real_and_fake() -> None:
    real, fake = torch.full((500, 1), 2.0), torch.zeros(500, 1)
    with seeded(0, 0, CPU):
        penalty = gradient_penalty(lambda x: 0.5 * x.square().sum(dim=1), real, fake)  # gradient: the place itself
    assert penalty.item() == pytest.approx(1 / 3, abs=0.05)  # mean of (x - 1)^2 over 0..2


def test_losses_of_critic_and_generator_pull_in_opposite_directions() -> None:
    for name in CRITIC_LOSSES:
        real, fake = torch.zeros(3, requires_grad=True), torch.zeros(3, requires_grad=True)
        to_real, to_fake = torch.autograd.grad(CRITIC_LOSSES[name](real, fake), (real, fake))
        assert (to_real < 0).all(), name
        assert (to_fake > 0).all(), name
        (to_made,) = torch.autograd.grad(GENERATOR_LOSSES[name](fake), fake)
        assert (to_made < 0).all(), name


def test_a_layer_that_spreads_is_a_transposed_convolution_whose_kernel_is_its_stride() -> None:
    layer = Spread(3, 5, 4).eval()
    x = torch.randn(2, 6, 3)
    kernel = layer.linear.weight.view(4, 5, 3).permute(2, 1, 0)  # inputs, outputs, places
    expected = F.relu(layer.norm(F.conv_transpose1d(x.transpose(1, 2), kernel, stride=4))).transpose(1, 2)
    torch.testing.assert_close(layer(x).flatten(1, 2), expected)


@settings(max_examples=12, deadline=None)
@given(
    programs=st.lists(st.integers(-1, 127), min_size=1, max_size=4),
    sizes=st.tuples(*[st.integers(1, 3)] * 4),
    one_note=st.booleans(),
    stochastic=st.booleans(),
    data=st.data(),
)
def test_phrases_have_their_shape_whatever_it_is(
    programs: list[int], sizes: tuple[int, ...], one_note: bool, stochastic: bool, data: st.DataObject
) -> None:
    bars, beats, steps, octaves = sizes
    track = data.draw(st.integers(-1, len(programs) - 1))
    small: Any = {"latent": 3, "shared": (6, 5, 4), "private": (3, 2)}
    shape = MuseGanShape(tuple(programs), bars, beats, steps, octaves, 36, one_note, track, stochastic, **small)
    real = rolls(shape, 2)
    given_track = None if track < 0 else real[:, track]
    made = Generator(shape)(torch.randn(2, 3), given_track)
    assert made.shape == (2, len(programs), bars * beats * steps, octaves * 12)
    assert set(made.unique().tolist()) <= {0.0, 1.0}
    own = [index for index in range(len(programs)) if index != track]
    if one_note and own:
        assert made[:, own].sum(dim=3).max() <= 1
    if given_track is not None:
        assert torch.equal(made[:, track], given_track)
    scores = Critic(shape)(made)
    assert scores.shape == (2,)
    assert MuseGanShape.read(asdict(shape)) == shape


def test_the_critic_hears_harmony_in_any_octave_and_where_notes_begin() -> None:
    critic = Critic(TINY)
    roll = torch.zeros(1, 2, TINY.length, TINY.pitches)
    roll[0, 0, 2:4, 7] = 1
    chroma = critic.chroma_of(roll)
    assert chroma.shape == (1, 2, 2, 2, 12)
    assert chroma[0, 0, 1, 0, 7] == 1  # the whole second beat
    assert torch.equal(chroma, critic.chroma_of(roll.roll(12, dims=3)))
    edges = critic.edges_of(roll)
    assert edges.shape == (1, 2, 2, 2, 4)
    assert edges[0, 0, 1, 0, 0] == 1  # begins in the first track
    assert edges[0, 1, 0, 0, 2] == 1  # ends
    assert edges.sum() == 2


def test_the_critic_knows_where_a_note_is() -> None:
    torch.manual_seed(0)
    critic = Critic(TINY)
    roll = rolls(TINY, 1).requires_grad_(True)
    (gradient,) = torch.autograd.grad(critic(roll).sum(), roll)
    assert (gradient != 0).all()


def toy(count: int = 64) -> PhraseSet:
    """Two tracks that play C in the first bar and G in the second one, or rest in the first one."""
    phrases = np.full((count, 2, TINY.length), -1, np.int8)
    phrases[::2, :, : TINY.bar] = 0
    phrases[:, :, TINY.bar :] = 7
    return PhraseSet(phrases, (0, 0), 36, 2, 2, 2)


def test_a_musegan_learns_what_is_played_when() -> None:
    typed = {"steps": 40, "batch": 16, "bars": 2, "width": 1 / 8, "d_steps": 2, "lr": 3e-3}
    learner = MuseGanLearner(resolved("musegan", typed, True), toy(), CPU)
    trainer = LearnerTrainer(learner, 0, CPU)
    real = toy().rolls(np.arange(64), CPU).mean(dim=0)

    def distance() -> float:
        with torch.no_grad(), seeded(5, 0, CPU):
            made = learner.generator(torch.randn(64, learner.shape.latent), None, 5.0).mean(dim=0)
        return float((made - real).abs().sum())

    before = distance()
    for _ in range(40):
        numbers = trainer.step()
    assert set(numbers) == {"loss_d", "penalty", "loss_g", "sounding"}
    assert distance() < 0.6 * before


def test_a_musegan_begins_with_the_frequencies_of_the_corpus() -> None:
    learner = MuseGanLearner(resolved("musegan", {"steps": 1, "batch": 4, "bars": 2}, False), toy(), CPU)
    shares = learner.generator.writers["0"].get_parameter("bias").detach().softmax(dim=0)
    assert shares[0] == pytest.approx(0.25, abs=0.01)
    assert shares[7] == pytest.approx(0.5, abs=0.01)
    assert shares[-1] == pytest.approx(0.25, abs=0.01)


def opened(tmp_path: Path, shape: MuseGanShape) -> MuseGan:
    torch.manual_seed(1)
    path = tmp_path / "x.composer"
    save_network(path, replace(INFO, kind="musegan", shape=asdict(shape)), Generator(shape).state_dict())
    composer = load_composer(path)
    assert isinstance(composer, MuseGan)
    return composer


def test_a_musegan_writes_the_same_music_for_a_seed_and_ends_where_it_should(tmp_path: Path) -> None:
    composer = opened(tmp_path, replace(TINY, stochastic=True))
    song = composer.song(5, 7)
    assert song == composer.song(5, 7)
    assert song != composer.song(5, 8)
    assert song.length == 5 * TINY.bar
    assert all(note.start + note.length <= song.length for track in song.tracks for note in track.notes)
    with pytest.raises(NetworkError, match="accompanies nothing"):
        composer.accompany(song, 1)


def test_between_two_seeds_are_the_phrases_of_both_and_of_places_on_the_way(tmp_path: Path) -> None:
    composer = opened(tmp_path, TINY)
    phrase = TINY.bars
    song = composer.between(3, 8, 3 * phrase)
    ends = (composer.song(phrase, 3), composer.song(phrase, 8))
    for found, expected in ((0, ends[0]), (2 * TINY.length, ends[1])):
        inside = [note for note in song.tracks[0].notes if found <= note.start < found + TINY.length]
        assert [replace(note, start=note.start - found) for note in inside] == list(expected.tracks[0].notes)
    assert composer.between(3, 8, 1) == composer.song(1, 3)
    assert composer.song(40 * phrase, 3).length == 40 * TINY.length  # more than a batch


def test_a_musegan_that_accompanies_leaves_the_tune_as_it_is(tmp_path: Path) -> None:
    composer = opened(tmp_path, replace(TINY, given=0))
    notes = (Note(0, 40, 3), Note(3, 40, 2), Note(6, 99, 4))
    tune = Song((Track(notes),), 10, steps_per_beat=2, tempos=((0, 100.0),))
    song = composer.accompany(tune, 3)
    assert song.tracks[0].notes == notes
    assert song.length == 12  # whole bars
    assert song.tempos == tune.tempos
    assert composer.accompany(tune, 3) == song
    with pytest.raises(NetworkError, match="--harmonise"):
        composer.song(4, 1)


def test_a_gan_is_asked_for_music_like_any_network(tmp_path: Path) -> None:
    opened(tmp_path, replace(TINY, beats=4, steps=4))
    path = tmp_path / "piece.mid"
    words = ["compose", "new", "--network", str(tmp_path / "x.composer"), "--bars", "3", "--seed", "2", "-o", str(path)]
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 0, result.output
    assert read_midi(path).length <= 48
    assert len(read_midi(path).tracks) == 2
    between = [*words, "--between", "1", "a.mid", "--overwrite"]
    assert "from seed to seed" in str(CliRunner().invoke(app, between).exception)
    assert CliRunner().invoke(app, [*words, "--between", "1", "2", "--overwrite"]).exit_code == 0
    tune = tmp_path / "tune.mid"
    notes = tuple(Note(start, pitch, 4) for start, pitch in ((0, 66), (4, 69), (8, 74), (12, 74)))
    write_midi(Song((Track(notes),), 16), tune)
    assert "accompanies nothing" in str(
        CliRunner().invoke(app, [*words, "--harmonise", str(tune), "--overwrite"]).exception
    )
    opened(tmp_path, replace(TINY, beats=4, steps=4, given=0))
    result = CliRunner().invoke(app, [*words, "--harmonise", str(tune), "--overwrite"])
    assert result.exit_code == 0, result.output
    assert read_midi(path).tracks[0].notes == notes, "moved to the network's key and back"


def test_phrases_become_notes_and_drums_hits() -> None:
    roll = np.zeros((2, 2, 4, 12), np.bool_)
    roll[0, 0, 1:4, 5] = roll[1, 0, 0:2, 5] = True  # the second phrase strikes it anew
    roll[0, 1, 0:2, 0] = True
    song = song_of_rolls(roll, 36, (19, DRUMS), 7, 2, 2)
    assert [(note.start, note.pitch, note.length) for note in song.tracks[0].notes] == [(1, 41, 3), (4, 41, 2)]
    assert [(note.start, note.length) for note in song.tracks[1].notes] == [(0, 1), (1, 1)]
    assert (song.tracks[0].program, song.tracks[1].drums, song.metres) == (19, True, ((0, 2, 4),))


def test_latents_are_cut_off_without_a_crowd_at_the_ends() -> None:
    z = torch.from_numpy(latent_of_seed(3, 4000))
    cut = truncated(z)
    assert cut.abs().max() <= 2
    assert torch.equal(cut.argsort(), z.argsort())
    assert (cut.abs() > 1.9).float().mean() < 0.03


def test_the_article_s_networks_have_its_sizes() -> None:
    with torch.device("meta"):
        generator, discriminator = DcganGenerator(DcganShape()), DcganDiscriminator(DcganShape())
        assert generator(torch.empty(2, 100)).shape == (2, 106, 106)
        assert discriminator(torch.empty(2, 106, 106)).shape == (2,)

    def count(net: nn.Module) -> int:
        return sum(weight.numel() for weight in net.parameters())

    dense, wide = 101 * 128 * 53 * 53, 1024 * 1024 + 1024
    assert count(generator) == dense + 129 * 1024 + 16 * 1024**2 + 1024 + 2 * wide + 49 * 1024 + 1
    assert count(discriminator) == 640 + 36_928 + 3 * 27 * 27 * 64 + 1


def test_the_article_s_bug_silences_all_but_exact_ones() -> None:
    picture = np.full((SIDE, SIDE), 0.9, np.float32)
    picture[10] = 1.0
    assert page_of(picture).all()
    silent = page_of(picture, article_bug=True)
    assert silent.shape == (SIDE, COLUMNS)
    assert silent[10].all()
    assert silent.sum() == COLUMNS


def test_pages_are_those_of_the_article() -> None:
    notes = (Note(0, 21, 100), Note(4, 60, 8), Note(8, 20, 4), Note(100, 126, 2))
    song = Song((Track(notes), Track((), drums=True), Track((Note(220, 60, 1),))), 230)
    pages = song_pages(song)
    assert len(pages) == 2  # a third page, and the other instruments, begin with an empty one
    assert pages[0].shape == (SIDE, COLUMNS)
    assert pages[0][0].all()  # A0 is the first row
    assert pages[0][39].sum() == 8 * 255
    assert pages[0].sum() == 108 * 255
    assert pages[1][105, :2].all()
    dithered = training_pages([song], 1, seed=0)
    assert dithered.shape == (1, SIDE, SIDE)
    assert set(np.unique(square(pages[0]))) == {False, True}


def test_a_page_comes_back_from_its_square() -> None:
    page = np.zeros((SIDE, COLUMNS), np.uint8)
    page[40, 8:40] = page[60, 50:90] = 255
    again = page_of(square(page).astype(np.float32))
    assert (again != (page > 0)).sum() <= 8  # dithered edges


def test_the_article_s_discriminator_learns_and_its_generator_follows() -> None:
    pages = np.zeros((8, SIDE, SIDE), np.bool_)
    pages[:, 40:60] = True
    learner = DcganLearner(resolved("dcgan", {"steps": 10, "width": 1 / 128}, True), pages, CPU)
    trainer = LearnerTrainer(learner, 0, CPU)
    numbers = [trainer.step() for _ in range(10)]
    assert numbers[-1]["loss_d"] < 0.7 * numbers[0]["loss_d"]
    assert set(numbers[0]) == {"loss_d", "loss_g", "brightest", "sounding"}


def test_a_dcgan_writes_pages_one_after_another(tmp_path: Path) -> None:
    shape = DcganShape(filters=1, channels=2, critic=2)
    torch.manual_seed(0)
    path = tmp_path / "x.composer"
    save_network(path, replace(INFO, kind="dcgan", shape=asdict(shape)), DcganGenerator(shape).state_dict())
    composer = load_composer(path)
    assert isinstance(composer, Dcgan)
    assert composer.pages(2, 3).shape == (2, SIDE, COLUMNS)
    song = composer.song(8, 3)
    assert (song.length, len(song.tracks)) == (128, 1)
    assert song == composer.song(8, 3)


def test_every_phrase_is_learnt_from_once_an_epoch_in_another_order() -> None:
    numbers = [batch_indices(number, 4, 10, seed=2) for number in range(5)]  # two epochs
    together = np.concatenate(numbers)
    assert sorted(together[:10]) == sorted(together[10:]) == list(range(10))
    assert list(together[:10]) != list(together[10:])
    assert list(batch_indices(3, 4, 10, seed=2)) == list(numbers[3])
    assert len(batch_indices(0, 25, 10, seed=2)) == 25


@pytest.mark.parametrize(
    ("model", "typed", "sentence"),
    [
        ("diffusion", {}, "not one of voices, dcgan, musegan"),
        ("dcgan", {"given": 1}, "--given is for --model musegan"),
        ("voices", {"pictures": 5}, "--pictures is for --model dcgan"),
        ("musegan", {"steps": 0}, "--steps must be 1 to"),
        ("musegan", {"loss": "hope"}, "--loss 'hope' is not one of wasserstein"),
        ("dcgan", {"width": 100.0}, "--width must be"),
    ],
)
def test_settings_that_do_not_belong_are_refused(model: str, typed: dict[str, object], sentence: str) -> None:
    with pytest.raises(TrainingError, match=sentence):
        resolved(model, typed, True)


def broken_shapes() -> list[dict[str, object]]:
    whole = asdict(TINY)
    return [
        whole | {"bars": 10**9},
        whole | {"programs": []},
        whole | {"programs": "all"},
        whole | {"shared": [1, 2]},
        whole | {"private": [10**8, 4]},
        whole | {"latent": "many"},
        whole | {"given": 9},
        whole | {"surprise": 1},
        {"bars": 4},
        {},
    ]


@pytest.mark.parametrize("shape", broken_shapes(), ids=str)
def test_a_network_with_a_broken_shape_is_one_sentence(shape: dict[str, object], tmp_path: Path) -> None:
    path = tmp_path / "x.composer"
    save_network(path, replace(INFO, kind="musegan", shape=shape), {})
    with pytest.raises(NetworkError, match="is no network that composes"):
        load_composer(path)
    save_network(path, replace(INFO, kind="dcgan", shape=shape), {})
    with pytest.raises(NetworkError, match="is no network that composes"):
        load_composer(path)


def test_damaged_network_files_are_one_sentence(tmp_path: Path) -> None:
    opened(tmp_path, TINY)
    whole = (tmp_path / "x.composer").read_bytes()
    rng = np.random.default_rng(0)
    path = tmp_path / "broken.composer"
    for _ in range(60):
        damaged = bytearray(whole[: rng.integers(1, len(whole))] if rng.random() < 0.3 else whole)
        for place in rng.integers(0, min(len(damaged), 1500), 3):
            damaged[place] = rng.integers(0, 256)
        path.write_bytes(damaged)
        with suppress(NetworkError):  # what was hit may not matter
            load_composer(path).song(1, 0)
    for other in (b"", b"\x80\x04" * 50):
        path.write_bytes(other)
        with pytest.raises(NetworkError, match=r"is no network that composes, .* give a \.composer file"):
            load_composer(path)
    with pytest.raises(NetworkError, match="no such network"):
        load_composer(tmp_path / "nothing.composer")
    with pytest.raises(NetworkError, match="no network that composes in it"):
        load_composer(tmp_path.parent)


@pytest.mark.parametrize(
    "entry", ['"seconds": Infinity', '"seed": true', '"figures": {"chords": "many"}', '"figures": {"chords": NaN}']
)
def test_a_description_has_finite_numbers(entry: str) -> None:
    with pytest.raises(NetworkError, match="is no network that composes"):
        info_of(f'{{"format": "livegan-composer-1", "kind": "dcgan", "shape": {{}}, {entry}}}', Path("x.composer"))
