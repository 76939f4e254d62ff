"""Scenes of their own in further windows: each drawn on a thread of its own, in the time that the show leaves."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from livegan.config.load import LoadedScene, load_scenes
from livegan.config.picture_view import PictureView
from livegan.config.venue import Venue
from livegan.core.channels import Latest
from livegan.core.clock import Clock
from livegan.core.rings import FeatureRing, Reader
from livegan.core.types import Frame, Layout
from livegan.effects.chain import Chain
from livegan.effects.custom import CustomEffects
from livegan.effects.registry import EFFECTS
from livegan.engine.assemble import SceneEffects, budget_mb, sized, strobe_limiter
from livegan.engine.bank import Bank
from livegan.engine.bind import Binder
from livegan.engine.guard import FaultGuard
from livegan.engine.ladder import Rung
from livegan.engine.loader import Loader
from livegan.engine.patch import Patch
from livegan.engine.performer import Performer
from livegan.engine.sound_runtime import Service
from livegan.engine.timing import MOST_STEP_S
from livegan.engine.window_pace import WindowPace
from livegan.errors import SceneError
from livegan.features.listening import MAX_LAG_S
from livegan.rendering.compositor import Compositor
from livegan.rendering.load import load_generator
from livegan.rendering.media import Media
from livegan.rendering.registry import LIVE

AGAIN_S = 10.0  # from one try to load a network that has failed to the next
SHARE = 0.25  # of the memory for networks that those of all windows' own scenes may take besides


@dataclass(frozen=True, slots=True)
class WindowSetup:
    """Set-up of the scenes of windows: what they read of the show."""

    ring: FeatureRing
    layout: Layout
    clock: Clock
    fps: float
    holds: Callable[[], bool]  # whether the show holds its rate
    guard: FaultGuard


class WindowScene:
    """Scene of a window: plans and draws by itself; controls and knobs do not reach it. Owned by its own thread."""

    def __init__(self, number: int, performer: Performer, loader: Loader, show: WindowSetup) -> None:
        """`number`: of the window, for people: 2 is the first of ``[[windows]]``. `loader`: that of the performer."""
        self.groups = performer.scenes.groups  # that it listens to
        self.frames: Latest[Frame] = Latest()
        self.pace = WindowPace(show.fps)
        self._number, self.performer, self._loader, self._show = number, performer, loader, show
        self._reader = Reader(show.ring)
        self._index = 0
        self._drawn_s: float | None = None
        self._again_s = float("-inf")  # when a network that has failed may be tried again

    def service(self) -> Service:
        """For the runtime."""
        return Service(f"window-{self._number}", poll=self.poll, notice=self.notice)

    def notice(self) -> str:
        """What is wrong with its network; "" when all is well."""
        wrong = next(iter([*self.performer.bank.given_up.values()]), "")  # a copy: another thread changes it
        return f"window {self._number}: {wrong}" if wrong else ""

    def poll(self, now_s: float) -> float:
        """Draw one picture; seconds until the next one."""
        performer, level = self.performer, self.pace.level
        if not len(performer.bank):
            self._load_again(now_s)
        batch = self._reader.read(now_s - MAX_LAG_S)
        dt_s = min(now_s - self._drawn_s, MOST_STEP_S) if self._drawn_s is not None else 1 / self._show.fps
        generator = performer.newest_generator
        rung = Rung(generator.steps[-1 if level.light else 0]) if generator is not None else None
        self._drawn_s = now_s
        self.frames.put(performer.step(self._index, now_s, dt_s, batch.frame if batch else None, (), rung))
        self._index += 1
        done_s = self._show.clock.now()
        return self.pace.next_s(done_s, done_s - now_s, show_holds=self._show.holds())

    def _load_again(self, now_s: float) -> None:
        """Load a network here: all were given up, and nobody else polls the loader."""
        bank = self.performer.bank
        if bank.failed and now_s >= self._again_s:
            self._again_s = now_s + AGAIN_S
            for name in bank.failed:
                bank.try_again(name)
        self._loader.poll(now_s)


def load_window_scenes(venue: Venue) -> dict[int, LoadedScene]:
    """The scenes of the venue's windows by their number, from 1; SceneError with every mistake."""
    named = {number: table.scene for number, table in enumerate(venue.windows, 1) if table.scene}
    loaded = {number: load_scenes([name])[0] for number, name in named.items()}
    mistakes = [f"windows.{number - 1}.scene: {line}" for number, scene in loaded.items() for line in scene.mistakes]
    if mistakes:
        raise SceneError("\n".join(mistakes))
    return loaded


def window_scenes(
    loaded: Mapping[int, LoadedScene], venue: Venue, binder: Binder, show: WindowSetup
) -> dict[int, WindowScene]:
    """The scenes of windows, bound and loaded; SceneError with every mistake in one, NetworkError if one does not load.

    Before the show: libraries that draw are not made to be loaded by two threads at once.
    """
    scenes: dict[int, WindowScene] = {}
    for number, scene in loaded.items():
        try:
            patch = binder.bind(scene)
        except SceneError as error:
            lines = str(error).splitlines()
            raise SceneError("\n".join(f"windows.{number - 1}.scene: {line}" for line in lines)) from error
        window = venue.window.model_copy(update={"size": venue.windows[number - 1].size})
        place = venue.model_copy(update={"window": window})
        share_mb = SHARE * budget_mb(venue) / len(loaded)
        performer, loader = _performer(patch, place, venue.windows[number - 1], show, share_mb)
        scenes[number] = WindowScene(number + 1, performer, loader, show)
    return scenes


def _performer(
    patch: Patch, venue: Venue, view: PictureView, show: WindowSetup, share_mb: float
) -> tuple[Performer, Loader]:
    """A performer with everything of its own; NetworkError if a network cannot be loaded.

    It has the network at its place and the nearest ones that fit into `share_mb` [MB], and loads no other: where one is
    missing, the nearest draws.
    """
    guard = show.guard
    loader = Loader(lambda info, options: load_generator(sized(info, venue), venue.picture.device, options))
    bank = Bank(loader, float("inf"))  # evicts nothing; what it asks of the loader waits while it has any
    for info in patch.outward():
        if len(bank) and bank.megabytes + bank.estimate_mb(info) > share_mb:
            break
        generator = loader.make(info, LIVE)  # the likely backend at once: nothing is tuned beside a show that plays
        generator.prepare_steps(LIVE)
        bank.add(generator)
    performer = Performer(
        [patch],
        0,
        bank,
        SceneEffects(CustomEffects([], Path.cwd(), guard), Chain(EFFECTS, guard)),
        show.layout,
        show.clock,
        guard,
        layers=Compositor(guard, Media(guard, synchronous=True)),
        limiter=strobe_limiter(venue, [view]),
    )
    return performer, loader
