"""What this host did to a tool: then neither its output nor its failure says anything about the road."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Mapping, Optional

from clearway.base.units import Duration
from clearway.probe.measurement import Counters
from clearway.probe.records import Reason
from clearway.worker.child import Child

_STEP = 0.01
"""Seconds that the machine's clock may be set while a tool runs, which times its own intervals, of 0.1 s, by it."""
_LIMITS: Mapping[str, str] = {
    "Too many open files": "worker.no-descriptors",
    "Cannot assign requested address": "worker.no-ports",
    "No space left on device": "worker.disk-full",
}
"""What a tool prints where this host, not the road, keeps it from its connections or its output."""


def disturbance(tool: str, counters: Optional[Counters], stepped: float, scratch: Path) -> Optional[Reason]:
    """What makes output worthless that may look whole: the kernel killed the tool, its clock was set by `stepped`
    seconds, or its disk is full.
    """
    if counters is not None and counters.oom_kills:
        return Reason("worker.out-of-memory", {"tool": tool})
    if abs(stepped) > _STEP:
        return Reason("worker.clock-set", {"by": Duration(abs(stepped))})
    return None if shutil.disk_usage(scratch).free else Reason("worker.disk-full", {"tool": tool})


def limit_met(tool: str, child: Child) -> Optional[Reason]:
    """Which limit of this host the tool met: what it says on its standard error, or its open files."""
    _, said = child.output()
    code = next((code for text, code in _LIMITS.items() if text in said), None)
    code = code or ("worker.no-descriptors" if child.out_of_descriptors else None)
    return None if code is None else Reason(code, {"tool": tool})
