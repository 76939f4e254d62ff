"""OSC server: what messages mean, floods and hostile datagrams, answers, feedback, and a real socket."""

import select
import socket
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pythonosc.udp_client import SimpleUDPClient

from livegan.control.coalesce import MOST_PRESSES, MOST_SENT, Coalescer
from livegan.control.osc import OscServer
from livegan.control.osc_feedback import MOST_SENT as MOST_TOLD
from livegan.control.osc_feedback import RESTS_S, BeatPulse, OscFeedback
from livegan.control.osc_packet import Message, Value, messages_of, packet
from livegan.control.osc_space import PRESS, SOURCE, AddressSpace
from livegan.core.binding import Binding
from livegan.core.parameters import Parameter
from livegan.core.types import ControlEvent
from livegan.engine.router import Router
from tests.osc_shows import Hands, board, heard
from tests.unit.test_control_osc_packet import raw_bundle

SENDER = ("127.0.0.1", 5)


def sent(hands: Hands, address: str, *arguments: Value) -> list[ControlEvent]:
    """The events of one message."""
    server = hands.server()
    server.receive(packet(address, arguments), SENDER, hands.now_s)
    server.flush()
    events, hands.events = hands.events, []
    return events


def asked(
    hands: Hands, address: str, monkeypatch: pytest.MonkeyPatch, server: OscServer | None = None
) -> list[Message]:
    """The answers to a question."""
    server, answers = server or hands.server(), []
    monkeypatch.setattr(server, "_send_to", lambda data, sender: answers.extend(messages_of(data)[0]))
    server.receive(packet(address, ()), SENDER, hands.now_s)
    return answers


@pytest.mark.parametrize(
    ("message", "event"),
    [
        (("/motion/weight", 0.5), ("motion.weight", 0.25)),  # 0..2
        (("/motion/weight", 5.0), ("motion.weight", 1.0)),
        (("/motion/weight", -1), ("motion.weight", 0.0)),
        (("/truncation/cutoff", 9), ("truncation.cutoff", 0.5)),
        (("/noise", True), ("noise", 1.0)),
        (("/w/4:10/1", 0.0), ("w[4:10].1", 0.5)),
        (("/master", 0.25), ("master", 0.25)),
        (("/fade", 0.25), ("fade", 0.25)),
        (("/knob/3", 0.5), ("knob.3", 0.5)),
        (("/pad/1", 0), ("pad.1", 0.0)),
        (("/next",), ("scene.next", 1.0)),
        (("/previous", 1), ("scene.previous", 1.0)),
        (("/tap",), ("beat.tap", 1.0)),
        (("/beat/halve",), ("beat.halve", 1.0)),
        (("/safe",), ("scene.safe", 1.0)),
        (("/scene/2", 1.0), ("scene.2", 1.0)),
        (("/scene", "aurora"), ("scene.2", 1.0)),
        (("/scene", "Late-Tape"), ("scene.3", 1.0)),
        (("/scene", 1), ("scene.1", 1.0)),
        (("/scene", 3.0), ("scene.3", 1.0)),
        (("/scene", "2"), ("scene.2", 1.0)),
        (("/blackout", 1), ("blackout", 1.0)),
        (("/blackout", False), ("blackout", 0.0)),
    ],
)
def test_messages_become_events(message: tuple[str, Value], event: tuple[str, float]) -> None:
    (made,) = sent(Hands(), *message)
    assert (made.name, made.value, made.kind, made.source) == (event[0], pytest.approx(event[1]), "move", SOURCE)
    assert made.time_s == 10.0


@pytest.mark.parametrize(
    "message",
    [
        ("/motion/weight", float("nan")),
        ("/motion/weight", float("inf")),
        ("/motion/weight", "0.5"),
        ("/motion/weight", 0.5, 0.5),
        ("/next", 0.0),
        ("/scene", "nowhere"),
        ("/scene", 4),
        ("/scene", 1.5),
        ("/scene", float("nan")),
        ("/scene/²", 1),
        ("/pad/1",),
        ("/knob/1000", 1.0),
        ("/screen/delay", 1.0),
        ("/bpm", 120.0),
        ("/prompt", 3),
        ("/reset", "nowhere"),
        ("/reset", "master"),
        ("/nowhere", 1.0),
    ],
)
def test_other_messages_become_none(message: tuple[str, Value]) -> None:
    assert not sent(Hands(), *message)


