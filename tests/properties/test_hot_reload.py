"""Hot reload: no file, however broken, stops a show; ten minutes of editing with mistakes, and every frame is made."""

import os
from collections.abc import Callable
from pathlib import Path
from random import Random

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from livegan.config.load import load_scenes, load_setlist
from livegan.config.venue import Venue
from livegan.config.watch import FileWatch
from livegan.core.clock import ManualClock
from livegan.core.resources import bundled
from livegan.engine.bank import Bank
from livegan.engine.bind import Setlist, bind, setlist_of
from livegan.engine.guard import FaultGuard
from livegan.engine.loader import Loader
from livegan.engine.performer import Performer
from livegan.engine.reload import Reloader
from livegan.rendering.gradient import Gradient
from tests.building import LAYOUT, heard

GOOD = """title = "Edited"
network = "plain"
seed = 3
fade_s = 0.5

[parameters]
truncation = 0.8
motion.speed = 20

[[routes]]
source = "bass"
target = "effect.zoom"
amount = 0.2
"""
SCENES = [path.read_text(encoding="utf-8") for path in sorted((bundled("presets") / "scenes").glob("*.toml"))]
SET = 'title = "Set"\n[[entries]]\nscene = "a.toml"\n[[entries]]\nscene = "b.toml"\nparameters = { truncation = 0.3 }\n'


class EditedShow:
    """A show on a stepped clock whose files are edited while it plays."""

    def __init__(self, folder: Path, *, with_set: bool = False) -> None:
        self.folder, self.index, self.saves = folder, 0, 0
        for name in ("a", "b"):
            (folder / f"{name}.toml").write_text(GOOD, encoding="utf-8")
        (folder / "set.toml").write_text(SET, encoding="utf-8")
        clock = ManualClock()
        self.guard = FaultGuard(clock.now)
        shown = (
            setlist_of(load_setlist(str(folder / "set.toml")))
            if with_set
            else Setlist(load_scenes([str(folder / "a.toml"), str(folder / "b.toml")]))
        )
        bound = bind(shown, LAYOUT, Venue())
        network = bound.patches[0].here
        bank = Bank(Loader(lambda info, options: Gradient(info, "cpu")), 1000.0, [Gradient(network, "cpu")])
        self.show = Performer(
            bound.patches,
            0,
            bank,
            lambda p, a, dt_s: p,
            LAYOUT,
            clock,
            self.guard,
            safe=bound.safe,
            program=bound.program,
        )
        self.reloader = Reloader(bound.show, bound.binder, self.guard, self.show.reloads)

    def save(self, content: str | bytes, name: str = "a") -> None:
        """Save a file as editors do, by turns: in place, or by a new one moved over it."""
        self.saves += 1
        path = self.folder / f"{name}.toml"
        data = content if isinstance(content, bytes) else content.encode("utf-8", "surrogateescape")
        if path.is_symlink():
            path.unlink()
        if self.saves % 2:
            path.write_bytes(data)
        else:
            aside = self.folder / f".{name}.new"
            aside.write_bytes(data)
            aside.replace(path)
        now_ns = 1_000_000_000 * (1_700_000_000 + self.saves)
        os.utime(path, ns=(now_ns, now_ns))

    def play(self, frames: int = 3) -> None:
        """Frames at 10 a second, the files looked at twice."""
        for i in range(frames):
            time_s = self.index / 10
            if i < 2:
                self.reloader.poll(time_s)
            frame = self.show.step(self.index, time_s, 0.1, heard(time_s, bass=0.5), ())
            assert frame.plan.index == self.index
            assert np.isfinite(frame.plan.z).all()
            assert np.asarray(frame.pixels).shape == (*self.show.generator.info.resolution, 3)
            self.index += 1


@pytest.fixture
def edited(tmp_path: Path) -> EditedShow:
    return EditedShow(tmp_path)


def test_a_saved_scene_comes_in_and_its_latent_goes_on(edited: EditedShow) -> None:
    edited.play(20)
    before = edited.show.patch
    edited.save(GOOD.replace("truncation = 0.8", "truncation = 0.4"))
    edited.play(15)
    assert edited.show.patch is not before
    assert edited.show.patch.values(heard().values, 0.0)["truncation"] == 0.4
    assert edited.reloader.notice == ""
    assert edited.guard.faults == 0


