"""Laws of assembling a run: what does not fit is reported before anything is begun, and what goes on is the same."""

import json
import os
import shutil
import sys
import zipfile
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from livegan.datasets.writer import DatasetWriter
from livegan.errors import DatasetError, LiveganError, NetworkError, TrainingError
from livegan.networks.architectures.stylegan2 import StyleGAN2
from livegan.networks.architectures.stylegan2_shape import StyleGAN2Shape, tensor_shapes
from livegan.networks.info import read_info
from livegan.networks.library import find_networks
from livegan.networks.weights import save_weights
from livegan.studio.network_add import add
from livegan.training import settings as settings_module
from livegan.training import train as module
from livegan.training.checkpoint import load_checkpoint, save_checkpoint
from livegan.training.distributed import ProcessGroup
from livegan.training.generator import init_generator
from livegan.training.options import OVERRIDABLE, Overrides, TrainOptions
from livegan.training.run_folder import lock_folder
from livegan.training.settings import Settings
from livegan.training.snapshots import ModelCard, write_snapshot
from livegan.training.train import train
from livegan.training.transfer import transfer_weights

torch.set_num_threads(1)
MADE: list["Fake"] = []


class Fake:
    """Stands in for `AdversarialTrainer`: takes what that takes, and learns nothing, by generator of (seed, step)."""

    def __init__(
        self,
        settings: Settings,
        pictures: Any,
        process_group: ProcessGroup,
        start: StyleGAN2 | None = None,
        start_d: dict[str, Any] | None = None,
    ) -> None:
        self.settings, self.pictures, self.process_group, self.start_d = settings, pictures, process_group, start_d
        self.network = start or init_generator(settings.shape(pictures.c_dim), settings.seed)
        self.average = StyleGAN2(settings.shape(pictures.c_dim))
        self.average.load_state_dict(self.network.state_dict())
        self.shown = 0
        self.closed = False
        MADE.append(self)

    def step(self) -> dict[str, float]:
        generator = torch.Generator().manual_seed(self.settings.seed * 1000 + self.shown)
        with torch.no_grad():
            for tensor in self.average.parameters():
                tensor += 0.01 * torch.randn(tensor.shape, generator=generator)
        self.shown += self.settings.batch
        return {"loss_g": 0.5}

    def state(self) -> dict[str, Any]:
        return {
            "shown": self.shown,
            "average": self.average.state_dict(),
            "discriminator": {"b4.weight": torch.ones(2)},
        }

    def close(self) -> None:
        self.closed = True

    def restore(self, state: dict[str, Any]) -> None:
        self.shown = state["shown"]
        self.average.load_state_dict(state["average"])


@pytest.fixture(autouse=True)
def adversarial(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "AdversarialTrainer", Fake)
    monkeypatch.setattr("livegan.training.options.has_bf16", lambda: False)  # the same settings on every machine
    small = Settings("small-8", (4, 4), (4, 4), 6, 8, 2, batch=10, kimg=1)
    monkeypatch.setitem(settings_module.PRESETS, small.preset, small)
    MADE.clear()


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    return pictures(tmp_path / "flowers.zip")


def pictures(path: Path, size: tuple[int, int] = (8, 8), classes: tuple[str, ...] = ("red", "blue")) -> Path:
    rng = np.random.default_rng([1])
    with DatasetWriter(path, size, classes) as writer:
        for index in range(6):
            picture = rng.integers(0, 255, (*size, 3), np.uint8, endpoint=True)
            writer.add(picture, index % len(classes) if classes else None)
    return path


def go(dataset: Path | str | None, folder: Path, **more: Any) -> list[str]:
    messages: list[str] = []
    more = {"preset": "small-8", "device": "cpu", "snapshots": ()} | more
    more = {key: str(value) if isinstance(value, Path) else value for key, value in more.items()}
    overrides = Overrides(**{key: more.pop(key) for key in OVERRIDABLE if key in more})
    place = None if dataset is None else str(dataset)
    train(TrainOptions(folder=folder, dataset=place, overrides=overrides, **more), messages.append)
    return messages


