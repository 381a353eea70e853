"""Packets that nodes dropped or damaged during a run, as their kernels counted them: only what rose.

Workers count around each probe what they see; where a shell leads to the nodes, their own devices are read before the
first round and after the last.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import islice

from clearway.ledger.record import Record
from clearway.probe.records import Finding, Half, Severity, Slot

_SHOWN = 20
"""Counters told one by one, the largest first; the results have them all."""
_TOLD: Mapping[str, str] = {
    "rx-dropped": "lost.rx-dropped",
    "rx-errors": "lost.rx-errors",
    "tx-dropped": "lost.tx-dropped",
    "tx-errors": "lost.tx-errors",
    "softnet.dropped": "lost.softnet-dropped",
    "conntrack.drop": "lost.conntrack-drop",
    "conntrack.early-drop": "lost.conntrack-early-drop",
}
"""By the counter's name, or by its end: a device stands before it."""

_Row = tuple[str, str, str]
"""Subject, network namespace, counter."""


def loss_findings(record: Record) -> Iterator[Finding]:
    """`node-2 eth0: 1,204 packets dropped`, a finding each."""
    rows = [(count, row) for row, count in _counted(record).items() if _code(row[2]) is not None]
    rows.sort(key=lambda one: (-one[0], one[1]))
    for count, (subject, network, counter) in islice(rows, _SHOWN):
        values = {"count": f"{count:,}", "device": counter.rpartition(".")[0], "network": network}
        yield Finding(str(_code(counter)), Severity.INFO, subject, values)
    if len(rows) > _SHOWN:
        yield Finding("lost.more", Severity.INFO, values={"count": len(rows) - _SHOWN})
    for seen in record.observations:
        if seen.kind == "host-not-read":
            yield Finding("lost.not-read", Severity.WARNING, seen.subject, seen.values)


def _code(counter: str) -> str | None:
    return _TOLD.get(counter) or _TOLD.get(counter.rpartition(".")[2])


def _counted(record: Record) -> Counter[_Row]:
    """What rose during the rounds. Halves of one worker in one round saw the same counters: the longest look counts."""
    probes = {probe.id: probe for round_ in record.rounds for probe in round_.probes}
    networks = {worker.slot: worker.network for worker in record.workers}
    seen: dict[tuple[str, Slot, str], int] = {}
    for result in record.results:
        probe, counters = probes.get(result.probe), result.counters
        if probe is None or counters is None:
            continue
        slot = probe.server if result.half is Half.SERVE else probe.client
        for name, count in (counters.network or {}).items():
            key = (result.round, slot, name)
            seen[key] = max(count, seen.get(key, 0))
    found: Counter[_Row] = Counter()
    for (_, slot, name), count in seen.items():
        found[_shown(slot), networks.get(slot, "pod"), name] += count
    for node, network, name, count in _read_from_outside(record):
        if _is_of_the_machine(name):
            found.pop((node, "pod", name), None)
        found[node, network, name] += count
    return found


def _read_from_outside(record: Record) -> Iterator[tuple[str, str, str, int]]:
    for seen in record.observations:
        if seen.kind == "host-losses":
            for name, count in seen.values.items():
                yield seen.subject, "host", name, count


def _is_of_the_machine(counter: str) -> bool:
    """Whoever reads it, in whatever network: the look that is longest stands for all."""
    return counter.startswith("softnet.")


def _shown(slot: Slot) -> str:
    return slot.node if slot.index == 0 else str(slot)
