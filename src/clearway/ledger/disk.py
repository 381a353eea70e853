"""Puts files and lines on the disk. Raises LedgerError, which names the path, where the system refuses."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from clearway.base.errors import LedgerError, UsageError

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT)
_OWNER_ONLY, _FOLDER_OWNER_ONLY = 0o600, 0o700
"""A run directory has addresses, names of users, and what tools said: nothing for other users of the machine."""
_STEP = 65_536
"""Bytes that are read at once in search of the last line's begin."""


def make_folder(path: Path) -> None:
    """Make a run directory, if it is not there. Raises UsageError where there can be none, LedgerError without room."""
    try:
        path.mkdir(_FOLDER_OWNER_ONLY, parents=True, exist_ok=True)
    except OSError as error:
        kind = LedgerError if error.errno in _NO_ROOM else UsageError
        code = "ledger.cannot-write" if kind is LedgerError else "ledger.no-folder"
        raise kind(code, path=str(path), error=error.strerror or str(error)) from error


def private(path: str | Path, flags: int) -> int:
    """As an opener of `open`: what it makes is for its owner only.

    No link leads out of the folder and no pipe holds it up: a run directory may come from another person.
    """
    return os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK, _OWNER_ONLY)


def write_whole(path: Path, text: str) -> Path:
    """Write a file so that it is there complete or not at all, also after a power cut."""
    fresh = path.with_name(f"{path.name}.new")
    with writing(path):
        try:
            fresh.unlink(missing_ok=True)
            with open(fresh, "x", encoding="utf-8", opener=private) as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(path)
        finally:
            fresh.unlink(missing_ok=True)
        sync(path.parent)
    return path


def append_text(path: Path, text: str, *, synced: bool = False) -> None:
    """Add text at the end, all of it or none; `synced`: return when it is on the disk."""
    content = text.encode()
    with writing(path), open(path, "ab", buffering=0, opener=private) as file:
        before = file.tell()
        if file.write(content) != len(content):
            file.truncate(before)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        if synced:
            os.fsync(file.fileno())


def cut_torn_line(path: Path) -> None:
    """Cut off what a killed process wrote of a line; a file that is not there has none."""
    if not path.exists():
        return
    with writing(path), open(path, "r+b", opener=private) as file:
        size = file.seek(0, os.SEEK_END)
        for end in range(size, 0, -_STEP):
            begin = max(0, end - _STEP)
            file.seek(begin)
            if (found := file.read(end - begin).rfind(b"\n")) >= 0:
                file.truncate(begin + found + 1)
                return
        file.truncate(0)


def sync(path: Path) -> None:
    """Return when a file is on the disk, or the names of a folder's files are."""
    with writing(path):
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn the system's refusal to write into a LedgerError that names the path."""
    try:
        yield
    except OSError as error:
        raise LedgerError("ledger.cannot-write", path=str(path), error=error.strerror or str(error)) from error


def pretty(data: Any) -> str:
    """JSON for people, ending in a newline."""
    return json.dumps(data, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
