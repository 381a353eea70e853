"""The suspected node's device lacks an offload that those of most other nodes have."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from clearway.diagnose.causes.case import Case
from clearway.probe.records import Reason, Worker

_MOST = 2 / 3
"""Share of the other nodes that have it."""


def offloads(case: Case) -> Reason | None:
    known = [worker for worker in case.record.workers if "offloads" in worker.facts]
    others = [worker for worker in known if worker.slot.node not in case.nodes]
    count = Counter(name for worker in others for name in _on(worker))
    usual = {name for name, times in count.items() if times >= _MOST * len(others)}
    for worker in known:
        if worker.slot.node in case.nodes and (lacking := _lacking(worker, usual)):
            return Reason("cause.offloads", {"node": worker.slot.node, "offloads": ", ".join(lacking)})
    return None


def _lacking(worker: Worker, usual: set[str]) -> Sequence[str]:
    return sorted(usual - _on(worker))


def _on(worker: Worker) -> set[str]:
    return set(worker.facts["offloads"].split())
