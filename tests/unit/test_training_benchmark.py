"""The bench of training: the textbook loop is right, the variants take turns, the table has what was measured."""

import json
import weakref
from dataclasses import replace

import pytest
import torch

from livegan.errors import NetworkError
from livegan.training import benchmark as bench_train
from livegan.training.benchmark import (
    BF16,
    F32,
    PLAIN,
    RandomImages,
    TextbookTrainer,
    figures,
    in_turn,
    livegan_trainer,
    reference_logits,
    table,
)
from livegan.training.discriminator import Discriminator
from livegan.training.settings import Settings

TINY = Settings("tiny", (8, 8, 8), (8, 8, 8), 8, 8, 2, batch=4, augment="none")  # 16 px
CPU = torch.device("cpu")


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    torch.set_num_threads(1)


def test_the_reference_discriminator_gives_the_logits_of_ours():
    discriminator = Discriminator((8, 8, 8), 16, 3, 12).init_weights(3)
    pictures, classes = RandomImages(16).batch(range(8))
    pictures = pictures.float() / 127.5 - 1
    assert torch.allclose(
        reference_logits(discriminator, pictures, classes), discriminator(pictures, classes), atol=1e-4
    )


def test_the_plain_loop_begins_where_ours_begins_and_learns():
    data = RandomImages(16)
    plain, quick = TextbookTrainer(TINY, data, CPU), livegan_trainer(TINY, data, CPU, "f32")
    before = [weight.clone() for weight in plain.network.parameters()]
    assert all(
        torch.equal(one, other)
        for one, other in zip(plain.network.parameters(), quick.network.parameters(), strict=True)
    )
    quick.close()
    found = plain.step()
    assert 0 < found["loss_d"] < 3
    assert 0 < found["loss_g"] < 3
    assert plain.steps == 1
    moved = [bool((one != other).any()) for one, other in zip(before, plain.network.parameters(), strict=True)]
    assert sum(moved) > 0.8 * len(moved)
    assert all(weight.requires_grad for weight in plain.discriminator.parameters())


class LoggedVariant:
    """A variant of the training step that logs its steps."""

    def __init__(self, name, log):
        self.steps, self.name, self.log = 0, name, log

    def step(self):
        self.log.append((self.name, self.steps))
        self.steps += 1
        return {}


def test_variants_take_turns_and_steps_with_r1_are_timed_apart():
    log = []
    times_ms = in_turn({name: LoggedVariant(name, log) for name in ("a", "b")}, 3, 16, CPU)
    assert [name for name, _ in log] == ["a", "b"] * (bench_train.WARMUP_STEPS + 3 + bench_train.R1_STEPS)
    assert [step % 16 == 0 for _, step in log[::2]] == [False] * 4 + [True] * 2
    assert {name: (len(usual), len(dear)) for name, (usual, dear) in times_ms.items()} == {"a": (3, 2), "b": (3, 2)}


def test_the_dear_steps_count_as_often_as_they_come():
    times_ms = {PLAIN: ([100.0, 100.0], [260.0]), F32: ([50.0, 40.0, 60.0], [82.0])}
    plain, whole, half = figures(replace(TINY, r1_every=16), times_ms, {BF16: "no"})
    assert plain["ms"] == 110
    assert plain["pictures_s"] == pytest.approx(4000 / 110, abs=0.01)
    assert (whole["ms"], whole["usual_ms"], whole["r1_ms"]) == (52, 50, 82)
    assert whole["times_plain"] == pytest.approx(110 / 52, abs=0.01)
    assert half["why"] == "no"


def test_a_whole_bench_has_a_row_for_every_variant(monkeypatch):
    monkeypatch.setattr(bench_train, "preset", lambda name: replace(TINY, preset=name))
    monkeypatch.setattr(bench_train, "has_bf16", lambda: True)
    found = bench_train.measure(("one",), 1, device="cpu")
    assert [row["way"] for row in found["rows"]] == [PLAIN, F32, BF16]
    assert all(row["pictures_s"] > 0 for row in found["rows"])
    assert found["rows"][0]["times_plain"] == 1
    text = table(json.loads(json.dumps(found)))
    assert sum(line.startswith("one") for line in text.splitlines()) == 3
    assert "x plain" in text


@pytest.mark.parametrize("error", [MemoryError(), RuntimeError("DefaultCPUAllocator: can't allocate memory")])
def test_what_does_not_fit_is_reported_and_the_others_are_timed(monkeypatch, error):
    def refuse(*_):
        raise error

    monkeypatch.setattr(bench_train, "TextbookTrainer", refuse)
    monkeypatch.setattr(bench_train, "has_bf16", lambda: False)
    plain, whole = bench_train.compare(TINY, 1, CPU)
    assert plain["why"] == "does not fit into memory"
    assert whole["times_plain"] is None
    assert "does not fit" in table({"machine": "a", "device": "b", "rows": [plain, whole]})


def test_a_variant_that_is_too_slow_is_not_timed_and_its_memory_is_released(monkeypatch):
    made, closed = [], []

    class Slow(bench_train.AdversarialTrainer):
        def __init__(self, *words):
            super().__init__(*words)
            made.append(weakref.ref(self))

        def close(self):
            closed.append(self.settings.precision)
            super().close()

    monkeypatch.setattr(bench_train, "AdversarialTrainer", Slow)
    monkeypatch.setattr(bench_train, "MAX_STEP_S", 0.0)
    assert all("longer than" in row["why"] for row in bench_train.compare(TINY, 1, CPU))
    assert "f32" in closed
    assert len(made) == len(closed)
    assert not any(way() for way in made)


def test_a_mistake_is_not_taken_for_a_lack_of_memory(monkeypatch):
    def wrong(*_):
        raise RuntimeError("shapes do not fit")

    monkeypatch.setattr(bench_train, "TextbookTrainer", wrong)
    with pytest.raises(RuntimeError, match="do not fit"):
        bench_train.compare(TINY, 1, CPU)


def test_a_device_of_no_such_name_is_refused():
    with pytest.raises(NetworkError, match="no device called 'banana'"):
        bench_train.measure((), device="banana")
