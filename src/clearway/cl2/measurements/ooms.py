"""ClusterOOMsTracker, and what TestMetrics bundles of it: out-of-memory kills from `start` to `gather`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from itertools import islice
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from clearway.base.errors import ClearwayError, SiteError
from clearway.cl2.config.calls import MethodCall
from clearway.cl2.config.model import Part
from clearway.cl2.measurements.base import NOTHING, CallOutcome, SummaryFile, Surroundings
from clearway.probe.records import Finding, Severity
from clearway.spec.types import refusal
from clearway.verdict.model import State
from clearway.watch.oom.records import Oom, OomObserver
from clearway.watch.oom.tracker import OomTracker

_NAMED = 20
"""Kills that are errors of their own; the summary has them all."""
_NOT_MEASURED = (
    *("EtcdMetrics", "SchedulingMetrics", "MetricsForE2E", "ResourceUsageSummary"),
    *("CPUProfile", "MemoryProfile", "BlockProfile", "SystemPodMetrics"),
)
"""What else TestMetrics bundles."""


def _unwanted(value: Any) -> Any:
    """Whoever switches something on counts on its being measured."""
    if value:
        raise refusal(ClearwayError("door.not-measured-here"))
    return value


Off = Annotated[bool, AfterValidator(_unwanted)]
Empty = Annotated[str, AfterValidator(_unwanted)]


class OomParameters(Part):
    enabled: bool = Field(False, alias="clusterOOMsTrackerEnabled")
    ignored: str = Field("", alias="clusterOOMsIgnoredProcesses")
    fails: bool = Field(True, alias="clusterOOMsFailureEnabled")

    @property
    def ignored_processes(self) -> frozenset[str]:
        return frozenset(filter(None, self.ignored.split(",")))


class MetricsParameters(OomParameters):
    """What is said of the rest is either off, or says how something is done that is not."""

    system_pod_metrics_enabled: Off = False
    enable_restart_count_check: Off = False
    gather_kubelets_metrics: Off = False
    resource_constraints: Empty = ""
    system_pods_failure_enabled: bool = True
    restart_count_threshold_overrides: str = ""
    host: str = ""
    namespace: str = ""
    master_name: str = ""
    master_ip: str = Field("", alias="masterIP")
    wait_time: str = ""


class OutOfMemory(ClearwayError):
    """It was looked for, and found."""

    exit_code = 1


class ClusterOoms:
    def __init__(self) -> None:
        self._following: AsyncExitStack | None = None
        self._news: list[Oom | OomObserver] = []
        self._ignored: frozenset[str] = frozenset()

    async def call(self, call: MethodCall, around: Surroundings) -> CallOutcome:
        """Raises SiteError where nothing could be looked at."""
        wanted = call.params
        if not isinstance(wanted, OomParameters):
            return NOTHING  # a pause of what is not measured
        if call.action == "start":
            _say_what_is_not_measured(call, wanted, around)
        if not wanted.enabled:
            return NOTHING
        if call.action == "start":
            await self._start(wanted, around)
            return NOTHING
        return await self._gather(call, wanted, around)

    async def dispose(self) -> None:
        following, self._following = self._following, None
        if following is not None:
            await following.aclose()

    async def _start(self, wanted: OomParameters, around: Surroundings) -> None:
        """One that runs already goes on."""
        if self._following is None:
            self._following, self._ignored = AsyncExitStack(), wanted.ignored_processes
            tracker = OomTracker(around.access, around.namespace)
            await self._following.enter_async_context(tracker.follow((), self._news.append))

    async def _gather(self, call: MethodCall, wanted: OomParameters, around: Surroundings) -> CallOutcome:
        if self._following is None:
            raise SiteError("door.start-failed", identifier=call.identifier)
        await self.dispose()
        news, self._news = self._news, []
        sights = [one for one in news if isinstance(one, OomObserver)]
        for sight in sights:
            if sight.cause is not None:
                values = {"source": sight.source.value, "cause": sight.cause}
                around.log(Finding("door.ooms-partly-observed", Severity.WARNING, sight.scope, values))
        if all(sight.cause is not None for sight in sights):
            raise SiteError("door.ooms-not-observed", identifier=call.identifier)
        found = self._sorted([one for one in news if isinstance(one, Oom)])
        summary = SummaryFile(
            "ClusterOOMsTracker", {name: [_item(one) for one in ooms] for name, ooms in found.items()}
        )
        failures = found["failures"] if wanted.fails else []
        return CallOutcome((summary,), State.FAIL if failures else None, tuple(_errors(failures)))

    def _sorted(self, ooms: list[Oom]) -> dict[str, list[Oom]]:
        """As ClusterLoader2 sorts them. A container's status names no process: its own name counts."""
        found: dict[str, list[Oom]] = {"failures": [], "past": [], "ignored": []}
        for oom in ooms:
            ignored = (oom.process or oom.container) in self._ignored
            found["past" if oom.past else "ignored" if ignored else "failures"].append(oom)
        return found


def _say_what_is_not_measured(call: MethodCall, wanted: OomParameters, around: Surroundings) -> None:
    if isinstance(wanted, MetricsParameters):
        values = {"left_out": _NOT_MEASURED}
        code = "door.only-ooms" if wanted.enabled else "door.nothing-of-test-metrics"
        around.log(Finding(code, Severity.WARNING, call.identifier, values))
    elif not wanted.enabled:
        around.log(Finding("door.ooms-off", Severity.WARNING, call.identifier))


def _item(oom: Oom) -> dict[str, Any]:
    """ClusterLoader2's five, empty where nobody told; then what only we know."""
    told = {"node": oom.node, "process": oom.process, "memory": oom.memory, "pid": oom.pid}
    own = {"namespace": oom.namespace, "pod": oom.pod, "container": oom.container, "limit": oom.limit}
    known = {name: text for name, text in own.items() if text is not None}
    return {name: text or "" for name, text in told.items()} | {"time": _time(oom), "source": oom.source.value, **known}


def _errors(failures: list[Oom]) -> Iterator[ClearwayError]:
    if failures:
        yield OutOfMemory("door.out-of-memory", count=len(failures))
    for oom in islice(failures, _NAMED):
        values = {"node": oom.node, "container": oom.container, "process": oom.process, "limit": oom.limit}
        yield OutOfMemory("door.oom", subject=oom.subject, time=_time(oom), **values)


def _time(oom: Oom) -> str:
    return datetime.fromtimestamp(oom.time, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
