"""Trees of nn.Module in a pickle: NVIDIA's persistent objects, and plain objects pickled by the name of their class."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from livegan.core.text import printable
from livegan.errors import NetworkError
from livegan.networks.importers.storages import is_array
from livegan.networks.importers.values import OBJECT, PickledObject

MAX_DEPTH = 20  # modules within modules
MAX_MODULES = 10_000  # in all; one that is shared counts each time it is met
MAX_TENSORS = 5000  # in all
MAX_ENTRIES = 200_000  # entries of all tables walked: a small file can share one large table ten thousand times
_TABLES = ("_parameters", "_buffers", "_modules")


@dataclass(slots=True)
class Module:
    """Description of one nn.Module: its dotted name, its class, its attributes, its own tensors as nodes."""

    name: str  # "" of the outermost
    kind: str  # "torch.nn.modules.conv.Conv2d"; of a persistent object the class alone, "SynthesisLayer"
    attributes: Mapping[Any, Any]
    tensors: dict[str, Any] = field(default_factory=dict)  # by their dotted names in all of the tree


def is_module(value: Any) -> bool:
    """Whether it stands for an nn.Module of either sort."""
    return _state(value) is not None


def kind_of(value: Any) -> str:
    """Its class as `Module.kind` gives it, "" if it is no module."""
    if not is_module(value):
        return ""
    if value.name == OBJECT:
        kind = value.arguments[0].get("class_name")
        return kind if isinstance(kind, str) else ""
    return str(value.name)


def modules_of(root: Any) -> dict[str, Module]:
    """A module and all its submodules by dotted name, the outermost ("") first.

    Submodules and tensors that are None are left out, and so are buffers that are not persistent. NetworkError if
    something in the tree is no module or no tensor, or if it is larger than any network's.
    """
    found: dict[str, Module] = {}
    entries = tensors = 0
    for module, looked_at in _walk(root, "", 0):
        if module.name in found:
            raise NetworkError(f"has two modules called '{printable(module.name, 100)}'")
        found[module.name] = module
        entries += looked_at
        tensors += len(module.tensors)
        if entries > MAX_ENTRIES or len(found) > MAX_MODULES or tensors > MAX_TENSORS:
            raise NetworkError("has more modules and tensors than any network livegan knows")
    return found


def tensors_of(modules: Mapping[str, Module]) -> dict[str, Any]:
    """All tensors of a tree by dotted name, as nodes."""
    return {name: node for module in modules.values() for name, node in module.tensors.items()}


def text_keys(value: Any) -> dict[str, Any]:
    """The entries of a dictionary whose key is text; nothing of anything else."""
    return {key: entry for key, entry in value.items() if isinstance(key, str)} if isinstance(value, dict) else {}


def _state(value: Any) -> dict[Any, Any] | None:
    """The attributes of what stands for a module, None if it stands for something else."""
    if not isinstance(value, PickledObject):
        return None
    state = value.state
    if value.name == OBJECT:
        meta = value.arguments[0] if len(value.arguments) == 1 else None
        state = meta.get("state") if isinstance(meta, dict) else None
    elif not isinstance(state, dict) or not all(isinstance(state.get(table), dict) for table in _TABLES):
        return None
    return state if isinstance(state, dict) else None


def _walk(node: Any, name: str, depth: int) -> Iterator[tuple[Module, int]]:
    """A module and all below it, each with the number of entries that were looked at for it."""
    state = _state(node)
    if state is None or depth > MAX_DEPTH:
        what = f"an object of {printable(node.name, 100)!r}" if isinstance(node, PickledObject) else "something else"
        reason = "too many modules within modules" if state is not None else f"{what} where a module should be"
        raise NetworkError(f"has {reason} ('{printable(name, 100)}')")
    tables = [state.get(table) for table in _TABLES]
    passing = state.get("_non_persistent_buffers_set")
    if not isinstance(passing, set | frozenset):
        passing = ()
    looked_at = sum(len(table) for table in tables if isinstance(table, dict))
    module = Module(name, kind_of(node), state)
    if looked_at <= MAX_ENTRIES:
        for table in tables[:2]:
            for key, tensor in text_keys(table).items():
                whole = f"{name}.{key}" if name else key
                if tensor is None:
                    continue
                if not is_array(tensor):
                    raise NetworkError(
                        f"has something else where the tensor '{printable(whole, 100)}' should be{_made_by(tensor)}"
                    )
                if not (table is tables[1] and key in passing):
                    module.tensors[whole] = tensor
    yield module, looked_at
    for key, inner in text_keys(tables[2]).items():
        if inner is not None:
            yield from _walk(inner, f"{name}.{key}" if name else key, depth + 1)


def _made_by(value: Any) -> str:
    return f" (an object of {printable(value.name, 100)!r})" if isinstance(value, PickledObject) else ""
