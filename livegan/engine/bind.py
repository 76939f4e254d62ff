"""Binding: the scenes of a show against what there is, all mistakes at once; then a performer that can play them."""

from collections.abc import Iterable
from dataclasses import dataclass

from livegan.config.load import find_scene, read_scene_anyway, scene_paths
from livegan.config.scene import Scene
from livegan.config.venue import Venue
from livegan.core.clock import Clock
from livegan.core.parameters import parameters
from livegan.core.registry import unknown
from livegan.core.types import Layout
from livegan.effects.chain import Chain
from livegan.effects.registry import EFFECTS, effect_parameters
from livegan.engine.bank import Bank, PatientBank
from livegan.engine.guard import FaultGuard
from livegan.engine.loader import Loader
from livegan.engine.networks import Networks, distinct, find_bank, find_path
from livegan.engine.patch import Patch
from livegan.engine.performer import Performer
from livegan.engine.validation import HAND, Vocabulary, hand_mistake, mistakes
from livegan.errors import LiveganError, SceneError
from livegan.features.hands import BEAT_HANDS
from livegan.features.listening import Listening
from livegan.features.names import features_of
from livegan.mapping.motions.path import PathMotion
from livegan.rendering.load import load_generator


@dataclass(frozen=True, slots=True)
class Setlist:
    """The scenes on keys 1-9, in order, and which of them begins."""

    names: tuple[str, ...]
    start: int = 0
    chosen: bool = True  # somebody named them: a mistake in one is an error. Otherwise it is left out


@dataclass(frozen=True, slots=True)
class Session:
    """Everyone needed to play, on stage or in a render."""

    performer: Performer
    listening: Listening
    loader: Loader
    notices: tuple[str, ...] = ()  # lines worth printing before the show


@dataclass(frozen=True, slots=True)
class CheckedScene:
    """A scene, its networks, and everything that is wrong with it, one line each."""

    name: str
    scene: Scene | None
    networks: Networks
    mistakes: tuple[str, ...]
    path: PathMotion | None = None  # that it walks


def listen(venue: Venue, sample_rate: int, channels: int, scenes: Iterable[str] = ()) -> Listening:
    """The listening stage of this venue, for sound of that rate and so many channels.

    Of groups of channels, and of parts that must be separated, it computes what `scenes` ask for.
    """
    table = venue.listening
    return Listening(
        sample_rate,
        channels,
        window=table.window,
        hop=table.hop,
        bands=table.bands,
        groups={name: group.channels for name, group in venue.inputs.items()},
        asked=_asked(venue, scenes),
    )


def _asked(venue: Venue, scenes: Iterable[str]) -> list[str]:
    """The features of groups that scenes name and that there are; of the others the scenes' mistakes will tell."""
    named: list[str] = []
    for name in scenes:
        scene, _ = read_scene_anyway(name)
        if scene is not None:
            sources = [scene.motion.pulse_from, scene.motion.drift_from, *(route.source for route in scene.routes)]
            named += [source for source in sources if ":" in source]
    known = set(features_of(venue.inputs, venue.listening.bands)) if named else set()
    return [name for name in dict.fromkeys(named) if name in known]


def vocabulary_of(layout: Layout) -> Vocabulary:
    """What scenes may name: the features of `layout`, our parameters, one amount per effect."""
    return Vocabulary(layout, {**parameters(), **effect_parameters()})


def setlist(venue: Venue, start: str = "") -> Setlist:
    """What the venue plays, beginning with `start`, or the venue's own choice.

    A start that is not among the scenes is added at the end, so that the keys stay where they were.
    """
    order = list(venue.show.scenes) or sorted(scene_paths(), key=lambda name: (name != "default", name))
    start, chosen = start or venue.show.start, bool(venue.show.scenes)
    if not order and not start:
        raise SceneError("there is no scene to play; put one in presets/scenes and type: livegan scenes")
    if not start:
        return Setlist(tuple(order), 0, chosen)
    places = [find_scene(name) for name in order]
    if find_scene(start) not in places:
        return Setlist((*order, start), len(order), chosen)
    return Setlist(tuple(order), places.index(find_scene(start)), chosen)


