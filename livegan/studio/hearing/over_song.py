"""Examples made of others as band power: a song that is sung over, and a song that ends in applause and speech.

Powers of independent sounds add up, so neither needs the song's sound.
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from livegan.networks.hearing_bands import FRAME_RATE, QUIETEST, power_bands
from livegan.studio.hearing.noises import NOISES
from livegan.studio.hearing.voices import any_singer, choir, on_beats, sing
from livegan.training.hearing.store import Example

SAMPLE_RATE = 44100
TOGETHER_S = 0.03  # onsets so close are one
SHARE, RISE = 0.12, 1.4  # of the power of a band that a syllable must be, and times that before it, to be an onset
FRAMES_AFTER, FRAMES_BEFORE = 5, 2
LEAD_DB = (-6.0, 8.0)  # of the voice against the song

Power = NDArray[np.float64]  # (frames, BANDS), linear


def linear(example: Example) -> Power:
    """Power of an example, not its logarithm."""
    return np.asarray(10.0 ** example.power.astype(np.float64))


def mixed(*powers: Power) -> NDArray[np.float16]:
    """log10 of the sum of powers of equal length."""
    return np.asarray(np.log10(np.maximum(sum(powers), 10.0**QUIETEST)), np.float16)


def sung_over(song: Example, seed: int) -> Example:
    """A song with a singer or a choir over its beats, -6..8 dB against it; the voice's onsets are told too."""
    rng = np.random.default_rng([seed, 21])
    power = linear(song)
    seconds = song.frames / FRAME_RATE
    many = rng.random() < 0.25
    singer = any_singer(rng)
    line = on_beats(song.events["beat"].tolist(), rng, singer.body)
    voice = (
        choir(line, seconds, SAMPLE_RATE, rng, int(rng.integers(3, 6)))
        if many
        else sing(line, seconds, SAMPLE_RATE, rng, singer)
    )
    sung = 10.0 ** power_bands(voice.astype(np.float32), SAMPLE_RATE)[: song.frames].astype(np.float64)
    sung *= loudness(power) / max(loudness(sung), 1e-12) * 10.0 ** (rng.uniform(*LEAD_DB) / 10)
    events = dict(song.events)
    if "onset" in events:
        heard = [note.at_s for note in line if stands_out(note.at_s, sung, power)]
        events["onset"] = merged(np.concatenate((events["onset"], np.array(heard, np.float32))))
    return replace(song, name=f"{song.name}-sung", power=mixed(power, sung), events=events)


def ended(song: Example, seed: int, speech: Example | None = None) -> Example:
    """A song that ends or fades after a half or so, then applause or a crowd, and perhaps one who speaks.

    Its onsets are known where nobody speaks.
    """
    rng = np.random.default_rng([seed, 22])
    power = linear(song)
    end = int(song.frames * rng.uniform(0.35, 0.65))
    fall = int(rng.choice((2, 40, 300)))
    power *= np.clip((end - np.arange(song.frames)) / fall, 0.0, 1.0)[:, None] ** 2
    seconds = (song.frames - end) / FRAME_RATE + 0.8
    hands = NOISES[str(rng.choice(("applause", "crowd")))](seconds, SAMPLE_RATE, rng)
    parts = [power]
    for part, first, db in (
        (10.0 ** power_bands(hands.astype(np.float32), SAMPLE_RATE).astype(np.float64), end - 50, rng.uniform(-20, -4)),
        (None if speech is None else linear(speech), end + int(rng.uniform(50, 300)), rng.uniform(-14, -2)),
    ):
        if part is None:
            continue
        placed = np.zeros_like(power)
        begin = max(first, 0)
        part = part[: song.frames - begin] * np.clip(np.arange(len(part[: song.frames - begin])) / 60, 0, 1)[:, None]
        placed[begin : begin + len(part)] = part * (
            loudness(linear(song)) / max(loudness(part), 1e-12) * 10.0 ** (db / 10)
        )
        parts.append(placed)
    last = (end - 0.3 * fall) / FRAME_RATE
    events = {name: moments[moments < last] for name, moments in song.events.items()}
    if speech is not None:
        events = {name: moments for name, moments in events.items() if name in ("beat", "downbeat")}
    return replace(song, name=f"{song.name}-ended", power=mixed(*parts), events=events)


def loudness(power: Power) -> float:
    """Mean power of all bands in the louder half of the frames, 0 of none."""
    whole = np.sort(power.sum(axis=1))
    return float(whole[len(whole) // 2 :].mean()) if len(whole) else 0.0


def stands_out(at_s: float, part: Power, rest: Power) -> bool:
    """Whether a part that begins something at `at_s` [s] can be heard to do so beside the rest."""
    frame = int(at_s * FRAME_RATE)
    before, after = frame - FRAMES_BEFORE, frame + FRAMES_AFTER
    if before < 0 or after >= len(part):
        return False
    loud = part[after] > SHARE * (part[after] + rest[after])
    near = part[after] + rest[after] > 1e-3 * (part[after] + rest[after]).max()
    return bool((loud & near & (part[after] > RISE * (part[before] + rest[before]) + 1e-11)).any())


def merged(moments: NDArray[np.floating]) -> NDArray[np.float32]:
    """Moments [s] in order, without those within TOGETHER_S after one that stays."""
    kept: list[float] = []
    for moment in np.sort(moments).tolist():
        if not kept or moment - kept[-1] > TOGETHER_S:
            kept.append(moment)
    return np.array(kept, np.float32)
