"""The suspected host drops packets itself: its device, its receive queues or its sockets."""

from __future__ import annotations

import re

from clearway.diagnose.causes.case import Case
from clearway.probe.records import Reason

_LOST = re.compile(
    r"\.[rt]x-dropped$|\.tx-errors$|^softnet\.dropped$"
    r"|^tcp\.(backlog-drops|receive-queue-drops|listen-overflows)$"
    r"|\.nic\..*(missed|no_buf|out_of_buffer|discard)"
)


def host_drops(case: Case) -> Reason | None:
    found = case.risen(lambda name: _LOST.search(name) is not None)
    if found is None:
        return None
    return Reason("cause.host-drops", {"node": found.node, "counter": found.counter, "count": found.count})
