"""What the image is made of, and how: a CycloneDX bill of materials and a SLSA provenance, beside the archive.

Made here rather than by a scanner: a scanner guesses from the files what apt, which fetched them, says for sure.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import tarfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from email import message_from_string
from pathlib import Path
from typing import Any
from urllib.parse import quote

STATUS = "var/lib/dpkg/status"
BILL, PROVENANCE = ".cdx.json", ".provenance.json"
"""Appended to the archive's name."""


@dataclass(frozen=True)
class Package:
    """A Debian package that is in the image."""

    name: str
    version: str
    architecture: str
    sha256: str
    """Of its .deb."""

    @property
    def url(self) -> str:
        """As package URLs have it."""
        return f"pkg:deb/debian/{self.name}@{quote(self.version, safe='~')}?arch={self.architecture}"


@dataclass(frozen=True)
class ImageOrigin:
    """One image, and what it was made from."""

    name: str
    version: str
    digest: str
    date: int
    """Unix time of the lock of its packages."""
    packages: tuple[Package, ...]
    files: Mapping[str, bytes]
    """Of this clone, by their path in it."""

    def bill(self) -> dict[str, Any]:
        about = {
            "type": "container",
            "name": self.name,
            "version": self.version,
            "purl": f"pkg:oci/worker@{self.digest}",
        }
        return {
            "bomFormat": "CycloneDX",
            "specVersion": "1.5",
            "version": 1,
            "metadata": {"component": about},
            "components": [
                {
                    "type": "library",
                    "name": package.name,
                    "version": package.version,
                    "purl": package.url,
                    "hashes": [{"alg": "SHA-256", "content": package.sha256}],
                }
                for package in self.packages
            ],
        }

    def provenance(self, commit: str | None) -> dict[str, Any]:
        """An in-toto statement; without a commit where this is no clone."""
        made_from = [
            *({"name": f"deb:{one.name}={one.version}", "digest": {"sha256": one.sha256}} for one in self.packages),
            *({"name": path, "digest": {"sha256": _digest(content)}} for path, content in self.files.items()),
        ]
        return {
            "_type": "https://in-toto.io/Statement/v1",
            "predicateType": "https://slsa.dev/provenance/v1",
            "subject": [{"name": self.name, "digest": {"sha256": self.digest.partition(":")[2]}}],
            "predicate": {
                "buildDefinition": {
                    "buildType": "https://clearway.dev/image/v1",
                    "externalParameters": {"commit": commit, "debian": self.date},
                    "resolvedDependencies": made_from,
                },
                "runDetails": {"builder": {"id": "https://clearway.dev/image"}},
            },
        }

    def write_beside(self, archive: Path, clone: Path) -> None:
        """Both files; the same image gives the same bill."""
        for tail, document in ((BILL, self.bill()), (PROVENANCE, self.provenance(commit_of(clone)))):
            text = json.dumps(document, indent=1) + "\n"
            archive.with_name(archive.name + tail).write_text(text, encoding="utf-8")


def packages_of(root: Path) -> tuple[Package, ...]:
    """What dpkg's list in the root's tar says."""
    with tarfile.open(root) as tar:
        (listed,) = (member for member in tar if member.name.removeprefix("./") == STATUS)
        content = tar.extractfile(listed)
        assert content is not None
        return tuple(sorted(_packages(content.read().decode()), key=lambda package: package.name))


def commit_of(clone: Path) -> str | None:
    """The commit that is checked out, with a word where files were changed since."""
    argv = ["git", "-C", str(clone), "describe", "--always", "--abbrev=40", "--exclude=*", "--dirty"]
    try:
        return subprocess.run(argv, check=True, capture_output=True, text=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return None


def _packages(status: str) -> Iterator[Package]:
    for stanza in filter(str.strip, status.split("\n\n")):
        fields = message_from_string(stanza.lstrip())
        yield Package(fields["Package"], fields["Version"], fields["Architecture"], fields["SHA256"])


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
