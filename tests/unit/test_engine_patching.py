"""Edits of routes while a scene plays: frames go on, no push jumps, wrong and late edits change nothing, undo."""

from collections.abc import Sequence
from dataclasses import replace
from math import exp
from pathlib import Path
from typing import Any

import pytest

from livegan.config.load import load_scene
from livegan.config.save import save_scene
from livegan.config.scene import MAX_ROUTES, RouteTable, Scene
from livegan.core.channels import Inbox
from livegan.core.types import ControlEvent
from livegan.engine.patch import Patch
from livegan.engine.patch_bay import GLIDE_S
from livegan.engine.patching import Patching, merged
from livegan.engine.reload import SceneReload
from livegan.engine.route_edit import RouteAnswer, RouteEdit
from livegan.engine.router import Router
from tests.building import PLAIN, VOCABULARY, heard, patch_of
from tests.unit.test_engine_scene_player import performer

DIM = RouteTable(source="bass", target="effect.dim", amount=0.4, attack_s=0, release_s=0)
GLOW = RouteTable(source="mid", target="effect.glow", amount=0.5, attack_s=0.1, release_s=0.5)
SCENE = Scene(title="One", network="plain", fade_s=0.5, routes=(DIM, GLOW))


class Bay:
    """A show of two scenes with the patching service; frames of 20 ms, the bass and the mid at one half."""

    def __init__(self, first: Scene = SCENE, **keys: Any) -> None:
        self.router = Router()
        self.show = performer(first, first.model_copy(update={"title": "Two"}), **keys)
        scenes, out = self.show.scenes, self.show.repatches
        edits, answers = self.router.route_edits, self.router.route_answers
        self.service = Patching(edits, answers, out, scenes.numbered, VOCABULARY, {}, frozenset({"harmonic:level"}))
        self.index = 0

    @property
    def patch(self) -> Patch:
        return self.show.patch

    @property
    def routes(self) -> tuple[RouteTable, ...]:
        return self.patch.bay.routes

    def put(self, kind: Any, number: int = -1, scene: int = 0, at: RouteTable | None = None, **fields: object) -> None:
        was = at or (self.routes[number] if kind != "add" else None)
        source, target = (was.source, was.target) if was else ("", "")
        name = f"scene-{scene}"
        assert self.router.route_edits.put(RouteEdit(0.0, kind, scene, name, number, source, target, fields))

    def poll(self) -> RouteAnswer | None:
        self.service.poll(self.index / 50)
        return self.router.route_answers.peek()

    def frame(self, *names: str, dt_s: float = 0.02, **values: float) -> Patch:
        time_s = self.index / 50
        events = [ControlEvent(time_s, name) for name in names]
        self.show.advance(self.index, time_s, dt_s, heard(time_s, **{"bass": 0.5, "mid": 0.5, **values}), events)
        self.index += 1
        return self.patch

    def edit(self, kind: Any, number: int = -1, **fields: Any) -> tuple[str, ...]:
        """Make an edit, and a frame; its mistakes."""
        self.put(kind, number, **fields)
        answer = self.poll()
        self.frame()
        assert answer is not None
        return answer.mistakes

    def value(self, name: str = "effect.dim") -> float:
        return self.patch.now[name]


def test_a_route_is_added_to_a_scene_that_plays_and_pushes_its_parameter() -> None:
    bay = Bay()
    bay.frame()
    before = bay.value("effect.saturation")
    assert bay.edit("add", source="bass", target="effect.saturation", amount=0.2, attack_s=0) == ()
    assert [route.target for route in bay.routes] == ["effect.dim", "effect.glow", "effect.saturation"]
    for _ in range(60):
        bay.frame()
    assert bay.value("effect.saturation") == pytest.approx(before + 0.1, abs=1e-4)
    assert bay.edit("add", 0, source="0.5*bass + mid", target="w[2:5].1", amount=1) == ()
    assert bay.routes[0].target == "w[2:5].1"
    for _ in range(60):
        plan_values = bay.frame().now
    assert plan_values["w[2:5].1"] == pytest.approx(0.75, abs=0.01)
    assert bay.patch.parameters["w[2:5].1"].high == 3, "a slice of w is a parameter of the scene from then on"


