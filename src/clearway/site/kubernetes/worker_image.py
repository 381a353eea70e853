"""What is known of the worker image from its archive on this machine; of one in a registry, nothing."""

from __future__ import annotations

import json
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from clearway.site.kubernetes.options import IMAGE, newest_archive


@dataclass(frozen=True)
class WorkerImage:
    name: str
    architecture: str | None = None
    """None: it is not known, or there are several."""
    digests: tuple[str, ...] = ()
    """Of its configuration and of its manifest: by one of them a container runtime knows it. Empty: not known."""

    @classmethod
    def of(cls, name: str) -> Self:
        """The image of this name; the archive is of our own image alone."""
        archive = newest_archive() if name == IMAGE else None
        return cls(name) if archive is None else cls.in_archive(name, archive)

    @classmethod
    def in_archive(cls, name: str, archive: Path) -> Self:
        """Nothing is known of what is no OCI archive with one image."""
        try:
            with tarfile.open(archive) as files:
                (listed,) = _read(files, "index.json")["manifests"]
                described = _read(files, _blob(listed))["config"]
                architecture = _read(files, _blob(described)).get("architecture")
                digests = (str(described["digest"]), str(listed["digest"]))
        except (OSError, tarfile.TarError, ValueError, LookupError, TypeError, AttributeError):
            return cls(name)
        return cls(name, architecture if isinstance(architecture, str) and architecture else None, digests)

    def runs_on(self, architecture: str) -> bool:
        """Whether it may run there."""
        return self.architecture in (None, architecture)

    def other_than(self, image_id: str) -> str | None:
        """The digest in what a node reports of its image, if it is of another image than this one."""
        _, algorithm, value = image_id.rpartition("sha256:")
        digest = f"{algorithm}{value}"
        return digest if algorithm and self.digests and digest not in self.digests else None


def _blob(reference: Any) -> str:
    return "blobs/" + str(reference["digest"]).replace(":", "/")


def _read(files: tarfile.TarFile, name: str) -> Any:
    found = next((one for one in files if one.name.removeprefix("./") == name), None)
    content = None if found is None else files.extractfile(found)
    if content is None:
        raise LookupError(name)
    return json.load(content)
