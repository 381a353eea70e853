"""WaitForNodes: waits until so many nodes are ready, not fewer and not more."""

from __future__ import annotations

from clearway.base.errors import SiteError
from clearway.base.units import Duration
from clearway.cl2.config.calls import MethodCall
from clearway.cl2.config.types import Counted, GoDuration
from clearway.cl2.context import Context
from clearway.cl2.measurements.base import MeasurementMethod
from clearway.cl2.measurements.selection import PolledSelection, is_ready
from clearway.cl2.outcome import NOTHING, CallOutcome
from clearway.kube.api import connect
from clearway.kube.until import settle


class NodesParameters(PolledSelection):
    min_desired_node_count: Counted
    max_desired_node_count: Counted
    timeout: GoDuration = Duration(1800)
    refresh_interval: GoDuration = Duration(30)

    def allows(self, ready: int) -> bool:
        return self.min_desired_node_count <= ready <= self.max_desired_node_count


class WaitForNodes(MeasurementMethod):
    async def call(self, call: MethodCall, context: Context, test: str) -> CallOutcome:
        """Raises SiteError saying how many there were."""
        params = call.params
        assert isinstance(params, NodesParameters)
        async with connect(context.options.cluster.access) as api:

            async def count_ready() -> int:
                return sum(map(is_ready, await params.objects(api, "/api/v1", "nodes", namespaced=False)))

            ready = await settle(count_ready, params.allows, params.timeout, params.every)
        if params.allows(ready):
            return NOTHING
        least, most = params.min_desired_node_count, params.max_desired_node_count
        raise SiteError("door.nodes-not-ready", within=params.timeout, ready=ready, least=least, most=most)