def test_nothing_jumps_whatever_is_changed_and_what_is_not_changed_goes_on_exactly() -> None:
    untouched, changed = Bay(), Bay()
    for bay in (untouched, changed):
        for _ in range(10):
            bay.frame()
    steps: Sequence[tuple[str, int, dict[str, object]]] = (
        ("change", 0, {"amount": 1.0}),
        ("change", 0, {"target": "effect.saturation"}),
        ("change", 0, {"source": "mid", "target": "effect.dim"}),
        ("change", 0, {"mute": True}),
        ("change", 0, {"mute": False}),
        ("change", 0, {"curve": "square", "release_s": 1.0, "polarity": "both"}),
        ("change", 0, {"range": (0.4, 0.6), "hold_s": 0.5, "threshold": 0.3}),
        ("delete", 0, {}),
    )
    for kind, number, fields in steps:
        before = {name: changed.value(name) for name in ("effect.dim", "effect.saturation")}
        assert changed.edit(kind, number, **fields) == ()
        for name, value in before.items():
            room = changed.patch.parameters[name].high - changed.patch.parameters[name].low
            assert abs(changed.value(name) - value) < 0.2 * room, (fields, "in 20 ms a fifth of the way at most")
        untouched.frame()
        assert changed.value("effect.glow") == untouched.value("effect.glow"), "the other route knows nothing of it"
        for _ in range(50):
            changed.frame(), untouched.frame()
            assert changed.value("effect.glow") == untouched.value("effect.glow")
    assert len(changed.routes) == 1
    assert changed.value("effect.dim") == pytest.approx(changed.patch.set_values["effect.dim"], abs=1e-4)


