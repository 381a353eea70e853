"""Pause frames hold traffic up at the suspected host's device, and hardly anywhere else."""

from __future__ import annotations

import re

from clearway.diagnose.causes.case import Case
from clearway.probe.records import Reason

_PAUSE = re.compile(r"\.nic\..*(pause|xoff)")


def pause_frames(case: Case) -> Reason | None:
    found = case.risen(lambda name: _PAUSE.search(name) is not None)
    if found is None:
        return None
    return Reason("cause.pause-frames", {"node": found.node, "counter": found.counter, "count": found.count})
