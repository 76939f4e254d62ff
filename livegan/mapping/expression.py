"""Arithmetic expressions over features, as sources of routes: tokenizer, precedence climbing parser, closures.

``0.6*bass + max(onset, treble)``: numbers, feature names, + - * / with their usual precedence, parentheses, the
functions of FUNCTIONS, and `pi`. Nothing else can be said, so nothing else can happen: there is no `eval`, and no name
but those of features is ever looked up. What has no value (a division by 0, the root of a negative number) counts as 0.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite, pi, sin, sqrt
from operator import add, itemgetter, mul, neg, sub

from livegan.core.registry import nearest, unknown
from livegan.core.text import printable

MAX_LENGTH = 200  # characters
MAX_DEPTH = 16  # parentheses in parentheses

Evaluate = Callable[[Sequence[float]], float]  # the values of all features -> the value of the expression
CONSTANTS = {"pi": pi}

_TOKEN = re.compile(
    r"(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)"
    r"|(?P<name>(?:[A-Za-z][\w-]*(?:\.\w+)*:)?[A-Za-z_][\w#]*(?:\.[\w#]+)*)"  # drums.low:onset.bass, chroma.C#
    r"|(?P<symbol>[-+*/(),])",
    re.ASCII,
)
_PRECEDENCE = {"+": 1, "-": 1, "*": 2, "/": 2}


def _clip(x: float, low: float = 0.0, high: float = 1.0) -> float:
    return low if x < low else high if x > high else x


def _smooth(*arguments: float) -> float:
    """Smoothstep, 3t² - 2t³: of 0..1, or of low..high."""
    low, high, x = arguments if len(arguments) == 3 else (0.0, 1.0, arguments[0])
    t = _clip((x - low) / (high - low)) if high != low else float(x >= high)
    return t * t * (3 - 2 * t)


@dataclass(frozen=True, slots=True)
class Function:
    """A function of expressions: how it is written, how many arguments it takes, and what it computes."""

    usage: str
    counts: tuple[int, ...]
    compute: Callable[..., float]


_SEVERAL = tuple(range(2, 9))
FUNCTIONS: Mapping[str, Function] = {
    "min": Function("min(a, b, ...)", _SEVERAL, min),
    "max": Function("max(a, b, ...)", _SEVERAL, max),
    "abs": Function("abs(x)", (1,), abs),
    "sqrt": Function("sqrt(x)", (1,), lambda x: sqrt(x) if x > 0 else 0.0),
    "clip": Function("clip(x) or clip(x, low, high)", (1, 3), _clip),
    "lerp": Function("lerp(a, b, t)", (3,), lambda a, b, t: a + (b - a) * t),
    "sin": Function("sin(x)", (1,), lambda x: sin(x) if isfinite(x) else 0.0),
    "step": Function("step(edge, x)", (2,), lambda edge, x: 1.0 if x >= edge else 0.0),
    "smooth": Function("smooth(x) or smooth(low, high, x)", (1, 3), _smooth),
}
_OPERATORS: Mapping[str, Callable[[float, float], float]] = {
    "+": add,
    "-": sub,
    "*": mul,
    "/": lambda a, b: a / b if b else 0.0,
}


class ExpressionError(ValueError):
    """Mistakes in an expression, one line each."""

    def __init__(self, mistakes: Sequence[str]) -> None:
        super().__init__("\n".join(mistakes))
        self.mistakes = tuple(mistakes)


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str  # "number", "name", "symbol" or "end"
    text: str
    at: int  # of its first character, from 0


@dataclass(frozen=True, slots=True)
class _Number:
    value: float


@dataclass(frozen=True, slots=True)
class _Name:
    name: str
    at: int


@dataclass(frozen=True, slots=True)
class _Call:
    compute: Callable[..., float]
    arguments: tuple["_Node", ...]


_Node = _Number | _Name | _Call


@dataclass(frozen=True, slots=True)
class Expression:
    """An expression that was parsed: the features it reads, and its evaluation."""

    text: str
    root: _Node

    @property
    def names(self) -> tuple[str, ...]:
        """The features it reads, each once, in the order in which they stand."""
        return tuple(dict.fromkeys(name.name for name in _names(self.root)))

    def mistakes(self, features: Mapping[str, object]) -> list[str]:
        """One line for each name that is no feature, with its place and the nearest right name."""
        wrong = [name for name in _names(self.root) if name.name not in features]
        if self.text.strip() in [name.name for name in wrong]:  # a name and nothing else
            return [unknown("feature", wrong[0].name, features)]
        return [f"{_place(name.at)}: {unknown('feature', name.name, features)}" for name in wrong]

    def bind(self, index: Mapping[str, int]) -> Evaluate:
        """The function of all feature values that computes it, always finite; `index` says where each feature is."""
        if isinstance(self.root, _Name):
            return itemgetter(index[self.root.name])
        compute = _compiled(self.root, index)

        def evaluate(values: Sequence[float]) -> float:
            value = compute(values)
            return value if isfinite(value) else 0.0

        return evaluate


def parse(text: str, features: Mapping[str, object] | None = None) -> Expression:
    """Parse an expression; ExpressionError with its mistakes. Names are not looked up: see `Expression.mistakes`.

    A text that is the name of one of `features`, whatever it is made of, is that feature.
    """
    if features is not None and text in features:
        return Expression(text, _Name(text, 0))
    if len(text) > MAX_LENGTH:
        raise ExpressionError([f"the expression has {len(text)} characters, {MAX_LENGTH} are allowed; split the route"])
    parser = _Parser(text)
    root = parser.parse()
    if parser.mistakes or root is None:
        raise ExpressionError(parser.mistakes)
    return Expression(text, root)


def _names(node: _Node) -> Iterator[_Name]:
    if isinstance(node, _Name):
        yield node
    elif isinstance(node, _Call):
        for argument in node.arguments:
            yield from _names(argument)


def _compiled(node: _Node, index: Mapping[str, int]) -> Evaluate:
    """Nested closures: no text and no tree is looked at while it plays."""
    if isinstance(node, _Number):
        value = node.value
        return lambda values: value
    if isinstance(node, _Name):
        return itemgetter(index[node.name])
    compute = node.compute
    arguments = [_compiled(argument, index) for argument in node.arguments]
    if len(arguments) == 1:
        (only,) = arguments
        return lambda values: compute(only(values))
    if len(arguments) == 2:
        first, second = arguments
        if isinstance(node.arguments[0], _Number):  # 0.6*bass
            constant = node.arguments[0].value
            return lambda values: compute(constant, second(values))
        return lambda values: compute(first(values), second(values))
    return lambda values: compute(*[argument(values) for argument in arguments])


def _place(at: int) -> str:
    return f"at character {at + 1}"


def _tokens(text: str) -> Iterator[_Token]:
    """The tokens of a text, and an end; a character that belongs to none is a token of kind "wrong"."""
    at = 0
    while at < len(text):
        if text[at].isspace():
            at += 1
            continue
        match = _TOKEN.match(text, at)
        if match is None:
            yield _Token("wrong", text[at], at)
            at += 1
        else:
            yield _Token(match.lastgroup or "", match[0], at)
            at = match.end()
    yield _Token("end", "", len(text))


class _ExpressionSyntaxError(Exception):
    """Where and why parsing cannot go on."""


class _Parser:
    """Precedence climbing parser. Syntax stops at the first mistake; wrong functions are collected."""

    def __init__(self, text: str) -> None:
        self.mistakes: list[str] = []
        self._tokens = list(_tokens(text))
        self._next = 0
        self._depth = 0

    def parse(self) -> _Node | None:
        try:
            node = self._sum(1)
            token = self._tokens[self._next]
            if token.kind != "end":
                raise self._unexpected(token, "an operator (+ - * /) or the end")
        except _ExpressionSyntaxError as mistake:
            self.mistakes.append(str(mistake))
            return None
        return node

    def _take(self) -> _Token:
        token = self._tokens[self._next]
        self._next += token.kind != "end"
        return token

    def _expect(self, symbol: str, instead: str) -> None:
        token = self._take()
        if token.text != symbol:
            raise self._unexpected(token, instead)

    def _unexpected(self, token: _Token, wanted: str) -> _ExpressionSyntaxError:
        found = "the end of the expression" if token.kind == "end" else f"'{printable(token.text, 20)}'"
        power = token.text == "^" or (token.text == "*" and wanted.startswith("a number"))  # x^2, x**2
        hint = "; a square is written x*x" if power else ""
        return _ExpressionSyntaxError(f"{_place(token.at)}: {found} where {wanted} should be{hint}")

    def _sum(self, least: int) -> _Node:
        """Operands joined by operators of at least this precedence."""
        node = self._operand()
        while _PRECEDENCE.get(self._tokens[self._next].text, 0) >= least:
            operator = self._take().text
            node = _Call(_OPERATORS[operator], (node, self._sum(_PRECEDENCE[operator] + 1)))
        return node

    def _operand(self) -> _Node:
        self._depth += 1
        token = self._take()
        if self._depth > MAX_DEPTH:
            raise _ExpressionSyntaxError(f"{_place(token.at)}: nested more than {MAX_DEPTH} deep; split the route")
        node = self._operand_from(token)
        self._depth -= 1
        return node

    def _operand_from(self, token: _Token) -> _Node:
        if token.kind == "number":
            return _Number(float(token.text))
        if token.kind == "name":
            if self._tokens[self._next].text == "(":
                return self._call(token)
            if token.text in FUNCTIONS:
                raise _ExpressionSyntaxError(
                    f"{_place(token.at)}: '{token.text}' is a function; write {FUNCTIONS[token.text].usage}"
                )
            return _Number(CONSTANTS[token.text]) if token.text in CONSTANTS else _Name(token.text, token.at)
        if token.text in ("-", "+"):
            node = self._operand()
            return _Call(neg, (node,)) if token.text == "-" else node
        if token.text == "(":
            node = self._sum(1)
            self._expect(")", "an operator or ')'")
            return node
        raise self._unexpected(token, "a number, a feature or a function")

    def _call(self, name: _Token) -> _Node:
        self._take()  # the parenthesis
        arguments = [self._sum(1)]
        while self._tokens[self._next].text == ",":
            self._take()
            arguments.append(self._sum(1))
        self._expect(")", "an operator, ',' or ')'")
        function = FUNCTIONS.get(name.text)
        if function is None:
            close = nearest(name.text, FUNCTIONS)
            hint = f"did you mean '{close}'?" if close else f"there are: {', '.join(FUNCTIONS)}"
            self.mistakes.append(f"{_place(name.at)}: no function called '{name.text}'; {hint}")
            return _Number(0.0)
        if len(arguments) not in function.counts:
            self.mistakes.append(
                f"{_place(name.at)}: {name.text} of {len(arguments)} {'values' if len(arguments) > 1 else 'value'}; "
                f"write {function.usage}"
            )
        return _Call(function.compute, tuple(arguments))
