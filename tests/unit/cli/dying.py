"""`python dying.py FOLDER STEP`: runs, each killed so many files later than the one before, and resumed.

A file counts as it is opened to be written, or renamed. Prints a line for each run. They are forks of this process, on
a site that answers at once.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from itertools import count
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


def forked(act: Callable[[], int]) -> int:
    """How a fork ended that does this; negative for a signal."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    os.dup2(null, 2)
    os._exit(act())


def killed_at(folder: Path, number: int, record: Record) -> int:
    """A run from its first file to its last report, if it lives so long."""
    steps = count(1)

    def see(event: str, arguments: tuple[object, ...]) -> None:
        named = event in ("open", "os.rename") and str(arguments[0]).startswith(f"{folder}/")
        writes = event == "os.rename" or (event == "open" and int(str(arguments[2])) & (os.O_WRONLY | os.O_RDWR))
        if named and writes and next(steps) == number:
            os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(see)
    Ledger.create(folder, record)
    return resumed(folder, record)


def resumed(folder: Path, record: Record) -> int:
    def answer(request: Request) -> Result:
        round_ = next(one for one in (*record.plan, *read_run(folder).rounds) if one.id == request.round)
        probe = next(one for one in round_.probes if one.id == request.probe)
        found = next(one for one in measured(round_, probe, 9e8) if one.half is request.half)
        return replace(found, attempt=request.attempt)

    selected = SelectedSite(EquippedSite(answer), files.LAB, "", "en")
    with patch("clearway.cli.run.recorded_site", lambda *_: selected):
        return main(["run", "--resume", str(folder), "--quiet"])


def main_loop(home: Path, step: int) -> None:
    spec = tcp_spec("throughput >= 500 Mbit/s").model_copy(update={"gap": Duration(0)})
    record = planned(spec, inventory(4))
    for number in count(1, step):
        folder = home / str(number)
        if forked(partial(killed_at, folder, number, record)) == 0:
            return
        written = sorted(path.name for path in folder.glob("*")) if folder.exists() else []
        code = forked(partial(resumed, folder, record))
        print(json.dumps({"written": written, "code": code, "whole": code == 0 and whole(folder)}), flush=True)


def whole(folder: Path) -> bool:
    found = read_run(folder).wholeness
    return found is not None and found.closing is not None


if __name__ == "__main__":
    main_loop(Path(sys.argv[1]), int(sys.argv[2]))
