"""Dream pictures: the search in w, its state, the grade, the job that writes a PNG, the Python API."""

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image
from scipy.io import wavfile

from livegan import dream
from livegan.core.colour_gradient import gradient_of
from livegan.core.oklab import parse_hex, srgb_to_oklab
from livegan.core.target import CLASSES, LATENTS, Target
from livegan.errors import DreamError, LiveganError, MediaError, NetworkError
from livegan.mapping.words import NOT_UNDERSTOOD
from livegan.networks.info import write_info
from livegan.networks.library import find_network
from livegan.studio.dream.dreamer import Aim, Feedback
from livegan.studio.dream.grade import Grade, finished, grade_of
from livegan.studio.dream.labels import LabelLoss, label_names, labels_of
from livegan.studio.dream.losses import target_losses
from livegan.studio.dream.open_dreamer import DreamOptions, open_dreamer, still_network
from livegan.studio.dream.picture import PictureJob, default_output, picture
from livegan.studio.dream.style_dreamer import StyleDreamer
from tests.tiny_networks import tiny

VIOLET = Target({}, ((0.6, parse_hex("7f1fe0")), (0.4, (0.0, 0.0, 0.0))), brightness=0.3)
GREEN = Target({}, ((1.0, parse_hex("15b01a")),))


def dreamer(folder: Path, kind: str = "stylegan2", **options: object) -> StyleDreamer:
    made = open_dreamer(DreamOptions(network=str(tiny(folder, kind).path), size=(16, 16), **options))  # type: ignore[arg-type]
    assert isinstance(made, StyleDreamer)
    return made


def same(one: Mapping[str, NDArray[np.generic]], other: Mapping[str, NDArray[np.generic]]) -> bool:
    return one.keys() == other.keys() and all(np.array_equal(one[key], other[key]) for key in one)


@pytest.mark.parametrize("kind", ["stylegan2", "stylegan3", "lightweight", "stylegan-t"])
def test_a_search_comes_nearer_and_goes_on_from_its_state(tmp_path: Path, kind: str) -> None:
    made = dreamer(tmp_path, kind, learning_rate=0.005)  # random weights are steep
    made.aim([Aim(target=VIOLET)])
    first = made.step()
    assert min(made.step() for _ in range(5)) < first
    kept = made.state()
    last = [made.step() for _ in range(3)]
    again = dreamer(tmp_path, kind, learning_rate=0.005)
    again.aim([Aim(target=VIOLET)])
    again.restore(kept)
    assert [again.step() for _ in range(3)] == last
    assert same(again.state(), made.state())
    assert np.array_equal(again.picture(), made.picture())


@pytest.mark.parametrize("begins_with_a_picture", [False, True])
def test_a_fresh_state_makes_a_used_dreamer_a_fresh_one(tmp_path: Path, begins_with_a_picture: bool) -> None:
    options = {"init_image": np.full((16, 16, 3), 200, np.uint8)} if begins_with_a_picture else {}
    used, other = dreamer(tmp_path, **options), dreamer(tmp_path, **options)
    fresh = used.state()
    used.aim([Aim(target=VIOLET)])
    used.step()
    used.feed_back(Feedback(zoom=1.5))
    used.step()
    used.restore(fresh)
    for each in (used, other):
        each.aim([Aim(target=GREEN)])
        each.step()
    assert same(used.state(), other.state())
    assert np.array_equal(used.picture(), other.picture())


def test_what_feedback_made_goes_on_where_the_network_is(tmp_path: Path) -> None:
    made = dreamer(tmp_path)
    made.aim([Aim(target=VIOLET)])
    made.feed_back(Feedback(zoom=1.5))
    state = made.state()
    made._network.device = "meta"
    made.restore(state)
    assert made._echo is not None
    assert made._echo.device.type == "meta"


def test_between_two_states_lie_pictures_and_the_ends_are_theirs(tmp_path: Path) -> None:
    made = dreamer(tmp_path)
    made.aim([Aim(target=VIOLET)])
    start, at_start = made.state(), made.picture()
    made.aim([Aim(target=GREEN)])
    assert np.array_equal(made.picture(), at_start)  # a new aim leaves the picture where it is
    for _ in range(6):
        made.step()
    end, at_end = made.state(), made.picture()
    assert np.array_equal(made.between(start, end, 0.0), at_start)
    assert np.array_equal(made.between(start, end, 1.0), at_end)
    assert same(made.state(), end)


