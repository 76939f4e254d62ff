"""Binding: scenes checked against features, parameters and networks, all mistakes at once. Needs no torch."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from livegan.config.load import (
    LoadedScene,
    LoadedSetlist,
    load_scenes,
    load_setlist,
    scenes_in_order,
)
from livegan.config.scene import Scene
from livegan.config.transition import TransitionTable
from livegan.config.venue import EffectTable, Venue
from livegan.control.keys import find_cap, key_table, unknown_cap
from livegan.core.binding import Binding
from livegan.core.events import is_bindable, unbindable
from livegan.core.events import targets as control_targets
from livegan.core.guard import Guard, unguarded
from livegan.core.text import printable
from livegan.core.timeline import Timeline
from livegan.core.types import Layout
from livegan.engine.camera import camera_mistakes
from livegan.engine.custom_effects import effect_mistakes
from livegan.engine.layers import absent_layer_mistakes, boxed_letters, layer_mistakes, of_layers_there, planned_layers
from livegan.engine.listening_stage import listening_stage
from livegan.engine.networks import NetworkNames, Networks, find_bank
from livegan.engine.patch import Patch
from livegan.engine.patch_bay import features_read
from livegan.engine.plugins import member_errors
from livegan.engine.program import Advancing, Program
from livegan.engine.prompts import cleaned, prompts_of, unclear_lines, with_vectors
from livegan.engine.rehearsed import load_song
from livegan.engine.validation import mistakes, motion_settings, wrong_name
from livegan.engine.vocabulary import Vocabulary, w_parameters
from livegan.errors import LiveganError, SceneError
from livegan.features.clock_choice import ClockChoice
from livegan.features.listening import Listening
from livegan.features.names import features_of, on_request
from livegan.mapping.latent_feed import LatentFeed
from livegan.mapping.motion_sum import MotionSum
from livegan.mapping.motions.registry import MOTIONS, MotionSetup
from livegan.networks.info import NetworkInfo
from livegan.networks.text_encoder import TextEncoder

MOST_TOLD = 5000  # characters of a mistake
SEED_STEP = 7919  # from the seed of one motion model of a scene to that of the next: two alike must not move alike


@dataclass(frozen=True, slots=True)
class Setlist:
    """Setlist: the scenes on keys 1-9, in order, and the first to play."""

    scenes: tuple[LoadedScene, ...]
    start: int = 0
    chosen: bool = True  # named by the user: a mistake in one is an error. Otherwise it is left out
    safe: LoadedScene | None = None  # to go back to with one key; None: the first to play
    file: LoadedSetlist | None = None  # whose entries the scenes are
    prompt: str = ""  # words that every scene but the safe one begins with, in place of its own

    @property
    def all_scenes(self) -> tuple[LoadedScene, ...]:
        """The scenes, and the safe one."""
        return (*self.scenes, *([self.safe] if self.safe else []))

    @property
    def names(self) -> tuple[str, ...]:
        """The scenes as requested."""
        return tuple(loaded.name for loaded in self.scenes)

    def only_start(self) -> "Setlist":
        """The scene that begins, alone."""
        return Setlist(self.scenes[self.start : self.start + 1])

    def with_prompt(self, words: str) -> "Setlist":
        """The same scenes, beginning with these words; with none, as they are."""
        words = cleaned(words)
        scenes = tuple(with_prompt(loaded, words) for loaded in self.scenes)
        return replace(self, scenes=scenes, prompt=words) if words else self

    def transition_of(self, number: int) -> TransitionTable | None:
        """How an entry comes in: as it says, or its scene, or the setlist; None: as the scene's `fade_s` says."""
        return self.file.table.transition_into(number, self.scenes[number].scene) if self.file else None

    def program(self) -> Program | None:
        """The program of the setlist's file, if it is from one."""
        if self.file is None or len(self.scenes) != len(self.file.table.entries):
            return None
        table = self.file.table
        seed = table.seed if table.order == "shuffled" else None
        song = load_song(self.file.path.parent / table.song) if table.song else None
        entries = [Advancing.of(table, entry) for entry in table.entries]
        return Program(entries, shuffle_seed=seed, loop=table.loop, song=song)


@dataclass(frozen=True, slots=True)
class CheckedScene:
    """A scene with its networks and its motion, and every mistake in it, one line each."""

    loaded: LoadedScene
    networks: Networks
    motion: MotionSum | None  # None where there are mistakes
    mistakes: tuple[str, ...]


