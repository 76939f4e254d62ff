"""How well we hear: onsets, beats and tempo against known truth, beside aubio and librosa; Markdown on standard output.

    pip install librosa aubio mir_eval mido
    python -m tests.benchmarks.bench_hearing                  # the songs kept for the final look: seeds 6..8
    python -m tests.benchmarks.bench_hearing --songs training # seeds 0..5: tune on these only
    python -m tests.benchmarks.bench_hearing --songs others   # ten more styles, seeds 6..8
    python -m tests.benchmarks.bench_hearing --ours --json now.json           # this stage alone; scores as JSON too
    python -m tests.benchmarks.hearing_compare before.json now.json           # what fell by more than 0.01

Every song twice: clean, and rough (a room of 0.5 s, a crowd 12 dB below, driven into saturation). All scores by
mir_eval; of beats the first five seconds do not count, as is its custom. Scores are means over the seeds.
"""

import argparse
import importlib
import json
import os
import platform
import sys
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import mir_eval
import numpy as np

from tests.benchmarks.hearing_peers import LISTENERS, FeatureBatch, Moments
from tests.benchmarks.hearing_songs import RATE, SONGS, Song, Truth, render, rest, rough, truth
from tests.benchmarks.hearing_styles import STYLES

TRAINING, FINAL = range(6), range(6, 9)
SETS: dict[str, tuple[tuple[Callable[[int], Song], ...], Iterable[int]]] = {
    "final": (SONGS, FINAL),
    "training": (SONGS, TRAINING),
    "others": (STYLES, FINAL),
}
CONDITIONS = ("clean", "rough")
SOFT = ("ballad", "piano")
RESTS = {"silence": (0,), "pink": (0,), "hum": (0,), "crowd": (0,), "speech": (0, 1, 2)}
REST_NAMES = {
    "silence": "digital silence",
    "pink": "pink noise at −60 dBFS",
    "hum": "50 Hz hum at −30 dBFS",
    "crowd": "a crowd's noise",
    "speech": "speech-like",
}
REST_S = 40.0
ONSETS = {"F ±50 ms": "f50", "F ±25 ms": "f25", "delay [ms]": "delay"}
BEATS = {
    "beat F": "beat",
    "CMLt": "cmlt",
    "AMLt": "amlt",
    "tempo 1": "acc1",
    "tempo 2": "acc2",
    "error [ms]": "error",
    "bar F": "down",
}
SMALL = ("delay", "error")  # less is better
NEAR = 0.005

Scores = dict[str, float]


def score(heard: FeatureBatch, true: Truth) -> Scores:
    """Everything by name; NaN where it has no meaning."""
    onsets, wanted = np.sort(heard.onsets), true.onsets["all"]
    found = {f"f{ms}": mir_eval.onset.f_measure(wanted, onsets, window=ms / 1000)[0] for ms in (50, 25)}
    beats = heard.beats[heard.beats <= true.beats[-1] + 0.2]
    reference, estimated = (mir_eval.beat.trim_beats(moments) for moments in (true.beats, beats))
    found |= dict.fromkeys(("beat", "cmlt", "amlt"), 0.0)
    if len(estimated) > 1:
        _, cmlt, _, amlt = mir_eval.beat.continuity(reference, estimated)
        found |= {"beat": mir_eval.beat.f_measure(reference, estimated), "cmlt": cmlt, "amlt": amlt}
    found["down"] = np.nan if heard.downbeats is None else _f(true.downbeats, heard.downbeats)
    late = beats[beats > 6.0]
    found["error"] = float(np.median(np.abs(late - _nearest(true.beats, late)))) * 1e3 if len(late) else np.nan
    found["acc1"], found["acc2"] = (
        float(any(abs(heard.tempo / (true.tempo * factor) - 1) < 0.04 for factor in factors))
        for factors in ((1,), (1, 2, 3, 1 / 2, 1 / 3))
    )
    delay_ms = _delay_ms(heard, wanted) if found["f50"] >= 0.5 else np.nan  # random hits have none
    return {**found, "delay": delay_ms, "jumps": float(heard.jumps)}


def _f(true: Moments, heard: Moments) -> float:
    reference, estimated = (mir_eval.beat.trim_beats(moments) for moments in (true, heard))
    return float(mir_eval.beat.f_measure(reference, estimated)) if len(estimated) else 0.0


