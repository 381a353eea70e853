"""The suspected host drops packets itself: its device, its receive queues or its sockets."""

from __future__ import annotations

from clearway.diagnose.causes.case import Case
from clearway.probe.records import Reason

_LOST = (
    ".rx-dropped",
    ".tx-dropped",
    ".tx-errors",
    "softnet.dropped",
    "tcp.backlog-drops",
    "tcp.receive-queue-drops",
    "tcp.listen-overflows",
)


def host_drops(case: Case) -> Reason | None:
    found = case.risen(lambda name: name.endswith(_LOST))
    if found is None:
        return None
    return Reason("cause.host-drops", {"node": found.node, "counter": found.counter, "count": found.count})
