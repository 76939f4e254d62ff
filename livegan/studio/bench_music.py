"""Musicality benchmark: each scene plays a part of a song, and silence after it, on a counting clock, and is judged."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from livegan.audio.demo import demo_track, hats, kicks, snares
from livegan.config.load import LoadedScene
from livegan.config.venue import Venue
from livegan.core.beat_thresholds import MOVES
from livegan.core.clock import ManualClock
from livegan.core.progress import ProgressCallback
from livegan.core.rings import Reader
from livegan.core.types import FeatureFrame, Frame, Pixels, Samples
from livegan.effects.chain import Chain
from livegan.effects.registry import EFFECTS
from livegan.engine.assemble import Session, assemble, shown_by, strobe_limiter
from livegan.engine.bind import Setlist, listen
from livegan.engine.guard import StrictGuard
from livegan.engine.ladder import Rung
from livegan.engine.patch import Patch
from livegan.engine.performer import Performer
from livegan.errors import MediaError
from livegan.features.listening import MIN_SAMPLE_RATE
from livegan.rendering.compositor import Compositor
from livegan.rendering.registry import OFFLINE, QualityStep
from livegan.studio.listen_events import Transcript, hear_song
from livegan.studio.musicality import Musicality, Score, Series, judge, onset_strength
from livegan.studio.render import open_audible

DEMO = "demo"
DEMO_START_S = 8.0  # where its drums begin
FPS = 60.0
SECONDS = 20.0
SETTLE_S = 2.0  # before the picture is judged, in music and in silence
SILENCE_S = 4.0
CELLS, SAMPLES = (32, 56), 4  # of brightness; samples along each side of a cell
LUMA = np.array([0.299, 0.587, 0.114], np.float32) / 255
LIGHT = QualityStep("light", (0, 0), 0.5)  # of a network's steps, the one of this name or about half the cost


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a song with silence after it, as a show hears it, and what there is to answer."""

    name: str
    sound: tuple[int, int]  # sample rate [Hz], channels
    features: tuple[FeatureFrame | None, ...]  # of each frame
    strength: Series  # onset strength at each frame
    score: Score


def read_piece(song: str, seconds: float, venue: Venue, scenes: Sequence[LoadedScene]) -> Piece:
    """A piece of a song's beginning, or of the demo track from where its drums begin; heard once for all scenes."""
    start_s, path = (DEMO_START_S, demo_track()) if song == DEMO else (0.0, Path(song))
    track = open_audible(path, MIN_SAMPLE_RATE, start_s + seconds)
    rate = track.sample_rate
    samples = track.read(round((start_s + seconds) * rate))[round(start_s * rate) :]
    length_s = len(samples) / rate
    if length_s < 2 * SETTLE_S:
        raise MediaError(f"{song} has only {length_s:.1f} s of sound; give a longer one, or: livegan bench music demo")
    samples = np.concatenate((samples, np.zeros((round(SILENCE_S * rate), samples.shape[1]), np.float32)))
    music_s, silence_s = (SETTLE_S, length_s - 0.1), (length_s + SETTLE_S, length_s + SILENCE_S - 0.1)
    if song == DEMO:
        drums, beats = sorted({*kicks(), *snares()}), kicks()
        every = sorted({*drums, *hats()})
        drums, every, beats = ([t - start_s for t in times if t >= start_s] for times in (drums, every, beats))
        score = Score(drums, every, beats, music_s, silence_s)
    else:
        score = _heard_score(venue, samples, rate, music_s, silence_s)
    features = tuple(_heard(venue, samples, rate, scenes))
    strength = onset_strength(samples, rate, FPS)[: len(features)]
    sound = rate, samples.shape[1]
    return Piece(song if song == DEMO else Path(song).name, sound, features[: len(strength)], strength, score)


def _heard(venue: Venue, samples: Samples, rate: int, scenes: Sequence[LoadedScene]) -> Iterator[FeatureFrame | None]:
    """The features that each frame reads."""
    listening = listen(venue, rate, samples.shape[1], scenes)
    reader, done = Reader(listening.ring), 0
    for index in range(int(len(samples) / rate * FPS)):
        end = int(index / FPS * rate)
        listening.process(samples[done:end], end / rate)
        batch, done = reader.read(), end
        yield batch.frame if batch else None


def _heard_score(
    venue: Venue, samples: Samples, rate: int, music_s: tuple[float, float], silence_s: tuple[float, float]
) -> Score:
    """Onsets and beats as livegan itself hears them: of a song there is no other score."""
    transcript = Transcript()
    for hops in hear_song(listen(venue, rate, samples.shape[1]), samples):
        transcript.take(hops)
    table = transcript.table()
    told = zip(table["beats"], table["beat_confidences"], strict=True)
    beats = [beat for beat, confidence in told if confidence >= MOVES]
    drums = sorted({*table["onsets.bass"], *table["onsets.mid"]})
    return Score(drums, table["onsets"], beats, music_s, silence_s)