def test_a_run_is_put_together_from_a_preset_and_wishes(dataset: Path, tmp_path: Path) -> None:
    go(dataset, tmp_path / "run", kimg=0.5, seed=7, lr=None, snapshots=None)
    settings = MADE[0].settings
    assert (settings.kimg, settings.seed, settings.lr, settings.batch) == (0.5, 7, 0.0025, 10)
    assert MADE[0].process_group == ProcessGroup(0, 1, torch.device("cpu"))
    info = read_info(next((tmp_path / "run" / "snapshots").glob("*.json")))
    assert info.classes == ("red", "blue")
    assert info.made_by == "livegan train flowers.zip --preset small-8 --kimg 0.5 --seed 7"
    assert "flowers" in info.title
    kept = json.loads((tmp_path / "run" / "settings.json").read_text())
    assert kept["dataset"] == str(dataset.resolve())
    assert str(tmp_path) not in info.path.with_suffix(".md").read_text()  # a card names no private folders


def test_a_run_resumes_without_repeated_options(dataset: Path, tmp_path: Path) -> None:
    go(dataset, tmp_path / "run", kimg=0.5, seed=3)
    go(None, tmp_path / "run", resume=True, preset=None, kimg=1.0)
    assert (MADE[1].settings.seed, MADE[1].shown) == (3, 1000)
    go(dataset, tmp_path / "whole", seed=3)
    for name, tensor in MADE[2].average.state_dict().items():
        assert torch.equal(tensor, MADE[1].average.state_dict()[name])


def test_without_snapshots_the_network_at_the_end_is_kept(dataset: Path, tmp_path: Path) -> None:
    go(dataset, tmp_path / "run", kimg=0.2, snapshots=())
    go(None, tmp_path / "run", resume=True, preset=None, kimg=0.3, snapshots=None)
    assert [info.name for info in find_networks(tmp_path / "run")] == ["000000_200", "000000_300"]


def test_a_training_without_a_snapshot_is_named_as_one(dataset: Path, tmp_path: Path) -> None:
    go(dataset, tmp_path / "run", kimg=0.2)
    shutil.rmtree(tmp_path / "run" / "snapshots")
    words = "run is a training without a snapshot yet; go on with: livegan train --resume"
    for place in ("run", "run/checkpoint.pt"):
        with pytest.raises(NetworkError, match=words):
            find_networks(tmp_path / place)
        with pytest.raises(NetworkError, match=words):
            add(str(tmp_path / place))


def test_a_finished_run_without_its_last_network_makes_it_when_it_is_resumed(dataset: Path, tmp_path: Path) -> None:
    go(dataset, tmp_path / "run", kimg=0.2)
    shutil.rmtree(tmp_path / "run" / "snapshots")
    go(None, tmp_path / "run", resume=True, preset=None)
    assert [info.name for info in find_networks(tmp_path / "run")] == ["000000_200"]
    with pytest.raises(TrainingError, match="is finished"):
        go(None, tmp_path / "run", resume=True, preset=None)


def test_a_run_that_has_passed_the_end_that_is_typed_says_how_far_it_is(dataset: Path, tmp_path: Path) -> None:
    go(dataset, tmp_path / "run", kimg=0.2)
    path = tmp_path / "run" / "checkpoint.pt"
    kept = load_checkpoint(path.parent)
    save_checkpoint(path.parent, replace(kept, settings=replace(kept.settings, kimg=1)))  # as if stopped on its way
    with pytest.raises(TrainingError, match=r"0.2 of 1 kimg are shown already, more than --kimg; .*--resume [^ ]*run$"):
        go(None, tmp_path / "run", resume=True, preset=None, kimg=0.1)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"resume": True, "seed": 9}, "--seed 0, which cannot change"),
        ({"resume": True, "preset": "tiny-64"}, "--preset small-8, which cannot change"),
        ({"resume": True, "freeze_d": 2}, "--freeze-d 0, which cannot change .* leave --freeze-d out"),
        ({"resume": True, "transfer": "house-256"}, "leave one of them out"),
        ({"resume": True, "paired": True}, "not a paired one"),
        ({"resume": True}, "is finished"),
        ({}, "there is a run in it"),
    ],
)
def test_a_run_that_is_there_is_neither_overwritten_nor_turned_into_another(
    more: dict[str, Any], words: str, dataset: Path, tmp_path: Path
) -> None:
    go(dataset, tmp_path / "run")
    before = (tmp_path / "run" / "checkpoint.pt").read_bytes()
    with pytest.raises(TrainingError, match=words):
        go(None if more else dataset, tmp_path / "run", **({"preset": None} | more))
    assert (tmp_path / "run" / "checkpoint.pt").read_bytes() == before


