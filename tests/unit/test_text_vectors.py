"""Words as text vectors: CLIP's text tower, and the class vector of a StyleGAN-T that drifts to them."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from livegan.config.load import LoadedScene
from livegan.config.scene import PromptsTable, Scene
from livegan.config.venue import Venue
from livegan.core.channels import Inbox
from livegan.core.target import Prompt, Target
from livegan.core.types import FramePlan, PromptEvent, Vector
from livegan.engine.bind import Binder
from livegan.engine.check import remarks
from livegan.engine.patch import Patch
from livegan.engine.prompts import Prompter, check_prompt, is_clear
from livegan.errors import DreamError, NetworkError
from livegan.mapping.text_follower import TextFollower, worded
from livegan.networks.info import NetworkInfo, write_info
from livegan.networks.library import installed_folder
from livegan.networks.text_encoder import TextEncoder, find_text_model
from tests.building import LAYOUT, PLAIN, heard, patch_of
from tests.tiny_models import EMBED, add_models, random_clip

WORDY = NetworkInfo("wordy", Path("wordy.json"), "stylegan-t", (8, 8), z_dim=16, c_dim=EMBED, w_dim=16 + EMBED)
ODD = "asdf qwer"  # nothing that livegan itself understands


@pytest.fixture
def clip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> torch.nn.Module:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    add_models(installed_folder())
    return random_clip()


def unit(seed: int) -> Vector:
    vector = np.random.default_rng(seed).normal(size=EMBED).astype(np.float32)
    return np.asarray(vector / np.linalg.norm(vector), np.float32)


def plan_after(patch: Patch, seconds: float) -> FramePlan:
    return [patch.plan(i, i / 20, 0.05, heard(i / 20)) for i in range(max(round(seconds * 20), 1))][-1]


def test_words_become_the_text_vectors_of_a_clip(clip: torch.nn.Module) -> None:
    encoder = TextEncoder()
    assert encoder.encode("a corgi") == {}, "no network asks"
    encoder.want({EMBED})
    vector = encoder.encode("a corgi")[EMBED]
    expected = clip.text(["a corgi"])[0].numpy()
    np.testing.assert_allclose(vector, expected / np.linalg.norm(expected), atol=1e-6)
    assert np.abs(encoder.encode("a cat")[EMBED] - vector).max() > 1e-3
    assert encoder.notice == ""


def test_a_clip_of_another_width_is_not_taken_and_it_is_said_what_to_type(clip: torch.nn.Module) -> None:
    assert find_text_model(EMBED).name == "tiny-clip"
    with pytest.raises(NetworkError, match=r"768 text numbers.*\(tiny-clip makes others\); type: .* ViT-L-14\.pt"):
        find_text_model(768)
    encoder = TextEncoder()
    encoder.want({768})
    assert encoder.encode("a corgi") == {}
    assert "768" in encoder.notice


def test_the_drift_is_smooth_ends_at_the_words_and_small_steps_equal_large_ones() -> None:
    one, other = unit(1), unit(2)
    fine, coarse = TextFollower(EMBED), TextFollower(EMBED)
    for follower in (fine, coarse):
        follower.aim(one, 0.0)
        assert follower.step(heard(), 0.1)[1] == 1.0
        follower.aim(other, 2.0)  # at 120 beats a minute: 4 s
    places = [fine.step(heard(), 0.02) for _ in range(100)]
    np.testing.assert_allclose(coarse.step(heard(), 2.0)[0], places[-1][0], atol=1e-5)
    lengths = [float(np.linalg.norm(vector)) for vector, _ in places]
    assert lengths == pytest.approx([1.0] * 100, abs=1e-5)
    steps = np.linalg.norm(np.diff([vector for vector, _ in places], axis=0), axis=1)
    assert steps.max() < 0.03, "no jump"
    np.testing.assert_allclose(fine.step(heard(), 2.1)[0], other, atol=1e-6)
    fine.aim(None, 2.0)
    shares = [fine.step(heard(), 0.1)[1] for _ in range(45)]
    assert shares[0] > 0.9
    assert shares[-1] == 0.0


def test_no_words_leave_the_class_vector_as_it_is() -> None:
    own = unit(3) * 5
    np.testing.assert_array_equal(worded(own, unit(1), 0.0), own)
    np.testing.assert_allclose(worded(own, unit(1), 1.0), unit(1), atol=1e-6)
    assert np.linalg.norm(worded(own, unit(1), 0.5)) == pytest.approx(1.0, abs=1e-5)
    np.testing.assert_allclose(worded(np.zeros(EMBED, np.float32), unit(1), 0.3), unit(1), atol=1e-6)


def test_the_class_vector_of_a_network_that_takes_text_drifts_to_the_words_and_back() -> None:
    scene = Scene(title="T", network="wordy", prompts=PromptsTable(bars=1.0), parameters={"prompt.amount": 1.0})
    patch = patch_of(scene, [WORDY])
    before = plan_after(patch, 1.0).classes
    patch.ask(Prompt(ODD, Target(), {EMBED: unit(4)}))
    np.testing.assert_allclose(plan_after(patch, 2.1).classes, unit(4), atol=1e-5)
    patch.ask(None)
    np.testing.assert_allclose(plan_after(patch, 2.1).classes, before, atol=1e-5)
    half = patch_of(scene.model_copy(update={"parameters": {"prompt.amount": 0.5}}), [WORDY])
    half.ask(Prompt(ODD, Target(), {EMBED: unit(4)}))
    np.testing.assert_allclose(plan_after(half, 3.0).classes, worded(before, unit(4), 0.5), atol=1e-5)


def test_other_networks_are_not_moved_by_text_vectors() -> None:
    patch, alone = (patch_of(Scene(title="T", network="plain")) for _ in "12")
    patch.ask(Prompt(ODD, Target(), {PLAIN.c_dim: unit(4)[: PLAIN.c_dim]}))
    np.testing.assert_array_equal(plan_after(patch, 1.0).classes, plan_after(alone, 1.0).classes)


def test_words_of_a_scene_and_typed_ones_get_their_vectors_where_a_network_takes_them(clip: torch.nn.Module) -> None:
    write_info(replace(WORDY, path=installed_folder() / "wordy.json"))
    (installed_folder() / "wordy.safetensors").write_bytes(b"")
    text = TextEncoder()
    prompts_table = PromptsTable(words=(ODD,), first="a corgi")
    scene = Scene(title="T", network="wordy", prompts=prompts_table, parameters={"prompt.amount": 1.0})
    patch = Binder(LAYOUT, Venue(), text=text).bind(LoadedScene("t", scene))
    expected = text.encode("a corgi")[EMBED]
    np.testing.assert_allclose(plan_after(patch, 0.05).classes, expected, atol=1e-5)
    assert is_clear(patch.prompts[0])
    asked: Inbox[PromptEvent] = Inbox(4)
    prompts: Inbox[Prompt | None] = Inbox(4)
    prompter = Prompter(asked, prompts, text)
    asked.put(PromptEvent(0.0, ODD))
    prompter.poll(0.0)
    (typed,) = prompts.drain()
    assert prompter.notice == ""
    assert typed is not None
    np.testing.assert_allclose(typed.vectors[EMBED], text.encode(ODD)[EMBED])


def test_check_says_that_a_clip_is_missing_and_not_that_the_words_are_unclear(
    clip: torch.nn.Module, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "words.toml"
    path.write_text(f'title = "T"\nnetwork = "{tmp_path / "wordy.json"}"\n[prompts]\nfirst = "{ODD}"\n')
    write_info(replace(WORDY, path=tmp_path / "wordy.json"))
    (tmp_path / "wordy.safetensors").write_bytes(b"")
    assert remarks([str(path)]) == [], "a CLIP reads any words"
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "empty"))
    (line,) = remarks([str(path)])
    assert "without a CLIP" in line
    assert "livegan networks add" in line
    with pytest.raises(DreamError, match=f"--prompt '{ODD}': words move no network .* without a CLIP"):
        check_prompt(ODD, str(path))


def test_words_at_the_shell_are_refused_only_where_no_clip_could_read_them(
    clip: torch.nn.Module, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    check_prompt(ODD)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "empty"))
    with pytest.raises(DreamError, match="not understood"):
        check_prompt(ODD)
