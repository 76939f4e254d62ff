"""Scene and setlist files made to harm: each is refused in plain sentences, soon, and none ends a show."""

from pathlib import Path

import pytest

from livegan.config.load import load_scenes, load_setlist
from livegan.config.save import save_scene
from livegan.errors import SceneError

LONG = "0x" + "F" * 8000  # a number that Python does not print


@pytest.mark.parametrize(
    "text",
    [
        f"title = {LONG}",
        f"classes = [{LONG}]",
        f"parameters = {{ react = {LONG} }}",
        f"motion = {{ model = 'projection', film_fps = {LONG} }}",
        "title" + ".a" * 4000 + " = 1",
        "motion = { model" + ".a" * 4000 + " = 1 }",
        "[title" + ".a" * 4000 + "]",
        "network = " + "[" * 60 + "]" * 60,
        "knobs = " + "{ a = " * 60 + "1" + "}" * 60,
    ],
)
def test_numbers_and_tables_without_end(text: str, tmp_path: Path) -> None:
    path = tmp_path / "scene.toml"
    path.write_text(text)
    (loaded,) = load_scenes([str(path)])
    assert loaded.scene is None
    assert len(loaded.mistakes) == 1
    assert "too long" in loaded.mistakes[0] or "tables in tables" in loaded.mistakes[0] or "dots" in loaded.mistakes[0]
    with pytest.raises(SceneError, match=r"too long|tables in tables|dots"):
        load_setlist(str(path))


def test_sentences_have_as_many_dots_as_they_like(tmp_path: Path) -> None:
    path = tmp_path / "scene.toml"
    path.write_text(f'title = "Wait{"." * 99}"\nparameters = {{ react = 0.5, noise = 0.5 }}\n')
    (loaded,) = load_scenes([str(path)])
    assert loaded.mistakes == ()


@pytest.mark.parametrize("name", ["a" * 300, "a/" * 3000, "\\u0000"])
def test_names_that_no_file_can_have(name: str, tmp_path: Path) -> None:
    path = tmp_path / "set.toml"
    path.write_text(f'title = "x"\n[[entries]]\nscene = "{name}.toml"\n')
    file = load_setlist(str(path))
    (loaded,) = load_scenes([file.scene_name(file.table.entries[0].scene)])
    assert loaded.scene is None
    assert loaded.mistakes[0].startswith("there is no file")
    assert len(loaded.mistakes[0]) < 400
    with pytest.raises(SceneError, match="there is no file"):
        load_setlist("a" * 300 + ".toml")


def test_titles_without_end(tmp_path: Path) -> None:
    path = tmp_path / "scene.toml"
    path.write_text('title = """' + ("x" * 8000 + "\n") * 30 + '"""\n')
    (loaded,) = load_scenes([str(path)])
    assert "title: string should have at most 200 characters" in loaded.mistakes[0]
    assert len(loaded.mistakes[0]) < 500
    path.write_text(f'title = "{"x" * 200}"\n')
    (loaded,) = load_scenes([str(path)])
    assert loaded.scene is not None
    saved = save_scene(loaded.scene, str(path), tmp_path, tmp_path / "into")
    assert load_scenes([str(saved)])[0].mistakes == ()
