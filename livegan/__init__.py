"""livegan: an instrument that turns live music into pictures on a stage."""

from typing import TYPE_CHECKING, Any

from livegan.core.version import __version__

if TYPE_CHECKING:
    from livegan.networks.api import load_network

__all__ = ["__version__", "load_network"]


def __getattr__(name: str) -> Any:
    """``from livegan import load_network`` brings torch; importing livegan alone brings nothing."""
    if name == "load_network":
        from livegan.networks.api import load_network

        return load_network
    raise AttributeError(f"module 'livegan' has no attribute '{name}'")
