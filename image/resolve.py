"""`python -m image.resolve`: pins the newest packages of Debian's archive that the image can be made of.

For every architecture, whatever this machine's is: apt decides, with lists and a state of its own in which nothing is
installed, as mmdebstrap has them.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from image import debian
from image.lock import LOCK, Lock, lock_text
from image.origin import Package

ARCHITECTURES = ("amd64", "arm64")
"""Those of most nodes. On others the image is made of what is newest."""

_FETCHED = re.compile(r"^'\S+' (\S+)_(\S+)_(\S+)\.deb \d+ SHA256:([0-9a-f]{64})$", re.MULTILINE)


@dataclass(frozen=True)
class _Apt:
    """apt for one architecture, in a folder of its own."""

    folder: Path
    architecture: str

    def prepare(self, sources: Sequence[str]) -> None:
        for name in ("lists/partial", "archives/partial"):
            (self.folder / name).mkdir(parents=True)
        (self.folder / "status").touch()
        (self.folder / "sources.list").write_text("".join(f"{line}\n" for line in sources), encoding="utf-8")

    def run(self, *words: str) -> str:
        places = {
            "Dir::Etc::SourceList": "sources.list",
            "Dir::State::Lists": "lists",
            "Dir::State::Status": "status",
            "Dir::Cache": "",
        }
        nowhere = ("Dir::Etc::SourceParts", "Dir::Etc::Preferences", "Dir::Etc::PreferencesParts")
        options = (
            f"APT::Architecture={self.architecture}",
            f"APT::Architectures={self.architecture}",
            "APT::Sandbox::User=",  # apt's own user can't write into a temporary folder of ours
            *(f"{key}={self.folder}/{name}" for key, name in places.items()),
            *(f"{key}=/dev/null" for key in nowhere),
        )
        argv = ["apt-get", "-qq", *(word for option in options for word in ("-o", option)), *words]
        return subprocess.run(argv, check=True, stdout=subprocess.PIPE, text=True).stdout

    def packages(self, wanted: Sequence[str]) -> tuple[Package, ...]:
        """All that come with these."""
        flags = ("--yes", "--no-install-recommends", "--print-uris", "-o", "Acquire::ForceHash=SHA256")
        found = _FETCHED.findall(self.run("install", *flags, *wanted))
        return tuple(Package(name, version.replace("%3a", ":"), own, sha256) for name, version, own, sha256 in found)

    def date(self) -> int:
        texts = [path.read_text(encoding="utf-8") for path in (self.folder / "lists").glob("*Release")]
        return debian.newest_date(texts)


def resolve(folder: Path) -> Lock:
    """The newest packages, in an empty folder. Raises NoDebian or CalledProcessError."""
    packages, dates = {}, []
    for architecture in ARCHITECTURES:
        apt = _Apt(folder / architecture, architecture)
        apt.prepare(debian.sources())
        apt.run("update")
        packages[architecture] = apt.packages(debian.packages())
        dates.append(apt.date())
    return Lock(max(dates), packages)


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        lock = resolve(Path(folder))
    LOCK.write_text(lock_text(lock), encoding="utf-8")
    counts = ", ".join(f"{len(packages)} for {one}" for one, packages in lock.packages.items())
    print(f"image: pinned in {LOCK.name}: {counts}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