def test_a_run_does_not_go_on_with_pictures_that_its_network_does_not_fit(dataset: Path, tmp_path: Path) -> None:
    go(dataset, tmp_path / "run")
    other = pictures(tmp_path / "other.zip", classes=("a", "b", "c"))
    with pytest.raises(TrainingError, match="2 classes"):
        go(other, tmp_path / "run", resume=True, kimg=2)
    renamed = pictures(tmp_path / "renamed.zip", classes=("red", "green"))
    assert any("not what the run was begun with" in text for text in go(renamed, tmp_path / "run", resume=True, kimg=2))


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"preset": "house-257"}, "there are: tiny-64"),
        ({"kimg": 0}, "above 0"),
        ({"batch": -1}, "above 0"),
        ({"lr": float("nan")}, "above 0"),
        ({"augment": "wild"}, "ada, fixed, none"),
        ({"precision": "f8"}, "f32, bf16, fp16"),
        ({"freeze_d": 1}, "leave it out"),
        ({"freeze_d": 99}, "--freeze-d 99 is not possible: .* has 1 level; give 0 to 1"),
        ({"kimg": float("inf")}, "--kimg must be a number up to 1e\\+09, not inf"),
        ({"kimg": 1e308}, "--kimg must be"),
        ({"lr": float("inf")}, "--lr must be .* not inf"),
        ({"gamma": float("inf")}, "--gamma must be"),
        ({"gamma": float("nan")}, "--gamma must be .* not nan"),
        ({"batch": 2**64}, "--batch must be"),
        ({"seed": 2**64}, "--seed must be 0 to 4294967295, not 18446744073709551616"),
        ({"snapshots": (1.0, float("nan"))}, "--snapshots nan is no moment"),
        ({"snapshots": (float("inf"),)}, "--snapshots inf is no moment"),
        ({"checkpoint_s": float("inf")}, "--checkpoint must be seconds up to .* not inf"),
        ({"precision": "fp16"}, "--precision fp16 is for GPUs"),
        ({"paired": True, "device": "cuda"}, "--paired trains on the CPU, not on cuda; leave --device out"),
        ({"paired": True}, "--paired learns the motifs"),
        ({"paired": True, "gamma": 2.0}, "--gamma is for a training against"),
        ({"paired": True, "pl_weight": 2.0}, "--pl-weight is for"),
        ({"paired": True, "noise": False}, "--noise is for"),
        ({"resume": True}, "no checkpoint.pt in it"),
    ],
)
def test_contradictory_options_are_reported_before_anything_is_begun(
    more: dict[str, Any], words: str, dataset: Path, tmp_path: Path
) -> None:
    with pytest.raises(TrainingError, match=words):
        go(dataset, tmp_path / "run", **more)
    assert not MADE


def test_pictures_of_another_size_are_reported_with_the_preset_that_fits(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match=r"16x8 px and --preset small-8 makes 8x8; .*--size 8$"):
        go(pictures(tmp_path / "wide.zip", (8, 16)), tmp_path / "run")
    with pytest.raises(TrainingError, match="or choose --preset tiny-64"):
        go(pictures(tmp_path / "64.zip", (64, 64)), tmp_path / "run")
    with pytest.raises(DatasetError):
        go(tmp_path / "nothing.zip", tmp_path / "run")
    with pytest.raises(TrainingError, match="nothing to train on"):
        go(None, tmp_path / "run")


def test_two_runs_in_one_folder_are_refused(dataset: Path, tmp_path: Path) -> None:
    with lock_folder(tmp_path / "run"), pytest.raises(TrainingError, match="at work in it"):
        go(dataset, tmp_path / "run")


