"""Strict TOML schemas: frozen pydantic models; every mistake at once, with the nearest right name."""

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sized
from pathlib import Path
from types import UnionType
from typing import Any, ClassVar, Literal, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic.fields import FieldInfo

from livegan.core.files import read_text
from livegan.core.registry import nearest
from livegan.core.text import printable
from livegan.errors import LiveganError

MAX_FILE_BYTES = 1 << 18  # the longest bundled file has a tenth of that
MAX_LINE_LENGTH = 8192  # characters
MAX_MISTAKES = 50  # reported of one file
MAX_DEPTH = 32  # tables or lists in each other
MAX_INTEGER = 1 << 63  # TOML's own limit: longer ones, in hexadecimal, cannot even be printed
MAX_MESSAGE = 1000  # characters of a message
LIST_WANTED = ("tuple_type", "list_type")
TABLE_WANTED = ("model_type", "dict_type")
LENGTH_WRONG = ("too_long", "too_short")
NUMBER_WANTED = ("float_type", "int_type", "int_parsing", "float_parsing")  # pydantic's kinds of mistakes

Table = TypeVar("Table", bound=BaseModel)


class StrictModel(BaseModel):
    """Base class of file schemas: frozen, bounded, described; an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True, allow_inf_nan=False)

    dotted_tables: ClassVar[tuple[str, ...]] = ()  # tables whose keys contain dots, e.g. "knobs"
    check_option: ClassVar[str] = ""  # of `livegan check`, before the path of such a file


def _flat(table: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Dotted names of a nested table: TOML reads ``motion.pulse = 1`` as a table in a table.

    One with a text called `to` is a binding, ``"pad.1" = { to = "effect.flash" }``, and stays a table.
    """
    for key, value in table.items():
        if isinstance(value, Mapping) and not isinstance(value.get("to"), str):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def _join_names(table: Any, place: list[str]) -> None:
    """Give the table at `place`, or each of those in a list, dotted names."""
    for each in table if isinstance(table, list) else [table]:
        if not isinstance(each, dict) or place[0] not in each:
            continue
        if len(place) > 1:
            _join_names(each[place[0]], place[1:])
        elif isinstance(each[place[0]], Mapping):
            each[place[0]] = dict(_flat(each[place[0]]))


def _fields_at(model: type[BaseModel], place: tuple[int | str, ...]) -> Mapping[str, FieldInfo]:
    """The keys allowed in the table that holds `place`, with their descriptions."""
    fields = model.model_fields
    for step in place[:-1]:
        if isinstance(step, int):
            continue
        field = fields.get(step) or fields.get("root")  # the table itself, of a model that is a table of tables
        kinds = [field.annotation, *getattr(field.annotation, "__args__", ())] if field else []
        tables = [kind for kind in kinds if isinstance(kind, type) and issubclass(kind, BaseModel)]
        if not tables:
            return {}
        fields = tables[0].model_fields
    return fields


def _table_with(model: type[BaseModel], key: str) -> str:
    """The first table that has such a key: "hands" of "knobs"; "" if none has."""
    for name, field in model.model_fields.items():
        table = field.annotation
        if isinstance(table, type) and issubclass(table, BaseModel) and key in table.model_fields:
            return name
    return ""


def _allowed(kind: Any) -> Iterator[str]:
    """What may stand for a value of a type, in words: "true", "a number" ..."""
    if get_origin(kind) is Literal:
        yield from map(repr, get_args(kind))
    elif get_origin(kind) in (Union, UnionType):
        for each in get_args(kind):
            yield from _allowed(each)
    elif hasattr(kind, "__metadata__"):  # Annotated
        yield from _allowed(kind.__origin__)
    elif kind is bool:
        yield from ("true", "false")
    elif kind in (int, float):
        yield "a number"
    else:
        yield "a text" if kind is str else "a list"


