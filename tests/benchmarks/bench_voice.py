"""Figures of the instrument's own voice beside held-out music, for docs/composing.md.

    python tests/benchmarks/bench_voice.py CORPUS [--network FILE] [--phrases 64] [--only free,morph]

Every row is so many phrases of four bars; 64 take about two minutes on one core of 2026.
"""

import argparse
import dataclasses
import time

import numpy as np

from livegan.composer.contour import Contour
from livegan.composer.controls import mixed_voices
from livegan.composer.corpus import open_corpus
from livegan.composer.endless import Endless
from livegan.composer.metrics import LABELS, measure
from livegan.composer.novelty import CopyFinder
from livegan.composer.phrases import four_voice_phrases
from livegan.composer.steering import NEUTRAL, Steering
from livegan.composer.voice import load_voice
from livegan.composer.voices import sounding

PLACES = (0.0, 0.125, 0.25, 0.375, 0.5, 0.625, 0.75, 0.875, 1.0)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("corpus")
    parser.add_argument("--network")
    parser.add_argument("--phrases", type=int, default=64)
    parser.add_argument("--only", default="reference,free,pieces,latent,endless,morph,harmonise,steering,time")
    arguments = parser.parse_args()
    corpus, n = open_corpus(arguments.corpus), arguments.phrases
    train, held_out = four_voice_phrases(corpus, "train"), four_voice_phrases(corpus, "held-out")
    held_out = held_out[np.random.default_rng(0).permutation(len(held_out))]
    copies = CopyFinder([sounding(phrase) for phrase in train])
    voice = load_voice(arguments.network)
    wanted = arguments.only.split(",")

    def row(name: str, phrases: list[np.ndarray] | np.ndarray, note: str = "") -> None:
        values = dataclasses.astuple(measure(np.stack(list(phrases))))
        runs = [copies.longest(sounding(phrase)) / 4 for phrase in list(phrases)[:64]]
        cells = [f"{label} {value:.2f}" for label, value in zip(LABELS, values, strict=True) if label != "DP"]
        print(f"{name:24}", *cells, f"copy {np.mean(runs):.1f}/{max(runs):.1f}", note, flush=True)

    def write(
        seed: int, bars: int = 4, steering: Steering = NEUTRAL, contour: Contour | None = None, heat: float = 1.0
    ):
        return voice.write(bars, seed, contour, steering, heat, close=bars > 4)

    if "reference" in wanted:
        row("held-out", held_out)
        row("mixed voices", mixed_voices(held_out))
    if "free" in wanted:
        row("free", [write(seed) for seed in range(n)])
        row("free, temperature .9", [write(seed, heat=0.9) for seed in range(n)])
    if "pieces" in wanted:
        pieces = [write(seed, 16) for seed in range(n // 4)]
        row("pieces of 16 bars", [piece[i : i + 64] for piece in pieces for i in range(0, 256, 64)])
        for i in range(0, 256, 64):
            row(f"  bars {i // 16 + 1}-{i // 16 + 4}", [piece[i : i + 64] for piece in pieces])
    if "latent" in wanted:
        for follow in (0.3, 0.5):
            z = [voice.contour(voice.z_of_seed(seed)) for seed in range(n)]
            steering = Steering(follow=follow)
            row(f"latent, follow {follow}", [write(i, 4, steering, z[i]) for i in range(n)])
    if "endless" in wanted:
        music = []
        for seed in range(max(1, n // 25)):
            endless = Endless(voice, seed)
            music.append(np.concatenate([endless.bar() for _ in range(100)]))
        row("endless, 100 bars", [part[i : i + 64] for part in music for i in range(0, 1600, 64)])
        for i in range(0, 1600, 320):
            parts = [part[j : j + 64] for part in music for j in range(i, i + 320, 64)]
            row(f"  bars {i // 16 + 1}-{i // 16 + 20}", parts)
    if "morph" in wanted:
        rng = np.random.default_rng(1)
        pairs = [held_out[rng.choice(len(held_out), 2, replace=False)] for _ in range(n // 3)]
        for follow in (0.5, 0.9):
            for place in PLACES:
                written, same = [], []
                for seed, (first, last) in enumerate(pairs):
                    contour = Contour.of(first).mix(Contour.of(last), place)
                    written.append(write(seed, 4, Steering(follow=follow), contour))
                    nearest = first if place < 0.5 else last
                    same.append((sounding(written[-1]) == sounding(nearest)).mean())
                row(f"morph {place}, follow {follow}", written, f"same pitch {np.mean(same):.2f}")
    if "harmonise" in wanted:
        tunes = [np.where([True, False, False, False], phrase, -1).astype(np.int8) for phrase in held_out[:n]]
        row("harmonised sopranos", [voice.harmonise(tune, seed) for seed, tune in enumerate(tunes)])
    if "steering" in wanted:
        for name, values in (("density", (0, 0.25, 0.75, 1)), ("register", (-6, 6)), ("tension", (0, 0.25, 0.75, 1))):
            for value in values:
                steering = Steering(**{name: value})
                row(f"{name} {value}", [write(seed, steering=steering) for seed in range(n // 2)])
    if "time" in wanted:
        endless = Endless(voice, 0)
        for _ in range(4):
            endless.bar()
        begin = time.process_time()
        for _ in range(20):
            endless.bar()
        print(f"{(time.process_time() - begin) * 50:.1f} ms of CPU a bar")


if __name__ == "__main__":
    main()
