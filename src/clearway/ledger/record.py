"""A run as it was read back from its directory: all that was planned, tried and measured. Needs no site."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

from clearway.base.errors import LedgerError
from clearway.engine.table import ENGINES
from clearway.ledger import files
from clearway.ledger.files import FORMAT_VERSION, Manifest
from clearway.probe import wire
from clearway.probe.codec import Codec, CodecError, of
from clearway.probe.json_values import parsed, quoted
from clearway.probe.observations import KINDS, ObservationKind
from clearway.probe.records import (
    Finding,
    Half,
    Inventory,
    Observation,
    Probe,
    Reason,
    Result,
    Round,
    Slot,
    Trial,
    Worker,
)
from clearway.spec.load import load_spec
from clearway.spec.model import Spec
from clearway.spec.problems import SpecError

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Record:
    manifest: Manifest
    spec: Spec
    inventory: Inventory
    plan: tuple[Round, ...]
    """All planned rounds, written before the first traffic: the N of a verdict comes from here alone."""
    findings: tuple[Finding, ...] = ()
    """What the plan says of this inventory: zones, nodes left out, pairs that no criterion judges."""
    rounds: tuple[Round, ...] = ()
    """Rounds handed out so far, in order."""
    results: tuple[Result, ...] = ()
    workers: tuple[Worker, ...] = ()
    """Latest announcement of each worker."""
    observations: tuple[Observation, ...] = ()

    @cached_property
    def trials(self) -> tuple[Trial, ...]:
        """Every attempt at every probe of every round handed out, in order of hand-out."""
        found = {(r.round, r.probe, r.half): r for r in self.results}
        attempts: Counter[str] = Counter()
        trials = []
        for round_ in self.rounds:
            for probe in round_.probes:
                attempts[probe.id] += 1
                serve, send = (found.get((round_.id, probe.id, half)) for half in (Half.SERVE, Half.SEND))
                trials.append(Trial(probe, attempts[probe.id], serve, send, round_.id))
        return tuple(trials)

    @cached_property
    def halves(self) -> tuple[tuple[Result, Probe, Slot], ...]:
        """Every result with its probe and the place of the worker that it came from."""
        probes = {probe.id: probe for round_ in self.rounds for probe in round_.probes}
        known = ((result, probes[result.probe]) for result in self.results if result.probe in probes)
        return tuple((one, probe, probe.server if one.half is Half.SERVE else probe.client) for one, probe in known)

    def observed(self, kind: ObservationKind) -> Iterator[Observation]:
        """The observations of one kind."""
        return (seen for seen in self.observations if seen.kind == kind.name)


class FileDamaged(LedgerError):
    """A YAML file of a run directory, which clearway wrote, can't be read any more; `errors` say where."""

    def __init__(self, path: Path, error: SpecError) -> None:
        super().__init__("ledger.file-damaged", path=str(path))
        self.errors = (error,)


def read_run(folder: Path) -> Record:
    """Read a run directory, finished or not. Raises LedgerError naming the file and line that is wrong."""
    manifest = _manifest(folder)
    workers = {worker.slot: worker for worker in read_lines(folder / files.WORKERS, wire.WORKER)}
    record = Record(
        manifest=manifest,
        spec=read_yaml(folder / files.SPEC, load_spec),
        inventory=read_whole(folder / files.INVENTORY, wire.INVENTORY),
        plan=read_lines(folder / files.PLAN, wire.ROUND),
        findings=read_lines(folder / files.FINDINGS, wire.FINDING),
        rounds=read_lines(folder / files.ROUNDS, wire.ROUND),
        results=read_lines(folder / files.RESULTS, wire.RESULT),
        workers=tuple(workers.values()),
        observations=read_lines(folder / files.OBSERVATIONS, wire.OBSERVATION),
    )
    _check_values(folder / files.OBSERVATIONS, record.observations)
    for name, rounds in ((files.PLAN, record.plan), (files.ROUNDS, record.rounds)):
        _check_names(folder / name, rounds, record.inventory)
    return record


def read_whole(path: Path, codec: Codec[T]) -> T:
    """A file that is one JSON value. Raises LedgerError."""
    return _decoded(path, 1, _content(path), codec)


def read_yaml(path: Path, load: Callable[[Path], T]) -> T:
    """A file as clearway wrote it: what is wrong there is damage, not a user's mistake. Raises LedgerError."""
    try:
        return load(path)
    except SpecError as error:
        raise FileDamaged(path, error) from error


def read_lines(path: Path, codec: Codec[T]) -> tuple[T, ...]:
    """All whole lines; a last one without its end was torn by a crash and counts as not written.

    Raises LedgerError naming the line that is wrong.
    """
    if not path.exists():
        return ()
    whole, _, _ = _content(path).rpartition(b"\n")
    return tuple(_decoded(path, number, line, codec) for number, line in enumerate(whole.split(b"\n"), 1) if line)


def _check_values(path: Path, observations: Iterable[Observation]) -> None:
    """An observation of a known kind has the values that readers rely on."""
    for number, seen in enumerate(observations, 1):
        needs = KINDS[seen.kind].needs if seen.kind in KINDS else {}
        for name, kind in needs.items():
            if not isinstance(seen.values.get(name), kind):
                error = Reason("codec.missing-key", {"record": seen.kind, "key": name})
                raise LedgerError("ledger.cannot-read", path=str(path), line=number, error=error)


def _check_names(path: Path, rounds: Iterable[Round], inventory: Inventory) -> None:
    """What reads a record relies on it: a probe's nodes are in the inventory, and its engine is known."""
    known = {node.name for node in inventory.nodes} | set(ENGINES)
    for probe in (probe for round_ in rounds for probe in round_.probes):
        for name in (probe.client.node, probe.server.node, probe.source.node, probe.engine):
            if name not in known:
                raise LedgerError("ledger.unknown-name", path=str(path), probe=probe.id, name=name)


def _manifest(folder: Path) -> Manifest:
    path = folder / files.MANIFEST
    if not path.exists():
        raise LedgerError("ledger.no-run", folder=str(folder))
    found = read_whole(path, of(Mapping[str, Any])).get("format")
    if found is not None and found != FORMAT_VERSION:
        raise LedgerError("ledger.other-format", found=quoted(found), known=FORMAT_VERSION)
    return read_whole(path, files.MANIFEST_CODEC)


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise LedgerError("ledger.cannot-read", path=str(path), line=1, error=error.strerror or str(error)) from error


def _decoded(path: Path, number: int, text: bytes, codec: Codec[T]) -> T:
    try:
        return codec.decode(parsed(text))
    except CodecError as error:
        raise LedgerError("ledger.cannot-read", path=str(path), line=number, error=error.reason) from error