def _nearest(moments: Moments, to: Moments) -> Moments:
    return moments[np.abs(moments[:, None] - to).argmin(axis=0)]


def _delay_ms(heard: FeatureBatch, wanted: Moments) -> float:
    """Median of what passes between an onset and its report, of those found within 50 ms."""
    if heard.told is None or not len(heard.onsets):
        return np.nan
    pairs = mir_eval.util.match_events(wanted, heard.onsets, 0.05)
    return float(np.median([heard.told[ours] - wanted[theirs] for theirs, ours in pairs])) * 1e3 if pairs else np.nan


def one_song(
    make: Callable[[int], Song], seed: int, condition: str, folder: Path, who: tuple[str, ...]
) -> tuple[str, str, dict[str, Scores]]:
    """Name, condition, and the scores of each listener of `who`."""
    song = make(seed)
    sound = render(song, folder)
    if condition == "rough":
        sound = rough(sound, seed)
    true = truth(song, len(sound) / RATE)
    return song.name, condition, {name: score(LISTENERS[name](sound), true) for name in who}


def one_rest(kind: str, seed: int, who: tuple[str, ...]) -> tuple[str, dict[str, tuple[float, float]]]:
    """Onsets a minute and beats a minute of each listener; of ours only beats with a confidence above 0.3."""
    sound, minutes = rest(kind, seed, REST_S), REST_S / 60
    heard = {name: LISTENERS[name](sound) for name in who}
    return kind, {name: (len(one.onsets) / minutes, len(one.sure) / minutes) for name, one in heard.items()}


Results = list[tuple[str, str, dict[str, Scores]]]


def table(results: Results, measures: dict[str, str]) -> list[str]:
    """A row per style and condition: ours / aubio / librosa, the best in bold."""
    lines = [
        f"| song | sound | {' | '.join(measures)} |",
        f"|---|---|{'---|' * len(measures)}",
    ]
    styles = list(dict.fromkeys(name for name, _, _ in results))
    drums, soft = ([name for name in styles if (name in SOFT) == quiet] for quiet in (False, True))
    means = {"*drum-led, mean*": drums, **({"*soft, mean*": soft} if soft else {})}
    for title, of in {**{name: [name] for name in styles}, **means}.items():
        for condition in CONDITIONS:
            cells = [_cell(results, of, condition, measure) for measure in measures.values()]
            lines.append(f"| {title} | {condition} | {' | '.join(cells)} |")
    return lines


def mean(results: Results, styles: list[str], condition: str, who: str, measure: str) -> float:
    """Over songs; NaN if it has no meaning for any."""
    values = [by[who][measure] for name, where, by in results if name in styles and where == condition]
    known = [value for value in values if not np.isnan(value)]
    return float(np.mean(known)) if known else np.nan


def _cell(results: Results, styles: list[str], condition: str, measure: str) -> str:
    values = [mean(results, styles, condition, who, measure) for who in results[0][2]]
    known = [value for value in values if not np.isnan(value)]
    best = (min if measure in SMALL else max)(known) if known else np.nan
    digits = 1 if measure in SMALL else 2
    if measure == "down":  # no other tracker reports bars
        return f"{values[0]:.2f}"
    texts = ["–" if np.isnan(value) else f"{value:.{digits}f}" for value in values]
    top = f"{best:.{digits}f}"
    return " / ".join(f"**{text}**" if text == top else text for text in texts)


def rests(found: list[tuple[str, dict[str, tuple[float, float]]]]) -> list[str]:
    """Onsets and beats a minute where there is no music."""
    lines = ["| sound | onsets a minute | beats a minute |", "|---|---|---|"]
    for kind, title in REST_NAMES.items():
        of = [by for name, by in found if name == kind]
        cells = [" / ".join(f"{np.mean([by[who][which] for by in of]):.1f}" for who in of[0]) for which in (0, 1)]
        lines.append(f"| {title} | {' | '.join(cells)} |")
    return lines


def beaten(results: Results) -> list[str]:
    """Where a peer has the better score (of milliseconds see the tables)."""
    lines = []
    for name, condition in dict.fromkeys((name, condition) for name, condition, _ in results):
        for title, measure in (ONSETS | BEATS).items():
            us, *them = (mean(results, [name], condition, who, measure) for who in results[0][2])
            better = [who for who, value in zip(list(results[0][2])[1:], them, strict=True) if value > us + NEAR]
            if better and measure not in SMALL:
                lines.append(f"{name}, {condition}, {title}: {', '.join(better)}")
    return lines


