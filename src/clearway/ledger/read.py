"""Reads a run directory into a record. What is damaged is an error that names file and line, never a smaller record."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any, TypeVar

from clearway.base.errors import LedgerError
from clearway.base.garbage import no_search_for_garbage
from clearway.engine.table import ENGINES
from clearway.ledger import files
from clearway.ledger.chain import Head, LineForm, form_of, sha256
from clearway.ledger.files import FORMAT_VERSION, OLD_FORMAT, Manifest
from clearway.ledger.one_file import LineFile, content_of, read_whole, read_yaml
from clearway.ledger.record import Record
from clearway.ledger.seal import SEAL, Seal, Wholeness
from clearway.probe import wire
from clearway.probe.codec import Codec
from clearway.probe.json_values import as_object, quoted
from clearway.probe.observations import KINDS
from clearway.probe.records import Observation, Reason, Round, RoundReason
from clearway.spec.load import spec_of

T = TypeVar("T")

_ANY: Codec[Mapping[str, Any]] = Codec(dict, as_object, dict)
"""Of a manifest before its format is known."""


def read_run(folder: Path) -> Record:
    """Read a run directory, finished or not. Raises LedgerError naming the file and line that is wrong."""
    with no_search_for_garbage():
        return _read_run(folder)


def _read_run(folder: Path) -> Record:
    manifest = read_manifest(folder)
    run = _Files(folder, manifest, form_of(manifest))
    seals = run.seals()
    workers = {worker.slot: worker for worker in run.lines(files.WORKERS, wire.WORKER)}
    record = Record(
        manifest=manifest,
        spec=run.whole(files.SPEC, lambda path: read_yaml(path, spec_of)),
        inventory=run.whole(files.INVENTORY, lambda path: read_whole(path, wire.INVENTORY)),
        plan=run.whole(files.PLAN, lambda path: run.complete_lines(path, wire.ROUND)),
        findings=run.whole(files.FINDINGS, lambda path: run.complete_lines(path, wire.FINDING)),
        rounds=run.lines(files.ROUNDS, wire.ROUND),
        results=run.lines(files.RESULTS, wire.RESULT),
        workers=tuple(workers.values()),
        observations=run.lines(files.OBSERVATIONS, wire.OBSERVATION),
        wholeness=Wholeness(seals, run.heads, tuple(run.torn)) if seals else None,
    )
    _check_values(folder / files.OBSERVATIONS, record.observations)
    for name, rounds in ((files.PLAN, record.plan), (files.ROUNDS, record.rounds)):
        _check_names(folder / name, rounds, record)
    _check_rounds(folder / files.ROUNDS, record)
    return record


def read_manifest(folder: Path) -> Manifest:
    """What a run says about itself. Raises LedgerError where there is no run, and for one of an unknown format."""
    path = folder / files.MANIFEST
    if not files.parts_of_a_run(folder):
        raise LedgerError("ledger.no-run", folder=str(folder))
    if not os.path.lexists(path):
        raise LedgerError("ledger.no-manifest", path=str(path))
    found = read_whole(path, _ANY).get("format")
    if found is not None and found not in (OLD_FORMAT, FORMAT_VERSION):
        raise LedgerError("ledger.other-format", found=quoted(found), known=FORMAT_VERSION)
    manifest = read_whole(path, files.MANIFEST_CODEC)
    has_digests = manifest.digests is not None or (folder / files.SEALS).exists()
    if has_digests is (manifest.format == OLD_FORMAT):
        raise LedgerError("ledger.changed", path=str(path))
    return manifest


@dataclass
class _Files:
    """The files of one run, checked against its seals and against each other."""

    folder: Path
    manifest: Manifest
    form: LineForm
    heads: dict[str, Head] = field(default_factory=dict)
    """Of the files of lines that were read."""
    torn: list[str] = field(default_factory=list)
    _sealed: Mapping[str, Head] = field(default_factory=dict)

    def seals(self) -> Mapping[str, Seal]:
        """They are read first: what is appended meanwhile stands behind the last one. None in a run of format 1."""
        if self.manifest.format == OLD_FORMAT:
            return {}
        file = LineFile(self.folder / files.SEALS, SEAL, self.form)
        seals = dict((file.head.digest, seal) for seal in file)  # noqa: C402 - the digest is another after each line
        if not seals:
            raise LedgerError("ledger.lines-missing", path=str(file.path), line=1, sealed=1)
        last = tuple(seals.values())[-1]
        if last.manifest != sha256(content_of(self.folder / files.MANIFEST)):
            raise LedgerError("ledger.changed", path=str(self.folder / files.MANIFEST))
        self._sealed, self.heads[files.SEALS] = last.files, file.head
        self.torn += [file.path.name] if file.torn else []
        return seals

    def lines(self, name: str, codec: Codec[T]) -> tuple[T, ...]:
        """A file that grows while the run goes on."""
        file = LineFile(self.folder / name, codec, self.form, self._sealed.get(name))
        items = tuple(file)
        self.heads[name] = file.head
        self.torn += [name] if file.torn else []
        return items

    def whole(self, name: str, read: Callable[[Path], T]) -> T:
        """A file that was written in one step, as its digest says; first read, because its reader knows lines."""
        path = self.folder / name
        item = read(path)
        if self.manifest.digests is not None and self.manifest.digests.get(name) != sha256(content_of(path)):
            raise LedgerError("ledger.changed", path=str(path))
        return item

    def complete_lines(self, path: Path, codec: Codec[T]) -> tuple[T, ...]:
        """Of a file that was written in one step: one that is cut short would hide pairs."""
        file = LineFile(path, codec, self.form, required=path.name == files.PLAN)
        items = tuple(file)
        if file.torn:
            raise LedgerError("ledger.cut-short", path=str(path), line=file.head.lines + 1)
        return items


def _check_values(path: Path, observations: Iterable[Observation]) -> None:
    """An observation of a known kind has the values that readers rely on."""
    for number, seen in enumerate(observations, 1):
        needs = KINDS[seen.kind].needs if seen.kind in KINDS else {}
        for name, kind in needs.items():
            if not _is(seen.values.get(name), kind):
                error = Reason("codec.missing-key", {"record": seen.kind, "key": name})
                raise LedgerError("ledger.cannot-read", path=str(path), line=number, error=error)


def _is(value: object, kind: type) -> bool:
    """In JSON a member of an enum is the word for it."""
    return value in [member.value for member in kind] if issubclass(kind, Enum) else isinstance(value, kind)


def _check_rounds(path: Path, record: Record) -> None:
    """What was handed out is what was planned, once; or runs again what was planned."""
    planned, seen = {round_.id: round_ for round_ in record.plan}, set[str]()
    for number, round_ in enumerate(record.rounds, 1):
        found = planned.get(round_.origin or round_.id)
        if found is None or (round_.why is RoundReason.PLANNED and found != round_):
            raise LedgerError("ledger.not-planned", path=str(path), line=number, round=round_.id)
        if round_.id in seen:
            raise LedgerError("ledger.round-twice", path=str(path), line=number, round=round_.id)
        seen.add(round_.id)


def _check_names(path: Path, rounds: Iterable[Round], record: Record) -> None:
    """What reads a record relies on it: a probe's nodes, its test and its engine are known."""
    nodes = {node.name for node in record.inventory.nodes}
    tests = {test.name for test in record.spec.tests}
    for probe in (probe for round_ in rounds for probe in round_.probes):
        of_nodes = {probe.client.node, probe.server.node, probe.source.node}
        for name in sorted(of_nodes - nodes | {probe.test} - tests | {probe.engine} - set(ENGINES)):
            raise LedgerError("ledger.unknown-name", path=str(path), probe=probe.id, name=name)
