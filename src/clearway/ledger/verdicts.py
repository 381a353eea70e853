"""The verdicts that were given on a run: each is a file, and a line that says by which limits it was made."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from clearway import __version__
from clearway.base.errors import LedgerError, UsageError
from clearway.ledger import files
from clearway.ledger.chain import form_of, sha256
from clearway.ledger.disk import cut_torn_line, write_whole
from clearway.ledger.files import Manifest
from clearway.ledger.one_file import LineFile, content_of
from clearway.probe.codec import of


@dataclass(frozen=True)
class LimitsUsed:
    """A limits file that a run was judged by instead of its own criteria."""

    file: str
    """As it was named."""
    content: str
    """SHA-256 of the file."""


@dataclass(frozen=True)
class GivenVerdict:
    """A verdict that was given on a run."""

    number: int
    at: float
    """Unix seconds."""
    version: str
    """Of the clearway that judged."""
    state: str
    content: str
    """SHA-256 of `verdict-<number>.json`."""
    limits: LimitsUsed | None = None
    """Absent: the criteria of the run's own spec."""

    @property
    def file(self) -> str:
        return file_of(self.number)


GIVEN = of(GivenVerdict)


class Verdicts:
    """Of one run, as they stand in its directory. Raises LedgerError."""

    def __init__(self, folder: Path, manifest: Manifest) -> None:
        self._folder = folder
        self._file = LineFile(folder / files.VERDICT_LIST, GIVEN, form_of(manifest))
        self.given = tuple(self._file)
        """In order. In a run of format 1 only those that were added since."""

    @property
    def next(self) -> int:
        """The number of the verdict that is added next."""
        return 1 + max((one.number for one in self.given), default=self._unlisted)

    def add(self, text: str, at: float, state: str, limits: LimitsUsed | None = None) -> None:
        """Keep a verdict under the next number; earlier ones stay."""
        one = GivenVerdict(self.next, at, __version__, state, sha256(text.encode()), limits)
        write_whole(self._folder / one.file, text)
        cut_torn_line(self._file.path)
        self._file.append(one, synced=True)
        self.given += (one,)

    def text(self, number: int) -> str:
        """A kept verdict. Raises UsageError if there is none of this number."""
        for one in self.given:
            if one.number == number:
                return self._content(one).decode()
        path = self._folder / file_of(number)
        if self._unlisted and path.exists():
            return content_of(path).decode(errors="replace")
        raise UsageError("ledger.no-verdict", number=number, folder=str(self._folder), count=self.next - 1)

    def check(self) -> None:
        """Every verdict is as it was given, and no other is there."""
        for one in self.given:
            self._content(one)
        listed = {one.file for one in self.given}
        for path in sorted(self._folder.glob(files.VERDICTS)):
            if path.name not in listed and not self._unlisted:
                raise LedgerError("ledger.not-listed", path=str(path), list=files.VERDICT_LIST)

    def _content(self, one: GivenVerdict) -> bytes:
        path = self._folder / one.file
        content = content_of(path)
        if sha256(content) != one.content:
            raise LedgerError("ledger.changed", path=str(path))
        return content

    @property
    def _unlisted(self) -> int:
        """How many verdicts a run of format 1 has that no line names."""
        if self._file.form.has_digests:
            return 0
        return sum(1 for _ in self._folder.glob(files.VERDICTS)) - len(self.given)


def file_of(number: int) -> str:
    """Name of the file of a verdict."""
    return files.VERDICTS.replace("*", str(number))
