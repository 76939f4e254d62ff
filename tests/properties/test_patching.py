"""Whatever is changed of a patch bay while it plays, no push jumps, and what was not changed goes on exactly."""

from collections import Counter

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from livegan.config.scene import RouteTable, Scene
from livegan.core.types import Layout
from livegan.engine.patch_bay import PatchBay

LAYOUT = Layout(("beat", "downbeat", "bass", "onset"), (True, True, False, True))
UNIT = st.floats(0, 1)
TABLES = st.builds(
    RouteTable,
    source=st.sampled_from(["bass", "onset", "0.5*bass + onset"]),
    target=st.sampled_from(["noise", "truncation"]),
    amount=st.floats(-2, 2),
    threshold=st.sampled_from([0.0, 0.4]),
    curve=st.sampled_from(["linear", "square", "gate", "invert"]),
    polarity=st.sampled_from(["up", "down", "both"]),
    attack_s=st.sampled_from([0.0, 0.1]),
    hold_s=st.sampled_from([0.0, 0.5]),
    release_s=st.sampled_from([0.0, 0.3]),
    every=st.sampled_from([1, 2]),
    mute=st.booleans(),
)
HEARD = st.lists(st.tuples(UNIT, UNIT, UNIT, UNIT), min_size=1, max_size=6)
CHANGE = st.lists(st.tuples(st.none() | st.integers(0, 3), TABLES), max_size=4)


def total(bay: PatchBay, values: tuple[float, ...], dt_s: float) -> Counter[str]:
    pushed: Counter[str] = Counter()
    for target, push in bay.pushes(np.array(values, np.float32), dt_s):
        pushed[target] += push  # type: ignore[assignment]
    return pushed


@settings(max_examples=80, deadline=None)
@given(st.lists(TABLES, max_size=4), HEARD, st.lists(CHANGE, min_size=1, max_size=3))
def test_no_push_jumps(routes: list[RouteTable], heard: list[tuple[float, ...]], changes: list[list[object]]) -> None:
    bay = PatchBay(Scene(title="T", routes=tuple(routes)), LAYOUT)
    for values in heard:
        total(bay, values, 0.05)
    before = total(bay, heard[-1], 0.0)
    for change in changes:
        taken: set[int] = set()
        rows: list[tuple[int | None, RouteTable]] = []
        for place, table in change:  # type: ignore[misc]
            known = place if place is not None and place < len(bay.routes) and place not in taken else None
            taken |= {known} if known is not None else set()
            rows.append((known, bay.routes[known] if known is not None and table.mute else table))
        after = bay.with_routes(rows)
        after.begin_after(bay)
        bay = after
    now = total(bay, heard[-1], 0.0)
    for target in {*before, *now}:
        assert abs(before[target] - now[target]) < 1e-4
    for _ in range(100):
        now = total(bay, heard[-1], 0.1)
    assert not bay._glides, "what was before is gone in the end"


@settings(max_examples=40, deadline=None)
@given(TABLES, TABLES, TABLES, HEARD)
def test_what_is_not_changed_goes_on_exactly(
    kept: RouteTable, first: RouteTable, second: RouteTable, heard: list[tuple[float, ...]]
) -> None:
    alone = PatchBay(Scene(title="T", routes=(kept,)), LAYOUT)
    bay = PatchBay(Scene(title="T", routes=(kept, first)), LAYOUT)
    for values in heard:
        total(alone, values, 0.03)
        total(bay, values, 0.03)
        after = bay.with_routes([(0, kept), (None, second), *([(1, first)] if len(bay.routes) > 1 else [])][:3])
        after.begin_after(bay)
        bay = after
    (mine,), theirs = alone.meters, bay.meters[0]
    assert (mine.source, mine.push) == (theirs.source, theirs.push)
