"""Code blocks of the pages for newcomers: files are written, shell lines run, examples are those that are tested.

The word after the language says what a block is: a file's name (it is written), `repository` (shell lines run in
livegan's folder, not in the reader's), `copy` (in a copy of livegan's folder), `fails` (shell lines that must fail).
"""

import re
import shutil
import tomllib
from pathlib import Path

import pytest

from livegan.config.load import load_venue
from livegan.config.scene import LayerTable
from livegan.core.controller import Controller
from livegan.core.registry import OWN_PACKAGE
from livegan.engine.outputs import output_mistakes
from livegan.networks.info import read_info
from tests.integration.test_cli import song
from tests.plugin_venv import ROOT, PluginVenv

BLOCK = re.compile(r"```(\w+) ?([^\n]*)\n(.*?)```", re.DOTALL)
EXAMPLE = ROOT / "tests" / "example_plugin"
SHORT = {"play": " --headless --input demo --duration 0.5", "render": " --duration 0.3 --size 64x64 --overwrite"}
"""What is added to commands so that they end soon and without a window."""


def blocks(page: str) -> list[tuple[str, str, str]]:
    """(language, name, text) of every block of a page."""
    return BLOCK.findall((ROOT / "docs" / page).read_text(encoding="utf-8"))


def shortened(lines: str) -> str:
    words = {f"livegan {command} ": options for command, options in SHORT.items()}
    return "\n".join(
        line.split(" #")[0] + next((options for start, options in words.items() if line.startswith(start)), "")
        for line in lines.splitlines()
    )


@pytest.fixture
def venv(tmp_path: Path) -> PluginVenv:
    folder = tmp_path / "environment"
    folder.mkdir()
    return PluginVenv.make(folder)


PAGES = ["first-scene.md", "first-effect.md", "layers.md", "custom-effects.md"]


@pytest.mark.parametrize("page", PAGES)
def test_a_newcomer_can_type_the_page_from_top_to_bottom(page: str, tmp_path: Path, venv: PluginVenv) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    song(folder / "song.wav", 1.0)
    printed = ""
    for language, name, text in blocks(page):
        if language == "sh" and name == "fails":
            with pytest.raises(AssertionError) as failure:
                venv.run(text, folder)
            printed = str(failure.value)
        elif language == "sh":
            printed = venv.run(shortened(text), ROOT if name == "repository" else folder)
            assert "Traceback" not in printed
            assert " 0 faults" in printed or "livegan play" not in text
        elif language == "text":
            assert text in printed
        elif name == "gate":  # a part of a scene whose video is the reader's
            assert LayerTable.model_validate(tomllib.loads(text)["layers"][0]).gate_from
        else:
            assert name, f"a block of {page} without a file name: {text}"
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_text(text, encoding="utf-8")


def test_every_kind_of_the_extending_page_is_the_example_that_the_tests_install(tmp_path: Path) -> None:
    seen = set()
    for language, name, text in blocks("extending.md"):
        seen.add(name)
        (tmp_path / "block").write_text(text, encoding="utf-8")
        if name.startswith("livegan_example/"):
            assert text == (EXAMPLE / name).read_text(encoding="utf-8"), name
        elif name == "pyproject.toml":
            assert text == (EXAMPLE / name).read_text(encoding="utf-8")
        elif name == "controller":
            assert Controller.model_validate(tomllib.loads(text)).knobs
        elif name == "architecture":
            exec(text, {})
        elif name == "my-venue.toml":
            assert output_mistakes(load_venue(tmp_path / "block").outputs)[0].startswith(
                "outputs.0.kind: no output called 'brightness'"
            ), "it is the plugin's, which is not installed here"
        elif name == "my-stripes.json":
            assert read_info(tmp_path / "block").kind == "stripes"
        else:
            assert language == "sh", name
    files = {f"livegan_example/{path.name}" for path in (EXAMPLE / "livegan_example").glob("[!_]*.py")}
    assert files | {"pyproject.toml", "controller", "architecture", "copy", "repository"} <= seen


def test_the_shell_lines_of_the_extending_page_run(tmp_path: Path, venv: PluginVenv) -> None:
    copy = tmp_path / "livegan-copy"
    copy.mkdir()
    for name in ("main.py", "pyproject.toml"):
        shutil.copy(ROOT / name, copy)
    for name in ("tests", "presets", "configs"):
        (copy / name).symlink_to(ROOT / name)
    shutil.copytree(ROOT / "livegan", copy / "livegan", ignore=shutil.ignore_patterns("bundled", "__pycache__"))
    (copy / "livegan" / "networks" / "bundled").symlink_to(ROOT / "livegan" / "networks" / "bundled")
    for language, name, text in blocks("extending.md"):
        if language == "sh":
            lines = text.replace("livegan parameters", "python main.py parameters")
            printed = venv.run(lines, copy if name == "copy" else ROOT)
            assert "duotone" in printed
            assert " passed" in printed


def test_one_file_in_its_room_is_a_member(tmp_path: Path, venv: PluginVenv) -> None:
    """No import line, no list: the file alone, in a copy of livegan's folder."""
    shutil.copytree(ROOT / "livegan", tmp_path / "livegan", ignore=shutil.ignore_patterns("bundled", "__pycache__"))
    rooms = {
        "crossings": ("features", "livegan.features", "FEATURES"),
        "orbit": ("mapping/motions", "livegan.mapping.motions.registry", "MOTIONS"),
        "duotone": ("effects", "livegan.effects.registry", "EFFECTS"),
        "brightness": ("outputs", "livegan.outputs.registry", "OUTPUTS"),
        "stripes": ("rendering", "livegan.rendering.load", "generators()"),
    }
    lines = ["import sys", f"sys.path.insert(0, {str(tmp_path)!r})"]
    for name, (folder, module, table) in rooms.items():
        shutil.copy(EXAMPLE / "livegan_example" / f"{name}.py", tmp_path / "livegan" / folder)
        lines += [
            f"from {module} import {table.removesuffix('()')} as table",
            f"table = {'table()' if table.endswith('()') else 'table'}",
            f"assert table.origin({name!r}) == {OWN_PACKAGE!r}",
            f"assert table[{name!r}].__module__.endswith('.{name}')",
        ]
    (tmp_path / "check.py").write_text("\n".join(lines))
    venv.run("python check.py", tmp_path)
