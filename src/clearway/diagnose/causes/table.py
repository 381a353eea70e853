"""All rules about causes, by how directly their evidence shows the cause; in a group the most specific first."""

from __future__ import annotations

from collections.abc import Callable

from clearway.diagnose.causes.allowance import allowance
from clearway.diagnose.causes.black_hole import black_hole
from clearway.diagnose.causes.bundle_member import bundle_member
from clearway.diagnose.causes.burst_credit import burst_credit
from clearway.diagnose.causes.busy_cpu import busy_cpu
from clearway.diagnose.causes.case import Case
from clearway.diagnose.causes.cpu_limit import cpu_limit
from clearway.diagnose.causes.damaged_packets import damaged_packets
from clearway.diagnose.causes.dead_road import dead_road
from clearway.diagnose.causes.flow_limit import flow_limit, one_flow
from clearway.diagnose.causes.full_queue import full_queue
from clearway.diagnose.causes.full_table import full_table
from clearway.diagnose.causes.full_windows import receive_window, send_buffer
from clearway.diagnose.causes.host_drops import host_drops
from clearway.diagnose.causes.large_packets import large_packets
from clearway.diagnose.causes.link_speed import link_speed
from clearway.diagnose.causes.lost_connections import lost_connections
from clearway.diagnose.causes.offloads import offloads
from clearway.diagnose.causes.outage import outage
from clearway.diagnose.causes.packet_cpu import packet_cpu
from clearway.diagnose.causes.pause_frames import pause_frames
from clearway.diagnose.causes.policer import policer
from clearway.diagnose.causes.rate_limit import rate_limit, shared_limit
from clearway.diagnose.causes.road_drops import road_drops
from clearway.diagnose.causes.stolen_cpu import stolen_cpu
from clearway.diagnose.causes.strange_order import copied, overtaken
from clearway.diagnose.causes.tool_cpu import tool_cpu
from clearway.diagnose.causes.wrong_neighbour import silent_neighbour, wrong_neighbour
from clearway.ledger.record import Record
from clearway.probe.records import Reason
from clearway.verdict.suspect import Place, Suspect

Rule = Callable[[Case], Reason | None]

COUNTED: tuple[Rule, ...] = (
    black_hole,
    wrong_neighbour,
    silent_neighbour,
    link_speed,
    cpu_limit,
    stolen_cpu,
    packet_cpu,
    tool_cpu,
    busy_cpu,
    full_table,
    allowance,
    damaged_packets,
    pause_frames,
    host_drops,
)
"""A kernel says so itself, or it was probed before any traffic."""
PATTERNS: tuple[Rule, ...] = (
    dead_road,
    large_packets,
    bundle_member,
    burst_credit,
    one_flow,
    flow_limit,
    receive_window,
    send_buffer,
    lost_connections,
    outage,
    overtaken,
    copied,
)
"""What flows do that only this cause makes them do."""
RATES: tuple[Rule, ...] = (shared_limit, full_queue, policer)
"""What carries less than the rest, and how it does so."""
CONCLUSIONS: tuple[Rule, ...] = (road_drops, rate_limit, offloads)
"""What is left where nothing more exact is known."""
GROUPS = (COUNTED, PATTERNS, RATES, CONCLUSIONS)


def causes_of(record: Record, suspect: Suspect) -> tuple[Reason, ...]:
    """What may have made a place be at fault, the most direct evidence first; none is known to fit if it is empty."""
    return causes_at(Case(record, suspect.place, suspect.standing))


def causes_of_place(record: Record, place: Place) -> tuple[Reason, ...]:
    """The same of a place that is no suspect."""
    return causes_at(Case(record, place))


def causes_at(case: Case) -> tuple[Reason, ...]:
    """All of the first group that has any: a later one concludes from less."""
    for rules in GROUPS:
        if found := tuple(reason for rule in rules if (reason := rule(case)) is not None):
            return found
    return ()
