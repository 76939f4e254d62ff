"""Expressions: what they compute, what they refuse and where, and that no text can do anything else."""

from math import inf, isfinite, nan, sin

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livegan.mapping.expression import FUNCTIONS, MAX_DEPTH, MAX_LENGTH, ExpressionError, parse

INDEX = {
    name: i for i, name in enumerate(("bass", "onset", "treble", "beat.phase", "chroma.C#", "my-drums.low:onset.bass"))
}
VALUES = [0.5, 0.25, 1.0, 0.125, 0.75, 0.0625]


def smoothstep(t: float) -> float:
    return t * t * (3 - 2 * t)


def value(text: str, values: list[float] = VALUES) -> float:
    return parse(text).bind(INDEX)(values)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("bass", 0.5),
        ("0.6*bass + max(onset, treble)", 1.3),
        ("1 - 2 - 3", -4),
        ("1 + 2 * 3", 7),
        ("(1 + 2) * 3", 9),
        ("8 / 2 / 2", 2),
        ("-bass*-2", 1),
        ("2 - -1", 3),
        ("1.5e1 + .5", 15.5),
        ("chroma.C# * my-drums.low:onset.bass", 0.75 * 0.0625),
        ("min(bass, onset, treble)", 0.25),
        ("abs(onset - bass)", 0.25),
        ("sqrt(onset)", 0.5),
        ("sqrt(-onset)", 0),
        ("bass / (onset - 0.25)", 0),
        ("clip(3*bass)", 1),
        ("clip(bass, 0.6, 0.9)", 0.6),
        ("lerp(2, 4, onset)", 2.5),
        ("step(0.5, bass)", 1),
        ("step(0.51, bass)", 0),
        ("smooth(bass)", 0.5),
        ("smooth(0, 2, bass)", 0.15625),
        ("smooth(1, 1, bass)", 0),
        ("smooth(0.8, 0.2, onset)", 1 - smoothstep(0.05 / 0.6)),
        ("sin(2*pi*beat.phase)", sin(0.25 * 3.141592653589793)),
    ],
)
def test_it_computes(text: str, expected: float) -> None:
    assert value(text) == pytest.approx(expected)
    assert value(f"  {text} ") == pytest.approx(expected)


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        ("bas", r"^no feature called 'bas'; did you mean 'bass'\?$"),
        ("0.6*bas + tremble", r"(?m)^at character 5: no feature called 'bas'; did you mean 'bass'\?$"),
        ("0.6*bas + tremble", r"(?m)^at character 11: no feature called 'tremble'; did you mean 'treble'\?$"),
        ("maxi(bass, 1) + clp(bass)", r"at character 1: no function called 'maxi'; did you mean 'max'\?"),
        ("maxi(bass, 1) + clp(bass)", r"at character 17: no function called 'clp'; did you mean 'clip'\?"),
        ("max + 1", r"at character 1: 'max' is a function; write max\(a, b, \.\.\.\)"),
        ("lerp(1, 2)", r"at character 1: lerp of 2 values; write lerp\(a, b, t\)"),
        ("max(bass)", r"max of 1 value; write"),
        ("bass +", "at character 7: the end of the expression where a number, a feature or a function should be"),
        ("(bass", r"at character 6: the end of the expression where an operator or '\)' should be"),
        ("bass treble", "at character 6: 'treble' where an operator"),
        ("2bass", "at character 2: 'bass' where an operator"),
        ("bass ** 2", r"at character 7: '\*' where .*; a square is written x\*x"),
        ("bass ^ 2", r"at character 6: '\^' where .*; a square is written x\*x"),
        ("max()", r"at character 5: '\)' where a number"),
        ("", "at character 1: the end of the expression"),
        ("bass; import os", "at character 5: ';' where"),
        ("bass.__class__", "no feature called 'bass.__class__'"),
        ("__import__(bass)", "no function called '__import__'"),
        ("'bass'", "at character 1: ''' where"),
        ("bass" * 51, f"{MAX_LENGTH} are allowed"),
        ("(" * 40 + "bass" + ")" * 40, f"at character {MAX_DEPTH + 1}: nested more than {MAX_DEPTH} deep"),
        ("-" * 40 + "bass", f"nested more than {MAX_DEPTH} deep"),
    ],
)
def test_a_mistake_says_where_it_is_and_what_is_right(text: str, mistake: str) -> None:
    with pytest.raises(ExpressionError, match=mistake):
        raise ExpressionError(parse(text).mistakes(INDEX))


def test_a_feature_of_any_name_is_itself() -> None:
    odd = {"zero-crossings": 0}
    assert parse("zero-crossings", odd).bind(odd)([0.5]) == 0.5
    assert parse("zero-crossings", odd).names == ("zero-crossings",)


def test_the_features_are_named_once_each() -> None:
    assert parse("bass + my-drums.low:onset.bass*bass - pi").names == ("bass", "my-drums.low:onset.bass")


def test_it_is_finite_whatever_it_is_given() -> None:
    texts = ["bass*onset", "bass - bass", "sin(bass)", "sqrt(bass)", "1/bass", "smooth(onset, bass, treble)"]
    for text in [*texts, "lerp(bass, onset, treble)", "clip(bass)", "min(bass, onset)", "9e300*9e300*bass"]:
        for bad in (nan, inf, -inf, 1e308, 5e-324):
            assert isfinite(value(text + " + 0", [bad] * len(INDEX))), text


@settings(max_examples=150, deadline=None)
@given(st.text(st.sampled_from("bas onset.()+-*/,0123456789eE#:_^'\"\\[]{}=lambdmx"), max_size=40) | st.text())
def test_any_text_is_an_expression_or_a_mistake(text: str) -> None:
    try:
        expression = parse(text)
    except ExpressionError as error:
        mistakes = error.mistakes
        expression = None
    if expression is None:
        assert all(mistakes)
    elif not expression.mistakes(INDEX):
        assert isfinite(expression.bind(INDEX)(VALUES))


SUMS = st.recursive(
    st.sampled_from(["bass", "onset", "treble"]) | st.floats(0.25, 8).map(lambda x: f"{x:.2f}"),
    lambda inner: st.tuples(inner, st.sampled_from("+-*"), inner).map(lambda it: f"({it[0]} {it[1]} {it[2]})"),
    max_leaves=8,
)


@settings(max_examples=100, deadline=None)
@given(SUMS)
def test_it_agrees_with_python(text: str) -> None:
    known = {"bass": 0.5, "onset": 0.25, "treble": 1.0}
    assert value(text) == pytest.approx(eval(text, {"__builtins__": {}}, known))  # of texts made above, no others


def test_every_function_is_tested_by_its_own_usage() -> None:
    for name, function in FUNCTIONS.items():
        assert function.usage.startswith(f"{name}(")
        for count in function.counts:
            assert isfinite(value(f"{name}({', '.join(['bass'] * count)})"))
