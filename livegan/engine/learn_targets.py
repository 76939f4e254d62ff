"""What a control can be taught to do: parameters and controls of the show, the useful ones first, and completion."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from livegan.core.binding import Mode
from livegan.core.events import find_control, targets
from livegan.core.parameters import Parameter
from livegan.core.registry import nearest
from livegan.engine.board import Board
from livegan.engine.usual import USUAL, eight_of

USEFUL = (
    *USUAL,
    "effect.dim",
    "effect.flash",
    "effect.glow",
    "effect.kaleidoscope",
    "effect.invert",
    "network.position",
)
"""Where nothing else is known: the usual eight and what one wants next on a stage."""

RARE = ("bend", "canvas", "custom", "layer", "latent", "sound", "style", "transform")
"""First words of parameters that do something in few scenes: they come after the others."""

OF_THE_WINDOW = "screen.delay"  # a measure, nothing that a hand moves
MODES: tuple[Mode, ...] = ("toggle", "radio", "momentary")  # words behind a name, for buttons


@dataclass(frozen=True, slots=True)
class LearnTarget:
    """A parameter or a control, and what it does in a few words."""

    name: str
    about: str


def learn_targets(parameters: Mapping[str, Parameter], own: Iterable[str] = ()) -> tuple[LearnTarget, ...]:
    """Everything a control may be bound to: the scene's `own` first, then the useful, controls, all parameters."""
    controls = [name for name in targets() if name != OF_THE_WINDOW]
    known = {name: parameter.about for name, parameter in parameters.items()}
    for name in controls:
        spec = find_control(name)
        number = name.rpartition(".")[2]
        known.setdefault(name, f"{spec.about} {number if number.isdigit() else ''}".strip() if spec else "")
    numbered = [name for name in controls if name[-1].isdigit()]
    plain = [name for name in controls if not name[-1].isdigit()]
    ordered = sorted(parameters, key=lambda name: name.partition(".")[0] in RARE)
    order = dict.fromkeys([*own, *USEFUL, *plain, *ordered, *numbered])
    return tuple(LearnTarget(name, known[name]) for name in order if name in known)


def targets_of(board: Board | None, others: Mapping[str, Parameter]) -> tuple[LearnTarget, ...]:
    """Those of the scene that plays, its first eight before others; `others` while nothing plays."""
    if board is None:
        return learn_targets(others)
    bound = [binding.to for binding in board.bindings.values()]
    return learn_targets(board.parameters, [*eight_of(board), *bound, *sorted(board.moved)])


def suggest(typed: str, among: Sequence[LearnTarget], most: int = 6) -> list[LearnTarget]:
    """The targets that a part of a name may mean, the likeliest first; the nearest name where none has these letters.

    "pu", "mo pu" and "motion.pulse" all find motion.pulse; words of what a target does find it too.
    """
    words = typed.lower().replace("_", " ").split()
    if not words:
        return list(among[:most])
    ranked = sorted(((rank, place) for place, target in enumerate(among) if (rank := _rank(words, target)) is not None))
    found = [among[place] for _, place in ranked[:most]]
    if not found:
        close = nearest("".join(words), [target.name for target in among])
        found = [target for target in among if target.name == close]
    return found


def _rank(words: Sequence[str], target: LearnTarget) -> int | None:
    """How well a target fits the words, 0 is best; None if it does not."""
    name, whole = target.name, ".".join(words)
    parts = name.split(".")
    if name == whole:
        return 0
    if parts[-1] == whole:
        return 1
    if name.startswith(whole) or any(part.startswith(whole) for part in parts):
        return 2
    if _in_order(words, name):
        return 3
    return 4 if all(word in f"{name} {target.about.lower()}" for word in words) else None


def _in_order(words: Sequence[str], name: str) -> bool:
    at = 0
    for word in words:
        at = name.find(word, at)
        if at < 0:
            return False
        at += len(word)
    return True
