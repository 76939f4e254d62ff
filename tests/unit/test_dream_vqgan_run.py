"""Runs of VQGAN-CLIP with tiny models as files: pictures, films, folders of frames, and every flag."""

import shlex
from dataclasses import fields
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile
import typer.main
from PIL import Image
from typer.testing import CliRunner

from livegan.cli import app
from livegan.cli.dream_vqgan import repeated
from livegan.core.images import write_png
from livegan.errors import DreamError, LiveganError, MediaError
from livegan.networks.library import installed_folder
from livegan.studio.dream.open_dreamer import DreamOptions, choose_model, chosen_model, open_dreamer
from livegan.studio.dream.open_vqgan import model_name, torch_device
from livegan.studio.dream.picture import PictureJob, picture
from livegan.studio.dream.prompts import DEFAULT_PROMPT, Prompt
from livegan.studio.dream.vqgan_options import AUGMENTS, VqganOptions
from livegan.studio.dream.vqgan_run import frames_per_second, style_frames, vqgan_run, with_default_prompt
from livegan.studio.network_add import add
from tests import foreign_models as foreign
from tests.tiny_models import add_models
from tests.tiny_networks import tiny


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)
    add_models(installed_folder())
    return tmp_path


@pytest.fixture
def photo(folder) -> Path:
    path = folder / "photo.png"
    write_png(path, np.random.default_rng(1).integers(0, 256, (24, 32, 3), dtype=np.uint8), "-o")
    return path


def options(**given) -> VqganOptions:
    defaults = {"prompts": "a red moon", "iterations": 3, "size": (32, 24), "num_cuts": 2, "seed": 1}
    return VqganOptions(**{**defaults, **given})


def pixels_of(path: Path) -> np.ndarray:
    with Image.open(path) as image:
        return np.asarray(image)


def film_of(path: Path) -> tuple[int, float]:
    with av.open(str(path)) as film:
        rate = float(film.streams.video[0].average_rate)
        return sum(1 for _ in film.decode(video=0)), rate


def test_a_picture_has_its_prompts_as_a_comment_and_is_the_same_again(folder):
    made = [list(vqgan_run(options(output=Path(name))))[-1] for name in ("a.png", "b.png")]
    assert [each.path for each in made] == [Path("a.png"), Path("b.png")]
    with Image.open(folder / "a.png") as image:
        assert image.size == (32, 24)
        assert image.text["comment"] == "a red moon"
    assert np.array_equal(pixels_of(folder / "a.png"), pixels_of(folder / "b.png"))


def test_a_run_that_is_closed_early_keeps_its_picture_and_its_film(folder):
    run = vqgan_run(options(iterations=50, make_video=True, save_every=0))
    for _ in range(4):
        next(run)
    assert not (folder / "output.png").exists()
    run.close()
    assert pixels_of(folder / "output.png").shape == (24, 32, 3)
    assert film_of(folder / "output.mp4")[0] == 3


def test_nothing_asked_for_is_a_nerdy_rodent():
    assert with_default_prompt(VqganOptions()).prompts == DEFAULT_PROMPT
    assert with_default_prompt(VqganOptions(noise_prompt_seeds=(3,))).prompts == ""


def test_a_story_changes_its_phrase(folder):
    made = {}
    for text in ("moon ^ sun", "moon ^ fog:-2"):
        for iterations in (2, 6):
            asked = options(prompts=text, prompt_frequency=2, iterations=iterations, save_every=0, step_size=1.0)
            list(vqgan_run(asked, True))
            made[text, iterations] = pixels_of(folder / "output.png")
    assert np.array_equal(made["moon ^ sun", 2], made["moon ^ fog:-2", 2])
    assert not np.array_equal(made["moon ^ sun", 6], made["moon ^ fog:-2", 6])


@pytest.mark.parametrize(
    ("given", "frames", "fps"),
    [
        ({"make_video": True}, 4, 10),  # 3 steps and the end; at least 10 frames a second
        ({"make_video": True, "video_length": 0.1}, 4, 40),
        ({"make_zoom_video": True, "zoom_frequency": 2, "iterations": 5, "zoom_shift_x": 3}, 3, 10),
        ({"make_video": True, "output_video_fps": 30}, 7, 30),  # 3 steps at 15 a second: 0.2 s, both ends
    ],
)
def test_films(folder, given, frames, fps):
    list(vqgan_run(options(**given)))
    assert film_of(folder / "output.mp4") == (frames, fps)
    assert (folder / "output.png").exists()


