"""The form of a line that can't be changed, dropped, doubled or moved unnoticed.

    {"run":"20260131-120000-a1b2c3", ...the record..., "digest":"<SHA-256>"}

A digest is of the digest before it and of its own line up to itself; the first one follows a digest of the run and of
the file's name. So every byte counts, and a line fits only behind the one that it was written behind. What this proves,
and what it does not: design note 0018.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from typing import Any, Protocol

from clearway.ledger.files import OLD_FORMAT, Manifest
from clearway.probe.codec import CodecError

_END = re.compile(rb',"digest":"([0-9a-f]{64})"}')
_LENGTH = 77
"""Bytes of that end."""
_RUN = re.compile(rb'{"run":"([\x20\x21\x23-\x5b\x5d-\x7e]{1,80})",')
"""A run id without quotes and backslashes, as clearway makes them."""


@dataclass(frozen=True)
class Head:
    """How far a file of lines goes."""

    lines: int
    digest: str
    """Of its last line; empty where lines have none."""


class LineForm(Protocol):
    """How a record becomes a line of a file, behind the line that is the file's head."""

    @property
    def has_digests(self) -> bool:
        """Whether a line shows that it, and all before it, are as they were written."""

    def first(self, name: str) -> Head:
        """The head of a file without lines."""

    def written(self, head: Head, data: Any) -> tuple[str, Head]:
        """The line of a JSON object, and the head after it."""

    def read(self, head: Head, line: bytes) -> tuple[bytes, Head]:
        """The JSON object of a line without its newline, and the head after it. Raises CodecError."""


class ChainedLines:
    """The lines of one run."""

    has_digests = True

    def __init__(self, run: str) -> None:
        self._run = run
        self._begin = f'{{"run":{json.dumps(run)},'

    def first(self, name: str) -> Head:
        return Head(0, sha256(f"{self._run}/{name}".encode()))

    def written(self, head: Head, data: Any) -> tuple[str, Head]:
        line = self._begin + _compact(data)[1:-1]
        after = _after(head, line.encode())
        return f'{line},"digest":"{after.digest}"}}\n', after

    def read(self, head: Head, line: bytes) -> tuple[bytes, Head]:
        begin, end = self._begin.encode(), _END.fullmatch(line[-_LENGTH:])
        if end is None or not line.startswith(begin):
            raise self._foreign(line)
        after = _after(head, line[:-_LENGTH])
        if after.digest.encode() != end[1]:
            raise CodecError("ledger.line-changed")
        return b"{" + line[len(begin) : -_LENGTH] + b"}", after

    def _foreign(self, line: bytes) -> CodecError:
        named = _RUN.match(line)
        if named is None or named[1].decode() == self._run:
            return CodecError("ledger.line-changed")
        return CodecError("ledger.line-of-other-run", found=named[1].decode(), run=self._run)


class PlainLines:
    """Lines of runs of format 1: nothing but the record."""

    has_digests = False

    def first(self, name: str) -> Head:
        return Head(0, "")

    def written(self, head: Head, data: Any) -> tuple[str, Head]:
        return f"{_compact(data)}\n", Head(head.lines + 1, "")

    def read(self, head: Head, line: bytes) -> tuple[bytes, Head]:
        return line, Head(head.lines + 1, "")


def form_of(manifest: Manifest) -> LineForm:
    """The form of this run's lines."""
    return PlainLines() if manifest.format == OLD_FORMAT else ChainedLines(manifest.run)


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _compact(data: Any) -> str:
    """JSON on one line."""
    return json.dumps(data, separators=(",", ":"), allow_nan=False)


def _after(head: Head, line: bytes) -> Head:
    return Head(head.lines + 1, sha256(head.digest.encode() + line))