def _choice_at(model: type[BaseModel], place: tuple[int | str, ...]) -> tuple[tuple[int | str, ...], str]:
    """Of a mistake in one of the types that a key may have: where the key is, and what may stand there; else "".

    Pydantic reports the mistake once for each type, with the type as a step of its place.
    """
    for end in range(1, len(place)):
        field = _fields_at(model, place[:end]).get(str(place[end - 1]))
        if field is not None and get_origin(field.annotation) in (Union, UnionType) and isinstance(place[end], str):
            kinds = get_args(field.annotation)
            if not any(isinstance(kind, type) and issubclass(kind, BaseModel) for kind in kinds):
                *others, last = dict.fromkeys(_allowed(field.annotation))
                return place[:end], f"{', '.join(others)} or {last}"
    return place, ""


def _length_mistake(kind: str, entries: Sized, limit: int, about: str | None) -> str:
    """A list or table with too many or too few entries in words: how many may be there, and how many are."""
    found = f"there {'is' if len(entries) < 2 else 'are'} {len(entries) or 'none'}"
    if kind == "too_long":
        return f"at most {limit} {'is' if limit == 1 else 'are'} allowed, {found}"
    return f"at least {limit} {'is' if limit == 1 else 'are'} wanted{f' ({about})' if about else ''}, {found}"


def mistakes_in(error: ValidationError, model: type[BaseModel]) -> list[str]:
    """One line per mistake."""
    lines = []
    choices = set[tuple[int | str, ...]]()
    mistakes = error.errors(include_url=False)
    for mistake in mistakes[:MAX_MISTAKES]:
        place, kind, message = mistake["loc"], mistake["type"], mistake["msg"]
        place, choice = _choice_at(model, place)
        if place in choices:
            continue
        if choice:
            choices.add(place)
            kind, message = "choice", f"{choice} is wanted"
        where = printable(".".join(str(step) for step in place))
        if kind == "too_short" and any(other["loc"][:-1][: len(place)] == place for other in mistakes):
            continue  # only for want of the entries whose mistakes are reported
        if kind == "missing" and isinstance(place[-1], int):  # a list of a fixed length, with one mistake for each
            place = place[:-1]
            if place in choices:
                continue
            choices.add(place)
            where, kind = printable(".".join(map(str, place))), "too_short"
            lacking = sum(other["type"] == "missing" and other["loc"][:-1] == place for other in mistakes)
            mistake["ctx"] = {"min_length": len(mistake["input"]) + lacking}
        fields = _fields_at(model, place)
        about = fields[str(place[-1])].description if place and str(place[-1]) in fields else None
        if not place:  # a table that does not agree with itself: our check names the places, one a line
            lines += [printable(line, MAX_MESSAGE) for line in message.removeprefix("Value error, ").splitlines()]
        elif kind == "extra_forbidden":
            close = nearest(str(place[-1]), fields)
            inner = _table_with(model, str(place[0])) if len(place) == 1 else ""
            close = f"{inner}.{place[0]}" if inner else close
            lines.append(f"{where}: unknown key" + (f"; did you mean '{close}'?" if close else ""))
        elif kind == "missing":
            lines.append(f"{where}: field required" + (f" ({about})" if about else ""))
        elif kind in LENGTH_WRONG and isinstance(mistake["input"], list | tuple | Mapping):
            limit = mistake["ctx"]["max_length" if kind == "too_long" else "min_length"]
            lines.append(f"{where}: {_length_mistake(kind, mistake['input'], limit, about)}")
        else:
            message = message.removeprefix("Value error, ")  # of our own checks, which often name the value
            value = repr(mistake["input"])
            own = kind == "value_error" and isinstance(mistake["input"], Mapping)  # our checks say what of it
            got = "" if value in message or own else f", got {printable(value)}"
            if kind in LIST_WANTED:
                message = "a list is wanted"
            if kind in TABLE_WANTED:
                keys = " and ".join([*_fields_at(model, (*place, ""))][:2])
                message = "a table is wanted" + (f", with keys such as {keys}" if keys else "")
            if kind in LIST_WANTED and isinstance(mistake["input"], str):
                message, got = f'a list is wanted; write ["{printable(mistake["input"], 60)}"]', ""
            if kind in NUMBER_WANTED and isinstance(mistake["input"], str) and re.fullmatch(r"'-?[\d.]+'", value):
                got += "; a number stands without quotation marks"
            lines.append(f"{where}: {printable(message[0].lower() + message[1:], MAX_MESSAGE)}{got}")
    if len(mistakes) > MAX_MISTAKES:
        lines.append(f"and {len(mistakes) - MAX_MISTAKES} more mistakes")
    return lines