def test_a_zoom_goes_on_from_the_zoomed_picture(folder):
    plain, zoomed = (
        pixels_of(folder / "output.png")
        for scale in (1.0, 1.5)
        if list(vqgan_run(options(make_zoom_video=True, zoom_frequency=2, zoom_scale=scale), True))
    )
    assert not np.array_equal(plain, zoomed)


def test_the_rate_of_a_film():
    assert frames_per_second(VqganOptions(), 500) == 50
    assert frames_per_second(VqganOptions(), 5000) == 60
    assert frames_per_second(VqganOptions(output_video_fps=9), 5) == 10
    assert frames_per_second(VqganOptions(output_video_fps=24), 5) == 24


def test_a_folder_of_frames_in_a_new_style_goes_on_where_it_ended(folder, photo):
    frames = folder / "frames"
    frames.mkdir()
    for name in ("10", "2"):
        (frames / f"{name}.png").write_bytes(photo.read_bytes())
    assert [each.stem for each in style_frames(frames)] == ["2", "10"]
    asked = options(video_style_dir=frames, make_video=True, iterations=2)
    made = list(vqgan_run(asked))[-1]
    assert made.path == Path("output.mp4")
    assert film_of(folder / "output.mp4")[0] == 2
    styled = [folder / "steps" / f"{name}.png" for name in ("2", "10")]
    assert np.array_equal(*(pixels_of(each) for each in styled))  # the same frame, the same random numbers
    before = styled[1].stat().st_mtime_ns
    styled[0].unlink()
    assert sum(1 for _ in vqgan_run(asked)) < 8, "the same line goes on, though its film is there"
    assert styled[0].exists()
    assert styled[1].stat().st_mtime_ns == before
    with pytest.raises(MediaError, match="holds other pictures"):
        list(vqgan_run(options(video_style_dir=frames, prompts="fog")))
    with pytest.raises(MediaError, match="no pictures"):
        style_frames(folder / "data")
    (frames / "2.jpg").write_bytes(photo.read_bytes())
    with pytest.raises(MediaError, match=r"would both become 2\.png"):
        style_frames(frames)


def test_a_folder_whose_style_comes_from_another_picture_is_told(folder, photo):
    frames = folder / "frames"
    frames.mkdir()
    (frames / "1.png").write_bytes(photo.read_bytes())
    asked = options(video_style_dir=frames, iterations=1, transfer_image=photo)
    list(vqgan_run(asked))
    write_png(photo, np.zeros((24, 32, 3), np.uint8), "-o")
    with pytest.raises(MediaError, match="holds other pictures"):
        list(vqgan_run(asked))


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"output": Path("a.jpg")}, "-o a.png"),
        ({"vqgan_checkpoint": "nonsense"}, "nonsense"),
        ({"cuda_device": "cuda:7"}, "cuda"),
        ({"image_prompts": "missing.png"}, "missing.png"),
        ({"audio_prompt": Path("missing.wav")}, "missing.wav"),
    ],
)
def test_a_run_that_cannot_begin_says_why(given, told):
    with pytest.raises(LiveganError) as error:
        list(vqgan_run(options(**given)))
    assert told in str(error.value)


def test_an_older_picture_is_kept_unless_told(folder, photo):
    before = photo.read_bytes()
    with pytest.raises(MediaError, match="--overwrite"):
        list(vqgan_run(options(output=photo)))
    assert photo.read_bytes() == before


def test_without_models_it_says_what_to_add(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "empty"))
    with pytest.raises(LiveganError, match="livegan networks add"):
        list(vqgan_run(options()))
    assert torch_device("cpu") == "cpu"


def test_a_model_is_found_by_name_or_is_the_one_that_is_here():
    assert model_name("clip", "tiny-clip") == "tiny-clip"
    assert model_name("clip", "") == ""


@pytest.mark.parametrize("model", ["vqgan", "clip"])
def test_the_factory_opens_it(model):
    dreamer = open_dreamer(DreamOptions(model, "house-256", (32, 24), 3, 0.2, vqgan=VqganOptions(num_cuts=2)))
    assert dreamer.size == (32, 24)


