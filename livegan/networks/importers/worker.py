"""Worker subprocess that converts an untrusted file: read it, write it as livegan's own, print the result as JSON.

Started by `convert`. It imports everything first, then enters the sandbox, and only then opens the file.
"""

import gc
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.random
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import save_file

from livegan.core.files import reason_of
from livegan.core.text import printable
from livegan.core.version import __version__
from livegan.errors import NetworkError
from livegan.networks.architectures import ARCHITECTURES
from livegan.networks.importers import sandbox
from livegan.networks.importers.imported import ImportedNetwork
from livegan.networks.importers.read import configs_beside, read_network
from livegan.networks.importers.storages import Array
from livegan.networks.info import NetworkInfo, info_json
from livegan.networks.models import MODELS


@dataclass(frozen=True, slots=True)
class Job:
    """Arguments of the worker, one line of JSON."""

    file: str
    kind: str  # "zip", "legacy", "pickle" or "safetensors"
    folder: str  # where it may write
    name: str  # of the files it writes
    memory: int  # bytes
    seconds: int
    written: int  # bytes


def write(network: ImportedNetwork, source: str, folder: Path, name: str) -> None:
    """NAME.json and NAME.safetensors in `folder`."""
    values: dict[str, Any] = {**network.values, "resolution": tuple(network.values["resolution"])}
    if values["kind"] in ARCHITECTURES:
        height, width = values["resolution"]
        values["title"] = f"{ARCHITECTURES[values['kind']].title} of {width}x{height} px"
    info = NetworkInfo(
        name=name,
        path=folder / f"{name}.json",
        made_by=f"livegan {__version__}, converted from {network.what}",
        source=source,
        **values,
    )
    halved = values["kind"] in MODELS  # they are large, and many are published in float16
    save_file({key: _stored(network.tensors[key], halved) for key in sorted(network.tensors)}, info.weights)
    info.path.write_text(info_json(info), encoding="utf-8")  # the sandbox lets no file be moved into place


def _stored(array: Array, halved: bool) -> NDArray[Any]:
    """The array as it is written; `halved`: in float16 if that loses nothing."""
    if halved:
        with np.errstate(over="ignore"):
            half = array.astype(np.float16)
        if np.array_equal(half.astype(np.float32), array):
            return np.asarray(half, order="C")
    return np.asarray(array, np.float32, order="C")


def answer(job: Job) -> dict[str, str]:
    """Do the job; {} on success, else {"error": sentence}."""
    file, folder = Path(job.file), Path(job.folder)
    try:
        write(read_network(file, job.kind), printable(file.name), folder, job.name)
    except NetworkError as error:
        return {"error": str(error)}
    except MemoryError:
        return {"error": f"needs more than {job.memory / 1e6:.0f} MB of memory to be read: no network of its size does"}
    except OSError as error:
        return {"error": f"cannot be read or converted ({reason_of(error)})"}
    except SafetensorError as error:
        return {"error": f"cannot be converted ({error})"}
    return {}


def main() -> None:
    """Enter the sandbox, do the job on the command line, print one line."""
    job = Job(**json.loads(sys.argv[-1]))
    file = Path(job.file)
    gc.disable()  # looking for cycles among a million small values takes longer than making them
    sandbox.set_limits(job.memory, job.seconds, job.written)
    sandbox.drop_network()
    np.random.default_rng([1])  # imports what NumPy imports late
    "".encode("cp437")  # encoding of names in a zip: loads the codec
    configs = configs_beside(file)
    sandbox.forbid_processes()
    sandbox.install_audit_hook(Path(job.folder), [file, *configs])
    print(json.dumps(answer(job)), flush=True)
