"""Tags to targets: the table, evidence, classes, colours; wrong tables and names are told."""

import json
from pathlib import Path

import numpy as np
import pytest

from livegan.core.oklab import srgb_to_oklab
from livegan.core.resources import bundled
from livegan.core.target import Target
from livegan.errors import SceneError
from livegan.mapping.moods import in_order, mood_of_tags, target_of, target_of_tags
from livegan.motifs.draw import NAMES
from livegan.networks.music_mood import evidence, logits_of, quarters, usual_levels
from livegan.networks.music_tags import TAG_NAMES
from livegan.networks.tag_table import FILE, MOODS, MOTIFS, read_tag_table, tag_table

TECHNO = {"techno": 0.7, "fast": 0.5, "electronic": 0.5}
CHOIR = {"choir": 0.6, "choral": 0.4, "opera": 0.15}
METAL = {"metal": 0.3, "rock": 0.6, "loud": 0.4}
AMBIENT = {"ambient": 0.6, "slow": 0.5, "quiet": 0.3}
PARTY = {"happy": 0.2, "dance": 0.5, "party": 0.2}


def usual() -> np.ndarray:
    return 1 / (1 + np.exp(-usual_levels().mean))


def test_the_motifs_of_the_table_are_those_that_are_drawn() -> None:
    assert MOTIFS == NAMES


def test_every_tag_has_a_reason_and_every_motif_a_tag() -> None:
    table = tag_table()
    assert all(len(line.why) >= 6 for line in table.lines)
    assert (table.classes.max(axis=0) > 0.4).all()  # each is the first choice of some tag
    assert not np.isnan(table.numbers).all(axis=0).any()


@pytest.mark.parametrize(
    ("tags", "motif"),
    [
        (TECHNO, "neon"), (CHOIR, "glass"), (METAL, "flow"), (AMBIENT, "galaxy"), (PARTY, "kaleidoscope"),
        ({"jazz": 0.7}, "marble"), ({"piano": 0.9, "solo": 0.4}, "rings"), ({"harpsichord": 0.5}, "julia"),
        ({"folk": 0.4, "acoustic": 0.3}, "topo"), ({"punk": 0.5}, "turing"), ({"violin": 0.5}, "attractor"),
        ({"soul": 0.4, "sexy": 0.1}, "silk"),
    ],
)  # fmt: skip
def test_music_of_each_kind_has_a_picture_of_its_own(tags: dict[str, float], motif: str) -> None:
    target = target_of_tags(tags)
    assert next(iter(target.classes)) == motif
    assert sum(target.classes.values()) == pytest.approx(1, abs=1e-3)
    assert sum(share for share, _ in target.colours) == pytest.approx(1, abs=1e-3)
    assert target.confidence > 0.5
    assert target.understood[0].startswith(tuple(tags))


def test_moods_are_on_the_right_side() -> None:
    kinds = {"techno": TECHNO, "choir": CHOIR, "metal": METAL, "ambient": AMBIENT, "party": PARTY}
    moods = {name: mood_of_tags(tags) for name, tags in kinds.items()}
    assert moods["metal"]["energy"] > moods["techno"]["energy"] - 0.1 > moods["choir"]["energy"]
    assert moods["ambient"]["energy"] < 0.25
    assert moods["ambient"]["motion"] < 0.25 < moods["techno"]["motion"]
    assert moods["party"]["valence"] > 0.7 > moods["metal"]["valence"]
    assert moods["metal"]["warmth"] > 0.6 > moods["ambient"]["warmth"]
    assert moods["metal"]["sharpness"] > 0.8 > 0.3 > moods["ambient"]["sharpness"]
    assert mood_of_tags({"sad": 0.3})["valence"] < 0.2
    assert all(0 <= value <= 1 for mood in moods.values() for value in mood.values())
    assert list(moods["metal"]) == list(MOODS)


def test_unlike_music_has_unlike_colours() -> None:
    first = [srgb_to_oklab(target_of_tags(tags).colours[0][1]) for tags in (TECHNO, CHOIR, METAL, AMBIENT)]
    apart = [np.linalg.norm(a - b) for k, a in enumerate(first) for b in first[:k]]
    assert min(apart) > 0.15