def test_without_wav2clip_a_song_needs_words_or_the_embedded_model(folder):
    tiny(installed_folder(), "stylegan2", "own")
    auto, clip = DreamOptions(network="own", size=(16, 16)), DreamOptions("clip", "own")
    assert choose_model(auto, words=False, song=True)[0].model == "clip"
    (installed_folder() / "tiny-wav2clip.json").unlink()
    alone, hears, said = choose_model(auto, words=False, song=True)
    assert (alone.model, hears) == ("embedded", True)
    assert "livegan networks add wav2clip" in said
    spoken, hears, said = choose_model(auto, words=True, song=True)
    assert (spoken.model, hears) == ("clip", False)
    assert said.startswith("The words alone")
    assert choose_model(auto, words=True, song=False)[1:] == (False, "")
    with pytest.raises(LiveganError, match=r"no Wav2CLIP here.*networks add"):
        choose_model(clip, words=False, song=True)
    soundfile.write("song.wav", np.random.default_rng(1).normal(0, 0.1, 16000), 16000)
    steps = list(picture(PictureJob(Path("song.wav"), "a red moon", Path("a.png"), auto, 1, 0)))
    assert steps[0].text.startswith("The words alone")
    assert steps[-1].path == Path("a.png")


def test_auto_is_clip_where_it_is_here_for_networks_without_words(folder, monkeypatch):
    tiny(installed_folder(), "stylegan2", "own")
    assert chosen_model(DreamOptions()) == "embedded"
    assert chosen_model(DreamOptions(network="own")) == "clip"
    assert chosen_model(DreamOptions("vqgan", "own")) == "vqgan"
    (installed_folder() / "tiny-clip.json").unlink()
    assert chosen_model(DreamOptions(network="own")) == "embedded"


# the command


FLAGS = {  # as `generate.py --help` has them: flag, value, option
    "-p": ("moon", "prompts", "moon"),
    "-ip": ("photo.png:0.5", "image_prompts", "photo.png:0.5"),
    "-i": ("2", "iterations", 2),
    "-se": ("1", "save_every", 1),
    "-s": ("32 24", "size", (32, 24)),
    "-ii": ("photo.png", "init_image", Path("photo.png")),
    "-in": ("pixels", "init_noise", "pixels"),
    "-iw": ("0.1", "init_weight", 0.1),
    "-m": ("tiny-clip", "clip_model", "tiny-clip"),
    "-conf": ("a.yaml", "vqgan_config", "a.yaml"),
    "-ckpt": ("tiny-vqgan", "vqgan_checkpoint", "tiny-vqgan"),
    "-nps": ("3 4", "noise_prompt_seeds", (3, 4)),
    "-npw": ("0.5 -1", "noise_prompt_weights", (0.5, -1.0)),
    "-lr": ("0.2", "step_size", 0.2),
    "-cutm": ("original", "cut_method", "original"),
    "-cuts": ("2", "num_cuts", 2),
    "-cutp": ("0.5", "cut_power", 0.5),
    "-sd": ("7", "seed", 7),
    "-opt": ("AdamP", "optimiser", "AdamP"),
    "-o": ("x.png", "output", Path("x.png")),
    "-vid": ("", "make_video", True),
    "-zvid": ("", "make_zoom_video", True),
    "-zs": ("1", "zoom_start", 1),
    "-zse": ("2", "zoom_frequency", 2),
    "-zsc": ("1.1", "zoom_scale", 1.1),
    "-zsx": ("-3", "zoom_shift_x", -3),
    "-zsy": ("2", "zoom_shift_y", 2),
    "-cpe": ("5", "prompt_frequency", 5),
    "-vl": ("3", "video_length", 3.0),
    "-ofps": ("30", "output_video_fps", 30.0),
    "-ifps": ("10", "input_video_fps", 10.0),
    "-d": ("", "cudnn_determinism", True),
    "-aug": ("Er Re", "augments", ("Er", "Re")),
    "-vsd": ("frames", "video_style_dir", Path("frames")),
    "-cd": ("cpu", "cuda_device", "cpu"),
    "-ap": ("song.wav", "audio_prompt", Path("song.wav")),
    "--transimg": ("photo.png", "transfer_image", Path("photo.png")),
    "--transrate": ("2", "transfer_rate", 2.0),
}


def test_every_option_has_a_flag():
    assert {option for _, option, _ in FLAGS.values()} == {each.name for each in fields(VqganOptions)}


@pytest.fixture
def seen(monkeypatch) -> list[VqganOptions]:
    """Options that the command would have dreamt with."""
    options: list[VqganOptions] = []

    def run(given, overwrite):
        options.append(given)
        raise DreamError("enough")
        yield

    monkeypatch.setattr("livegan.studio.dream.vqgan_run.vqgan_run", run)
    return options


