"""One tar that every runtime loads: an OCI layout, with docker's own table of contents beside it."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_NAMES = ("io.containerd.image.name", "org.opencontainers.image.ref.name")


def write_archive(layout: Path, archive: Path, name: str) -> str:
    """Pack the OCI layout, which holds one image, under its full `name`; returns the image's digest.

    The same layout gives the same bytes. Docker before 25 reads manifest.json, podman either, all others index.json.
    """
    index = json.loads((layout / "index.json").read_bytes())
    (entry,) = index["manifests"]
    entry["annotations"] = dict.fromkeys(_NAMES, name)
    manifest = json.loads(_blob(layout, entry).read_bytes())
    documents = {
        "index.json": index,
        "manifest.json": [
            {
                "Config": _place(manifest["config"]),
                "RepoTags": [name],
                "Layers": [_place(layer) for layer in manifest["layers"]],
            }
        ],
        "oci-layout": json.loads((layout / "oci-layout").read_bytes()),
    }
    with tarfile.open(archive, "w", format=tarfile.USTAR_FORMAT) as tar:
        for path, document in documents.items():
            content = json.dumps(document, sort_keys=True).encode()
            tar.addfile(_file(path, len(content)), io.BytesIO(content))
        for blob in sorted((layout / "blobs" / "sha256").iterdir()):
            with blob.open("rb") as source:
                tar.addfile(_file(f"blobs/sha256/{blob.name}", blob.stat().st_size), source)
    return str(entry["digest"])


def _file(path: str, size: int) -> tarfile.TarInfo:
    """Without time and owner."""
    info = tarfile.TarInfo(path)
    info.size = size
    return info


def _blob(layout: Path, descriptor: Mapping[str, Any]) -> Path:
    return layout / _place(descriptor)


def _place(descriptor: Mapping[str, Any]) -> str:
    algorithm, _, value = descriptor["digest"].partition(":")
    return f"blobs/{algorithm}/{value}"
