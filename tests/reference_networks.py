"""The reference networks that lie beside the project: files of other programs, and what those drew with them."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from livegan import load_network

FOLDER = Path(__file__).resolve().parents[2] / "shared" / "fixtures" / "networks-2"
W_WITHIN = 1e-4
PICTURE_WITHIN = 2e-3  # of the picture's own range; most answers are stored as float16
needed = pytest.mark.skipif(not FOLDER.is_dir(), reason="the reference networks are not here; the goldens are")


def answers(name: str) -> Iterator[tuple[dict[str, Any], dict[str, np.ndarray]]]:
    """The cases of FOLDER/NAME, each with its arrays: "w", "img", and "z", "c", "noise" where it has them."""
    path = FOLDER / f"{name}.npz"
    known = np.load(path if path.is_file() else (FOLDER / name).with_suffix(".npz"))
    for k, case in enumerate(json.loads(str(known["cases"]))):
        yield case, {key.removesuffix(f"_{k}"): known[key] for key in known.files if key.endswith(f"_{k}")}


def far(found: np.ndarray, wanted: np.ndarray) -> float:
    """The largest difference, as a share of the range of what is wanted."""
    wanted = wanted.astype(np.float32)
    return float(np.abs(found - wanted).max() / np.ptp(wanted))


def check_reference(name: str) -> None:
    """It maps and draws as the program that wrote it did; of networks with w, const or no noise, classes by number."""
    net = load_network(FOLDER / name)
    for case, known in answers(name):
        z = np.random.RandomState(case["seed"]).randn(1, net.z_dim).astype(np.float32)
        label = np.eye(net.c_dim)[[case["label"]]] if case.get("label") is not None else np.zeros((1, net.c_dim))
        w = net.map(z, label, case.get("psi", 1.0), case.get("cutoff"))
        every = case.get("every", 1)
        picture = net.synthesize(w, case.get("noise_mode", "const"), case.get("input_transform"))[
            0, :, ::every, ::every
        ]
        assert np.abs(w[0] - known["w"]).max() <= W_WITHIN, case
        assert far(picture, known["img"]) <= PICTURE_WITHIN, case
