"""The files of a run directory, read and appended to: a LedgerError names file and line where one is damaged."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Generic, TypeVar

from clearway.base.errors import LedgerError, Reason
from clearway.ledger.chain import Head, LineForm, PlainLines
from clearway.ledger.disk import append_text
from clearway.probe.codec import Codec, CodecError
from clearway.probe.json_values import parsed
from clearway.spec.load import SpecSource, decoded_source
from clearway.spec.problems import SpecError

T = TypeVar("T")
_LONGEST = 2**27
"""Bytes of a line: a worker may send 16 MiB, and escapes make six bytes of one."""


class FileDamaged(LedgerError):
    """A YAML file of a run directory, which clearway wrote, can't be read any more; `errors` say where."""

    def __init__(self, path: Path, error: SpecError) -> None:
        super().__init__("ledger.file-damaged", path=str(path))
        self.errors = (error,)


@dataclass
class LineFile(Generic[T]):
    """A file of lines, read from its first to its last whole line. One that is not there has no lines, if it may."""

    path: Path
    codec: Codec[T]
    form: LineForm
    sealed: Head | None = None
    """How far the last seal says that it went."""
    required: bool = False
    """One that is not there is an error."""
    torn: bool = False
    """The last line has no end: a controller was killed while it wrote it, and the line counts as not written."""

    def __post_init__(self) -> None:
        self.head = self.form.first(self.path.name)

    def __iter__(self) -> Iterator[T]:
        """Raises LedgerError, also where lines are missing that were sealed."""
        for number, line in enumerate(self._whole_lines(), 1):
            item = self._item(number, line)
            if self.sealed is not None and self.sealed.lines == number and self.sealed != self.head:
                raise _damaged(self.path, number, Reason("ledger.line-changed"))
            yield item
        if self.sealed is not None and self.sealed.lines > self.head.lines:
            values = {"line": self.head.lines + 1, "sealed": self.sealed.lines}
            raise LedgerError("ledger.lines-missing", path=str(self.path), **values)

    def append(self, item: T, *, synced: bool = False) -> None:
        """Add one line; a line that could not be written is not there, and nothing follows it."""
        line, head = self.form.written(self.head, self.codec.encode(item))
        append_text(self.path, line, synced=synced)
        self.head = head

    def _whole_lines(self) -> Iterator[bytes]:
        try:
            with open(self.path, "rb", opener=_regular) as file:
                for number in count(1):
                    if not (line := file.readline(_LONGEST)):
                        return
                    self.torn = not line.endswith(b"\n")
                    if len(line) == _LONGEST:
                        raise _damaged(self.path, number, Reason("codec.too-large"))
                    if not self.torn:
                        yield line[:-1]
        except OSError as error:
            if self.required or not isinstance(error, FileNotFoundError):
                raise _unreadable(self.path, error) from error

    def _item(self, number: int, line: bytes) -> T:
        try:
            content, self.head = self.form.read(self.head, line)
        except CodecError as error:
            raise _damaged(self.path, number, error.reason) from error
        return decoded(self.path, number, content, self.codec)


def read_lines(path: Path, codec: Codec[T]) -> tuple[T, ...]:
    """All whole lines of a file outside a run's record. Raises LedgerError naming the line that is wrong."""
    return tuple(LineFile(path, codec, PlainLines()))


def read_whole(path: Path, codec: Codec[T]) -> T:
    """A file that is one JSON value. Raises LedgerError."""
    return decoded(path, 1, content_of(path), codec)


def read_yaml(path: Path, read: Callable[[SpecSource], T]) -> T:
    """A file as clearway wrote it: what is wrong there is damage, not a user's mistake. Raises LedgerError."""
    content = content_of(path)
    try:
        return read(decoded_source(content, str(path)))
    except SpecError as error:
        raise FileDamaged(path, error) from error


def content_of(path: Path) -> bytes:
    """All bytes of a file. Raises LedgerError."""
    try:
        with open(path, "rb", opener=_regular) as file:
            return file.read()
    except OSError as error:
        raise _unreadable(path, error) from error


def _regular(path: str, flags: int) -> int:
    """As an opener of `open`: refuses what would be waited for without end, a pipe or a device."""
    descriptor = os.open(path, flags | os.O_NONBLOCK)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "Not a regular file")
    return descriptor


def decoded(path: Path, number: int, text: bytes, codec: Codec[T]) -> T:
    """The record of one line. Raises LedgerError naming it."""
    try:
        return codec.decode(parsed(text))
    except CodecError as error:
        raise LedgerError("ledger.cannot-read", path=str(path), line=number, error=error.reason) from error


def _damaged(path: Path, number: int, reason: Reason) -> LedgerError:
    return LedgerError("ledger.damaged", path=str(path), line=number, error=reason)


def _unreadable(path: Path, error: OSError) -> LedgerError:
    return LedgerError("ledger.cannot-read", path=str(path), line=1, error=error.strerror or str(error))
