"""Plans network tests for invented nodes: what no cluster can measure is refused before the cluster is asked."""

from __future__ import annotations

from collections.abc import Iterator

from clearway.base.errors import UsageError
from clearway.campaign.preflight import rehearse
from clearway.cl2.config.calls import Compiled, MethodCall
from clearway.cl2.measurements.network import NetworkStartParameters
from clearway.cl2.measurements.network.request import refuse, spec_of
from clearway.cl2.settings import SettingsName
from clearway.plan.schedule import make_plan
from clearway.probe.records import Inventory, Node
from clearway.spec.problems import Problem


def rehearsed(compiled: Compiled, settings: SettingsName) -> Iterator[Problem]:
    """A problem for each call that no cluster can measure."""
    for call in (call for step in compiled.steps for call in step.calls):
        if isinstance(call.params, NetworkStartParameters):
            yield from _rehearsed(call, call.params, settings)


def _rehearsed(call: MethodCall, params: NetworkStartParameters, settings: SettingsName) -> Iterator[Problem]:
    inventory = Inventory("rehearsal", (Node("one"), Node("other")))
    one_pair = params.model_copy(update={"number_of_clients": 1, "number_of_servers": 1})
    try:
        refuse(params, params.settings or settings)
        spec = spec_of(one_pair, params.settings or settings, inventory, call.identifier)
        rehearse(make_plan(spec, inventory).rounds)
    except UsageError as error:
        yield Problem(error.code, call.place, "params", values=error.values)