@pytest.mark.parametrize(("address", "name"), [("/cc/74", "cc.74"), ("/pad/12", "pad.12"), ("/prompt/2", "prompt.2")])
def test_a_control_that_is_not_listed_means_something_where_the_scene_has_it(address: str, name: str) -> None:
    has = Hands(
        shown=replace(board(), bindings={"cc.74": Binding("noise"), "pad.12": Binding("noise")}, prompts=("a", "b"))
    )
    assert [event.name for event in sent(has, address, 1.0)] == [name]
    assert not sent(Hands(), address, 1.0)
    assert not sent(Hands(shown=None), address, 1.0)


def test_names_without_a_meaning_crowd_out_nothing() -> None:
    hands = Hands()
    server = hands.server()
    for family in ("cc", "nrpn", "note", "aftertouch", "prompt", "scene"):
        for number in range(1000):
            server.receive(packet(f"/{family}/{number}", (0.5,)), None, 10.0)
    server.receive(packet("/noise", (0.25,)), None, 10.0)
    server.flush()
    assert [event.name for event in hands.events] == ["scene.1", "scene.2", "scene.3", "noise"]


class _Broken:
    """A socket whose every reading is an error."""

    def __init__(self) -> None:
        self.read = 0

    def recvfrom_into(self, buffer: object) -> tuple[int, tuple[str, int]]:
        self.read += 1
        assert self.read < 1000
        raise OSError("the network is gone")


def test_an_error_of_the_socket_that_stays_holds_up_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    server = Hands().server()
    monkeypatch.setattr(server, "_socket", broken := _Broken())
    monkeypatch.setattr("select.select", lambda *sockets: ([broken], [], []))
    assert server.poll(10.0) > 0.0
    assert broken.read < 100


def test_a_toggle_is_set_by_a_value_and_changes_over_without_one() -> None:
    """Sources tell them apart: of "osc" the value is the state (`core.events`)."""
    hands = Hands()
    assert [(event.value, event.source) for event in sent(hands, "/freeze", 0)] == [(0.0, SOURCE)]
    assert [(event.value, event.source) for event in sent(hands, "/freeze")] == [(1.0, PRESS)]


def test_a_parameter_gets_the_value_of_the_scene_back() -> None:
    for message in (("/reset/w/4:10/1",), ("/reset", "w[4:10].1"), ("/reset", "/w/4:10/1")):
        (event,) = sent(Hands(), *message)
        assert (event.name, event.kind) == ("w[4:10].1", "release")


def test_words_are_asked_for_one_line_and_the_newest_of_a_flood() -> None:
    hands = Hands()
    server = hands.server()
    for number in range(100):
        server.receive(packet("/prompt", ("violet\nsmoke", str(number))), None, 10.0)
        server.flush()
    hands.now_s = 12.0
    server.flush()
    assert len(hands.words) <= 5
    assert hands.words[-1].words == "violet?smoke 99"


def test_patterns_reach_many_parameters_and_never_the_end_of_the_show() -> None:
    hands = Hands()
    assert {event.name for event in sent(hands, "/style/{coarse,middle}", 1.0)} == {"style.coarse", "style.middle"}
    everything = {event.name for event in sent(hands, "/*", 1.0)}
    assert {"master", "scene.next", "blackout"} <= everything
    assert "quit" not in everything
    assert [event.name for event in sent(hands, "/quit")] == ["quit"]


def test_questions_are_answered_with_the_value(monkeypatch: pytest.MonkeyPatch) -> None:
    hands = Hands(shown=board(playing=1, motion__weight=1.5), window={"master": 0.5})
    assert asked(hands, "/motion/weight", monkeypatch) == [Message("/motion/weight", (1.5,))]
    assert asked(hands, "/truncation/cutoff", monkeypatch) == [Message("/truncation/cutoff", (18,))]
    assert asked(hands, "/master", monkeypatch) == [Message("/master", (0.5,))]
    assert asked(hands, "/scene", monkeypatch) == [Message("/scene", ("aurora",))]
    assert asked(hands, "/bpm", monkeypatch) == [Message("/bpm", (120.0,))]
    assert not asked(hands, "/motion/*", monkeypatch)  # one question, one answer
    assert not asked(hands, "/nowhere", monkeypatch)
    assert not asked(Hands(shown=None), "/motion/weight", monkeypatch)