def test_a_mistake_is_shown_with_file_and_line_until_it_is_mended(edited: EditedShow) -> None:
    playing = edited.show.patch
    edited.save(GOOD.replace("seed = 3", "seed = = 3"))
    edited.play(10)
    assert edited.show.patch is playing
    assert "a.toml" in edited.reloader.notice
    assert "line 3" in edited.reloader.notice
    edited.save(GOOD.replace("truncation", "truncatoin").replace("bass", "bas"))
    edited.play(10)
    assert "a.toml" in edited.reloader.notice
    assert "did you mean 'bass'" in edited.reloader.notice or "did you mean 'truncation'" in edited.reloader.notice
    assert "(and 1 more)" in edited.reloader.notice
    edited.save(GOOD.replace("seed = 3", "seed = 4"))
    edited.play(10)
    assert edited.reloader.notice == ""
    assert edited.show.patch.scene.seed == 4


def test_what_no_scene_named_when_the_show_began_is_no_typing_error(edited: EditedShow) -> None:
    playing = edited.show.patch
    for source in ("low:onset", "onset + 0.5 * low:level"):
        edited.save(GOOD.replace('"bass"', f'"{source}"'))
        edited.play(10)
        name = source.split()[-1]
        assert f"'{name}' is right, but no scene named it" in edited.reloader.notice
        assert edited.reloader.notice.endswith("heard from the next start")
        assert "mean" not in edited.reloader.notice
    edited.save(GOOD.replace('"bass"', '"low:onset"').replace("truncation =", "truncatoin ="))
    edited.play(10)
    assert "did you mean 'truncation'" in edited.reloader.notice
    assert "(and 1 more)" in edited.reloader.notice
    edited.save(GOOD.replace('"bass"', '"low:onsett"'))
    edited.play(10)
    assert "no feature called 'low:onsett'" in edited.reloader.notice
    assert edited.show.patch is playing
    assert edited.guard.faults == 0


def test_a_file_that_goes_away_changes_nothing_and_comes_back(edited: EditedShow) -> None:
    playing = edited.show.patch
    (edited.folder / "a.toml").unlink()
    edited.play(10)
    assert (edited.show.patch, edited.reloader.notice) == (playing, "")
    (edited.folder / "a.toml").symlink_to(edited.folder / "a.toml")  # a loop
    edited.play(10)
    assert (edited.show.patch, edited.reloader.notice) == (playing, "")
    (edited.folder / "a.toml").unlink()
    (edited.folder / "a.toml").mkdir()
    edited.play(10)
    assert "a.toml" in edited.reloader.notice
    (edited.folder / "a.toml").rmdir()
    edited.save(GOOD.replace("seed = 3", "seed = 9"))
    edited.play(10)
    assert edited.show.patch.scene.seed == 9
    assert edited.reloader.notice == ""


def test_a_file_that_is_being_written_is_not_read_yet(tmp_path: Path) -> None:
    path = tmp_path / "it.toml"
    path.write_text("1")
    watch = FileWatch([path])
    assert watch.look() == []
    path.write_text("12")
    assert watch.look() == [], "it may go on"
    path.write_text("123")
    assert watch.look() == []
    assert watch.look() == [path]
    assert watch.look() == []


def test_an_edited_setlist_comes_in_and_a_broken_one_does_not(tmp_path: Path) -> None:
    edited = EditedShow(tmp_path, with_set=True)
    edited.play(5)
    playing = edited.show.patch
    edited.save(SET.replace("b.toml", "c.toml"), "set")
    edited.play(5)
    assert "set.toml" in edited.reloader.notice
    assert len(edited.show.patches) == 2
    (tmp_path / "c.toml").write_text(GOOD.replace("Edited", "Third"), encoding="utf-8")
    edited.save(SET + '[[entries]]\nscene = "c.toml"\n', "set")
    edited.play(5)
    assert edited.reloader.notice == ""
    assert [patch.scene.title for patch in edited.show.patches] == ["Edited", "Edited", "Third"]
    assert edited.show.patch is playing
    edited.save(GOOD.replace("Edited", "Newer"), "c")  # the new entry's file is watched too
    edited.play(5)
    assert edited.show.patches[2].scene.title == "Newer"
    assert edited.show.patches[1].scene.parameters["truncation"] == 0.3, "as the entry says"


