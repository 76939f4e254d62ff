"""Shows without a window: their master section, how they are quit, and what they tell in the terminal."""

import socket
from pathlib import Path

from livegan.config.venue import Venue
from livegan.control.osc_packet import packet
from livegan.core.binding import Binding
from livegan.core.channels import Inbox, Latest
from livegan.core.clock import ManualClock, WallClock
from livegan.core.dimmer import OutputDimmer
from livegan.core.types import ControlEvent
from livegan.engine.headless import HeadlessControls
from livegan.engine.master import MasterSection
from livegan.engine.notice_printer import NoticePrinter
from livegan.engine.router import Router
from livegan.engine.show import PlayOptions, Show, play_headless, set_up
from livegan.engine.telemetry import Telemetry
from livegan.outputs.window_light import WindowLight

PADS = {
    "pad.4": Binding("blackout"),
    "pad.5": Binding("freeze"),
    "pad.6": Binding("master.down"),
    "pad.7": Binding("blackout", "momentary"),
    "pad.8": Binding("fade.out"),
    "pad.9": Binding("quit"),
    "fader.1": Binding("master"),
}


class Hands:
    """A controller and an OSC sender before the controls of a show without a window, and lamps behind them."""

    def __init__(self) -> None:
        self.clock = ManualClock(100.0)
        self.router = Router(lambda name: PADS.get(name, name))
        self.headless = HeadlessControls(self.router, MasterSection(OutputDimmer(2.0), takeover="pickup"), self.clock)
        self.lamps = WindowLight(lambda: self.router.states, fade_s=2.0)

    def put(self, name: str, value: float = 1.0, source: str = "osc") -> None:
        self.router.put(ControlEvent(self.clock.now(), name, value, source=source))
        self.headless._came.set()  # also for what goes elsewhere: nobody waits
        self.headless.poll(self.clock.now())

    def press(self, pad: str) -> None:
        self.put(pad, 0.8, "Foo 8")
        self.put(pad, 0.0, "Foo 8")

    def light(self, after_s: float = 0.2) -> float:
        """Of the lamps, so long after what was done."""
        self.lamps.follow(self.clock.now())
        self.clock.wait_until(self.clock.now() + after_s)
        return round(self.lamps._dimmer.light(self.clock.now()), 3)

    def state(self, name: str) -> float:
        return self.router.states.get(name, -1.0)


def test_a_blackout_pad_goes_dark_and_comes_back() -> None:
    hands, lights = Hands(), []
    for _ in range(4):
        hands.press("pad.4")
        lights.append((hands.light(), hands.state("blackout")))
    assert lights == [(0.0, 1.0), (1.0, 0.0), (0.0, 1.0), (1.0, 0.0)]
    for value, light in ((1.0, 0.0), (1.0, 0.0), (0.0, 1.0)):
        hands.put("blackout", value)
        assert hands.light() == light, "what shows a state sets it"
    hands.put("blackout", source="osc press")
    assert hands.light() == 0.0
    hands.put("blackout", source="osc press")
    assert hands.light() == 1.0
    hands.put("pad.7", 0.8, "Foo 8")
    assert hands.light() == 0.0
    hands.put("pad.7", 0.0, "Foo 8")
    assert hands.light() == 1.0


def test_master_and_timed_fades_reach_the_lamps() -> None:
    hands = Hands()
    for _ in range(4):
        hands.press("pad.6")
    assert (hands.light(), hands.state("master")) == (0.8, 0.8)
    hands.put("fader.1", 0.1, "Foo 8")
    assert hands.state("master") == 0.8, "a fader that stands elsewhere is picked up first"
    hands.put("master", 1.0)
    hands.press("pad.8")
    assert [hands.light(0.5) for _ in range(4)] == [0.75, 0.5, 0.25, 0.0]
    assert hands.state("fade") == 0.0
    hands.put("fade.in")
    assert [hands.light(1.0) for _ in range(2)] == [0.5, 1.0]


def test_safe_and_panic_end_a_freeze_and_a_fade_to_light_a_blackout() -> None:
    hands = Hands()
    for name in ("scene.safe", "panic"):
        hands.press("pad.5")
        assert hands.state("freeze") == 1.0
        hands.put(name)
        assert hands.state("freeze") == 0.0
    hands.put("blackout")
    hands.put("panic")
    assert hands.state("blackout") == 1.0
    hands.put("fade.in")
    assert hands.state("blackout") == 0.0


def test_what_only_a_window_has_changes_no_state() -> None:
    hands, recorded = Hands(), []
    hands.router.subscribe(recorded.append)
    for name in ("fullscreen", "panel", "map", "learn", "prompt.type"):
        hands.put(name)
    assert not recorded
    assert not hands.router.states


