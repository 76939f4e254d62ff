"""Versions of what draws: only workers with the same ones make the same pictures."""

import platform
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version

COMPARED = ("livegan", "torch", "numpy", "openvino")


def versions() -> dict[str, str]:
    """Of livegan, Python (major and minor) and the libraries that draw; "" where one is not installed."""
    found = {"python": ".".join(platform.python_version_tuple()[:2])}
    for name in COMPARED:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = ""
    return found


def difference(here: Mapping[str, str], there: Mapping[str, str], host: str) -> str:
    """What a machine has in another version, and what to type there; "" if all are the same."""
    other = {name: (here[name], there.get(name, "")) for name in here if there.get(name, "") != here[name]}
    if not other:
        return ""
    texts = [f"{name} {theirs or 'not at all'} (here {ours or 'not at all'})" for name, (ours, theirs) in other.items()]
    wanted = [f"{name}=={ours}" for name, (ours, _) in other.items() if name != "python" and ours]
    advice = f"type there: pip install {' '.join(wanted)}" if wanted else "install the same there"
    return f"{host} has {', '.join(texts)}, so its pictures may differ; {advice}"
