"""The agent: `python -m clearway.worker --slot node-1/0` on a pipe, `--kubernetes` in a pod."""

from __future__ import annotations

import os
import signal
import sys
import tempfile
from pathlib import Path
from typing import Any, Sequence

from clearway.base.clock import Clock
from clearway.probe.wire import SLOT
from clearway.worker.agent import Agent
from clearway.worker.facts import worker
from clearway.worker.inbox import PipeInbox


def main(argv: Sequence[str]) -> int:
    """Run until standard input (or the pod's mailbox) ends or SIGTERM comes."""
    signal.signal(signal.SIGTERM, _leave)
    clock = Clock(float(os.environ.get("CLEARWAY_CLOCK_SHIFT", "0")))
    with tempfile.TemporaryDirectory(prefix="clearway-") as scratch:
        if list(argv) == ["--kubernetes"]:
            from clearway.worker.pod import attend

            return attend(clock, Path(scratch))
        if len(argv) == 2 and argv[0] == "--slot":
            Agent(worker(SLOT.decode(argv[1]), "pod"), PipeInbox(clock), clock, Path(scratch)).run()
            return 0
    sys.stderr.write("usage: python -m clearway.worker --slot NODE/INDEX | --kubernetes\n")
    return 2


def _leave(*_: Any) -> None:
    """Unwind the main loop, which ends the children on its way out."""
    raise SystemExit(143)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
