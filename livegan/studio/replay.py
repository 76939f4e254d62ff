"""Replay of a show log: a performer follows the inputs that the show's own followed, and makes the same plans."""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, TypeVar

import numpy as np

from livegan.config.load import LoadedScene
from livegan.config.transition import TransitionTable
from livegan.core.plan_digest import WHOLE, plan_digest, unlike_fields
from livegan.core.sound import SoundWindow
from livegan.core.target import Prompt
from livegan.core.types import FeatureFrame, FramePlan, Layout, Vector
from livegan.engine.bind import Binder
from livegan.engine.frame_inputs import FrameInputs
from livegan.engine.guard import FaultGuard, StrictGuard
from livegan.engine.log_blocks import LoggedFrame
from livegan.engine.log_inputs import event_from_json, prompt_from_json, reload_from_json, repatch_from_json
from livegan.engine.patch import Patch
from livegan.engine.performer import Performer
from livegan.engine.resume import resume_scenes
from livegan.engine.show_log_reader import WRONG, ShowLogFile
from livegan.errors import LiveganError
from livegan.networks.info import NetworkInfo

Result = TypeVar("Result")
SoundAt = Callable[[float], SoundWindow | None]  # the newest samples at a time of the show
NO_NAMES: Mapping[str, str] = MappingProxyType({})
PLANNING = ("plan", "reload", "routes")  # what a show survives by going on as before, and a replay too


class ReplayGuard(StrictGuard):
    """Fault barrier of a replay: what fails in planning fails as in the show; what cannot be drawn is an error."""

    def __call__(self, name: str, work: Callable[[], Result], fallback: Result) -> Result:
        return (FaultGuard if name in PLANNING else StrictGuard).__call__(self, name, work, fallback)


@dataclass(slots=True)
class LoggedReadiness:
    """The networks that were ready in the show when the next frame was planned."""

    ready: Collection[str] = ()
    failed: Collection[str] = ()
    names: Mapping[str, str] = field(default_factory=dict)  # here -> in the show, where they are not the same

    def has(self, info: NetworkInfo) -> bool:
        """Whether it could be drawn in the next frame."""
        return self.names.get(info.name, info.name) in self.ready

    def available(self, info: NetworkInfo) -> bool:
        """Whether it was ready, or might still become so."""
        return self.names.get(info.name, info.name) not in self.failed


@dataclass(slots=True)
class Comparison:
    """Comparison of the plans of a replay with those of the show."""

    compared: int = 0
    equal: int = 0
    first: str = ""  # where they differ first, and in what
    wrong: str = ""  # why the log could not be followed to its end

    def add(self, plan: FramePlan, digest: bytes) -> None:
        """One more plan, and the digest of the show's."""
        own = plan_digest(plan)
        self.compared += 1
        if own[:WHOLE] == digest[:WHOLE]:
            self.equal += 1
        elif not self.first:
            self.first = f"frame {plan.index}: {', '.join(unlike_fields(own, digest)) or 'something'}"

    @property
    def text(self) -> str:
        """For people."""
        if not self.compared:
            return "no plan was compared"
        if self.equal == self.compared:
            return f"all {self.compared} plans are equal to those of the show"
        first = f"the first difference is in {self.first}"
        return f"{self.equal} of {self.compared} plans are equal to those of the show; {first}"


