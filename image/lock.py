"""The Debian packages that the image is made of: `debian.lock` names each with version and SHA-256, by architecture.

`make lock-image` writes it. A build takes what it names; where Debian's archive has replaced a version, as a security
update does, the new one is taken and named.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from image.origin import Package

LOCK = Path(__file__).with_name("debian.lock")

_HEAD = """\
# The Debian packages of the worker image, as `make lock-image` found them on the date below, which is the date of the
# image's files. A line: the machine's architecture, the package, its version and architecture, SHA-256 of its .deb.
"""
_PIN = "Package: {name}\nPin: version {version}\nPin-Priority: 1001\n"
"""Above 1000 a version is taken though a newer one is there; one that is nowhere is passed over."""


class OtherContent(Exception):
    """Packages have the version of the lock, and another content: Debian never does that."""

    def __init__(self, packages: Iterable[Package]) -> None:
        super().__init__(", ".join(f"{one.name} {one.version}" for one in packages))


@dataclass(frozen=True)
class Lock:
    date: int
    """Unix time of the newest part of the archive that all packages were in."""
    packages: Mapping[str, tuple[Package, ...]]
    """By the machine's architecture."""

    def preferences(self, architecture: str) -> str:
        """In the words of apt's preferences."""
        pins = (_PIN.format(name=one.name, version=one.version) for one in self.packages.get(architecture, ()))
        return "\n".join(pins)

    def replaced(self, architecture: str, there: Iterable[Package]) -> tuple[str, ...]:
        """What a root has instead, a line for each package; none if it is as locked. Raises OtherContent."""
        locked = {one.name: one for one in self.packages.get(architecture, ())}
        found = {one.name: one for one in there}
        known = [(locked[name], one) for name, one in found.items() if name in locked]
        if wrong := [one for was, one in known if was.version == one.version and was.sha256 != one.sha256]:
            raise OtherContent(wrong)
        names = sorted(name for name in locked.keys() | found.keys() if locked.get(name) != found.get(name))
        return tuple(f"{name} {_version(locked.get(name))} -> {_version(found.get(name))}" for name in names)


def read_lock(text: str) -> Lock:
    """Of the file's text."""
    (_, date), *rows = (line.split() for line in text.splitlines() if not line.startswith("#"))
    packages: dict[str, tuple[Package, ...]] = {}
    for machine, *package in rows:
        packages[machine] = (*packages.get(machine, ()), Package(*package))
    return Lock(int(datetime.fromisoformat(date).timestamp()), packages)


def lock_text(lock: Lock) -> str:
    """What `read_lock` reads."""
    date = datetime.fromtimestamp(lock.date, UTC).isoformat()
    rows = (
        f"{machine} {one.name} {one.version} {one.architecture} {one.sha256}\n"
        for machine, packages in sorted(lock.packages.items())
        for one in sorted(packages, key=lambda package: package.name)
    )
    return f"{_HEAD}date {date}\n{''.join(rows)}"


def _version(package: Package | None) -> str:
    return package.version if package is not None else "none"
