"""The gallery of scenes: complete, small, and only what has changed is drawn again."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from livegan.config.load import load_scenes
from livegan.config.venue import Venue
from livegan.engine.bind import chosen_scenes
from livegan.studio import bench_music, scene_pages
from livegan.studio.scene_pages import SIZE, bundled_scenes, expressiveness, make_pages

DOCS = Path(__file__).resolve().parents[2] / "docs"
SCENE = """
title = "Lamp"
about = "a light that hits switch on"
network = "plain"
[[routes]]
source = "onset"
target = "effect.flash"
amount = 0.8
attack_s = 0.0
release_s = 0.15
[parameters]
motion.speed = 0
motion.pulse = 0
motion.drift = 0
"""


def size_of(still: Path) -> tuple[int, int]:
    with Image.open(still) as picture:
        return picture.size


def test_every_bundled_scene_is_on_the_page_with_its_line_and_its_still() -> None:
    page = (DOCS / "scenes.md").read_text(encoding="utf-8")
    wanting = []
    for loaded in bundled_scenes():
        assert loaded.path is not None
        assert loaded.scene is not None
        name, still = loaded.path.stem, DOCS / "scenes" / f"{loaded.path.stem}.jpg"
        line = f"## {loaded.scene.title} (`{name}`)\n\n{loaded.scene.about[:1].upper()}{loaded.scene.about[1:]}.\n"
        if line not in page or f"(scenes/{name}.jpg)" not in page or not still.exists():
            wanting.append(name)
        elif still.stat().st_size > 40_000 or size_of(still) != SIZE:
            wanting.append(f"{name}.jpg")
    assert not wanting, "type: livegan scenes --stills docs"


def test_a_picture_with_more_to_see_is_preferred() -> None:
    rng = np.random.default_rng(0)
    rich = np.kron(rng.integers(0, 256, (9, 16, 3)), np.ones((16, 16, 1))).astype(np.uint8)
    grey = np.repeat(rich.mean(axis=2, keepdims=True), 3, axis=2).astype(np.uint8)
    assert expressiveness(rich) > expressiveness(grey) > expressiveness(np.full_like(rich, 128))
    assert expressiveness(rich) > expressiveness(rich // 12)


@pytest.fixture
def lamp(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "lamp.toml"
    path.write_text(SCENE)
    monkeypatch.setattr(scene_pages, "bundled_scenes", lambda: load_scenes([str(path)]))
    monkeypatch.setattr(scene_pages, "SECONDS", 3.0)
    monkeypatch.setattr(scene_pages, "LOOKS_S", (1.1,))
    monkeypatch.setattr(scene_pages, "LEAD_IN", 5)
    monkeypatch.setattr(bench_music, "SETTLE_S", 1.0)
    monkeypatch.setattr(bench_music, "SILENCE_S", 1.5)
    return path


def test_only_what_has_changed_is_drawn_again(lamp: Path, tmp_path: Path) -> None:
    folder = tmp_path / "docs"
    assert make_pages(folder, Venue()) == 1
    page, still = (folder / "scenes.md").read_text(), folder / "scenes" / "lamp.jpg"
    assert "## Lamp (`lamp`)\n\nA light that hits switch on.\n\n![Lamp](scenes/lamp.jpg)\n\nAnswers " in page
    assert size_of(still) == SIZE
    drawn = still.stat().st_mtime_ns
    assert make_pages(folder, Venue()) == 0
    assert still.stat().st_mtime_ns == drawn
    assert (folder / "scenes.md").read_text() == page
    row = json.loads((folder / "scenes" / "figures.json").read_text())["lamp"]
    assert row["answered"] >= 0.9
    assert row["lag_ms"] <= 50
    assert row["correlation"] >= 0.5
    lamp.write_text(SCENE.replace("Lamp", "Torch"))
    (folder / "scenes" / "figures.json").write_text("{broken")
    assert make_pages(folder, Venue()) == 1
    assert "## Torch (`lamp`)" in (folder / "scenes.md").read_text()


def test_the_benchmark_has_a_row_for_each_scene(lamp: Path) -> None:
    figures = bench_music.measure("demo", chosen_scenes([str(lamp)]), Venue(), seconds=2.5)
    assert (figures["song"], figures["left_out"]) == ("demo", [])
    assert list(figures["scenes"]) == [str(lamp)]
    assert figures["drums"] == 3