def test_a_question_after_a_message_is_answered_with_what_that_set(monkeypatch: pytest.MonkeyPatch) -> None:
    hands = Hands()
    server = hands.server()
    server.receive(packet("/motion/weight", (0.5,)), SENDER, 10.0)
    assert asked(hands, "/motion/weight", monkeypatch, server) == [Message("/motion/weight", (0.5,))]
    hands.shown = board(11.0, motion__weight=0.75)  # a newer one, in which a knob has moved it
    assert asked(hands, "/motion/weight", monkeypatch, server) == [Message("/motion/weight", (0.75,))]


def test_answers_are_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    hands = Hands()
    server = hands.server()
    assert sum(len(asked(hands, "/noise", monkeypatch, server)) for _ in range(1000)) <= 50
    hands.now_s += 1.0
    assert sum(len(asked(hands, "/noise", monkeypatch, server)) for _ in range(1000)) <= 50


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.binary(max_size=200)
        | st.builds(packet, st.sampled_from(["/noise", "/scene", "/*", "/prompt", "/pad/1"]), st.lists(st.floats()))
        | st.builds(
            lambda address, tail: address + b"\0\0,f\0\0" + tail, st.binary(max_size=20), st.binary(max_size=8)
        ),
        max_size=20,
    )
)
def test_no_datagram_raises_or_leaves_the_range(datagrams: list[bytes]) -> None:
    hands = Hands()
    server = hands.server()
    for datagram in [*datagrams, raw_bundle(*datagrams)]:
        server.receive(datagram, SENDER, 10.0)
    server.flush()
    assert server.notice == "" or server.notice.startswith(("OSC: a message to an address", "OSC: /"))
    assert all(0.0 <= event.value <= 1.0 for event in hands.events)


def test_of_a_flood_the_newest_value_arrives_and_a_bounded_number_of_presses() -> None:
    """Ten seconds of 5000 messages a second in 600 flushes, every fifth a press, and garbage between them."""
    hands = Hands()
    server = hands.server()
    most, newest, following = 0, hands.events, packet("/next", ())
    for flush in range(600):
        for number in range(83):
            moved = packet("/noise", ((flush * 83 + number) / 49_799,))
            server.receive(following if number % 5 == 0 else moved, None, 10.0)
        server.receive(bytes(flush), None, 10.0)
        server.flush()
        newest, hands.events = hands.events, []
        most = max(most, len(newest))
    counts = Counter(event.name for event in newest)
    assert counts == {"noise": 1, "scene.next": MOST_PRESSES}
    assert [event.value for event in newest if event.name == "noise"] == [pytest.approx(1.0)]
    assert most <= MOST_PRESSES + 1
    assert server.refused == 600


def test_a_flood_of_every_address_is_bounded_and_its_newest_values_arrive() -> None:
    hands = Hands()
    server = hands.server()
    for value in (0.0, 0.25, 0.75):
        server.receive(packet("/*", (value,)), None, 10.0)
        server.receive(packet("/*/*", (value,)), None, 10.0)
        server.receive(packet("/*/*/*", (value,)), None, 10.0)
    flushed = []
    while True:
        server.flush()
        if not hands.events:
            break
        flushed.append(hands.events)
        hands.events = []
    assert all(len(events) <= MOST_SENT for events in flushed)
    assert len(flushed) > 1
    assert {event.value for events in flushed for event in events if event.name == "noise"} == {0.75}


