"""One controller a run directory: a lock that the system gives back when its holder ends, also when it is killed.

The file `lock` says who holds it. It is there only while the lock is held, or after its holder was killed.
"""

from __future__ import annotations

import fcntl
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from clearway.base.clock import moment
from clearway.base.errors import LedgerError, UsageError
from clearway.ledger import files
from clearway.ledger.disk import make_folder, pretty, private, writing
from clearway.ledger.one_file import read_whole
from clearway.probe.codec import of


@dataclass(frozen=True)
class Holder:
    pid: int
    host: str
    since: float
    """Unix seconds."""


_HOLDER = of(Holder)


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Inside, no other process writes into this run directory, which is made if it is not there.

    Raises UsageError that says who does, LedgerError.
    """
    is_new = not os.path.lexists(folder)
    make_folder(folder)
    path = folder / files.LOCK
    descriptor = _locked(path)
    try:
        yield
    finally:
        with suppress(OSError):
            path.unlink()
            if is_new:
                folder.rmdir()  # refused where the run has left anything
        os.close(descriptor)


def _locked(path: Path) -> int:
    """A descriptor that holds the lock of the file that is at `path` now: its last holder may just have removed it."""
    while True:
        with writing(path):
            descriptor = private(path, os.O_RDWR | os.O_CREAT)
        try:
            if _take(descriptor, path):
                return descriptor
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)


def _take(descriptor: int, path: Path) -> bool:
    """Whether the lock of the file that is still there was taken. Raises UsageError if another process has it."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise _in_use(path) from None
    except OSError as error:
        raise LedgerError("ledger.cannot-write", path=str(path), error=error.strerror or str(error)) from error
    try:
        is_there = os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False
    if is_there:
        with writing(path):
            os.ftruncate(descriptor, 0)
            os.write(
                descriptor, pretty(_HOLDER.encode(Holder(os.getpid(), socket.gethostname(), time.time()))).encode()
            )
    return is_there


def _in_use(path: Path) -> UsageError:
    folder = str(path.parent)
    try:
        holder = read_whole(path, _HOLDER)
    except LedgerError:  # it has just begun, or just ended
        return UsageError("ledger.in-use-by-unknown", folder=folder)
    return UsageError("ledger.in-use", folder=folder, pid=holder.pid, host=holder.host, since=moment(holder.since))
