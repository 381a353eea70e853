"""Run directories, written as a run writes them."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import groupby
from pathlib import Path

from clearway.ledger import files
from clearway.ledger.files import OLD_FORMAT
from clearway.ledger.record import Record
from clearway.ledger.seal import SealReason
from clearway.ledger.write import Ledger


def write_run(folder: Path, record: Record, *, closed: bool = True) -> Ledger:
    """Round after round, each sealed; where the run is not closed, its controller was killed in the last round."""
    ledger = Ledger.create(folder, record)
    for worker in record.workers:
        ledger.append(worker)
    results = {round_: list(found) for round_, found in groupby(record.results, lambda result: result.round)}
    for round_ in record.rounds:
        ledger.append(round_)
        for result in results[round_.id]:
            ledger.append(result)
        if closed or round_ is not record.rounds[-1]:
            ledger.lines.seal(SealReason.ROUND)
    for seen in record.observations:
        ledger.append(seen)
    if closed:
        ledger.lines.close()
    return ledger


def write_old_run(folder: Path, record: Record) -> None:
    """A run of format 1: no run id in a line, no digests, no seals."""
    write_run(folder, replace(record, manifest=replace(record.manifest, format=OLD_FORMAT)))
    manifest = json.loads((folder / files.MANIFEST).read_text())
    del manifest["digests"]
    (folder / files.MANIFEST).write_text(json.dumps(manifest))
