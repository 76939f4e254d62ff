"""Worker subprocess that converts an untrusted file: read it, write it as livegan's own, print the result as JSON.

Started by `convert`. It imports everything first, then enters the sandbox, and only then opens the file.
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
from livegan.networks.importers import sandbox
from livegan.networks.importers.imported import ImportedNetwork
from livegan.networks.importers.lucidrains import config_beside
from livegan.networks.importers.read import read_network
from livegan.networks.info import NetworkInfo, info_json


@dataclass(frozen=True, slots=True)
class Job:
    """Arguments of the worker, one line of JSON."""

    file: str
    kind: str  # "zip", "legacy" or "pickle"
    folder: str  # where it may write
    name: str  # of the files it writes
    memory: int  # bytes
    seconds: int
    written: int  # bytes


def write(network: ImportedNetwork, source: str, folder: Path, name: str) -> None:
    """NAME.json and NAME.safetensors in `folder`."""
    values: dict[str, Any] = {**network.values, "resolution": tuple(network.values["resolution"])}
    height, width = values["resolution"]
    info = NetworkInfo(
        name=name,
        path=folder / f"{name}.json",
        title=f"{ARCHITECTURES[values['kind']].title} of {width}x{height} px",
        made_by=f"livegan {__version__}, converted from {network.what}",
        source=source,
        **values,
    )
    save_file(
        {key: np.asarray(network.tensors[key], np.float32, order="C") for key in sorted(network.tensors)}, info.weights
    )
    info.path.write_text(info_json(info), encoding="utf-8")  # the sandbox lets no file be moved into place


def answer(job: Job) -> dict[str, str]:
    """Do the job; {} on success, else {"error": sentence}."""
    file, folder = Path(job.file), Path(job.folder)
    try:
        write(read_network(file, job.kind), printable(file.name), folder, job.name)
    except NetworkError as error:
        return {"error": str(error)}
    except MemoryError:
        return {"error": f"needs more than {job.memory / 1e6:.0f} MB of memory to be read: no network of its size does"}
    except (OSError, SafetensorError) as error:
        return {"error": f"cannot be read or converted ({error})"}
    return {}


def main() -> None:
    """Enter the sandbox, do the job on the command line, print one line."""
    job = Job(**json.loads(sys.argv[-1]))
    file = Path(job.file)
    sandbox.set_limits(job.memory, job.seconds, job.written)
    sandbox.drop_network()
    np.random.default_rng([1])  # imports what NumPy imports late
    "".encode("cp437")  # encoding of names in a zip: loads the codec
    config = config_beside(file)
    sandbox.forbid_processes()
    sandbox.install_audit_hook(Path(job.folder), [file] if config is None else [file, config])
    print(json.dumps(answer(job)), flush=True)