def check_scene(name: str, names: Vocabulary) -> CheckedScene:
    """Read one scene and its networks, and find everything wrong with them."""
    scene, wrong = read_scene_anyway(name)
    if scene is None:
        return CheckedScene(name, None, (), tuple(wrong))
    networks, found = find_bank(scene)
    found += mistakes(scene, names, networks)
    path = None
    try:
        path = find_path(scene, networks, find_scene(name).parent)
    except LiveganError as error:
        found.append(f"motion.path: {error}")
    wrong += [f"scene '{name}': {mistake}" for mistake in found]
    return CheckedScene(name, scene, tuple(networks), tuple(wrong), path)


def venue_mistakes(venue: Venue, names: Vocabulary) -> list[str]:
    """Everything in the venue that names something there is not."""
    table = names.parameters
    turnable = [*table, *BEAT_HANDS]
    knobs = venue.hands.knobs.items()
    wrong = [(knob, to) for knob, to in knobs if to not in turnable]
    found = [f"venue: hands.knobs.{knob}: {unknown('parameter', to, turnable)}" for knob, to in wrong]
    found += [f"venue: hands.knobs.{knob}: {hand_mistake(knob)}" for knob, _ in knobs if not HAND.fullmatch(knob)]
    for name in (*venue.show.scenes, *([venue.show.start] if venue.show.start else [])):
        try:
            find_scene(name)
        except LiveganError as error:
            found.append(f"venue: show: {error}")
    return found


def bind(what: Setlist, layout: Layout, venue: Venue) -> tuple[list[Patch], int, tuple[str, ...]]:
    """Patches in order, which of them begins, and a line for each scene that was left out.

    SceneError with every mistake in any scene that somebody asked for.
    """
    names = vocabulary_of(layout)
    looked = [check_scene(name, names) for name in what.names]
    asked = looked if what.chosen else looked[what.start : what.start + 1]
    found = [*venue_mistakes(venue, names), *(mistake for bound in asked for mistake in bound.mistakes)]
    if found:
        raise SceneError("\n".join(found))
    good = [bound for bound in looked if not bound.mistakes]
    bad = [bound.name for bound in looked if bound.mistakes]
    left_out = [f"Scene '{name}' is left out; type: livegan check {name}" for name in bad]
    banks = distinct(bound.networks for bound in good)
    patches = [
        Patch(bound.name, bound.scene, names, bank, venue.hands.knobs, bound.path)
        for bound, bank in zip(good, banks, strict=True)
        if bound.scene
    ]
    return patches, good.index(looked[what.start]), tuple(left_out)


def assemble(
    what: Setlist,
    venue: Venue,
    listening: Listening,
    clock: Clock,
    guard: FaultGuard | None = None,
    *,
    patient: bool = False,
) -> Session:
    """Bind the scenes, load the first one's network and let it prove itself; the other networks follow later.

    A `patient` company has time, as in a render: it waits for every network it needs.
    """
    patches, start, left_out = bind(what, listening.layout, venue)
    guard = guard or FaultGuard(clock.now)
    loader = Loader(lambda info: load_generator(info, venue.picture.device))
    first = loader.make(patches[start].here)
    bank = (PatientBank if patient else Bank)(loader, budget_mb(venue), [first])
    performer = Performer(patches, start, bank, Chain(EFFECTS, guard).step, listening.layout, clock, guard)
    return Session(performer, listening, loader, left_out)


def budget_mb(venue: Venue) -> float:
    """How much memory networks may take here [MB]: what the venue says, or by what is free."""
    from livegan.networks.device import choose_device, memory_budget_mb  # late: brings torch

    asked_mb = venue.picture.memory_gb * 1000**3 / 2**20
    return asked_mb or memory_budget_mb(choose_device(venue.picture.device).device)


def check(venue: Venue, order: Iterable[str]) -> list[str]:
    """Every mistake in these scenes and in the venue's own names, one line each."""
    order = list(order)
    names = vocabulary_of(listen(venue, 48000, 2, order).layout)
    return [
        *(mistake for name in order for mistake in check_scene(name, names).mistakes),
        *venue_mistakes(venue, names),
    ]