def test_while_the_engine_takes_nothing_the_window_does_and_the_newest_waits() -> None:
    taken: list[ControlEvent] = []
    hangs = True

    def send(event: ControlEvent) -> bool:
        if hangs and not event.name.startswith("blackout"):
            return False
        taken.append(event)
        return True

    events = Coalescer(send)
    for number in range(5):
        events.put(ControlEvent(0.0, "noise", number / 4))
        events.put(ControlEvent(0.0, "blackout"), every=True)
        events.flush()
    assert [event.name for event in taken] == ["blackout"] * 5
    hangs = False
    events.flush()
    assert (taken[-1].name, taken[-1].value, len(events)) == ("noise", 1.0, 0)


def test_steps_of_an_encoder_add_up() -> None:
    taken: list[ControlEvent] = []
    events = Coalescer(taken.append)
    for value, kind in ((0.5, "move"), (0.1, "turn"), (0.1, "turn")):
        events.put(ControlEvent(0.0, "noise", value, kind=kind))  # type: ignore[arg-type]
    events.flush()
    assert [(event.kind, event.value) for event in taken] == [("move", 0.5), ("turn", pytest.approx(0.2))]


class Sent:
    """What feedback sends."""

    def __init__(self) -> None:
        self.messages: list[Message] = []

    def __call__(self, data: bytes, target: tuple[str, int]) -> None:
        self.messages += messages_of(data)[0]

    def take(self) -> dict[str, Value | None]:
        taken = {message.address: message.arguments[0] for message in self.messages}
        self.messages.clear()
        return taken


def test_feedback_tells_changes_alone_in_small_portions() -> None:
    shown, sent_ = replace(board(), features=heard(bpm=0.0)), Sent()
    feedback = OscFeedback([("127.0.0.1", 9001)], sent_)
    values: dict[str, Value] = {f"/p/{number}": 0.5 for number in range(100)}
    feedback.step(0.0, shown, values)
    assert len(sent_.take()) == MOST_TOLD
    assert feedback.step(0.01, shown, values) == pytest.approx(0.03)
    assert not sent_.take()  # not yet
    feedback.step(0.04, shown, values)
    assert len(sent_.take()) == 100 + 3 + 3 + 8 + 1 - MOST_TOLD  # lamps, names of scenes and knobs, the beat's phase
    feedback.step(0.08, replace(shown, playing=1), {**values, "/p/7": 0.75})
    assert sent_.take() == {"/p/7": 0.75, "/scene/1": 0.0, "/scene/2": 1.0}
    feedback.forget()
    feedback.step(0.12, shown, values)
    assert len(sent_.take()) == MOST_TOLD


def test_a_slider_is_not_sent_its_own_move_while_it_is_dragged() -> None:
    shown, sent_ = replace(board(), features=heard(bpm=0.0)), Sent()
    feedback = OscFeedback([("127.0.0.1", 9001)], sent_)
    feedback.step(0.0, shown, {"/noise": 0.5})
    sent_.take()
    feedback.heard("/noise", 1.0)
    feedback.step(1.1, shown, {"/noise": 0.75})
    assert not sent_.take()
    feedback.step(1.1 + RESTS_S, shown, {"/noise": 0.75})
    assert sent_.take() == {"/noise": 0.75}


def test_each_beat_is_told_once_between_two_snapshots_and_when_one_corrects_it() -> None:
    pulse, shown, beats = BeatPulse(), board(), []
    for step in range(1000):
        now_s = step * 0.01
        if step % 10 == 0:  # a snapshot that is a little early or late
            phase = (now_s / 0.5 + (0.02 if step % 20 else -0.02)) % 1.0
            shown = replace(shown, features=heard(now_s, phase=phase))
        if pulse.step(now_s, shown) and now_s > 0.2:
            beats.append(now_s)
    assert len(beats) in (19, 20)
    assert beats == pytest.approx([0.5 * number for number in range(1, len(beats) + 1)], abs=0.03)


@pytest.fixture
def server_and_hands() -> Iterator[tuple[OscServer, Hands]]:
    hands = Hands()
    server = hands.server(port=0, targets=[("127.0.0.1", 9)])
    server.start(0.0)
    yield server, hands
    server.stop()
    server.stop()