def listen(
    venue: Venue,
    sample_rate: int,
    channels: int,
    scenes: Iterable[LoadedScene] = (),
    guard: Guard = unguarded,
    stems: Mapping[str, Sequence[int]] = MappingProxyType({}),
    timeline: Timeline | None = None,
    clock_choice: ClockChoice | None = None,
    apart: bool = False,
) -> Listening:
    """The listening stage of this venue (`engine.listening_stage`), with the features that `scenes` ask for."""
    sources = scene_sources(scenes)
    return listening_stage(venue, sample_rate, channels, sources, guard, stems, timeline, clock_choice, apart)


def scene_sources(scenes: Iterable[LoadedScene]) -> list[str]:
    """Every feature that scenes name; of those that cannot be read none."""
    return [name for loaded in scenes if loaded.scene is not None for name in sources_of(loaded.scene)]


def sources_of(scene: Scene) -> list[str]:
    """Every feature that a scene's motion, routes and layers name."""
    settings, _ = motion_settings(scene.motion)
    names = [source for table in settings for source in table.features().values()]
    names += [name for route in scene.routes for name in features_read(route)]
    return names + [layer.gate_from for layer in scene.layers]


def _groups(scene: Scene, effects: Sequence[EffectTable]) -> frozenset[str]:
    """The groups of inputs, separated parts and features on request that a scene and the venue's effects listen to."""
    names = [*sources_of(scene), *(effect.amplitude_from for effect in effects)]
    return frozenset(name.rpartition(":")[0] for name in names) | on_request(names)


def setlist(venue: Venue, start: str = "", name: str = "") -> Setlist:
    """The scenes of the venue, each file read once, beginning with `start`, or the venue's own choice.

    A start that is not among the scenes is added at the end, so that the keys stay where they were. `name`: a setlist
    to play instead, by name or path.
    """
    if name or (venue.show.set and not start):
        return setlist_of(load_setlist(name or venue.show.set), start, venue.show.safe)
    shown = _scenes_of(venue, start)
    return replace(shown, safe=_safe(venue.show.safe)) if venue.show.safe else shown


def _safe(name: str) -> LoadedScene:
    (loaded,) = load_scenes([name])
    if wrong := safe_mistakes(loaded):
        raise SceneError("\n".join(wrong))
    return loaded


def setlist_of(file: LoadedSetlist, start: str = "", safe: str = "") -> Setlist:
    """The entries of a setlist, each file read once, with their own parameters; SceneError with every mistake.

    It begins with the first entry that is the scene `start`; `safe` is the safe scene if the setlist names none.
    """
    own, last = entry_scenes(file, safe)
    if wrong := [*absent_mistakes(file, own), *safe_mistakes(last)]:
        raise SceneError("\n".join(wrong))
    show = Setlist(own, safe=last, file=file)
    program = show.program()
    if not start:
        return replace(show, start=program.order[0] if program else 0)
    (first,) = load_scenes([start])
    places = [loaded.path for loaded in own]
    if first.path is None or first.path not in places:
        named = ", ".join(dict.fromkeys(entry.scene for entry in file.table.entries))
        raise SceneError(f"the setlist {file.name} has no scene '{start}'; it has: {named}")
    return replace(show, start=places.index(first.path))


def entry_scenes(file: LoadedSetlist, safe: str) -> tuple[tuple[LoadedScene, ...], LoadedScene | None]:
    """The scene of each entry, with its own parameters, and the safe one: the setlist's, else `safe`, else None."""
    entries = file.table.entries
    scenes = load_scenes(file.scene_name(entry.scene) for entry in entries)
    own = tuple(with_parameters(loaded, entry.parameters) for loaded, entry in zip(scenes, entries, strict=True))
    safe = file.scene_name(file.table.safe) if file.table.safe else safe
    return own, load_scenes([safe])[0] if safe else None


def absent_mistakes(file: LoadedSetlist, own: Sequence[LoadedScene]) -> list[str]:
    """Mistakes of entries whose scene is not there, or not readable."""
    absent = [(i, line) for i, loaded in enumerate(own) if loaded.scene is None for line in loaded.mistakes]
    return [f"{file.path}: entries.{i}.scene: {line}" for i, line in absent]


