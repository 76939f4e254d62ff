"""Frame intervals during transitions between shipped scenes, live and without a window. Start it as a program.

    bench_transitions.py [KIND] [SECONDS OF SETTLING] [SCENE ...]

Every ordered pair of the scenes is played through once (a tour), each transition 2 s long, begun at moments that
fit no beat. An interval is late if it is longer than twice the period that the governor holds then.
"""

import json
import sys
import tempfile
import time
from itertools import permutations
from pathlib import Path

import numpy as np

from livegan.config.load import find_scene, load_venue
from livegan.core.clock import WallClock
from livegan.core.types import ControlEvent
from livegan.engine.report import quality_facts
from livegan.engine.show import PlayOptions, set_up

LENGTH_S, BETWEEN_S = 2.0, 0.7
SCENES = ("default", "tide", "neon", "ink")


def tour(count: int) -> list[int]:
    """Numbers of scenes in an order that passes every ordered pair of unlike ones once (an Eulerian circuit)."""
    left = {i: [j for j in range(count) if j != i] for i in range(count)}
    path, found = [0], []
    while path:
        if left[path[-1]]:
            path.append(left[path[-1]].pop())
        else:
            found.append(path.pop())
    assert len(found) == len(list(permutations(range(count), 2))) + 1
    return found[::-1]


def measure(kind: str, settle_s: float, names: tuple[str, ...]) -> dict[str, object]:
    with tempfile.TemporaryDirectory() as folder:
        entries = "".join(f'[[entries]]\nscene = "{find_scene(name)}"\n' for name in names)
        way = f'transition = {{ kind = "{kind}", seconds = {LENGTH_S} }}\n'
        path = Path(folder) / "tour.toml"
        path.write_text(f'title = "Tour"\n{way}{entries.replace(chr(10) + "[[", chr(10) + way + "[[")}{way}')
        venue = load_venue()
        hands = venue.hands.model_copy(update={"port": "none"})
        audio = venue.audio.model_copy(update={"input": "demo", "monitor": False})
        venue = venue.model_copy(update={"hands": hands, "audio": audio})
        clock = WallClock()
        show = set_up(venue, PlayOptions(in_window=False, set=str(path)), clock).runtime
    stamps: list[tuple[float, float]] = []  # when a frame was published, and the period that was held
    changes: list[tuple[float, str]] = []
    show.frames.subscribe(lambda: stamps.append((clock.now(), 1 / (show.fps * show.quality.rung.share))))
    with show:
        clock.wait_until(clock.now() + settle_s)
        for number in tour(len(names))[1:]:
            before = names[show.performer.patches.index(show.performer.patch)]
            changes.append((clock.now(), f"{before} -> {names[number]}"))
            show.controls.put(ControlEvent(clock.now(), f"scene.{number + 1}"))
            clock.wait_until(clock.now() + LENGTH_S + BETWEEN_S)
    times, periods = (np.array(each) for each in zip(*stamps, strict=True))
    share = np.diff(times) / np.maximum(periods[1:], periods[:-1])
    pairs = {}
    for begun_s, name in changes:
        during = share[(times[1:] > begun_s) & (times[1:] <= begun_s + LENGTH_S)]
        worst, late = round(float(during.max()), 2), int((during > 2).sum())
        pairs[name] = {"frames": len(during), "worst": worst, "late": late}
    during = (times[1:] > changes[0][0]) & (times[1:] <= changes[-1][0] + LENGTH_S)
    return {
        "kind": kind,
        "pairs": pairs,
        "intervals": int(during.sum()),
        "longer than twice the period": int((share[during] > 2).sum()),
        "p99 of periods": round(float(np.percentile(share[during], 99)), 2),
        "periods held [ms]": sorted({round(float(p) * 1e3, 1) for p in periods[1:][during]}),
        "quality": quality_facts(show)["changes"],
        "faults": show.performer.guard.faults,
    }


if __name__ == "__main__":
    kind, settle_s, *names = [*sys.argv[1:3], *("morph", "15")[len(sys.argv[1:3]) :], *sys.argv[3:]]
    began_s = time.monotonic()
    facts = measure(kind, float(settle_s), tuple(names) or SCENES)
    print(json.dumps({**facts, "took_s": round(time.monotonic() - began_s, 1)}, indent=1))
