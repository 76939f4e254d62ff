"""An output that writes how bright each frame was, as a table for a spreadsheet or a lighting desk."""

from pathlib import Path

import numpy as np
from pydantic import Field

from livegan.core.toml import StrictModel
from livegan.core.types import Frame
from livegan.errors import MediaError
from livegan.outputs.registry import OUTPUTS, Output, ShowFormat


class BrightnessOptions(StrictModel):
    """Keys of its [[outputs]] table, besides `kind`."""

    path: Path = Field(description="the table that is written: NAME.csv")


@OUTPUTS("brightness")
class Brightness(Output):
    """Writes a line for each frame: seconds since the first one, and its mean brightness, 0..255."""

    Options = BrightnessOptions

    def __init__(self, options: BrightnessOptions, show: ShowFormat) -> None:
        try:
            self._file = options.path.open("w", encoding="utf-8")
        except OSError as error:
            raise MediaError(f"{options.path} cannot be written: {error.strerror}; choose another path") from error

        self._start_s: float | None = None

    def send(self, frame: Frame) -> None:
        self._start_s = frame.plan.time_s if self._start_s is None else self._start_s
        seconds = frame.plan.time_s - self._start_s
        self._file.write(f"{seconds:.3f},{np.asarray(frame.pixels).mean():.1f}\n")

    def close(self) -> None:
        self._file.close()
