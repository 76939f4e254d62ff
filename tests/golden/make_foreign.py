"""Writes files as other programs do, and what comes of them here. `.venv/bin/python -m tests.golden.make_foreign`.

To be run only by code that passes the reference networks (`tests/unit/test_networks_importers_fixtures.py`): its
pictures are what later code is compared with.
"""

from pathlib import Path

import numpy as np

from livegan import load_network
from tests import foreign

NETWORKS = Path(__file__).resolve().parent / "networks"


def write() -> None:
    NETWORKS.mkdir(exist_ok=True)
    for name, data in foreign.everyone().items():
        path = foreign.written(NETWORKS, name, data)
        net = load_network(path)
        answers: dict[str, np.ndarray] = {}
        for seed, psi, noise in ((0, 1.0, "const"), (1, 0.6, "none")):
            z = np.random.RandomState(seed).randn(1, net.z_dim).astype(np.float32)
            w = net.map(z, [seed] if net.c_dim else None, psi, cutoff=3)
            plane = np.random.RandomState(seed).rand(*net.resolution) if net.kind == "lightweight" else noise
            answers |= {
                f"z_{seed}": z,
                f"w_{seed}": w[0],
                f"img_{seed}": net.synthesize(w, plane)[0].astype(np.float16),
            }
        np.savez_compressed(path.with_suffix(".npz"), **answers)


if __name__ == "__main__":
    write()
    print(f"wrote {sum(path.stat().st_size for path in NETWORKS.iterdir())} bytes")
