"""Unpickler that calls nothing.

A pickle is a program for a small machine with a stack. This one runs it, except for the instructions that import and
call: a name is only its text, "calling" it makes a plain value of our own (`values`), and what would be done to a real
object becomes data beside it. So nothing in a file can run, whatever it says. Bytes and long texts are never copied:
they stay views of the file until a tensor is read.
"""

import struct
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from livegan.core.text import printable
from livegan.errors import NetworkError
from livegan.networks.importers.values import (
    DICTIONARIES,
    MAKERS,
    REFUSED,
    SETS,
    GlobalName,
    LongText,
    PickledObject,
    Refused,
    is_attack,
    make,
    memo_index,
)

MAX_INTEGER_BYTES = 64  # bytes of a whole number: torch's magic number has ten, and no float holds one of 128
MAX_MARKS = 10_000
MAX_NAME_BYTES = 4096  # bytes of a text that is read; a longer one is embedded source, or bytes
SMALL = 1 << 16  # of integers as keys below it there may be any number; others can be made to have equal hashes
REFUSED_OPCODES = {  # instructions that no network needs
    **dict.fromkeys(b"\x82\x83\x84", "it wants an object by a number in the extension registry"),
    **dict.fromkeys(b"\x97\x98", "it wants a buffer that is not in the file"),
    **dict.fromkeys(b"P", "it names a part outside the file, as text"),
    **dict.fromkeys(b"FSV", "it has numbers or strings in the text format of the oldest pickles (protocol 0)"),
}


@dataclass(slots=True)
class Budget:
    """What the pickles of a file may still ask for, all together."""

    steps: int = 1_000_000  # instructions and copied elements: the largest known checkpoints need some 300 000
    text: int = 1 << 26  # bytes of the texts that are read
    keys: int = 10_000  # numbers as keys that are not SMALL
    most: int = 0  # steps there were at first, for a message

    def __post_init__(self) -> None:
        """Remember how many steps there are."""
        self.most = self.steps

    def spend(self, steps: int) -> None:
        """Refused if that is more than is left."""
        self.steps -= steps
        if self.steps < 0:
            raise Refused(f"it is a pickle of more than {self.most} instructions")

    def read(self, length: int) -> None:
        """Refused if there was more text than there may be."""
        self.text -= length
        if self.text < 0:
            raise Refused("it has more text than any network")


