"""The suspected host drops packets itself: its device, its receive queues or its table of connections."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from clearway.diagnose.causes.case import Case
from clearway.probe.measurement import Counters
from clearway.probe.records import Reason

_LOST = (".rx-dropped", ".tx-dropped", ".rx-errors", ".tx-errors", "softnet.dropped", ".drop", ".insert-failed")
_OFTEN, _SELDOM = 0.5, 0.1
"""Share of the attempts in which the counter rises, at the suspect and elsewhere: what rises everywhere is no cause."""


def host_drops(case: Case) -> Reason | None:
    usual = _risen(case.other_counters)
    for node in case.nodes:
        seen = case.counters_of(node)
        for name, times in _risen(seen).most_common():
            if times >= _OFTEN * len(seen) and usual[name] <= _SELDOM * len(case.other_counters):
                count = sum((one.network or {}).get(name, 0) for one in seen)
                return Reason("cause.host-drops", {"node": node, "counter": name, "count": count})
    return None


def _risen(seen: Iterable[Counters]) -> Counter[str]:
    """In how many attempts each counter of lost packets rose."""
    return Counter(name for one in seen for name in one.network or {} if name.endswith(_LOST))
