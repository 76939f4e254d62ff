"""Assembly of a show's performer: scenes bound, the first network loaded. Loads torch; `bind` does not."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

from livegan.config.picture_view import PictureView
from livegan.config.venue import Venue
from livegan.core.clock import Clock
from livegan.core.layers import DRAWN
from livegan.core.machine import MEGABYTE, cores
from livegan.core.types import Picture
from livegan.effects.chain import Chain
from livegan.effects.custom import CustomEffects, Function
from livegan.effects.memory import Memory
from livegan.effects.registry import EFFECTS
from livegan.engine.bank import Bank
from livegan.engine.bind import Binder, Setlist, bind
from livegan.engine.camera import CameraFeed, sees
from livegan.engine.guard import FaultGuard
from livegan.engine.loader import Loader
from livegan.engine.performer import Performer
from livegan.engine.scene_player import MAX_PLAYING
from livegan.features.listening import Listening
from livegan.networks.device import memory_budget_mb
from livegan.networks.info import NetworkInfo
from livegan.networks.text_encoder import TextEncoder
from livegan.rendering.compositor import Compositor
from livegan.rendering.load import load_generator
from livegan.rendering.media import Media
from livegan.rendering.registry import LIVE, OFFLINE, LoadOptions
from livegan.rendering.strobe_limiter import StrobeLimiter
from livegan.rendering.threads import TUNING_CORES


@dataclass(frozen=True, slots=True)
class Session:
    """Session: a performer and its stages, live or in a render."""

    performer: Performer
    listening: Listening
    loader: Loader
    show: Setlist  # as it was bound
    binder: Binder  # for scenes that are read again
    media: Media  # images, texts and videos of layers; live, poll it
    feed: CameraFeed  # what a camera sees; live, poll it
    text: TextEncoder  # of words for networks that take them
    notices: tuple[str, ...] = ()  # lines worth printing before the show


def assemble(
    show: Setlist,
    venue: Venue,
    listening: Listening,
    clock: Clock,
    guard: FaultGuard | None = None,
    *,
    synchronous: bool = False,
    draws: bool = True,
    options: LoadOptions = LIVE,
    functions: Mapping[str, Function] = MappingProxyType({}),
) -> Session:
    """Bind the scenes, load the first one's network and draw a frame with it; the other networks follow later.

    A `synchronous` session loads every network when it needs it, as a render must; a live one in the background, but
    the first as `options` say. One that never `draws` plans and finishes what others draw, and loads no network.
    `functions`: the venue's own effects that a program gives, by name; others are imported.
    """
    feed = CameraFeed(venue.camera.device, clock, synchronous=synchronous)
    text = TextEncoder()
    bound = bind(show, listening.layout, venue, feed, text)
    feed.prepare(patch.networks[0] for patch in bound.patches if sees(patch.scene))
    guard = guard or FaultGuard(clock.now)
    loader = Loader(
        lambda info, options: load_generator(sized(info, venue), venue.picture.device, options),
        tunes=cores() >= TUNING_CORES,
    )
    first = [loader.make(bound.patches[bound.start].here, OFFLINE if synchronous else options)] if draws else []
    bank = Bank(loader, budget_mb(venue), first, synchronous=synchronous)
    media = Media(guard, synchronous=synchronous)
    own_effects = [table.function for table in venue.effects]

    def stages() -> tuple[list[SceneEffects], Compositor, StrobeLimiter | None]:
        own = CustomEffects(own_effects, Path.cwd(), guard, functions)
        chains = [SceneEffects(own, Chain(EFFECTS, guard)) for _ in range(MAX_PLAYING)]
        return chains, Compositor(guard, media), strobe_limiter(venue, shown_by(venue))

    (first_effects, *further_effects), layers, limiter = stages()
    performer = Performer(
        bound.patches,
        bound.start,
        bank,
        first_effects,
        listening.layout,
        clock,
        guard,
        layers=layers,
        limiter=limiter,
        safe=bound.safe,
        program=bound.program,
        further_effects=further_effects,
        feed=feed,
        takeover=venue.hands.takeover,
        stages=stages,
    )
    return Session(performer, listening, loader, bound.show, bound.binder, media, feed, text, bound.remarks)


def shown_by(venue: Venue) -> list[PictureView]:
    """The windows that show the show's picture, not a scene of their own."""
    return [venue.window, *(window for window in venue.windows if not window.scene)]


def strobe_limiter(venue: Venue, views: Sequence[PictureView]) -> StrobeLimiter | None:
    """The strobe limiter of pictures that these windows show, each of them a slice or all; None: the venue has none."""
    if venue.safety.flashes != "limit":
        return None
    return StrobeLimiter(min(width * height for _, _, width, height in (view.slice for view in views)))


class SceneEffects:
    """Effects of one scene: the player's own, then those of the scene."""

    def __init__(self, own: CustomEffects, chain: Chain) -> None:
        self._own, self._chain = own, chain

    def __call__(self, picture: Picture, plan: Mapping[str, float], dt_s: float) -> Picture:
        return self._chain.step(self._own.step(picture, plan), plan, dt_s)

    def memory(self) -> Memory:
        """What they remember of earlier frames."""
        return self._own.memory() | self._chain.memory()

    def restore(self, memory: Memory) -> None:
        """Remember what others did."""
        self._own.restore(memory)
        self._chain.restore(memory)


def sized(info: NetworkInfo, venue: Venue) -> NetworkInfo:
    """The network; a drawing, which has any size, at that of the venue's window or of its film."""
    width, height = venue.window.size
    return replace(info, resolution=(height, width)) if info.kind in DRAWN else info


def budget_mb(venue: Venue) -> float:
    """Memory that networks may take here [MB]: what the venue says, or by what is free."""
    asked_mb = venue.picture.memory_gb * 1000**3 / MEGABYTE
    return asked_mb or memory_budget_mb(venue.picture.device)
