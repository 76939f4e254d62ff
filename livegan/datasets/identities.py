"""Face recognition: embeddings of faces (dlib's ResNet, extra `identities`) and clusters of them, one per person."""

from collections.abc import Callable, Sequence
from importlib import import_module
from importlib.util import find_spec
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from livegan.core.types import Pixels
from livegan.datasets.faces import LANDMARKS, Face, weights
from livegan.errors import DatasetError

EMBEDDER = "dlib_face_recognition_resnet_model_v1.dat"  # 128 numbers a face; King 2017, CC0
SAME_PERSON = 0.5  # distance to a person's mean; dlib takes two faces within 0.6 of each other for one person
ROUNDS = 4
INSTALL = "pip install 'livegan[identities]'"

Embedding = tuple[float, ...]
FaceEmbedder = Callable[[Pixels, Sequence[Face]], list[Embedding]]


def can_embed() -> bool:
    """Whether the extra `identities` is installed."""
    return find_spec("dlib") is not None and weights(EMBEDDER) is not None and weights(LANDMARKS) is not None


def face_embedder() -> FaceEmbedder:
    """Embeddings of the faces of a picture, near each other (Euclidean) for one person; threads may share it."""
    if not can_embed():
        raise DatasetError(f"persons are told apart with dlib; type: {INSTALL}")
    dlib: Any = import_module("dlib")
    landmarks = dlib.shape_predictor(str(weights(LANDMARKS)))
    network = dlib.face_recognition_model_v1(str(weights(EMBEDDER)))
    lock = Lock()

    def embed(pixels: Pixels, faces: Sequence[Face]) -> list[Embedding]:
        picture = np.ascontiguousarray(pixels)
        found = []
        for face in faces:
            box = dlib.rectangle(*(round(value) for value in face.box))
            with lock:
                found.append(tuple(map(float, network.compute_face_descriptor(picture, landmarks(picture, box)))))
        return found

    return embed


def persons(embeddings: Sequence[Embedding], within: float = SAME_PERSON) -> list[int]:
    """The person of each face, numbered from 1 for the one seen most often: clusters around means.

    Each face joins the nearest mean within `within`, or begins a person of its own; then again, from the means found.
    The same faces in the same order give the same numbers.
    """
    if not embeddings:
        return []
    faces = np.asarray(embeddings, np.float64)
    means = np.empty((0, faces.shape[1]))
    labels = [0] * len(faces)
    for _ in range(ROUNDS):
        for place, face in enumerate(faces):
            label = _nearest(face, means, within)
            if label is None:
                label, means = len(means), np.concatenate([means, face[None]])
            labels[place] = label
        used = sorted(set(labels))
        labels = [used.index(label) for label in labels]
        means = np.stack([faces[np.equal(labels, label)].mean(0) for label in range(len(used))])
    ranks = sorted(set(labels), key=lambda label: (-labels.count(label), labels.index(label)))
    number = {label: rank for rank, label in enumerate(ranks, 1)}
    return [number[label] for label in labels]


def _nearest(face: NDArray[np.float64], means: NDArray[np.float64], within: float) -> int | None:
    if not len(means):
        return None
    distances = np.linalg.norm(means - face, axis=1)
    best = int(distances.argmin())
    return best if distances[best] <= within else None
