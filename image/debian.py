"""The root of the image: the locked Debian packages, unpacked by mmdebstrap from the archive that apt here uses."""

from __future__ import annotations

import hashlib
import os
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from email.utils import parsedate_to_datetime
from pathlib import Path

from clearway.engine.base import tools_of
from clearway.engine.table import ENGINES
from image.lock import Lock, lock_text

SUITE = "bookworm"
"""Its tools are the versions that the engines are tested with."""
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
FOLDER = Path(__file__).parent
PACKAGES, ENGINE_PACKAGES, TIDY = FOLDER / "packages.txt", FOLDER / "engines.txt", FOLDER / "tidy.sh"
"""Lines of a Debian package and the programs of it that are kept. `make docs` writes the engines' own."""

_LISTS = "$(REPO_URI) $(RELEASE) $(COMPONENT)"


class NoDebian(Exception):
    """apt on this machine doesn't know the suite."""


def sources() -> tuple[str, ...]:
    """Debian's archive where apt on this machine has it from. Raises NoDebian if apt here has no lists of the suite."""
    lists = [line.split() for line in _apt_lists() if line.split()[1].startswith(SUITE)]
    if not lists:
        raise NoDebian
    return tuple(f"deb [signed-by={KEYRING}] {uri} {suite} {component}" for uri, suite, component in lists)


def newest_date(releases: Iterable[str]) -> int:
    """Unix time of the newest of these texts, with which an archive signs its parts."""
    dates = [line.partition(":")[2] for text in releases for line in text.splitlines() if line[:5] == "Date:"]
    return int(max(parsedate_to_datetime(date).timestamp() for date in dates))


def architecture() -> str:
    """Of this machine, in Debian's words."""
    return _said(["dpkg", "--print-architecture"]).strip()


def root_key(lock: Lock) -> str:
    """Changes with everything that `root` makes its tar from, but for what Debian has replaced since the lock."""
    files = (PACKAGES, ENGINE_PACKAGES, TIDY, Path(__file__))
    parts = [architecture(), lock_text(lock), *(file.read_text(encoding="utf-8") for file in files)]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]


def engine_packages() -> str:
    """What `ENGINE_PACKAGES` has to hold: scripts read it where there is no Python yet."""
    return "".join(sorted(f"{tool.package} {tool.binary}\n" for tool in tools_of(ENGINES.values()).values()))


def packages() -> tuple[str, ...]:
    """Debian's names of all packages of the root, sorted."""
    lines = [line for file in (PACKAGES, ENGINE_PACKAGES) for line in file.read_text().splitlines()]
    return tuple(sorted(line.split()[0] for line in lines))


def root(lock: Lock, tar: Path) -> None:
    """Write the root as a tar: the same packages give the same bytes. Raises NoDebian or CalledProcessError."""
    with ExitStack() as files:
        fetching = "".join(f"{line}\n" for line in _apt_dump() if line.startswith("Acquire"))
        acquire = files.enter_context(_readable(fetching, ".conf"))
        preferences = files.enter_context(_readable(lock.preferences(architecture())))
        argv = [
            *("mmdebstrap", "--quiet", "--variant=extract", "--format=tar"),
            f"--include={','.join(packages())}",
            f"--aptopt={acquire}",
            f'--setup-hook=cp {preferences} "$1/etc/apt/preferences.d/lock"',
            f"--extract-hook={TIDY}",
            # What these would clean is removed by the hook; device nodes are the container runtime's business.
            "--skip=cleanup/apt,cleanup/mmdebstrap,output/dev",
            *(SUITE, str(tar), *sources()),
        ]
        subprocess.run(argv, check=True, env={**os.environ, "SOURCE_DATE_EPOCH": str(lock.date)})


@contextmanager
def _readable(text: str, suffix: str = "") -> Iterator[Path]:
    """A file for any user: in a user namespace mmdebstrap is another one."""
    with tempfile.NamedTemporaryFile("w", suffix=suffix, encoding="utf-8") as file:
        file.write(text)
        file.flush()
        Path(file.name).chmod(0o644)
        yield Path(file.name)


def _apt_lists() -> list[str]:
    argv = ["apt-get", "indextargets", "--format", _LISTS, "Created-By: Packages", "Origin: Debian"]
    return _said(argv).splitlines()


def _apt_dump() -> Iterator[str]:
    """How packages are fetched here: proxies, certificates."""
    yield from _said(["apt-config", "dump"]).splitlines()


def _said(argv: list[str]) -> str:
    return subprocess.run(argv, check=True, capture_output=True, text=True).stdout
