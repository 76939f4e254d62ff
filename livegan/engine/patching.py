"""Patching service: edits of routes checked and made into a patch bay on a thread of its own, while the scene plays."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby, islice

from pydantic import ValidationError

from livegan.config.scene import MAX_ROUTES, RouteTable, Scene
from livegan.core.binding import Binding
from livegan.core.channels import Inbox, Latest
from livegan.core.parameters import Parameter
from livegan.core.text import printable
from livegan.core.toml import mistakes_in
from livegan.engine.layers import absent_layer_mistakes
from livegan.engine.patch import Patch
from livegan.engine.patch_bay import PatchBay, features_read
from livegan.engine.route_edit import RouteAnswer, RouteEdit
from livegan.engine.validation import mistakes
from livegan.engine.vocabulary import Vocabulary
from livegan.features.names import on_request
from livegan.mapping.expression import MAX_LENGTH

POLL_S = 0.02
SHOWN_S = 8.0
MOST_AT_ONCE = 32  # edits of one poll; the others wait
GONE = "this route was changed or deleted meanwhile; nothing was changed"
FULL = f"a scene has {MAX_ROUTES} routes at most; delete one first"

Rows = Sequence[tuple[int | None, RouteTable]]  # place in the patch bay as it was (None: new), and the route

Key = tuple[int | str, ...]  # of what an edit changes: the number of a route, and names of fields


@dataclass(frozen=True, slots=True)
class Repatch:
    """Another patch bay for a scene of the show, built aside. Goes to the engine."""

    patch: Patch
    before: PatchBay
    after: PatchBay
    parameters: Mapping[str, Parameter]  # all that the scene has then
    groups: frozenset[str]  # of inputs that it listens to then
    rows: Rows  # the routes of `after`, each with its place in `before`
    text: str  # what was changed, for the show log and for undo
    what: object  # edits of the same thing that follow each other quickly are undone together
    key: Key | None  # `what`, but for the scene; None: it is like no other
    taken: Latest[bool] = field(default_factory=Latest)  # set by the engine; False: the routes were others by then


def make_repatch(
    patch: Patch,
    bay: PatchBay,
    rows: Rows,
    text: str,
    key: Key | None,
    vocabulary: Vocabulary,
    knobs: Mapping[str, Binding | str],
) -> Repatch:
    """The change of a scene from the patch bay `bay` to one of these routes."""
    routes = tuple(table for _, table in rows)
    scene = patch.scene.model_copy(update={"routes": routes})
    return Repatch(
        patch,
        bay,
        bay.with_routes(rows),
        vocabulary.of_scene(scene, knobs).parameters,
        patch.groups | groups_read(routes),
        tuple(rows),
        text,
        object() if key is None else (id(patch), *key),
        key,
    )


class _RefusedError(Exception):
    """An edit that changes nothing; its arguments are the mistakes, one line each."""


class Patching:
    """Patching: reads edits, answers each, and hands the engine at most one patch bay at a time."""

    def __init__(
        self,
        edits: Inbox[RouteEdit],
        answers: Latest[RouteAnswer],
        repatches: Inbox[Repatch],
        find: Callable[[int], Patch | None],
        vocabulary: Vocabulary,
        knobs: Mapping[str, Binding],
        unheard: frozenset[str] = frozenset(),
    ) -> None:
        """`find` gives the scene of a number; `knobs` are the venue's.

        `unheard`: features that exist, but that nothing listens to in this show, as no scene named them.
        """
        self._edits, self._answers, self._repatches = edits, answers, repatches
        self._find, self._vocabulary, self._knobs, self._unheard = find, vocabulary, knobs, unheard
        self._handed: list[Repatch] = []  # that the engine may not have taken yet
        self._until_s = 0.0
        self.notice = ""  # why the newest edit changed nothing, for a while

    def poll(self, now_s: float) -> float:
        """Do what waits, if the engine has taken what was done before; returns when to poll again [s]."""
        if self.notice and now_s >= self._until_s:
            self.notice = ""
        self._handed = [each for each in self._handed if each.taken.peek() is None]
        if not self._handed:
            waiting = list(islice(iter(self._edits.take, None), MOST_AT_ONCE))
            for _, edits in groupby(merged(waiting), key=lambda edit: (edit.scene, edit.name)):
                self._change(list(edits), now_s)
        return POLL_S

    def _change(self, edits: Sequence[RouteEdit], now_s: float) -> None:
        """Make the edits of one scene, each that can be made."""
        patch = self._find(edits[0].scene)
        bay = patch.bay if patch is not None else None
        rows: Rows = list(enumerate(bay.routes)) if bay is not None else []
        done: list[RouteEdit] = []
        for edit in edits:
            problems: tuple[str, ...] = ()
            try:
                if patch is None or patch.name != edit.name:
                    raise _RefusedError(f"number: scene {edit.scene} is another one now; nothing was changed")
                rows = self._edited(edit, patch, rows)
                done.append(edit)
            except _RefusedError as error:
                problems = error.args
                self.notice, self._until_s = f"route: {printable(problems[0])}", now_s + SHOWN_S
            self._answers.put(RouteAnswer(edit, problems))
        if patch is not None and bay is not None and done:
            self._hand_over(patch, bay, rows, done)

    def _hand_over(self, patch: Patch, bay: PatchBay, rows: Rows, edits: Sequence[RouteEdit]) -> None:
        routes = tuple(table for _, table in rows)
        if routes == bay.routes:
            return
        first = edits[0]
        alone = first if len(edits) == 1 and first.kind == "change" else None
        text = change_text(first) if len(edits) == 1 else f"{len(edits)} changes of routes"
        key: Key | None = (alone.number, *sorted(alone.fields)) if alone else None
        repatch = make_repatch(patch, bay, rows, text, key, self._vocabulary, self._knobs)
        if self._repatches.put(repatch):
            self._handed.append(repatch)

    def _edited(self, edit: RouteEdit, patch: Patch, rows: Rows) -> Rows:
        """The rows after one edit."""
        if edit.kind == "add":
            if len(rows) >= MAX_ROUTES:
                raise _RefusedError(f"number: {FULL}")
            place = edit.number if 0 <= edit.number < len(rows) else len(rows)
            return [*rows[:place], (None, self._table({}, edit, patch, rows)), *rows[place:]]
        number = edit.number
        if not 0 <= number < len(rows) or (rows[number][1].source, rows[number][1].target) != (
            edit.source,
            edit.target,
        ):
            raise _RefusedError(f"number: {GONE}")
        if edit.kind == "delete":
            return [*rows[:number], *rows[number + 1 :]]
        before, table = rows[number]
        table = self._table(table.model_dump(exclude_unset=True), edit, patch, rows)
        return [*rows[:number], (before, table), *rows[number + 1 :]]

    def _table(self, known: Mapping[str, object], edit: RouteEdit, patch: Patch, rows: Rows) -> RouteTable:
        """A route with the fields of an edit, checked as those of files are."""
        long = [key for key, value in edit.fields.items() if isinstance(value, str) and len(value) > MAX_LENGTH]
        if long:
            raise _RefusedError(*(f"{key}: {MAX_LENGTH} characters are allowed" for key in long))
        try:
            table = RouteTable.model_validate({**known, **edit.fields})
        except ValidationError as error:
            raise _RefusedError(*mistakes_in(error, RouteTable)) from error
        routes = (*(row for _, row in rows), table)
        vocabulary = self._vocabulary.of_scene(patch.scene.model_copy(update={"routes": routes}), self._knobs)
        alone = _only(patch.scene, table)
        problems = mistakes(alone, vocabulary, ()) + absent_layer_mistakes(alone, vocabulary.parameters)
        if problems:
            lines = (line.removeprefix("routes.0.") for line in problems)
            raise _RefusedError(*self._explained(table, lines))
        return table

    def _explained(self, table: RouteTable, lines: Iterable[str]) -> Iterable[str]:
        """The mistakes; of a feature that nothing listens to in this show, that."""
        for name in features_read(table):
            if name in self._unheard:
                yield (
                    f"source: nothing listens to '{name}' in this show, as no scene named it when it began; "
                    "write it into the scene's file, and start again"
                )
                return
        yield from lines


def _only(scene: Scene, table: RouteTable) -> Scene:
    """A scene with its layers, one route, and nothing else that could be wrong."""
    return Scene(title=scene.title, network=scene.network, layers=scene.layers, routes=(table,))


def groups_read(routes: Iterable[RouteTable]) -> frozenset[str]:
    """The groups of inputs, separated parts and features on request that routes listen to; "" is the main group."""
    names = [name for route in routes for name in features_read(route)]
    return frozenset(name.rpartition(":")[0] for name in names) | on_request(names)


def merged(edits: Iterable[RouteEdit]) -> list[RouteEdit]:
    """Edits without those changes of a route that the next edit overrides: a knob that is dragged sends many."""
    kept: list[RouteEdit] = []
    for edit in edits:
        last = kept[-1] if kept else None
        if last is not None and _overrides(edit, last):
            kept[-1] = replace(edit, fields={**last.fields, **edit.fields})
        else:
            kept.append(edit)
    return kept


def _overrides(edit: RouteEdit, before: RouteEdit) -> bool:
    """Whether both change the same route, and the first not what it is called by."""
    same = replace(before, time_s=edit.time_s, fields=edit.fields) == edit
    return same and edit.kind == "change" and not {"source", "target"} & set(before.fields)


def change_text(edit: RouteEdit) -> str:
    """What an edit does, in a few words."""
    source, target = edit.fields.get("source", edit.source), edit.fields.get("target", edit.target)
    route = f"{printable(source, 40)} to {printable(target, 40)}"
    if edit.kind != "change":
        return f"{'a new' if edit.kind == 'add' else 'the deleted'} route {route}"
    if set(edit.fields) == {"mute"}:
        return f"{'the muted' if edit.fields['mute'] else 'the unmuted'} route {route}"
    return f"{', '.join(edit.fields)} of the route {route}"