class Unpickler:
    """Pickle virtual machine for one pickle, read from `data` at `start`; afterwards `end` is where it stopped."""

    def __init__(
        self,
        data: memoryview,
        start: int = 0,
        persistent: Callable[[Any], Any] | None = None,
        budget: Budget | None = None,
    ) -> None:
        """`persistent` makes a value of what a pickle says lies elsewhere in the file; without it that is refused."""
        self._data = data
        self.end = start
        self._persistent = persistent
        self._budget = Budget() if budget is None else budget
        self._stack: list[Any] = []
        self._marks: list[int] = []
        self._memo: dict[int, Any] = {}

    def load(self) -> Any:
        """The value; NetworkError says what was refused, or that the file is broken."""
        try:
            return self._run()
        except Refused as refusal:
            raise NetworkError(f"{REFUSED}: {refusal}") from refusal
        except (IndexError, struct.error, TypeError, KeyError, ValueError, OverflowError) as error:
            raise NetworkError(f"is broken or cut short (at byte {self.end}); download or copy it again") from error

    def _run(self) -> Any:
        data, table, spend = self._data, _HANDLERS, self._budget.spend
        while True:
            code = data[self.end]
            self.end += 1
            if code == 0x2E:  # STOP
                (value,) = self._stack
                return value
            step = table[code]
            if step is None:
                if code in REFUSED_OPCODES:
                    raise Refused(REFUSED_OPCODES[code])
                raise ValueError(code)
            spend(1)
            step(self)

    def _take(self, count: int) -> memoryview:
        end = self.end + count
        if count < 0 or end > len(self._data):
            raise IndexError(count)
        items = self._data[self.end : end]
        self.end = end
        return items

    def _number(self, form: str) -> Any:
        (value,) = struct.unpack(form, self._take(struct.calcsize(form)))
        return value

    def _line(self) -> str:
        piece = bytes(self._data[self.end : self.end + 512])
        line, newline, _ = piece.partition(b"\n")
        if not newline:
            raise ValueError("a name without an end")
        self.end += len(line) + 1
        return line.decode("utf-8")

    def _text(self, length: int) -> None:
        text = self._take(length)
        if length > MAX_NAME_BYTES:
            self._stack.append(LongText(text))
            return
        self._budget.read(length)
        self._stack.append(str(text, "utf-8", "surrogatepass"))

    def _short_bytes(self) -> None:
        """The instruction SHORT_BINSTRING, Python 2's names and short bytes."""
        length = self._number("B")
        self._budget.read(length)
        self._stack.append(str(self._take(length), "latin-1"))

    def _long(self, length: int) -> None:
        if length > MAX_INTEGER_BYTES:
            raise Refused(f"it has a number of {length} bytes")
        self._stack.append(int.from_bytes(self._take(length), "little", signed=True))

    def _pop(self) -> Any:
        if self._marks and len(self._stack) <= self._marks[-1]:
            raise IndexError("below a mark")
        return self._stack.pop()

    def _top(self) -> Any:
        if self._marks and len(self._stack) <= self._marks[-1]:
            raise IndexError("below a mark")
        return self._stack[-1]

    def _mark(self) -> None:
        if len(self._marks) >= MAX_MARKS:
            raise Refused("it is nested too deeply")
        self._marks.append(len(self._stack))

    def _since_mark(self) -> list[Any]:
        mark = self._marks.pop()
        items = self._stack[mark:]
        del self._stack[mark:]
        return items

    def _tuple(self, count: int) -> None:
        items = [self._pop() for _ in range(count)]
        self._stack.append(tuple(reversed(items)))

    def _name(self, module: Any, name: Any) -> None:
        if not isinstance(module, str) or not isinstance(name, str):
            raise ValueError("a name that is no text")
        whole = f"{module}.{name}"
        if whole not in MAKERS and is_attack(module, name):
            raise Refused(f"it wants to run {printable(whole, 100)!r}")
        self._stack.append(GlobalName(whole))

    def _stack_global(self) -> None:
        name, module = self._pop(), self._pop()
        self._name(module, name)

    def _call(self, called: Any, arguments: Any) -> None:
        """What stands for the result goes on the stack; a value that is itself inert may be "called" as well."""
        if not isinstance(called, GlobalName | PickledObject) or not isinstance(arguments, tuple):
            raise Refused("it wants to call something that is no function")
        if isinstance(called, PickledObject):
            self._stack.append(PickledObject(called.name, arguments))
            return
        given = arguments[0] if arguments else None
        if isinstance(given, list | tuple | dict | set | frozenset):
            self._budget.spend(len(given))
        if called.text in DICTIONARIES:
            self._stack.append(self._dictionary(given))
        elif called.text in SETS:
            self._stack.append(self._set(given if isinstance(given, list | tuple | set | frozenset) else ()))
        else:
            self._stack.append(make(called.text, arguments))

    def _reduce(self) -> None:
        arguments = self._pop()
        self._call(self._pop(), arguments)

    def _new_with_keywords(self) -> None:
        words, arguments = self._pop(), self._pop()
        self._call(self._pop(), arguments)
        made = self._top()
        if words != {} and isinstance(made, PickledObject):
            made.entries = [words]

    def _object(self) -> None:
        """The instruction OBJ, of protocol 1: a class and what it is called with, since the mark."""
        called, *arguments = self._since_mark()
        self._call(called, tuple(arguments))

    def _instance(self) -> None:
        self._name(self._line(), self._line())
        called = self._stack.pop()  # not below the mark
        arguments = self._since_mark()
        self._call(called, tuple(arguments))

    def _build(self) -> None:
        state, target = self._pop(), self._top()
        if isinstance(target, PickledObject):
            target.state = state  # as data: nothing looks into it until a reader does
        elif not isinstance(target, dict | set | GlobalName):
            raise Refused(f"it wants to change the inside of a {type(target).__name__}")

    def _put(self, index: int) -> None:
        self._memo[index] = self._top()

    def _get(self, index: int) -> None:
        self._stack.append(self._memo[index])

    def _append(self, items: list[Any]) -> None:
        target = self._top()
        if isinstance(target, PickledObject):
            _enter(target, items)
        elif type(target) is list:
            target.extend(items)
        else:
            raise Refused("it wants to append to something that is no list")

    def _items(self, items: list[Any]) -> None:
        """Entries with keys that no reader asks for, such as tuples, are left out."""
        target = self._top()
        if isinstance(target, PickledObject):
            _enter(target, items)
            return
        if type(target) is not dict or len(items) % 2:
            raise Refused("it wants to set an item of something that is no dictionary")
        for at in range(0, len(items), 2):
            if self._is_key(items[at]):
                target[items[at]] = items[at + 1]

    def _add_items(self, items: list[Any]) -> None:
        target = self._top()
        if isinstance(target, PickledObject):
            _enter(target, items)
        elif type(target) is set:
            target.update(self._set(items))
        else:
            raise Refused("it wants to add to something that is no set")

    def _dictionary(self, given: Any) -> dict[Any, Any]:
        """A dictionary of any sort: empty, or from another or from pairs."""
        pairs: Iterable[Any] = given.items() if isinstance(given, dict) else given
        if not isinstance(given, dict | list | tuple):
            return {}
        return {
            pair[0]: pair[1]
            for pair in pairs
            if isinstance(pair, list | tuple) and len(pair) == 2 and self._is_key(pair[0])
        }

    def _set(self, members: Iterable[Any]) -> set[Any]:
        """Members that no reader asks for are left out."""
        return {member for member in members if self._is_key(member)}

    def _is_key(self, key: Any) -> bool:
        """Whether it is quick to compare: a hash of tuples in tuples can take for ever, many numbers can have one."""
        if isinstance(key, str | GlobalName | None):
            return True
        if not isinstance(key, int | float):
            return False
        if not (isinstance(key, int) and 0 <= key < SMALL):
            self._budget.keys -= 1
            if self._budget.keys < 0:
                raise Refused("it has more numbers as keys than any network")
        return True

    def _dict(self, items: list[Any]) -> None:
        self._stack.append({})
        self._items(items)

    def _integer(self) -> None:
        """The instruction INT, of protocols 0 and 1: a number as text, or a truth value as 00 or 01."""
        line = self._line()
        self._stack.append(line == "01" if line in ("00", "01") else _whole(line))

    def _persist(self) -> None:
        if self._persistent is None:
            raise Refused("it names a part outside the file")
        self._stack.append(self._persistent(self._pop()))

    def _item(self) -> None:
        value, key = self._pop(), self._pop()
        self._items([key, value])

    def _pop_or_mark(self) -> None:
        if self._marks and len(self._stack) == self._marks[-1]:
            self._marks.pop()
        else:
            self._pop()

    def _protocol(self) -> None:
        version = self._number("B")
        if not 1 <= version <= 5:
            raise Refused(f"it is a pickle of protocol {version}")


