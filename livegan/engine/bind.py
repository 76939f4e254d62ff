"""Binding: the scenes of a show against what there is, all mistakes at once; then a performer that can play them."""

from collections.abc import Sequence
from dataclasses import dataclass

from livegan.core.clock import Clock
from livegan.core.registry import unknown
from livegan.core.types import Layout
from livegan.effects.chain import Chain
from livegan.effects.registry import EFFECTS
from livegan.engine.guard import Guard
from livegan.engine.loader import Loader
from livegan.engine.patch import Names, Patch, mistakes
from livegan.engine.performer import Performer
from livegan.errors import LiveganError, NetworkError, SceneError
from livegan.features.listening import Listening
from livegan.generators.info import NetworkInfo
from livegan.generators.load import find_network, load_generator
from livegan.mapping.parameters import parameters
from livegan.scenes.load import find_scene, load_scene, scene_paths
from livegan.scenes.schema import Scene
from livegan.scenes.venue import Venue


@dataclass(frozen=True, slots=True)
class Company:
    """Everyone needed to play, on stage or in a render."""

    performer: Performer
    listening: Listening
    loader: Loader


def listen(venue: Venue, sample_rate: int, channels: int) -> Listening:
    """The listening stage of this venue, for sound of that rate and so many channels."""
    table = venue.listening
    return Listening(sample_rate, channels, window=table.window, hop=table.hop, bands=table.bands)


def names_here(layout: Layout) -> Names:
    """What scenes may name: the features of `layout`, our parameters, one amount per effect."""
    return Names(layout, parameters(EFFECTS))


def programme(venue: Venue, start: str = "") -> tuple[list[str], int]:
    """The scenes on keys 1-9, in order (ours: default first), and which of them begins: `start`, or the venue's choice.

    A start that is not among them is added at the end, so that the keys stay where they were.
    """
    order = list(venue.show.scenes) or sorted(scene_paths(), key=lambda name: (name != "default", name))
    start = start or venue.show.start
    if not order and not start:
        raise SceneError("there is no scene to play; put one in presets/scenes and type: livegan scenes")
    if not start:
        return order, 0
    places = [find_scene(name) for name in order]
    if find_scene(start) not in places:
        return [*order, start], len(order)
    return order, places.index(find_scene(start))


def scene_mistakes(name: str, names: Names) -> list[str]:
    """Everything wrong with one scene, one line each; empty if it can be played."""
    try:
        scene = load_scene(name)
    except SceneError as error:
        return str(error).splitlines()
    network: NetworkInfo | None = None
    found = []
    try:
        network = find_network(scene.network)
    except NetworkError as error:
        found = [f"network: {error}"]
    return [f"scene '{name}': {mistake}" for mistake in found + mistakes(scene, names, network)]


def bind(order: Sequence[str], layout: Layout, venue: Venue) -> list[Patch]:
    """Bind scenes in the order given; SceneError with every mistake in any of them."""
    names = names_here(layout)
    found = [mistake for name in order for mistake in scene_mistakes(name, names)]
    if found:
        raise SceneError("\n".join(found))
    scenes: list[tuple[str, Scene]] = [(name, load_scene(name)) for name in order]
    return [Patch(name, scene, names, find_network(scene.network), venue.hands.knobs) for name, scene in scenes]


def assemble(order: Sequence[str], start: int, venue: Venue, listening: Listening, clock: Clock) -> Company:
    """Bind the scenes, load the first one's network and let it prove itself; the other networks follow later."""
    patches = bind(order, listening.layout, venue)
    guard = Guard(clock.now)
    loader = Loader(lambda info: load_generator(info, venue.picture.device))
    first = loader.make(patches[start].network)
    chain = Chain(EFFECTS, guard)
    performer = Performer(patches, start, [first], chain.step, listening.layout, clock, guard)
    others = {patch.network.name: patch.network for patch in patches if patch.network.name != first.info.name}
    for info in others.values():
        loader.want(info)
    return Company(performer, listening, loader)


def check(venue: Venue, order: Sequence[str]) -> list[str]:
    """Every mistake in these scenes and in the venue's own names, one line each."""
    names = names_here(listen(venue, 48000, 1).layout)
    found = [mistake for name in order for mistake in scene_mistakes(name, names)]
    for knob, target in venue.hands.knobs.items():
        if target not in names.parameters:
            found.append(f"venue: hands.knobs.{knob}: {unknown('parameter', target, names.parameters)}")
    for name in (*venue.show.scenes, *([venue.show.start] if venue.show.start else [])):
        try:
            find_scene(name)
        except LiveganError as error:
            found.append(f"venue: show: {error}")
    return found