def safe_mistakes(safe: LoadedScene | None) -> list[str]:
    """Mistakes of the safe scene, if there is one."""
    return [f"safe: {line}" for line in safe.mistakes] if safe is not None else []


def with_parameters(loaded: LoadedScene, values: Mapping[str, float]) -> LoadedScene:
    """A scene with other values of its parameters, but for those of layers that it does not have."""
    if loaded.scene is None or not values:
        return loaded
    values = {**loaded.scene.parameters, **of_layers_there(values, len(loaded.scene.layers))}
    return replace(loaded, scene=loaded.scene.model_copy(update={"parameters": values}))


def with_prompt(loaded: LoadedScene, words: str) -> LoadedScene:
    """A scene that begins with other words."""
    if loaded.scene is None or not words:
        return loaded
    prompts = loaded.scene.prompts.model_copy(update={"first": words})
    return replace(loaded, scene=loaded.scene.model_copy(update={"prompts": prompts}))


def _scenes_of(venue: Venue, start: str) -> Setlist:
    order = list(venue.show.scenes) or scenes_in_order()
    start, chosen = start or venue.show.start, bool(venue.show.scenes)
    if not order and not start:
        raise SceneError("there is no scene to play; put one in presets/scenes and type: livegan scenes")
    scenes = load_scenes([*order, start] if start else order)
    absent = [loaded for loaded in scenes if loaded.path is None]
    if absent:
        raise SceneError("\n".join(line for loaded in dict.fromkeys(absent) for line in loaded.mistakes))
    if not start:
        return Setlist(scenes, 0, chosen)
    *others, first = scenes
    places = [loaded.path for loaded in others]
    if first.path in places:
        return Setlist(tuple(others), places.index(first.path), chosen)
    return Setlist(scenes, len(others), chosen)


def chosen_scenes(names: Sequence[str]) -> Setlist:
    """The scenes of these names or paths, or, of none, every scene that can be named, "default" first."""
    order = list(names) or scenes_in_order()
    return Setlist(load_scenes(dict.fromkeys(order)), chosen=bool(names))


def check_scene(
    loaded: LoadedScene,
    vocabulary: Vocabulary,
    networks: Sequence[NetworkInfo] | None = None,
    feed: LatentFeed | None = None,
) -> CheckedScene:
    """Find a scene's networks, unless they are given, build its motion, and find everything wrong with them."""
    if loaded.scene is None:
        return CheckedScene(loaded, (), None, loaded.mistakes)
    networks = networks if networks is not None else loaded.networks or None
    bank, problems = find_bank(loaded.scene) if networks is None else (tuple(networks), [])
    problems += mistakes(loaded.scene, vocabulary.of_scene(loaded.scene), bank)
    if not any(": layers" in line for line in loaded.mistakes):  # else a layer with a mistake was left out
        problems += absent_layer_mistakes(loaded.scene, vocabulary.parameters)
    problems += layer_mistakes(loaded.scene, loaded.folder)
    problems += camera_mistakes(loaded.scene, bank)
    motion = None
    try:
        motion = _motion(loaded.scene, loaded, bank, feed)
    except LiveganError as error:
        problems.append(str(error))
    told = (printable(f"scene '{loaded.name}': {mistake}", MOST_TOLD) for mistake in problems)  # names are the file's
    lines = (*loaded.mistakes, *told)
    return CheckedScene(loaded, bank, motion, lines)


def _motion(scene: Scene, loaded: LoadedScene, networks: Networks, feed: LatentFeed | None) -> MotionSum | None:
    """The scene's motion models; None where their settings are wrong or there is no network to move."""
    settings, wrong = motion_settings(scene.motion)
    if wrong or not networks:
        return None
    motions = []
    for k, (table, own) in enumerate(zip(scene.motion, settings, strict=True)):
        with member_errors(MOTIONS, table.model, SceneError):
            seed = scene.seed if k == 0 else (scene.seed + k * SEED_STEP) % 2**31
            motions.append(MOTIONS[table.model](MotionSetup(networks, seed, own, loaded.folder, feed)))
    return MotionSum(motions, settings[0].chroma_of)


