"""`python resuming.py FOLDER TRIES`: two processes call `clearway run --resume` at once; prints what became of it.

They are forks of this process, on a site that answers at once, and begin when both are there.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from unittest.mock import patch

from clearway.base.units import Duration
from clearway.cli.main import main
from clearway.cli.sites import SelectedSite
from clearway.ledger import files
from clearway.ledger.read import read_run
from clearway.ledger.record import Record
from clearway.ledger.write import Ledger
from clearway.probe.records import Request, Result
from faulty_site import EquippedSite
from making import inventory, measured, planned, tcp_spec


def tried(folder: Path) -> dict[str, object]:
    """Exit codes of both, and what the run holds then."""
    spec = tcp_spec("throughput >= 500 Mbit/s").model_copy(update={"gap": Duration(0)})
    record = planned(spec, inventory(4))
    Ledger.create(folder, record)
    reader, writer = os.pipe()
    children = [_forked(folder, record, reader, writer) for _ in range(2)]
    os.close(reader)
    os.close(writer)
    codes = sorted(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children)
    found = read_run(folder)
    whole = found.wholeness is not None and found.wholeness.closing is not None
    verdicts = len(list(folder.glob(files.VERDICTS)))
    rounds = [round_.id for round_ in found.rounds] == [round_.id for round_ in found.plan]
    return {
        "codes": codes,
        "once": rounds and len(found.results) == 2 * _probes(found),
        "whole": whole,
        "verdicts": verdicts,
    }


def _probes(record: Record) -> int:
    return sum(len(round_.probes) for round_ in record.plan)


def _forked(folder: Path, record: Record, reader: int, writer: int) -> int:
    child = os.fork()
    if child:
        return child
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    os.dup2(null, 2)
    os.close(writer)
    os.read(reader, 1)  # returns when the parent closes its end
    os._exit(_resumed(folder, record))


def _resumed(folder: Path, record: Record) -> int:
    def answer(request: Request) -> Result:
        round_ = next(one for one in record.plan if one.id == request.round)
        probe = next(one for one in round_.probes if one.id == request.probe)
        return next(one for one in measured(round_, probe, 9e8) if one.half is request.half)

    selected = SelectedSite(EquippedSite(answer), files.LAB, "", "en")
    with patch("clearway.cli.run.recorded_site", lambda *_: selected):
        return main(["run", "--resume", str(folder), "--quiet"])


if __name__ == "__main__":
    for number in range(int(sys.argv[2])):
        print(json.dumps(tried(Path(sys.argv[1]) / str(number))), flush=True)
