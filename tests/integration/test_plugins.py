"""A package of its own adds one of each kind: it is asked the same laws as ours and plays; a broken one is left out."""

import json
from pathlib import Path

import av
import pytest

from tests.plugin_venv import ROOT, PluginVenv

MEMBERS = {
    "test_features.py": "crossings",
    "test_motions.py": "orbit",
    "test_effects.py": "duotone",
    "test_rendering.py": "stripes",
    "test_outputs.py": "brightness",
}
NETWORK = {
    "format": "livegan-network-1",
    "kind": "stripes",
    "resolution": [32, 64],
    "z_dim": 16,
}
SCENE = """
title = "Everything of the plugin"
network = "my-stripes.json"
[motion]
model = "orbit"
[parameters]
motion.radius = 1.5
effect.duotone = 0.5
[[routes]]
source = "crossings"
target = "effect.duotone.pink"
amount = 1.0
"""
VENUE = """
[picture]
fps = 10
[[outputs]]
kind = "brightness"
path = "brightness.csv"
"""


@pytest.fixture(scope="module")
def venv(tmp_path_factory: pytest.TempPathFactory) -> PluginVenv:
    venv = PluginVenv.make(tmp_path_factory.mktemp("plugin"))
    venv.run("pip install tests/example_plugin", ROOT)
    return venv


def test_the_contract_suites_ask_the_members_of_a_plugin(venv: PluginVenv) -> None:
    files = " ".join(f"tests/contracts/{file}" for file in MEMBERS)
    few = MEMBERS | {"test_features.py": "(crossings and (silence or NaN or says))"}  # of fifteen kinds of sound
    names = " or ".join(few.values())
    printed = venv.run(f"python -m pytest -v -p no:cacheprovider {files} -k '{names}'", ROOT)
    for file, name in MEMBERS.items():
        asked = [line for line in printed.splitlines() if line.startswith(f"tests/contracts/{file}::") and name in line]
        assert len(asked) >= 5 or (file == "test_features.py" and len(asked) >= 2), printed
        assert all("PASSED" in line or "SKIPPED" in line for line in asked)


def test_its_members_are_listed_with_the_package_they_come_from(venv: PluginVenv, tmp_path: Path) -> None:
    printed = venv.run("livegan parameters", tmp_path)
    for name in ("effect.duotone.pink", "motion.radius", "crossings", "orbit", "brightness"):
        assert name in printed
    for kind, name in (("effect", "duotone"), ("motion model", "orbit"), ("output", "brightness")):
        assert f"{kind} {name}: livegan-example 1.0" in printed


def test_a_scene_uses_all_of_them(venv: PluginVenv, tmp_path: Path) -> None:
    (tmp_path / "my-stripes.json").write_text(json.dumps(NETWORK))
    (tmp_path / "all.toml").write_text(SCENE)
    (tmp_path / "venue.toml").write_text(VENUE)
    printed = venv.run(
        "livegan check all.toml\nlivegan check --venue venue.toml\n"
        "livegan play --headless --input demo --scene all.toml --venue venue.toml --duration 1 --record show.mp4\n",
        tmp_path,
    )
    assert " 0 faults." in printed
    rows = [line.split(",") for line in (tmp_path / "brightness.csv").read_text().splitlines()]
    assert rows
    assert all(0 <= float(brightness) <= 255 for _, brightness in rows)
    with av.open(str(tmp_path / "show.mp4")) as film:
        assert next(film.decode(video=0)).width == 1024


def test_a_broken_plugin_is_one_sentence_and_the_show_goes_on(tmp_path: Path) -> None:
    venv = PluginVenv.make(tmp_path)
    package = tmp_path / "broken"
    package.mkdir()
    groups = {"effects": "EFFECTS", "features": "FEATURES", "motions": "MOTIONS", "outputs": "OUTPUTS"}
    points = "".join(f'[project.entry-points."livegan.{group}"]\nbad = "livegan_broken"\n' for group in groups)
    (package / "pyproject.toml").write_text(
        '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n'
        '[project]\nname = "livegan-broken"\nversion = "0.1"\n'
        f"{points}"
    )
    (package / "livegan_broken.py").write_text("raise RuntimeError('no such camera')\n")
    printed = venv.run(
        "pip install ./broken\nlivegan parameters\n"
        "livegan play --headless --input demo --scene patterns --duration 0.5\n",
        tmp_path,
    )
    for kind in ("effect", "feature", "motion model", "output"):
        sentence = f"the {kind} 'bad' of the package livegan-broken 0.1 is left out: RuntimeError: no such camera"
        assert printed.count(sentence) == 2, printed
    assert "Traceback" not in printed
    assert " 0 faults." in printed
