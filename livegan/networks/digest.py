"""Digests (SHA-256) of files, of values of JSON, and of networks: what decides their pictures."""

import hashlib
import json
from pathlib import Path
from typing import Any

from livegan.networks.info import NetworkInfo

BLOCK = 1 << 20


def file_digest(path: Path) -> str:
    """SHA-256 of a file; "" of one that cannot be read."""
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while block := file.read(BLOCK):
                digest.update(block)
    except (OSError, ValueError):
        return ""
    return digest.hexdigest()


def value_digest(value: Any) -> str:
    """SHA-256 of a value of JSON."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


def network_digest(info: NetworkInfo) -> str:
    """Digest of a network: of its files, or of its description where it has none."""
    members = [Path(member) for member in info.shape.get("members", ())] if info.kind == "morph" else [info.path]
    files = [path for member in members for path in (member, member.with_suffix(".safetensors"))]
    description = [info.kind, list(info.resolution), info.z_dim, info.c_dim, info.w_dim, str(dict(info.shape))]
    return value_digest([description, [file_digest(path) for path in files]])
