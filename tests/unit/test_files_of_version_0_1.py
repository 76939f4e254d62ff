"""Scenes and the venue of version 0.1, as they were: each still opens, binds without a mistake, and plays."""

import tomllib
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from livegan.config import load
from livegan.config.load import load_scenes, load_venue, scene_paths
from livegan.core.toml import read_toml
from livegan.core.types import FeatureFrame
from livegan.engine.bind import bind, bind_scene, listen, setlist
from livegan.engine.check import check
from livegan.engine.vocabulary import Vocabulary

GOLDEN = Path(__file__).parents[1] / "golden"
SCENES = sorted((GOLDEN / "scenes-0.1").glob("*.toml"))
VENUE = GOLDEN / "venues-0.1" / "default.toml"


def test_all_of_them_are_here() -> None:
    assert len(SCENES) == 8


@pytest.mark.parametrize("path", SCENES, ids=lambda path: path.stem)
def test_a_scene_of_0_1_opens_binds_and_plans_its_values(path: Path) -> None:
    venue = load_venue(VENUE)
    scenes = load_scenes([str(path)])
    layout = listen(venue, 48000, 2, scenes).layout
    patch = bind_scene(*scenes, Vocabulary.of(layout), venue.hands.knobs)
    silence = FeatureFrame(0.0, layout, np.zeros(len(layout.names), np.float32))
    plan = patch.plan(0, 0.0, 1 / 60, silence)
    assert plan.network
    assert np.isfinite(plan.z).all()
    file = tomllib.loads(path.read_text(encoding="utf-8"))
    assert patch.scene.seed == file.get("seed", 0)
    values = patch.values(silence.values, 0.0)
    for table, entries in file["parameters"].items():
        for name, value in entries.items() if isinstance(entries, dict) else ():
            pushed = any(route["target"] == f"{table}.{name}" for route in file.get("routes", ()))
            assert pushed or values[f"{table}.{name}"] == pytest.approx(value), f"{table}.{name}"


def test_the_venue_of_0_1_is_right_and_plays_them() -> None:
    venue = load_venue(VENUE)
    names = [str(path) for path in SCENES]
    assert check(venue, names) == []
    show = venue.show.model_copy(update={"scenes": tuple(names), "start": names[3]})
    order = setlist(venue.model_copy(update={"show": show}))
    bound = bind(order, listen(venue, 48000, 2, order.scenes).layout, venue)
    assert ([patch.name for patch in bound.patches], bound.start, bound.remarks) == (names, 3, ())


def test_setting_up_a_show_reads_each_scene_file_once(monkeypatch: pytest.MonkeyPatch) -> None:
    venue = load_venue(VENUE)
    reads: Counter[str] = Counter()
    listings = 0

    def counted_read(path: Path, *rest: Any) -> dict[str, Any]:
        reads[str(path)] += 1
        return read_toml(path, *rest)

    def counted_listing() -> dict[str, Path]:
        nonlocal listings
        listings += 1
        return scene_paths()

    monkeypatch.setattr(load, "read_toml", counted_read)
    monkeypatch.setattr(load, "scene_paths", counted_listing)
    order = setlist(venue, str(SCENES[0]))
    bind(order, listen(venue, 48000, 2, order.scenes).layout, venue)
    assert set(reads) == {str(path) for path in scene_paths().values()} | {str(SCENES[0])}
    assert set(reads.values()) == {1}
    assert listings == 2  # which scenes there are, and where each is
