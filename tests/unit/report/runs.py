"""Runs that the report tests look at, each with its verdict."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from clearway.base.units import Rate
from clearway.diagnose import diagnose
from clearway.ledger.record import Record
from clearway.plan.schedule import make_plan
from clearway.probe.records import Probe, Reason
from clearway.report.compose import compose
from clearway.report.document import ReportDocument
from clearway.report.wording import Language
from clearway.verdict.judge import judge
from clearway.verdict.model import RunVerdict
from unit.report.factories import HTTP, ROUND_TRIP, TCP, UDP, Network, dead_towards, inventory, record, slow_node, spec


@dataclass(frozen=True, eq=False)
class Run:
    record: Record
    verdict: RunVerdict


@cache
def composed(run: Run, language: Language = "en") -> ReportDocument:
    """Once for all tests."""
    return compose(run.record, run.verdict, language)


def judged(made: Record) -> Run:
    return Run(made, diagnose(made, judge(made)))


def accepted() -> Run:
    """Every protocol."""
    return judged(record(spec(TCP, HTTP, UDP, ROUND_TRIP), inventory()))


def rejected() -> Run:
    """node-3 is slow, and answers late."""
    network = Network(rate=slow_node("node-3"), latency=lambda probe: 0.03 if probe.server.node == "node-3" else 0.004)
    return judged(record(spec(TCP, HTTP, UDP), inventory(), network))


def tolerated() -> Run:
    """node-3 is slow, and 40 % of pairs are enough."""
    wish = spec({**TCP, "accept": ["throughput >= 500 Mbit/s for 40 % of pairs"]})
    return judged(record(wish, inventory(), Network(rate=slow_node("node-3"))))


def unreachable() -> Run:
    """Nothing reaches node-2."""
    wish = spec({**TCP, "accept": ["throughput >= 90 % of link"]})
    return judged(record(wish, inventory(), Network(rate=dead_towards("node-2"))))


def interrupted() -> Run:
    """Two of six rounds were measured, one probe's tool failed; no node has a zone."""
    said = Reason("tool.no-rows", {"tool": "iperf", "quote": "\x1b[31mbroken\x07 pipe"})
    made = record(spec(TCP), inventory(zones=0), rounds=2)
    bad = made.plan[0].probes[0].id
    return judged(record(spec(TCP), inventory(zones=0), Network(void={bad: said}), rounds=2))


def across_zones() -> Run:
    """Two zones; pairs across them are slow, and only reported."""
    zones = {"node-1": "a", "node-2": "a", "node-3": "b", "node-4": "b"}
    wish = spec({**TCP, "scope": "any"})

    def rate(probe: object) -> Rate:
        ends = {zones[slot.node] for slot in probe.pair}  # type: ignore[attr-defined]
        return Rate(0.95e9) if len(ends) == 1 else Rate(0.4e9)

    return judged(record(wish, inventory(zones=2), Network(rate=rate)))


def unjudged() -> Run:
    """No criteria at all."""
    return judged(record(spec({**TCP, "accept": []}), inventory()))


def ladder() -> Run:
    """A rung costs, one gains, one does neither, and one was never measured."""
    rungs = {"host": 40e-6, "pod": 50e-6, "host-to-pod": 45e-6, "cluster-ip": 45e-6, "node-port": 47e-6}
    wish = spec({**ROUND_TRIP, "accept": [], "ladder": list(rungs), "repeats": {"min": 6}})

    def takes(probe: Probe) -> float:
        uneven = 0.01 * (-1) ** (probe.repeat // 2) if probe.path == "cluster-ip" else 0.0
        return rungs[probe.path] * (1 + 0.05 * probe.repeat + uneven)

    plan = make_plan(wish, inventory()).rounds
    void = {
        p.id: Reason("tool.no-rows", {"tool": "sockperf"})
        for round_ in plan
        for p in round_.probes
        if p.path == "node-port"
    }
    return judged(record(wish, inventory(), Network(latency=takes, void=void)))


@cache
def big() -> Run:
    """600 pairs that fail."""
    return judged(record(spec(TCP), inventory(nodes=25), Network(rate=lambda _: Rate(1e6))))


RUNS: Mapping[str, Run] = {
    "accepted": accepted(),
    "rejected": rejected(),
    "tolerated": tolerated(),
    "unreachable": unreachable(),
    "interrupted": interrupted(),
    "across-zones": across_zones(),
    "unjudged": unjudged(),
    "ladder": ladder(),
}
