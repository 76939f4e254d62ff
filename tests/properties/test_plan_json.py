"""Laws of frame plans as values: equality, and JSON that gives every bit back."""

import json
import operator
from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from livegan.core.layers import Layer
from livegan.core.plan_json import from_json, to_json
from livegan.core.score import COLUMNS, EMPTY, Score
from livegan.core.sound import SILENT, Sound
from livegan.core.types import Bend, FramePlan, Push, Wipe

NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
SINGLES = st.floats(allow_nan=False, width=32)  # denormals, infinities and -0.0 too
TEXT = st.text(max_size=12)
VALUES = st.dictionaries(TEXT, NUMBERS | st.integers(), max_size=4)
BENDS = st.builds(Bend, TEXT, TEXT, NUMBERS, st.integers(0, 4))

LAYERS = st.builds(Layer, TEXT, TEXT, NUMBERS, VALUES, st.dictionaries(TEXT, TEXT, max_size=3), st.booleans())

PUSHES = st.builds(Push, NUMBERS, st.integers(-9, 9), st.none() | st.integers(-9, 9), st.integers(0, 7), st.integers(0))


SCORES = st.builds(
    Score,
    arrays.arrays(np.float32, st.tuples(st.integers(0, 6), st.just(COLUMNS)), elements=SINGLES),
    NUMBERS,
    NUMBERS,
    NUMBERS,
)


def vectors(dimensions: int = 1) -> st.SearchStrategy[np.ndarray]:
    return arrays.arrays(
        np.float32, arrays.array_shapes(min_dims=dimensions, max_dims=dimensions, min_side=0), elements=SINGLES
    )


def plans(covers: int = 2) -> st.SearchStrategy[FramePlan]:
    over = st.lists(st.tuples(NUMBERS, plans(covers - 1)), max_size=2).map(tuple) if covers else st.just(())
    return st.builds(
        FramePlan,
        index=st.integers(),
        time_s=NUMBERS,
        dt_s=NUMBERS,
        z=vectors(),
        classes=vectors(),
        network=TEXT,
        position=NUMBERS,
        truncation=NUMBERS,
        noise=NUMBERS,
        w=st.none() | vectors(2),
        mix=st.lists(st.tuples(NUMBERS, vectors()), max_size=3).map(tuple),
        parameters=VALUES,
        bends=st.lists(BENDS, max_size=3).map(tuple),
        pushes=st.lists(PUSHES, max_size=3).map(tuple),
        over=over,
        wipe=st.none() | st.builds(Wipe, TEXT, NUMBERS, st.integers()),
        effects=VALUES,
        heard_s=NUMBERS,
        layers=st.lists(LAYERS, max_size=2).map(tuple),
        sound=st.none() | st.builds(Sound, vectors(), vectors()),
        score=st.none() | SCORES,
    )


def bits(plan: FramePlan) -> list[object]:
    """Everything in a plan, floats and arrays to the last bit."""
    found: list[object] = []
    for field in fields(plan):
        value = getattr(plan, field.name)
        if isinstance(value, np.ndarray):
            found.append((value.dtype.str, value.shape, value.tobytes()))
        elif isinstance(value, Sound):
            found += [value.waveform.tobytes(), value.spectrum.tobytes()]
        elif isinstance(value, Score):
            found += [value.notes.shape, value.notes.tobytes(), repr((value.bar_phase, value.bar_s, value.ahead_s))]
        elif field.name == "over":
            found += [(repr(share), bits(cover)) for share, cover in value]
        elif field.name == "mix":
            found += [(repr(weight), z.dtype.str, z.shape, z.tobytes()) for weight, z in value]
        else:
            found.append(repr(value))
    return found


@settings(max_examples=100, deadline=None)
@given(plans())
def test_json_gives_every_bit_of_a_plan_back(plan: FramePlan) -> None:
    again = from_json(to_json(plan))
    assert bits(again) == bits(plan)
    assert again == plan
    assert again.z.flags.writeable


def some(**changes: object) -> FramePlan:
    plan = FramePlan(1, 0.5, 0.1, np.ones(4, np.float32), np.zeros(0, np.float32), "a", w=np.ones((2, 3), np.float32))
    return replace(plan, **changes)


@pytest.mark.parametrize(
    "changes",
    [
        {"z": np.zeros(4, np.float32)},
        {"z": np.ones(5, np.float32)},
        {"w": None},
        {"w": np.zeros((2, 3), np.float32)},
        {"mix": ((0.5, np.ones(4, np.float32)),)},
        {"effects": {"glow": 0.5}},
        {"parameters": {"noise.seed": 3}},
        {"bends": (Bend("rotate", "all", 0.5),)},
        {"pushes": (Push(0.5, 0, 4),)},
        {"over": ((0.5, some()),)},
        {"wipe": Wipe("iris")},
        {"layers": (Layer("text", "over", 0.5),)},
        {"sound": SILENT},
        {"score": EMPTY},
        {"index": 2},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_plans_are_equal_where_everything_in_them_is(changes: dict[str, object]) -> None:
    assert some() == some()
    assert some(over=((0.5, some()),)) == some(over=((0.5, some()),))
    assert some(**changes) == some(**changes)
    assert operator.ne(some(), some(**changes))
    assert operator.ne(some(**changes), some())


def test_a_plan_is_no_dictionary_key_and_no_other_thing() -> None:
    assert operator.ne(some(), "a plan")
    with pytest.raises(TypeError, match="unhashable"):
        hash(some())


def table(**changes: object) -> str:
    return json.dumps({**json.loads(to_json(some())), **changes})


@pytest.mark.parametrize(
    "text",
    [
        *("", "[]", "{}", "null", "[" * 100_000),
        table(version=2),
        table(extra=1),
        table(z=None),
        table(z={"shape": [3], "float32": "AAAA"}),
        table(z={"shape": [-1, 0], "float32": ""}),
        table(z={"shape": [1], "float32": "*"}),
        table(time_s="now"),
        table(effects={"glow": "much"}),
        table(bends=[{"operation": "rotate"}]),
        table(pushes=[{"amount": 1}]),
        table(pushes=[{"amount": "much", "first": 0, "stop": None, "direction": 0, "seed": 0}]),
        table(over=[[0.5]]),
        table(layers=[{"kind": "text"}]),
        table(layers=[{"kind": "text", "blend": "over", "amount": "much", "values": {}, "options": {}}]),
        table(sound={"waveform": None, "spectrum": None}),
        table(score={"notes": {"shape": [4], "float32": "AAAAAAAAAAAAAAAAAAAAAA=="}}),
        table(score={"notes": None, "bar_phase": 0, "bar_s": 2, "ahead_s": 4}),
        table(over=[["half", json.loads(to_json(some()))]]),
        table(mix=[[0.5, None]]),
        table(mix=[["half", {"shape": [0], "float32": ""}]]),
        table(wipe={"kind": "iris"}),
        table(wipe={"kind": "iris", "softness": "much", "seed": 0}),
        table(wipe={"kind": "iris", "softness": 0.1, "seed": float("inf")}).replace("Infinity", "1e999"),
        table(time_s=10**400),
    ],
    ids=range(29),
)
def test_what_is_no_plan_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no frame plan"):
        from_json(text)


def test_a_plan_from_before_there_were_mixes_is_read() -> None:
    older = json.loads(table())
    del older["mix"]
    assert from_json(json.dumps(older)) == some()


def test_numbers_that_json_has_not_are_refused() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        to_json(some(time_s=float("nan")))
