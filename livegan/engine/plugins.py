"""Plugins: members of the registries that other packages add through entry points. Needs no torch."""

from typing import Any

from livegan.core.registry import OWN_PACKAGE, Registry
from livegan.effects.registry import EFFECTS
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