def test_fourteen_songs_have_pictures_of_their_own() -> None:
    path = Path(__file__).parents[1] / "golden" / "style_tags.json"  # of tools/make_style_songs, as it was heard
    songs = json.loads(path.read_text())
    targets = {name: target_of_tags(tags) for name, tags in songs.items()}
    assert len(targets) == 14
    first = {name: next(iter(target.classes)) for name, target in targets.items()}
    assert len(set(first.values())) >= 11
    assert first["techno"] == "neon"
    assert first["ambient"] == "galaxy"
    assert first["choir"] == "glass"
    assert first["sitar"] == "kaleidoscope"
    energy = {name: target.energy or 0.0 for name, target in targets.items()}
    assert min(energy["metal"], energy["techno"]) > 0.8
    assert max(energy["ambient"], energy["choir"], energy["strings"], energy["piano"]) < 0.4
    names = list(targets)
    assert min(apart(targets[a], targets[b]) for k, a in enumerate(names) for b in names[:k]) > 0.25


def apart(one: Target, other: Target) -> float:
    """How unlike two targets are: half of classes, largest colour, energy."""
    classes = sum(abs(one.classes.get(name, 0) - other.classes.get(name, 0)) for name in MOTIFS) / 2
    colours = float(np.linalg.norm(srgb_to_oklab(one.colours[0][1]) - srgb_to_oklab(other.colours[0][1])))
    return classes + colours + abs((one.energy or 0) - (other.energy or 0))


def test_what_is_usual_asks_for_nothing() -> None:
    assert not evidence(usual() - 1e-9).any()
    target = target_of(usual() - 1e-9)
    assert target.is_empty
    assert target.confidence == 0
    assert target_of_tags({}).is_empty


def test_more_of_a_tag_counts_more_and_less_than_usual_counts_nothing() -> None:
    index = TAG_NAMES.index("techno")
    counts = [evidence(in_order({"techno": p}))[index] for p in (0.001, 0.1, 0.3, 0.6, 0.9)]
    assert counts[0] == 0
    assert counts == sorted(counts)
    assert counts[1] > 0


def test_a_part_is_compared_with_its_song() -> None:
    song = np.repeat(usual()[None], 20, axis=0)
    song[:, TAG_NAMES.index("techno")] = 0.7
    song[10:, TAG_NAMES.index("piano")] = 0.5
    half = usual_levels().towards(logits_of(song).mean(axis=0), 0.5)
    against_all, against_song = target_of(song[15]).classes, target_of(song[15], half).classes
    assert next(iter(against_all)) == "neon"
    assert against_song["rings"] > 1.3 * against_all["rings"]  # the piano is what is new
    assert against_song["neon"] < against_all["neon"]


def test_names_with_a_network_are_read_and_wrong_ones_told() -> None:
    assert np.nanmax(in_order({"mtt.rock": 0.2, "msd.rock": 0.6})) == pytest.approx(0.4)
    with pytest.raises(KeyError, match="did you mean 'techno'"):
        target_of_tags({"tecno": 0.5})


def test_quarters_sum_to_one() -> None:
    assert sum(quarters(0.3, 0.8)) == pytest.approx(1)
    assert quarters(1.0, 1.0) == (1, 0, 0, 0)
    assert quarters(0.0, 0.0) == (0, 0, 1, 0)


def test_every_mistake_in_a_table_is_told_at_once(tmp_path: Path) -> None:
    text = (bundled("presets") / FILE).read_text()
    path = tmp_path / FILE
    path.write_text(text)
    assert read_tag_table(path).weight.tolist() == tag_table().weight.tolist()
    path.write_text(
        text.replace("energy = 0.9\n", "enery = 0.9\n", 1)
        .replace("00e5ff", "cyan", 1)
        .replace("{ neon = 3, glass = 1 }", "{ nion = 3 }", 1)
        .replace("motion = 0.5", "motion = 5", 1)
    )
    with pytest.raises(SceneError) as told:
        read_tag_table(path)
    message = str(told.value)
    assert "did you mean 'energy'" in message
    assert "'cyan' is no colour" in message
    assert "did you mean 'neon'" in message
    assert "motion" in message
    path.write_text(text.replace("[techno]", "[tecno]"))
    with pytest.raises(SceneError, match="did you mean 'techno'"):
        read_tag_table(path)


def test_the_user_s_own_table_takes_its_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = (bundled("presets") / FILE).read_text()
    monkeypatch.setattr("platformdirs.user_config_dir", lambda name: str(tmp_path))
    (tmp_path / FILE).write_text(text.replace("{ neon = 4, topo = 1 }", "{ marble = 1 }"))
    tag_table.cache_clear()
    try:
        assert next(iter(target_of_tags(TECHNO).classes)) == "marble"
    finally:
        tag_table.cache_clear()
