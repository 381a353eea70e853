"""What differs between two archives of the image: which part, and of a layer which file and how."""

from __future__ import annotations

import gzip
import hashlib
import io
import tarfile
from collections.abc import Iterator, Mapping
from pathlib import Path

Entry = tuple[str, ...]
"""What a tar says of a file, each figure with its name, and the digest of its content."""
_FIELDS = ("mode", "uid", "gid", "size", "mtime", "type", "linkname")


def differences(one: Path, other: Path) -> list[str]:
    """A line each; none if the archives are the same byte for byte."""
    if one.read_bytes() == other.read_bytes():
        return []
    return [*_between(_parts(one), _parts(other)), "the archives' bytes"]


def _parts(archive: Path) -> dict[str, bytes]:
    """The layers by their place, for their digest is their name; all else by its name."""
    with tarfile.open(archive) as tar:
        contents = {member.name: _content(tar, member) for member in tar if member.isfile()}
    named = {name: content for name, content in contents.items() if not name.startswith("blobs/")}
    blobs = sorted((content for name, content in contents.items() if name.startswith("blobs/")), key=len)
    return {**named, **{f"blob {number} of {len(blobs)}": content for number, content in enumerate(blobs, 1)}}


def _between(one: Mapping[str, bytes], other: Mapping[str, bytes]) -> Iterator[str]:
    for name in sorted(one.keys() | other.keys()):
        if (here := one.get(name, b"")) != (there := other.get(name, b"")):
            yield f"{name}: {len(here)} and {len(there)} bytes"
            yield from _inside(name, here, there)


def _inside(name: str, here: bytes, there: bytes) -> Iterator[str]:
    one, other = _entries(here), _entries(there)
    if list(one) != list(other):
        yield f"{name}: the order of its files"
    for path in sorted(one.keys() | other.keys()):
        if one.get(path) != other.get(path):
            yield f"{name}: {path}: {one.get(path)} and {other.get(path)}"
    if not one and not other:
        yield f"{name}: {here[:2000]!r} and {there[:2000]!r}"


def _entries(layer: bytes) -> dict[str, Entry]:
    """In the order of the layer; empty for what is none."""
    if layer[:2] != b"\x1f\x8b":
        return {}
    with tarfile.open(fileobj=io.BytesIO(gzip.decompress(layer))) as tar:
        return {member.name: _entry(tar, member) for member in tar}


def _entry(tar: tarfile.TarFile, member: tarfile.TarInfo) -> Entry:
    said = (f"{name} {getattr(member, name)}" for name in _FIELDS)
    return (*said, hashlib.sha256(_content(tar, member)).hexdigest()[:12])


def _content(tar: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    file = tar.extractfile(member) if member.isfile() else None
    return b"" if file is None else file.read()
