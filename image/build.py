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
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from clearway.site.kubernetes.options import IMAGE
from image import debian
from image.archive import write_archive
from image.lock import LOCK, Lock, read_lock
from image.origin import BILL, PROVENANCE, ImageOrigin, Package, packages_of

CLONE = Path(__file__).parents[1]
CONTAINERFILE = Path(__file__).with_name("Containerfile")
KEPT = 3
"""Builds that stay in the cache: other clones may be using theirs."""

_COPIED = re.compile(r"^COPY (src/clearway/\S+) ", re.MULTILINE)


def build(cache: Path) -> Path:
    """The image's archive for this clone, made if the cache doesn't have it.

    Needs mmdebstrap, buildah, and root or subordinate ids.
    Raises NoDebian, OtherContent, FileNotFoundError or CalledProcessError.
    """
    files = _contents()
    lock = read_lock(files[_path(LOCK)].decode())
    cache.mkdir(parents=True, exist_ok=True)
    with _alone(cache):
        root = _root(lock, cache)
        materials = _Materials(root, packages_of(root), lock, files)
        archive = cache / f"worker-{materials.key()}.oci.tar"
        if not archive.exists():
            _make(materials, archive)
        archive.touch()
        _forget_old(cache)
    return archive


def worker_files() -> list[Path]:
    """The files of this clone that go into the image, as the Containerfile names them."""
    named = [CLONE / name for name in _COPIED.findall(CONTAINERFILE.read_text(encoding="utf-8"))]
    found = [file for path in named for file in (path.rglob("*") if path.is_dir() else [path]) if file.is_file()]
    return sorted(file for file in found if "__pycache__" not in file.parts)


def _contents() -> dict[str, bytes]:
    """What the image is built of, by its path in the clone.

    Read once: a clone that changes during the build would else give an archive that its key does not describe.
    """
    return {_path(file): file.read_bytes() for file in (*worker_files(), CONTAINERFILE, LOCK)}


def _path(file: Path) -> str:
    return str(file.relative_to(CLONE))


@dataclass(frozen=True)
class _Materials:
    """All that an image is made of."""

    root: Path
    packages: tuple[Package, ...]
    """Those in the root."""
    lock: Lock
    files: Mapping[str, bytes]

    def key(self) -> str:
        """Changes with everything that the archive is made from."""
        makers = {name: Path(__file__).with_name(name).read_bytes() for name in ("build.py", "archive.py", "origin.py")}
        digest = hashlib.sha256(f"{debian.root_key(self.lock)} {self.packages}".encode())
        for path, content in (*self.files.items(), *makers.items()):
            digest.update(f"\0{path}\0".encode() + content)
        return digest.hexdigest()[:16]


def _root(lock: Lock, cache: Path) -> Path:
    root = cache / f"root-{debian.root_key(lock)}.tar"
    if not root.exists():
        _say("fetches and unpacks Debian packages")
        with _appearing(root) as part:
            debian.root(lock, part)
            replaced = lock.replaced(debian.architecture(), packages_of(part))
        if replaced:
            _say(f"Debian has replaced what {LOCK.name} names, the new is taken: {', '.join(replaced)}")
            _say("`make lock-image` pins the new")
    root.touch()
    return root


def _make(materials: _Materials, archive: Path) -> None:
    with _workshop(materials.lock.date) as workshop:
        _say("puts the worker on them")
        workshop.import_root(materials.root)
        workshop.build(materials.files)
        _say("compresses and packs")
        layout = workshop.layout()
        with _appearing(archive) as part:
            digest = write_archive(layout, part, IMAGE)
    name, _, version = IMAGE.partition(":")
    origin = ImageOrigin(name, version, digest, materials.lock.date, materials.packages, materials.files)
    origin.write_beside(archive, CLONE)
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

    def build(self, files: Mapping[str, bytes]) -> None:
        """Build the Containerfile's last stage with these files, independent of their owner, mode and time here."""
        context = self.folder / "context"
        for name, content in files.items():
            place = context / name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content)
        for path in (context, *context.rglob("*")):
            path.chmod(0o755 if path.is_dir() else 0o644)
        self._buildah(
            *("bud", "--quiet", "--layers=false", "--pull-never", "--isolation=chroot", *self._dated()),
            *("--build-arg", "ROOT=localhost/root", "--tag", IMAGE),
            *("--file", str(context / _path(CONTAINERFILE)), str(context)),
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
            for tail in ("", BILL, PROVENANCE):
                path.with_name(path.name + tail).unlink(missing_ok=True)


def _say(text: str) -> None:
    print(f"image: {text}", file=sys.stderr, flush=True)
