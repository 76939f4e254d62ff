"""A song through FluidSynth: notes at their moments, tempo changes, many tracks, tails; the loudspeaker."""

import numpy as np
import pytest

from livegan.audio.fluidsynth import Synth, find_soundfont
from livegan.audio.loudspeaker import AHEAD_S, STALLED_S, Loudspeaker
from livegan.audio.midi_player import BLOCK, MAX_TAIL_S, MidiPlayer
from livegan.composer.song import Note, Song, Track
from livegan.composer.tempo_map import TempoMap
from livegan.core.clock import ManualClock
from livegan.core.types import Samples
from livegan.errors import DeviceError
from tests.fake_portaudio import FakeDriver

RATE = 48000


def song(*notes: Note, bpm: float = 120.0, program: int = 19) -> Song:
    return Song((Track(notes, program),), max(note.start + note.length for note in notes), 4, ((0, bpm),))


def played(what: Song, cuts: int = BLOCK, room: float = 0.0) -> Samples:
    with Synth(find_soundfont()) as synth:
        synth.room(room, room)
        player, blocks = MidiPlayer(what, synth), []
        while not player.ended:
            blocks.append(player.draw(cuts))
    return np.concatenate(blocks)


def test_tempo_map_counts_seconds_of_steps_and_back() -> None:
    piece = Song((), 64, 4, ((0, 120.0), (16, 60.0), (32, 240.0)))
    tempo = TempoMap(piece)
    assert [tempo.seconds(step) for step in (0, 4, 16, 20, 32, 36)] == [0.0, 0.5, 2.0, 3.0, 6.0, 6.25]
    for step in np.linspace(0, 80, 33):
        assert tempo.step(tempo.seconds(step)) == pytest.approx(step)


def test_notes_begin_at_their_samples_through_a_change_of_tempo() -> None:
    notes = tuple(Note(start, 72, 1, 100) for start in (4, 8, 16))
    piece = Song((Track(notes, 12),), 20, 4, ((0, 120.0), (8, 60.0)))  # marimba: short
    loud = np.abs(played(piece)).max(axis=1)
    starts = [round(seconds * RATE) for seconds in (0.5, 1.0, 3.0)]
    for start in starts:
        assert loud[start - 480 : start].max() < 0.01
        assert loud[start : start + 2400].max() > 0.05


def test_the_same_song_is_the_same_sound_however_it_is_cut() -> None:
    piece = song(Note(0, 60, 3), Note(0, 64, 4), Note(3, 62, 2), Note(5, 60, 4))
    whole = played(piece, 1 << 20, room=0.6)
    assert np.array_equal(played(piece, 777, room=0.6), whole)
    assert len(whole) < (MAX_TAIL_S + 2) * RATE
    assert np.abs(whole[-4800:]).max() < 1e-4


def test_many_tracks_and_drums_find_channels_and_an_empty_song_ends() -> None:
    tracks = tuple(Track((Note(0, 48 + index, 4),), index) for index in range(40))
    drums = Track((Note(0, 38, 1, 110),), 0, drums=True)
    assert np.abs(played(Song((*tracks, drums), 4))).max() <= 1.0
    assert np.abs(played(Song((drums,), 4))).max() > 0.02
    assert len(played(Song((), 16))) < RATE


def test_the_loudspeaker_plays_every_block_in_order_and_waits_while_enough_is_ahead() -> None:
    driver = FakeDriver([])
    sound = np.random.default_rng(1).standard_normal((4 * RATE, 2)).astype(np.float32)
    heard: list[Samples] = []
    furthest = 0

    class PullingClock(ManualClock):
        """Whoever waits lets the driver take a block."""

        def wait_until(self, time_s: float) -> None:
            nonlocal furthest
            furthest = max(furthest, speaker._ring.written - speaker._played)
            super().wait_until(time_s)
            block = np.full((512, 2), 9.0, np.float32)
            driver.stream.settings["callback"](block, 512, None, None)
            heard.append(block)

    with Loudspeaker(RATE, driver=driver, clock=PullingClock()) as speaker:
        driver.stream.latency = 0.0  # type: ignore[attr-defined]
        for start in range(0, len(sound), BLOCK):
            speaker.write(sound[start : start + BLOCK])
        speaker.drain()
    everything = np.concatenate(heard)
    assert np.array_equal(everything[: len(sound)], sound)
    assert not everything[len(sound) :].any()
    assert furthest <= AHEAD_S * RATE + BLOCK
    assert driver.stream.closed == 1


def test_a_machine_without_loudspeaker_and_a_dead_driver_are_sentences() -> None:
    mute = Loudspeaker(RATE, driver=FakeDriver([], refuses="no default output"))
    with pytest.raises(DeviceError, match="no default output"):
        mute.__enter__()
    driver, clock = FakeDriver([]), ManualClock()
    with Loudspeaker(RATE, driver=driver, clock=clock) as dead:
        dead.write(np.zeros((RATE // 2, 2), np.float32))
        with pytest.raises(DeviceError, match="takes no more samples"):
            dead.write(np.zeros((1, 2), np.float32))
    assert clock.now() >= STALLED_S
    assert driver.stream.closed == 1