class Replay:
    """Replay of one show log by a performer that is bound to its scenes and has planned nothing yet."""

    def __init__(
        self,
        log: ShowLogFile,
        performer: Performer,
        binder: Binder,
        sound: SoundAt | None = None,
        names: Mapping[str, str] = NO_NAMES,
    ) -> None:
        """`sound`: for scenes that draw it; the log has none. `names`: of networks, here -> in the show."""
        self.comparison = Comparison()
        self._log, self._performer, self._binder, self._sound = log, performer, binder, sound
        self._layout = log.layout
        self._names, self._readiness = names, LoggedReadiness(names=names)
        performer.scenes.bank = self._readiness
        if (state := log.resumed) is not None:
            resume_scenes(performer.scenes, state, careful=log.header.get("careful") is True)
        self.bind: Callable[[LoadedScene, TransitionTable], Patch] = binder.bind  # scenes that were read again

    def plans(self) -> Iterator[FramePlan]:
        """The plan of every frame of the show, each compared; ends at a hole in the log."""
        for frame, columns in self.frames():
            plan = self.follow([frame], columns, frame.index, frame.time_s, frame.dt_s)
            self.comparison.add(_as_shown(plan, self._names), frame.digest)
            yield plan

    def frames(self) -> Iterator[tuple[LoggedFrame, tuple[int, ...]]]:
        """Every frame of the log with the columns of its features, up to a hole or to what cannot be read."""
        for block in self._log.blocks():
            if self._log.dropped:
                self.comparison.wrong = f"{self._log.dropped} frames are missing in the log: the disk was too slow"
                return
            for frame in block.frames:
                yield frame, block.columns

    def follow(
        self, frames: list[LoggedFrame], columns: tuple[int, ...], index: int, time_s: float, dt_s: float
    ) -> FramePlan:
        """One plan from the inputs of some frames that follow each other; with none, of the same sound as before."""
        inputs = FrameInputs(index, time_s, dt_s, 0.0, self._features(frames, columns))
        if frames:
            inputs = replace(inputs, delay_s=frames[-1].delay_s)
        for kind, value in (each for frame in frames for each in frame.inputs):
            inputs = self._with(inputs, kind, value)
        return self._performer.follow(inputs)

    def _features(self, frames: list[LoggedFrame], columns: tuple[int, ...]) -> FeatureFrame | None:
        """The features of the frames as one: peaks held, levels newest; None where nothing was heard."""
        heard = [(frame.values, frame.heard_s) for frame in frames if frame.values is not None]
        if not heard:
            return None
        rows = np.stack([values for values, _ in heard])
        peaks = np.array([self._layout.peaks[at] for at in columns], bool)
        newest: Vector = np.where(peaks, rows.max(axis=0), rows[-1])
        values = np.zeros(len(self._layout.names), np.float32)
        values[list(columns)] = newest
        heard_s = heard[-1][1]
        return FeatureFrame(heard_s, self._layout, values, self._sound(heard_s) if self._sound else None)

    def _with(self, inputs: FrameInputs, kind: str, value: Any) -> FrameInputs:
        """The inputs and one more; one that cannot be read is left out, and said."""
        try:
            if kind == "networks":
                self._readiness.ready, self._readiness.failed = frozenset(value["ready"]), frozenset(value["failed"])
            elif kind == "event":
                return replace(inputs, events=(*inputs.events, event_from_json(value)))
            elif kind == "prompt":
                return replace(inputs, prompts=(*inputs.prompts, prompt_from_json(value, self._known)))
            elif kind == "reload":
                return replace(inputs, reloads=(*inputs.reloads, reload_from_json(value, self.bind)))
            elif kind == "routes":
                repatch = repatch_from_json(value, self._performer.scenes.numbered, self._binder)
                return replace(inputs, repatches=(*inputs.repatches, repatch))
        except (*WRONG, LiveganError) as error:
            self.comparison.wrong = (
                self.comparison.wrong or f"frame {inputs.index}: its {kind} cannot be read ({error})"
            )
        return inputs

    def _known(self, words: str) -> Prompt | None:
        """The prompt of these words that a scene of the show has."""
        scenes = self._performer.scenes
        prompts = (each for patch in (*scenes.patches, scenes.safe) for each in patch.all_prompts)
        return next((each for each in prompts if each.words == words), None)


def _as_shown(plan: FramePlan, names: Mapping[str, str]) -> FramePlan:
    """The plan with the networks called as in the show."""
    if plan.networks.isdisjoint(names):
        return plan
    over = tuple((share, _as_shown(cover, names)) for share, cover in plan.over)
    return replace(plan, network=names.get(plan.network, plan.network), over=over)


@dataclass(frozen=True, slots=True)
class LoggedHearing:
    """What a replay has in place of a listening stage: the features by name. It hears nothing."""

    layout: Layout
