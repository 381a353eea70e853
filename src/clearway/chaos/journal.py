"""What is broken and restored, written to the controller's disk before it happens, so that a later process can go on.

One JSON line per step. A node whose last line is not `back` is open: it may still be broken.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from clearway.base.units import Duration
from clearway.ledger import files
from clearway.ledger.chain import PlainLines
from clearway.ledger.one_file import LineFile, read_lines
from clearway.probe.codec import of
from clearway.spec.model import FailureName


class JournalStep(StrEnum):
    BREAKING = "breaking"
    """The bomb is about to be armed and the node broken."""
    BACK = "back"
    """Restored, as the cluster has shown; or never broken."""


@dataclass(frozen=True)
class JournalEntry:
    node: str
    kind: FailureName
    step: JournalStep
    at: float
    """Unix seconds."""
    bomb: str
    """Name of the bomb on the node."""
    fuse: Duration
    """From its arming until it puts the node back."""


_ENTRY = of(JournalEntry)


class Journal:
    """Of one run directory. Raises LedgerError if it can't be read or written: then nothing may be broken."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / files.CHAOS

    def write(self, entry: JournalEntry) -> None:
        """Returns when the line is on the disk."""
        LineFile(self.path, _ENTRY, PlainLines()).append(entry, synced=True)

    def open(self) -> tuple[JournalEntry, ...]:
        """The latest entry of each node that may still be broken.

        A last line without a newline was cut off: what it announced did not happen.
        """
        latest = {entry.node: entry for entry in read_lines(self.path, _ENTRY)}
        return tuple(entry for entry in latest.values() if entry.step is not JournalStep.BACK)
