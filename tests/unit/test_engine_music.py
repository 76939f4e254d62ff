"""Music as an input: names, the composer a bar ahead and steered, repeated where it is late, MIDI files, one seed."""

from dataclasses import replace
from pathlib import Path
from threading import Event
from threading import enumerate as enumerate_threads

import numpy as np
import pytest

from livegan.audio.composed import MusicSource
from livegan.audio.instrument import ToneGenerator
from livegan.composer.midi_file import write_midi
from livegan.composer.song import Note, Song, Track
from livegan.config.venue import AudioTable, Venue
from livegan.core.clock import ManualClock
from livegan.core.parameters import COMPOSE_DEFAULTS
from livegan.engine.bind import listen
from livegan.engine.guard import FaultGuard
from livegan.engine.input_names import is_midi, is_music
from livegan.engine.music import LATE_SHOWN_S, Composition, PlayedMusic, open_music, with_seed
from livegan.engine.sound import open_sound
from livegan.engine.sound_runtime import SoundRuntime
from livegan.errors import ComposeError, DeviceError, LiveganError


@pytest.fixture(autouse=True)
def built_in(monkeypatch: pytest.MonkeyPatch) -> None:
    """The built-in instrument, on every machine."""

    def missing(*_: object) -> Path:
        raise DeviceError("there is none")

    monkeypatch.setattr("livegan.engine.music.find_soundfont", missing)


def events(music: PlayedMusic, seconds: float) -> list[tuple[float, bool, int, int]]:
    """What it plays in so many seconds, drawn without waiting."""
    found, mark = [], 0.0
    music.start(0.0)
    for at in range(0, round(seconds * 48000), 2400):
        music.draw(at, 2400)
        now = music.timeline.now
        found += [event[:4] for event in now.events(mark, now.end_s)]
        mark = now.end_s
    return found


def test_names_of_inputs() -> None:
    assert Composition.named("compose") == Composition()
    assert Composition.named("compose:organ") == Composition("organ")
    assert Composition.named("compose::7") == Composition(seed=7)
    assert str(Composition.named("compose:piano:12")) == "compose:piano:12"
    assert Composition.named("Composer's microphone") is None
    assert with_seed("compose:organ:3") == "compose:organ:3"
    assert with_seed("compose").startswith("compose:chorale:")
    assert with_seed("demo") == "demo"
    assert is_music("a/b.MID")
    assert is_music("compose")
    assert not is_midi("compose:mid")
    for wrong in (
        "compose:orgn",
        "compose:organ:x",
        "compose:organ:-1",
        f"compose:organ:{2**31}",
        "compose:organ:²",
        "compose::" + "9" * 5000,
    ):
        with pytest.raises(ComposeError):
            Composition.named(wrong)


def test_the_same_seed_and_steering_give_the_same_music_and_others_another() -> None:
    first, again = (events(open_music("compose:piano:7", 48000), 6.0) for _ in range(2))
    assert first == again
    assert sum(on for _, on, _, _ in first) > 15
    assert first != events(open_music("compose:piano:8", 48000), 6.0)
    lively = open_music("compose:piano:7", 48000)
    lively.controls.put({**COMPOSE_DEFAULTS, "compose.density": 1.0, "compose.register": 7.0})
    steered = events(lively, 6.0)
    assert steered != first
    assert np.mean([pitch for _, on, _, pitch in steered if on]) > np.mean([pitch for _, on, _, pitch in first if on])


def test_in_the_background_a_bar_is_written_ahead_and_a_late_one_is_repeated() -> None:
    music = open_music("compose:chorale:1", 48000)
    composer = music.composer
    assert composer is not None
    composer.background = True
    numbers: list[int] = []
    composer.on_bar = lambda number, steering, tempo: numbers.append(number)
    music.start(0.0)
    assert composer.written == 1
    while composer.poll(0.0) == 0.0:
        pass
    assert composer.written == 2
    assert music.timeline.now.fixed
    bar_s = 4 * 60 / 76
    for at in range(0, round(3.5 * bar_s * 48000), 4800):
        music.draw(at, 4800)
    assert (music.conductor.bars, music.conductor.repeated) == (2, 2)
    composer.poll(0.0)
    for at in range(round(3.5 * bar_s * 48000), round(5 * bar_s * 48000), 4800):
        music.draw(at, 4800)
    assert music.conductor.bars == 3
    assert numbers == [0, 1, 2]


