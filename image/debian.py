"""The root of the image: Debian packages, unpacked by mmdebstrap from the archive that apt on this machine uses."""

from __future__ import annotations

import hashlib
import os
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from pathlib import Path

from clearway.engine.base import tools_of
from clearway.engine.table import ENGINES

SUITE = "bookworm"
"""Its tools are the versions that the engines are tested with."""
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
FOLDER = Path(__file__).parent
PACKAGES, ENGINE_PACKAGES, TIDY = FOLDER / "packages.txt", FOLDER / "engines.txt", FOLDER / "tidy.sh"
"""Lines of a Debian package and the programs of it that are kept. `make docs` writes the engines' own."""

_LISTS = "$(REPO_URI) $(RELEASE) $(COMPONENT) $(FILENAME)"


class NoDebian(Exception):
    """apt on this machine doesn't know the suite."""


@dataclass(frozen=True)
class Archive:
    """Debian's archive as apt on this machine last saw it."""

    sources: tuple[str, ...]
    releases: tuple[str, ...]
    """The signed texts that name every package and version."""

    @property
    def date(self) -> int:
        """Unix time of its newest part."""
        dates = [line.partition(":")[2] for text in self.releases for line in text.splitlines() if line[:5] == "Date:"]
        return int(max(parsedate_to_datetime(date).timestamp() for date in dates))

    def key(self) -> str:
        """Changes with everything that `root` makes its tar from."""
        files = (PACKAGES, ENGINE_PACKAGES, TIDY, Path(__file__))
        parts = [*self.sources, *self.releases, *(file.read_text() for file in files)]
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]


def archive() -> Archive:
    """Raises NoDebian if apt here has no lists of the suite."""
    lists = [line.split() for line in _apt_lists() if line.split()[1].startswith(SUITE)]
    if not lists:
        raise NoDebian
    sources = (f"deb [signed-by={KEYRING}] {uri} {suite} {component}" for uri, suite, component, _ in lists)
    releases = (_release(Path(file), component) for _, _, component, file in lists)
    return Archive(tuple(sources), tuple(releases))


def engine_packages() -> str:
    """What `ENGINE_PACKAGES` has to hold: scripts read it where there is no Python yet."""
    return "".join(sorted(f"{tool.package} {tool.binary}\n" for tool in tools_of(ENGINES.values()).values()))


def packages() -> tuple[str, ...]:
    """Debian's names of all packages of the root, sorted."""
    lines = [line for file in (PACKAGES, ENGINE_PACKAGES) for line in file.read_text().splitlines()]
    return tuple(sorted(line.split()[0] for line in lines))


def root(archive: Archive, tar: Path) -> None:
    """Write the root as a tar: the same archive gives the same bytes. Raises CalledProcessError."""
    with tempfile.NamedTemporaryFile("w", suffix=".conf") as acquire:
        acquire.writelines(f"{line}\n" for line in _apt_dump() if line.startswith("Acquire"))
        acquire.flush()
        Path(acquire.name).chmod(0o644)  # in a user namespace mmdebstrap reads it as another user
        argv = [
            *("mmdebstrap", "--quiet", "--variant=extract", "--format=tar"),
            f"--include={','.join(packages())}",
            f"--aptopt={acquire.name}",
            f"--extract-hook={TIDY}",
            # What these would clean is removed by the hook; device nodes are the container runtime's business.
            "--skip=cleanup/apt,cleanup/mmdebstrap,output/dev",
            *(SUITE, str(tar), *archive.sources),
        ]
        subprocess.run(argv, check=True, env={**os.environ, "SOURCE_DATE_EPOCH": str(archive.date)})


def _apt_lists() -> list[str]:
    argv = ["apt-get", "indextargets", "--format", _LISTS, "Created-By: Packages", "Origin: Debian"]
    return _said(argv).splitlines()


def _apt_dump() -> Iterator[str]:
    """How packages are fetched here: proxies, certificates."""
    yield from _said(["apt-config", "dump"]).splitlines()


def _release(packages: Path, component: str) -> str:
    """The signed text beside a list of packages."""
    stem = packages.name.partition(f"_{component}_binary-")[0]
    signed = packages.with_name(f"{stem}_InRelease")
    return (signed if signed.exists() else packages.with_name(f"{stem}_Release")).read_text(encoding="utf-8")


def _said(argv: list[str]) -> str:
    return subprocess.run(argv, check=True, capture_output=True, text=True).stdout