def test_a_picture_to_go_for_draws_the_dream_to_it(tmp_path: Path) -> None:
    made = dreamer(tmp_path)
    made.aim([Aim(target=Target(brightness=0.5))])
    goal = np.full((16, 16, 3), 250, np.uint8)
    before = _distance(made, goal)
    made.towards(goal, 8.0)
    for _ in range(12):
        made.step()
    assert _distance(made, goal) < before


def test_feedback_turns_what_the_next_steps_go_for(tmp_path: Path) -> None:
    made, plain = dreamer(tmp_path), dreamer(tmp_path)
    for each in (made, plain):
        each.aim([Aim(target=VIOLET)])
        each.step()
    made.feed_back(Feedback(zoom=1.5, turn=90.0))
    assert made.step() > plain.step()  # the turned picture is another one
    assert "echo" in made.state()


def test_a_dream_begins_at_a_picture_of_the_networks_own(tmp_path: Path) -> None:
    made = dreamer(tmp_path)
    made.aim([Aim(target=VIOLET)])
    ws = torch.from_numpy(np.asarray(made.state()["ws"], np.float32))
    own = made._draw(ws[None])[0].clamp(-1, 1)
    pixels = ((own + 1) * 127.5).round().to(torch.uint8).permute(1, 2, 0).numpy()
    begun = dreamer(tmp_path, init_image=pixels)
    begun.aim([Aim(target=GREEN)])
    assert _square(begun, own) <= _square(made, own) + 0.05


def test_the_grade_brings_any_picture_to_the_colours_that_were_named() -> None:
    rng = torch.Generator().manual_seed(1)
    drawn = torch.nn.functional.interpolate(torch.rand(1, 3, 6, 8, generator=rng), (96, 128), mode="bicubic")[0] * 2 - 1
    for target in (VIOLET, GREEN):
        pixels = finished(drawn.clamp(-1, 1), grade_of(drawn, target), (128, 96))
        lab = srgb_to_oklab(pixels.reshape(-1, 3) / 255)
        named = srgb_to_oklab(target.colours[0][1])
        seen = lab[np.hypot(lab[:, 1], lab[:, 2]) > 0.05][:, 1:].mean(axis=0)
        cosine = seen @ named[1:] / np.linalg.norm(seen) / np.linalg.norm(named[1:])
        assert cosine > 0.9


def test_grey_stays_grey() -> None:
    drawn = torch.rand(3, 64, 64, generator=torch.Generator().manual_seed(2)) * 2 - 1
    grade = grade_of(drawn, Target(colours=((1.0, (0.6, 0.6, 0.6)),)))
    assert grade.amount == 1.0
    assert Grade.of(grade.vector()) == grade
    lab = srgb_to_oklab(finished(drawn, grade, (64, 64)) / 255)
    assert np.hypot(lab[..., 1], lab[..., 2]).mean() < 0.03


def test_a_gradient_runs_from_dark_to_light_through_the_colour() -> None:
    for colour in ("ff0000", "7f1fe0", "ffe81a", "040273", "000000", "ffffff", "929591"):
        gradient = gradient_of(Target(colours=((1.0, parse_hex(colour)),)))
        assert gradient is not None
        lightness = gradient.quantiles(64)[:, 0]
        assert (np.diff(lightness) >= -1e-9).all()
        assert lightness[-1] - lightness[0] > 0.2
    black_first = gradient_of(VIOLET)
    assert black_first is not None
    assert black_first.dark[0] < 0.05
    assert gradient_of(Target(brightness=0.2)) is None


def test_losses_are_least_where_a_target_is_met() -> None:
    light, dark = torch.full((1, 3, 32, 32), 0.9), torch.full((1, 3, 32, 32), -0.9)
    target = Target(brightness=1.0, contrast=0.0, sharpness=0.0)
    assert target_losses(light, target) < target_losses(dark, target)
    pictures = torch.cat([light, dark]).requires_grad_()
    target_losses(pictures, VIOLET).sum().backward()
    assert pictures.grad is not None
    assert pictures.grad.isfinite().all()


def test_a_job_writes_a_png_with_its_prompt_and_spares_an_older_one(tmp_path: Path) -> None:
    job = _job(tmp_path, iterations=3, every=1)
    progress = list(picture(job))
    assert [each.done for each in progress] == [0, 0, 1, 2, 3]
    assert progress[-1].path == job.output
    assert progress[0].total == 3
    assert job.output is not None
    with Image.open(job.output) as image:
        assert image.size == (32, 16)
        assert image.text["prompt"] == "violet over black"  # type: ignore[attr-defined]
    with pytest.raises(MediaError, match="there already; type --overwrite"):
        next(picture(job))


