"""A file given in the place of another is told as what it is, and all mistakes of a setlist come at once."""

from pathlib import Path

import numpy as np
import pytest
import soundfile
from typer.testing import CliRunner

from livegan.audio.devices import InputDevice, find_input
from livegan.cli import app
from livegan.cli.doors import check_command
from livegan.config.load import load_scene, load_setlist, load_venue
from livegan.config.scene import Scene
from livegan.config.setlist import SetlistTable
from livegan.config.venue import AudioTable, ListeningTable, Venue
from livegan.core.clock import WallClock
from livegan.core.file_kind import SCENE_KEYS, SETLIST_KEYS, SHOW_LOG_MAGIC, VENUE_KEYS
from livegan.core.media import SoundFile
from livegan.engine.check import check
from livegan.errors import DeviceError, MediaError, SceneError, VenueError
from livegan.studio import doors

SCENE = 'title = "Mine"\nnetwork = "plain"\n'
NIGHT = 'title = "Night"\n[[entries]]\nscene = "ink"\n'
VENUE = "[picture]\nfps = 30\n"
BAD = 'title = "Bad"\nnetwrk = "x"\n[[routes]]\nsource = "levle"\ntarget = "effect.flash"\namount = 1\n'


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to type in, with one file of each kind."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "eve").mkdir()
    texts = {"mine.toml": SCENE, "night.toml": NIGHT, "club.toml": VENUE, "bad.toml": BAD, "eve/look.toml": SCENE}
    for name, text in {**texts, "notes.txt": "x", "nothing.log": "", "film.livegan.json": "{}"}.items():
        (tmp_path / name).write_text(text)
    soundfile.write(tmp_path / "song.wav", np.zeros(100, np.float32), 8000)
    (tmp_path / "piece.mid").write_bytes(b"MThd\x00\x00\x00\x06")
    (tmp_path / "show.log").write_bytes(SHOW_LOG_MAGIC + b"...")
    return tmp_path


def test_the_keys_that_tell_files_apart_are_those_that_only_one_of_them_has() -> None:
    scene, setlist, venue = (set(model.model_fields) for model in (Scene, SetlistTable, Venue))
    assert scene - setlist - venue == SCENE_KEYS
    assert venue - setlist - scene == VENUE_KEYS
    assert setlist - scene - venue >= SETLIST_KEYS
    assert all(SetlistTable.model_fields[key].is_required() for key in SETLIST_KEYS)
    assert "title" in scene & setlist - venue


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("night.toml", "night.toml is a setlist, not a scene; it goes behind --set: livegan play --set night.toml"),
        ("evening", "evening is a setlist, not a scene; it goes behind --set: livegan play --set evening"),
        ("club.toml", "club.toml is a venue, not a scene; it goes behind --venue: livegan play --venue club.toml"),
        ("song.wav", "song.wav is a song, not a scene; play it with: livegan play song.wav"),
        ("piece.mid", "piece.mid is a MIDI file, not a scene; play it with: livegan play piece.mid"),
        ("show.log", "show.log is the log of a show, not a scene; make its film with: livegan render show.log"),
        ("eve", "eve is a folder, not a scene; name a file in it: eve/look.toml"),
        ("notes.txt", "notes.txt is not a .toml file, as a scene is; to see what there is, type: livegan scenes"),
        ("nothing.log", "nothing.log is an empty log, not a scene; to see what there is, type: livegan scenes"),
        (
            "eve/lok.toml",
            "there is no file eve/lok.toml; did you mean eve/look.toml? To see what there is, type: livegan scenes",
        ),
        ("mine", "no scene called 'mine'; there is a file: type mine.toml"),
    ],
)
def test_what_is_no_scene_is_told_as_what_it_is(here: Path, name: str, said: str) -> None:
    with pytest.raises(SceneError) as raised:
        load_scene(name)
    assert str(raised.value) == said


