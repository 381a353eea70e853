"""ClusterOOMsTracker, and TestMetrics, which contains it: out-of-memory kills from `start` to `gather`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from itertools import islice
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from clearway.base.errors import ClearwayError, SiteError
from clearway.cl2.config.methods import MethodCall
from clearway.cl2.config.model import Part
from clearway.cl2.context import Context
from clearway.cl2.outcome import NOTHING, CallOutcome, SummaryFile
from clearway.probe.records import Finding, Severity
from clearway.spec.types import refusal
from clearway.verdict.model import State
from clearway.watch.oom.records import Oom, OomObserver
from clearway.watch.oom.tracker import OomTracker

_NAMED = 20
"""Kills that are errors of their own, so that JUnit stays readable; the summary has them all."""
_NOT_MEASURED = (
    *("EtcdMetrics", "SchedulingMetrics", "MetricsForE2E", "ResourceUsageSummary"),
    *("CPUProfile", "MemoryProfile", "BlockProfile", "SystemPodMetrics"),
)
"""The other measurements in TestMetrics."""


def _refuse_if_set(value: Any) -> Any:
    """Refuses what would switch on a measurement that is not done here."""
    if value:
        raise refusal(ClearwayError("door.not-measured-here"))
    return value


Off = Annotated[bool, AfterValidator(_refuse_if_set)]
Empty = Annotated[str, AfterValidator(_refuse_if_set)]


class OomParameters(Part):
    enabled: bool = Field(False, alias="clusterOOMsTrackerEnabled")
    ignored: str = Field("", alias="clusterOOMsIgnoredProcesses")
    fails: bool = Field(True, alias="clusterOOMsFailureEnabled")

    @property
    def ignored_processes(self) -> frozenset[str]:
        return frozenset(filter(None, self.ignored.split(",")))


class MetricsParameters(OomParameters):
    """Fields for the other measurements: either off, or details of something that is not measured."""

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
    """A process was killed for want of memory while the test was looking."""

    exit_code = 1


class ClusterOoms:
    def __init__(self) -> None:
        self._tracking: AsyncExitStack | None = None
        self._seen: list[Oom | OomObserver] = []
        self._ignored: frozenset[str] = frozenset()

    async def call(self, call: MethodCall, context: Context, test: str) -> CallOutcome:
        """Raises SiteError where no source of kills could be read."""
        params = call.params
        if not isinstance(params, OomParameters):
            return NOTHING  # a pause of what is not measured
        if call.action == "start":
            _log_what_is_not_measured(call, params, context)
        if not params.enabled:
            return NOTHING
        if call.action == "start":
            await self._start(params, context)
            return NOTHING
        return await self._gather(call, params, context)

    async def dispose(self) -> None:
        tracking, self._tracking = self._tracking, None
        if tracking is not None:
            await tracking.aclose()

    async def _start(self, params: OomParameters, context: Context) -> None:
        """A tracker that runs already goes on."""
        if self._tracking is None:
            self._tracking, self._ignored = AsyncExitStack(), params.ignored_processes
            cluster = context.options.cluster
            tracker = OomTracker(cluster.access, cluster.namespace)
            await self._tracking.enter_async_context(tracker.follow((), self._seen.append))

    async def _gather(self, call: MethodCall, params: OomParameters, context: Context) -> CallOutcome:
        if self._tracking is None:
            raise SiteError("door.start-failed", identifier=call.identifier)
        await self.dispose()
        seen, self._seen = self._seen, []
        _check_observers(call, [one for one in seen if isinstance(one, OomObserver)], context)
        found = self._sorted([one for one in seen if isinstance(one, Oom)])
        summary = SummaryFile(
            "ClusterOOMsTracker", {name: [_item(one) for one in ooms] for name, ooms in found.items()}
        )
        failures = found["failures"] if params.fails else []
        return CallOutcome((summary,), State.FAIL if failures else None, tuple(_errors(failures)))

    def _sorted(self, ooms: list[Oom]) -> dict[str, list[Oom]]:
        """As ClusterLoader2 sorts them. A container's status names no process: its own name counts."""
        found: dict[str, list[Oom]] = {"failures": [], "past": [], "ignored": []}
        for oom in ooms:
            ignored = (oom.process or oom.container) in self._ignored
            found["past" if oom.past else "ignored" if ignored else "failures"].append(oom)
        return found


def _check_observers(call: MethodCall, observers: list[OomObserver], context: Context) -> None:
    """Log each source that could not be read. Raises SiteError if none could."""
    for observer in observers:
        if observer.cause is not None:
            values = {"source": observer.source.value, "cause": observer.cause}
            context.console.log(Finding("door.ooms-partly-observed", Severity.WARNING, observer.scope, values))
    if all(observer.cause is not None for observer in observers):
        raise SiteError("door.ooms-not-observed", identifier=call.identifier)


def _log_what_is_not_measured(call: MethodCall, params: OomParameters, context: Context) -> None:
    if isinstance(params, MetricsParameters):
        values = {"left_out": _NOT_MEASURED}
        code = "door.only-ooms" if params.enabled else "door.nothing-of-test-metrics"
        context.console.log(Finding(code, Severity.WARNING, call.identifier, values))
    elif not params.enabled:
        context.console.log(Finding("door.ooms-off", Severity.WARNING, call.identifier))


def _item(oom: Oom) -> dict[str, Any]:
    """ClusterLoader2's five fields, empty where unknown; then what only clearway knows."""
    theirs = {"node": oom.node, "process": oom.process, "memory": oom.memory, "pid": oom.pid}
    own = {"namespace": oom.namespace, "pod": oom.pod, "container": oom.container, "limit": oom.limit}
    known = {name: text for name, text in own.items() if text is not None}
    always = {"time": _time(oom), "source": oom.source.value}
    return {name: text or "" for name, text in theirs.items()} | always | known


def _errors(failures: list[Oom]) -> Iterator[ClearwayError]:
    if failures:
        yield OutOfMemory("door.out-of-memory", count=len(failures))
    for oom in islice(failures, _NAMED):
        values = {"node": oom.node, "container": oom.container, "process": oom.process, "limit": oom.limit}
        yield OutOfMemory("door.oom", subject=oom.subject, time=_time(oom), **values)


def _time(oom: Oom) -> str:
    return datetime.fromtimestamp(oom.time, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