def _enter(target: PickledObject, items: list[Any]) -> None:
    """Keep what would have been put into an object."""
    if not isinstance(target.entries, list):
        target.entries = []
    target.entries.extend(items)


def _whole(text: str) -> int:
    """A whole number in at most 100 digits; ValueError if it is none."""
    if len(text) > 100 or not text.removeprefix("-").isdigit():
        raise ValueError("no number")
    return int(text)


def _push(value: Any) -> Callable[[Unpickler], None]:
    return lambda self: self._stack.append(value)


_OPCODES: dict[str, Callable[[Unpickler], Any]] = {
    "\x80": Unpickler._protocol,
    "\x95": lambda self: self._number("<Q"),  # FRAME: only a hint
    "(": Unpickler._mark,
    "0": Unpickler._pop_or_mark,
    "1": Unpickler._since_mark,
    "2": lambda self: self._stack.append(self._top()),
    "N": _push(None),
    "\x88": _push(True),
    "\x89": _push(False),
    "J": lambda self: self._stack.append(self._number("<i")),
    "K": lambda self: self._stack.append(self._number("B")),
    "M": lambda self: self._stack.append(self._number("<H")),
    "\x8a": lambda self: self._long(self._number("B")),
    "\x8b": lambda self: self._long(self._number("<i")),
    "G": lambda self: self._stack.append(self._number(">d")),
    "\x8c": lambda self: self._text(self._number("B")),
    "X": lambda self: self._text(self._number("<I")),
    "\x8d": lambda self: self._text(self._number("<Q")),
    "U": Unpickler._short_bytes,
    "T": lambda self: self._stack.append(self._take(self._number("<i"))),
    "C": lambda self: self._stack.append(self._take(self._number("B"))),
    "B": lambda self: self._stack.append(self._take(self._number("<I"))),
    "\x8e": lambda self: self._stack.append(self._take(self._number("<Q"))),
    "\x96": lambda self: self._stack.append(self._take(self._number("<Q"))),
    ")": _push(()),
    "t": lambda self: self._stack.append(tuple(self._since_mark())),
    "\x85": lambda self: self._tuple(1),
    "\x86": lambda self: self._tuple(2),
    "\x87": lambda self: self._tuple(3),
    "]": lambda self: self._stack.append([]),
    "l": lambda self: self._stack.append(self._since_mark()),
    "a": lambda self: self._append([self._pop()]),
    "e": lambda self: self._append(self._since_mark()),
    "}": lambda self: self._stack.append({}),
    "d": lambda self: self._dict(self._since_mark()),
    "s": Unpickler._item,
    "u": lambda self: self._items(self._since_mark()),
    "\x8f": lambda self: self._stack.append(set()),
    "\x90": lambda self: self._add_items(self._since_mark()),
    "\x91": lambda self: self._stack.append(frozenset(self._set(self._since_mark()))),
    "g": lambda self: self._get(memo_index(self._line())),
    "h": lambda self: self._get(self._number("B")),
    "j": lambda self: self._get(self._number("<I")),
    "p": lambda self: self._put(memo_index(self._line())),
    "q": lambda self: self._put(self._number("B")),
    "r": lambda self: self._put(self._number("<I")),
    "\x94": lambda self: self._put(len(self._memo)),
    "c": lambda self: self._name(self._line(), self._line()),
    "\x93": Unpickler._stack_global,
    "R": Unpickler._reduce,
    "\x81": Unpickler._reduce,  # NEWOBJ: to us a class is called as a function is
    "\x92": Unpickler._new_with_keywords,
    "b": Unpickler._build,
    "o": Unpickler._object,
    "i": Unpickler._instance,
    "I": Unpickler._integer,
    "L": lambda self: self._stack.append(_whole(self._line().removesuffix("L"))),
    "Q": Unpickler._persist,
}
_HANDLERS: list[Callable[[Unpickler], Any] | None] = [_OPCODES.get(chr(code)) for code in range(256)]
