"""Gallery of scenes: a still and the musicality of each bundled scene on the demo track, and the page that shows them.

Resumable: figures are kept beside the stills with a digest of their scene's file, and what is up to date is left alone.
"""

import hashlib
import io
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from livegan.config.load import LoadedScene, load_scenes
from livegan.config.venue import Venue
from livegan.core.files import write_atomic
from livegan.core.progress import progress_bar
from livegan.core.resources import bundled
from livegan.core.types import Pixels
from livegan.engine.bind import Setlist
from livegan.errors import LiveganError, MediaError, SceneError
from livegan.studio.bench_music import DEMO, FPS, Piece, Rehearsal, brightness, judge_frames, read_piece

SECONDS = 14.0  # of the demo track, from where its drums begin; four of silence follow
LOOKS_S = (6.08, 9.08, 11.1, 13.08)  # moments that may become the still: shortly after a beat
LEAD_IN = 20  # frames before each of them in full quality, for what effects remember
SIZE = (448, 252)  # of stills: width, height [px]
MOST_BYTES = 26_000
QUALITIES = (88, 82, 76, 70, 62, 54, 45)

INTRODUCTION = """# The scenes

Every scene that comes with livegan, as it looks on the demo track: `livegan play --scene NAME`. Copy one from
`presets/scenes/` and change it ([first-scene.md](first-scene.md)).

The figures say how it answers that track's drums, from its score: the share of kicks and snares after which the picture
changes clearly within a tenth of a second, how closely change follows onsets (correlation, 1 is perfectly, and how far
behind), and how much of the change is left two seconds after the music has ended. Calm scenes answer chords or
loudness instead, and should have low ones. `livegan bench music SONG` measures them for a song of yours
([bench.md](bench.md)); this page is written by `livegan scenes --stills docs`.
"""


def bundled_scenes() -> tuple[LoadedScene, ...]:
    """The scenes that come with livegan, "default" first; SceneError for a mistake in one."""
    names = sorted((path.stem for path in (bundled("presets") / "scenes").glob("*.toml")), key=_order)
    scenes = load_scenes(str(bundled("presets") / "scenes" / f"{name}.toml") for name in names)
    mistakes = [line for loaded in scenes for line in loaded.mistakes]
    if mistakes:
        raise SceneError("\n".join(mistakes))
    return scenes


def _order(name: str) -> tuple[bool, str]:
    return name != "default", name


def make_pages(
    folder: Path, venue: Venue, *, again: bool = False, echo: Callable[[str], None] = lambda line: None
) -> int:
    """Write `scenes.md`, and `scenes/NAME.jpg` where a scene's file has changed (or all, `again`); how many stills."""
    scenes = bundled_scenes()
    known = {} if again else _read_figures(folder)
    stale = [loaded for loaded in scenes if not _up_to_date(loaded, known, folder)]
    if stale:
        setlist = Setlist(tuple(stale))
        piece = read_piece(DEMO, SECONDS, venue, stale)
        rehearsal = Rehearsal(setlist, venue, piece.sound)
        with progress_bar("scenes", len(stale), "scenes") as progress:
            for done, loaded in enumerate(stale, 1):
                try:
                    known[_name(loaded)] = _portray(loaded, rehearsal, piece, folder)
                    if rehearsal.limited_s > 0:
                        echo(f"{_name(loaded)}: it flashes too often; limited for {rehearsal.limited_s:.1f} s")
                except (LiveganError, RuntimeError) as error:
                    echo(f"{_name(loaded)}: {error}")
                _write(folder / "scenes" / "figures.json", json.dumps(known, indent=1, sort_keys=True) + "\n")
                progress(done)
    _write(folder / "scenes.md", page(scenes, known))
    return len(stale)


def _name(loaded: LoadedScene) -> str:
    return loaded.path.stem if loaded.path is not None else loaded.name


def _digest(loaded: LoadedScene) -> str:
    assert loaded.path is not None
    return hashlib.sha256(loaded.path.read_bytes()).hexdigest()[:16]