def test_closed_early_the_newest_picture_is_kept(tmp_path: Path) -> None:
    job = _job(tmp_path, iterations=50, every=0)
    running = picture(job)
    assert [next(running).done for _ in range(4)] == [0, 0, 1, 2]
    assert job.output is not None
    assert not job.output.exists()
    running.close()
    assert job.output.is_file()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"text": ""}, "give a song or words"),
        ({"text": "asdf qwer"}, "not understood; say what is seen, or a mood, for example: 'slow violet smoke"),
        ({"iterations": 0}, "0 iterations: give 1"),
        ({"output": Path("a.jpg")}, "no PNG"),
        ({"towards": Path("nowhere.png")}, "nowhere.png"),
        ({"song": Path("nowhere.wav")}, "nowhere.wav"),
        ({"options": DreamOptions(model="embeded")}, "did you mean 'embedded'"),
        ({"options": DreamOptions(network="spectrum")}, "no w to search in"),
    ],
)
def test_what_cannot_be_made_is_said_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: dict[str, object], said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    job = PictureJob(**{"text": "violet over black", "output": Path("a.png"), **change})  # type: ignore[arg-type]
    with pytest.raises(LiveganError, match=said):
        list(picture(job))
    assert not list(tmp_path.iterdir())


def test_pictures_are_called_as_the_song_or_the_words() -> None:
    assert default_output(PictureJob(Path("a/night drive.mp3"))) == Path("night drive.png")
    assert default_output(PictureJob(text="Slow, violet smoke:2 | black")) == Path("slow-violet-smoke-black.png")


def test_the_api_has_metamusics_names_and_offers_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(DreamError, match="did you mean 'filemusic'"):
        dream.picture(filmusic="song.wav")  # type: ignore[call-arg]
    with pytest.raises(DreamError, match="toclean: nothing of yours is ever removed; leave it out"):
        dream.film("song.wav", toclean=True)  # type: ignore[call-arg]
    with pytest.raises(DreamError, match="width and height"):
        dream.picture(text="red", size=[3])
    network = str(tmp_path / "tiny.json")
    tiny(tmp_path, "stylegan2")
    made = dream.picture(
        text="red", network=network, n_iteration=2, size=[16, 16], seed=4, display_picname=tmp_path / "p.png"
    )
    assert list(made)[-1].path == tmp_path / "p.png"


@pytest.mark.parametrize(("given", "rate"), [({}, 1.0), ({"transrate": 3}, 3.0)])
def test_an_image_to_go_for_counts_unless_it_is_told_not_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: dict[str, float], rate: float
) -> None:
    monkeypatch.setattr("livegan.studio.dream.api.picture_of", lambda job: job.transfer_rate)
    monkeypatch.setattr("livegan.studio.dream.api.film_of", lambda job: job.transfer_rate)
    assert dream.picture(text="smoke", transimg="a.png", **given) == rate
    assert dream.film("song.wav", transimg="a.png", **given) == rate
    with pytest.raises(DreamError, match="transimg does not count"):
        dream.picture(text="smoke", transimg="a.png", transrate=0)


def test_texts_are_about_labels_of_imagenet() -> None:
    assert labels_of("") == labels_of(" ") == {}, "a song without words is about none"
    assert {label_names()[number] for number in labels_of("a red volcano")} == {"volcano"}
    assert labels_of("my dentist appointment") == {}
    shares = labels_of("an old wooden ship")
    assert sum(shares.values()) == pytest.approx(1)
    assert any("ship" in label_names()[number] for number in shares)


def test_a_classifier_draws_pictures_to_a_label() -> None:
    loss = LabelLoss({980: 1.0}, seed=1)  # a volcano
    coarse = torch.randn(1, 3, 8, 8, generator=torch.Generator().manual_seed(3)) / 2
    picture = torch.nn.functional.interpolate(coarse, (64, 64), mode="bicubic").requires_grad_()
    before = loss(picture, 0)
    assert torch.equal(before, loss(picture, 0))
    assert not torch.equal(before, loss(picture, 1))
    before.sum().backward()
    assert picture.grad is not None
    with torch.no_grad():
        assert loss(picture - 0.01 * picture.grad.sign(), 0) < before


