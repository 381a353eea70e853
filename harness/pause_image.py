"""An OCI image archive with one static program in it."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from pathlib import Path
from typing import Any

PAUSE_IMAGE = "clearway.test/pause:1"

_MEDIA = "application/vnd.oci.image"
_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}


def write_image(program: Path, target: Path, machine: str, name: str = PAUSE_IMAGE) -> None:
    """Make the archive `target`, for the kind of machine that `uname -m` names, of a static `program` to run."""
    layer = _archive({program.name: program.read_bytes()}, mode=0o755)
    platform = {"os": "linux", "architecture": _ARCHITECTURES[machine]}
    rootfs = {"type": "layers", "diff_ids": [_digest(layer)]}
    config = _encoded({**platform, "config": {"Entrypoint": [f"/{program.name}"], "User": "65534"}, "rootfs": rootfs})
    manifest = _encoded(
        {
            "schemaVersion": 2,
            "config": _descriptor("config.v1+json", config),
            "layers": [_descriptor("layer.v1.tar", layer)],
        }
    )
    named = {"annotations": {"io.containerd.image.name": name}}
    index = {"schemaVersion": 2, "manifests": [{**_descriptor("manifest.v1+json", manifest), **named}]}
    blobs = {_blob_name(content): content for content in (layer, config, manifest)}
    layout = {"oci-layout": _encoded({"imageLayoutVersion": "1.0.0"}), "index.json": _encoded(index)}
    target.write_bytes(_archive({**layout, **blobs}, mode=0o644))


def _archive(files: dict[str, bytes], mode: int) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(content), mode
            archive.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


def _descriptor(kind: str, content: bytes) -> dict[str, Any]:
    return {"mediaType": f"{_MEDIA}.{kind}", "digest": _digest(content), "size": len(content)}


def _digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def _blob_name(content: bytes) -> str:
    return f"blobs/{_digest(content).replace(':', '/')}"


def _encoded(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True).encode()