def test_setlists_and_venues_too_and_what_is_mixed_is_told_key_by_key(here: Path) -> None:
    with pytest.raises(SceneError, match=r"^mine.toml is a scene, not a setlist; .* --scene mine.toml$"):
        load_setlist("mine.toml")
    with pytest.raises(SceneError, match=r"^eve is a folder, not a setlist; there is no setlist in it; "):
        load_setlist("eve")
    with pytest.raises(VenueError, match=r"^night.toml is a setlist, not a venue; .* --set night.toml$"):
        load_venue(Path("night.toml"))
    (here / "odd.toml").write_text(f"{SCENE}[audio]\ninput = 'demo'\n")
    with pytest.raises(SceneError, match=r"^odd.toml: audio: unknown key"):
        load_scene("odd.toml")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("piece.mid", "is a MIDI file, not a sound file; make one of it with: livegan compose wav piece.mid"),
        ("mine.toml", "is a scene, not a song; it goes behind --scene: livegan play --scene mine.toml"),
        ("night.toml", "is a setlist, not a song; it goes behind --set: livegan play --set night.toml"),
        ("show.log", "is the log of a show, not a song; make its film with: livegan render show.log"),
        ("nothing.log", "is empty: it is the log of no show, and no song"),
        ("film.livegan.json", "is the run file of a film, not a song; make that film again with: livegan render --run"),
        ("notes.txt", "is not a sound file livegan can read"),
    ],
)
def test_what_is_no_song_is_told_as_what_it_is(here: Path, name: str, said: str) -> None:
    with pytest.raises(MediaError) as raised:
        SoundFile(name)
    assert str(raised.value).startswith(f"'{name}' {said}")


def test_all_mistakes_of_a_setlist_come_at_once(here: Path) -> None:
    entries = ['"gone.toml"', '"bad.toml"\nbras = 4', '"ink"\nparameters = { "effect.glwo" = 1 }', '"song.wav"']
    head = 'title = "Night"\nadvance = "cuee"\nsafe = "tdie"\n'
    (here / "eve/gala.toml").write_text(head + "".join(f"[[entries]]\nscene = {entry}\n" for entry in entries))
    for name in ("bad.toml", "song.wav"):
        (here / name).rename(here / "eve" / name)
    venue = Venue(listening=ListeningTable(hearing="gone.safetensors"))
    lines = check(venue, ["eve/gala.toml"])
    for said in (
        "venue: listening.hearing: gone.safetensors",
        "advance: input should be",
        "entries.1.bras: unknown key",
        "entries.0.scene: there is no file eve/gone.toml",
        "entries.3.scene: eve/song.wav is a song, not a scene",
        "safe: no scene called 'tdie'",
        "netwrk: unknown key",
        "no feature called 'levle'",
        "no parameter called 'effect.glwo'",
    ):
        assert sum(said in line for line in lines) == 1, (said, lines)
    assert len(lines) == 9


@pytest.mark.parametrize("entries", ["entries = []", 'entries = [{ scene = "ink", bras = 4 }]'])
def test_a_setlist_whose_entries_are_one_list_is_checked_as_a_setlist(here: Path, entries: str) -> None:
    (here / "list.toml").write_text(f'title = "List"\n{entries}\n')
    (line,) = check(load_venue(), ["list.toml"])
    wrong = "entries: at least 1 is wanted" if entries.endswith("[]") else "entries.0.bras: unknown key"
    assert line.startswith(f"setlist 'list.toml': {wrong}")
    (here / "list.toml").write_text('title = "List"\nentries = [{ scene = "ink" }]\n')
    assert check(load_venue(), ["list.toml"]) == []


def test_entries_that_do_not_agree_are_told_all_at_once_with_the_rest(here: Path) -> None:
    text = (
        'title = "N"\n[[entries]]\nscene = "{}"\nbars = 1\nseconds = 2\n[[entries]]\nscene = "ink"\nadvance = "song"\n'
    )
    (here / "n.toml").write_text(text.format("gone"))
    lines = check(Venue(), ["n.toml"])
    assert [line.split(": ")[1] for line in lines] == ["entries.0", "entries.1", "entries.0.scene"]


