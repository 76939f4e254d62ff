"""livegan: an instrument that turns live music into pictures on a stage."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from livegan.core.version import __version__

if TYPE_CHECKING:
    import livegan.studio.dream.api as dream
    from livegan.networks.api import load_network
    from livegan.studio.hallucinate import EffectsGenerator, LucidSonicDream, hallucinate, show_styles

__all__ = ["EffectsGenerator", "LucidSonicDream", "__version__", "dream", "hallucinate", "load_network", "show_styles"]

_HALLUCINATE = "livegan.studio.hallucinate"
_MODULES = {
    "load_network": "livegan.networks.api",
    **dict.fromkeys(("EffectsGenerator", "LucidSonicDream", "hallucinate", "show_styles"), _HALLUCINATE),
}


def __getattr__(name: str) -> Any:
    """``from livegan import load_network`` brings torch; importing livegan alone brings nothing."""
    if name == "dream":
        return import_module("livegan.studio.dream.api")
    if name in _MODULES:
        return getattr(import_module(_MODULES[name]), name)
    raise AttributeError(f"module 'livegan' has no attribute '{name}'")
