"""Scene player: which scenes play, which comes next and when, and what can be undone."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from livegan.config.transition import TransitionTable
from livegan.core.channels import Inbox, Signal
from livegan.core.events import HALF, stands_somewhere
from livegan.core.score import Score
from livegan.core.target import Prompt
from livegan.core.text import whole_number
from livegan.core.transitions import CUT
from livegan.core.types import ControlEvent, FeatureFrame, FramePlan
from livegan.engine.beat_grid import BeatGrid
from livegan.engine.crossfader import ManualTransition
from livegan.engine.frame_inputs import Readiness
from livegan.engine.lineup import WHOLE, Lineup
from livegan.engine.panic import Moves, let_go, put_back
from livegan.engine.patch import Patch
from livegan.engine.patch_bay import PatchBay
from livegan.engine.patch_controls import ControlState, Hand
from livegan.engine.patching import Repatch
from livegan.engine.program import Program
from livegan.engine.reload import Reload, SetReload
from livegan.engine.saving import Bookmark, SceneCopy
from livegan.engine.transition import Start, Transition
from livegan.engine.undo import Restore, UndoStack
from livegan.outputs.snapshot import Snapshot

MOST_STANDS = 4096  # controls whose place is remembered
MAX_PLAYING = 3  # scenes that come in over each other at one time
RELOAD = TransitionTable(seconds=1.0)  # to a scene that was read again while it plays
BACK = TransitionTable(seconds=1.0)  # to the scene before, when a change is undone
AT_ONCE = TransitionTable(kind=CUT)
NONE = (None, WHOLE)  # of `_glides`


class ScenePlayer(Lineup):
    """Scene player of a show: what changes its line-up. Owned by the engine's thread."""

    def __init__(
        self,
        patches: Sequence[Patch],
        start: int,
        bank: Readiness,
        *,
        safe: Patch | None = None,
        program: Program | None = None,
        takeover: str = "scale",
    ) -> None:
        """Patch number `start` plays. `safe` is the one to go back to, by default that. `program`: of a setlist.

        `takeover`: of faders that move the crossfader, whose binding says none.
        """
        super().__init__(patches, start, safe, program, takeover)
        self.bank = bank
        self.beats = BeatGrid()
        self.requests: Inbox[SceneCopy | Bookmark | Snapshot] = Inbox(16)  # to be written by the saving service
        self.undone, self.undone_s = "", float("-inf")  # what was undone last, and when
        self.remark, self.remark_s = "", float("-inf")  # what became of something else, and when
        self.repatched: Signal[[Patch, str]] = Signal()  # other routes, in that scene, and what was changed
        self._how: TransitionTable | None = None  # the chosen one comes in, if not by its own transition
        self._start: Start | None = None  # of the transition, once the network is ready
        self._undo = UndoStack()
        self._stands: dict[Hand, float] = {}  # where each control of a controller was last seen, 0..1
        self._undoing = False  # the chosen one is what an undo goes back to
        self._glides: dict[Patch, tuple[Patch | None, Transition]] = {}  # what a scene was, and how it becomes new
        self._planned_s = 0.0  # the time of the newest plan
        if program is not None:
            program.began(start)

    @property
    def waits_for(self) -> str:
        """What the chosen scene waits for: the network, or the beat; "": nothing."""
        if self.chosen is None:
            return ""
        if self._start is None:
            return self.chosen.here.name
        return f"the next {self._start.waits_for}: {self.chosen.scene.title}" if self._start.waits_for else ""

    @property
    def planned(self) -> list[Patch]:
        """Every scene that the next plan is made of."""
        playing = [patch for patch, _ in self.playing]
        return [*playing, *(old for old, _ in self._glides.values() if old is not None)]

    def handle(self, event: ControlEvent, time_s: float, plan: FramePlan | None) -> None:
        """Apply one control event in the frame at `time_s`; `plan` is the newest."""
        kind, _, which = event.name.partition(".")
        if event.name == "scene.save" and event.value > 0:
            self.requests.put(SceneCopy(self.patch.name, self.patch.scene_now(), self.patch.folder))
        elif event.name == "latent.bookmark" and event.value > 0 and plan is not None:
            self.requests.put(Bookmark(Path(self.patch.name).stem, plan))
        elif event.name == "undo" and event.value > 0:
            self._take_back(time_s)
        elif event.name == "redo" and event.value > 0:
            self._say(f"done again: {self._undo.redo() or 'nothing'}", time_s)
        elif event.name == "scene.safe" and event.value > 0:
            self._choose(self.safe, AT_ONCE)
        elif event.name == "panic" and event.value > 0:
            self._panic()
        elif kind == "crossfade" and (event.value > 0 or not which):
            self._crossfade(event, time_s)
        elif kind == "cue" and event.value > 0:
            self._cue(which)
        elif kind == "prompt" and event.value > 0:
            self.ask(self.patch.prompt_called(which))
        elif kind == "scene" and event.value > 0:
            self._choose_by_name(which)
        else:
            self._move(event, time_s)

    def ask(self, prompt: Prompt | None) -> None:
        """Let the scene that plays drift to what words ask for; None: back to its own look."""
        patch, before = self.patch, self.patch.prompt
        if prompt == before:
            return
        patch.ask(prompt)
        words = prompt.words if prompt is not None else "none"
        self._undo.add(f"the words: {words}", partial(self._ask_again, patch, before))

    def step(self, features: FeatureFrame | None, time_s: float, dt_s: float) -> None:
        """Begin what is due at `time_s`: the next entry of the setlist, and the transition to the chosen scene."""
        if self.program is not None:
            self.program.hear(features, dt_s)
        if self.program is not None and self.chosen is None:
            due = self.program.step(features, self.beats, dt_s)
            if due and not self._mixes_on_top:  # between two scenes the hand decides
                self._choose(self.patches[self.program.next], at_once=due == "bars")
        self._step_fader(dt_s)
        self._change(time_s)
        self.leading = self.patch

    def plan(
        self,
        index: int,
        time_s: float,
        dt_s: float,
        features: FeatureFrame,
        delay_s: float = 0.0,
        score: Score | None = None,
    ) -> FramePlan:
        """The plan of the next frame: the scenes that play, each mixed over those before it.

        `delay_s`: how long after `time_s` frames are seen, lately. `score`: of what plays, where it is known.
        """
        amounts = [transition.amount(time_s) for _, transition in self.playing]
        whole = max(i for i, amount in enumerate(amounts) if amount >= 1 or i == 0)
        mixed = self._fader_at is not None
        del self.playing[:whole]  # what lies under a scene that has wholly come in is not seen any more
        if mixed and self._fader_at is None:
            self.fader.rest(self.playing[0][0])
        self.leading, self._planned_s = self.patch, time_s

        def planned(patch: Patch) -> FramePlan:
            plan = patch.plan(index, time_s, dt_s, features, delay_s, score)
            old, glide = self._glides.get(patch, NONE)
            return plan if old is None else glide.mix(planned(old), plan, time_s)

        self._glides = {new: each for new, each in self._glides.items() if each[1].amount(time_s) < 1}
        plans = {patch: planned(patch) for patch in dict.fromkeys(patch for patch, _ in self.playing)}
        plan = plans[self.playing[0][0]]
        for patch, transition in self.playing[1:]:
            plan = transition.mix(plan, plans[patch], time_s)
        return plan

    def replace(self, old: Patch, new: Patch) -> None:
        """Put a scene that was bound anew in the place of an old one, between two frames.

        If it plays, it goes on until the new one has come in over it, as if that had been chosen now; between two
        scenes, until its picture has become the new one's, unless that has other networks: then that is there at once.
        Every other scene and every transition goes on as it is. ValueError if the old one is none of the show's.
        """
        if old is self._safe:
            self._safe = new
        else:
            self.patches[self.patches.index(old)] = new
        new.go_on_from(old)
        self.fader.cued, self.fader.later = (
            new if each is old else each for each in (self.fader.cued, self.fader.later)
        )
        if self._fader_at is not None and any(patch is old for patch, _ in self.playing):
            self.playing = [(new if patch is old else patch, how) for patch, how in self.playing]
            if {info.name for info in new.networks} >= {info.name for info in old.networks}:
                self._glides[new] = old, Transition(self._planned_s, RELOAD.seconds or 0.0)
        elif self.chosen is old or (self.chosen is None and self.patch is old):
            self._choose(new, RELOAD)

    def take(self, reload: Reload, time_s: float = 0.0) -> None:
        """Take scenes or a setlist that were read again. What plays goes on, or comes to its new version."""
        if isinstance(reload, SetReload):
            self._take_set(reload)
            return
        for number, new in reload.patches:
            old = self._safe if number is None else self.patches[number] if number < len(self.patches) else None
            if old is not None:
                self.replace(old, new)
                if old.is_repatched and new.scene.routes != old.scene.routes:
                    self._say(f"{new.scene.title}: its file has new routes, which replace yours (Z: back)", time_s)
                self._undo.add(f"the newer file of {new.scene.title}", partial(self._put_back, new, old))

    def repatch(self, repatch: Repatch, time_s: float) -> None:
        """Give a scene other routes, between two frames, if its own are still those that were changed."""
        patch, taken = repatch.patch, False
        try:
            if self._has(patch) and patch.bay is repatch.before:
                patch.groups = repatch.groups
                patch.repatch(repatch.after, repatch.parameters)
                restore = partial(self._put_routes_back, patch, repatch.before)
                self._undo.add_move(repatch.what, time_s, repatch.text, restore)
                self.repatched.emit(patch, repatch.text)
                taken = True
        finally:
            repatch.taken.put(taken)

    def _say(self, remark: str, time_s: float) -> None:
        self.remark, self.remark_s = remark, time_s

    def _take_set(self, reload: SetReload) -> None:
        old = self.patches
        kept = [old[entry] if isinstance(entry, int) else entry for entry in reload.entries]
        playing = self.chosen or self.patch
        for new in kept:
            if new not in old and new.name == playing.name and playing in old and playing not in kept:
                new.go_on_from(playing)  # the entry that plays has other values
                self._choose(new, RELOAD)
                break
        self.patches, self.program, self._safe = kept, reload.program, reload.safe or self._safe
        self._place = self._place_of(self.chosen or self.patch)
        cued = self.fader.cued
        if cued is not None and self._fader_at is None and cued not in kept:
            self.fader.cued = next((patch for patch in kept if patch.name == cued.name), None)
        if self.program is not None:
            self.program.began(self._place)

    def _choose_by_name(self, which: str) -> None:
        if which in ("next", "previous"):
            self._choose(self._neighbour(1 if which == "next" else -1))
        elif 1 <= (number := whole_number(which) or 0) <= len(self.patches):
            self._choose(self.patches[number - 1])

    def _cue(self, which: str) -> None:
        """Cue a scene: its network is loaded, and the crossfader leads to it. That which plays: cue none."""
        if which in ("next", "previous"):
            step = 1 if which == "next" else -1
            cued = self._neighbour(step, self.fader.later or self.fader.cued)
            cued = self._neighbour(step, cued) if cued is self.patch else cued
        elif 1 <= (number := whole_number(which) or 0) <= len(self.patches):
            cued = self.patches[number - 1]
        else:
            return
        before = self.fader.cued
        self.fader.take(cued if cued is not self.patch else None, mixing=self._fader_at is not None)
        if self.fader.cued is not before:
            self._undo.add(f"the cue of {cued.scene.title}", partial(self._cue_again, before))

    def _cue_again(self, patch: Patch | None) -> Restore | None:
        if patch is not None and not self._has(patch):
            return None
        again = partial(self._cue_again, self.fader.cued)
        self.fader.take(patch, mixing=self._fader_at is not None)
        return again

    def _crossfade(self, event: ControlEvent, time_s: float) -> None:
        """Move the crossfader. It leaves its end only if there is a scene to mix in; none cued: the next one is."""
        fader = self.fader
        self._mind_cue()
        fader.handle(event, time_s)
        if self._fader_at is not None or not fader.leaving:
            return
        if fader.cued is None and self.following is not self.patch:
            fader.cued = self.following
        cued = fader.cued
        if cued is None:
            fader.hold()
        elif not self.bank.has(cued.here) or len(self.playing) >= MAX_PLAYING:
            fader.hold()
            self._say(f"the crossfader waits for {cued.scene.title}", time_s)

    def _mind_cue(self) -> None:
        """A scene that plays, as it was chosen otherwise, is cued no more."""
        if self._fader_at is None and self.fader.cued is self.patch:
            self.fader.cued = None

    def _step_fader(self, dt_s: float) -> None:
        """Let the crossfader follow the hand: the cued scene comes in, plays, or goes again."""
        fader = self.fader
        self._mind_cue()
        if self._fader_at is None and fader.leaving and fader.cued is not None:
            self._undo.add(f"the crossfade to {fader.cued.scene.title}", partial(self._uncross, self.patch))
            self.playing.append((fader.cued, ManualTransition(fader)))
        at = self._fader_at
        fader.step(dt_s)
        if at is None:
            return
        if fader.amount >= 1.0:
            before, arrived = self.playing[at - 1][0], self.playing[at][0]
            self.playing[: at + 1] = [(arrived, WHOLE)]
            fader.arrive(before if self._has(before) else None)
            if len(self.playing) == 1:
                self._began(arrived)
        elif fader.amount == 0.0 and not fader.leaving:
            del self.playing[at]
            fader.come_back()

    def _uncross(self, before: Patch) -> Restore | None:
        """Back to the scene that played before a crossfade, unless the hand has gone back itself."""
        after = self.playing[-1][0]
        if before is after or self._go_back(before) is None:
            return None
        return partial(self._go_back, after)

    def _panic(self) -> None:
        """Every control, in every scene, to what is saved, and its words; the crossfader at rest."""
        before = let_go((*self.patches, self.safe, self.patch))
        self._undo.add("the panic", partial(self._unpanic, before))
        self.chosen = self._start = None
        if self._fader_at is not None:
            self._choose(self.patch, BACK)

    def _unpanic(self, before: Moves) -> Restore:
        return partial(self._unpanic, put_back(before))

    def _choose(self, patch: Patch, how: TransitionTable | None = None, *, at_once: bool = False) -> None:
        """Let a scene be the next. `at_once`: its start waits for no beat, as it is on one already."""
        if at_once:
            how = (how or patch.transition).model_copy(update={"begin": "now"})
        if patch is not self.chosen or how is not self._how:
            self._start = None
        self.chosen, self._how, self._undoing = patch, how, False

    def _change(self, time_s: float) -> None:
        """Begin the transition to the chosen scene once its network is ready and the beat is there that it waits for.

        The choice is forgotten if that network cannot be loaded.
        """
        chosen = self.chosen
        if chosen is None or (self.bank.available(chosen.here) and not self.bank.has(chosen.here)):
            return
        table = self._how or chosen.transition
        cut = table.kind == CUT
        if not self.bank.has(chosen.here) or (
            chosen is self.patch and self._fader_at is None and not (cut and len(self.playing) > 1)
        ):
            self.chosen = self._start = None
            return
        if self._start is None:
            self._start = Start(table, time_s, self.beats)
        if not self._start.due(time_s, self.beats):
            return
        transition = Transition.begun(table, chosen.scene.fade_s, time_s, self.beats)
        if len(self.playing) >= MAX_PLAYING and transition.length_s > 0:  # each may cost a picture: it waits its turn
            return
        before = self.patch
        if before not in self.patches and before is not self._safe and chosen.name == before.name:
            chosen.controls.take(before.controls)  # moved while it was waiting for its network
        elif not self._undoing and chosen is not before:
            self._undo.add(f"the change to {chosen.scene.title}", partial(self._go_back, before))
        self.chosen = self._start = None
        self._undoing = False
        self.playing.append((chosen, transition))
        self._began(chosen)

    def _began(self, patch: Patch) -> None:
        """A scene begins to play: the setlist goes on from there."""
        if patch in self.patches:
            self._place = self.patches.index(patch)
            if self.program is not None:
                self.program.began(self._place)

    def _move(self, event: ControlEvent, time_s: float) -> None:
        """Move the parameter that the scene binds to a control; what that held in another, it lets go there."""
        patch = self.patch
        before, hand = patch.controls.state(event), (event.source, event.name)
        stood = self._stands.get(hand)
        if event.kind == "move" and stands_somewhere(event.source):
            self._stands.pop(hand, None)
            self._stands[hand] = event.value
            if len(self._stands) > MOST_STANDS:
                del self._stands[next(iter(self._stands))]  # what was moved before all others
        if patch.controls.handle(event, stood) and before is not None:
            restore = partial(self._put_control_back, patch, before)
            self._undo.add_move((id(patch), *before.hand), time_s, f"the move of {before.target}", restore)
        if event.value < HALF or event.kind == "release":
            for each in self._every():
                each.controls.lift(event)

    def _take_back(self, time_s: float) -> None:
        """Undo: a choice that waits is forgotten, until that is done again; else the newest change."""
        self.undone_s = time_s
        if self.chosen is not None:
            self.undone = f"the choice of {self.chosen.scene.title}"
            self._undo.add_undone(self.undone, partial(self._choose_again, self.chosen, self._how, self._undoing))
            self.chosen = self._start = None
        else:
            self.undone = self._undo.undo()

    def _go_back(self, patch: Patch) -> Restore | None:
        """Choose the scene that played before a change; of one that was replaced, its successor."""
        there = self._there(patch)
        if there is None:
            return None
        again = partial(self._go_back, self.patch)
        self._choose(there, BACK)
        self._undoing = True
        return again

    def _choose_again(self, patch: Patch, how: TransitionTable | None, undoing: bool) -> Restore | None:
        """Choose a scene whose choice was undone while it waited; once it plays, that is a change of its own."""
        there = self._there(patch)
        if there is None:
            return None
        self._choose(there, how)
        self._undoing = undoing
        return lambda: None

    def _put_back(self, new: Patch, old: Patch) -> Restore | None:
        if not self._has(new):
            return None
        self.replace(new, old)
        return partial(self._put_back, old, new)

    def _ask_again(self, patch: Patch, prompt: Prompt | None) -> Restore | None:
        if patch is not self.patch and patch not in self.patches:
            return None
        again = partial(self._ask_again, patch, patch.prompt)
        patch.ask(prompt)
        return again

    def _put_control_back(self, patch: Patch, state: ControlState) -> Restore | None:
        successors = [other for other in (*self.patches, self.safe) if other.name == patch.name]
        if not successors:
            return None
        moved = patch if patch in successors else successors[0]
        again = partial(self._put_control_back, moved, moved.controls.state_of(state))
        return again if moved.controls.restore(state) else None

    def _put_routes_back(self, patch: Patch, bay: PatchBay) -> Restore | None:
        if not self._has(patch):
            return None
        again = partial(self._put_routes_back, patch, patch.bay)
        patch.repatch(bay, {})
        self.repatched.emit(patch, "the routes as they were")
        return again
