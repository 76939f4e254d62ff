"""The player's files of controllers: written by a learner, read by people, kept as they are."""

import threading
from datetime import date
from pathlib import Path

import pytest

from livegan.config.learnt import laid_over, own_controllers, take_back, write_binding
from livegan.core.binding import Binding
from livegan.core.controller import Controller
from livegan.core.toml import read_table
from livegan.errors import VenueError

FOO = Controller(name="Foo 8", match=("Foo 8",))
DAY = date(2026, 11, 29)


def test_a_new_file_says_what_it_is_and_when_each_was_learnt(tmp_path: Path) -> None:
    folder = tmp_path / "controllers"
    edit = write_binding(folder, FOO, "cc.74", Binding("motion.pulse"), on=DAY)
    assert edit.path == folder / "foo-8.toml"
    text = edit.path.read_text()
    assert '"cc.74" = "motion.pulse" # learnt on 2026-11-29' in text
    assert text.startswith("# What the controls")
    write_binding(
        folder, FOO, "pad.1", Binding("effect.flash", "toggle"), on=DAY, addresses={"controls": {"cc14 16": "knob.9"}}
    )
    read = read_table(edit.path, Controller, VenueError)
    assert dict(read.bind) == {"cc.74": Binding("motion.pulse"), "pad.1": Binding("effect.flash", "toggle")}
    assert dict(read.controls) == {"cc14 16": "knob.9"}


def test_no_lesson_makes_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    full = Controller(name="box", match=("box",), bind={f"cc.{number}": Binding("react") for number in range(256)})
    with pytest.raises(VenueError, match=r"256 bindings already; forget one: livegan learn --forget cc\.0"):
        write_binding(tmp_path, full, "knob.1", Binding("react"), on=DAY)
    write_binding(tmp_path, full, "cc.255", Binding("noise"), on=DAY)
    write_binding(tmp_path, full, "knob.1", None, on=DAY)


def test_comments_and_order_of_a_file_are_kept_and_the_entry_is_replaced_where_it_stands(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    text = """\
# Anna's box
name = "Foo 8"
match = ["Foo 8"]   # all of them

[bind]
knob.3 = "effect.hue"   # the big one
"cc.74" = "react" # learnt on 2020-01-01
"pad.1" = { to = "effect.flash", mode = "toggle" }

[knobs]
"74" = "knob.3"  # row 2
"""
    file.write_text(text)
    write_binding(tmp_path, FOO, "knob.3", Binding("motion.pulse"), on=DAY)
    write_binding(tmp_path, FOO, "cc.74", Binding("motion.speed"), on=DAY)
    after = file.read_text()
    expected = text.replace('knob.3 = "effect.hue"   #', 'knob.3 = "motion.pulse"   #')
    expected = expected.replace('"react" # learnt on 2020-01-01', '"motion.speed" # learnt on 2026-11-29')
    assert [line.split() for line in after.splitlines()] == [line.split() for line in expected.splitlines()]
    write_binding(tmp_path, FOO, "knob.3", None, on=DAY)
    write_binding(tmp_path, FOO, "cc.74", None, on=DAY)
    read = read_table(file, Controller, VenueError)
    assert list(read.bind) == ["pad.1"]
    assert "# row 2" in file.read_text()


def test_an_edit_is_taken_back_unless_somebody_else_was_there(tmp_path: Path) -> None:
    first = write_binding(tmp_path, FOO, "cc.1", Binding("react"), on=DAY)
    second = write_binding(tmp_path, FOO, "cc.2", Binding("noise"), on=DAY)
    assert not take_back(first), "it was changed since"
    assert take_back(second)
    assert first.path.read_text() == first.after
    assert take_back(first)
    assert not first.path.exists()
    assert not take_back(first)


def test_two_writers_lose_nothing(tmp_path: Path) -> None:
    def write(channel: int) -> None:
        for number in range(8):
            write_binding(tmp_path, FOO, f"cc.{channel * 8 + number}", Binding("react"), on=DAY)

    threads = [threading.Thread(target=write, args=(channel,)) for channel in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (own,), problems = own_controllers(tmp_path)
    assert problems == []
    assert len(own.controller.bind) == 24
    assert sorted(path.name for path in tmp_path.iterdir()) == [".lock", "foo-8.toml"]


def test_a_broken_file_is_told_in_one_line_and_the_others_are_read(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text('name = "A"\n[bind]\n"knob.1" = 7\nblah = "x"\n')
    (tmp_path / "b.toml").write_text("name = ")
    (tmp_path / "c.toml").write_text('name = "C"\nmatch = ["C"]\n')
    own, problems = own_controllers(tmp_path)
    assert [each.controller.name for each in own] == ["C"]
    assert len(problems) == 2
    assert all("\n" not in problem for problem in problems)
    assert "a.toml" in problems[0]


def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(VenueError, match="nothing was learnt"):
        write_binding(tmp_path / "file" / "controllers", FOO, "cc.1", Binding("react"), on=DAY)


def test_an_own_definition_is_laid_over_the_bundled_one_of_its_controller() -> None:
    generic = Controller(name="any", match=("",), knobs={1: "knob.1"}, pads={36: "pad.1"})
    nano = Controller(name="Korg nanoKONTROL2", match=("nanoKONTROL2",), knobs={16: "knob.1"})
    own = Controller(name="Korg nanoKONTROL2", match=("nanoKONTROL2",), knobs={17: "knob.2"})
    assert dict(laid_over(own, [generic, nano]).knobs) == {16: "knob.1", 17: "knob.2"}
    over = laid_over(FOO, [generic, nano])
    assert (over.name, dict(over.knobs), dict(over.pads)) == ("Foo 8", {1: "knob.1"}, {36: "pad.1"})
