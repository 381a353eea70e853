"""Writes a run directory: append-only, flushed line by line, and put on the disk with every seal."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar

from clearway.base.errors import UsageError
from clearway.ledger import files
from clearway.ledger.append import RunLines
from clearway.ledger.chain import LineForm, form_of, sha256
from clearway.ledger.disk import make_folder, pretty, write_whole
from clearway.ledger.one_file import content_of
from clearway.ledger.record import Record
from clearway.ledger.seal import SealReason
from clearway.probe import wire
from clearway.probe.codec import Codec
from clearway.probe.records import Observation, Result, Round, Worker
from clearway.spec.load import dump_spec

T = TypeVar("T")
Appended = Round | Result | Worker | Observation
Listener = Callable[[Appended], None]


@dataclass(frozen=True)
class Ledger:
    """One run directory, open for appending. Raises LedgerError when it can't be written."""

    lines: RunLines
    listeners: tuple[Listener, ...] = ()

    @classmethod
    def create(
        cls,
        folder: Path,
        record: Record,
        listeners: Iterable[Listener] = (),
        described: Mapping[str, str] = MappingProxyType({}),
    ) -> Ledger:
        """Begin a run in a folder without one: all that the record knows before the first traffic is written.

        `described` are the files that say how the site is found again. The manifest comes last: before it there is no
        run. Raises UsageError if the folder holds anything of another run.
        """
        make_folder(folder)
        if found := files.parts_of_a_run(folder):
            raise UsageError("ledger.exists", folder=str(folder), found=found[0])
        texts = _texts(record, form_of(record.manifest))
        manifest = replace(record.manifest, digests={name: sha256(text.encode()) for name, text in texts.items()})
        text = pretty(files.MANIFEST_CODEC.encode(manifest))
        for name, content in {**described, **texts}.items():
            write_whole(folder / name, content)
        lines = RunLines(folder, form_of(manifest), sha256(text.encode()))
        lines.seal(SealReason.BEGUN)
        write_whole(folder / files.MANIFEST, text)
        return cls(lines, tuple(listeners))

    @classmethod
    def reopen(cls, folder: Path, record: Record, listeners: Iterable[Listener] = ()) -> Ledger:
        """Continue the run that was read from this folder."""
        lines = RunLines(folder, form_of(record.manifest), sha256(content_of(folder / files.MANIFEST)))
        lines.go_on(record.wholeness)
        return cls(lines, tuple(listeners))

    @property
    def folder(self) -> Path:
        return self.lines.folder

    def listening(self, listener: Listener) -> Ledger:
        """The same run directory, with another listener before the others."""
        return replace(self, listeners=(listener, *self.listeners))

    def append(self, item: Appended) -> None:
        """Write one line, then call the listeners."""
        name, _ = files.LINE_CODECS[type(item)]
        self.lines.append(name, item)
        for listener in self.listeners:
            listener(item)


def _texts(record: Record, form: LineForm) -> dict[str, str]:
    """What is written whole before the first traffic, by name of the file."""
    return {
        files.SPEC: dump_spec(record.spec),
        files.INVENTORY: pretty(wire.INVENTORY.encode(record.inventory)),
        files.FINDINGS: _lines(form, files.FINDINGS, wire.FINDING, record.findings),
        files.PLAN: _lines(form, files.PLAN, wire.ROUND, record.plan),
    }


def _lines(form: LineForm, name: str, codec: Codec[T], items: Iterable[T]) -> str:
    head, lines = form.first(name), []
    for item in items:
        line, head = form.written(head, codec.encode(item))
        lines.append(line)
    return "".join(lines)
