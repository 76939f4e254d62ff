"""Readers of untrusted files: scenes, venues, latents, snapshots, songs and words."""

from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from zlib import crc32

import h5py
import numpy as np

from livegan.composer.kern import read_kern
from livegan.composer.midi_file import midi_bytes, read_midi
from livegan.composer.song import Note, Song, Track
from livegan.config.learnt import laid_over
from livegan.config.load import load_controllers, load_scenes, load_setlist, load_venue, scene_paths
from livegan.control.decoder import Decoder
from livegan.core.controller import Controller
from livegan.core.plan_json import to_json
from livegan.core.resources import bundled
from livegan.core.toml import read_table
from livegan.core.types import Bend, Frame, FramePlan, Layer, Push, Wipe
from livegan.engine.bind import Binder, listen
from livegan.engine.rehearsed import read_song_rows, save_song
from livegan.errors import MediaError, VenueError
from livegan.mapping.song_follower import COLUMNS, SongRows
from livegan.networks.latents.bookmarks import read_bookmark
from livegan.networks.latents.files import Points, read_path, synthesis_file, write_latents
from livegan.outputs.snapshot import PLAN, Snapshot, is_snapshot, read_snapshot
from livegan.studio.dream.lyrics import read_lyrics
from livegan.studio.hearing.beats_file import read_beats
from tests.mutations import Reader, Rng, mutated, mutated_json, mutated_toml

Z, W, ROWS = 8, 6, 4  # of the latents


controllers = cache(load_controllers)


def bundled_files(folder: str, pattern: str = "*.toml") -> Callable[[Path], Sequence[bytes]]:
    return lambda _: [path.read_bytes() for path in sorted((bundled(folder)).glob(pattern))]


def scenes(folder: Path) -> list[bytes]:
    """All that need no files beside them."""
    return [data for data in bundled_files("presets", "scenes/*.toml")(folder) if b"../" not in data]


@cache
def binder() -> Binder:
    venue = load_venue()
    return Binder(listen(venue, 48000, 2, load_scenes(scene_paths())).layout, venue)


def read_scene(path: Path) -> object:
    """Load and bind it, as a show does when a file is saved."""
    (loaded,) = load_scenes([str(path)])
    if loaded.scene is None or loaded.mistakes:
        return "\n".join(loaded.mistakes)
    return binder().bind(loaded)


def read_controller(path: Path) -> object:
    """Lay it over the bundled ones, as one of the player's own, and let it decode a knob."""
    made = laid_over(read_table(path, Controller, VenueError), controllers())
    Decoder(made).decode((0xB0, 1, 64), 0.0)
    return made


# ---- latents, plans, snapshots


def plan() -> FramePlan:
    z = np.linspace(-1, 1, Z, dtype=np.float32)
    cover = FramePlan(3, 1.5, 0.25, z, np.zeros(0, np.float32), "plain")
    return FramePlan(
        *(3, 1.5, 0.25, z, np.ones(2, np.float32), "plain", 0.5),
        mix=((0.5, z),),
        w=np.zeros((ROWS, W), np.float32),
        parameters={"noise.seed": 1.0},
        bends=(Bend("scale", "all", 0.1),),
        pushes=(Push(0.5, 0, None, 1, 7),),
        over=((0.25, cover),),
        wipe=Wipe("iris", 0.1, 3),
        effects={"glow": 0.5},
        layers=(Layer("text", "add", 0.1),),
    )


def plans(_: Path) -> list[bytes]:
    return [to_json(plan()).encode()]


def latents(ending: str) -> Callable[[Path], list[bytes]]:
    def made(folder: Path) -> list[bytes]:
        rng = np.random.default_rng(1)
        w = Points("w", rng.normal(size=(1, ROWS, W)).astype(np.float32), ("a",))
        z = Points("z", rng.normal(size=(1, Z)).astype(np.float32), ("a",))
        files = []
        for number, points in enumerate((w, z) if ending in (".npy", ".json") else (w,)):
            path = folder / f"whole-{number}{ending}"
            write_latents(path, points)
            files.append(path.read_bytes())
        if ending == ".json":
            files += [synthesis_file(z.array[0]).encode(), to_json(plan()).encode()]
        if ending == ".hdf5":
            files.append(projection_with_pictures(folder))
        return files

    return made


def projection_with_pictures(folder: Path) -> bytes:
    """With a group, attributes and a packed set, as other programs write them."""
    path = folder / "pictures.hdf5"
    with h5py.File(path, "w") as file:
        file.attrs["version"] = 2
        file.attrs["projection_fps"] = 25.0
        for number in range(3):
            file.create_dataset(f"final_latents/{number}", data=np.zeros((ROWS, W), np.float32), compression="gzip")
    return path.read_bytes()


def read_latents(path: Path) -> object:
    points = read_path([path.name], Z, W, path.parent)
    assert np.isfinite(points.array).all()
    return points