def test_that_bars_were_late_is_said_for_a_while_after_each_time() -> None:
    composer = open_music("compose:chorale:1", 48000).composer
    assert composer is not None
    composer.written, repeated = 10, 0
    composer.repeated = lambda: repeated
    composer.poll(0.0)
    assert composer.notice == ""
    for repeated, at_s in ((1, 1.0), (3, 100.0)):
        composer.poll(at_s)
        told = composer.notice
        assert f"{repeated} bar" in told
        composer.poll(at_s + LATE_SHOWN_S - 0.1)
        assert composer.notice == told
        composer.poll(at_s + LATE_SHOWN_S)
        assert composer.notice == ""


def test_tempo_and_volume_are_taken_up() -> None:
    music = open_music("compose:chorale:1", 48000)
    music.controls.put({**COMPOSE_DEFAULTS, "compose.tempo": 2.0, "compose.volume": 0.0})
    events(music, 4.0)
    assert music.timeline.now.fixed[-1].bpm == pytest.approx(152.0)
    assert np.abs(music.draw(4 * 48000, 4800)).max() < 1e-3


def scale(path: Path) -> Song:
    notes = tuple(Note(4 * step, 60 + step, 4, 100) for step in range(8))
    song = Song((Track(notes, program=40), Track((Note(0, 36, 1, 100),), drums=True)), 32, tempos=((0, 150.0),))
    write_midi(song, path)
    return song


def test_a_midi_file_is_played_as_written_and_again(tmp_path: Path) -> None:
    scale(path := tmp_path / "scale.mid")
    source = open_sound(str(path), AudioTable())
    assert isinstance(source, PlayedMusic)
    assert [channel for channel, _ in source.programs] == [0, 9]
    assert source.timeline.drums == {1}
    played = events(source, 7.0)
    struck = [(round(time_s, 4), pitch) for time_s, on, voice, pitch in played if on and voice == 0]
    assert struck[:16] == [(round(0.4 * at, 4), 60 + at % 8) for at in range(16)]
    once = open_sound(str(path), AudioTable(), loop=False)
    assert isinstance(once, PlayedMusic)
    events(once, 8.0)
    assert once.conductor.ended


def test_what_is_heard_of_it_are_its_notes(tmp_path: Path) -> None:
    scale(path := tmp_path / "scale.mid")
    source = open_sound(str(path), AudioTable())
    assert isinstance(source, PlayedMusic)
    listening = listen(Venue(), 48000, 2, timeline=source.timeline)
    source.start(0.0)
    for at in range(0, 96000, 2400):
        listening.process(source.draw(at, 2400), (at + 2400) / 48000)
    rows, names = listening.ring.history(1000)[1], listening.layout.index
    struck = np.flatnonzero(rows[:, names["voice.1.onset"]] == np.float32(100 / 127))
    assert struck.tolist() == [round(0.4 * at * 48000) // 256 for at in range(5)]
    assert rows[struck, names["beat"]] == pytest.approx([1.0] * 5)
    assert rows[:, names["level"]].max() > 0.1
    assert rows[-1, names["beat.confidence"]] == 1.0


def test_what_is_no_midi_file_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "a.mid").write_bytes(b"nothing")
    for name in (tmp_path / "a.mid", tmp_path / "none.mid"):
        with pytest.raises(LiveganError):
            open_sound(str(name), AudioTable())


def test_where_fluidsynth_cannot_play_the_built_in_instrument_does_and_says_why() -> None:
    music = open_music("compose", 44100)
    assert isinstance(music.instrument, ToneGenerator)
    assert music.remark == "A built-in instrument plays: there is none"
    assert isinstance(music, MusicSource)
    assert replace(Composition(), seed=1).seed == 1


@pytest.mark.parametrize("ends", [True, False])
def test_the_instrument_is_freed_at_the_end_of_a_show_unless_a_thread_may_still_play_it(ends: bool) -> None:
    music, freed, let_go = open_music("compose:chorale:1", 48000), [], Event()
    music.instrument.close = lambda: freed.append(music.instrument)  # type: ignore[method-assign]
    if not ends:
        music.poll = lambda now_s: float(let_go.wait(5.0))  # type: ignore[method-assign]
    clock = ManualClock()
    with SoundRuntime(music, clock, FaultGuard(clock.now), join_s=5.0 if ends else 0.0):
        thread = next(each for each in enumerate_threads() if each.name == "livegan-audio")
    assert bool(freed) == ends
    let_go.set()
    thread.join()
    music.close()
    music.stop()
