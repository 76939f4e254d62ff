"""Hot reload: scene files and the setlist, saved while they play, are bound aside and handed to the engine.

A file with a mistake changes nothing: the first mistake is shown until it is mended.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from livegan.config.load import LoadedScene, load_scenes, load_setlist
from livegan.config.transition import TransitionTable
from livegan.config.watch import FileWatch
from livegan.core.channels import Inbox
from livegan.core.guard import Guard
from livegan.core.text import printable
from livegan.engine.bind import Binder, Setlist, setlist_of, with_parameters, with_prompt
from livegan.engine.patch import Patch
from livegan.engine.program import Program
from livegan.errors import LiveganError

POLL_S = 0.25
MOST_SHOWN = 160  # characters of a mistake


@dataclass(frozen=True, slots=True)
class SceneReload:
    """Scenes that were read again: the entry each belongs to (None: the safe scene), and its patch."""

    patches: tuple[tuple[int | None, Patch], ...]


@dataclass(frozen=True, slots=True)
class SetReload:
    """A setlist that was read again: for each entry its new patch, or the number of the one it had before."""

    entries: tuple[Patch | int, ...]
    program: Program | None
    safe: Patch | None


Reload = SceneReload | SetReload


class Reloader:
    """Reloader of a show's files. Owned by one thread, and so is the binder from its first poll on."""

    def __init__(self, show: Setlist, binder: Binder, guard: Guard, reloads: Inbox[Reload]) -> None:
        """`show` as it was bound: its scenes are in the order of the engine's patches; `reloads` goes to the engine."""
        self._show, self._binder, self._guard, self._reloads = show, binder, guard, reloads
        self._wrong: dict[Path, str] = {}  # the first mistake of each file that has one, the newest last
        self._watch = FileWatch(self._paths())

    @property
    def notice(self) -> str:
        """The newest mistake that is not mended yet, or ""."""
        return next(reversed(list(self._wrong.values())), "")

    def poll(self, now_s: float) -> float:
        """Read what was saved; returns when to look again [s]."""
        for path in self._watch.look():
            problem = self._guard(f"reload of {path.name}", partial(self._read, path), "it cannot be read")
            self._wrong.pop(path, None)
            if problem:
                self._wrong[path] = printable(_in_short(path, problem), MOST_SHOWN)
        return POLL_S

    def _paths(self) -> Iterable[Path]:
        paths = [scene.path for scene in self._show.all_scenes if scene.path is not None]
        return dict.fromkeys([*paths, *([self._show.file.path] if self._show.file else [])])

    def _read(self, path: Path) -> str:
        """Read one file again and hand it over; what is wrong with it, or ""."""
        try:
            if self._show.file is not None and path == self._show.file.path:
                self._read_set()
            else:
                self._read_scene(path)
        except LiveganError as error:
            return str(error)
        return ""

    def _read_scene(self, path: Path) -> None:
        """Bind a scene anew for every entry that it plays in; SceneError if it cannot be."""
        scenes, safe = list(self._show.scenes), self._show.safe
        numbers: list[int | None] = [i for i, scene in enumerate(scenes) if scene.path == path]
        if safe is not None and safe.path == path:
            numbers.append(None)
        patches: list[tuple[int | None, Patch]] = []
        for number in numbers:
            old = scenes[number] if number is not None else safe
            assert old is not None
            (loaded,) = load_scenes([str(path)])
            loaded = LoadedScene(old.name, loaded.scene, path, loaded.mistakes)
            table = self._show.file.table if self._show.file else None
            if number is not None and table is not None:
                loaded = with_parameters(loaded, table.entries[number].parameters)
            if number is not None:
                loaded = with_prompt(loaded, self._show.prompt)
            patches.append((number, self._binder.bind(loaded, self._transition(loaded, number))))
            if number is None:
                safe = loaded
            else:
                scenes[number] = loaded
        show = replace(self._show, scenes=tuple(scenes), safe=safe)
        self._hand_over(SceneReload(tuple(patches)), show)

    def _transition(self, loaded: LoadedScene, number: int | None) -> TransitionTable | None:
        if number is None or self._show.file is None:
            return None
        return self._show.file.table.transition_into(number, loaded.scene)

    def _read_set(self) -> None:
        """Bind the entries that are new or changed; SceneError if the setlist or one of them is wrong."""
        assert self._show.file is not None
        show = setlist_of(load_setlist(str(self._show.file.path))).with_prompt(self._show.prompt)
        before = [(scene, self._show.transition_of(i)) for i, scene in enumerate(self._show.scenes)]
        entries: list[Patch | int] = []
        for i, scene in enumerate(show.scenes):
            transition = show.transition_of(i)
            kept = before.index((scene, transition)) if (scene, transition) in before else None
            used = kept is not None and kept in entries
            entries.append(kept if kept is not None and not used else self._binder.bind(scene, transition))
        safe = self._binder.bind(show.safe) if show.safe is not None else None
        self._hand_over(SetReload(tuple(entries), show.program(), safe), show)

    def _hand_over(self, reload: Reload, show: Setlist) -> None:
        """Give the engine a reload, and remember the show as it is then; nothing changes if there is no room for it."""
        if self._reloads.put(reload):
            self._show = show
            self._watch.watch(self._paths())


def _in_short(path: Path, problem: str) -> str:
    """The first line of a mistake, the file by its name."""
    lines: Sequence[str] = [line for line in problem.splitlines() if line.strip()]
    first = (lines or ["it cannot be read"])[0].replace(str(path), path.name)
    more = f" (and {len(lines) - 1} more)" if len(lines) > 1 else ""
    return (first if path.name in first else f"{path.name}: {first}") + more
