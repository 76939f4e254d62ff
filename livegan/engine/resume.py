"""Resuming a show: puts the state that a dead process has left into a show that is set up, before it begins."""

from contextlib import suppress
from dataclasses import replace
from glob import escape

from livegan.audio.file import FileSource
from livegan.audio.source import Source
from livegan.config.load import load_scenes
from livegan.config.venue import OutputTable, Venue
from livegan.core.files import expanded
from livegan.engine.bind import Setlist
from livegan.engine.patch import Patch
from livegan.engine.prompts import understood
from livegan.engine.restart import Restart
from livegan.engine.scene_player import ScenePlayer
from livegan.engine.show_state import SceneHands, ShowState

SAFEST = "patterns"  # drawn by formulae: no network, no driver
MOST_PARTS = 10_000


def resumed_venue(venue: Venue, restart: Restart, state: ShowState | None) -> Venue:
    """The venue of a show that is started again: new names for its films, its window as it was, with care if asked."""
    picture = {"device": "cpu"} if restart.careful else {}
    picture |= {"quality": "light"} if restart.light else {}
    changes: dict[str, object] = {"picture": venue.picture.model_copy(update=picture)}
    changes["outputs"] = tuple(_next_part(table) for table in venue.outputs)
    if state is not None:
        window: dict[str, object] = {
            name: state.window[name] > 0 for name in ("fullscreen", "hud", "panel") if name in state.window
        }
        changes["window"] = venue.window.model_copy(update=window)
    return venue.model_copy(update=changes)


def _next_part(table: OutputTable) -> OutputTable:
    """The table of an output; a film goes on in film-2.mp4, or the first such name that no film has or will get."""
    if table.kind != "film" or "path" not in table.options:
        return table
    first = expanded(str(table.options["path"]))
    for number in range(2, MOST_PARTS):
        path = first.with_name(f"{first.stem}-{number}{first.suffix}")
        if not path.exists() and not any(first.parent.glob(f"{escape(path.stem)}.part-*")):
            return OutputTable(kind="film", **{**table.options, "path": path, "overwrite": False})
    return table


def resumed_setlist(scenes: Setlist, restart: Restart | None, state: ShowState | None) -> Setlist:
    """The scenes, beginning with the one that played; with care, with the safe scene, behind the others."""
    if restart is not None and restart.careful:
        safe = scenes.safe or load_scenes([SAFEST])[0]
        return replace(scenes, scenes=(*scenes.scenes, safe), start=len(scenes.scenes), safe=safe, file=None)
    if state is None:
        return scenes
    names = scenes.names
    at = state.scene if 0 <= state.scene < len(names) and names[state.scene] == state.name else None
    if at is None:
        at = names.index(state.name) if state.name in names else scenes.start
    return replace(scenes, start=at, safe=scenes.safe or scenes.scenes[scenes.start])


def resume_scenes(scenes: ScenePlayer, state: ShowState, *, careful: bool) -> None:
    """Put what hands had done into the scenes, and the place in the setlist. Before the show begins."""
    for number, hands in state.hands.items():
        patch = scenes.numbered(int(number))
        if patch is not None and patch.name == hands.name:
            _resume_hands(patch, hands)
    if careful:
        return
    if scenes.program is not None:
        scenes.program.go_on(state.set_bars, state.set_s)
    cued = scenes.numbered(state.cued) if state.cued >= 0 else None
    scenes.fader.begin(cued if cued is not scenes.patch else None, round(state.crossfade))


def _resume_hands(patch: Patch, hands: SceneHands) -> None:
    patch.controls.put_back(hands.moved)
    if hands.words is not None:
        own = next((prompt for prompt in patch.prompts if prompt.words == hands.words), None)
        with suppress(ValueError):
            patch.ask(own or (understood(hands.words) if hands.words else None))


def resume_song(source: Source, state: ShowState) -> None:
    """Let a song begin where it would be now."""
    if isinstance(source, FileSource) and state.song_s is not None:
        source.go_on(state.song_s, state.time_s)


def bar_now(state: ShowState, now_s: float) -> int:
    """The bar at which music that livegan plays itself goes on, had it not been interrupted."""
    if state.bar is None:
        return 0
    return state.bar + (round((now_s - state.time_s) / state.bar_s) if state.bar_s > 0 else 0)
