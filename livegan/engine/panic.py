"""Panic: every control of every scene as its file says, and back."""

from collections.abc import Iterable, Mapping, Sequence

from livegan.core.target import Prompt
from livegan.engine.patch import Patch

Moves = Sequence[tuple[Patch, Mapping[str, float], Prompt | None]]
"""What hands had moved in each scene, and the words that it followed."""


def let_go(patches: Iterable[Patch]) -> Moves:
    """Let every parameter go, and follow the words that each scene begins with; what there was before."""
    each = {id(patch): patch for patch in patches}.values()
    before = [(patch, patch.controls.reset(), patch.prompt) for patch in each]
    for patch in each:
        patch.ask(patch.first_prompt)
    return before


def put_back(moves: Moves) -> Moves:
    """Take a panic back; what there was before that."""
    before = [(patch, patch.controls.reset(), patch.prompt) for patch, _, _ in moves]
    for patch, moved, prompt in moves:
        patch.controls.put_back(moved)
        patch.ask(prompt)
    return before
