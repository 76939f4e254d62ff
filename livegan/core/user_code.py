"""The user's own Python code, named MODULE:FUNCTION at the shell or in a venue: found, imported, its errors in words.

Only what the user typed or wrote may name code; files that are handed on, scenes and networks, may not.
"""

import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from livegan.errors import LiveganError, NetworkError


@contextmanager
def user_code_errors(name: str, action: str, error: type[LiveganError] = NetworkError) -> Iterator[None]:
    """Context manager that converts exceptions from user code, `sys.exit` included, into `error`.

    `action` completes "could not", e.g. "draw". LiveganError and KeyboardInterrupt pass.
    """
    try:
        yield
    except LiveganError:
        raise
    except (Exception, SystemExit) as cause:
        reason = str(cause).strip().partition("\n")[0]
        kind = type(cause).__name__
        raise error(
            f"{name} could not {action} ({f'{kind}: {reason}' if reason else kind}); mend that function"
        ) from cause


@contextmanager
def importable(folder: Path) -> Iterator[None]:
    """Context manager that keeps `folder` at the end of `sys.path`, where it hides nothing that is installed."""
    entry = str(folder.resolve())
    sys.path.append(entry)
    try:
        yield
    finally:
        if entry in (sys.path or ()):  # None: Python ends
            del sys.path[len(sys.path) - 1 - sys.path[::-1].index(entry)]  # the last one: ours


def import_from(name: str, folder: Path, error: type[LiveganError] = NetworkError) -> Any:
    """Import a module, from `folder` if it is there; afterwards `sys.path` is as it was."""
    entry = str(folder.resolve())
    sys.path.insert(0, entry)
    importlib.invalidate_caches()
    try:
        with user_code_errors(name, "be imported", error):
            module = importlib.import_module(name)
    finally:
        if entry in sys.path:
            sys.path.remove(entry)
    root = folder.resolve() / name.partition(".")[0]
    source = Path(getattr(module, "__file__", None) or "").resolve()
    expected = [path for path in (root.with_suffix(".py"), root / "__init__.py") if path.is_file()]
    if expected and not source.is_relative_to(folder.resolve()):
        raise error(f"{expected[0]}: a module called '{name}' was loaded from {source} before; rename yours")
    return module