def test_a_batch_that_cannot_be_shared_is_reported(
    dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "init", lambda device: ProcessGroup(0, 3, torch.device("cpu")))
    with pytest.raises(TrainingError, match="--batch 10 cannot be shared by 3 processes; try --batch 12"):
        go(dataset, tmp_path / "run")
    monkeypatch.setattr(module, "init", lambda device: ProcessGroup(0, 2, torch.device("cpu")))
    with pytest.raises(TrainingError, match=r"--batch 10 cannot be shared by 2 processes; try --batch 16$"):
        go(dataset, tmp_path / "run")
    assert not MADE


def test_a_run_keeps_its_title_licence_and_moments_unless_they_are_given(dataset: Path, tmp_path: Path) -> None:
    go(dataset, tmp_path / "run", kimg=0.3, title="Mine", licence="CC0-1.0", snapshots=(0.2, 0.6))
    go(None, tmp_path / "run", resume=True, preset=None, kimg=0.7, snapshots=None)
    folder = tmp_path / "run" / "snapshots"
    infos = [read_info(path) for path in sorted(folder.glob("*.json"))]
    assert [info.name for info in infos] == ["000000_200", "000000_300", "000000_600", "000000_700"]
    assert [(info.title, info.licence) for info in infos] == [
        (f"Mine, {kimg} kimg", "CC0-1.0") for kimg in (0.2, 0.3, 0.6, 0.7)
    ]
    go(None, tmp_path / "run", resume=True, preset=None, kimg=1, snapshots=(0.9,), licence="CC-BY-4.0")
    assert read_info(folder / "000000_900.json").licence == "CC-BY-4.0"
    kept = load_checkpoint(tmp_path / "run").origins
    assert (kept.title, kept.licence, kept.snapshots) == ("Mine", "CC-BY-4.0", (0.9,))


def test_several_processes_do_not_wait_for_patterns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "init", lambda device: ProcessGroup(0, 2, torch.device("cpu")))
    with pytest.raises(TrainingError, match=r"livegan dataset patterns --size 8 --count 12000 --seed 3 -o .*-8-3\.zip"):
        go("patterns", tmp_path / "run", seed=3, batch=16)


def test_patterns_are_made_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[tuple[int, int]] = []

    def make_patterns(path: Path, size: tuple[int, int], *_: object) -> None:
        made.append(size)
        pictures(path, size)

    monkeypatch.setattr(module, "make_patterns", make_patterns)
    go("patterns", tmp_path / "run", kimg=0.1)
    go(None, tmp_path / "run", kimg=0.2, resume=True)
    assert made == [(8, 8)]
    assert load_checkpoint(tmp_path / "run").origins.dataset == "patterns"
    (tmp_path / "run" / "checkpoint.pt").unlink()
    go("patterns", tmp_path / "run", kimg=0.1, seed=1)  # other pictures
    assert made == [(8, 8)] * 2


def snapshot(folder: Path, settings: Settings, c_dim: int) -> tuple[Path, StyleGAN2]:
    network = init_generator(settings.shape(c_dim), 5)
    return write_snapshot(network, folder, 1.0, settings, ModelCard("T", "D"), 0.0, {}), network


def test_all_that_fits_is_taken_over_and_the_rest_begins_anew(dataset: Path, tmp_path: Path) -> None:
    small = settings_module.PRESETS["small-8"]
    path, source = snapshot(tmp_path / "from", small, 0)  # without classes
    said = go(dataset, tmp_path / "run", transfer=path, kimg=0.1)
    assert "new are mapping.embed" in said[0]
    assert load_checkpoint(tmp_path / "run").origins.transfer == str(path)
    _, start, _ = transfer_weights(path, small, 2)
    assert start.network is not None
    ours, theirs, anew = (
        start.network.state_dict(),
        source.state_dict(),
        init_generator(small.shape(2), 0).state_dict(),
    )
    for name, tensor in ours.items():
        if name in theirs and theirs[name].shape == tensor.shape:
            assert torch.allclose(tensor, theirs[name], rtol=1e-3, atol=1e-3)
        else:
            assert torch.equal(tensor, anew[name])
    assert all(tensor.requires_grad for tensor in start.network.parameters())


