"""Long run of a show on a real machine: `python -m tests.soak.long_run HOURS FOLDER [OPTIONS OF livegan play]`.

A setlist changes scenes with morphs, controls and words come by OSC, the show is recorded and logged; every ten seconds
memory, file descriptors and threads are read from /proc. eight_hours.sh gives it a display.
"""

import json
import os
import platform
import random
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from livegan.control.osc_packet import packet
from livegan.core.machine import processor
from livegan.engine.show_log_reader import open_show_log
from tests.soak.slopes import HOUR_S, Sample, rows, table

ROOT = Path(__file__).resolve().parents[2]
SAMPLE_S = 10.0
HAND_S = 0.5  # between two things that a player does
PORT = 9123
SCENES = ("tide", "default", "heartbeat", "mosaic", "neon", "growth", "patterns", "ink", "eclipse")
KINDS = ("morph", "dissolve", "iris", "bars")
WORDS = ("violet smoke over black", "golden rings", "slow blue water", "ash and embers")


def write_setlist(path: Path, entry_s: float = 40.0) -> None:
    """Scenes in turn, each by another kind of transition."""
    entries = [
        f'[[entries]]\nscene = "{scene}"\ntransition = {{ kind = "{KINDS[k % len(KINDS)]}", seconds = 4 }}\n'
        for k, scene in enumerate(SCENES)
    ]
    head = f'title = "Long run"\nadvance = "seconds"\nseconds = {entry_s:g}\n\n'
    path.write_text(head + "\n".join(entries), encoding="utf-8")


def message(rng: random.Random, number: int) -> bytes:
    """What a player does next: mostly a knob, now and then words, a cue, the crossfader, a freeze, a step back."""
    if number % 60 == 59:
        return packet("/prompt", [rng.choice(WORDS)])
    if number % 40 == 39:
        return packet("/cue", [rng.randint(1, len(SCENES))])
    if number % 40 in (17, 19):
        return packet("/freeze", [number % 40 == 17])
    if number % 25 == 24:
        return packet(rng.choice(("/undo", "/redo", "/panic", "/prompt/clear")), [])
    if number % 5 == 4:
        return packet("/crossfade", [rng.random()])
    return packet(f"/knob/{rng.randint(1, 8)}", [rng.random()])


def sample(process: int, time_s: float) -> Sample:
    """What a process has now (man 5 proc). Raises OSError when it has ended."""
    folder = Path(f"/proc/{process}")
    pages = int((folder / "statm").read_text().split()[1])
    files, threads = (len(os.listdir(folder / name)) for name in ("fd", "task"))
    return Sample(time_s, pages * os.sysconf("SC_PAGE_SIZE") / 2**20, files, threads)


def with_pictures(samples: Sequence[Sample], log: Path) -> list[Sample]:
    """The samples with what the show log says of the pictures of that moment."""
    vitals, planned = list[dict[str, Any]](), 0
    for block in open_show_log(log).blocks():
        planned += len(block.frames)
        vitals += [{**note, "planned": planned} for note in block.notes if note.get("kind") == "vitals"]
    at, told = 0, list[Sample]()
    for each in samples:
        while at + 1 < len(vitals) and vitals[at + 1]["time_s"] <= each.time_s:
            at += 1
        note = vitals[at] if vitals else {"planned": 0, "dropped": 0}
        facts = {"p99_ms": note.get("p99_ms", float("nan")), "late": note["dropped"]}
        told.append(replace(each, **facts, frames=note["planned"] + note["dropped"]))
    return told


def play(seconds: float, folder: Path, options: Sequence[str]) -> list[Sample]:
    """Play so long, and sample; SystemExit if the show ends early or with an error."""
    write_setlist(folder / "set.toml")
    command = [sys.executable, "main.py", "play", "--input", "demo", "--quiet", "--set", str(folder / "set.toml")]
    film = folder / "film.mkv"  # an MP4 would keep its index in memory
    command += ["--duration", f"{seconds:g}", "--osc", f"127.0.0.1:{PORT}", "--record", str(film)]
    command += ["--overwrite", "--log", str(folder / "show.log"), "--report", str(folder / "report.json"), *options]
    samples: list[Sample] = []
    rng, number = random.Random(7), 0
    with (folder / "said.txt").open("w") as said, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as hand:
        process = subprocess.Popen(command, cwd=ROOT, stdout=said, stderr=said)
        try:
            while process.poll() is None and not (log_began(folder)):
                time.sleep(0.2)
            began_s = time.monotonic()
            while process.poll() is None:
                now_s = time.monotonic() - began_s
                if now_s < seconds - 2 and now_s >= len(samples) * SAMPLE_S:
                    samples.append(sample(process.pid, now_s))
                hand.sendto(message(rng, number), ("127.0.0.1", PORT))
                number += 1
                time.sleep(HAND_S)
        finally:
            process.terminate()
            code = process.wait()
    if code or not samples or samples[-1].time_s < seconds - 3 * SAMPLE_S:
        raise SystemExit(f"the show ended with {code} after {len(samples) * SAMPLE_S:.0f} s; see {folder / 'said.txt'}")
    return samples


def log_began(folder: Path) -> bool:
    path = folder / "show.log"
    return path.is_file() and path.stat().st_size > 1000


def main(hours: float, folder: Path, options: Sequence[str]) -> int:
    """Play, measure, write soak.json and soak.md; the exit code."""
    folder = folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("show*.log"):
        old.unlink()
    samples = with_pictures(play(hours * HOUR_S, folder, options), folder / "show.log")
    report = json.loads((folder / "report.json").read_text())
    figures = rows(samples, report["faults"])
    words = f"{hours:g} h on {processor().split(' (')[0]}, {platform.system()}, {report['fps']:.1f} pictures a second"
    facts = {"hours": hours, "machine": words, "rows": [asdict(row) | {"kept": row.kept} for row in figures]}
    facts |= {"report": report, "samples": [asdict(each) for each in samples]}
    (folder / "soak.json").write_text(json.dumps(facts, indent=1) + "\n")
    text = f"{words}:\n\n{table(figures)}"
    (folder / "soak.md").write_text(text)
    print(text)
    return 0 if all(row.kept for row in figures) else 1


if __name__ == "__main__":
    raise SystemExit(main(float(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:]))
