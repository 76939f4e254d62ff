"""Members of other packages that can be imported but not set up: one sentence each, before the show."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from livegan.config.load import load_scenes
from livegan.config.venue import OutputTable
from livegan.core.registry import Registry
from livegan.core.rings import SampleRing
from livegan.core.types import FeatureFrame, Frame, Vector
from livegan.effects.registry import EFFECTS, Effect
from livegan.engine.bind import check_scene
from livegan.engine.guard import FaultGuard
from livegan.engine.outputs import check_outputs, make_queues
from livegan.engine.vocabulary import Vocabulary, parameter_table
from livegan.errors import MediaError
from livegan.features import FEATURES, Feature, Setup
from livegan.features.hop import Hop
from livegan.mapping.latent import Latent
from livegan.mapping.motions.registry import MOTIONS, Motion, MotionSetup
from livegan.outputs.registry import OUTPUTS, Output, ShowFormat
from tests.building import LAYOUT


class BrokenEffect(Effect):
    """Cannot be made."""

    def __init__(self) -> None:
        raise RuntimeError("no licence")

    def step(self, pixels: Any, amounts: Any, dt_s: float) -> Any: ...


class BrokenFeature(Feature):
    """Cannot be made."""

    def __init__(self, setup: Setup) -> None:
        raise RuntimeError("no licence")

    def compute(self, hop: Hop, out: Vector) -> None: ...


class NamelessFeature(Feature):
    """Says nothing of what it writes."""

    def compute(self, hop: Hop, out: Vector) -> None: ...


class BrokenMotion(Motion):
    """Cannot be made."""

    def __init__(self, setup: MotionSetup) -> None:
        raise RuntimeError("no licence")

    def step(self, heard: FeatureFrame, values: Any, dt_s: float) -> Latent: ...


class BrokenOutput(Output):
    """Cannot be opened."""

    def __init__(self, options: Any, show: ShowFormat) -> None:
        raise RuntimeError("no licence")

    def send(self, frame: Frame) -> None: ...

    def close(self) -> None: ...


@pytest.mark.parametrize(
    ("registry", "member", "reason"),
    [
        (EFFECTS, BrokenEffect, "no licence"),
        (EFFECTS, object, "not a subclass"),
        (FEATURES, BrokenFeature, "no licence"),
        (FEATURES, NamelessFeature, "which numbers it writes"),
        (FEATURES, object, "not a subclass"),
        (OUTPUTS, object, "not a subclass"),
        (OUTPUTS, type("Odd", (BrokenOutput,), {"Options": dict}), "StrictModel"),
    ],
)
def test_what_cannot_be_a_member_is_refused_where_it_is_registered(
    registry: Registry[Any], member: type, reason: str
) -> None:
    with pytest.raises((TypeError, ValueError, RuntimeError), match=reason):
        registry("broken")(member)
    assert "broken" not in registry


@pytest.fixture
def broken() -> Iterator[None]:
    members: list[tuple[Registry[Any], type]] = [(MOTIONS, BrokenMotion), (OUTPUTS, BrokenOutput)]
    for registry, member in members:
        registry("broken")(member)
    yield
    for registry, _ in members:
        del registry._entries["broken"]


@pytest.mark.usefixtures("broken")
def test_a_motion_model_that_cannot_be_made_is_a_mistake_of_the_scene(tmp_path: Path) -> None:
    path = tmp_path / "broken.toml"
    path.write_text('title = "x"\nnetwork = "plain"\n[motion]\nmodel = "broken"\n')
    (mistake,) = check_scene(*load_scenes([str(path)]), Vocabulary(LAYOUT, parameter_table())).mistakes
    assert "the motion model 'broken' of a program cannot be set up: RuntimeError: no licence" in mistake


@pytest.mark.usefixtures("broken")
def test_an_output_that_cannot_be_opened_is_one_sentence() -> None:
    outputs = check_outputs([OutputTable(kind="broken")])
    (queue,) = make_queues(outputs, ShowFormat(30.0, (32, 32), 48000, 2), SampleRing(2, 48000), FaultGuard(lambda: 0.0))
    with pytest.raises(MediaError, match="the output 'broken' of a program cannot be set up: RuntimeError: no licence"):
        queue.open()
    queue.close()
