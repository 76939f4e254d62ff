"""Sampling of the voice network: nucleus sampling (Holtzman et al. 2020) of four voices a step, within the mask."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from livegan.composer.guide import Guide
from livegan.composer.voice_features import (
    AGE_START,
    ATTACK,
    HELD,
    KINDS,
    NO_NOTE,
    SILENT,
    START,
    UNKNOWN,
    Rows,
    age_rows,
    kind_rows,
    next_age,
    pitch_rows,
    prompt,
)
from livegan.composer.voice_inference import ORDER, Floats, VoiceInference
from livegan.composer.voice_leading import allowed
from livegan.composer.voices import HOLD, PITCHES, REST, STEPS_PER_BAR, TOKENS, VOICES, Tokens

NO_SHIFT = 5  # row of the shift table: C major or A minor
NUCLEUS = 0.98
PITCH = 0.8  # of the temperature, for the choice of a pitch; when a note begins is left as it is
TRIES = 6  # of a step in which the mask left a voice nothing but a rest
STUCK = 1e-3  # probability of all a voice may do, without rests, below which a step is tried again

Many = NDArray[np.int8]  # (n, steps, VOICES)


@dataclass(slots=True)
class Writer:
    """Phrases being written, step by step: n at once, alike but for the random numbers."""

    network: VoiceInference
    rng: np.random.Generator
    n: int = 1
    temperature: float = 1.0
    given: Tokens | None = None  # (steps, VOICES), -1 where a voice is to be written; of the whole phrase
    masked: bool = True  # voice leading
    bar_steps: int = STEPS_PER_BAR  # of the metre; the network learnt 4/4
    step: int = 0  # of the phrase
    before: Rows = field(init=False)  # pitch rows of the last step: (n, VOICES)
    chord: Rows = field(init=False)  # pitch rows of the last step that was not silent
    age: Rows = field(init=False)
    log_likelihood: NDArray[np.float64] = field(init=False)  # of the tokens, unguided and unmasked [nats]: (n,)
    harmony: NDArray[np.float64] = field(
        init=False
    )  # log likelihood of pitches where notes begin, and how many: (n, 2)
    _cache: list[list[Floats]] = field(init=False)
    _encoded: Floats | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        self.before = np.full((self.n, VOICES), START, np.int64)
        self.chord = self.before
        self.age = np.full((self.n, VOICES), AGE_START, np.int64)
        self.log_likelihood = np.zeros(self.n)
        self.harmony = np.zeros((self.n, 2))
        self._cache = [[] for _ in self.network.blocks]
        if self.given is not None:
            unknown = self.given < 0
            filled = np.where(unknown, REST, self.given).astype(np.int8)
            pitch, kind = np.where(unknown, UNKNOWN, pitch_rows(filled)), np.where(unknown, KINDS, kind_rows(filled))
            self._encoded = self.network.encode_given(pitch[None], kind[None], self._places(len(pitch)))

    def _places(self, steps: int) -> Rows:
        """Places in the bar of the next steps."""
        return np.arange(self.step, self.step + steps) % self.bar_steps % STEPS_PER_BAR

    def read(self, tokens: Tokens) -> None:
        """Go on after these (steps, VOICES), which the phrases have in common."""
        if len(tokens) == 0:
            return
        pitch, age = pitch_rows(tokens), age_rows(tokens)
        rows = np.concatenate([self.before[:1], pitch[:-1]])[None]
        ages = np.concatenate([self.age[:1], age[:-1]])[None]
        encoded = self._encoded[:, self.step : self.step + len(tokens)] if self._encoded is not None else None
        self.network.trunk(rows, ages, self._places(len(tokens)), NO_SHIFT, self._cache, encoded)
        for kept in self._cache:
            kept[:] = [np.repeat(part, self.n, 0) for part in kept]
        self.before, self.age = np.repeat(pitch[-1:], self.n, 0), np.repeat(age[-1:], self.n, 0)
        loud = np.flatnonzero((pitch < PITCHES).any(1))
        self.chord = np.repeat(pitch[loud[-1:]], self.n, 0) if len(loud) else self.before
        self.step += len(tokens)

    def write(self, guide: Guide) -> Many:
        """Steps of a guide: (n, steps, VOICES)."""
        rows = [self.write_step(guide, index) for index in range(len(guide.attack))]
        return np.stack(rows, 1)

    def write_step(self, guide: Guide, index: int) -> Tokens:
        """One step, the `index`-th of the guide: (n, VOICES)."""
        encoded = self._encoded[:, self.step : self.step + 1] if self._encoded is not None else None
        state = self.network.trunk(
            self.before[:, None], self.age[:, None], self._places(1), NO_SHIFT, self._cache, encoded
        )
        hidden = self.network.head(state[:, 0], self.before)
        tokens, now, scores, stuck = self._choose(hidden, guide, index)
        for _ in range(TRIES):
            if not stuck.any():
                break
            others = self._choose(hidden, guide, index)
            tokens = np.where(stuck[:, None], others[0], tokens)
            now = np.where(stuck[:, None], others[1], now)
            scores = np.where(stuck[:, None], others[2], scores)
            stuck = stuck & others[3]
        self.age = next_age(self.age, tokens)
        self.before = now
        self.chord = np.where((now < PITCHES).any(1, keepdims=True), now, self.chord)
        self.log_likelihood += scores[:, 0]
        self.harmony += scores[:, 1:]
        self.step += 1
        return tokens

    def _choose(
        self, hidden: Floats, guide: Guide, index: int
    ) -> tuple[Tokens, Rows, NDArray[np.float64], NDArray[np.bool_]]:
        """Tokens of a step, pitch rows, scores (log likelihood, harmony), whether a voice was left only a rest."""
        n = self.n_now
        tokens, now = np.full((n, VOICES), REST, np.int8), np.full((n, VOICES), SILENT, np.int64)
        kind = np.full((n, VOICES), NO_NOTE, np.int64)
        scores, stuck = np.zeros((n, 3)), np.zeros(n, bool)
        given = self.given[self.step] if self.given is not None else np.full(VOICES, -1)
        decided = [voice for voice in range(VOICES) if given[voice] >= 0]
        for voice in decided:
            self._set(tokens, now, kind, voice, np.full(n, given[voice]))
        for place, voice in enumerate(ORDER):
            logits = self.network.logits(hidden, place, now, kind)
            logits = logits - logits.max(1, keepdims=True)
            logs = logits - np.log(np.exp(logits).sum(1, keepdims=True))
            if given[voice] >= 0:
                scores[:, 0] += logs[:, given[voice]]
                continue
            wished = self._wished(logs, guide, index, voice, now, decided)
            may = allowed(self.before, now, decided if self.masked else (), voice, self.chord)
            free = np.exp(logs) * may
            stuck |= free[:, :REST].sum(1) < STUCK * np.exp(logs)[:, :REST].sum(1)
            free_pitches = np.exp(logs[:, :PITCHES]).sum(1)
            token = self._draw(np.where(may, wished, -np.inf))
            chosen = logs[np.arange(n), token]
            scores[:, 0] += chosen
            begins = token < PITCHES
            scores[:, 1] += np.where(begins, chosen - np.log(free_pitches), 0)
            scores[:, 2] += begins
            self._set(tokens, now, kind, voice, token)
            decided.append(voice)
        return tokens, now, scores, stuck

    @property
    def harmony_likelihood(self) -> NDArray[np.float64]:
        """Mean log likelihood of the pitches of each phrase (n,); how many notes there are does not count."""
        mean: NDArray[np.float64] = self.harmony[:, 0] / np.maximum(self.harmony[:, 1], 1)
        return mean

    @property
    def n_now(self) -> int:
        """Phrases being written."""
        return len(self.before)

    def _set(self, tokens: Tokens, now: Rows, kind: Rows, voice: int, token: NDArray[np.int64]) -> None:
        tokens[:, voice] = token
        struck, held = token < PITCHES, (token == HOLD) & (self.before[:, voice] < PITCHES)
        now[:, voice] = np.where(struck, token, np.where(held, self.before[:, voice], SILENT))
        kind[:, voice] = np.where(struck, ATTACK, np.where(held, HELD, NO_NOTE))

    def _wished(self, logs: Floats, guide: Guide, index: int, voice: int, now: Rows, decided: list[int]) -> Floats:
        """Logits with the wishes of the guide."""
        pull = guide.pull[index, voice][None]
        if guide.tension:
            pull = pull + guide.of_tension(now, decided)
        wished = logs.astype(np.float32)
        wished[:, :PITCHES] += pull + guide.attack[index, voice]
        sounding = np.minimum(self.before[:, voice], PITCHES - 1)
        wished[:, HOLD] += pull[np.arange(len(logs)) % len(pull), sounding]
        wished[:, REST] += guide.rest
        return wished

    def _draw(self, logits: Floats) -> NDArray[np.int64]:
        """Token of each row, by nucleus sampling at the temperature; the best where the temperature is 0."""
        if self.temperature <= 0:
            best: NDArray[np.int64] = logits.argmax(1)
            return best
        scaled = (logits - logits.max(1, keepdims=True)).astype(np.float64) / self.temperature
        weights = np.exp(scaled)
        best_pitch = np.maximum(scaled[:, :PITCHES].max(1, keepdims=True), -600)  # -inf where none may begin
        pitches = np.exp((scaled[:, :PITCHES] - best_pitch) / PITCH)
        begins = weights[:, :PITCHES].sum(1, keepdims=True)
        weights[:, :PITCHES] = begins * pitches / np.maximum(pitches.sum(1, keepdims=True), 1e-300)
        order = np.argsort(-weights, 1, kind="stable")
        weights = np.take_along_axis(weights, order, 1)
        weights /= weights.sum(1, keepdims=True)
        total = weights.cumsum(1)
        weights[total - weights >= NUCLEUS] = 0
        total = weights.cumsum(1)
        place = (total < self.rng.random(len(logits))[:, None] * total[:, -1:]).sum(1)
        return np.take_along_axis(order, np.minimum(place, TOKENS - 1)[:, None], 1)[:, 0]


def bar_writer(
    network: VoiceInference,
    history: Tokens,
    rng: np.random.Generator,
    temperature: float,
    n: int = 1,
) -> Writer:
    """Writer that has read as much of `history` as leaves room for a bar in the network's window."""
    writer = Writer(network, rng, n, temperature)
    writer.read(prompt(history, min(len(history), network.window - STEPS_PER_BAR) // STEPS_PER_BAR * STEPS_PER_BAR))
    return writer
