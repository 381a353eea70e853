"""What is known of the worker image: from its archive on this machine, or from the nodes that have it."""

from __future__ import annotations

import json
import tarfile
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

from clearway.kube.objects import KubeNode
from clearway.site.kubernetes.options import IMAGE, newest_archive


@dataclass(frozen=True)
class WorkerImage:
    name: str
    architecture: str | None = None
    """None: it is not known, or there are several."""
    digests: tuple[str, ...] = ()
    """Of its configuration and of its manifest: by one of them a container runtime knows it. Empty: not known."""
    node: str = ""
    """Where it was seen first, if nothing else is known of it."""
    seen: str = ""
    """What that node reported."""

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

    def seen_on(self, node: str, image_id: str) -> Self:
        """What a node reports counts for all others where nothing is known, and the name has no digest."""
        if self.digests or "@" in self.name or not (digest := _digest(image_id)):
            return self
        return replace(self, digests=(digest,), node=node, seen=image_id)

    def other_than(self, image_id: str) -> str | None:
        """The digest in what a node reports of its image, if it is of another image than this one."""
        if self.seen and ("@" in self.seen) != ("@" in image_id):
            return None  # one was pulled, the other loaded: digests of different things
        digest = _digest(image_id)
        return digest if digest and self.digests and digest not in self.digests else None


def by_digest(image: str, nodes: Iterable[KubeNode]) -> str:
    """An image of a registry by its digest, if all nodes that have it under this name have the same; else as it is.

    Nodes that don't have it pull the same one then, also if the tag means another one by now.
    """
    if image == IMAGE or "@" in image:
        return image
    folder, _, last = image.rpartition("/")
    name, _, tag = last.partition(":")
    repository = f"{folder}/{name}" if folder else name
    tagged = f"{repository}:{tag or 'latest'}"
    alike = [one.names for node in nodes for one in node.status.images if tagged in one.names]
    digests = {name for names in alike for name in names if name.startswith(f"{repository}@sha256:")}
    return digests.pop() if len(digests) == 1 else image


def _digest(image_id: str) -> str:
    _, algorithm, value = image_id.rpartition("sha256:")
    return f"{algorithm}{value}" if algorithm else ""


def _blob(reference: Any) -> str:
    return "blobs/" + str(reference["digest"]).replace(":", "/")


def _read(files: tarfile.TarFile, name: str) -> Any:
    found = next((one for one in files if one.name.removeprefix("./") == name), None)
    content = None if found is None else files.extractfile(found)
    if content is None:
        raise LookupError(name)
    return json.load(content)
