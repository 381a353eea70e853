"""ChaosMonkey, and a test's own `chaosMonkey`: nodes that fail by a schedule while other steps go on."""

from __future__ import annotations

from collections.abc import Collection

from clearway.base.errors import SiteError
from clearway.base.units import Ratio
from clearway.chaos.monkey import Monkey
from clearway.chaos.schedule import ChaosRequest, schedule
from clearway.cl2.config.calls import MethodCall
from clearway.cl2.config.model import Cl2Config, NodeFailure
from clearway.cl2.measurements.base import NOTHING, CallOutcome, Surroundings
from clearway.probe.records import Finding, Severity
from clearway.spec.problems import SourcePosition

METHOD = "ChaosMonkey"
SEED = 1


class ChaosStartParameters(NodeFailure):
    """As in a test's `chaosMonkey.nodeFailure`."""

    excluded_nodes: tuple[str, ...] = ()
    """Ours: ClusterLoader2 takes them from the test only."""


def of_the_whole_test(config: Cl2Config, place: str) -> tuple[MethodCall, ...]:
    """The call that a test's `chaosMonkey` comes down to; it is never stopped but by the end."""
    asked = config.chaos_monkey
    if asked.node_failure is None:
        return ()
    params = ChaosStartParameters(**dict(asked.node_failure), excluded_nodes=asked.excluded_nodes)
    return (MethodCall(METHOD, "chaosMonkey.nodeFailure", "start", params, SourcePosition(place)),)


def wish_of(asked: ChaosStartParameters, broken: Collection[str] = ()) -> ChaosRequest:
    """`broken` were it before: none of them again."""
    return ChaosRequest(
        failure_rate=Ratio(asked.failure_rate),
        interval=asked.interval,
        jitter=asked.jitter_factor,
        downtime=asked.simulated_downtime,
        exclude=(*asked.excluded_nodes, *sorted(broken)),
    )


class ChaosMonkey:
    def __init__(self) -> None:
        self._monkey: Monkey | None = None
        self._around: Surroundings | None = None
        self._broken: set[str] = set()
        """By this measurement so far: none of them again."""

    async def call(self, call: MethodCall, around: Surroundings) -> CallOutcome:
        """Raises SiteError where nodes can't be broken, or were and are not back."""
        if isinstance(call.params, ChaosStartParameters):
            await self._start(call, call.params, around)
        else:
            await self._stop()
        return NOTHING

    async def dispose(self) -> None:
        """Whole nodes, whatever was asked for."""
        await self._stop()

    async def _start(self, call: MethodCall, asked: ChaosStartParameters, around: Surroundings) -> None:
        chaos = around.chaos
        if chaos is None or chaos.busy:
            raise SiteError("door.already-started", identifier=call.identifier)
        wish = wish_of(asked, self._broken)
        nodes = await chaos.nodes()
        tools = await chaos.tools(around.runs)
        self._around, chaos.busy = around, True
        self._monkey = Monkey(tools, wish, schedule(wish, nodes, SEED), chaos.chronicle)

    async def _stop(self) -> None:
        monkey, self._monkey = self._monkey, None
        if monkey is None or self._around is None or self._around.chaos is None:
            return
        try:
            await monkey.stop()
        finally:
            self._around.chaos.busy = False
            self._broken |= monkey.broken
        if not monkey.broken:
            self._around.log(Finding("door.no-node-broken", Severity.WARNING, METHOD))