# Anything at all in a file.

Damage = Callable[[str, Random], "str | bytes"]


def _cut(text: str, rng: Random) -> str:
    return text[: rng.randrange(len(text) + 1)]


def _flipped(text: str, rng: Random) -> bytes:
    data = bytearray(text.encode())
    for _ in range(rng.randrange(1, 9)):
        data[rng.randrange(len(data))] = rng.randrange(256)
    return bytes(data)


def _other_value(text: str, rng: Random) -> str:
    values = [
        "1e400",
        "-1",
        "nan",
        "inf",
        '""',
        "[]",
        "{}",
        "true",
        "[[1]]",
        "9" * 5000,
        "0x7fffffffffffffff",
        '"a\\u0000b"',
    ]
    lines = text.splitlines()
    for _ in range(rng.randrange(1, 4)):
        at = rng.randrange(len(lines))
        key, equals, _ = lines[at].partition("=")
        lines[at] = f"{key}{equals} {rng.choice(values)}" if equals else lines[at]
    return "\n".join(lines)


def _other_name(text: str, rng: Random) -> str:
    words = sorted({word for word in text.replace('"', " ").split() if word.isidentifier()})
    return text.replace(rng.choice(words), rng.choice(["", "x", "__class__", "effect.nothing", "../../etc", "seed"]))


def _shuffled(text: str, rng: Random) -> str:
    lines = text.splitlines()
    rng.shuffle(lines)
    return "\n".join(lines)


def _nested(text: str, rng: Random) -> str:
    deep = rng.choice([10, 1000, 4000])
    return f"{text}\nx = {'[' * deep}{']' * deep}\n"


def _huge(text: str, rng: Random) -> str:
    return text + rng.choice(["[[routes]]\nsource = 'bass'\ntarget = 'effect.zoom'\namount = 1\n", "# \n"]) * 6000


def _binary(text: str, rng: Random) -> bytes:
    return rng.randbytes(rng.randrange(2000))


DAMAGES: list[Damage] = [_cut, _flipped, _other_value, _other_name, _shuffled, _nested, _huge, _binary]


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__.strip("_"))
def test_no_damage_to_a_scene_stops_the_show(damage: Damage, edited: EditedShow) -> None:
    rng = Random(damage.__name__)
    for _ in range(12):
        edited.save(damage(rng.choice([GOOD, *SCENES]).replace('"house-256"', '"plain"'), rng))
        edited.play(4)
    edited.save(GOOD.replace("Edited", "Mended"))
    edited.play(15)
    assert edited.show.patch.scene.title == "Mended"
    assert edited.reloader.notice == ""


@pytest.fixture(scope="module")
def fuzzed(tmp_path_factory: pytest.TempPathFactory) -> EditedShow:
    return EditedShow(tmp_path_factory.mktemp("fuzzed"), with_set=True)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=200) | st.binary(max_size=200), st.sampled_from(["a", "b", "set"]), st.booleans())
def test_no_text_stops_the_show(fuzzed: EditedShow, text: str | bytes, name: str, after_good: bool) -> None:
    good = SET if name == "set" else GOOD
    fuzzed.save(good + text if after_good and isinstance(text, str) else text, name)
    fuzzed.play(3)


def test_ten_minutes_of_editing_with_mistakes_and_the_picture_never_stops(edited: EditedShow) -> None:
    """6000 frames at 10 a second, a save every second or two, three in four of them broken."""
    rng = Random(10)
    mended = 0
    while edited.index < 6000:
        broken = rng.random() < 0.75
        text = rng.choice(DAMAGES)(GOOD, rng) if broken else GOOD.replace("seed = 3", f"seed = {edited.index}")
        edited.save(text, rng.choice("ab"))
        edited.play(rng.randrange(8, 24))
        mended += not broken
        if not broken and rng.random() < 0.3:
            for name in "ab":
                edited.save(GOOD, name)
                edited.play(4)
            assert edited.reloader.notice == ""
    assert edited.saves > 350
    assert mended > 60
    assert edited.guard.faults == 0
