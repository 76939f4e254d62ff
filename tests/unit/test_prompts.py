"""Words while playing: of a scene, typed, and at the shell; the picture drifts there, and answers the music still."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from livegan.config.load import LoadedScene, load_scenes
from livegan.config.save import scene_text
from livegan.config.scene import MAX_WORDS, PromptsTable, Scene
from livegan.core.channels import Inbox
from livegan.core.clock import ManualClock
from livegan.core.target import CLASSES, Prompt, Target
from livegan.core.types import ControlEvent, FramePlan, PromptEvent
from livegan.engine.bank import Bank
from livegan.engine.bind import Setlist, check_scene, with_prompt
from livegan.engine.guard import StrictGuard
from livegan.engine.loader import Loader
from livegan.engine.patch import Patch
from livegan.engine.performer import Performer
from livegan.engine.prompts import Prompter, check_prompt, is_clear, unclear_lines, understood
from livegan.errors import DreamError
from livegan.rendering.gradient import Gradient
from tests.building import LAYOUT, PLAIN, VOCABULARY, heard, patch_of

HOUSE = replace(PLAIN, name="house", z_dim=10, classes=CLASSES, w_dim=8)
SMOKE, MARBLE = "violet smoke over black", "marble"
SCENE = Scene(title="T", network="plain", prompts=PromptsTable(words=(SMOKE, MARBLE), bars=1.0))
GOLD = Prompt("gold", Target(classes={"glass": 1.0}, colours=((1.0, (1.0, 0.8, 0.1)),), latents={"hue": 2.0}))


def plans(patch: Patch, seconds: float, **values: float) -> FramePlan:
    """The plan after so many seconds."""
    steps = round(seconds * 20)
    return [patch.plan(i, i / 20, 0.05, heard(i / 20, **values)) for i in range(max(steps, 1))][-1]


def test_the_picture_drifts_to_the_words_of_a_scene_and_back() -> None:
    patch = patch_of(SCENE, [HOUSE])
    before = plans(patch, 2.1)
    assert "gradient" not in before.effects
    patch.ask(patch.prompt_called("1"))
    half, after = plans(patch, 1.0), plans(patch, 2.1)
    silk = CLASSES.index("silk")
    assert after.classes.argmax() == silk
    assert 0 < half.effects["gradient"] < after.effects["gradient"] == pytest.approx(0.85)
    assert after.effects["gradient.middle_blue"] > 0.6 > after.effects["gradient.middle_green"]
    assert after.effects["gradient.dark_red"] == pytest.approx(0, abs=1e-3)
    patch.ask(patch.prompt_called("clear"))
    back = plans(patch, 2.1)
    assert "gradient" not in back.effects
    np.testing.assert_allclose(back.classes, before.classes)


def test_the_picture_still_answers_the_notes_and_the_motion() -> None:
    still, moved = (patch_of(SCENE, [HOUSE]) for _ in range(2))
    for patch in (still, moved):
        patch.ask(GOLD)
        plans(patch, 3.0, **{"chroma.C": 1.0})
    quiet, loud = plans(still, 0.05, **{"chroma.C": 1.0}), plans(moved, 2.0, **{"chroma.G": 1.0, "bass": 1.0})
    assert np.abs(loud.classes - quiet.classes).max() > 0.1
    assert loud.classes.argmax() == quiet.classes.argmax() == CLASSES.index("glass")
    assert np.abs(loud.z - quiet.z)[0] > 0.05, "also along the latent that the words hold"


def test_prompt_amount_is_how_far_words_count_and_networks_without_these_names_keep_their_classes() -> None:
    other = replace(HOUSE, classes=tuple(map(str, range(12))))
    for networks, amount in (([HOUSE], 0.0), ([other], 1.0), ([PLAIN], 1.0)):
        pair = [patch_of(SCENE.model_copy(update={"parameters": {"prompt.amount": amount}}), networks) for _ in "12"]
        pair[0].ask(GOLD)
        asked, alone = (plans(patch, 3.0) for patch in pair)
        np.testing.assert_allclose(asked.classes, alone.classes)
        np.testing.assert_allclose(asked.z, alone.z)
        assert asked.effects.get("gradient", 0.0) == amount, "colours are an effect, of any network"


@pytest.mark.parametrize(
    ("name", "low", "high"),
    [
        ("energy", "truncation", "truncation"),
        ("motion", "motion.speed", "motion.speed"),
        ("motion", "motion.beats", ""),
        ("brightness", "", "effect.gamma"),
        ("contrast", "", "effect.contrast"),
    ],
)
def test_numbers_of_a_target_move_parameters_that_there_are(name: str, low: str, high: str) -> None:
    values = {}
    for value in (0.0, 0.5, 1.0):
        patch = patch_of(SCENE, [HOUSE])
        patch.ask(Prompt("x", Target(**{name: value})))
        now = patch.values(heard().values, 0.0)
        for _ in range(3):
            now = patch.values(heard().values, 0.0)
            patch._pulled(now, heard(), 2.0)
        values[value] = now
    if high:
        assert values[1.0][high] > values[0.5][high]
    if low == high:
        assert values[0.0][high] < values[0.5][high]
    elif low:
        assert values[0.0][low] > values[1.0][low]


def test_words_are_called_one_after_the_other_and_by_number() -> None:
    patch = patch_of(SCENE, [HOUSE])
    for which, words in (
        ("next", SMOKE),
        ("next", MARBLE),
        ("next", SMOKE),
        ("previous", MARBLE),
        ("9", MARBLE),
        ("\u00b2", MARBLE),
        ("1", SMOKE),
        ("clear", ""),
        ("previous", MARBLE),
    ):
        patch.ask(patch.prompt_called(which))
        assert (patch.prompt.words if patch.prompt else "") == words


def test_a_scene_may_begin_with_words_and_its_copy_begins_with_those_that_were_typed() -> None:
    scene = SCENE.model_copy(update={"prompts": PromptsTable(first=SMOKE)})
    patch = patch_of(scene, [HOUSE])
    assert plans(patch, 0.05).classes.argmax() == CLASSES.index("silk"), "from the first frame on"
    patch.ask(understood("a galaxy"))
    assert 'first = "a galaxy"' in scene_text(patch.scene_now())
    assert patch_of(SCENE, [HOUSE]).scene_now() == SCENE


def test_words_that_are_not_clear_are_told_and_the_look_is_kept() -> None:
    prompt = understood("asdf qwer")
    assert not is_clear(prompt)
    (line,) = unclear_lines("night", [prompt, understood(SMOKE)])
    assert "Scene 'night': the words 'asdf qwer' are not clear" in line
    check_prompt("")
    check_prompt(SMOKE)
    with pytest.raises(DreamError, match="--prompt 'asdf qwer': not understood"):
        check_prompt("asdf qwer")


def test_words_that_are_not_clear_move_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    guess = replace(GOLD.target, confidence=0.1, understood=("hardly",))
    monkeypatch.setattr("livegan.mapping.words.understand", lambda words: guess)
    prompt = understood("a guess at glass")
    assert prompt.target.is_empty
    patch, alone = patch_of(SCENE, [HOUSE]), patch_of(SCENE, [HOUSE])
    patch.ask(prompt)
    assert plans(patch, 3.0) == plans(alone, 3.0)
    assert patch.prompt_text == ("a guess at glass", "hardly")


def test_what_is_typed_is_understood_apart_and_the_newest_counts() -> None:
    asked: Inbox[PromptEvent] = Inbox()
    prompts: Inbox[Prompt | None] = Inbox()
    prompter = Prompter(asked, prompts)
    for words in ("marble", SMOKE):
        asked.put(PromptEvent(0.0, words))
    assert prompter.poll(1.0) >= 0.5, "a flood of words takes little of the processor"
    (taken,) = prompts.drain()
    assert taken == understood(SMOKE)
    asked.put(PromptEvent(0.0, "asdf \x1b[2J qwer"))
    prompter.poll(2.0)
    assert prompts.drain() == []
    assert "not understood: asdf" in prompter.notice
    assert "\x1b" not in prompter.notice
    prompter.poll(60.0)
    assert prompter.notice == ""
    asked.put(PromptEvent(0.0, "  "))
    asked.put(PromptEvent(0.0, " "))
    prompter.poll(61.0)
    assert prompts.drain() == [None], "no words: back to the scene's own look"
    asked.put(PromptEvent(0.0, "gold " * 1000))
    prompter.poll(62.0)
    (taken,) = prompts.drain()
    assert taken is not None
    assert len(taken.words) == MAX_WORDS


def test_words_reach_the_scene_that_plays_and_can_be_undone() -> None:
    clock = ManualClock()
    bank = Bank(Loader(lambda info, options: Gradient(info, "cpu")), 1000.0, [Gradient(PLAIN, "cpu")])
    patch = patch_of(SCENE)
    chain = lambda picture, amounts, dt_s: picture  # noqa: E731
    show = Performer([patch], 0, bank, chain, LAYOUT, clock, StrictGuard(clock.now))

    def step(*names: str) -> FramePlan:
        return show.advance(0, 0.0, 0.1, heard(), [ControlEvent(0.0, name) for name in names])

    step("prompt.2")
    assert patch.prompt_text[0] == MARBLE
    show.prompts.put(GOLD)
    step()
    assert patch.prompt == GOLD
    step("undo")
    assert patch.prompt_text[0] == MARBLE
    assert show.scenes.undone == "the words: gold"
    step("prompt.clear", "undo", "undo")
    assert patch.prompt is None


def test_words_at_the_shell_are_those_every_scene_begins_with(tmp_path: Path) -> None:
    loaded = LoadedScene("test", SCENE)
    show = Setlist((loaded, loaded), safe=loaded).with_prompt("a galaxy")
    assert [scene.scene.prompts.first for scene in show.scenes if scene.scene] == ["a galaxy"] * 2
    assert show.safe == loaded
    assert show.prompt == "a galaxy"
    assert with_prompt(loaded, "") is loaded
    (long,) = Setlist((loaded,)).with_prompt("  gold\n" + "gold " * 1000).scenes
    assert long.scene is not None
    assert len(long.scene.prompts.first) == MAX_WORDS, "so that the scene can be saved and opened again"
    assert "\n" not in long.scene.prompts.first


def test_mistakes_in_prompts_are_told(tmp_path: Path) -> None:
    path = tmp_path / "p.toml"
    path.write_text('title = "T"\nnetwork = "plain"\n[prompts]\nword = ["x"]\nbars = -1\nfirst = "a\\nb"\n')
    (loaded,) = load_scenes([str(path)])
    lines = "\n".join(check_scene(loaded, VOCABULARY).mistakes)
    assert "did you mean 'words'" in lines
    assert "prompts.bars" in lines
    assert "control characters" in lines


def test_a_scene_that_is_read_again_goes_on_with_the_words() -> None:
    old, new = patch_of(SCENE, [HOUSE]), patch_of(SCENE.model_copy(update={"title": "New"}), [HOUSE])
    old.ask(GOLD)
    plans(old, 1.0)
    new.go_on_from(old)
    np.testing.assert_allclose(plans(new, 0.05).classes, plans(old, 0.05).classes)
