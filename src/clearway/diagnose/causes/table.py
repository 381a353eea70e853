"""All rules about causes. What shows itself directly comes before what is concluded."""

from __future__ import annotations

from collections.abc import Callable

from clearway.diagnose.causes.busy_cpu import busy_cpu
from clearway.diagnose.causes.case import Case
from clearway.diagnose.causes.dead_road import dead_road
from clearway.diagnose.causes.host_drops import host_drops
from clearway.diagnose.causes.link_speed import link_speed
from clearway.diagnose.causes.rate_limit import rate_limit, shared_limit
from clearway.diagnose.causes.road_drops import road_drops
from clearway.ledger.record import Record
from clearway.probe.records import Reason
from clearway.verdict.suspect import Suspect

RULES: tuple[Callable[[Case], Reason | None], ...] = (
    dead_road,
    link_speed,
    busy_cpu,
    host_drops,
    road_drops,
    shared_limit,
    rate_limit,
)


def causes_of(record: Record, suspect: Suspect) -> tuple[Reason, ...]:
    """What may have made a place be at fault, the most direct evidence first; none is known to fit if it is empty."""
    case = Case(record, suspect)
    return tuple(reason for rule in RULES if (reason := rule(case)) is not None)
