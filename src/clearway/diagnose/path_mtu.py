"""How large packets may be, as it was probed before the first round: roads on which larger ones vanish come first."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from clearway.ledger.record import Record
from clearway.probe.observations import PATH_MTU_NOT_PROBED
from clearway.probe.path_mtu import BLACK_HOLE, RoadMtu, RoadState
from clearway.probe.records import Finding, Reason, Severity

_SHOWN = 10
"""Places of a kind that are listed: more than a reader looks at. The observations have all roads."""
_FEWEST = 2
"""Roads of a node from which all of them are said to be so, rather than each."""


def path_mtu_findings(record: Record) -> Iterator[Finding]:
    """Black holes, smaller paths that are reported, nodes with another MTU, and what could not be found out."""
    roads = record.derived(settled_states)
    known = [road for road, state in roads.items() if state not in (RoadState.SILENT, RoadState.OPEN)]
    for code, state, severity in _NAMED:
        bad = [road for road in known if roads[road] is state]
        yield from _shown(code, severity, list(_places(bad, known)))
    yield from _mixed(record)
    for code, state in (("path-mtu.silent", RoadState.SILENT), ("path-mtu.open", RoadState.OPEN)):
        if open_ := [road for road, found in roads.items() if found is state]:
            values = {"count": len(open_), "roads": len(roads), "first": _link(open_[0])}
            yield Finding(code, Severity.WARNING, open_[0].sender.label, values)
    for seen in record.observed(PATH_MTU_NOT_PROBED):
        yield Finding("path-mtu.not-probed", Severity.WARNING, seen.subject, {"cause": seen.values["cause"]})


_NAMED = (
    (BLACK_HOLE, RoadState.BLACK_HOLE, Severity.ERROR),
    ("path-mtu.reduced", RoadState.REPORTED, Severity.WARNING),
)


def settled_states(record: Record) -> Mapping[RoadMtu, RoadState]:
    """What each road is. A router reports seldom: what it reported to the same sender is known of its other roads."""
    roads = record.road_mtus.values()
    reported = {(road.sender, road.largest) for road in roads if road.state is RoadState.REPORTED}
    return {road: RoadState.REPORTED if (road.sender, road.largest) in reported else road.state for road in roads}


def black_holes(record: Record) -> Sequence[RoadMtu]:
    """The roads on which large packets vanish."""
    return [road for road, state in record.derived(settled_states).items() if state is RoadState.BLACK_HOLE]


def _shown(code: str, severity: Severity, found: Sequence[tuple[Reason, RoadMtu]]) -> Iterator[Finding]:
    for place, road in found[:_SHOWN]:
        assert road.largest is not None
        sizes = {"size": int(road.largest.si), "tried": int(road.tried.si)}
        yield Finding(code, severity, road.sender.label, {"place": place, **sizes})
    if (more := len(found) - _SHOWN) > 0:
        yield Finding(f"{code}-more", severity, values={"count": more})


def _places(bad: Iterable[RoadMtu], known: Sequence[RoadMtu]) -> Iterator[tuple[Reason, RoadMtu]]:
    """What bad roads have in common: all roads, all that a node receives or sends, else each by itself."""
    left = dict.fromkeys(bad)
    for place, through in _candidates(known):
        if len(through) >= _FEWEST and len({road.largest for road in through}) == 1 and all(r in left for r in through):
            yield place, through[0]
            for road in through:
                del left[road]
    named = set()
    for road in left:
        if (link := (road.sender.node, road.receiver.node, road.largest)) not in named:
            named.add(link)
            yield _link(road), road


def _candidates(known: Sequence[RoadMtu]) -> Iterator[tuple[Reason, Sequence[RoadMtu]]]:
    receives, sends = defaultdict[str, list[RoadMtu]](list), defaultdict[str, list[RoadMtu]](list)
    for road in known:
        receives[road.receiver.node].append(road)
        sends[road.sender.node].append(road)
    if len(sends) > _FEWEST:
        yield Reason("place.everywhere", {"count": len(known)}), known
    for kind, by_node in (("receives", receives), ("sends", sends)):
        for node, roads in by_node.items():
            yield Reason(f"place.{kind}", {"name": node}), roads


def _link(road: RoadMtu) -> Reason:
    return Reason("place.link", {"sender": road.sender.label, "receiver": road.receiver.label})


def _mixed(record: Record) -> Iterator[Finding]:
    """The nodes whose interfaces differ from most."""
    mtus = {worker.slot.node: worker.mtu for worker in record.workers}
    (usual, count), *others = Counter(mtus.values()).most_common() or [(0, 0)]
    for mtu, _ in others:
        nodes = tuple(sorted(node for node, found in mtus.items() if found == mtu))
        values = {"nodes": nodes, "count": len(nodes), "mtu": mtu, "usual": usual, "others": count}
        yield Finding("path-mtu.mixed", Severity.WARNING, nodes[0], values)
