"""Music as the sound of a show, known before it sounds: composed without end by a network, or a MIDI file."""

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from livegan.audio.composed import FLUID_GRID, MusicSource
from livegan.audio.fluidsynth import Synth
from livegan.audio.instrument import Instrument, ToneGenerator
from livegan.audio.midi_player import song_channels
from livegan.audio.soundfont import find_soundfont
from livegan.composer.beats import TokenBars, bars_of_song
from livegan.composer.conductor import Bar, Conductor
from livegan.composer.endless import Endless
from livegan.composer.midi_file import read_midi
from livegan.composer.song import PLAYED_STEPS
from livegan.composer.steering import Steering
from livegan.composer.styles import DEFAULT, Style, find_style
from livegan.composer.voice import load_voice
from livegan.core.channels import Inbox, Latest
from livegan.core.parameters import COMPOSE_DEFAULTS
from livegan.core.text import printable, whole_number
from livegan.core.timeline import Timeline
from livegan.engine.input_names import COMPOSE
from livegan.errors import ComposeError, DeviceError

COMPOSED_AHEAD = 1  # bars beside the one that plays
LOOK_S = 0.02  # between two looks whether a bar is due
LATE_SHOWN_S = 6.0

Values = Mapping[str, float]
Note = Callable[[int, Steering, float], None]


@dataclass(frozen=True, slots=True)
class Composition:
    """What ``compose[:STYLE[:SEED]]`` names."""

    style: str = DEFAULT
    seed: int | None = None

    @classmethod
    def named(cls, name: str) -> "Composition | None":
        """The composition of an input's name; None for another input, ComposeError for a wrong one."""
        kind, _, rest = name.partition(":")
        if kind != COMPOSE:
            return None
        style, _, seed = rest.partition(":")
        find_style(style or DEFAULT)
        number = whole_number(seed)
        if seed and number is None:
            raise ComposeError(f"'{printable(seed)}' is no seed; type for example: {COMPOSE}:{style or DEFAULT}:7")
        return cls(style or DEFAULT, number)

    def __str__(self) -> str:
        return f"{COMPOSE}:{self.style}" + (f":{self.seed}" if self.seed is not None else "")


def with_seed(name: str) -> str:
    """An input's name; that of a composition without a seed with a fresh one."""
    composition = Composition.named(name)
    if composition is None:
        return name
    seed = composition.seed
    return str(Composition(composition.style, secrets.randbelow(10000) if seed is None else seed))


class Composer:
    """Composer of a show: writes bars one after the other as it is steered. Live on a thread of its own (`poll`)."""

    def __init__(self, style: Style, seed: int, controls: Latest[Values], first_bar: int = 0) -> None:
        self.background = False  # bars come from `poll`, not when they are asked for
        self.written = 0
        self.on_bar: Note | None = None  # told the number of each bar, and how it was steered
        self._style, self._controls = style, controls
        self._endless = Endless(load_voice(), seed, temperature=style.temperature, first=first_bar)
        self._bars = TokenBars(style.velocity, style.accent, 12 * style.octave)
        self._waiting: Inbox[Bar] = Inbox(COMPOSED_AHEAD + 1)
        self.begun: Callable[[], int] = lambda: 0  # bars that have begun to play
        self.repeated: Callable[[], int] = lambda: 0  # bars that were played again, as the next one was late
        self.notice = ""  # that it was late, for a while
        self._told, self._until_s = 0, 0.0

    def steering(self) -> Steering:
        """The newest wishes, around what the style is."""
        values, style = self._controls.peek() or COMPOSE_DEFAULTS, self._style
        return Steering(
            density=style.density + values["compose.density"] - COMPOSE_DEFAULTS["compose.density"],
            register=style.register + values["compose.register"],
            tension=style.tension + values["compose.tension"] - COMPOSE_DEFAULTS["compose.tension"],
            follow=values["compose.follow"],
        ).clipped()

    def next_bar(self) -> Bar | None:
        """The next bar for the conductor; in the background None if it is not there yet."""
        if self.background and self.written:
            return self._waiting.take()
        return self._write()

    def poll(self, now_s: float) -> float:
        """Write the next bar, if it is due: one more than have begun."""
        self._tell_late(now_s)
        if self.written - self.begun() < COMPOSED_AHEAD:
            self._waiting.put(self._write())
            return 0.0
        return LOOK_S

    def _tell_late(self, now_s: float) -> None:
        repeated = self.repeated()
        if repeated != self._told:
            self._told, self._until_s = repeated, now_s + LATE_SHOWN_S
            self.notice = late_text(repeated)
        elif now_s >= self._until_s:
            self.notice = ""

    def _write(self) -> Bar:
        steering, number = self.steering(), self._endless.index
        z = self._endless.z(number)
        bar = self._bars.bar(self._endless.bar(steering), z, self._endless.z(number + 1))
        self.written += 1
        if self.on_bar is not None:
            self.on_bar(number, steering, (self._controls.peek() or COMPOSE_DEFAULTS)["compose.tempo"])
        return bar


