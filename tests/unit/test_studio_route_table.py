"""`livegan routes`: the patch bay as a table and as JSON."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from livegan.cli import app
from livegan.config.load import scene_paths
from livegan.config.venue import Venue
from livegan.errors import SceneError
from livegan.studio.route_table import route_figures, route_lines

SCENE = """
title = "Mine"
network = "plain"
knobs = { "knob.7" = "w[0:4]" }
[parameters]
"w[0:4]" = 0.5
[[routes]]
source = "0.6*bass + onset"
target = "w[0:4]"
amount = 1
range = [0.1, 0.9]
threshold = 0.2
curve = "square"
polarity = "both"
hold_s = 0.1
[[routes]]
source = "beat"
target = "motion.speed"
amount = 10
polarity = "down"
lead = "auto"
every = 4
count = "downbeat"
probability = 0.25
attack_s = 0
release_s = 2
"""


@pytest.fixture
def mine(tmp_path: Path) -> str:
    path = tmp_path / "mine.toml"
    path.write_text(SCENE)
    return str(path)


def test_the_table_says_what_each_route_does(mine: str) -> None:
    title, motion, _, first, second = route_lines(route_figures(mine, Venue()))
    assert title.startswith("Mine (")
    assert motion.split() == ["motion", "lucid:", "pulse_from", "=", "bass,", "drift_from", "=", "mid"]
    for text in (
        *("0.6*bass + onset", "0.1..0.9, above 0.2, square, both ways", "10 ms up, hold 100 ms, 200 ms down"),
        *("always", "w[0:4]", "±1 spreads", "0.5 of -3..3", "knob.7"),
    ):
        assert text in first
    for text in ("0 s up, 2 s down", "one downbeat of 4, 25 %, early by the latency", "-10 1/min", "12 of 0..120"):
        assert text in second


def test_the_json_has_every_key_of_the_routes_and_what_turns_the_same(mine: str) -> None:
    done = CliRunner().invoke(app, ["routes", mine, "--json"])
    assert done.exit_code == 0
    first, second = json.loads(done.stdout)["routes"]
    assert (first["source"], first["range"], first["knobs"], first["rests_at"]) == (
        *("0.6*bass + onset", [0.1, 0.9], ["knob.7"], 0.5),
    )
    assert (second["lead"], second["every"], second["unit"], second["high"]) == ("auto", 4, "1/min", 120)


def test_mistakes_are_reported_as_by_check(mine: str) -> None:
    Path(mine).write_text(SCENE.replace("0.6*bass", "0.6*bas").replace("motion.speed", "motion.sped"))
    with pytest.raises(SceneError) as caught:
        route_figures(mine, Venue())
    assert "at character 5: no feature called 'bas'; did you mean 'bass'?" in str(caught.value)
    assert "did you mean 'motion.speed'?" in str(caught.value)


def test_the_command_prints_it_and_a_scene_without_routes_says_so(mine: str) -> None:
    done = CliRunner().invoke(app, ["routes", mine])
    assert (done.exit_code, done.stdout.count("w[0:4]")) == (0, 1)
    Path(mine).write_text('title = "Mine"\nnetwork = "plain"\n')
    assert "no routes" in CliRunner().invoke(app, ["routes", mine]).stdout


@pytest.mark.parametrize("name", scene_paths())
def test_every_scene_has_a_table(name: str) -> None:
    figures = route_figures(name, Venue())
    assert len(route_lines(figures)) >= 2


def test_a_motion_model_is_listed_with_what_it_reads_alone(tmp_path: Path) -> None:
    path = tmp_path / "several.toml"
    models = ('"lucid"\npulse_from = "onset"', '"seeds"', '"grid"', '"spectrum"\nmel_of = "harmonic"')
    tables = "".join(f"\n[[motion]]\nmodel = {model}\n" for model in models)
    path.write_text(f'title = "Several"\n{tables}')
    _, *motions, _ = route_lines(route_figures(str(path), Venue()))
    assert [line.strip() for line in motions] == [
        "motion lucid: pulse_from = onset, drift_from = mid",
        "motion seeds",
        "motion grid",
        "motion spectrum: roll_from = level, mel_of = harmonic",
    ]


def test_a_muted_route_is_told(tmp_path: Path) -> None:
    path = tmp_path / "muted.toml"
    path.write_text(SCENE + "mute = true\n")
    *_, heard, muted = route_lines(route_figures(str(path), Venue()))
    assert "muted (one downbeat of 4" in muted
    assert "muted" not in heard
