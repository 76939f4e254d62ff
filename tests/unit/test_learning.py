"""MIDI learn, whole: from messages of a port to a file and to what a knob turns; and at a shell."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from typer.testing import CliRunner

from livegan.cli import app
from livegan.config.load import load_controllers
from livegan.control.learn import LearnRequest, LearnState, Place
from livegan.control.midi import MidiInput
from livegan.control.ports import FakePorts
from livegan.core.binding import Binding
from livegan.core.clock import ManualClock
from livegan.core.types import ControlEvent
from livegan.engine.learn_targets import learn_targets, suggest
from livegan.engine.learning import Learning
from livegan.engine.own_controllers import controller_mistakes
from livegan.engine.router import Router
from livegan.engine.vocabulary import parameter_table
from livegan.errors import LiveganError
from livegan.studio import learn_session

SCENE = {"knob.5": Binding("effect.hue")}  # what the scene binds


class Stage:
    """A router, a MIDI input with one unknown controller, and a learner; time is what it is told."""

    def __init__(self, folder: Path, port: str = "Foo 8:ctl") -> None:
        self.now_s, self.port = 0.0, port
        self.ports = FakePorts(port)
        self.controls = Router(has_window=False)
        self.learning = Learning(self.controls, SCENE.get, load_controllers(), folder, today=lambda: date(2026, 11, 29))
        self.midi = MidiInput(
            self.controls.put,
            self.learning.controllers,
            now=lambda: self.now_s,
            ports=self.ports,
            tap=self.learning.hear,
        )
        self.learning.changed.subscribe(self.midi.use)
        self.learning.ports = lambda: self.midi.open_ports
        self.midi.start(0.0)

    def ask(self, request: LearnRequest) -> LearnState:
        self.controls.learn_requests.put(request)
        return self.tick()

    def arm(self, name: str, mode: str = "") -> LearnState:
        return self.ask(LearnRequest("arm", Binding(name, mode)))  # type: ignore[arg-type]

    def tick(self, seconds: float = 0.02) -> LearnState:
        self.now_s += seconds
        self.midi.poll(self.now_s)
        self.learning.poll(self.now_s)
        state = self.controls.learning.peek()
        assert state is not None
        return state

    def turn(self, number: int, *values: int, port: str = "") -> LearnState:
        for value in values:
            self.ports.play(port or self.port, 0xB0, number, value)
            state = self.tick()
        return state

    def events(self) -> list[ControlEvent]:
        return self.controls.engine_events.drain()


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path)


def test_a_knob_of_an_unknown_controller_is_bound_acts_at_once_and_is_remembered(stage: Stage, tmp_path: Path) -> None:
    assert stage.arm("motion.pulse").phase == "armed"
    state = stage.turn(81, 20, 24, 30)
    assert state == LearnState("off", None, state.touched, "cc 81 of Foo 8 turns motion.pulse", learnt=1, can_undo=True)
    assert stage.events() == [], "while it waits controls do nothing else"
    stage.turn(81, 64)
    (event,) = stage.events()
    assert (event.name, event.source, event.binding) == ("cc.81", "Foo 8", Binding("motion.pulse"))
    stage.arm("motion.pulse")
    assert stage.turn(82, 20, 24, 30).message == "cc 82 of Foo 8 turns motion.pulse; so does cc 81 of Foo 8"
    later = Stage(tmp_path)
    later.turn(81, 64)
    assert later.events()[0].binding == Binding("motion.pulse")
    other = Stage(tmp_path, "Bar:ctl")
    other.turn(81, 64)
    assert other.events()[0].binding is None, "another controller's control of that number is another"


def test_a_control_moved_first_says_what_it_is_and_then_learns_what_is_chosen(stage: Stage) -> None:
    stage.ask(LearnRequest("begin"))
    state = stage.turn(74, 20, 24, 30)
    assert state.message == "knob 5 of Foo 8 turns effect.hue"
    state = stage.arm("react")
    assert (state.phase, state.message) == ("off", "knob 5 of Foo 8 turns react (was: effect.hue)")
    stage.turn(74, 64)
    assert stage.events()[0].binding == Binding("react")


def test_lessons_are_undone_one_after_the_other_and_single_ones_forgotten(stage: Stage, tmp_path: Path) -> None:
    for name in ("react", "noise"):
        stage.arm(name)
        stage.turn(74, 20, 24, 30)
    assert stage.ask(LearnRequest("undo")).message == "undone: knob 5 of Foo 8 turns react"
    assert stage.controls.learned == {("Foo 8", "knob.5"): Binding("react")}
    state = stage.ask(LearnRequest("undo"))
    assert (state.message, state.can_undo) == ("undone: knob 5 of Foo 8 turns effect.hue", False)
    assert list(tmp_path.glob("*.toml")) == []
    assert stage.ask(LearnRequest("undo")).message == "nothing more to undo"
    stage.arm("react")
    state = stage.turn(74, 20, 24, 30)
    state = stage.ask(LearnRequest("forget", place=state.touched))
    assert state.message == "knob 5 of Foo 8 turns effect.hue"
    assert stage.controls.learned == {}
    assert "knob.5" not in (tmp_path / "foo-8.toml").read_text()
    assert "nothing was learnt" in stage.ask(LearnRequest("forget", place=state.touched or _place(stage))).message


def _place(stage: Stage) -> Place:
    stage.ask(LearnRequest("begin"))
    touched = stage.turn(74, 20, 24, 30).touched
    assert touched is not None
    return touched


def test_an_undo_leaves_alone_what_somebody_wrote_meanwhile(stage: Stage, tmp_path: Path) -> None:
    stage.arm("react")
    stage.turn(81, 20, 24, 30)
    file = tmp_path / "foo-8.toml"
    file.write_text(file.read_text().replace("[bind]", '[bind]\n"cc.9" = "noise"  # by hand'))
    stage.ask(LearnRequest("undo"))
    assert stage.controls.learned == {("Foo 8", "cc.9"): Binding("noise")}


def test_a_knob_for_what_wants_a_button_is_refused_in_words_and_a_pad_is_taken(stage: Stage) -> None:
    stage.arm("scene.next")
    state = stage.turn(81, 20, 24, 30)
    assert state.phase == "armed"
    assert state.message.startswith("cc 81 of Foo 8 is no button, and scene.next needs one")
    stage.ports.play(stage.port, 0x99, 36, 100)
    state = stage.tick(0.15)
    assert state.message == "pad 1 of Foo 8 does scene.next"
    stage.ports.play(stage.port, 0x89, 36, 0)
    stage.ports.play(stage.port, 0x99, 36, 100)
    assert [event.name for event in stage.events()] == ["scene.next"]


def test_a_pad_that_was_held_before_is_let_go_while_it_waits(stage: Stage) -> None:
    stage.ports.play(stage.port, 0x99, 36, 100)
    stage.arm("react")
    stage.ports.play(stage.port, 0x99, 37, 100)
    stage.ports.play(stage.port, 0x89, 36, 0)
    assert [(event.name, event.value > 0) for event in stage.events()] == [("pad.1", True), ("pad.1", False)]


def test_14_bit_and_encoders_are_understood_as_they_were_moved(stage: Stage, tmp_path: Path) -> None:
    stage.arm("react")
    for value in (2000, 2300, 2700, 3100):
        stage.ports.play(stage.port, 0xB0, 12, value >> 7)
        state = stage.turn(44, value & 127)
    assert state.message == "cc 12 of Foo 8 turns react"
    stage.arm("noise")
    assert "turn it the other way" in stage.turn(90, 1, 1, 1, 1).message
    assert stage.turn(90, 127, 127).message == "cc 90 of Foo 8 turns noise"
    text = (tmp_path / "foo-8.toml").read_text()
    assert '"cc14 12" = "cc.12"' in text
    assert '"cc 90" = "twos-complement"' in text
    stage.tick(1.0)
    stage.events()
    stage.turn(90, 1)
    (event,) = stage.events()
    assert (event.kind, event.value > 0, event.binding) == ("turn", True, Binding("noise"))


def test_an_encoder_that_is_turned_one_way_only_is_learnt_after_a_while(stage: Stage) -> None:
    stage.arm("noise")
    assert "turn it the other way" in stage.turn(90, 1, 1, 1, 1).message
    assert stage.tick(2.5).phase == "armed"
    assert stage.tick(0.6).message == "cc 90 of Foo 8 turns noise"


def test_each_encoder_is_waited_for_whatever_was_turned_before(stage: Stage) -> None:
    stage.arm("noise")
    stage.turn(90, 1, 1, 1, 1)
    stage.ask(LearnRequest("cancel"))
    for name in ("react", "truncation"):
        stage.tick(5.0)
        stage.arm(name)
        assert "turn it the other way" in stage.turn(91, 1, 1, 1, 1).message
    stage.tick(2.5)
    state = stage.turn(92, 1, 1, 1, 1)
    assert (state.phase, stage.tick(1.0).phase) == ("armed", "armed"), "another one"
    assert stage.turn(92, 127, 127).message == "cc 92 of Foo 8 turns truncation"


def test_one_number_on_two_channels_is_two_controls(stage: Stage) -> None:
    for channel, name in ((0, "react"), (1, "noise"), (1, "truncation")):
        stage.arm(name)
        for value in (20, 24, 30):
            stage.ports.play(stage.port, 0xB0 | channel, 90, value)
            state = stage.tick()
        stage.tick(1.0)
    assert state.message == "knob 9 of Foo 8 turns truncation (was: noise)"
    stage.events()
    stage.ports.play(stage.port, 0xB0, 90, 64)
    stage.ports.play(stage.port, 0xB1, 90, 64)
    assert [event.binding.to for event in stage.events() if event.binding] == ["react", "truncation"]


def test_a_button_with_a_meaning_of_its_own_gets_another(tmp_path: Path) -> None:
    stage = Stage(tmp_path, "nanoKONTROL2:nanoKONTROL2 20:0")
    stage.arm("effect.flash", "toggle")
    state = stage.turn(42, 127, 0)
    assert state.message == "pad 32 of Korg nanoKONTROL2 toggles effect.flash (was: blackout)"
    stage.tick(1.0)
    stage.turn(42, 127)
    assert stage.events()[-1].binding == Binding("effect.flash", "toggle")
    again = Stage(tmp_path, "nanoKONTROL2:nanoKONTROL2 24:0")
    again.turn(16, 5)
    assert again.events()[0].name == "knob.1", "the rest is as it was"


def test_it_gives_up_and_a_file_that_cannot_be_written_is_told(stage: Stage, tmp_path: Path) -> None:
    stage.arm("react")
    state = stage.tick(61.0)
    assert (state.phase, state.learnt) == ("off", 0)
    assert "nothing was moved" in state.message
    broken = Stage(tmp_path / "file" / "x")
    (tmp_path / "file").write_text("")
    broken.arm("react")
    state = broken.turn(81, 20, 24, 30)
    assert "nothing was learnt: " in state.message
    assert state.learnt == 0
    assert broken.controls.learned == {}
    empty = Stage(tmp_path)
    empty.ports.pull("Foo 8:ctl")
    empty.tick(1.0)
    assert "no MIDI controller is plugged in" in empty.ask(LearnRequest("begin")).message


def test_a_controller_that_is_unplugged_while_it_is_taught_is_missed_in_words(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    assert "now move a knob" in stage.arm("react").message
    stage.ports.pull("Foo 8:ctl")
    stage.tick(1.0)
    assert stage.tick().message == "no MIDI controller is plugged in: plug one in now"


def test_what_a_control_does_is_said_with_its_mode() -> None:
    assert Place("Foo 8", "pad.1", "effect.flash", "toggle").now() == "pad 1 of Foo 8 toggles effect.flash"


def test_a_knob_that_does_nothing_says_once_that_it_can_be_taught(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    stage.turn(30, 5, 6)
    assert stage.learning.notice == "cc 30 of Foo 8 does nothing; L teaches it"
    stage.turn(31, 5, 6)
    assert "cc 30" in stage.learning.notice, "one at a time"
    stage.tick(7.0)
    assert "cc 31" in stage.learning.notice
    stage.tick(7.0)
    stage.turn(30, 7)
    assert stage.learning.notice == "", "once"


def test_a_scene_is_called_by_its_title_when_a_pad_learns_it(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    stage.learning.titles = lambda: ("Tide", "Northern lights")
    assert stage.arm("scene.2").message == "now move a knob or press a pad for scene 'Northern lights'"
    stage.learning.titles = tuple
    assert "scene.2" in stage.tick().message, "without a scene of that number"


def test_a_stranger_s_file_works_and_a_broken_one_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / "theirs.toml").write_text('name = "Foo"\nmatch = ["foo 8"]\n[bind]\nknob.5 = "noise"\n')
    (tmp_path / "broken.toml").write_text("knobs = 7")
    stage = Stage(tmp_path)
    assert "broken.toml" in stage.learning.notice
    stage.turn(74, 64)
    assert stage.events()[0].binding == Binding("noise")


def test_bindings_to_nothing_that_there_is_are_told_with_the_nearest(tmp_path: Path) -> None:
    lines = ['"cc.1" = "motion.plse"', '"cc.2" = "scene.next"', '"cc.3" = "w[0:4]"', '"cc.4" = "motion.2.speed"']
    (tmp_path / "foo.toml").write_text("\n".join(['name = "Foo"', "[bind]", *lines]))
    (tmp_path / "broken.toml").write_text("knobs = 7")
    broken, wrong = controller_mistakes(parameter_table(), tmp_path)
    assert "broken.toml" in broken
    assert wrong.endswith("foo.toml: bind.cc.1: no parameter called 'motion.plse'; did you mean 'motion.pulse'?")


def test_targets_are_found_by_parts_of_their_names_the_useful_first() -> None:
    among = learn_targets(parameter_table(), ["effect.glow"])

    def names(typed: str) -> list[str]:
        return [target.name for target in suggest(typed, among)]

    assert names("")[:2] == ["effect.glow", "react"]
    assert names("pul")[0] == names("mo pu")[0] == names("Motion.Pulse")[0] == "motion.pulse"
    assert names("hue")[0] == "effect.hue"
    assert names("blakc") == ["blackout"]
    assert "brightness" in suggest("brightness", among)[0].about
    assert len({target.name for target in among}) == len(among)


class Hands(FakePorts):
    """MIDI inputs on which things happen at every look for ports."""

    def __init__(self, *deeds: tuple[int, ...] | str) -> None:
        super().__init__()
        self._deeds: Iterator[tuple[int, ...] | str] = iter(deeds)

    def names(self) -> list[str] | None:
        deed = next(self._deeds, None)
        if deed is None:
            raise KeyboardInterrupt
        if isinstance(deed, str):
            self.plug(deed)
        else:
            for number, value in zip(deed[:1] * len(deed), deed[1:], strict=False):
                self.play("Foo 8:ctl", 0xB0, number, value)
        return super().names()


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    return CliRunner()


def type_learn(shell: CliRunner, monkeypatch: pytest.MonkeyPatch, hands: Hands, *words: str, keys: str = "") -> str:
    monkeypatch.setattr(learn_session, "SystemPorts", lambda: hands)
    monkeypatch.setattr("livegan.core.clock.WallClock", ManualClock)
    return shell.invoke(app, ["learn", *words], input=keys, catch_exceptions=False).output


def test_at_a_shell_a_knob_is_moved_and_its_target_chosen(
    shell: CliRunner, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    hands = Hands((), "Foo 8:ctl", (), (81, 20, 30, 40), ())
    said = type_learn(shell, monkeypatch, hands, keys="xyzzyx\n99\nglow\npul\n")
    assert "plug one in" in said
    assert said.index("MIDI inputs: Foo 8:ctl") < said.index("cc 81 of Foo 8 does nothing yet")
    assert "nothing is called 'xyzzyx'" in said
    assert "no number 99" in said
    assert "Which of these?" in said, "several glow"
    assert "cc 81 of Foo 8 turns motion.pulse" in said
    assert "[" not in said.replace("[s]", ""), "no colours"
    assert shell.invoke(app, ["learn", "--list"]).output.splitlines()[-1].split() == ["cc.81", "motion.pulse"]
    direct = type_learn(shell, monkeypatch, Hands("Foo 8:ctl", (81, 20, 30, 40), ()), "effect.hue")
    assert "cc 81 of Foo 8 turns effect.hue (was: motion.pulse)" in direct
    assert "scene and venue say" in shell.invoke(app, ["learn", "--forget", "cc.81"]).output
    assert "nothing is bound" in shell.invoke(app, ["learn", "--list"]).output


def test_at_a_shell_a_file_that_cannot_be_written_ends_it(
    shell: CliRunner, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "livegan").write_text("where a folder should be")
    hands = Hands("Foo 8:ctl", (81, 20, 30, 40), *[()] * 5)
    with pytest.raises(LiveganError, match="nothing was learnt: "):
        type_learn(shell, monkeypatch, hands, "motion.pulse")


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["motion.plse"], "did you mean 'motion.pulse'"),
        (["effect.flash", "--mode", "sometimes"], "--mode 'sometimes'"),
        (["--forget", "knob.9"], "livegan learn --list"),
    ],
)
def test_mistakes_at_a_shell_say_what_to_type(shell: CliRunner, words: list[str], reason: str) -> None:
    done = shell.invoke(app, ["learn", *words])
    assert reason in str(done.exception)


def test_a_number_that_is_bound_itself_wins_over_its_usual_name_and_over_no_name_of_a_file(tmp_path: Path) -> None:
    knobs: dict[str, str] = {}
    controls = Router(lambda name: knobs.get(name, name), has_window=False)
    ports = FakePorts("Foo 8:ctl", "nanoKONTROL2:ctl")
    midi = MidiInput(controls.put, load_controllers(), ports=ports, now=lambda: 0.0)
    midi.start(0.0)

    def play(*message: int, port: str = "Foo 8:ctl") -> list[tuple[str, float]]:
        ports.play(port, *message)
        events = controls.engine_events.drain()
        assert not any(event.number for event in events)
        return [(event.name, event.value) for event in events]

    assert play(0xB0, 74, 127) == [("knob.5", 1.0)]
    knobs = {"cc.74": "effect.glow", "note.36": "effect.flash", "cc.16": "effect.hue", "knob.5": "truncation"}
    assert play(0xB3, 74, 127) == [("cc.74", 1.0)]
    assert play(0xB0, 73, 127) == [("knob.4", 1.0)]
    assert play(0xB0, 16, 127, port="nanoKONTROL2:ctl") == [("knob.1", 1.0)], "its own file calls it so"
    assert play(0x99, 36, 127) == [("note.36", 1.0)]
    knobs = {"pad.1": "effect.flash"}  # another scene
    assert play(0x99, 36, 0) == [("note.36", 0.0)], "what it holds in the scene before is let go"
    assert play(0x99, 36, 127) == [("pad.1", 1.0)]
    knobs = {"note.36": "blackout"}
    assert play(0x99, 36, 0) == [("pad.1", 0.0)], "as it was pressed"
    assert play(0xB0, 74, 0) == [("knob.5", 0.0)]
    controls.learned = {("Foo 8", "knob.5"): Binding("react")}
    knobs = {"cc.74": "effect.glow"}
    assert play(0xB0, 74, 127) == [("knob.5", 1.0)], "what the player taught it wins over scenes"


def test_a_number_that_the_scene_binds_is_called_so_when_it_is_taught(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    stage.controls._binding = lambda name: {"cc.74": "effect.glow"}.get(name, name)
    stage.arm("motion.pulse")
    stage.turn(74, 20, 24, 30)
    assert stage.controls.learned == {("Foo 8", "cc.74"): Binding("motion.pulse")}
    (path,) = tmp_path.glob("*.toml")
    assert "[controls]" not in path.read_text(encoding="utf-8")
    stage.events()
    stage.turn(74, 90)
    assert [(event.name, event.binding) for event in stage.events()] == [("cc.74", Binding("motion.pulse"))]
    stage.turn(73, 90)
    assert [event.name for event in stage.events()] == ["knob.4"], "its other numbers keep their usual names"