def test_quit_ends_it_and_a_pad_must_be_pressed_twice() -> None:
    hands, recorded = Hands(), []
    hands.router.subscribe(recorded.append)
    hands.press("pad.9")
    assert hands.headless.notice == "Foo 8: again to quit"
    assert hands.headless.answers.drain() == ["Foo 8: again to quit"]
    hands.clock.wait_until(hands.clock.now() + 2.0)
    hands.press("pad.9")
    assert not hands.headless.quits, "that was too late"
    hands.press("pad.9")
    assert hands.headless.quits
    assert [event.name for event in recorded] == ["quit"]
    for source in ("osc", "osc press"):
        hands = Hands()
        hands.put("quit", source=source)
        assert hands.headless.quits


def a_show(folder: Path, **more: object) -> Show:
    scene = folder / "plain.toml"
    scene.write_text('title = "Plain"\nnetwork = "plain"\n', encoding="utf-8")
    tables = {
        "audio": {"input": "demo", "monitor": False},
        "hands": {"port": "none"},
        "window": {"size": (64, 36)},
        "show": {"scenes": [str(scene)]},
        **more,
    }
    return set_up(Venue.model_validate(tables), PlayOptions(in_window=False), WallClock())


def udp() -> socket.socket:
    made = socket.socket(type=socket.SOCK_DGRAM)
    made.bind(("127.0.0.1", 0))
    made.settimeout(10.0)
    return made


def test_messages_switch_a_whole_show_over_and_end_it(tmp_path: Path) -> None:
    with udp() as free:
        port = free.getsockname()[1]
    with udp() as hand, udp() as listening:
        show = a_show(tmp_path, osc={"port": port, "send": [f"127.0.0.1:{listening.getsockname()[1]}"]})
        steps = iter((("/blackout", 1.0), ("/blackout", 0.0), ("/freeze", 1.0), ("/safe", 0.0), ("/fade/out", 0.0)))
        told: list[str] = []
        wanted: list[tuple[str, float]] = []
        names = {"/safe": "freeze", "/fade/out": "fade"}

        def pressed(*_: object) -> None:
            """Press the next one as soon as the one before has done what it should; then quit."""
            if wanted:
                address, value = wanted[-1]
                if show.runtime.controls.states.get(names.get(address, address[1:])) != value:
                    return
            step = next(steps, ("/quit", 1.0))
            wanted.append(step)
            hand.sendto(packet(step[0], ()), ("127.0.0.1", port))

        show.runtime.telemetry.subscribe(pressed)
        assert not play_headless(show, WallClock(), 20.0, told.append), wanted
        assert wanted[5] == ("/quit", 1.0)
        assert not show.runtime.stuck()


def test_a_port_that_is_taken_is_told_in_the_terminal(tmp_path: Path) -> None:
    with udp() as taken:
        port = taken.getsockname()[1]
        show = a_show(tmp_path, osc={"port": port})
        told: list[str] = []

        def tell(line: str) -> None:
            told.append(line)
            if "OSC" in line:
                show.runtime.controls.put(ControlEvent(0.0, "quit"))

        assert not play_headless(show, WallClock(), 20.0, tell)
    assert [line for line in told if f"OSC: no messages, port {port}" in line] == [
        line for line in told if "OSC" in line
    ]
    assert told


class Told:
    """Telemetry that says what is wrong."""

    def __init__(self, *notices: str) -> None:
        self.notices = notices


def test_each_notice_that_stands_is_printed_once() -> None:
    telemetry: Latest[Telemetry] = Latest()
    answers: Inbox[str] = Inbox()
    printed: list[str] = []
    printer = NoticePrinter(telemetry, answers, printed.append, told=["said before"])

    def look(from_s: int, to_s: int, *notices: str) -> None:
        for tenth in range(10 * from_s, 10 * to_s):
            shown = (line.format(tenth) for line in notices)
            telemetry.put(Told(*shown))  # type: ignore[arg-type]
            printer.poll(tenth / 10)

    look(0, 3, "OSC: port 9000, taken", "said before")
    look(3, 4, "loading")
    look(4, 6, "film: {} frames are missing", "loading")
    look(6, 8)
    look(8, 12, "OSC: port 9000, taken", "OSC: port 9001, taken", "hung ({}x)")
    answers.put("Foo: again to quit")
    look(12, 14, "Foo: again to quit")
    answers.put("Foo: again to quit")
    look(14, 15)
    notices = ["OSC: port 9000, taken", "loading", "film: 50 frames are missing", "OSC: port 9001, taken", "hung (90x)"]
    assert printed == [*notices, *["Foo: again to quit"] * 2]
