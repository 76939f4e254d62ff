"""Prompts and options of VQGAN-CLIP: what is understood, and what a wrong one is told."""

import math
from pathlib import Path

import pytest

from livegan.errors import DreamError
from livegan.studio.dream.prompts import NoisePrompt, Prompt, parse_images, parse_noise, parse_prompt, parse_story
from livegan.studio.dream.vqgan_options import VqganOptions


@pytest.mark.parametrize(
    ("text", "prompt"),
    [
        ("a red moon", Prompt("a red moon")),
        ("a red moon:2", Prompt("a red moon", 2)),
        (" a red moon : -0.5 : 0.3 ", Prompt("a red moon", -0.5, 0.3)),
        ("a red moon:1:-inf", Prompt("a red moon")),
        ("Alien: Resurrection", Prompt("Alien: Resurrection")),
        ("Alien: Resurrection:1e-1", Prompt("Alien: Resurrection", 0.1)),
        ("C:\\pictures\\a.png:.5", Prompt("C:\\pictures\\a.png", 0.5)),
        ("three:2:1:0", Prompt("three:2", 1, 0)),
    ],
)
def test_a_prompt(text, prompt):
    assert parse_prompt(text) == prompt
    assert parse_prompt(str(prompt)) == prompt


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("moon:1,5", "'moon:1.5'"),
        ("moon:50%", "'moon:0.5'"),
        ("moon:2x", "'moon:2'"),
        ("moon:inf", "'moon:1'"),
        ("moon::0.5", "'moon:1:0.5'"),
        (":3", "'A cute, smiling, Nerdy Rodent:3'"),
        ("moon | | sun", "'moon | sun'"),
        ("moon ^ ", "'moon'"),
        ("moon:1e999", "'moon:1'"),
    ],
)
def test_a_wrong_prompt_is_told_the_nearest_right_form(text, right):
    with pytest.raises(DreamError, match="write for example") as error:
        parse_story(text)
    assert str(error.value).endswith(right)


def test_a_story_has_phrases_which_come_again():
    story = parse_story("dawn:2 | fog ^ noon ^ dusk")
    assert [len(phrase) for phrase in story.phrases] == [2, 1, 1]
    assert [story.at(i, 10)[0].text for i in (0, 9, 10, 29, 30)] == ["dawn", "dawn", "noon", "dusk", "dawn"]
    assert story.at(1000, 0)[0] == Prompt("dawn", 2)
    assert parse_story("  ").at(5, 10) == ()


def test_image_and_noise_prompts():
    assert parse_images("a.png:0.5 | b.jpg") == (Prompt("a.png", 0.5), Prompt("b.jpg"))
    assert parse_images("") == ()
    assert parse_noise((3, 4), (0.5, -1)) == (NoisePrompt(3, 0.5), NoisePrompt(4, -1))
    assert parse_noise((3,)) == (NoisePrompt(3, 1.0),)
    for seeds, weights in (((3, 4), (1.0,)), ((-3,), ()), ((3,), (math.nan,))):
        with pytest.raises(DreamError, match=r"-npw?s?"):
            parse_noise(seeds, weights)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"cut_method": "lates"}, "did you mean 'latest'"),
        ({"optimiser": "adam"}, "--optimiser Adam"),
        ({"augments": ("Af", "Px")}, "did you mean 'Pe'"),
        ({"init_noise": "pixel"}, "did you mean 'pixels'"),
        ({"num_cuts": 0}, "default is 32"),
        ({"zoom_scale": math.nan}, "default is 0.99"),
        ({"size": (8, 8)}, "-s 256 256"),
        ({"make_video": True, "make_zoom_video": True}, "leave one of them out"),
        ({"init_image": Path("https://a.b/c.png")}, "download it first"),
        ({"prompts": "a||b"}, "'a | b'"),
    ],
)
def test_a_wrong_option_is_told_what_to_type(wrong, told):
    with pytest.raises(DreamError) as error:
        VqganOptions(**wrong)
    assert told in str(error.value)


def test_the_defaults_are_vqgan_clips():
    options = VqganOptions()
    assert (options.iterations, options.save_every, options.step_size, options.num_cuts) == (500, 50, 0.1, 32)
    assert (options.cut_method, options.cut_power, options.optimiser) == ("latest", 1.0, "Adam")
    assert options.augments == ("Af", "Pe", "Ji", "Er")
    assert (options.zoom_frequency, options.zoom_scale, options.input_video_fps) == (10, 0.99, 15)