def late_text(bars: int) -> str:
    """That so many bars were played again; "" of none."""
    return f"the composer was late: {bars} bar{'s' if bars > 1 else ''} played again" if bars else ""


class PlayedMusic(MusicSource):
    """Source of music that livegan plays itself, with all that steers it."""

    def __init__(
        self,
        name: str,
        conductor: Conductor,
        programs: Sequence[tuple[int, int]],
        controls: Latest[Values],
        sample_rate: int,
        composer: Composer | None = None,
        style: Style | None = None,
        length_s: float | None = None,
        first_bar: int = 0,
    ) -> None:
        """`programs`: channel and program of each voice; `length_s`: as written, where it has an end.

        `first_bar`: the number of the conductor's first one, where the music goes on.
        """
        self.controls, self.length_s = controls, length_s
        self._first_bar = first_bar
        instrument, grid, remark = open_instrument(sample_rate, style)
        for channel, program in programs:
            instrument.program(channel, program)
        channels = [channel for channel, _ in programs]
        super().__init__(name, conductor, instrument, channels, sample_rate, grid=grid, volume=self.volume)
        self.programs, self.composer, self.remark = tuple(programs), composer, remark

    @property
    def bar(self) -> int:
        """Number of the bar that plays, from 0."""
        return self._first_bar + max(self.conductor.bars - 1, 0)

    def volume(self) -> float:
        """Parameter compose.volume."""
        return (self.controls.peek() or COMPOSE_DEFAULTS)["compose.volume"]


def open_instrument(sample_rate: int, style: Style | None = None) -> tuple[Instrument, int, str]:
    """FluidSynth, or the built-in instrument where that is missing; its grid [samples], and what to say."""
    try:
        synth = Synth(find_soundfont(), sample_rate)
    except DeviceError as error:
        return ToneGenerator(sample_rate), 1, f"A built-in instrument plays: {error}"
    if style is not None:
        synth.room(style.room, style.reverb, style.chorus)
    return synth, FLUID_GRID, ""


def open_music(name: str, sample_rate: int, *, loop: bool = True, seed: int = 0, first_bar: int = 0) -> PlayedMusic:
    """The music of an input's name. ComposeError or MidiError where there is none.

    `loop`: a MIDI file begins again after its end. `seed`: of a composition whose name has none.
    `first_bar`: where it begins.
    """
    controls: Latest[Values] = Latest()
    timeline = Timeline()

    def pace() -> float:
        return (controls.peek() or COMPOSE_DEFAULTS)["compose.tempo"]

    composition = Composition.named(name)
    if composition is None:
        return _open_midi(Path(name), timeline, controls, pace, sample_rate, loop, first_bar)
    style = find_style(composition.style)
    composer = Composer(style, composition.seed if composition.seed is not None else seed, controls, first_bar)
    conductor = Conductor(timeline, composer.next_bar, style.bpm, pace)
    composer.begun, composer.repeated = lambda: conductor.bars, lambda: conductor.repeated
    programs = list(enumerate(style.programs))
    return PlayedMusic(
        composition.style, conductor, programs, controls, sample_rate, composer, style, first_bar=first_bar
    )


def _open_midi(
    path: Path,
    timeline: Timeline,
    controls: Latest[Values],
    pace: Callable[[], float],
    sample_rate: int,
    loop: bool,
    first_bar: int,
) -> PlayedMusic:
    song = read_midi(path, PLAYED_STEPS)
    bars = bars_of_song(song)
    first = first_bar % len(bars) if loop and bars else min(first_bar, len(bars))
    coming = iter(bars[first:])

    def next_bar() -> Bar:
        nonlocal coming
        bar = next(coming, None)
        if bar is None and loop:
            coming = iter(bars)
            bar = next(coming)
        return bar or Bar(())

    timeline.drums = frozenset(voice for voice, track in enumerate(song.tracks) if track.drums)
    programs = [(channel, track.program) for channel, track in zip(song_channels(song), song.tracks, strict=True)]
    written = [beat.bpm for bar in bars[:first] for beat in bar.beats if beat.bpm]
    conductor = (
        Conductor(timeline, next_bar, written[-1], pace) if written else Conductor(timeline, next_bar, pace=pace)
    )
    length_s = sum(beat.quarters * 60.0 / beat.bpm for bar in bars for beat in bar.beats)
    return PlayedMusic(
        printable(path.name), conductor, programs, controls, sample_rate, length_s=length_s, first_bar=first
    )
