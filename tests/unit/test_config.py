"""Files of scenes and venues: the bundled ones are right, and all mistakes are reported at once."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from livegan.config.load import (
    ON_KEYS,
    find_scene,
    load_controllers,
    load_scene,
    load_scenes,
    load_setlist,
    load_venue,
    scene_paths,
    scenes_in_order,
)
from livegan.config.scene import BankTable, BendTable, LayerTable, Motion, RouteTable, Scene
from livegan.config.transition import TransitionTable
from livegan.config.venue import EffectTable, ExtraWindowTable, InputTable, OutputTable, Venue
from livegan.core.controller import Controller
from livegan.core.resources import bundled
from livegan.core.toml import read_table
from livegan.engine.bind import check_scene, listen, setlist
from livegan.engine.check import check
from livegan.engine.outputs import check_outputs
from livegan.engine.vocabulary import Vocabulary
from livegan.errors import MediaError, NetworkError, SceneError, VenueError
from livegan.mapping.motions.registry import MOTIONS
from livegan.networks.catalogue import Catalogue
from livegan.networks.info import read_info
from livegan.networks.latents.files import read_path


def write(folder: Path, text: str) -> Path:
    path = folder / "it.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_default_venue_says_every_key_with_its_default() -> None:
    venue = load_venue()
    knobs = venue.hands.knobs
    assert venue.model_copy(update={"hands": venue.hands.model_copy(update={"knobs": {}})}) == Venue()
    assert knobs
    text = (bundled("configs") / "default.toml").read_text(encoding="utf-8")
    for table in Venue.model_fields.values():
        if table.default in ({}, ()):  # groups are named by the user, outputs have options of their own
            continue
        for key in table.default.model_fields_set | set(type(table.default).model_fields):
            assert f"\n{key} = " in text, key


def test_knobs_of_a_venue_are_laid_over_the_usual_ones_and_nothing_takes_one_away(tmp_path: Path) -> None:
    usual = load_venue().hands.knobs
    assert load_venue(write(tmp_path, '[hands.keys]\nK = "effect.flash"\n')).hands.knobs == usual
    text = '[hands.knobs]\n"fader.8" = "master"\n"knob.2" = ""\n"knob.1" = "noise"\n'
    knobs = load_venue(write(tmp_path, text)).hands.knobs
    assert {name: binding.to for name, binding in knobs.items()} == {
        **{name: binding.to for name, binding in usual.items() if name != "knob.2"},
        "fader.8": "master",
        "knob.1": "noise",
    }


def test_every_mistake_is_reported_with_its_place_and_the_nearest_key(tmp_path: Path) -> None:
    path = write(tmp_path, 'titel = "x"\nseed = -1\n[bank]\nhold = 1\n[[routes]]\nsource = "level"\n')
    with pytest.raises(SceneError) as caught:
        read_table(path, Scene, SceneError)
    lines = str(caught.value).splitlines()
    assert any("titel: unknown key; did you mean 'title'?" in line for line in lines)
    assert any("bank.hold: unknown key; did you mean 'hold_s'?" in line for line in lines)
    assert any("seed" in line and "got -1" in line for line in lines)
    assert any("routes.0.target" in line for line in lines)
    assert all(str(path) in line for line in lines)


def test_a_scene_says_how_its_networks_share_the_stage_and_what_can_be_bent(tmp_path: Path) -> None:
    text = 'title = "x"\n[bank]\nmode = "fade"\n[[bends]]\noperation = "rotate"\nlayer = "32"\ncluster = 2\n'
    found = read_table(write(tmp_path, text), Scene, SceneError)
    assert found.bank == BankTable(mode="fade")
    assert found.bends == (BendTable(operation="rotate", layer="32", cluster=2),)
    with pytest.raises(SceneError) as caught:
        read_table(
            write(tmp_path, text.replace("fade", "fad").replace("cluster = 2", "clustre = 2")), Scene, SceneError
        )
    assert "'switch', 'blend' or 'fade'" in str(caught.value)
    assert "did you mean 'cluster'" in str(caught.value)


def test_broken_toml_names_the_line_and_what_to_type(tmp_path: Path) -> None:
    with pytest.raises(VenueError, match=r"is not TOML.*line 1.*livegan check"):
        load_venue(write(tmp_path, "audio = \n"))


def test_a_name_that_goes_on_where_another_ends_is_written_in_quotation_marks(tmp_path: Path) -> None:
    start = 'title = "x"\n[parameters]\neffect.glow = 1\n'
    with pytest.raises(SceneError, match="quotation marks"):
        read_table(write(tmp_path, start + "effect.glow.radius = 0.1\n"), Scene, SceneError)
    scene = read_table(write(tmp_path, start + '"effect.glow.radius" = 0.1\n'), Scene, SceneError)
    assert scene.parameters == {"effect.glow": 1.0, "effect.glow.radius": 0.1}


def test_a_missing_or_binary_file_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(VenueError, match="cannot be read: No such file"):
        load_venue(tmp_path / "none.toml")
    (tmp_path / "it.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(VenueError, match="not UTF-8"):
        load_venue(tmp_path / "it.toml")


def test_a_scene_is_found_by_its_title_in_any_case() -> None:
    title = load_scene("tide").title
    assert find_scene(title.upper()) == find_scene("tide")
    (loaded,) = load_scenes([title])
    assert loaded.name == "tide"
    assert setlist(Venue(), title).scenes == setlist(Venue(), "tide").scenes


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ('[osc]\nsend = "192.168.1.20:9001"', ['osc.send: a list is wanted; write ["192.168.1.20:9001"]']),
        ('[knobs]\n"knob.1" = "react"', ["knobs: unknown key; did you mean 'hands.knobs'?"]),
        (
            '[hands.keys]\nK = { to = "effect.flash", mode = "togle", hihg = 1 }\n[picture]\nfps = 0',
            ["hands.keys.K: ", "no key called 'hihg'", "mode = 'togle': write ", "picture.fps: "],
        ),
    ],
)
def test_mistakes_of_a_venue_are_told_in_a_players_words(tmp_path: Path, text: str, lines: list[str]) -> None:
    with pytest.raises(VenueError) as raised:
        load_venue(write(tmp_path, text))
    assert all(line in str(raised.value) for line in lines), str(raised.value)
    assert "{'" not in str(raised.value)


@pytest.mark.parametrize(
    ("keys", "mistake"),
    [
        ('Esc = "blackout"\n"Ctrl+Q" = ""', "no key quits; write for example"),
        ('K = "hud"\nk = "panel"', "K and k are one key; write it once"),
        ('"Strg+k" = "hud"', "no key is called 'Strg+k'; the one key to hold is Ctrl: write 'Ctrl+K'"),
    ],
)
def test_keys_that_leave_no_way_out_or_are_one_are_mistakes(tmp_path: Path, keys: str, mistake: str) -> None:
    venue = load_venue(write(tmp_path, f"[hands.keys]\n{keys}\n"))
    assert any(mistake in line for line in check(venue, []))


def test_a_wrong_hearing_network_is_a_mistake_of_the_venue(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.hearing"
    wrong.write_text("no network")
    venue = load_venue(write(tmp_path, f"[listening]\nhearing = '{wrong}'\n"))
    assert [line for line in check(venue, []) if line.startswith(f"venue: listening.hearing: {wrong} cannot be read")]


def test_an_unknown_scene_offers_the_nearest() -> None:
    with pytest.raises(SceneError, match="did you mean 'default'"):
        find_scene("defualt")
    with pytest.raises(SceneError, match="there is no file"):
        find_scene("nowhere/it.toml")


def test_numbers_must_be_finite(tmp_path: Path) -> None:
    with pytest.raises(SceneError, match="finite"):
        read_table(write(tmp_path, 'title = "x"\nparameters = { noise = nan }\n'), Scene, SceneError)


def test_dotted_parameters_may_be_written_with_or_without_quotes(tmp_path: Path) -> None:
    path = write(tmp_path, 'title = "x"\n[parameters]\nmotion.pulse = 1\n"motion.drift" = 0.5\n')
    assert read_table(path, Scene, SceneError).parameters == {"motion.pulse": 1.0, "motion.drift": 0.5}


@pytest.mark.parametrize("name", scene_paths())
def test_every_bundled_scene_can_be_read_and_describes_itself(name: str) -> None:
    scene = load_scene(name)
    assert scene.title
    assert scene.about


LISTS = ("inputs", "outputs", "effects", "windows")
VENUE_TABLES = [table.annotation for name, table in Venue.model_fields.items() if name not in LISTS]
VENUE_TABLES += [InputTable, OutputTable, EffectTable, ExtraWindowTable]
SHARED = {"knobs", "kind"}  # a venue's knobs apply unless the scene binds them; both have lists of several kinds
FREE = {"knobs", "parameters"}  # what stands in these tables are names of knobs and parameters, not keys


def words(*tables: type[BaseModel] | None) -> set[str]:
    return {key for table in tables if table is not None for key in table.model_fields} - SHARED


def keys(table: Mapping[str, Any]) -> Iterator[str]:
    """Every key of a file, of its tables and of the tables in its lists."""
    for key, value in table.items():
        yield key
        for part in value if isinstance(value, list) else [value]:
            if isinstance(part, Mapping) and key not in FREE:
                yield from keys(part)


PARTS = (RouteTable, BankTable, BendTable, LayerTable, TransitionTable)
BOTH = {"tempo"}  # to expect: the scene's wins


def test_scenes_name_no_device_and_venues_no_look() -> None:
    art, place = (
        words(Scene, Motion, *(MOTIONS[name].Settings for name in MOTIONS), *PARTS),
        words(Venue, *VENUE_TABLES),
    )
    assert {"input", "device", "screen", "port"} <= place
    assert art & place == BOTH, "a word means one thing"
    art, place = art - BOTH, place - BOTH
    for path in scene_paths().values():
        assert not set(keys(tomllib.loads(path.read_text(encoding="utf-8")))) & place, path
    for path in bundled("configs").glob("*.toml"):
        assert not set(keys(tomllib.loads(path.read_text(encoding="utf-8")))) & art, path


def test_there_are_at_least_four_scenes() -> None:
    assert len(scene_paths()) >= 4
    assert "default" in scene_paths()


def test_nine_favourites_are_on_the_keys_and_every_scene_follows() -> None:
    order = scenes_in_order()
    assert tuple(order[:9]) == ON_KEYS
    assert sorted(order) == list(scene_paths())


def test_every_bundled_controller_can_be_read() -> None:
    found = load_controllers()
    assert len(found) >= 3
    for controller in found:
        assert controller.names


@pytest.mark.parametrize(
    "text",
    [
        "a = " + "[" * 5000,
        "parameters = " + "{a=" * 900 + "1" + "}" * 900,
        "[parameters]\n" + "a." * 4000 + "a = 1",
        "a." * 50_000 + "a = 1",
        "seed = " + "9" * 5000,
        "".join(f"k{index} = 1\n" for index in range(20_000)),
        'seed = "' + "a" * 8000 + '"',
        '"\\u001b[2J\\n" = 1',
        'network = "a\\u0000b.pkl"',
        'network = "\\u001b[2J"',
        f'network = "{"a" * 300}.pkl"',
        "network = [" + '"house-256",\n' * 1001 + "]",
        "[parameters]\n" + "".join(f"k{index} = 1\n" for index in range(300)),
        "#" * (1 << 20),
    ],
    ids=range(14),
)
def test_a_scene_made_to_harm_is_refused_in_few_words(text: str, tmp_path: Path) -> None:
    with pytest.raises(SceneError) as caught:
        load_scene(str(write(tmp_path, f"title = 'x'\n{text}\n")))
    assert len(str(caught.value)) < 60 * (len(str(tmp_path)) + 300)
    assert all(line.isprintable() for line in str(caught.value).splitlines())


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        ('kind = "flim"', "outputs.0.kind: no output called 'flim'; did you mean 'film'?"),
        ('kind = "film"\npth = "a.mp4"', "outputs.0.pth: unknown key; did you mean 'path'?"),
        ('kind = "film"', "outputs.0.path: field required"),
        ('kind = "film"\npath = "a.mp4"\nsize = "big"', "outputs.0.size: "),
        ('kind = "film"\npath = "a.mp4"\nquality = 52', "outputs.0.quality: "),
        ('kind = "memory"\npath = "a.mp4"', "outputs.0.path: unknown key"),
    ],
)
def test_outputs_of_a_venue_are_checked_with_the_nearest_right_name(tmp_path: Path, text: str, mistake: str) -> None:
    venue = load_venue(write(tmp_path, f"[[outputs]]\n{text}\n"))
    assert any(mistake in line for line in check(venue, []))
    with pytest.raises(MediaError, match=re.escape(mistake)):
        check_outputs(venue.outputs)


def test_an_output_that_cannot_work_is_reported_before_the_show(tmp_path: Path) -> None:
    (tmp_path / "old.mp4").write_bytes(b"an older film")
    for path, sentence in (("old.mp4", "--overwrite"), ("film.avi", ".mp4"), ("old.mp4/film.mp4", "another place")):
        text = f'[[outputs]]\nkind = "film"\npath = "{(tmp_path / path).as_posix()}"\n'
        with pytest.raises(MediaError, match=re.escape(sentence)):
            check_outputs(load_venue(write(tmp_path, text)).outputs)
    ((name, options),) = check_outputs(
        load_venue(write(tmp_path, f'{text.replace("old.mp4/", "")}size = "640x360"\n')).outputs
    )
    assert name == "film"
    assert options.size == (640, 360)


def latents_json(path: Path) -> object:
    return read_path([str(path)], 2, 0, Path()).array.tolist()


MARKED = {  # every kind of text file that people write, and what reads it
    "scene.toml": ('title = "x"\n', lambda path: load_scene(str(path))),
    "venue.toml": ("[picture]\nfps = 30\n", load_venue),
    "controller.toml": ('name = "Box"\n[knobs]\n1 = "knob.1"\n', lambda path: read_table(path, Controller, VenueError)),
    "catalogue.toml": ('[[networks]]\nname = "x"\n', lambda path: read_table(path, Catalogue, NetworkError)),
    "network.json": (
        '{"format": "livegan-network-1", "kind": "plain", "resolution": [8, 8], "z_dim": 2}',
        lambda path: replace(read_info(path), path=Path()),
    ),
    "latent.json": ('{"version": 2, "vector": [0.5, 0.25]}', latents_json),
}


@pytest.mark.parametrize("name", MARKED)
def test_a_byte_order_mark_changes_nothing(name: str, tmp_path: Path) -> None:
    text, read = MARKED[name]
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    plain = read(path)
    path.write_text(text, encoding="utf-8-sig")
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    assert read(path) == plain


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        ("[[layers]]\nkind = 'text'\nscale = 1", "layers.0.scale: a parameter; write layer.1.scale = ... below"),
        ("effect.glow = 0.3", "effect: a parameter; write effect.NAME = ... below [parameters]"),
        ("react = 0.3", "react: a parameter; write react = ... below [parameters]"),
        ("safety = 'off'", "safety: no scene switches the limiter off, only a venue does"),
        ("transition = 'iris'", "transition: 'iris' is no table; write transition = { kind = \"iris\" }"),
        ("transition = { kind = 'irris' }", "transition.kind: no transition called 'irris'; did you mean 'iris'?"),
        (
            "network = ['house-256', 3]",
            "network: no name, ['house-256', 3]; write network = \"house-256\", or a list",
        ),
        ("[parameters]\nreact = '1'", "got '1'; a number stands without quotation marks"),
        ("[[routes]]\nsource = 'bass'\ntarget = 'react'", "routes.0.amount: field required (push at full source"),
        ("about = Tide", 'a text stands between two quotation marks, title = "Tide"'),
        ('about = "Tide', 'a text stands between two quotation marks, title = "Tide"'),
        ("[motion]\n[[motion]]", "each with two brackets, [[motion]]"),
    ],
)
def test_a_usual_mistake_is_told_with_what_to_write_instead(tmp_path: Path, text: str, mistake: str) -> None:
    (tmp_path / "mine.toml").write_text(f'title = "Mine"\n{text}\n')
    (loaded,) = load_scenes([str(tmp_path / "mine.toml")])
    (line,) = loaded.mistakes
    assert mistake in line
    assert "value error" not in line
    assert "tuple" not in line


def test_wrong_entries_of_a_long_list_are_left_out_and_no_others(tmp_path: Path) -> None:
    """As text, 10 comes before 2: taken away in that order, one went that was right."""
    rows = [f'[[routes]]\nsource = "level"\ntarget = "truncation"\namount = 0.{k}\n' for k in range(10, 22)]
    for wrong in (1, 2, 10, 11):
        rows[wrong] = '[[routes]]\nsource = "level"\n'
    (tmp_path / "mine.toml").write_text('title = "Mine"\n' + "".join(rows))
    (loaded,) = load_scenes([str(tmp_path / "mine.toml")])
    assert len(loaded.mistakes) == 8  # a target and an amount, four times
    assert loaded.scene is not None
    assert [route.amount for route in loaded.scene.routes] == [0.10, *(k / 100 for k in range(13, 20))]


def test_a_parameter_among_the_keys_of_a_motion_model_is_told_where_it_belongs(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text('title = "Mine"\n[motion]\nspeed = 8\n')
    loaded = load_scenes([str(tmp_path / "mine.toml")])
    (scene,) = loaded
    vocabulary = Vocabulary.of(listen(Venue(), 48000, 2, loaded).layout)
    (line,) = check_scene(scene, vocabulary).mistakes
    assert "motion.speed: a parameter; write motion.speed = ... below [parameters]" in line


def test_a_wrong_entry_of_a_setlist_is_one_mistake_not_a_list_too_short_as_well(tmp_path: Path) -> None:
    (tmp_path / "set.toml").write_text('title = "Set"\n[[entries]]\nscene = "tide"\ntransition = "iris"\n')
    with pytest.raises(SceneError) as raised:
        load_setlist(str(tmp_path / "set.toml"))
    (line,) = str(raised.value).splitlines()
    assert "entries.0.transition: 'iris' is no table" in line