def test_a_network_of_the_same_size_lends_its_shape(dataset: Path, tmp_path: Path) -> None:
    small = settings_module.PRESETS["small-8"]
    wide = replace(small, channels=(6, 5), z_dim=3, w_dim=7, mapping_layers=1)
    path, source = snapshot(tmp_path / "from", wide, 2)
    said = go(dataset, tmp_path / "run", transfer=path, kimg=0.1)
    assert "100% of the numbers" in said[0]
    assert load_checkpoint(tmp_path / "run").settings.shape(2) == source.shape
    assert transfer_weights(path, small, 2, paired=True)[0].z_dim == small.z_dim
    go(None, tmp_path / "run", resume=True, preset=None, kimg=0.2, snapshots=(0.2,))
    info = read_info(next((tmp_path / "run" / "snapshots").glob("*.json")))
    assert "--transfer 000001.json" in info.made_by
    assert MADE[-1].closed


def test_a_network_from_which_nothing_fits_or_of_another_kind_is_refused(dataset: Path, tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="none of its convolutions"):
        go(dataset, tmp_path / "run", transfer="house-256")
    with pytest.raises(TrainingError, match="is a plain"):
        go(dataset, tmp_path / "run", transfer="plain")
    with pytest.raises(NetworkError, match="no network called"):
        go(dataset, tmp_path / "run", transfer="house-257")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"architecture": "resnet"}, "architecture 'resnet'"),
        ({"architecture": "orig"}, "architecture 'orig'"),
        ({"filter": [1, 4, 6, 4, 1]}, "low-pass"),
        ({"filter": [1, 2, 2, 1]}, "low-pass"),
    ],
)
def test_a_network_whose_numbers_mean_something_else_is_refused(
    change: dict[str, Any], words: str, tmp_path: Path
) -> None:
    small = settings_module.PRESETS["small-8"]
    path, _ = snapshot(tmp_path, small, 2)
    info = read_info(path)
    info = replace(info, shape=dict(info.shape) | change)
    tensors = {name: torch.zeros(size) for name, size in tensor_shapes(StyleGAN2Shape.of(info)).items()}
    save_weights(info, tensors)
    with pytest.raises(TrainingError, match=words):
        transfer_weights(path, small, 2)


def test_how_far_activations_may_go_is_taken_over(tmp_path: Path) -> None:
    small = settings_module.PRESETS["small-8"]
    path, _ = snapshot(tmp_path, replace(small, precision="fp16"), 2)
    settings, start, _ = transfer_weights(path, small, 2)
    assert start.network is not None
    assert start.network.shape.conv_clamp == settings.shape(2).conv_clamp == 256.0
    path, _ = snapshot(tmp_path, small, 2)
    assert transfer_weights(path, small, 2)[0].shape(2).conv_clamp is None


def test_a_run_lends_its_discriminator_so_that_some_of_it_can_be_frozen(dataset: Path, tmp_path: Path) -> None:
    go(dataset, tmp_path / "first", kimg=0.1)
    go(dataset, tmp_path / "second", kimg=0.1, transfer=tmp_path / "first", freeze_d=1)
    assert MADE[1].start_d is not None
    assert torch.equal(MADE[1].start_d["b4.weight"], torch.ones(2))


