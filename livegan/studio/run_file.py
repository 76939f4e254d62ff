"""Run file: everything that a film was made of, beside it, so that it can be made again to equal frames.

JSON: the options, the scenes themselves, the venue, and the digest of each file. Songs and networks stay
where they are.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from livegan.config.venue import Venue
from livegan.core.files import read_text, reason_of, write_atomic
from livegan.core.text import printable
from livegan.core.version import __version__
from livegan.engine.bind import Setlist
from livegan.engine.input_names import is_composition
from livegan.engine.setlist_json import as_tuples, setlist_from_json, setlist_to_json
from livegan.errors import MediaError
from livegan.outputs.rate import frame_rate
from livegan.studio.film_facts import effect_digest, song_digest
from livegan.studio.film_job import RenderJob

FORMAT = "livegan-run-1"
PATHS = ("song", "output", "sound", "frames_folder")
PLAIN = ("size", "audio", "duration_s", "start_s", "codec", "quality", "transparent", "debug_window_s")
MAX_BYTES = 1 << 24
MAX_SIDE = 16384  # of a film [px]
MAX_NUMBER = 1e6
MILD = ("livegan", "device")  # facts


def run_path(film: Path) -> Path:
    """Where the run file of a film lies: beside it."""
    return film.with_name(f"{'frames' if '%' in film.stem else film.stem}.livegan.json")


def write_run(path: Path, job: RenderJob, venue: Venue, scenes: Setlist, facts: Mapping[str, str]) -> None:
    """Write the run file of a job; MediaError if that cannot be."""
    table = {
        "format": FORMAT,
        "livegan": __version__,
        "command": job.command,
        "film": {
            **{name: _text(getattr(job, name)) for name in PATHS},
            **{name: getattr(job, name) for name in PLAIN},
            "fps": str(job.fps),
            "more_songs": [_text(song) for song in job.more_songs],
            "stems": {name: _text(stem) for name, stem in job.stems.items()},
        },
        **setlist_to_json(scenes),
        "venue": venue.model_dump(mode="json"),
        "facts": dict(facts),
    }
    path = _own(path, job.output.name)
    try:
        write_atomic(path, json.dumps(table, indent=1, ensure_ascii=False) + "\n")
    except OSError as error:
        raise MediaError(f"'{path}' cannot be written ({reason_of(error)}); the film itself is finished") from error


def _own(path: Path, film: str) -> Path:
    """The path, or another where that is the run file of a film of another name: film.mp4 and film.mov."""
    try:
        other = Path(json.loads(read_text(path))["film"]["output"]).name if path.exists() else film
    except (OSError, ValueError, LookupError, TypeError):
        other = film
    return path if other == film else path.with_name(f"{film}.livegan.json")


def _text(path: Path | None) -> str | None:
    return None if path is None else str(path if is_composition(str(path)) else path.absolute())


def read_run(path: Path, functions: Sequence[str] = ()) -> tuple[RenderJob, Venue, dict[str, str]]:
    """The job, the venue and the facts of a run file; MediaError for one that is none, or whose files have changed.

    A run file may come from somebody else: effects that are Python functions are refused, before anything is imported,
    unless the player names them in `functions`.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise ValueError("it is too large")
        table = json.loads(read_text(path))
        if not isinstance(table, dict) or table.get("format") != FORMAT:
            raise ValueError(f"its format is not {FORMAT}")
        film, venue = table["film"], Venue.model_validate(as_tuples(table["venue"]))
        scenes = setlist_from_json(table)
        options: dict[str, Any] = {name: as_tuples(film[name]) for name in PLAIN}
        _check_options(options)
        options |= {name: Path(film[name]) if film[name] is not None else None for name in PATHS}
        job = RenderJob(
            **options,
            fps=frame_rate(str(film["fps"])),
            more_songs=tuple(map(Path, film["more_songs"])),
            stems={name: Path(stem) for name, stem in film["stems"].items()},
            scenes=scenes,
        )
        facts = {str(name): str(value) for name, value in table["facts"].items()}
    except OSError as error:
        raise MediaError(f"'{printable(path)}' cannot be read ({reason_of(error)}); give FILM.livegan.json") from error
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, ArithmeticError) as error:
        reason = f"{error.error_count()} mistakes" if isinstance(error, ValidationError) else error
        raise MediaError(
            f"'{printable(path)}' is not the run file of a film ({reason}); give FILM.livegan.json"
        ) from error
    unnamed = [effect.function for effect in venue.effects if effect.function not in functions]
    if unnamed:
        words = " ".join(f"--effect {printable(function)}" for function in unnamed)
        raise MediaError(
            f"'{printable(path)}' runs Python code of this machine: {', '.join(map(printable, unnamed))}. If that is "
            f"what you want, type it too: --run {printable(path)} {words}"
        )
    check_inputs(job, venue, facts)
    return job, venue, facts


def _check_options(options: Mapping[str, Any]) -> None:
    """ValueError for a size or number that no film has."""
    width, height = options["size"]
    if not all(isinstance(side, int) and 1 <= side <= MAX_SIDE for side in (width, height)):
        raise ValueError(f"its size is {width!r} x {height!r}")
    for name in ("duration_s", "start_s", "quality", "debug_window_s"):
        value = options[name]
        if value is not None and not (isinstance(value, int | float) and 0 <= value < MAX_NUMBER):
            raise ValueError(f"its {name} is {value!r}")


def check_inputs(job: RenderJob, venue: Venue, facts: Mapping[str, str]) -> None:
    """MediaError that names every song, stem and effect which is gone or is not what it was."""
    files = {"song" if number == 1 else f"song {number}": song for number, song in enumerate(job.songs, 1)}
    files |= {f"stem {name}": path for name, path in job.stems.items()}
    wrong = [
        f"{name} {path} {'has changed' if path.is_file() else 'is gone'}"
        for name, path in files.items()
        if song_digest(path) != facts.get(name, "") or not (path.is_file() or is_composition(str(path)))
    ]
    functions = [effect.function for effect in venue.effects]
    wrong += [
        f"the effect {function} has changed"
        for function in functions
        if effect_digest(function) != facts.get(f"effect {function}", "")
    ]
    if wrong:
        raise MediaError(f"the film cannot be made again: {'; '.join(wrong)}. Put back what it was made of")


def differences(before: Mapping[str, str], now: Mapping[str, str]) -> tuple[list[str], list[str]]:
    """What is not as it was when a film was made: what makes it another film, and what may change its pixels a little.

    Its format does not count: the frames are the same.
    """
    names = [name for name in dict.fromkeys((*before, *now)) if before.get(name) != now.get(name) and name != "format"]
    lines = {name: f"{name} was {_short(before.get(name))} and is {_short(now.get(name))}" for name in names}
    return (
        [line for name, line in lines.items() if name not in MILD],
        [line for name, line in lines.items() if name in MILD],
    )


def _short(value: str | None) -> str:
    return "none" if not value else f"{value[:8]}..." if len(value) == 64 else value
