"""Boards for tests of the panel, the phone page and others: of a scene that plays, with a router to send to."""

from collections.abc import Sequence

import numpy as np

from livegan.config.load import LoadedScene
from livegan.config.scene import RouteTable, Scene
from livegan.core.channels import Latest
from livegan.core.clock import Clock, ManualClock
from livegan.core.rings import FeatureRing
from livegan.core.types import ControlEvent, FeatureFrame, Frame, Layout
from livegan.engine.bind import bind_scene
from livegan.engine.board import Board, SceneCard
from livegan.engine.patch import Patch
from livegan.engine.patch_bay import PatchBay
from livegan.engine.route_edit import RouteAnswer, RouteEdit
from livegan.engine.router import Router
from livegan.engine.telemetry import Telemetry
from livegan.engine.vocabulary import Vocabulary
from livegan.features.listening import Listening
from tests.building import PLAIN


class BoardFeed:
    """Feed of one scene that plays on a clock of its own: what is put into its router moves the scene at once."""

    def __init__(self, scene: Scene, layout: Layout | None = None) -> None:
        self.clock: Clock = ManualClock()
        self.controls = Router()
        self.frames: Latest[Frame] = Latest()
        self.telemetry: Latest[Telemetry] = Latest()
        self.board: Latest[Board] = Latest()
        self.layout = layout or Listening(48000, 2).layout
        self.heard = FeatureRing(self.layout)
        self.patch: Patch = bind_scene(LoadedScene("one", scene), Vocabulary.of(self.layout), networks=[PLAIN])
        self.edits: list[RouteEdit] = []
        self.events: list[ControlEvent] = []
        self.step()

    def step(self, dt_s: float = 0.1, **heard: float) -> Board:
        """Play one moment at these values of features, and publish the board."""
        self.clock.wait_until(self.clock.now() + dt_s)
        self.events = self.controls.engine_events.drain()
        for event in self.events:
            self.patch.controls.handle(event)
        values = np.zeros(len(self.layout.names), np.float32)
        for name, value in heard.items():
            values[self.layout.index[name]] = value
        features = FeatureFrame(self.clock.now(), self.layout, values)
        self.patch.now = self.patch.values(features.values, dt_s)
        patch = self.patch
        board = Board(
            time_s=self.clock.now(),
            scenes=(SceneCard("one", patch.scene.title, ""),),
            playing=0,
            name="one",
            parameters=patch.parameters,
            values=patch.now,
            set_values=patch.set_values,
            features=features,
            moved=frozenset(patch.controls.moved),
            bindings=patch.controls.bindings,
            routes=patch.routes,
        )
        self.board.put(board)
        return board

    def take_edits(self, mistakes: Sequence[str] = ()) -> list[RouteEdit]:
        """What was asked of the patch bay since; each is answered, and done if there are no `mistakes`."""
        edits = self.controls.route_edits.drain()
        for edit in edits:
            if not mistakes:
                self._do(edit)
            self.controls.route_answers.put(RouteAnswer(edit, tuple(mistakes)))
        return edits

    def _do(self, edit: RouteEdit) -> None:
        bay: PatchBay = self.patch.bay
        rows: list[tuple[int | None, RouteTable]] = list(enumerate(bay.routes))
        if edit.kind == "add":
            place = edit.number if edit.number >= 0 else len(rows)
            rows.insert(place, (None, RouteTable.model_validate(dict(edit.fields))))
        elif edit.kind == "delete":
            del rows[edit.number]
        else:
            table = rows[edit.number][1].model_dump(exclude_unset=True)
            rows[edit.number] = edit.number, RouteTable.model_validate({**table, **edit.fields})
        self.patch.repatch(bay.with_routes(rows), {})
