"""Plugins: members of the registries that other packages add through entry points. Needs no torch."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from livegan.core.registry import OWN_PACKAGE, Registry
from livegan.core.text import printable
from livegan.effects.registry import EFFECTS
from livegan.errors import LiveganError
from livegan.features import FEATURES
from livegan.mapping.motions.registry import MOTIONS
from livegan.outputs.registry import OUTPUTS
from livegan.rendering.registry import GENERATORS

REGISTRIES: tuple[Registry[Any], ...] = (FEATURES, MOTIONS, EFFECTS, GENERATORS, OUTPUTS)


def plugin_problems() -> list[str]:
    """One sentence for each plugin that was left out."""
    return [problem for registry in REGISTRIES for problem in registry.problems]


def plugin_members() -> list[tuple[str, str, str]]:
    """(kind, name, package) of every member that another package added."""
    return [
        (registry.kind, name, registry.origin(name))
        for registry in REGISTRIES
        for name in registry
        if registry.origin(name) != OWN_PACKAGE
    ]


@contextmanager
def member_errors(registry: Registry[Any], name: str, error: type[LiveganError]) -> Iterator[None]:
    """Context in which a member is set up: whatever its code raises becomes `error`, one sentence that names it."""
    try:
        yield
    except LiveganError:
        raise
    except Exception as cause:
        reason = printable(f"{type(cause).__name__}: {cause}")
        raise error(f"the {registry.kind} '{name}' of {registry.origin(name)} cannot be set up: {reason}") from cause
