"""`livegan play --anywhere`: a show on any machine, with a stand-in for a missing sound input or display.

Without an input the demo track plays. Without a display a few seconds are played live and shown by their figures, and
then the film is rendered: every picture in its place, however slow the machine is.
"""

import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from livegan.cli.output import echo
from livegan.core.text import counted

if TYPE_CHECKING:
    from livegan.config.venue import Venue
    from livegan.studio.film_job import RenderJob

FIRST_FILM = Path("out/first-show.mp4")
FILM_S = 20.0
LIVE_S = 4.0


@dataclass(frozen=True, slots=True)
class Session:
    """Sound input and display of a show."""

    input: str
    headless: bool
    record: Path | None
    duration_s: float | None
    film: Path | None = None  # rendered after the show, where there is no display
    film_s: float = FILM_S


def for_this_machine(session: Session, venue: "Venue") -> Session:
    """The session with what this machine can play, said in a line each."""
    from livegan.engine.sound import has_default_input
    from livegan.ui.display import has_display

    if not session.input and not venue.audio.input and not has_default_input(venue.audio):
        echo("No sound input on this machine: playing the demo track.")
        session = replace(session, input="demo")
    if not session.headless and not has_display():
        film_s = session.duration_s or FILM_S
        film, live_s = session.record or FIRST_FILM, min(LIVE_S, film_s)
        session = replace(session, headless=True, record=None, duration_s=live_s, film=film, film_s=film_s)
        echo(f"No display: {live_s:g} s are played live, unseen; then {film} is made, a film of {film_s:g} s.")
    return session


def with_panel(venue: "Venue") -> "Venue":
    """The venue; where there is a second screen, with the panel, if it does not say otherwise."""
    from livegan.ui.display import list_screens

    if venue.window.panel != "auto" or len(list_screens()) < 2:
        return venue
    echo("Two screens: the pictures are on one, the panel is on the other.")
    return venue.model_copy(update={"window": venue.window.model_copy(update={"panel": True})})


def film_job(session: Session, scene: str, venue: "Venue", *, overwrite: bool, prompt: str = "") -> "RenderJob":
    """The film of a session without a display: of its song, else of the demo track; MediaError if it cannot be made."""
    from livegan.audio.demo import demo_track
    from livegan.engine.input_names import is_music, is_song
    from livegan.outputs.rate import frame_rate
    from livegan.studio.film_job import RenderJob
    from livegan.studio.render import check_job

    assert session.film is not None
    sound = session.input or venue.audio.input
    job = RenderJob(
        Path(sound) if is_song(sound) or is_music(sound) else demo_track(),
        session.film,
        scene,
        frame_rate(f"{venue.picture.fps:g}"),
        venue.window.size,
        "aac",  # phones and browsers play it
        session.film_s,
        overwrite=overwrite or session.film == FIRST_FILM,
        prompt=prompt,
    )
    check_job(job)
    return job


def live_text(facts: dict[str, Any], target_fps: float) -> str:
    """How fast a show was, in a sentence, from its report."""
    latency = facts["latency_ms"]
    late = f"{facts['dropped']} came too late" if facts["dropped"] else "none came too late"
    return (
        f"Live: {facts['fps']:.1f} pictures a second of {target_fps:g}, {late}; {latency['p50']:.0f} ms from sound to "
        f"picture (95 of 100 within {latency['p95']:.0f} ms)."
    )


def quality_text(facts: dict[str, Any]) -> str:
    """What a show traded for its frame rate, and for how long, from its report; "" for nothing."""
    played = [(text, seconds) for text, seconds in facts["quality"]["seconds"].items() if seconds >= 0.5]
    if all(text == "full" for text, _ in played):
        return ""
    return f"Quality: {', '.join(f'{seconds:.0f} s {text}' for text, seconds in played)}."


def make_film(job: "RenderJob", venue: "Venue") -> None:
    """Render the film, with a progress bar. Ctrl-C makes it shorter."""
    from livegan.studio.render import render_film

    echo("Now the film, picture by picture and in full quality; Ctrl-C ends it early and keeps it.")
    made = render_film(job, venue, echo)
    if not made.frames:
        echo("No film: it was stopped before its first picture.")
        return
    length = f"{counted(made.frames, 'picture')}, {float(job.fps):g} a second, {made.seconds:.1f} s"
    echo(f"The film is {made.path}: {length}{' (stopped early)' if made.stopped else ''}.")


def next_step() -> str:
    """What to type next: in the checkout where `make run` was typed, with an installed livegan, or in a bundle."""
    if getattr(sys, "frozen", False):  # PyInstaller's mark
        return f"Next: {sys.argv[0]} --help"
    activate = ". .venv/bin/activate && " if Path(".venv/bin/activate").is_file() else ""
    return f"Next: {activate}livegan --help"
