"""Saving a scene under a new name: it reads back as it was played, and hides no other."""

import os
from pathlib import Path

import pytest

from livegan.config.load import load_scene, scene_paths
from livegan.config.save import save_scene, scene_text
from livegan.config.scene import Scene
from livegan.core.layer_files import file_inside
from livegan.errors import SceneError


@pytest.mark.parametrize("name", list(scene_paths()))
def test_every_bundled_scene_reads_back_equal(name: str, tmp_path: Path) -> None:
    scene = load_scene(name)
    path = save_scene(scene, name, scene_paths()[name].parent, tmp_path)
    again = load_scene(str(path))
    kept = {"title": scene.title}
    if '"../' in scene_paths()[name].read_text(encoding="utf-8"):  # a file beside the bundled scenes
        assert '"../' not in path.read_text(encoding="utf-8")
        kept["motion"] = scene.motion  # type: ignore[assignment]
    assert again.model_copy(update=kept) == scene
    assert (path.name, again.title) == (f"{name}-2.toml", f"{scene.title} 2")


def test_names_are_counted_up_and_nothing_is_overwritten(tmp_path: Path) -> None:
    scene = Scene(title="Mine")
    names = [save_scene(scene, name, into=tmp_path).stem for name in ("a/mine.toml", "mine", "mine-2", "mine-3")]
    assert names == ["mine-2", "mine-3", "mine-4", "mine-5"]
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"{name}.toml" for name in names]


def test_a_scene_is_on_the_disk_before_its_name_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[tuple[int, list[Path]]] = []

    def fsync(descriptor: int) -> None:
        waited.append((os.fstat(descriptor).st_ino, list(tmp_path.glob("x-*.toml"))))

    monkeypatch.setattr(os, "fsync", fsync)
    path = save_scene(Scene(title="x"), "x", into=tmp_path)
    assert waited == [(path.stat().st_ino, [])]


def test_files_that_it_names_are_found_from_anywhere(tmp_path: Path) -> None:
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "w.npy").write_bytes(b"")
    motion = {"model": "walk", "path": ["seeds:1-3", "w.npy", "w:w.npy", "none.npy"]}
    scene = Scene.model_validate({"title": "x", "motion": motion, "parameters": {"motion.speed": 3.0}})
    saved = load_scene(str(save_scene(scene, "x", tmp_path / "here", tmp_path)))
    there = str((tmp_path / "here" / "w.npy").resolve())
    assert (saved.motion[0].model_extra or {})["path"] == ["seeds:1-3", there, f"w:{there}", "none.npy"]
    assert '"motion.speed" = 3.0' in scene_text(scene)


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SceneError, match="cannot be written"):
        save_scene(Scene(title="x"), "x", into=tmp_path / "file" / "scenes")


def test_files_of_layers_come_with_it_as_scenes_read_only_beside_themselves(tmp_path: Path) -> None:
    here, into = tmp_path / "here", tmp_path / "scenes"
    (here / "media").mkdir(parents=True)
    (here / "media" / "p.png").write_bytes(b"picture")
    layers = [{"kind": "image", "source": "media/p.png"}, {"kind": "text", "text": "media/p.png"}]
    scene = Scene.model_validate({"title": "media/p.png", "layers": layers})
    first = save_scene(scene, "x", here, into)
    again = load_scene(str(first))
    assert [layer.source for layer in again.layers] == ["x-2/p.png", ""]
    assert (again.layers[1].text, again.title) == ("media/p.png", "media/p.png 2")
    assert file_inside(into, again.layers[0].source).read_bytes() == b"picture"
    second = load_scene(str(save_scene(again, str(first), into, into)))
    assert second.layers == again.layers


@pytest.mark.parametrize("name", ["x**", "[x", "..", "-2", "a\nb"])
def test_any_name_of_a_scene_can_be_counted_up(name: str, tmp_path: Path) -> None:
    paths = [save_scene(Scene(title="x"), f"{name}.toml", into=tmp_path) for _ in range(2)]
    assert [path.parent for path in paths] == [tmp_path, tmp_path]
    assert len(set(paths)) == 2


def test_a_folder_whose_name_is_no_text_is_said(tmp_path: Path) -> None:
    folder = tmp_path / os.fsdecode(b"d\xff")
    folder.mkdir()
    (folder / "w.npy").write_bytes(b"")
    scene = Scene.model_validate({"title": "x", "motion": {"model": "walk", "path": ["w.npy"]}})
    with pytest.raises(SceneError, match="not UTF-8"):
        save_scene(scene, "x", folder, tmp_path)
