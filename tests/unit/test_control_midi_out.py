"""MIDI output: every note at its moment and none left hanging, whatever happens to port, show or clock."""

from itertools import pairwise

from hypothesis import example, given, settings
from hypothesis import strategies as st

from livegan.control.midi_out import IDLE_S, MidiOutput
from livegan.control.output_ports import FakeOutPorts
from livegan.core.timeline import NoteEvent, TimedBeat, Timeline


def timeline(beats: int = 16, length_s: float = 0.5) -> Timeline:
    """Two voices: one changes on each beat, one on every second."""
    music, made = Timeline(), []
    music.origin_s = 100.0
    for number in range(beats):
        at_s, events = number * length_s, []
        for voice, every in ((0, 1), (1, 2)):
            if number % every == 0:
                if number:
                    events.append(NoteEvent(at_s, False, voice, 40 + 20 * voice + number - every))
                events.append(NoteEvent(at_s, True, voice, 40 + 20 * voice + number, 100))
        made.append(TimedBeat(at_s, length_s, number, number % 4, 4, 120.0, tuple(sorted(events))))
    music.put(tuple(made))
    return music


def hanging(messages: list[tuple[int, ...]]) -> set[tuple[int, int]]:
    sounding: set[tuple[int, int]] = set()
    for message in messages:
        kind, channel = message[0] & 0xF0, message[0] & 0x0F
        if kind == 0x90:
            sounding.add((channel, message[1]))
        elif kind == 0x80:
            sounding.discard((channel, message[1]))
        elif kind == 0xB0 and message[1] == 123:
            sounding = {key for key in sounding if key[0] != channel}
    return sounding


def play(midi: MidiOutput, until_s: float, start_s: float = 100.0) -> list[float]:
    """Poll as the runtime does; the moments at which it woke."""
    now_s, woke = start_s, []
    midi.start(now_s)
    while now_s < until_s:
        woke.append(now_s)
        now_s += max(midi.poll(now_s), 1e-4)
    return woke


def test_each_note_is_sent_at_its_moment_with_its_instrument() -> None:
    ports = FakeOutPorts("Piano", "Synth A", "Synth B")
    midi = MidiOutput(timeline(), [(0, 19), (3, 48)], "synth", ports=ports)
    woke = play(midi, 104.2)
    assert set(ports.sent) == {"Synth A"}
    sent = ports.sent["Synth A"]
    assert (0xC0, 19) in sent
    assert (0xC3, 48) in sent
    assert [message[1] for message in sent if message[0] == 0x90] == list(range(40, 49))
    assert [message[1] for message in sent if message[0] == 0x93] == list(range(60, 69, 2))
    assert midi.sent == 14
    assert midi.worst_s < 2e-4
    assert max(two - one for one, two in pairwise(woke)) <= IDLE_S + 1e-3
    midi.stop()
    midi.stop()
    assert not hanging(ports.sent["Synth A"])


@settings(max_examples=60, deadline=None)
@given(
    stop_s=st.floats(100.0, 108.0),
    gaps=st.lists(st.floats(0.0, 0.7), max_size=20),
    unplugged=st.none() | st.tuples(st.floats(100.0, 106.0), st.floats(0.1, 3.0)),
    panic_s=st.none() | st.floats(100.0, 107.0),
)
@example(stop_s=103.0, gaps=[0.5, 0.5], unplugged=(101.0, 1.0), panic_s=102.0)  # back, and not found again yet
def test_no_note_hangs(
    stop_s: float, gaps: list[float], unplugged: tuple[float, float] | None, panic_s: float | None
) -> None:
    ports = FakeOutPorts("Synth")
    midi = MidiOutput(timeline(), [(0, 0), (1, 0)], "Synth", ports=ports)
    midi.start(100.0)
    now_s, stalls = 100.0, iter(gaps)
    while now_s < stop_s:
        there = unplugged is None or not unplugged[0] <= now_s < sum(unplugged)
        ports.plugged = ["Synth"] if there else []
        if panic_s is not None and now_s >= panic_s:
            midi.panic()
            panic_s = None
            midi.poll(now_s)
            assert not hanging(ports.sent["Synth"]) or not there or midi.notice, "nothing hangs unless the port is lost"
        now_s += max(midi.poll(now_s), 1e-3) + next(stalls, 0.0)
    ports.plugged = ["Synth"]
    midi.poll(now_s + 1.0)
    midi.stop()
    assert not hanging(ports.sent.get("Synth", []))


def test_a_lost_port_is_looked_for_and_silenced_when_it_is_back() -> None:
    ports = FakeOutPorts("Synth")
    midi = MidiOutput(timeline(20), [(0, 0), (1, 0)], "Synth", ports=ports)
    play(midi, 101.3)
    ports.plugged = []
    now_s = 101.3
    while now_s < 103.5:
        now_s += max(midi.poll(now_s), 1e-3)
    assert "Synth is lost" in midi.notice
    ports.plugged, before = ["Synth"], len(ports.sent["Synth"])
    while now_s < 106.0:
        now_s += max(midi.poll(now_s), 1e-3)
    assert midi.notice == ""
    later = ports.sent["Synth"][before:]
    assert later[:2] == [(0xB0, 123, 0), (0xB1, 123, 0)]
    assert any(message[0] == 0x90 for message in later)


def test_a_port_that_is_not_there_is_a_notice_with_the_nearest_name() -> None:
    midi = MidiOutput(timeline(), [(0, 0)], "Sinth", ports=FakeOutPorts("Synth"))
    play(midi, 100.5)
    assert "did you mean 'Synth'?" in midi.notice
    nothing = MidiOutput(timeline(), [(0, 0)], "Synth", ports=FakeOutPorts(present=False))
    play(nothing, 100.5)
    assert "there are: none" in nothing.notice
    nothing.stop()


def test_the_volume_is_told_when_it_changes_and_a_delay_delays() -> None:
    ports, volume = FakeOutPorts("Synth"), [1.0]
    midi = MidiOutput(timeline(), [(2, 0)], "Synth", volume=lambda: volume[0], delay_s=0.25, ports=ports)
    play(midi, 100.2)
    assert not any(message[0] == 0x92 for message in ports.sent["Synth"])
    volume[0] = 0.5
    midi.poll(100.26)
    told = [message for message in ports.sent["Synth"] if message[:2] == (0xB2, 7)]
    assert told == [(0xB2, 7, 127), (0xB2, 7, 64)]
    assert (0x92, 40, 100) in ports.sent["Synth"]