def test_a_network_without_captions_is_searched_by_labels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    aims = [Aim("a volcano")]
    made = dreamer(tmp_path)
    assert made.read(aims) == (True, "looked for: volcano")
    (named,) = [Aim("a volcano", target=Target(understood=(NOT_UNDERSTOOD,), confidence=0.1))]
    assert made.read([named]) == (True, "looked for: volcano"), "it was understood, though it names no motif"
    made.aim(aims)
    assert np.isfinite([made.step() for _ in range(2)]).all()
    monkeypatch.setattr("livegan.studio.dream.style_dreamer.is_there", lambda: False)
    known, said = dreamer(tmp_path).read(aims)
    assert not known
    assert "only colours and light are followed; type: pip install" in said


def test_stills_are_drawn_by_the_motifs_themselves_in_the_one_that_leads() -> None:
    target = Target({"rings": 0.7, "galaxy": 0.3}, ((1.0, parse_hex("15b01a")),))
    made = open_dreamer(DreamOptions(network=still_network("auto"), size=(64, 48), seed=3))
    made.aim([Aim(target=target)])
    first = made.step()
    assert min(made.step() for _ in range(6)) < first
    state = made.state()
    shares = np.asarray(state["ws"])[0, len(LATENTS) :]
    assert shares.argmax() == CLASSES.index("rings")
    picture = made.picture()
    assert picture.shape == (48, 64, 3)
    lab = srgb_to_oklab(picture.reshape(-1, 3) / 255).mean(axis=0)
    assert lab[1] < -0.03, "it is green"
    again = open_dreamer(DreamOptions(network="patterns", size=(64, 48), seed=3))
    again.aim([Aim(target=target)])
    again.restore(state)
    assert np.array_equal(again.picture(), picture)
    assert again.step() == made.step()
    assert still_network("clip") == "house-256"


def test_motifs_of_a_players_own_have_its_layouts_and_a_broken_file_is_told(tmp_path: Path) -> None:
    info = find_network("patterns")
    own = replace(info, path=tmp_path / "own.json", c_dim=2, classes=("rings", "silk"), shape={"layouts": [4, 7]})
    write_info(own)
    made = open_dreamer(DreamOptions(network=str(own.path), size=(16, 16)))
    made.aim([Aim(target=GREEN)])
    assert made.picture().shape == (16, 16, 3)
    write_info(replace(own, shape={"layouts": ["many"]}))
    with pytest.raises(NetworkError, match=r"'shape\.layouts' must be 2 seeds"):
        open_dreamer(DreamOptions(network=str(own.path), size=(16, 16)))


def test_motifs_can_begin_with_a_picture_and_leave_nothing_where_they_are_not_drawn() -> None:
    sun = np.zeros((48, 64, 3), np.uint8)
    sun[12:36, 20:44] = 255
    made = open_dreamer(DreamOptions(network="patterns", size=(64, 48), init_image=sun))
    assert isinstance(made, StyleDreamer)
    with torch.no_grad():
        nothing = made._network.draw(torch.zeros(1, 1, len(LATENTS) + len(CLASSES)))
    assert torch.equal(nothing, torch.full((1, 3, 48, 64), -1.0)), "black"
    made.aim([Aim(target=GREEN)])
    assert np.isfinite(made.step())


def test_the_python_of_the_guide_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = (Path(__file__).resolve().parents[2] / "docs" / "dreaming.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"```python dream\n(.*?)```", page, re.DOTALL)
    monkeypatch.chdir(tmp_path)
    tiny(tmp_path, "stylegan2")
    wavfile.write("song.wav", 16000, (np.random.default_rng(1).standard_normal(32000) * 3000).astype(np.int16))
    exec(block.replace("transrate=0", "n_iteration=1, network='tiny.json'"), {})
    assert (tmp_path / "impression.png").is_file()


def _job(folder: Path, **fields: object) -> PictureJob:
    options = DreamOptions(network=str(tiny(folder, "stylegan2").path), size=(32, 16))
    job = {"text": "violet over black", "output": folder / "out.png", "options": options, **fields}
    return PictureJob(**job)  # type: ignore[arg-type]


def _distance(made: StyleDreamer, goal: NDArray[np.uint8]) -> float:
    ws = torch.from_numpy(np.asarray(made.state()["ws"], np.float32))
    drawn = made._draw(ws[None])[0].clamp(-1, 1).detach().permute(1, 2, 0).numpy()
    return float(((drawn + 1) / 2 - goal / 255).__pow__(2).mean())


def _square(made: StyleDreamer, own: torch.Tensor) -> float:
    ws = torch.from_numpy(np.asarray(made.state()["ws"], np.float32))
    return float((made._draw(ws[None])[0].clamp(-1, 1) - own).square().mean())