class Rehearsal:
    """Scenes that share their networks, each played by a performer of its own."""

    def __init__(self, scenes: Setlist, venue: Venue, sound: tuple[int, int]) -> None:
        """`sound`: sample rate and channels of what will be heard."""
        clock = ManualClock()
        listening = listen(venue, *sound, scenes.scenes)
        self._layout, self._venue = listening.layout, venue
        self._session: Session = assemble(scenes, venue, listening, clock, StrictGuard(clock.now), synchronous=True)
        self.left_out = self._session.notices
        self.limited_s = 0.0  # how long the strobe limiter held pictures of the newest scene back

    @property
    def patches(self) -> list[Patch]:
        """Every scene that can be played; each for one time only, as it remembers."""
        return self._session.performer.patches

    def play(
        self, patch: Patch, piece: Piece, delay_s: float = 0.0, full: Callable[[int], bool] | None = None
    ) -> Iterator[Frame]:
        """Every frame of a piece, drawn lightly but where `full` says so of its number."""
        bank = self._session.performer.bank
        if len(patch.networks) == 1:
            generator = bank.use(patch.networks[0])
            if generator is not None:
                generator.prepare_steps(OFFLINE)
        self.limited_s, clock = 0.0, ManualClock()
        guard = StrictGuard(clock.now)
        limiter = strobe_limiter(self._venue, shown_by(self._venue))
        layers = Compositor(guard, self._session.media)
        effects = Chain(EFFECTS, guard).step
        performer = Performer([patch], 0, bank, effects, self._layout, clock, guard, layers=layers, limiter=limiter)
        light = Rung(LIGHT, half_effects=True)
        for index, features in enumerate(piece.features):
            clock.wait_until(index / FPS)
            rung = None if full is not None and full(index) else light
            yield performer.step(index, index / FPS, 1 / FPS, features, (), rung, delay_s)
            self.limited_s += 1 / FPS if limiter is not None and limiter.limiting else 0.0


def brightness(pixels: Pixels) -> NDArray[np.float32]:
    """sRGB luma 0..1 of 32 x 56 cells, as one row: of coarse ones, so that rounding in the network is no change."""
    counts = [SAMPLES * count for count in CELLS]
    if pixels.shape[:2] != tuple(counts):
        rows, columns = (
            ((np.arange(n) + 0.5) * side / n).astype(int) for n, side in zip(counts, pixels.shape, strict=False)
        )
        pixels = pixels[rows[:, None], columns]
    luma = pixels @ LUMA
    cells = luma.reshape(CELLS[0], SAMPLES, CELLS[1], SAMPLES).mean(axis=(1, 3))
    return np.asarray(cells.ravel(), np.float32)


def judge_frames(rows: Sequence[NDArray[np.float32]], piece: Piece, delay_s: float = 0.0) -> Musicality:
    """The figures of the frames' brightness."""
    return judge(piece.strength, np.stack(rows), piece.score, FPS, delay_s)


def measure(
    song: str,
    scenes: Setlist,
    venue: Venue,
    seconds: float = SECONDS,
    delay_s: float = 0.0,
    progress: ProgressCallback = lambda done: None,
) -> dict[str, Any]:
    """Figures of every scene; `delay_s`: how late the light of a frame is taken to be."""
    piece = read_piece(song, seconds, venue, scenes.scenes)
    rehearsal = Rehearsal(scenes, venue, piece.sound)
    figures: dict[str, Any] = {}
    for done, patch in enumerate(rehearsal.patches, 1):
        rows = [brightness(np.asarray(frame.pixels)) for frame in rehearsal.play(patch, piece, delay_s)]
        row = judge_frames(rows, piece, delay_s).facts()
        figures[patch.name] = row | {"limited_s": round(rehearsal.limited_s, 2)}
        progress(done)
    first_s, last_s = piece.score.music_s
    return {
        "song": piece.name,
        "judged_s": [first_s, round(last_s, 2)],
        "drums": sum(first_s <= time_s < last_s for time_s in piece.score.drums_s),
        "onsets": sum(first_s <= time_s < last_s for time_s in piece.score.onsets_s),
        "delay_ms": round(delay_s * 1e3, 1),
        "scenes": figures,
        "left_out": list(rehearsal.left_out),
    }


def table(figures: dict[str, Any]) -> str:
    """The figures as a text table, a line for each scene."""
    head = f"{figures['song']}, {figures['drums']} drums of {figures['onsets']} onsets"
    names = f"{'scene':18} {'lag':>6} {'corr.':>6} {'drums':>6} {'all':>6} {'any':>6} {'beat':>7}"
    lines = [head, f"{names} {'silence':>8} {'limited':>8}"]
    for name, row in figures["scenes"].items():
        shares = " ".join(f"{row[key]:6.0%}" for key in ("answered", "answered_all", "anywhere"))
        lines.append(
            f"{name:18} {row['lag_ms']:3.0f} ms {row['correlation']:6.2f} {shares} "
            f"{row['beat_lag_ms']:4.0f} ms {row['silence']:8.1%} {row['limited_s']:6.1f} s"
        )
    return "\n".join([*lines, *figures["left_out"]])
