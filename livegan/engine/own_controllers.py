"""Mistakes in the player's files of controllers: those that cannot be read, and bindings to nothing that there is."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from livegan.config.learnt import controllers_folder, own_controllers
from livegan.core.events import targets
from livegan.core.parameters import w_parameter
from livegan.engine.validation import wrong_name

FURTHER_MOTION = re.compile(r"motion\.\d\.")  # parameters that only scenes of several motion models have


def controller_mistakes(parameters: Iterable[str], folder: Path | None = None) -> Iterator[str]:
    """One line each; a show goes on without what is wrong. `parameters` are the names of all there are."""
    own, problems = own_controllers(folder or controllers_folder())
    yield from problems
    known = [*parameters, *targets()]
    for each in own:
        for control, binding in each.controller.bind.items():
            to = FURTHER_MOTION.sub("motion.", binding.to)
            if to not in known and w_parameter(to) is None:
                yield f"{each.path}: bind.{control}: {wrong_name('parameter', binding.to, known)}"
