"""The agent, by its command line: on a pipe, on a plain host, in a pod of ours, or in one of ClusterLoader2's.

python -m clearway.worker --slot node-1/0       on a pipe
python -m clearway.worker --host CONFIG        on a pipe through ssh, on a plain host
python -m clearway.worker --survey CONFIG      there, before: print what the host is, and end
python -m clearway.worker --kubernetes          in a pod of ours
python -m clearway.worker [FLAGS]               where POD_NAME is set: as ClusterLoader2's worker, with its flags
"""

from __future__ import annotations

import os
import signal
import sys
import tempfile
from pathlib import Path
from typing import Any, List, Mapping, Sequence

from clearway.base.clock import Clock
from clearway.probe.wire import SLOT
from clearway.worker.agent import Agent
from clearway.worker.facts import worker
from clearway.worker.inbox import PipeInbox


def main(argv: Sequence[str]) -> int:
    """Run until standard input (or the pod's mailbox) ends or SIGTERM or SIGHUP comes."""
    for sign in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(sign, _leave)
    clock = Clock(float(os.environ.get("CLEARWAY_CLOCK_SHIFT", "0")))
    with tempfile.TemporaryDirectory(prefix="clearway-") as scratch:
        return _work(list(argv), os.environ, clock, Path(scratch))


def _work(argv: List[str], environment: Mapping[str, str], clock: Clock, scratch: Path) -> int:
    if argv == ["--kubernetes"]:
        from clearway.worker.pod import run_agent

        return run_agent(clock, scratch)
    if len(argv) == 2 and argv[0] in ("--host", "--survey"):
        from clearway.worker import host

        return host.run_agent(argv[1], clock, scratch) if argv[0] == "--host" else host.survey(argv[1], clock)
    if len(argv) == 2 and argv[0] == "--slot":
        Agent(worker(SLOT.decode(argv[1]), "pod"), PipeInbox(clock), clock, scratch).run()
        return 0
    if "POD_NAME" in environment:
        from clearway.worker.clusterloader2.pod import attend_clusterloader2

        return attend_clusterloader2(argv, environment["POD_NAME"], clock, scratch)
    sys.stderr.write(
        "usage: python -m clearway.worker --slot NODE/INDEX | --host CONFIG | --survey CONFIG | --kubernetes\n"
    )
    return 2


def _leave(*_: Any) -> None:
    """Unwind the main loop, which ends the children on its way out."""
    raise SystemExit(143)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
