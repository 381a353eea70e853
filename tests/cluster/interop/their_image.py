"""ClusterLoader2's worker image: its program on the root of ours, which has the iperf that it starts.

Its own Containerfile fetches iperf 2.0.9 and siege as sources; the parsers of its worker read TCP of a newer iperf too.
"""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from pathlib import Path
from typing import Any

from image.archive import write_archive

_PROGRAM = "workspace/network"


def write_their_image(program: Path, ours: Path, target: Path, name: str, folder: Path) -> None:
    """Make the archive `target` of a static `program` and the archive `ours`; `folder` is for what lies between."""
    with tarfile.open(ours) as archive:
        archive.extractall(folder, filter="data")
    index = _read(folder / "index.json")
    (entry,) = index["manifests"]
    manifest = _read(_blob(folder, entry["digest"]))
    config = _read(_blob(folder, manifest["config"]["digest"]))
    layer = _layer(program)
    config["config"] = {"Entrypoint": [f"/{_PROGRAM}"], "Env": ["PATH=/usr/bin:/bin"], "User": "0"}
    config["rootfs"]["diff_ids"].append(_digest(layer))
    config.pop("history", None)
    manifest["layers"].append({"mediaType": "application/vnd.oci.image.layer.v1.tar", **_stored(folder, layer)})
    manifest["config"] |= _stored(folder, _encoded(config))
    entry |= _stored(folder, _encoded(manifest))
    (folder / "index.json").write_bytes(_encoded(index))
    write_archive(folder, target, name)


def _layer(program: Path) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        entry = tar.gettarinfo(program, _PROGRAM)
        entry.mode = 0o755
        with program.open("rb") as content:
            tar.addfile(entry, content)
    return buffer.getvalue()


def _stored(folder: Path, content: bytes) -> dict[str, Any]:
    digest = _digest(content)
    _blob(folder, digest).write_bytes(content)
    return {"digest": digest, "size": len(content)}


def _blob(folder: Path, digest: str) -> Path:
    return folder / "blobs" / digest.replace(":", "/")


def _digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def _read(path: Path) -> Any:
    return json.loads(path.read_bytes())


def _encoded(document: Any) -> bytes:
    return json.dumps(document).encode()