def _dots(line: str) -> int:
    """The most dots in a name before '=', or in the name of a table."""
    names = [line] if line.lstrip().startswith("[") and "=" not in line and "," not in line else line.split("=")[:-1]
    return max((re.split(r"[,{]", name)[-1].count(".") for name in names), default=0)


def _check_size(table: Mapping[str, Any]) -> None:
    """RecursionError for what is nested too deep, ValueError for a whole number that is too large."""
    level: list[Any] = [table]
    for _ in range(MAX_DEPTH):
        if any(isinstance(value, int) and abs(value) > MAX_INTEGER for value in level):
            raise ValueError("a number that is too large")
        inner = [value.values() if isinstance(value, Mapping) else value for value in level]
        level = [
            each for values in inner if not isinstance(values, str) and isinstance(values, Iterable) for each in values
        ]
        if not level:
            return
    raise RecursionError


def read_toml(path: Path, model: type[BaseModel], error: type[LiveganError]) -> dict[str, Any]:
    """Parse a TOML file and join its dotted names; raises `error` if it is not TOML."""
    try:
        if path.is_dir():
            raise error(f"{path} is a folder; name a .toml file in it")
        if path.stat().st_size > MAX_FILE_BYTES:
            raise error(f"{path} is larger than {MAX_FILE_BYTES} bytes: it is not a file of livegan")
        text = read_text(path)
        if max(map(len, text.splitlines()), default=0) > MAX_LINE_LENGTH:  # 'a.a.a.a. ...' is costly to read
            raise error(f"{path} has a line of more than {MAX_LINE_LENGTH} characters; break it into several")
        if any(_dots(line) > MAX_DEPTH for line in text.splitlines()):
            raise error(f"{path} has a name of more than {MAX_DEPTH} parts joined by dots; write a shorter one")
        raw = tomllib.loads(text)
        _check_size(raw)
        for place in getattr(model, "dotted_tables", ()):
            _join_names(raw, place.split("."))
        return raw
    except (OSError, UnicodeDecodeError) as cause:
        reason = getattr(cause, "strerror", None) or "it is not UTF-8 text"
        raise error(f"{path} cannot be read: {reason}") from cause
    except tomllib.TOMLDecodeError as cause:
        flag = getattr(model, "check_option", "")
        hint = "correct that line"
        if "Invalid value" in str(cause) or "Illegal character" in str(cause):  # title = Tide; title = "Tide
            hint = 'a text stands between two quotation marks, title = "Tide"; correct that line'
        if "overwrite a value" in str(cause):  # 'effect.glow = 1' and then 'effect.glow.radius = 1'
            hint = (
                "a key is there twice or is part of another; write the longer one in quotation marks, "
                '"noise.seed" = 1, and where there are several tables of a kind each with two brackets, [[motion]],'
            )
        raise error(f"{path} is not TOML: {cause}; {hint} and type: livegan check {flag}{path}") from cause
    except (ValueError, RecursionError) as cause:
        reason = "tables in tables in tables" if isinstance(cause, RecursionError) else "a number too long to be read"
        raise error(f"{path} cannot be read: it has {reason}") from cause


def read_table(path: Path, model: type[Table], error: type[LiveganError]) -> Table:
    """Read one TOML file into `model`; raises `error` with every mistake in it, one a line."""
    try:
        return model.model_validate(read_toml(path, model, error))
    except ValidationError as cause:
        raise error("\n".join(f"{path}: {line}" for line in mistakes_in(cause, model))) from cause