def snapshots(folder: Path) -> list[bytes]:
    frame = Frame(np.zeros((9, 16, 3), np.uint8), plan(), 0.0, 0.0)
    kept = folder / "kept"
    Snapshot(frame, "dusk.toml", 7, kept).write()
    return [path.read_bytes() for path in kept.iterdir()]


def mutated_snapshot(rng: Rng, data: bytes, other: bytes) -> bytes:
    """Its bytes, or its plan, or its size and other texts, all with right checksums."""
    if rng.integers(4) == 0:
        return mutated(rng, data, other)
    out, at = [data[:8]], 8
    while at < len(data):
        length = int.from_bytes(data[at : at + 4], "big")
        kind, body = data[at + 4 : at + 8], data[at + 8 : at + 8 + length]
        at += 12 + length
        if kind == b"iTXt" and PLAN.encode() in body and rng.integers(2):
            head = body[: len(PLAN) + 5]
            body = head + mutated_json(rng, body[len(head) :], b"{}")
        elif rng.integers(6) == 0 and body:
            body = mutated(rng, body, other)
        out += [len(body).to_bytes(4, "big"), kind, body, crc32(kind + body).to_bytes(4, "big")]
    return b"".join(out)


def open_snapshot(path: Path) -> object:
    """As `livegan render` does: first it asks whether it is one."""
    if not is_snapshot(path):
        raise MediaError("it is no snapshot")
    return read_snapshot(path)


# ---- songs and words


def scores(_: Path) -> list[bytes]:
    notes = tuple(Note(4 * k, 60 + k % 12, 3, 90) for k in range(24))
    song = Song((Track(notes, 5, name="Lead"), Track(notes[:9], drums=True)), 96, metres=((0, 3, 4),), name="Tune")
    return [midi_bytes(song)]


def kerns(_: Path) -> list[bytes]:
    body = "".join(f"{2 ** (k % 4)}{'cdefgab'[k % 7]}\t4{'CDEFGAB'[k % 7]}#\n" for k in range(40))
    return [f"!!!COM: Nobody\n**kern\t**kern\n*M3/4\t*M3/4\n*k[f#]\t*k[f#]\n=1\t=1\n{body}*-\t*-\n".encode()]


def lyrics(kind: str) -> Callable[[Path], list[bytes]]:
    texts = {
        "lrc": "[ti:Song]\n[offset:+200]\n[00:01.50][00:09.00]first <00:02.00> words\n[00:04.2]second\n[01:00]\n",
        "srt": "1\n00:00:01,500 --> 00:00:03,000\n<i>first</i>\nline\n\n2\n00:00:04,000 --> 00:00:05,000\nsecond\n",
        "csv": 'timestamp,text\n0:01,"oh, you"\n1:02.5,second\n75.25,third\n',
    }
    return lambda _: [texts[kind].encode()]


def beats(_: Path) -> list[bytes]:
    return [b"# a song\n" + "".join(f"{0.5 * k:.3f}\t{k % 4 + 1}\n" for k in range(40)).encode()]


def rehearsed(folder: Path) -> list[bytes]:
    rows = np.random.default_rng(1).random((200, COLUMNS), np.float32)
    save_song(folder / "whole.song.safetensors", SongRows(rows), "Song")
    return [(folder / "whole.song.safetensors").read_bytes()]


FILES: dict[str, Reader] = {
    "scenes": Reader(scenes, read_scene, "scene.toml", mutated_toml),
    "setlists": Reader(
        bundled_files("presets", "sets/*.toml"), lambda path: load_setlist(str(path)), "set.toml", mutated_toml
    ),
    "venues": Reader(bundled_files("configs"), load_venue, "venue.toml", mutated_toml),
    "controllers": Reader(bundled_files("configs/controllers"), read_controller, "controller.toml", mutated_toml),
    "latents.npy": Reader(latents(".npy"), read_latents, "latents.npy"),
    "latents.npz": Reader(latents(".npz"), read_latents, "latents.npz", kept=0.0),
    "latents.json": Reader(latents(".json"), read_latents, "latents.json", mutated_json),
    "projections": Reader(latents(".hdf5"), read_latents, "latents.hdf5"),
    "bookmarks": Reader(plans, read_bookmark, "plan.json", mutated_json),
    "snapshots": Reader(snapshots, open_snapshot, "snapshot.png", mutated_snapshot),
    "MIDI files": Reader(scores, read_midi, "song.mid"),
    "kern": Reader(kerns, read_kern, "song.krn"),
    "lyrics.lrc": Reader(lyrics("lrc"), read_lyrics, "lyrics.lrc"),
    "lyrics.srt": Reader(lyrics("srt"), read_lyrics, "lyrics.srt"),
    "lyrics.csv": Reader(lyrics("csv"), read_lyrics, "lyrics.csv"),
    "beats": Reader(beats, read_beats, "song.beats"),
    "rehearsed songs": Reader(rehearsed, read_song_rows, "song.song.safetensors"),
}
