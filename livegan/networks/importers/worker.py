"""What runs in the process that reads a stranger's file: read it, write it down in livegan's form, say how it went.

Called by `convert`, never by hand. It imports everything first, then shuts itself in, and only then looks at the file.
"""

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.random
from safetensors import SafetensorError
from safetensors.numpy import save_file

from livegan.core.text import printable
from livegan.core.version import __version__
from livegan.errors import NetworkError
from livegan.networks.architectures import ARCHITECTURES
from livegan.networks.importers import sandbox as prison
from livegan.networks.importers.imported import Found
from livegan.networks.importers.lucidrains import config_beside
from livegan.networks.importers.read import read_network
from livegan.networks.info import NetworkInfo, write_info


@dataclass(frozen=True, slots=True)
class Job:
    """What the worker is told, as one line of JSON."""

    file: str
    folder: str  # where it may write
    name: str  # of the files it writes
    memory: int  # bytes
    seconds: int
    written: int  # bytes


def write(found: Found, source: str, folder: Path, name: str) -> None:
    """NAME.json and NAME.safetensors in `folder`."""
    values: dict[str, Any] = {**found.values, "resolution": tuple(found.values["resolution"])}
    height, width = values["resolution"]
    info = NetworkInfo(
        name=name,
        path=folder / f"{name}.json",
        title=f"{ARCHITECTURES[values['kind']].title} of {width}x{height} px",
        made_by=f"livegan {__version__}, converted from {found.what}",
        source=source,
        **values,
    )
    save_file(
        {key: np.asarray(found.tensors[key], np.float32, order="C") for key in sorted(found.tensors)}, info.weights
    )
    write_info(info)


def answer(job: Job) -> dict[str, str]:
    """Do the job; {} if all went well, else {"error": sentence}."""
    file, folder = Path(job.file), Path(job.folder)
    try:
        write(read_network(file), printable(file.name), folder, job.name)
    except NetworkError as error:
        return {"error": str(error)}
    except MemoryError:
        return {"error": f"needs more than {job.memory / 1e6:.0f} MB of memory to be read: no network of its size does"}
    except (OSError, SafetensorError) as error:
        return {"error": f"cannot be read or converted ({error})"}
    return {}


def main() -> None:
    """Shut in, do the job on the command line, print one line."""
    job = Job(**json.loads(sys.argv[-1]))
    file = Path(job.file)
    prison.limit(job.memory, job.seconds, job.written)
    prison.cut_off()
    np.random.default_rng([1])  # and whatever it imports
    "".encode("cp437")  # the coding of names in a zip
    config = config_beside(file)
    prison.no_children()
    prison.lock(Path(job.folder), [file] if config is None else [file, config])
    print(json.dumps(answer(job)), flush=True)