def test_messages_come_by_udp_and_answers_go_back(server_and_hands: tuple[OscServer, Hands]) -> None:
    server, hands = server_and_hands
    assert server.status == f"OSC: 127.0.0.1:{server.port}"
    with SimpleUDPClient("127.0.0.1", server.port) as client, socket.socket(type=socket.SOCK_DGRAM) as asking:
        client.send_message("/noise", 0.5)
        client.send_message("/noise", 0.25)
        asking.sendto(packet("/noise", ()), ("127.0.0.1", server.port))
        asking.sendto(b"garbage", ("127.0.0.1", server.port))
        while server.received < 4:
            server.poll(10.0)
        assert select.select([asking], [], [], 5.0)[0]
        assert messages_of(asking.recv(100))[0] == [Message("/noise", (0.25,))]
    assert [event.value for event in hands.events if event.name == "noise"][-1] == 0.25


def test_values_are_sent_to_a_broadcast_address_too() -> None:
    with socket.socket(type=socket.SOCK_DGRAM) as everybody:
        everybody.bind(("0.0.0.0", 0))
        hands = Hands()
        server = hands.server(port=0, targets=[("127.255.255.255", everybody.getsockname()[1])])
        server.start(0.0)
        server.poll(10.0)
        try:
            assert select.select([everybody], [], [], 5.0)[0]
            assert messages_of(everybody.recv(2000))[0]
        finally:
            server.stop()


def test_a_port_that_is_taken_is_told_and_tried_again(server_and_hands: tuple[OscServer, Hands]) -> None:
    first, hands = server_and_hands
    second = hands.server(port=first.port)
    second.start(0.0)
    assert second.notice == (
        f"OSC: no messages, port {first.port} of 127.0.0.1 cannot be used (another program has it)"
    )
    first.stop()
    second.poll(1.0)
    assert second.notice != ""
    second.poll(3.0)
    assert second.notice == ""
    second.stop()


def test_an_address_that_is_not_there_is_told_with_the_nearest_that_is() -> None:
    hands = Hands()
    server = hands.server()
    server.receive(packet("/motion/wieght", (1.0,)), None, 10.0)
    assert server.notice.endswith("nearest: /motion/weight")
    hands.now_s = 30.0
    assert server.notice == ""


def test_what_an_address_cannot_do_with_what_it_was_sent_is_told_once_in_a_while() -> None:
    hands = Hands()
    server = hands.server()
    server.receive(packet("/scene", ("notthere",)), None, 10.0)
    assert server.notice == "OSC: /scene names no scene of this show"
    server.receive(packet("/noise", ("loud",)), None, 11.0)
    assert "/scene" in server.notice
    server.receive(packet("/noise", ("loud",)), None, 30.0)
    hands.now_s = 31.0
    assert server.notice == "OSC: /noise got no value that it takes"


def test_a_scene_is_called_by_its_title_too() -> None:
    space = AddressSpace({}, ["tide", "aurora"], ["Tide", "Northern lights"])
    event = space.meaning(space.methods["/scene"], ["northern LIGHTS"], {}, 0.0)
    assert isinstance(event, ControlEvent)
    assert event.name == "scene.2"


def test_the_address_space_is_that_of_the_scene_that_plays() -> None:
    hands = Hands()
    server = hands.server()
    server.receive(packet("/new/one", (1.0,)), None, 10.0)
    server.flush()
    assert not hands.events
    assert hands.shown is not None
    new = {"new.one": Parameter("new.one", 0, 2, 0, "")}
    hands.shown = replace(hands.shown, parameters=new, set_values={"new.one": 0.0})
    server.receive(packet("/new/one", (1.0,)), None, 10.0)
    server.flush()
    assert [(event.name, event.value) for event in hands.events] == [("new.one", 0.5)]


def test_blackout_reaches_the_window_in_a_flood_while_the_engine_hangs() -> None:
    router = Router()
    server = OscServer(router.put, lambda words: None, board, dict, now=lambda: 10.0)
    for value in range(40):  # no frame takes anything out of the engine's inbox
        for pattern in ("/*", "/*/*", "/*/*/*"):
            server.receive(packet(pattern, (value / 40,)), None, 10.0)
        server.flush()
        router.window_events.drain()
    server.receive(packet("/blackout", (1,)), None, 10.0)
    server.flush()
    assert [event.value for event in router.window_events.drain() if event.name == "blackout"] == [1.0]