def bind_scene(
    loaded: LoadedScene,
    vocabulary: Vocabulary,
    knobs: Mapping[str, Binding | str] | None = None,
    names: NetworkNames | None = None,
    networks: Sequence[NetworkInfo] | None = None,
) -> Patch:
    """Bind one scene; SceneError with every mistake, one a line.

    `knobs` apply where the scene has none of its own, `names` are the network names of the show it belongs to,
    `networks` are used instead of those that the scene names.
    """
    return _bound(check_scene(loaded, vocabulary, networks), vocabulary, knobs or {}, names or NetworkNames())


def _bound(
    checked: CheckedScene,
    vocabulary: Vocabulary,
    knobs: Mapping[str, Binding | str],
    names: NetworkNames,
    transition: TransitionTable | None = None,
    effects: Sequence[EffectTable] = (),
    takeover: str = "scale",
    text: TextEncoder | None = None,
) -> Patch:
    scene, motion = checked.loaded.scene, checked.motion
    if checked.mistakes or scene is None or motion is None:
        raise SceneError("\n".join(checked.mistakes))
    prompts, first = prompts_of(scene)
    if text is not None and (widths := {network.text_dim for network in checked.networks} - {0}):
        text.want(widths)
        prompts = tuple(with_vectors(prompt, text) for prompt in prompts)
        first = with_vectors(first, text) if first is not None else None
    return Patch(
        checked.loaded.name,
        scene,
        vocabulary.of_scene(scene, knobs),
        names.distinct(checked.networks),
        motion,
        knobs,
        transition,
        checked.loaded.folder,
        layers=planned_layers(scene, checked.loaded.folder),
        effects=effects,
        groups=_groups(scene, effects) | {motion.chroma_of},
        prompts=prompts,
        first=first,
        takeover=takeover,
    )


class Binder:
    """Binds the scenes of one show, before it and, read again, while it plays."""

    def __init__(
        self,
        layout: Layout,
        venue: Venue,
        feed: LatentFeed | None = None,
        text: TextEncoder | None = None,
    ) -> None:
        """`feed`: what a camera sees; None: nothing. `text`: for networks that take words; None: they get none."""
        self.vocabulary = Vocabulary.of(layout)
        self.feed = feed
        self._inputs, self._bands = tuple(venue.inputs), venue.listening.bands
        self.knobs, self._names = venue.hands.knobs, NetworkNames()
        self._effects, self._takeover, self._text = venue.effects, venue.hands.takeover, text

    @property
    def unheard(self) -> frozenset[str]:
        """Features that exist, but that nothing listens to in this show, as no scene named them when it began."""
        return frozenset(features_of(self._inputs, self._bands)).difference(self.vocabulary.layout.index)

    def bind(self, scene: LoadedScene | CheckedScene, transition: TransitionTable | None = None) -> Patch:
        """A patch for `Performer.replace`, say; SceneError with every mistake, one a line.

        `transition`: how it comes in; None: as the scene says.
        """
        checked = scene
        if isinstance(checked, LoadedScene):
            checked = check_scene(checked, self.vocabulary, feed=self.feed)
            checked = self._explained(checked) if checked.mistakes else checked
        return _bound(
            checked,
            self.vocabulary,
            self.knobs,
            self._names,
            transition,
            self._effects,
            self._takeover,
            self._text,
        )

    def _explained(self, checked: CheckedScene) -> CheckedScene:
        """A scene with mistakes; of features that nothing listens to in this show, that, behind all others."""
        loaded, layout = checked.loaded, self.vocabulary.layout
        named = dict.fromkeys(sources_of(loaded.scene)) if loaded.scene is not None else ()
        late = [name for name in named if name in self.unheard]
        if not late:
            return checked
        layout = Layout((*layout.names, *late), (*layout.peaks, *(False for _ in late)))
        others = check_scene(loaded, replace(self.vocabulary, layout=layout), checked.networks, self.feed).mistakes
        told = printable(", ".join(f"'{name}'" for name in late), MOST_TOLD)
        what = "is right, but no scene named it" if len(late) == 1 else "are right, but no scene named them"
        line = f"scene '{loaded.name}': {told} {what} when the show began: heard from the next start"
        return replace(checked, mistakes=(*others, printable(line, MOST_TOLD)))