def _up_to_date(loaded: LoadedScene, known: Mapping[str, Any], folder: Path) -> bool:
    still = folder / "scenes" / f"{_name(loaded)}.jpg"
    row = known.get(_name(loaded), {})
    return row.get("digest") == _digest(loaded) and "limited_s" in row and still.exists()


def _read_figures(folder: Path) -> dict[str, Any]:
    """The figures of an earlier run; none where there are none, or they cannot be read."""
    try:
        known = json.loads((folder / "scenes" / "figures.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return known if isinstance(known, dict) else {}


def _portray(loaded: LoadedScene, rehearsal: Rehearsal, piece: Piece, folder: Path) -> dict[str, Any]:
    """Play one scene; write its still, return its figures."""
    patch = next((patch for patch in rehearsal.patches if patch.name == loaded.name), None)
    if patch is None:
        raise SceneError(f"it cannot be played; type: livegan check {_name(loaded)}")
    looks = [round(look_s * FPS) for look_s in LOOKS_S]
    rows, stills = [], []
    for frame in rehearsal.play(patch, piece, full=lambda at: any(0 <= look - at <= LEAD_IN for look in looks)):
        pixels = np.asarray(frame.pixels)
        rows.append(brightness(pixels))
        if frame.plan.index in looks:
            stills.append(pixels.copy())
    _write(folder / "scenes" / f"{_name(loaded)}.jpg", _jpeg(max(stills, key=expressiveness)))
    figures = judge_frames(rows, piece).facts() | {"limited_s": round(rehearsal.limited_s, 2)}
    return {"digest": _digest(loaded), **figures}


def expressiveness(pixels: Pixels) -> float:
    """How much there is to see: contrast and colour (Hasler & Suesstrunk 2003), less what is black or burnt out."""
    red, green, blue = (pixels[::2, ::2, channel].astype(np.float32) / 255 for channel in range(3))
    warm, cold = red - green, (red + green) / 2 - blue
    colour = float(np.hypot(warm.std(), cold.std()) + 0.3 * np.hypot(warm.mean(), cold.mean()))
    luma = 0.3 * red + 0.59 * green + 0.11 * blue
    lost = float((luma < 0.02).mean() + (luma > 0.98).mean())
    return (float(luma.std()) + colour) * (1 - lost / 2)


def _jpeg(pixels: Pixels) -> bytes:
    """A still of 16:9, cut where the picture is not, of about 25 KB at the most."""
    from PIL import Image, ImageOps

    picture = ImageOps.fit(Image.fromarray(pixels), SIZE, Image.Resampling.LANCZOS)
    data = b""
    for quality in QUALITIES:
        buffer = io.BytesIO()
        picture.save(buffer, "JPEG", quality=quality, optimize=True)
        data = buffer.getvalue()
        if len(data) <= MOST_BYTES:
            break
    return data


def page(scenes: tuple[LoadedScene, ...], figures: Mapping[str, Any]) -> str:
    """The page in Markdown: a heading, a line and a still for each scene, and what was measured."""
    parts = [INTRODUCTION]
    for loaded in scenes:
        scene, name = loaded.scene, _name(loaded)
        assert scene is not None
        parts.append(f"## {scene.title} (`{name}`)\n\n{scene.about[:1].upper()}{scene.about[1:].rstrip('.')}.\n")
        if name in figures:
            parts.append(f"![{scene.title}](scenes/{name}.jpg)\n\n{_sentence(figures[name])}\n")
    return "\n".join(parts)


def _sentence(row: Mapping[str, float]) -> str:
    return (
        f"Answers {row['answered']:.0%} of the drums; correlation {row['correlation']:.2f}, {row['lag_ms']:.0f} ms "
        f"behind; {row['silence']:.0%} of the change left in silence."
    )


def _write(path: Path, content: str | bytes) -> None:
    try:
        write_atomic(path, content)
    except OSError as cause:
        raise MediaError(f"{path} cannot be written: {cause.strerror}; give another folder with --stills") from cause
