"""Large packets vanish on the way, and nothing reports it to the sender: probed before any traffic."""

from __future__ import annotations

from clearway.diagnose.causes.case import Case
from clearway.diagnose.path_mtu import black_holes
from clearway.diagnose.places import surroundings_of
from clearway.probe.path_mtu import RoadMtu
from clearway.probe.records import Reason

_MOST = 0.5
"""Share of the roads through a place from which it is the place's own."""


def black_hole(case: Case) -> Reason | None:
    holes = [road for road in black_holes(case.record) if _meets(case, road)]
    through = [road for road in case.record.road_mtus.values() if _meets(case, road)]
    if not holes or len(holes) < _MOST * len(through):
        return None
    least = min(holes, key=lambda road: road.largest.si if road.largest else 0.0)
    assert least.largest is not None
    return Reason("cause.black-hole", {"size": int(least.largest.si)})


def _meets(case: Case, road: RoadMtu) -> bool:
    """Not of a node that is none of the run's any more."""
    surroundings, ends = case.record.derived(surroundings_of), (road.sender.node, road.receiver.node)
    return surroundings.zones.keys() >= set(ends) and case.place in surroundings.places_on(ends)