def cells(songs: str, results: Results, found: list[tuple[str, dict[str, tuple[float, float]]]]) -> dict[str, float]:
    """Every mean by "songs/song/sound/listener/measure", for `hearing_compare`."""
    named = {}
    for name, condition in dict.fromkeys((name, condition) for name, condition, _ in results):
        for who in results[0][2]:
            for measure in (ONSETS | BEATS).values():
                label = f"{measure}_ms" if measure in SMALL else measure
                named[f"{songs}/{name}/{condition}/{who}/{label}"] = mean(results, [name], condition, who, measure)
    for kind in dict.fromkeys(kind for kind, _ in found):
        of = [by for name, by in found if name == kind]
        for who in of[0]:
            for which, label in enumerate(("onsets_a_minute", "beats_a_minute")):
                named[f"rest/{kind}/{who}/{label}"] = float(np.mean([by[who][which] for by in of]))
    return {name: round(value, 4) for name, value in named.items() if not np.isnan(value)}


def main() -> None:
    """Measure and print."""
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--songs", choices=SETS, default="final")
    words.add_argument("--only", nargs="*", default=[], help="names of songs; rest: what is no music")
    words.add_argument("--folder", type=Path, default=Path("build/hearing"), help="where rendered songs are kept")
    words.add_argument("--processes", type=int, default=os.cpu_count())
    words.add_argument("--ours", action="store_true", help="this stage alone, without aubio and librosa")
    words.add_argument("--json", type=Path, help="a file for every mean, to be compared with another's")
    asked = words.parse_args()
    who = tuple(LISTENERS)[: 1 if asked.ours else None]
    asked.folder.mkdir(parents=True, exist_ok=True)
    makes, seeds = SETS[asked.songs]
    jobs = [(make, seed) for make in makes for seed in seeds if not asked.only or make(seed).name in asked.only]
    with ProcessPoolExecutor(asked.processes) as pool:
        for song in pool.map(_render, jobs, [asked.folder] * len(jobs)):
            print(f"\r{song:24}", end="", flush=True, file=sys.stderr)
        work = [(*job, condition, asked.folder, who) for job in jobs for condition in CONDITIONS]
        results = list(pool.map(one_song, *zip(*work, strict=True)))
        quiet = [(kind, seed, who) for kind, all_ in RESTS.items() for seed in all_]
        quiet = quiet if not asked.only or "rest" in asked.only else []
        found = list(pool.map(one_rest, *zip(*quiet, strict=True))) if quiet else []
    print(f"{len(jobs)} songs, seeds {seeds}; Python {platform.python_version()}, {_versions(who)}")
    print(f"Each cell: {' / '.join(who)}.\n")
    for measures in (ONSETS, BEATS) if results else ():
        print("\n".join(table(results, measures)), end="\n\n")
    if found:
        print("\n".join(rests(found)), end="\n\n")
    if asked.json:
        table_ = {"cells": cells(asked.songs, results, found)}
        asked.json.write_text(json.dumps(table_, indent=1, sort_keys=True) + "\n")
    if not results:
        return
    jumps = sum(by["livegan"]["jumps"] for name, _, by in results if name != "tempo-change")
    steady = sum(name != "tempo-change" for name, _, _ in results)
    print(f"Jumps of our tempo after 8 s, in {steady} songs that keep theirs: {jumps:.0f}.")
    for one in who:
        worst = min(results, key=lambda result: result[2][one]["beat"])
        print(f"Worst beat F of {one}: {worst[2][one]['beat']:.2f} ({worst[0]}, {worst[1]}).")
    print("A peer is better by more than 0.005 in:", *(beaten(results) or ["nothing"]), sep="\n- ")


def _render(job: tuple[Callable[[int], Song], int], folder: Path) -> str:
    song = job[0](job[1])
    render(song, folder)
    return song.name


def _versions(who: tuple[str, ...]) -> str:
    import scipy

    modules = {"numpy": np, "scipy": scipy, **{name: importlib.import_module(name) for name in who[1:]}}
    names = [
        f"{name} {getattr(module, '__version__', getattr(module, 'version', '?'))}" for name, module in modules.items()
    ]
    return ", ".join([*names, f"mir_eval {mir_eval.__version__}"])


if __name__ == "__main__":
    main()
