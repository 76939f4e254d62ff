"""Readers of what a show leaves: its log, told and rendered, its state, how it is started again."""

import json
import lzma
import tempfile
from contextlib import suppress
from dataclasses import asdict
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import numpy as np

from livegan.core.clock import ManualClock
from livegan.core.text import printable
from livegan.engine import log_records
from livegan.engine.assemble import assemble
from livegan.engine.log_records import MAGIC, Record, RecordFile
from livegan.engine.restart import Restart
from livegan.engine.show_log_reader import open_show_log
from livegan.engine.show_state import FilmPart, SceneHands, ShowState, TappedTempo, read_state
from livegan.errors import MediaError
from livegan.studio.log_page import log_page
from livegan.studio.log_story import read_story, story_lines
from livegan.studio.replay import LoggedHearing, Replay, ReplayGuard
from tests.mutations import Reader, Rng, mutated, mutated_json, mutated_value
from tests.stepped_shows import stepped_show

LOG_FRAMES = 45


@cache
def log_bytes(folder: Path) -> bytes:
    path, rng = folder / "whole.log", Random(2)
    with stepped_show(path, ["patterns", "heartbeat"]) as show:
        for k in range(LOG_FRAMES):
            show.step()
            if k % 3 == 0:
                show.move(rng)
    return path.read_bytes()


def logs(folder: Path) -> list[bytes]:
    return [log_bytes(folder)]


def mutated_log(rng: Rng, data: bytes, other: bytes) -> bytes:
    """Its bytes, or, mostly, what its records say: packed again, with right checksums."""
    if rng.integers(5) == 0:
        return mutated(rng, data, other)
    records = list(unpacked(data))
    for _ in range(int(rng.integers(1, 3))):
        at = int(rng.integers(len(records)))
        kind, table, arrays = records[at].kind, records[at].table, records[at].arrays
        if arrays and rng.integers(3) == 0:
            arrays = mutated(rng, arrays, arrays)
        else:
            deep = str(rng.choice(sorted(table))) if table and rng.integers(2) else ""
            changed = mutated_value(rng, table[deep]) if deep else mutated_value(rng, table)
            table = {**table, deep: changed} if deep else changed if isinstance(changed, dict) else table
        records[at] = Record(kind, table, arrays)
    return MAGIC + b"".join(map(packed, records))


def packed(record: Record) -> bytes:
    """As `pack` writes it, but for numbers that no show has: 1e999, which is infinite when it is read, and NaN."""
    text = json.dumps(record.table).replace("Infinity", "1e999").encode()
    data = len(text).to_bytes(4, "little") + text + bytes(-len(text) % 4) + record.arrays
    payload = lzma.compress(data, lzma.FORMAT_RAW, filters=log_records._FILTERS)
    head = (len(payload), log_records._sum(record.kind, payload))
    return record.kind + b"".join(number.to_bytes(4, "little") for number in head) + payload


@cache
def unpacked(data: bytes) -> list[Record]:
    with tempfile.NamedTemporaryFile() as file:
        file.write(data)
        file.flush()
        return list(RecordFile(Path(file.name)))


def tell_log(path: Path) -> object:
    """As `livegan log` does, as text, as a page and as JSON."""
    log = open_show_log(path)
    story = read_story(log)
    text = "\n".join(story_lines(story))
    assert all(line == printable(line, len(line)) for line in text.split("\n"))
    assert "<script" not in log_page(story)
    for block in log.blocks():
        for note in block.notes:
            json.dumps(note)
    for what in ("layout", "scenes", "venue", "resumed"):
        with suppress(MediaError):
            getattr(log, what)
    return story


def replay_log(path: Path) -> object:
    """As `livegan render` plans it."""
    log, clock = open_show_log(path), ManualClock()
    hearing: Any = LoggedHearing(log.layout)
    session = assemble(log.scenes, log.venue, hearing, clock, ReplayGuard(clock.now), synchronous=True, draws=False)
    replay = Replay(log, session.performer, session.binder)
    for made in replay.plans():
        assert np.isfinite(made.time_s)
    return replay


def states(_: Path) -> list[bytes]:
    state = ShowState(
        time_s=100.0,
        began_s=1.0,
        input="demo",
        scene=0,
        name="tide",
        hands={"0": SceneHands(name="tide", moved={"truncation": 0.5}, words="blue")},
        window={"master": 0.5},
        place=(0, 0, 640, 360),
        tempo=TappedTempo(bpm=120, beat_s=99.5),
        song_s=9.0,
        films=(FilmPart(path="film.mp4", part="film.mp4.part-1"),),
    )
    return [state.model_dump_json().encode()]


def restarts(_: Path) -> list[bytes]:
    return [json.dumps(asdict(Restart(2, True, False, "it died"))).encode()]


def open_state(path: Path) -> object:
    state = read_state(path, 101.0)
    if isinstance(state, ShowState) and state.tempo is not None:
        state.tempo.taps(101.0)
    return state


LEFT: dict[str, Reader] = {
    "show logs": Reader(logs, tell_log, "show.log", mutated_log, in_suite=50),
    "show logs, rendered": Reader(logs, replay_log, "show.log", mutated_log, in_suite=20),
    "states of a show": Reader(states, open_state, "state.json", mutated_json),
    "restarts": Reader(
        restarts, lambda p: Restart.of_json(p.read_text(errors="replace")), mutate=mutated_json, refuses=(ValueError,)
    ),
}
