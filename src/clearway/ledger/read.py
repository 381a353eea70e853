"""The reading half: a run directory back to a Record. Needs no site and starts nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TypeVar

from clearway.base.errors import LedgerError
from clearway.ledger import files
from clearway.ledger.record import FORMAT_VERSION, Manifest, Record
from clearway.probe import wire
from clearway.probe.codec import Codec, CodecError
from clearway.probe.records import Worker
from clearway.spec.load import load_spec

T = TypeVar("T")


def read_run(folder: Path) -> Record:
    """Read a run directory, finished or not. Raises LedgerError naming the file and line that is wrong."""
    manifest = _manifest(folder)
    return Record(
        manifest=manifest,
        spec=load_spec(folder / files.SPEC),
        inventory=_whole(folder / files.INVENTORY, wire.INVENTORY),
        plan=_lines(folder / files.PLAN, wire.ROUND),
        findings=_lines(folder / files.FINDINGS, wire.FINDING),
        rounds=_lines(folder / files.ROUNDS, wire.ROUND),
        results=_lines(folder / files.RESULTS, wire.RESULT),
        workers=_latest(_lines(folder / files.WORKERS, wire.WORKER)),
        observations=_lines(folder / files.OBSERVATIONS, wire.OBSERVATION),
    )


def _manifest(folder: Path) -> Manifest:
    path = folder / files.MANIFEST
    if not path.exists():
        raise LedgerError("ledger.no-run", folder=str(folder))
    data = json.loads(path.read_text(encoding="utf-8"))
    if isinstance(data, dict) and data.get("format") != FORMAT_VERSION:
        raise LedgerError("ledger.other-format", found=data.get("format"), known=FORMAT_VERSION)
    return _whole(path, files.MANIFEST_CODEC)


def _whole(path: Path, codec: Codec[T]) -> T:
    try:
        return codec.decode(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, CodecError) as error:
        raise LedgerError("ledger.cannot-read", path=str(path), line=1, error=str(error)) from error


def _lines(path: Path, codec: Codec[T]) -> tuple[T, ...]:
    """All whole lines; a last one without its end was torn by a crash and counts as not written."""
    if not path.exists():
        return ()
    whole, _, _ = path.read_text(encoding="utf-8", errors="replace").rpartition("\n")
    return tuple(_decode(path, number, line, codec) for number, line in enumerate(whole.split("\n"), 1) if line)


def _decode(path: Path, number: int, line: str, codec: Codec[T]) -> T:
    try:
        return codec.decode(json.loads(line))
    except (ValueError, CodecError) as error:
        raise LedgerError("ledger.cannot-read", path=str(path), line=number, error=str(error)) from error


def _latest(workers: tuple[Worker, ...]) -> tuple[Worker, ...]:
    return tuple({worker.slot: worker for worker in workers}.values())