def typed(words) -> None:
    with pytest.raises(DreamError, match="enough"):
        CliRunner().invoke(app, words, catch_exceptions=False)


@pytest.mark.parametrize("left_out", ["-vid", "-zvid"])
def test_every_flag_reaches_its_option(seen, left_out):
    typed(["dream", "vqgan", *(part for flag in FLAGS if flag != left_out for part in (flag, *FLAGS[flag][0].split()))])
    for flag, (_, option, value) in FLAGS.items():
        if flag != left_out:
            assert getattr(seen[0], option) == value, flag


def test_the_page_has_every_flag_and_its_lines_are_understood(seen):
    page = (Path(__file__).parents[2] / "docs/dreaming.md").read_text(encoding="utf-8")
    lines = [line for line in page.splitlines() if line.startswith("livegan dream vqgan ")]
    for line in lines:
        typed(shlex.split(line, comments=True)[1:])
    assert len(seen) == len(lines) > 4
    assert seen[1].story.phrases[0][2] == Prompt("fog", 0.5, 0.8)
    command = typer.main.get_command(app).commands["dream"].commands["vqgan"]
    own = {"--text", "--lr", "--towards", "--transfer_rate", "--device", "--overwrite", "--help"}
    flags = {flag for each in command.params for flag in each.opts} - own
    assert not [flag for flag in flags if f"`{flag}`" not in page]
    assert all(f"| {name} |" in page for name in AUGMENTS)


def test_flags_are_written_as_people_do():
    assert repeated(["-aug", "Af", "Pe", "-d"]) == ["-aug", "Af", "-aug", "Pe", "-d"]
    assert repeated(["--num-cuts=3", "--noise-prompt-weights", "-.5", "2"]) == [
        "--num_cuts=3",
        "-npw",
        "-.5",
        "-npw",
        "2",
    ]
    assert repeated(["--size", "640x480"]) == ["--size", "640", "480"]


def test_the_command_makes_a_picture(folder):
    asked = "dream vqgan -p moon -i 2 -s 32x24 --num-cuts 2 -aug Ji Er -sd 4 -o moon.png"
    result = CliRunner().invoke(app, asked.split(), catch_exceptions=False)
    assert result.exit_code == 0
    assert "moon.png (seed 4)" in result.output
    assert pixels_of(folder / "moon.png").shape == (24, 32, 3)


def test_dream_picture_makes_one_with_a_vqgan(folder):
    asked = ["dream", "picture", "--model", "vqgan", "--text", "a red moon", "-o", "m.png"]
    result = CliRunner().invoke(app, [*asked, "--size", "32x24", "-i", "1"], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    assert pixels_of(folder / "m.png").shape == (24, 32, 3)


def test_the_whole_way_from_public_files_to_pictures_of_words_and_of_a_song(tmp_path, monkeypatch):
    """Checkpoints as their authors publish them, of random numbers; nothing of their code is run."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "own"))
    foreign.torch_script(tmp_path / "ViT-B-32.pt", foreign.clip_tensors())
    foreign.lightning(tmp_path / "vqgan_imagenet_f16_16384.ckpt", foreign.vqgan_tensors())
    foreign.saved(tmp_path / "Wav2CLIP.pt", foreign.wav2clip_tensors())
    soundfile.write(tmp_path / "song.wav", np.sin(np.arange(32000) / 20), 16000)
    for name in ("ViT-B-32.pt", "vqgan_imagenet_f16_16384.ckpt", "Wav2CLIP.pt"):
        add(name)
    small = ["--size", "32x24", "-i", "1"]
    for words in (["--text", "a red moon", "-o", "a.png"], ["song.wav", "-o", "b.png"]):
        asked = ["dream", "picture", "--model", "vqgan", *words, *small]
        assert CliRunner().invoke(app, asked, catch_exceptions=False).exit_code == 0
    asked = ["dream", "vqgan", "-ckpt", "vqgan_imagenet_f16_16384.ckpt", "-m", "ViT-B/32", "-ap", "song.wav"]
    assert CliRunner().invoke(app, [*asked, "-o", "c.png", *small], catch_exceptions=False).exit_code == 0
    assert all(pixels_of(tmp_path / name).shape == (24, 32, 3) for name in ("a.png", "b.png", "c.png"))
