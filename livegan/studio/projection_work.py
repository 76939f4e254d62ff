"""Work folder of a projection: targets and finished frames, one whole file each, so that it resumes exactly.

`NAME.hdf5.work` lies beside NAME.hdf5 until that is complete. A frame is finished when its file is there; what it takes
from the frames before it is read from their files, so a projection that was killed ends as one that was not.
"""

import json
import shutil
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from PIL import Image

from livegan.core.files import atomic_path, reason_of, wait_for_disk, write_atomic
from livegan.core.progress import show_picture
from livegan.core.types import Pixels
from livegan.errors import MediaError
from livegan.networks.latents.projection_writer import ProjectedFrame, ProjectionHeader, write_projection_file
from livegan.studio.projector import Projected

PLAN, TARGETS = "plan.json", "targets.json"


@dataclass(frozen=True, slots=True)
class ProjectionWork:
    """The work folder of one output."""

    output: Path

    @property
    def folder(self) -> Path:
        return self.output.with_name(f"{self.output.name}.work")

    def begin(self, plan: Mapping[str, Any], overwrite: bool) -> bool:
        """Make the folder, or go on with it; whether it was there. MediaError if it is another projection's.

        `plan` says what is projected and how: only the same goes on. With `overwrite`, or without a finished frame,
        anything else is thrown away.
        """
        text = json.dumps(plan, indent=1, sort_keys=True) + "\n"
        path = self.folder / PLAN
        try:
            if path.is_file():
                changed = _changed(path.read_text(encoding="utf-8"), plan)
                if not changed:
                    return True
                if not overwrite and next(self.folder.glob("frame-*.npz"), None):
                    raise MediaError(
                        f"{self.folder} is of another projection ({changed}); give the options of then to go on with "
                        "it, type --overwrite to throw it away, or give another name with -o"
                    )
            if self.folder.exists():
                shutil.rmtree(self.folder)
            write_atomic(path, text)
        except OSError as error:
            raise self._broken(error) from error
        return False

    def extract(self, pictures: Iterator[Pixels]) -> int:
        """Keep all targets; how many there are. Nothing is done if they are there."""
        path = self.folder / TARGETS
        try:
            if path.is_file():
                count = int(json.loads(path.read_text(encoding="utf-8"))["frames"])
                if not 0 <= count <= sum(1 for _ in self.folder.glob("target-*.png")):
                    raise ValueError(f"{TARGETS} names {count} frames, which are not all there")
                return count
            count = 0
            for picture in pictures:
                with atomic_path(self._target(count), durable=False) as aside:
                    Image.fromarray(picture).save(aside, "PNG", compress_level=1)
                count += 1
            for index in range(count):
                wait_for_disk(self._target(index))
            write_atomic(path, json.dumps({"frames": count}))
            return count
        except (OSError, ValueError, KeyError, TypeError, OverflowError) as error:
            raise self._broken(error) from error

    def target(self, index: int) -> Pixels:
        try:
            with Image.open(self._target(index), formats=("PNG",)) as image:
                pixels: Pixels = np.array(image.convert("RGB"))
                return pixels
        except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
            raise self._broken(error) from error

    def is_finished(self, index: int) -> bool:
        return self._frame(index).is_file()

    def finish(self, index: int, result: Projected) -> None:
        """Keep a frame, whole or not at all."""
        numbers = {
            "loss": np.float64(result.loss),
            "goal": np.float64(result.goal),
            "steps": np.int64(result.steps),
            "curve": result.curve,
        }
        show_picture(lambda: np.hstack([self.target(index), result.pixels]))
        noise = {} if result.noise is None else {"noise": result.noise}
        histories = {f"{kind}_history": steps for kind, steps in result.histories.items()}
        try:
            with atomic_path(self._frame(index)) as aside, aside.open("wb") as file:
                np.savez(file, ws=result.ws, pixels=result.pixels, **numbers, **noise, **histories)  # type: ignore[arg-type]
        except OSError as error:
            raise self._broken(error) from error

    def result(self, index: int) -> Projected:
        """A finished frame."""
        try:
            with self._frame(index).open("rb") as file, np.load(file, allow_pickle=False) as held:
                histories = {name[:-8]: held[name] for name in held.files if name.endswith("_history")}
                noise = held["noise"] if "noise" in held.files else None
                numbers = float(held["loss"]), float(held["goal"]), int(held["steps"]), held["curve"]
                return Projected(held["ws"], held["pixels"], *numbers, noise, histories)
        except (OSError, ValueError, KeyError, TypeError, EOFError, BadZipFile, zlib.error) as error:
            raise self._broken(error) from error

    def finished_from_first(self, count: int) -> int:
        """How many frames are finished without a gap from the first on."""
        return next((index for index in range(count) if not self.is_finished(index)), count)

    def assemble(self, header: ProjectionHeader, count: int) -> None:
        """Write the output from the first `count` frames, whole or not at all."""
        write_projection_file(self.output, header, map(self._written, range(count)))

    def remove(self) -> None:
        """Remove the folder once the output is complete."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _written(self, index: int) -> ProjectedFrame:
        result = self.result(index)
        return ProjectedFrame(result.ws, self.target(index), result.pixels, result.histories)

    def _target(self, index: int) -> Path:
        return self.folder / f"target-{index:06d}.png"

    def _frame(self, index: int) -> Path:
        return self.folder / f"frame-{index:06d}.npz"

    def _broken(self, error: Exception) -> MediaError:
        reason = reason_of(error) if isinstance(error, OSError) else str(error)
        return MediaError(f"{self.folder}: {reason}; look at the free space (df -h), or remove that folder")


def plan_of(settings: Any) -> dict[str, Any]:
    """The fields of a dataclass as JSON takes them."""
    return {
        key: value if isinstance(value, int | float | None) else str(value) for key, value in asdict(settings).items()
    }


def _changed(text: str, plan: Mapping[str, Any]) -> str:
    """What differs between a plan in a file and this one, in words; "" if nothing does."""
    try:
        before = json.loads(text)
        pairs = [(key, before.get(key), plan.get(key)) for key in sorted({*before, *plan})]
    except (ValueError, AttributeError):
        return "its plan cannot be read"
    return ", ".join(f"{key} was {old} and is {new}" for key, old, new in pairs if old != new)