@dataclass(frozen=True, slots=True)
class BoundShow:
    """Setlist after binding: every scene of a show as a patch."""

    show: Setlist  # without the scenes that are left out
    patches: list[Patch]  # of its scenes, in order
    start: int  # which of them begins
    remarks: tuple[str, ...]  # a line for each scene that cannot be played, and for words that were not understood
    binder: Binder
    safe: Patch | None = None  # None: the one that begins
    program: Program | None = None


def bind(
    show: Setlist, layout: Layout, venue: Venue, feed: LatentFeed | None = None, text: TextEncoder | None = None
) -> BoundShow:
    """Bind every scene of a show; SceneError with every mistake in any scene that the user asked for.

    `feed` and `text`: see `Binder`.
    """
    binder = Binder(layout, venue, feed, text)
    vocabulary = binder.vocabulary
    checked = [check_scene(loaded, vocabulary, feed=feed) for loaded in show.scenes]
    asked = checked if show.chosen else checked[show.start : show.start + 1]
    safe = next((scene for scene in checked if scene.loaded == show.safe), None)
    safe = check_scene(show.safe, vocabulary, feed=feed) if show.safe and safe is None else safe
    asked = [*asked, *([safe] if safe and safe not in asked else [])]
    problems = [*knob_mistakes(venue, vocabulary), *(mistake for scene in asked for mistake in scene.mistakes)]
    problems += [f"venue: {mistake}" for mistake in effect_mistakes(venue.effects, layout.index)]
    if problems:
        raise SceneError("\n".join(problems))
    good = [scene for scene in checked if not scene.mistakes]
    left_out = tuple(
        f"Scene '{scene.loaded.name}' is left out; type: livegan check {scene.loaded.name}"
        for scene in checked
        if scene.mistakes
    )
    start = next(i for i, scene in enumerate(good) if scene is checked[show.start])
    patches = [
        binder.bind(scene, show.transition_of(number)) for number, scene in enumerate(checked) if not scene.mistakes
    ]
    bound = dict(zip(map(id, good), patches, strict=True))
    kept = None if safe is None else bound.get(id(safe)) or binder.bind(safe)
    show = replace(show, scenes=tuple(scene.loaded for scene in good), start=start)
    unclear = [line for patch in patches for line in unclear_lines(patch.name, patch.all_prompts, patch.networks)]
    lacking = [text.notice] if text is not None and text.notice else []
    boxes = [line for one in show.scenes if one.scene for line in boxed_letters(one.name, one.scene, one.folder)]
    remarks = (*left_out, *dict.fromkeys(unclear), *lacking, *boxes)
    return BoundShow(show, patches, start, remarks, binder, kept, show.program())


def knob_mistakes(venue: Venue, vocabulary: Vocabulary) -> list[str]:
    """Every knob of the venue that does not exist or is bound to something that does not exist."""
    knobs = [(control, binding.to) for control, binding in venue.hands.knobs.items()]
    targets = [*vocabulary.parameters, *control_targets(), *w_parameters(to for _, to in knobs)]
    wrong = [(control, to) for control, to in knobs if to not in targets]
    problems = [f"venue: hands.knobs.{control}: {wrong_name('parameter', to, targets)}" for control, to in wrong]
    odd = [control for control, _ in knobs if not is_bindable(control)]
    problems += [f"venue: hands.knobs.{control}: {unbindable(control)}" for control in odd]
    return problems + key_mistakes(venue, [*vocabulary.parameters, *control_targets()])


def key_mistakes(venue: Venue, targets: Sequence[str]) -> list[str]:
    """Every key of the venue that does not exist or is bound to something that does not exist."""
    keys = venue.hands.keys.items()
    problems = [f"venue: hands.keys: {unknown_cap(cap)}" for cap, _ in keys if find_cap(cap) is None]
    caps = [find_cap(cap) for cap, _ in keys]
    twice = [cap for (cap, _), found in zip(keys, caps, strict=True) if found is not None and caps.count(found) > 1]
    problems += [f"venue: hands.keys: {' and '.join(twice)} are one key; write it once"] if twice else []
    if not any(binding.to == "quit" for binding in key_table(venue.hands.keys).values()):
        problems.append('venue: hands.keys: no key quits; write for example "Ctrl+Q" = "quit"')
    wrong = [(cap, binding.to) for cap, binding in keys if binding.to and binding.to not in targets]
    return problems + [
        f"venue: hands.keys.{cap}: {wrong_name('parameter or control', to, targets)}" for cap, to in wrong
    ]
