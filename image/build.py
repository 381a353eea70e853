"""The image: the root, and on it what the Containerfile adds of this clone."""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from clearway.site.kubernetes.options import IMAGE
from image import debian
from image.archive import write_archive

CLONE = Path(__file__).parents[1]
CONTAINERFILE = Path(__file__).with_name("Containerfile")
KEPT = 3
"""Builds that stay in the cache: other clones may be using theirs."""

_COPIED = re.compile(r"^COPY (src/clearway/\S+) ", re.MULTILINE)


def build(cache: Path) -> Path:
    """The image's archive for this clone, made if the cache doesn't have it.

    Needs mmdebstrap, buildah, and root or subordinate ids. Raises NoDebian, FileNotFoundError or CalledProcessError.
    """
    packages = debian.archive()
    archive = cache / f"worker-{_key(packages)}.oci.tar"
    cache.mkdir(parents=True, exist_ok=True)
    with _alone(cache):
        if not archive.exists():
            _make(packages, _root(packages, cache), archive)
        archive.touch()
        _forget_old(cache)
    return archive


def worker_files() -> list[Path]:
    """The files of this clone that go into the image, as the Containerfile names them."""
    named = [CLONE / name for name in _COPIED.findall(CONTAINERFILE.read_text(encoding="utf-8"))]
    found = [file for path in named for file in (path.rglob("*") if path.is_dir() else [path]) if file.is_file()]
    return sorted(file for file in found if "__pycache__" not in file.parts)


def _key(packages: debian.Archive) -> str:
    """Changes with everything that the archive is made from."""
    digest = hashlib.sha256(packages.key().encode())
    for file in (*worker_files(), CONTAINERFILE, Path(__file__), Path(__file__).with_name("archive.py")):
        digest.update(f"\0{file.relative_to(CLONE)}\0".encode() + file.read_bytes())
    return digest.hexdigest()[:16]


def _root(packages: debian.Archive, cache: Path) -> Path:
    root = cache / f"root-{packages.key()}.tar"
    if not root.exists():
        _say("fetches and unpacks Debian packages")
        with _appearing(root) as part:
            debian.root(packages, part)
    root.touch()
    return root


def _make(packages: debian.Archive, root: Path, archive: Path) -> None:
    with _workshop(packages.date) as workshop:
        _say("puts the worker on them")
        workshop.import_root(root)
        workshop.build(worker_files())
        _say("compresses and packs")
        layout = workshop.layout()
        with _appearing(archive) as part:
            digest = write_archive(layout, part, IMAGE)
    _say(f"made {IMAGE} {digest}, {archive.stat().st_size / 1e6:.0f} MB")


@dataclass(frozen=True)
class _Workshop:
    """buildah with a store of its own, which is gone afterwards."""

    folder: Path
    epoch: int

    def import_root(self, tar: Path) -> None:
        container = self._buildah("from", "scratch").strip()
        self._buildah("add", "--quiet", container, str(tar), "/")
        self._buildah("commit", "--quiet", "--rm", *self._dated(), container, "root")

    def build(self, files: list[Path]) -> None:
        """Build the Containerfile's last stage with these files, independent of their owner, mode and time here."""
        context = self.folder / "context"
        for file in files:
            place = context / file.relative_to(CLONE)
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, place)
        for path in (context, *context.rglob("*")):
            path.chmod(0o755 if path.is_dir() else 0o644)
        self._buildah(
            *("bud", "--quiet", "--layers=false", "--pull-never", "--isolation=chroot", *self._dated()),
            *("--build-arg", "ROOT=localhost/root", "--file", str(CONTAINERFILE), "--tag", IMAGE, str(context)),
        )

    def layout(self) -> Path:
        layout = self.folder / "layout"
        self._buildah("push", "--quiet", "--disable-compression=false", IMAGE, f"oci:{layout}")
        return layout

    def close(self) -> None:
        self._run("rm", "-rf", str(self.folder / "store"))
        shutil.rmtree(self.folder)

    def _dated(self) -> tuple[str, ...]:
        return "--format=oci", f"--timestamp={self.epoch}"

    def _buildah(self, *words: str) -> str:
        store = (f"--root={self.folder}/store", f"--runroot={self.folder}/run", "--storage-driver=vfs")
        return self._run("buildah", *store, *words)

    def _run(self, *argv: str) -> str:
        """Run it as the owner of all files of an image: root is, another user is in a user namespace."""
        owner = () if os.geteuid() == 0 else ("buildah", "unshare")
        environment = {**os.environ, "XDG_RUNTIME_DIR": str(self.folder), "TMPDIR": str(self.folder)}
        return subprocess.run((*owner, *argv), check=True, stdout=subprocess.PIPE, text=True, env=environment).stdout


@contextmanager
def _workshop(epoch: int) -> Iterator[_Workshop]:
    workshop = _Workshop(Path(tempfile.mkdtemp(prefix="clearway-image-", dir="/var/tmp")), epoch)
    try:
        yield workshop
    finally:
        workshop.close()


@contextmanager
def _appearing(path: Path) -> Iterator[Path]:
    """A place to write to; the file is there only once it is whole."""
    part = path.with_name(f"{path.name}.part")
    try:
        yield part
        part.rename(path)
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def _alone(cache: Path) -> Iterator[None]:
    """Only one build at a time works in the cache."""
    with (cache / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _forget_old(cache: Path) -> None:
    for kind in ("root-*.tar", "worker-*.oci.tar"):
        by_use = sorted(cache.glob(kind), key=lambda path: path.stat().st_mtime, reverse=True)
        for path in by_use[KEPT:]:
            path.unlink()


def _say(text: str) -> None:
    print(f"image: {text}", file=sys.stderr, flush=True)
