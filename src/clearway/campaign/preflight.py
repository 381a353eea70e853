"""Checks before any traffic: the engines accept the plan, and the workers have the tools for it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import product

from clearway.base.units import Duration
from clearway.engine.base import tools_of
from clearway.engine.table import ENGINES
from clearway.probe.clock_offset import ClockOffset
from clearway.probe.parameters import TcpParameters
from clearway.probe.paths import PATHS
from clearway.probe.records import (
    Endpoint,
    Finding,
    Probe,
    Round,
    ServiceAddress,
    Severity,
    Slot,
    Worker,
    family_of,
)
from clearway.run.round import requests_for
from clearway.site.base import NotFit, Ready


def rehearse(rounds: Iterable[Round]) -> None:
    """Make the requests of one round per test for made-up workers, so that an engine refuses a plan before any start.

    Raises UsageError, for instance for a window that the engine can't divide into its intervals.
    """
    first = {round_.test: round_ for round_ in reversed(tuple(rounds))}
    exact = ClockOffset(Duration(0), Duration(0))
    for round_ in first.values():
        ports = tuple(range(1, len(round_.probes) + 1))
        slots = {slot for probe in round_.probes for slot in probe.pair}
        services = tuple(_made_up(ports))
        made_up = (Worker(slot, (_NOWHERE,), 1500, ports, services=services) for slot in slots)
        ready = {worker.slot: Ready(worker, exact) for worker in made_up}
        requests_for(round_, {probe.id: 1 for probe in round_.probes}, ready, 0)


def _made_up(ports: Iterable[int]) -> Iterator[ServiceAddress]:
    for path, transport, port in product(PATHS, ("tcp", "udp"), ports):
        yield ServiceAddress(path, transport, Endpoint(_NOWHERE, port), port)


_NOWHERE = "192.0.2.1"
"""An address of documentation."""


def check_workers(probes: Iterable[Probe], ready: Mapping[Slot, Ready]) -> None:
    """Raises NotFit if a worker lacks a tool, has one that is too old, or may not do what is asked of it."""
    planned = tuple(probes)
    workers = [one.worker for one in ready.values()]
    findings = (*_tools(planned, workers), *_families(planned, workers), *_congestion(planned, ready))
    if findings:
        raise NotFit(findings)


def _tools(probes: Iterable[Probe], workers: list[Worker]) -> Iterator[Finding]:
    for tool in tools_of(ENGINES[probe.engine] for probe in probes).values():
        values = {"tool": tool.binary, "package": tool.package}
        if missing := [worker for worker in workers if tool.binary not in worker.versions]:
            yield Finding("preflight.tool-missing", Severity.ERROR, _names(missing), values)
        found = [(worker, worker.versions[tool.binary]) for worker in workers if worker not in missing]
        if old := [worker for worker, version in found if tuple(map(int, version.split("."))) < tool.at_least]:
            wanted = ".".join(map(str, tool.at_least))
            values |= {"found": old[0].versions[tool.binary], "wanted": wanted}
            yield Finding("preflight.tool-too-old", Severity.ERROR, _names(old), values)


def _families(probes: Iterable[Probe], workers: list[Worker]) -> Iterator[Finding]:
    for family in sorted({probe.family for probe in probes if probe.family is not None}):
        lacking = [one for one in workers if family not in map(family_of, one.addresses)]
        if lacking:
            yield Finding("preflight.no-address", Severity.ERROR, _names(lacking), {"family": family})


def _congestion(probes: Iterable[Probe], ready: Mapping[Slot, Ready]) -> Iterator[Finding]:
    """Of the senders only: a receiver sends acknowledgements, whose congestion control changes no figure."""
    senders: dict[str, set[Slot]] = {}
    for probe in probes:
        if isinstance(probe.parameters, TcpParameters) and probe.parameters.congestion is not None:
            senders.setdefault(probe.parameters.congestion, set()).add(probe.client)
    for congestion, slots in senders.items():
        workers = [ready[slot].worker for slot in sorted(slots & ready.keys())]
        if refused := [one for one in workers if congestion in one.facts.get("congestion-refused", "").split()]:
            values = {"congestion": congestion, "own": refused[0].facts.get("congestion")}
            yield Finding("preflight.congestion-refused", Severity.ERROR, _names(refused), values)


def _names(workers: list[Worker]) -> str:
    return ", ".join(str(worker.slot) for worker in workers)
