"""Packets that nodes dropped or damaged during a run, as their kernels counted them: only what rose.

Workers count around each probe what they see; where a shell leads to the nodes, their own devices are read before the
first round and after the last.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import islice

from clearway.ledger.record import Record
from clearway.probe.observations import HOST_LOSSES, HOST_NOT_READ
from clearway.probe.records import Finding, Severity, Slot

_SHOWN = 20
"""Counters listed, the largest first: more than a reader looks at. The results have them all."""
_CODES: Mapping[str, str] = {
    "rx-dropped": "lost.rx-dropped",
    "rx-errors": "lost.rx-errors",
    "tx-dropped": "lost.tx-dropped",
    "tx-errors": "lost.tx-errors",
    "softnet.dropped": "lost.softnet-dropped",
    "conntrack.drop": "lost.conntrack-drop",
    "conntrack.early-drop": "lost.conntrack-early-drop",
}
"""By the counter's name, or by the part after its device."""

_Row = tuple[str, str, str]
"""Subject, network namespace, counter."""


def loss_findings(record: Record) -> Iterator[Finding]:
    """One finding for each counter: `node-2 eth0: 1,204 packets dropped`."""
    rows = [(count, row) for row, count in _counted(record).items() if _code(row[2]) is not None]
    rows.sort(key=lambda one: (-one[0], one[1]))
    for count, (subject, network, counter) in islice(rows, _SHOWN):
        values = {"count": f"{count:,}", "device": counter.rpartition(".")[0], "network": network}
        yield Finding(str(_code(counter)), Severity.INFO, subject, values)
    if len(rows) > _SHOWN:
        yield Finding("lost.more", Severity.INFO, values={"count": len(rows) - _SHOWN})
    for seen in record.observed(HOST_NOT_READ):
        yield Finding("lost.not-read", Severity.WARNING, seen.subject, seen.values)


def _code(counter: str) -> str | None:
    return _CODES.get(counter) or _CODES.get(counter.rpartition(".")[2])


def _counted(record: Record) -> Counter[_Row]:
    """What rose during the rounds. Halves of one worker in one round saw the same counters: the longest look counts."""
    networks = {worker.slot: worker.network for worker in record.workers}
    seen: dict[tuple[str, Slot, str], int] = {}
    for result, _, slot in record.halves:
        counted = result.counters.network if result.counters is not None else None
        for name, count in (counted or {}).items():
            key = (result.round, slot, name)
            seen[key] = max(count, seen.get(key, 0))
    found: Counter[_Row] = Counter()
    for (_, slot, name), count in seen.items():
        found[slot.label, networks.get(slot, "pod"), name] += count
    for host in record.observed(HOST_LOSSES):
        for name, count in host.values.items():
            # softnet counts for all networks of a node: the worker read the same packets.
            if name.startswith("softnet."):
                found.pop((host.subject, "pod", name), None)
            found[host.subject, "host", name] += count if isinstance(count, int) else 0
    return found
