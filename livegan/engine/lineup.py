"""Line-up of a show: its scenes, which of them play, and which one is where."""

from collections.abc import Iterator, Sequence

from livegan.core.events import HALF
from livegan.core.tempo_range import TempoRange
from livegan.engine.board import SceneCard
from livegan.engine.crossfader import Crossfader, ManualTransition
from livegan.engine.patch import Patch
from livegan.engine.program import Program
from livegan.engine.transition import Transition

WHOLE = Transition(0.0, 0.0)  # has come in


class Lineup:
    """Scenes of a show. Owned by the engine's thread; `scene_player.ScenePlayer` changes it."""

    def __init__(
        self, patches: Sequence[Patch], start: int, safe: Patch | None, program: Program | None, takeover: str
    ) -> None:
        """Patch number `start` plays. `safe`: one to go back to that may be none of them. `takeover`: of faders."""
        self.patches = list(patches)
        self.program = program
        self.playing: list[tuple[Patch, Transition | ManualTransition]] = [(self.patches[start], WHOLE)]
        """Oldest first; each comes in over those before."""
        self.fader = Crossfader(takeover)
        self.chosen: Patch | None = None  # the next one, which waits for its network or for the beat
        self.leading = self.patches[start]  # `patch` as it was in the newest frame: any thread may read it
        self._safe = safe
        self._start_number = start
        self._place = start  # of the newest scene that is one of `patches`
        self._cards: list[tuple[Patch, SceneCard]] = []

    @property
    def patch(self) -> Patch:
        """The scene that plays, or is coming in; between two of them the one of which more is seen."""
        at = -2 if self._mixes_on_top and self.fader.amount < HALF else -1
        return self.playing[at][0]

    @property
    def title(self) -> str:
        """For the HUD: what plays, and in a setlist which entry it is."""
        title, program = self.patch.scene.title, self.program
        if self._mixes_on_top:
            return self.fader.title(self.playing[-2][0])
        number = self.number_of(self.patch)
        if program is None or number < 0:
            return title
        place = program.order.index(number) + 1
        return f"{title}  {place}/{len(program.order)}"

    @property
    def safe(self) -> Patch:
        """The safe scene, whose network is always kept ready."""
        return self._safe or self.patches[min(self._start_number, len(self.patches) - 1)]

    @property
    def safe_alone(self) -> bool:
        """Whether the safe scene is all that is seen."""
        return len(self.playing) == 1 and self.patch is self.safe

    @property
    def groups(self) -> frozenset[str]:
        """Groups of inputs that the scenes that play, and the chosen one, listen to."""
        patches = [patch for patch, _ in self.playing] + ([self.chosen] if self.chosen else [])
        return frozenset().union(*(patch.groups for patch in patches))

    @property
    def tempo_range(self) -> TempoRange | None:
        """Tempi that the scene that plays expects [bpm]; None: it says none."""
        return self.patch.scene.tempo

    @property
    def cards(self) -> tuple[SceneCard, ...]:
        """The show's scenes, for those who choose one."""
        if [patch for patch, _ in self._cards] != self.patches:
            self._cards = [(each, SceneCard(each.name, each.scene.title, each.scene.about)) for each in self.patches]
        return tuple(card for _, card in self._cards)

    def number_of(self, patch: Patch | None) -> int:
        """Where a scene, or the one that has replaced it, is among `patches`; -1: it is none of them."""
        patches, place = self.patches, self._place
        if patch in patches:
            return patches.index(patch)
        if patch is None or patch is self._safe:
            return -1
        same = [i for i, other in enumerate(patches) if other.name == patch.name]  # which may wait for its network
        return place if place in same else same[0] if same else -1

    @property
    def decks(self) -> tuple[int, int]:
        """The scenes at the ends of the crossfader, at 0 and at 1; -1: none."""
        at = self._fader_at
        ends = self.number_of(self.patch if at is None else self.playing[at - 1][0]), self.number_of(self.fader.cued)
        return ends if self.fader.end == 0.0 else ends[::-1]

    @property
    def following(self) -> Patch:
        """The scene that "scene.next" would choose."""
        return self._neighbour(1)

    def numbered(self, number: int) -> Patch | None:
        """The scene of that number in the board; -1: a safe one beside the others. Any thread may ask."""
        patches = self.patches
        return self._safe if number == -1 else patches[number] if 0 <= number < len(patches) else None

    @property
    def draws_score(self) -> bool:
        """Whether one of the scenes that play draws notes."""
        return any(patch.draws_score for patch, _ in self.playing)

    def _has(self, patch: Patch) -> bool:
        return patch in self.patches or patch is self._safe

    def _there(self, patch: Patch) -> Patch | None:
        """A scene of the show, or the one that has replaced it; None: it is in the show no more."""
        number = self.number_of(patch)
        return patch if self._has(patch) else self.patches[number] if number >= 0 else None

    def _neighbour(self, step: int, of: Patch | None = None) -> Patch:
        at = self._place_of(of or self.chosen or self.patch)
        program = self.program
        return self.patches[(at + step) % len(self.patches) if program is None else program.after(at, step)]

    def _place_of(self, patch: Patch) -> int:
        """Where a scene, or its successor, is among the show's; of one that is none of them, where the show was."""
        number = self.number_of(patch)
        return number if number >= 0 else min(self._place, len(self.patches) - 1)

    def _every(self) -> Iterator[Patch]:
        """Every scene that a hand may hold: of the show, that plays, or that will."""
        yield from self.patches
        yield from (patch for patch, _ in self.playing)
        yield from (patch for patch in (self._safe, self.chosen, self.fader.cued, self.fader.later) if patch)

    @property
    def _fader_at(self) -> int | None:
        """Where in `playing` the scene is that the crossfader brings in."""
        return next((i for i, (_, how) in enumerate(self.playing) if isinstance(how, ManualTransition)), None)

    @property
    def _mixes_on_top(self) -> bool:
        return isinstance(self.playing[-1][1], ManualTransition)