def test_mistakes_of_a_venue_do_not_hide_those_of_scenes(here: Path) -> None:
    (here / "club.toml").write_text("[inputs.drums]\nchannel = [1]\n[picture]\nfsp = 30\n")
    (here / "mine.toml").write_text(
        f'{SCENE}nam = 1\n[[routes]]\nsource = "drums:onset"\ntarget = "effect.flash"\namount = 1\n'
    )
    done = CliRunner().invoke(app, ["check", "mine.toml", "--venue", "club.toml"])
    lines = str(done.exception).splitlines()
    assert lines[0] == "4 mistakes"
    for said in ("inputs.drums.channels: field", "inputs.drums.channel: unknown", "fsp: unknown", "nam: unknown"):
        assert sum(said in line for line in lines) == 1, (said, lines)


def test_an_input_that_is_not_there_is_named() -> None:
    card = InputDevice("Scarlett 2i2", "ALSA", 2, 48000, True, 0)
    for inputs, there in (([], "this machine has no sound input; plug one in"), ([card], "there are: 'Scarlett 2i2'")):
        with pytest.raises(DeviceError, match=f"^no sound input called 'dmeo'; did you mean 'demo'\\? {there}"):
            find_input("dmeo", "", inputs)
    with pytest.raises(DeviceError, match=r"^this machine has no sound input; plug one in"):
        find_input("", "", [])
    with pytest.raises(DeviceError, match=r"^no sound input called 'Scarlat'; did you mean 'Scarlett 2i2'\? there are"):
        find_input("Scarlat", "", [card])


def test_a_folder_is_no_input(here: Path) -> None:
    with pytest.raises(DeviceError, match=r"^'eve' is a folder, not a song; there is no song in it - or play the demo"):
        find_input("eve", "", [])
    (here / "my album").mkdir()
    for name in (".hidden.wav", "cover.jpg", "two.wav", "one.wav"):
        (here / "my album" / name).touch()
    with pytest.raises(DeviceError, match=r"^'my album' is a folder, .*; name a song in it: 'my album/one\.wav'"):
        find_input("my album", "", [])
    with pytest.raises(MediaError, match=r"^'my album' is a folder, .*; name a song in it: 'my album/one\.wav'"):
        SoundFile("my album")


def test_a_folder_of_songs_is_told_before_the_name_of_its_film(here: Path) -> None:
    (here / "album").mkdir()

    def render(*words: str) -> None:
        CliRunner().invoke(app, ["render", *words], catch_exceptions=False)

    with pytest.raises(MediaError, match=r"^'album' is a folder, not a song; there is no song in it"):
        render("album", "-o", "eve/")
    (here / "album" / "one.flac").touch()
    with pytest.raises(MediaError, match=r"name a song in it: album/one\.flac"):
        render("album", "-o", "eve/")
    (here / "album" / "two.flac").touch()
    with pytest.raises(MediaError, match=r"a film of every song in it: livegan render album/\*\.flac -o films/"):
        render("album", "-o", "eve/")


def test_doors_names_the_file_to_check(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said = "mine.toml is a scene, not a setlist; it goes behind --scene: livegan play --scene mine.toml"

    def refuse(*_: object) -> None:
        raise SceneError(f"night.toml: advance: wrong\n{said}")

    monkeypatch.setattr(doors, "set_up", refuse)
    venue = Venue().model_copy(update={"audio": AudioTable(input="none.wav")})
    command = check_command(["night.toml"], Path("club.toml"))
    options = doors.DoorsOptions(headless=True, check=command)
    checks = list(doors.examine_doors(venue, options, WallClock(), doors.DoorsReport(60), print))
    repairs = {check.detail: check.repair for check in checks if check.verdict == "fail"}
    assert repairs["night.toml: advance: wrong"] == "livegan check night.toml --venue club.toml"
    assert repairs[said] == ""
    (song,) = (repair for detail, repair in repairs.items() if "none.wav" in detail)
    assert song.startswith("name a song that is there")
