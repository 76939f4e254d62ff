"""The instrument's own voice: writes four voices bar by bar, harmonises a tune, and knows a latent of phrases."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from livegan.composer.cadence import cadence_scores, last_of_tune
from livegan.composer.contour import Contour
from livegan.composer.four_voices import song_of
from livegan.composer.guide import Guide
from livegan.composer.network_info import SUFFIX, ComposerInfo, network_path
from livegan.composer.phrase_latent import PHRASE_STEPS, PhraseLatent
from livegan.composer.song import STEPS_PER_BEAT, Song
from livegan.composer.steering import LATENTS, NEUTRAL, Steering, Z
from livegan.composer.voice_features import SILENT, pitch_rows, prompt
from livegan.composer.voice_file import Tensors, checked, read_voice
from livegan.composer.voice_inference import VoiceInference
from livegan.composer.voice_sampling import Writer, bar_writer
from livegan.composer.voices import HOLD, REST, STEPS_PER_BAR, VOICES, Tokens
from livegan.core.text import printable
from livegan.errors import ComposeError

if TYPE_CHECKING:
    from livegan.composer.network_file import NetworkFile

BUNDLED = Path(__file__).resolve().parent / "bundled"
DEFAULT = "chorales"
TONICS = ((0, 4), (9, 3))  # of C major and A minor: pitch class, semitones of the third
TEMPERATURE = 1.0
GUIDED = 0.8  # of the temperature, where a contour is followed at .5
ENDINGS = 12  # last bars that are written, of which the best cadence stays, if it is likely
CANDIDATES = 8  # of a bar, to a tune
LIKELY = 10.0  # points of a cadence that a nat of the pitches' mean likelihood is worth


@dataclass(eq=False)
class Voice:
    """A network that writes four voices, ready. Read-only: threads may share it."""

    network: VoiceInference
    latent: PhraseLatent
    info: ComposerInfo

    @cached_property
    def empty(self) -> Tokens:
        """History of nothing."""
        return np.zeros((0, VOICES), np.int8)

    def contour(self, z: Z) -> Contour:
        """Contour of the four bars at a place in the latent of phrases."""
        return self.latent.contour(z)

    def z_of(self, tokens: Tokens) -> Z:
        """Place of a phrase in the latent of phrases."""
        return self.latent.encode(tokens)

    def z_of_seed(self, seed: int) -> Z:
        """Place of a seed in the latent of phrases, as for pictures: RandomState(seed).randn."""
        return np.random.RandomState(seed).randn(LATENTS).astype(np.float32)

    def song(self, bars: int, seed: int) -> Song:
        """Music of so many bars as a song of four tracks, without an ending: as `livegan compose measure` judges it."""
        return song_of(self.write(bars, seed, close=False))

    def write(
        self,
        bars: int,
        seed: int,
        contour: Contour | None = None,
        steering: Steering = NEUTRAL,
        temperature: float = TEMPERATURE,
        close: bool = True,
    ) -> Tokens:
        """Music of so many bars: (16 * bars, VOICES). The same arguments give the same notes.

        It begins on a tonic chord and, if `close`, ends on one that is held. The contour (or that of `steering.z`)
        begins again where it ends; without one the music is free. On other processors another rounding may, rarely,
        change a note, and all that follow it.
        """
        if bars < 1:
            raise ComposeError(f"{bars} bars cannot be written: ask for 1 or more")
        if contour is None and steering.z is not None:
            contour = self.contour(steering.clipped().z)  # type: ignore[arg-type]
        minor = steering.mode == "minor" if steering.mode else bool(np.random.default_rng([seed, 1]).random() < 0.5)
        tokens = self.empty
        for bar in range(bars):
            rng = np.random.default_rng([seed, 2, bar])
            part = None if contour is None else contour.bar(bar)
            last = close and bar == bars - 1
            written = self._bar(tokens, part, steering, rng, temperature, minor, opening=bar == 0, last=last)
            tokens = np.concatenate([tokens, written])
        return tokens

    def next_bar(
        self,
        history: Tokens,
        contour: Contour | None = None,
        steering: Steering = NEUTRAL,
        rng: np.random.Generator | None = None,
        temperature: float = TEMPERATURE,
    ) -> Tokens:
        """The bar after `history` (whole bars; the last three are read): (16, VOICES)."""
        rng = rng if rng is not None else np.random.default_rng(0)
        return self._bar(history, contour, steering, rng, temperature, steering.mode == "minor", opening=False)

    def _bar(
        self,
        history: Tokens,
        contour: Contour | None,
        steering: Steering,
        rng: np.random.Generator,
        temperature: float,
        minor: bool,
        opening: bool = False,
        last: bool = False,
    ) -> Tokens:
        guide = Guide.of(contour, steering)
        root, third = TONICS[minor]
        if opening:
            guide.chord(0, root, third)
        if contour is not None:
            temperature *= 1 - (1 - GUIDED) * 2 * min(steering.clipped().follow, 0.5)
        writer = bar_writer(self.network, history, rng, temperature, ENDINGS if last else 1)
        if not last:
            written: Tokens = writer.write(guide)[0]
            return written
        end = STEPS_PER_BAR // 2
        guide.dominant(slice(end - STEPS_PER_BEAT, end), root)
        guide.chord(end, root, third)
        steps = [writer.write_step(guide, index) for index in range(end + 1)]
        bars = np.stack([*steps, *[np.full_like(steps[0], HOLD)] * (end - 1)], 1)  # (ENDINGS, 16, VOICES)
        best = writer.log_likelihood + cadence_scores(history[-STEPS_PER_BAR:], bars, end, root, third)
        ending: Tokens = bars[int(best.argmax())]
        return np.where((ending == HOLD) & (_silent(ending, history)), REST, ending).astype(np.int8)

    def harmonise(
        self,
        given: Tokens,
        seed: int,
        contour: Contour | None = None,
        steering: Steering = NEUTRAL,
        temperature: float = 0.9,
        bar_steps: int = STEPS_PER_BAR,
    ) -> Tokens:
        """Voices to what is given: (steps, VOICES), -1 where a token is to be written. What is given stays.

        Bar by bar, of CANDIDATES the one with the likeliest pitches; the network sees what is given in the next bar,
        too. With `steering.mode`, a tune that ends on a note of the tonic chord gets a cadence, the last chord held.
        `bar_steps`: 12 for 3/4 and 6/8, 8 for 2/4; it has learnt 4/4. ComposeError if nothing is given.
        """
        given = np.array(given, np.int8)
        if given.ndim != 2 or given.shape[1] != VOICES or len(given) == 0:
            raise ComposeError("nothing to harmonise: a tune of one step or more, in one of four voices, is needed")
        if not 1 <= bar_steps <= STEPS_PER_BAR:
            raise ComposeError(f"a bar of {bar_steps} sixteenths cannot be harmonised: 1 to {STEPS_PER_BAR} can")
        root, third = TONICS[steering.mode == "minor"]
        last = last_of_tune(given, root, third) if steering.mode else None
        size = -(-len(given) // bar_steps) * bar_steps
        padded = np.full((size, VOICES), REST, np.int8)
        padded[: len(given)] = given
        window = PHRASE_STEPS // bar_steps * bar_steps
        done = self.empty
        for start in range(0, size, bar_steps):
            first = max(0, start + 2 * bar_steps - window)
            rng = np.random.default_rng([seed, 3, start])
            writer = Writer(
                self.network, rng, CANDIDATES, temperature, padded[first : first + window], bar_steps=bar_steps
            )
            writer.read(prompt(done, start - first))
            part = None if contour is None else contour.part(start, bar_steps)
            guide, end = Guide.of(part, steering, bar_steps), -1 if last is None else last - start
            closes = 0 <= end < bar_steps
            if closes:
                guide.dominant(slice(max(end - STEPS_PER_BEAT, 0), end), root)
                guide.chord(end, root, third)
            bars, likely = writer.write(guide), writer.harmony_likelihood
            if closes:
                likely = LIKELY * likely + cadence_scores(done[-bar_steps:], bars, end, root, third)
            done = np.concatenate([done, bars[int(likely.argmax())]])
        return done[: len(given)]


def _silent(bar: Tokens, history: Tokens) -> NDArray[np.bool_]:
    """Where nothing sounds in a bar after a history."""
    silent: NDArray[np.bool_] = pitch_rows(np.concatenate([history, bar]))[len(history) :] == SILENT
    return silent


def load_voice(name: str | Path | None = None) -> Voice:
    """Voice by name (bundled: "chorales"), or path of its file or of the folder of a run. Needs no torch.

    ComposeError where there is none; NetworkError for a broken file, or a network of another kind.
    """
    path = BUNDLED / f"{name or DEFAULT}{SUFFIX}"
    if not path.is_file():
        path = network_path(str(name))
    if not path.is_file():
        there = ", ".join(sorted(file.stem for file in BUNDLED.glob(f"*{SUFFIX}")))
        raise ComposeError(
            f"no network '{printable(str(name))}'; there are: {there}, "
            "and any that livegan compose train wrote (its path)"
        )
    info, tensors = read_voice(path)
    return _voice(info, tensors)


def open_voice(file: "NetworkFile") -> Voice:
    """Voice of a network file that is already read."""
    return _voice(file.info, checked(file.info, {k: v.numpy() for k, v in file.tensors.items()}, file.path))


def _voice(info: ComposerInfo, tensors: Tensors) -> Voice:
    latent = PhraseLatent(tensors["latent.mean"], tensors["latent.components"])
    return Voice(VoiceInference(tensors, info.shape), latent, info)
