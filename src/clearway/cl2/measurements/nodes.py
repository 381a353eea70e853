"""WaitForNodes: until so many nodes are ready, and not more than that."""

from __future__ import annotations

from clearway.base.errors import SiteError
from clearway.base.units import Duration
from clearway.cl2.config.calls import MethodCall
from clearway.cl2.config.types import Counted, GoDuration
from clearway.cl2.measurements.base import NOTHING, CallOutcome, Surroundings
from clearway.cl2.measurements.pods import listed
from clearway.cl2.measurements.selection import Patience
from clearway.cl2.measurements.waiting import true_condition, wait_until
from clearway.kube.api import connect
from clearway.site.kubernetes.names import NODES


class NodesParameters(Patience):
    min_desired_node_count: Counted
    max_desired_node_count: Counted
    timeout: GoDuration = Duration(1800)
    refresh_interval: GoDuration = Duration(30)


class WaitForNodes:
    async def call(self, call: MethodCall, around: Surroundings) -> CallOutcome:
        """Raises SiteError saying how many there were."""
        wanted = call.params
        assert isinstance(wanted, NodesParameters)
        ready = 0
        async with connect(around.access) as api:

            async def enough() -> bool:
                nonlocal ready
                found = await listed(api, NODES, wanted.query)
                ready = sum(true_condition(node, "Ready") for node in found)
                return wanted.min_desired_node_count <= ready <= wanted.max_desired_node_count

            if await wait_until(enough, wanted.timeout, wanted.refresh_interval):
                return NOTHING
        least, most = wanted.min_desired_node_count, wanted.max_desired_node_count
        raise SiteError("door.nodes-not-ready", within=wanted.timeout, ready=ready, least=least, most=most)

    async def dispose(self) -> None:
        """Nothing is left."""
