"""ChaosMonkey, and a test's own `chaosMonkey`: nodes that fail by a schedule while other steps go on."""

from __future__ import annotations

from collections.abc import Collection

from clearway.base.errors import SiteError
from clearway.base.units import Ratio
from clearway.chaos.monkey import ChaosRequest, Monkey, schedule
from clearway.cl2.config.methods import MethodCall
from clearway.cl2.config.model import Cl2Config, NodeFailure
from clearway.cl2.context import Context
from clearway.cl2.outcome import NOTHING, CallOutcome
from clearway.probe.records import Finding, Severity
from clearway.spec.problems import SourcePosition

METHOD = "ChaosMonkey"
SEED = 1
"""Draws the nodes that fail: the same in every run, so that a dry run names them."""


class ChaosStartParameters(NodeFailure):
    """As in a test's `chaosMonkey.nodeFailure`."""

    excluded_nodes: tuple[str, ...] = ()
    """clearway's own: ClusterLoader2 takes them from the test only."""


def of_the_whole_test(config: Cl2Config, place: str) -> tuple[MethodCall, ...]:
    """The call that a test's `chaosMonkey` stands for; only the end of the test stops it."""
    asked = config.chaos_monkey
    if asked.node_failure is None:
        return ()
    params = ChaosStartParameters(**dict(asked.node_failure), excluded_nodes=asked.excluded_nodes)
    return (MethodCall(METHOD, "chaosMonkey.nodeFailure", "start", params, SourcePosition(place)),)


def chaos_request_of(asked: ChaosStartParameters, broken: Collection[str] = ()) -> ChaosRequest:
    """`broken` were broken before: none of them again."""
    return ChaosRequest(
        failure_rate=Ratio(asked.failure_rate),
        interval=asked.interval,
        jitter=asked.jitter_factor,
        downtime=asked.simulated_downtime,
        exclude=(*asked.excluded_nodes, *sorted(broken)),
    )


class ChaosMonkey:
    def __init__(self) -> None:
        self._running: tuple[Monkey, Context] | None = None
        self._broken: set[str] = set()
        """By this measurement so far: none of them again."""

    async def call(self, call: MethodCall, context: Context, test: str) -> CallOutcome:
        """Raises SiteError where nodes can't be broken, or were and are not back."""
        if isinstance(call.params, ChaosStartParameters):
            await self._start(call, call.params, context)
        else:
            await self.dispose()
        return NOTHING

    async def dispose(self) -> None:
        """Restore all nodes. Raises SiteError where one is not back."""
        running, self._running = self._running, None
        if running is None:
            return
        monkey, context = running
        try:
            await monkey.stop()
        finally:
            context.breaking.release()
            self._broken |= monkey.broken
        if not monkey.broken:
            context.console.log(Finding("door.no-node-broken", Severity.WARNING, METHOD))

    async def _start(self, call: MethodCall, asked: ChaosStartParameters, context: Context) -> None:
        if context.killer_tools is None or context.breaking.locked():
            raise SiteError("door.already-started", identifier=call.identifier)
        await context.breaking.acquire()
        try:
            nodes = (await context.site(context.options.cluster).inspect()).nodes
            tools = await context.killer_tools()
        except BaseException:
            context.breaking.release()
            raise
        request = chaos_request_of(asked, self._broken)
        self._running = Monkey(tools, request, schedule(request, nodes, SEED), context.chaos_events), context
