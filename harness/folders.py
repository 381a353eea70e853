"""A cluster's folder, and how one sees from it whether the cluster still lives."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from harness.cgroups import clusters_with_cgroups, remove_cgroups

_PREFIX = "clearway-cluster-"


@contextmanager
def locked_folder() -> Iterator[tuple[Path, int]]:
    """A new folder and its lock, for processes that inherit the descriptor. It gets its name once it is locked."""
    unnamed = Path(tempfile.mkdtemp(prefix=".clearway-"))
    lock = os.open(unnamed, os.O_RDONLY)
    fcntl.flock(lock, fcntl.LOCK_EX)
    named = unnamed.with_name(_PREFIX + unnamed.name.rpartition("-")[2])
    unnamed.rename(named)
    try:
        yield named, lock
    finally:
        os.close(lock)


def wait_until_gone(folder: Path) -> None:
    """Return when what locked a folder has ended."""
    try:
        lock = os.open(folder, os.O_RDONLY)
    except FileNotFoundError:
        return
    fcntl.flock(lock, fcntl.LOCK_EX)
    os.close(lock)


def sweep() -> None:
    """Clear away after clusters whose guards were killed. Others may do the same, or end theirs, at the same time."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        with suppress(FileNotFoundError):
            if not _is_locked(folder):
                shutil.rmtree(folder)
    for cluster in clusters_with_cgroups():
        remove_cgroups(cluster)


def _is_locked(folder: Path) -> bool:
    lock = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(lock)
    return False
