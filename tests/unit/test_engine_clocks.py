"""Beat clocks of a show: what the venue wires, and what telemetry, journal and report say of them."""

import re
import sys
from pathlib import Path

import numpy as np
import pytest

from livegan.cli.options import CLOCKS
from livegan.config.load import load_venue
from livegan.config.venue import ControlsTable, TimeTable, Venue
from livegan.core.beat_line import BeatLine
from livegan.core.clock import ManualClock
from livegan.core.timeline import TimedBeat, Timeline
from livegan.engine.bind import listen
from livegan.engine.clocks import Clocks
from livegan.engine.hands import hand_remarks
from livegan.engine.report import report
from livegan.engine.show_log import ShowLog
from livegan.errors import DeviceError, VenueError
from livegan.features.clock_choice import SOURCES, ClockChoice
from tests.deadline import until
from tests.screen import ROOT
from tests.show_logs import notes
from tests.shows import plain_show

SILENCE = np.zeros((5120, 2), np.float32)


class Cable:
    """A clock from outside that a test plugs in and out."""

    there = True

    def line(self, time_s: float) -> BeatLine | None:
        return BeatLine(time_s, time_s * 2.1, 126.0, "Link, 2 peers") if self.there else None


def test_the_names_of_the_clocks_are_the_same_everywhere() -> None:
    assert CLOCKS == SOURCES
    assert TimeTable.model_fields["clock"].annotation.__args__ == SOURCES  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("table", "music", "midi", "link", "services"),
    [
        ({}, False, True, False, []),
        ({"link": "follow"}, False, True, True, ["link"]),
        ({"clock": "link"}, False, False, True, ["link"]),
        ({"clock": "tap", "midi_out": "Drum"}, False, False, False, ["clock-out"]),
        ({"link": "lead", "midi_out": "Drum"}, False, True, True, ["link", "clock-out"]),
        ({"link": "follow"}, True, False, False, []),
        ({"link": "lead"}, True, False, True, ["link"]),
    ],
)
def test_a_venue_wires_the_clocks_it_names(
    monkeypatch: pytest.MonkeyPatch, table: dict[str, str], music: bool, midi: bool, link: bool, services: list[str]
) -> None:
    monkeypatch.setattr("livegan.engine.clocks.check_link", lambda: None)
    clocks = Clocks(TimeTable(**table), ManualClock(), plays_music=music)  # type: ignore[arg-type]
    assert (clocks.midi is not None, clocks.link is not None) == (midi, link)
    assert (clocks.choice is None) == music
    assert [service.name for service in clocks.services()] == services
    assert clocks.chosen is None


def test_a_venue_that_waits_for_a_midi_clock_and_hears_no_midi_is_told() -> None:
    deaf = Venue(time=TimeTable(clock="midi"), hands=ControlsTable(port="none"))
    (line,) = hand_remarks(deaf)
    assert '[hands] port = "none"' in line
    assert hand_remarks(deaf, plays_music=True) == []
    assert hand_remarks(Venue(time=TimeTable(clock="midi"))) == hand_remarks(Venue(hands=deaf.hands)) == []


def test_only_a_beat_that_is_sure_goes_out() -> None:
    cable = Cable()
    choice = ClockChoice("auto", {"link": cable})
    clocks = Clocks(TimeTable(midi_out="Drum"), ManualClock())
    listening = listen(Venue(), 48000, 2, clock_choice=choice)
    clocks.listen(listening)
    assert clocks._sent() is None
    cable.there = False
    listening.process(SILENCE, 10.0)
    assert clocks.chosen is not None
    assert clocks.chosen.reason == "heard"
    assert clocks._sent() is None
    cable.there = True
    listening.process(SILENCE, 10.2)
    sent = clocks._sent()
    assert sent is not None
    assert sent.bpm == 126.0


def test_music_that_livegan_plays_is_a_clock_that_can_be_sent() -> None:
    timeline = Timeline()
    timeline.put(tuple(TimedBeat(k * 0.4, 0.4, k, k % 3, 3, 150.0, ()) for k in range(20)))
    listening = listen(Venue(), 48000, 2, timeline=timeline)
    listening.process(SILENCE, 2.6)
    chosen = listening.chosen_clock
    assert chosen is not None
    assert (chosen.kind, chosen.line.bpm, chosen.line.beats_per_bar, chosen.confidence) == ("music", 150.0, 3, 1.0)
    assert chosen.line.beats_at(2.6) % 3 == pytest.approx(0.5, abs=0.02)


def test_the_show_says_where_its_beat_comes_from(tmp_path: Path) -> None:
    cable = Cable()
    path = tmp_path / "night.log"
    log = ShowLog(path)
    log.open()
    show = plain_show(log=log, clock_choice=ClockChoice("auto", {"link": cable}))

    def says(words: str) -> bool:
        telemetry = show.telemetry.peek()
        return telemetry is not None and telemetry.clock == words and bool(telemetry.bpm) == (words[-5:] != "heard")

    with show:
        until(lambda: says("Link, 2 peers"), "the clock from outside")
        assert report(show)["clock"] == "Link, 2 peers"
        cable.there = False
        until(lambda: says("Link lost: heard"), "its loss")
    log.close()
    lines = notes(path)
    told = [(line["source"], line["reason"], line["bpm"]) for line in lines if line["kind"] == "clock"]
    assert told[0] == ("link", "Link, 2 peers", 126.0)
    assert told[1][:2] == ("listening", "Link lost: heard")


def test_the_venues_in_the_guide_are_venues(tmp_path: Path) -> None:
    blocks = re.findall(r"```toml\n(.*?)```", (ROOT / "docs" / "tempo.md").read_text(encoding="utf-8"), re.DOTALL)
    path = tmp_path / "club.toml"
    tables = []
    for block in blocks:
        path.write_text(block, encoding="utf-8")
        tables.append(load_venue(path).time)
    assert tables == [TimeTable(), TimeTable(tempo=(120.0, 180.0)), TimeTable(midi_out="Drum")]


def test_mistakes_in_the_venue_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "club.toml"
    mistakes = {'clock = "midi clock"': r"time\.clock", 'link = "lead"\nclock = "link"': "cannot follow it"}
    for text, words in mistakes.items():
        path.write_text(f"[time]\n{text}\n")
        with pytest.raises(VenueError, match=words):
            load_venue(path)
    monkeypatch.setitem(sys.modules, "aalink", None)
    with pytest.raises(DeviceError, match=r"pip install 'livegan\[link\]'"):
        Clocks(TimeTable(link="follow"), ManualClock())