@pytest.mark.parametrize("fps", [30, 144])
def test_an_amount_glides_in_the_same_time_at_any_frame_rate(fps: int) -> None:
    bay = Bay()
    bay.frame(dt_s=1 / fps)
    bay.put("change", 0, amount=1.0)
    bay.poll()
    for _ in range(fps // 10):
        bay.frame(dt_s=1 / fps)
    way = (bay.value() - 0.2) / (0.5 - 0.2)
    assert way == pytest.approx(1 - exp(-(fps // 10) / fps / GLIDE_S), abs=1e-3)


def test_several_changes_in_one_frame_do_not_jump_either() -> None:
    bay = Bay()
    for _ in range(5):
        bay.frame()
    before = bay.patch.bay
    first = before.with_routes([(0, DIM.model_copy(update={"amount": 0.9})), (1, GLOW)])
    second = first.with_routes([(0, DIM.model_copy(update={"amount": -0.9})), (1, GLOW), (None, DIM)])
    third = second.with_routes([(0, DIM.model_copy(update={"amount": -0.9})), (1, GLOW)])
    for each in (first, second, third):
        bay.patch.repatch(each, {})
    value = bay.value()
    bay.frame(dt_s=1e-9)
    assert bay.value() == pytest.approx(value, abs=1e-5)


def test_a_muted_route_pushes_nothing_and_its_meter_goes_on() -> None:
    bay = Bay()
    bay.edit("change", 0, mute=True)
    for _ in range(60):
        bay.frame()
    assert bay.value() == pytest.approx(bay.patch.set_values["effect.dim"], abs=1e-4)
    meter = bay.patch.routes[0]
    assert meter.muted
    assert meter.table.mute
    assert meter.source == pytest.approx(0.5)
    assert meter.push == pytest.approx(0.2), "what it would push"


WRONG = (
    ({"source": "basss"}, "source: no feature called 'basss'; did you mean 'bass'?"),
    ({"source": "0.6*bass +"}, "source: at character 11: the end of the expression where"),
    ({"target": "effect.glwo"}, "target: no parameter called 'effect.glwo'; did you mean 'effect.glow'?"),
    ({"curve": "sqare"}, "curve: no curve called 'sqare'; did you mean 'square'?"),
    ({"amount": float("nan")}, "amount: "),
    ({"release_s": -1.0}, "release_s: "),
    ({"range": (0.5, 0.5)}, "range: two different numbers are needed"),
    ({"lead": "auto"}, "lead: only a beat is known before it sounds"),
    ({"amonut": 1}, "amonut: unknown key; did you mean 'amount'?"),
    ({"source": "harmonic:level"}, "source: nothing listens to 'harmonic:level' in this show"),
    ({"source": "a" * 100_000}, "source: 200 characters are allowed"),
    ({"target": "layer.2.x"}, "target: 'layer.2.x' is of layer 2, and the scene has no layers"),
    ({"target": "w[4:2]"}, "target: 'w[4:2]' are no rows of w"),
    ({"mute": "perhaps"}, "mute: "),
)


@pytest.mark.parametrize(("fields", "line"), WRONG, ids=[line[:30] for _, line in WRONG])
def test_a_wrong_edit_changes_nothing_and_says_what_is_wrong_with_it(fields: dict[str, object], line: str) -> None:
    bay = Bay()
    before = bay.patch.bay
    problems = bay.edit("change", 0, **fields)
    assert problems[0].startswith(line)
    assert bay.patch.bay is before
    assert line[:20] in bay.service.notice
    bay.service.poll(100.0)
    assert not bay.service.notice


def test_every_mistake_of_an_edit_is_told_at_once() -> None:
    problems = Bay().edit("add", source="levle", target="effect.glwo", amount=1, curve="sqare")
    assert [line.partition(":")[0] for line in problems] == ["source", "target", "curve"]


def test_an_edit_that_comes_late_changes_nothing() -> None:
    bay = Bay()
    gone = "number: this route was changed or deleted meanwhile; nothing was changed"
    assert bay.edit("delete", 5, at=DIM) == (gone,)
    assert bay.edit("change", 0, at=GLOW, amount=1.0) == (gone,)
    bay.edit("delete", 0)
    assert bay.edit("change", 0, at=DIM, amount=1.0) == (gone,)
    bay.put("change", 0, amount=1.0)
    edit = bay.router.route_edits.take()
    assert edit is not None
    bay.router.route_edits.put(replace(edit, name="another"))
    answer = bay.poll()
    assert answer is not None
    assert answer.mistakes == ("number: scene 0 is another one now; nothing was changed",)
    bay.frame()
    assert bay.routes == (GLOW,)


def test_an_edit_is_for_the_scene_in_which_it_was_made_whichever_plays_now() -> None:
    bay = Bay()
    bay.frame("scene.2")
    for _ in range(40):
        bay.frame()
    assert bay.patch.scene.title == "Two"
    assert bay.edit("delete", 0, scene=0, at=DIM) == ()
    assert bay.routes == (DIM, GLOW)
    assert bay.show.patches[0].bay.routes == (GLOW,)


def test_a_flood_of_edits_is_bounded_coalesced_and_undone_by_one_key() -> None:
    bay = Bay()
    bay.frame()
    full = 0
    for i in range(1000):
        edit = RouteEdit(0.0, "change", 0, "scene-0", 0, "bass", "effect.dim", {"amount": i / 1000})
        full += not bay.router.route_edits.put(edit)
    assert full == 1000 - 256
    for _ in range(10):
        bay.poll()
        assert len(bay.show.repatches) <= 1, "at most one patch bay waits for the engine, which may hang"
        bay.poll()
        bay.frame()
    assert bay.routes[0].amount == 0.255
    assert len(bay.router.route_edits) == 0
    bay.frame("undo")
    assert bay.routes == SCENE.routes
    for _ in range(100):
        bay.put("add", source="bass", target="effect.dim", amount=0.01)
    for _ in range(10):
        bay.poll()
        bay.frame()
    assert len(bay.routes) == MAX_ROUTES
    assert bay.edit("add", source="bass", target="effect.dim", amount=0.01) == (
        "number: a scene has 64 routes at most; delete one first",
    )


def test_changes_of_one_route_become_one_and_nothing_else_is_lost() -> None:
    edit = RouteEdit(0.0, "change", 0, "a", 0, "bass", "noise", {"amount": 1.0})
    others = [replace(edit, number=1), replace(edit, kind="delete"), replace(edit, fields={"source": "mid"})]
    assert merged([edit, replace(edit, fields={"curve": "cube"}), *others]) == [
        replace(edit, fields={"amount": 1.0, "curve": "cube"}),
        *others,
    ]
    add = replace(edit, kind="add")
    assert merged([add, add]) == [add, add]


def test_every_edit_can_be_undone_and_done_again() -> None:
    bay = Bay()
    seen = [bay.routes]
    for kind, number, fields in (
        ("change", 0, {"amount": 1.0}),
        ("delete", 1, {}),
        ("add", -1, {"source": "level", "target": "noise", "amount": 0.1}),
        ("change", 1, {"mute": True}),
    ):
        assert bay.edit(kind, number, **fields) == ()
        seen.append(bay.routes)
    for routes in reversed(seen[:-1]):
        value = bay.value()
        bay.frame("undo")
        assert bay.routes == routes
        assert abs(bay.value() - value) < 0.1
    assert bay.show.scenes.undone == "amount of the route bass to effect.dim"
    for routes in seen[1:]:
        bay.frame("redo")
        assert bay.routes == routes
    bay.frame("redo")
    assert bay.show.scenes.remark == "done again: nothing"
    bay.frame("undo")
    bay.edit("change", 0, amount=0.7)
    bay.frame("redo")
    assert bay.routes[0].amount == 0.7, "what was undone before a new change stays undone"


def test_an_edit_of_routes_that_were_undone_meanwhile_changes_nothing() -> None:
    bay = Bay()
    bay.edit("change", 0, amount=1.0)
    bay.put("change", 1, amount=0.9)
    bay.poll()  # made of the routes of then
    bay.show.scenes._undo.undo()
    bay.frame()
    assert bay.routes == SCENE.routes
    assert bay.edit("change", 1, amount=0.9) == ()
    assert bay.routes[1].amount == 0.9


def test_saving_keeps_the_routes_as_they_are_muted_ones_as_muted(tmp_path: Path) -> None:
    bay = Bay()
    bay.edit("change", 0, mute=True)
    bay.edit("add", source="drums", target="noise", amount=1)  # wrong: not saved
    bay.edit("add", source="bass", target="noise", amount=0.5)
    path = save_scene(bay.patch.scene_now(), "one", into=tmp_path)
    text = path.read_text(encoding="utf-8")
    assert text.count("[[routes]]") == 3
    assert text.count("mute = true") == 1
    again = load_scene(str(path))
    assert again.routes == bay.routes
    assert Bay(again).routes == bay.routes


def test_a_saved_file_with_other_routes_wins_over_edits_and_says_so() -> None:
    bay = Bay()
    bay.edit("change", 0, amount=1.0)
    edited = bay.routes
    file = SCENE.model_copy(update={"routes": (GLOW,)})
    bay.show.reloads.put(SceneReload(((0, patch_of(file, [PLAIN], "scene-0")),)))
    for _ in range(80):
        bay.frame()
    assert bay.routes == (GLOW,)
    assert "its file has new routes, which replace yours" in bay.show.scenes.remark
    bay.frame("undo")
    for _ in range(80):
        bay.frame()
    assert bay.routes == edited
    bay.frame("undo")
    assert bay.routes == SCENE.routes


def test_edits_outlive_a_saved_file_whose_routes_are_what_they_were() -> None:
    bay = Bay()
    bay.edit("change", 0, amount=1.0)
    bay.edit("add", source="bass", target="w[0:4]", amount=0.5)
    for _ in range(100):
        bay.frame()
    value, edited, old = bay.value(), bay.routes, bay.patch.bay
    new = patch_of(SCENE.model_copy(update={"title": "New"}), [PLAIN], "scene-0")
    bay.show.reloads.put(SceneReload(((0, new),)))
    for _ in range(80):
        bay.frame()
        assert bay.value() == pytest.approx(value, abs=1e-4)
    assert bay.patch.scene.title == "New"
    assert bay.routes == edited
    assert bay.patch.bay is not old, "while both play each has its own memory"
    assert bay.value("w[0:4]") == pytest.approx(0.25, abs=1e-3)
    assert bay.edit("change", 2, amount=1.0) == ()


def test_a_hung_engine_holds_up_no_one_and_what_waits_is_bounded() -> None:
    bay = Bay()
    for _ in range(300):
        edit = RouteEdit(0.0, "change", 0, "scene-0", 0, "bass", "effect.dim", {"amount": 0.5})
        bay.router.route_edits.put(edit)
        bay.service.poll(0.0)
    assert len(bay.show.repatches) == 1
    assert len(bay.router.route_edits) <= 256
    assert bay.router.dropped > 0


def test_a_scene_listens_to_the_groups_that_its_new_routes_read() -> None:
    bay = Bay()
    assert "drums" not in bay.patch.groups
    names: Inbox[RouteEdit] = bay.router.route_edits
    assert len(names) == 0
    bay.edit("add", source="mood.energy", target="noise", amount=0.1)
    assert ":mood" in bay.patch.groups