def test_where_memory_ends_at_the_start_the_advice_is_the_same(
    dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def end(self: Fake, *_: object) -> None:
        raise RuntimeError("CUDA out of memory")

    monkeypatch.setattr(Fake, "__init__", end)
    with pytest.raises(TrainingError, match="--batch 5"):
        go(dataset, tmp_path / "run")


def test_what_is_advised_where_memory_ends_can_be_typed(
    dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin = Fake.__init__

    def end(self: Fake, settings: Settings, *rest: Any) -> None:
        if settings.batch > 3:
            raise RuntimeError("CUDA out of memory")
        begin(self, settings, *rest)

    monkeypatch.setattr(Fake, "__init__", end)
    batch, tried = 32, []
    while not MADE:
        try:
            go(dataset, tmp_path / "run", batch=batch, kimg=0.01)
        except TrainingError as error:
            tried.append(batch)
            batch = int(str(error).rpartition("--batch ")[2])
    assert (tried, batch) == ([32, 16, 8, 4], 2)


def test_of_several_processes_only_the_first_speaks(
    dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "init", lambda device: ProcessGroup(1, 2, torch.device("cpu")))
    monkeypatch.setattr(ProcessGroup, "mean", lambda self, numbers: list(numbers))
    assert go(dataset, tmp_path / "run", batch=16) == []
    with pytest.raises(SystemExit):  # the first one says why
        go(dataset, tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_set_that_was_moved_can_be_named(dataset: Path, tmp_path: Path) -> None:
    go(dataset, tmp_path / "run", kimg=0.1)
    moved = dataset.rename(tmp_path / "moved.zip")
    with pytest.raises(DatasetError, match=r"elsewhere now, type: livegan train PLACE --resume .*run"):
        go(None, tmp_path / "run", resume=True, preset=None, kimg=0.2)
    go(moved, tmp_path / "run", resume=True, preset=None, kimg=0.2)
    assert load_checkpoint(tmp_path / "run").origins.dataset == str(moved)


def test_it_is_announced_that_compiling_takes_minutes(dataset: Path, tmp_path: Path) -> None:
    assert "takes minutes" in go(dataset, tmp_path / "run", compile=True, kimg=0.01)[0]


def test_only_settings_can_be_overridden() -> None:
    names = {entry.name: entry for entry in fields(Settings)}
    assert set(OVERRIDABLE) <= set(names) - {"preset", "channels", "d_channels", "z_dim", "w_dim", "conv_clamp"}
    with pytest.raises(TypeError, match="channels"):
        Overrides(channels=(1,))  # type: ignore[call-arg]


@pytest.mark.parametrize(
    "more",
    [{"transfer": "house-257"}, {"preset": "tiny-64"}, {"freeze_d": 1}, {"precision": "fp16"}, {"tensorboard": True}],
    ids=str,
)
def test_a_refused_run_leaves_no_folder(
    more: dict[str, Any], dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    with pytest.raises(LiveganError):
        go(dataset, tmp_path / "out" / "deep" / "run", **more)
    assert not (tmp_path / "out").exists()
    (tmp_path / "mine").mkdir()
    with pytest.raises(LiveganError):
        go(dataset, tmp_path / "mine", **more)
    assert (tmp_path / "mine").is_dir()  # what was there stays


@pytest.mark.parametrize("name", ["checkpoint.pt", "snapshots"])
def test_a_run_that_could_not_be_saved_is_refused_at_the_start(name: str, dataset: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    if name == "snapshots":
        run.mkdir()
        (run / name).write_text("not a folder")
    else:
        (run / name).mkdir(parents=True)
    with pytest.raises(TrainingError, match="cannot be written"):
        go(dataset, run)
    assert not MADE


def test_files_that_are_not_read_are_named(tmp_path: Path) -> None:
    with zipfile.ZipFile(pictures(tmp_path / "a.zip")) as archive:
        archive.extractall(tmp_path / "set")
    for name in ("a.HEIC", "b.heic", "c.cr2"):
        (tmp_path / "set" / name).write_bytes(b"?")
    messages = go(tmp_path / "set", tmp_path / "run", kimg=0.01)
    assert any("2 .heic" in message and "1 .cr2" in message for message in messages)


def test_names_that_are_not_unicode_do_not_end_a_run(tmp_path: Path) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.zip"))
    pictures(tmp_path / "a.zip", classes=("r\udce9d", "blue")).rename(path)
    go(path, tmp_path / "run", kimg=0.5, snapshots=None, title="Caf\udce9", licence="\udcff")
    info = read_info(next((tmp_path / "run" / "snapshots").glob("*.json")))
    assert (info.classes, info.licence) == (("r\\xe9d", "blue"), "\\xff")
    assert "Caf\\xe9" in info.title
    assert "caf\\xe9.zip" in info.made_by
    go(None, tmp_path / "run", resume=True, preset=None, kimg=1)
    assert load_checkpoint(tmp_path / "run").origins.dataset == str(path.resolve())
