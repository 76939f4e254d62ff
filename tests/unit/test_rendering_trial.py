"""Trial of a device: what hangs, dies, is wrong, slow or refuses does so in a process of its own, and is remembered."""

import os
import re
from dataclasses import replace
from pathlib import Path

import pytest

from livegan.engine.loader import Loader, probe_plan
from livegan.errors import NetworkError
from livegan.networks import device
from livegan.networks.architectures import ARCHITECTURES
from livegan.networks.info import NetworkInfo
from livegan.networks.library import find_network
from livegan.rendering import generator, trial
from livegan.rendering.backends import stylegan2
from livegan.rendering.backends.protocol import BackendSpec
from livegan.rendering.load import load_generator
from livegan.rendering.registry import LIVE, Generator, LoadOptions
from livegan.rendering.trial import (
    Outcome,
    UntriedError,
    Verdict,
    forget,
    guarded,
    is_safe,
    recalled,
    remember_verdict,
    remembered,
    torch_device,
)
from tests import standins
from tests.starved import no_process

GOLDEN = Path(__file__).parent.parent / "golden" / "conditional-32.json"


@pytest.fixture(autouse=True)
def standin_device(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(
        trial, "ARCHITECTURES", {name: replace(row, backends="tests.standins") for name, row in ARCHITECTURES.items()}
    )


@pytest.fixture
def info() -> NetworkInfo:
    return find_network(GOLDEN)


def unmakeable() -> None:
    raise AssertionError("made in the process of the show")


def spec(name: str) -> BackendSpec:
    return BackendSpec(name, unmakeable, device=standins.DEVICE)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "outcome", "reason", "of_any_network"),
    [
        ("right", Outcome.SAFE, r"ms a picture, \d+ dB", False),
        ("wrong", Outcome.WRONG, "another picture: .* dB", False),
        ("slow", Outcome.SLOW, "ms a picture; the plain forward", False),
        ("dies", Outcome.DIED, "SIGSEGV while drawing", True),
        ("is mistaken", Outcome.DIED, "code 1 while drawing: KeyError: 'weight'", True),
        ("refuses", Outcome.FAILED, "no kernel for this device", False),
    ],
)
def test_each_verdict_is_reached_remembered_and_forgotten(
    name: str,
    outcome: Outcome,
    reason: str,
    of_any_network: bool,
    info: NetworkInfo,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    verdict = is_safe(spec(name), info)
    assert (verdict.outcome, verdict.safe) == (outcome, outcome == Outcome.SAFE)
    assert re.search(reason, verdict.reason)
    with monkeypatch.context() as patch:
        patch.setattr(trial, "_start", unmakeable)  # no process is started for what is known
        assert is_safe(spec(name), info) == verdict
    assert remembered(standins.DEVICE) == [verdict]
    other = replace(info, resolution=(64, 64))
    assert (recalled(spec(name), other) == verdict) == of_any_network
    with monkeypatch.context() as patch:
        patch.setattr(trial, "machine", lambda: "the same machine with another driver")
        assert recalled(spec(name), info) is None
        assert remembered(standins.DEVICE) == []
    assert forget(standins.DEVICE) == 1
    assert (recalled(spec(name), info), remembered(standins.DEVICE)) == (None, [])


def test_what_hangs_is_killed_with_all_it_started(
    info: NetworkInfo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    child = tmp_path / "child"
    monkeypatch.setenv(standins.CHILD, str(child))
    ticks = iter(range(10_000))

    def clock() -> float:
        """Stands still until the child is there, then goes on by a second at each look."""
        return 10.0 * next(ticks) if child.exists() and child.read_text() else 0.0

    verdict = is_safe(spec("hangs with a child"), info, limit_s=3, clock=clock)
    assert verdict.outcome == Outcome.HUNG
    assert re.fullmatch(r"no answer within \d+ s while drawing", verdict.reason)
    assert recalled(spec("hangs with a child"), replace(info, resolution=(64, 64))) == verdict
    stat = Path(f"/proc/{child.read_text()}/stat")
    assert not stat.exists() or stat.read_text().split()[2] == "Z"


def test_a_trial_is_broken_off_on_request_and_then_nothing_is_remembered(info: NetworkInfo) -> None:
    asked = iter([False, False, True])
    verdict = is_safe(spec("hangs"), info, stop=lambda: next(asked))
    assert (verdict.outcome, verdict.safe) == (Outcome.STOPPED, False)
    assert remembered(standins.DEVICE) == []


def test_the_end_of_a_show_breaks_a_trial_off(info: NetworkInfo, monkeypatch: pytest.MonkeyPatch) -> None:
    tried = guarded(spec("hangs"), info, replace(LIVE, stop=lambda: True))
    with pytest.raises(UntriedError, match="broken off"):
        tried.make()
    loaded: list[LoadOptions] = []

    def load(_: NetworkInfo, options: LoadOptions) -> Generator:
        loaded.append(options)
        raise NetworkError("not loaded")

    loader = Loader(load)
    loader.request(info)
    loader.poll(0.0)
    assert not loaded[0].stop()
    loader.stop()
    assert loaded[0].stop()


def test_a_machine_too_busy_to_get_ready_is_not_held_against_the_device(info: NetworkInfo) -> None:
    ticks = iter(range(10_000))
    verdict = is_safe(spec("right"), info, prepare_s=1, clock=lambda: float(next(ticks)))
    assert (verdict.outcome, remembered(standins.DEVICE)) == (Outcome.STOPPED, [])
    assert "too busy" in verdict.reason


def test_a_backend_for_which_there_is_no_process_is_not_tried_and_not_remembered(
    info: NetworkInfo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("subprocess.Popen", no_process)
    verdict = is_safe(spec("right"), info)
    assert (verdict.outcome, remembered(standins.DEVICE)) == (Outcome.STOPPED, [])
    assert "no process can be started for it (Resource temporarily unavailable)" in verdict.reason


def test_memory_that_another_program_may_have_taken_is_not_remembered(info: NetworkInfo) -> None:
    verdict = is_safe(spec("fills the memory"), info)
    assert (verdict.outcome, remembered(standins.DEVICE)) == (Outcome.FAILED, [])


def test_a_plain_cpu_is_safe_and_what_was_not_tried_is_not(info: NetworkInfo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trial, "_start", unmakeable)
    assert is_safe(BackendSpec("torch fp32", unmakeable), info).safe  # type: ignore[arg-type]
    assert is_safe(spec("right"), info, try_it=False).reason == "not tried yet"


def test_a_network_that_cannot_be_read_is_not_held_against_the_device(info: NetworkInfo, tmp_path: Path) -> None:
    verdict = is_safe(spec("right"), replace(info, path=tmp_path / "gone.json"))
    assert (verdict.outcome, remembered(standins.DEVICE)) == (Outcome.STOPPED, [])
    assert "gone.json" in verdict.reason


@pytest.mark.parametrize("text", ["", "{}", "[1]", '{"outcome": "lucky", "reason": "x"}', '{"outcome": "safe"}'])
def test_what_cannot_be_read_of_the_cache_is_no_verdict(text: str, info: NetworkInfo) -> None:
    remember_verdict(Verdict(Outcome.HUNG, "no answer", "refuses", standins.DEVICE), info)
    assert remembered(standins.DEVICE)
    for file in Path(os.environ["XDG_CACHE_HOME"]).rglob("trial-*.json"):
        file.write_text(text)
    assert recalled(spec("refuses"), info) is None
    assert remembered(standins.DEVICE) == []


@pytest.fixture
def beside_the_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """The stand-in's backends compete with the CPU's."""
    monkeypatch.setattr(generator, "import_module", lambda _: standins)
    monkeypatch.setattr(
        device, "candidate_devices", lambda name: ("cpu", standins.DEVICE) if name == "auto" else (standins.DEVICE,)
    )


@pytest.mark.usefixtures("beside_the_cpu")
def test_whatever_a_device_does_the_cpu_draws_and_what_speaks_against_the_device_is_said(
    info: NetworkInfo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(standins, "NAMES", names := ("dies", "hangs", "wrong", "refuses"))
    for name, outcome in zip(names[1:], (Outcome.HUNG, Outcome.WRONG, Outcome.FAILED), strict=True):
        remember_verdict(Verdict(outcome, "as the last time", name, standins.DEVICE), info)
    made = load_generator(info, "auto")
    assert made.render(probe_plan(info)).shape == (32, 32, 3)
    for words in ("dies (standin died", "hangs (standin hung", "wrong (standin wrong", "refuses (standin failed"):
        assert words in made.reason
    made.close()
    monkeypatch.setattr(trial, "_start", unmakeable)  # all is remembered: the next start tries nothing
    load_generator(replace(info, name="again"), "auto").close()


@pytest.mark.usefixtures("beside_the_cpu")
def test_a_device_that_was_asked_for_and_is_not_safe_is_an_error_that_says_what_to_type(
    info: NetworkInfo, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in (names := ("hangs", "dies", "slow")):
        remember_verdict(Verdict(Outcome.HUNG, "no answer within 60 s", name, standins.DEVICE), info)
    for tried in (names, names[:1]):
        monkeypatch.setattr(standins, "NAMES", tried)
        with pytest.raises(NetworkError, match=r"hung: no answer within 60 s") as caught:
            load_generator(info, standins.DEVICE)
        assert "--device" in str(caught.value)


@pytest.mark.usefixtures("beside_the_cpu")
def test_a_safe_device_may_win(info: NetworkInfo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(standins, "NAMES", ("right",))
    monkeypatch.setattr(stylegan2, "backend_specs", lambda net, device: [])
    made = load_generator(info, "auto")
    assert made.device_text == "cpu, fp32, reference"
    assert [verdict.outcome for verdict in remembered(standins.DEVICE)] == [Outcome.SAFE]
    made.close()


def test_a_torch_device_that_does_not_answer_leaves_the_cpu_and_its_absence_is_remembered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert torch_device(("cpu", "mps", "openvino-gpu")) == "cpu"
    assert [verdict.outcome for verdict in remembered("mps")] == [Outcome.FAILED]
    with pytest.raises(RuntimeError, match=r"mps failed: .*livegan doctor --retry"):
        torch_device(("mps",))


@pytest.mark.gpu
def test_a_backend_of_every_device_of_this_machine_is_safe_and_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trial, "ARCHITECTURES", ARCHITECTURES)
    network = find_network("house-256")
    there = [name for name in (*device.TORCH_DEVICES, *device.DRAWING_DEVICES) if device.device_presence(name).there]
    if not there:
        pytest.skip("no device to draw on but the CPU")
    for name in there:
        made = load_generator(network, name)
        assert made.render(probe_plan(network)).shape == (*network.resolution, 3)
        made.close()
        assert Outcome.SAFE in [verdict.outcome for verdict in remembered(name)]
