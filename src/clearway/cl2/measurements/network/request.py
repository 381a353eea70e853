"""The parameters of a network test, and the spec that measures the same."""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from clearway.base.errors import ClearwayError, SiteError, UsageError
from clearway.base.units import Duration
from clearway.cl2.config.model import GoDuration, GoInt, Part
from clearway.cl2.settings import SETTINGS, SettingsName
from clearway.pairing.incast import INCAST
from clearway.pairing.one_to_one import ONE_TO_ONE
from clearway.probe.records import Inventory
from clearway.site.kubernetes.options import Workers
from clearway.spec.model import Spec, Test
from clearway.spec.types import CriterionField, LoadField, refusal

PairRatio = Literal["1:1", "N:1", "N:M"]
_MOST_A_NODE = 64
"""Workers. A test that needs more of them on a node has too few nodes."""
_MOST = 100_000
"""Most pairs that a spec can ask for."""


class NetworkStartParameters(Part):
    """ClusterLoader2's own parameters, and below them those that only clearway knows."""

    duration: Annotated[GoDuration, Field(gt=Duration(0))]
    protocol: Literal["TCP", "UDP", "HTTP"]
    number_of_servers: Annotated[GoInt, Field(ge=1, le=_MOST)]
    number_of_clients: Annotated[GoInt, Field(ge=1, le=_MOST)]

    thresholds: tuple[CriterionField, ...] = ()
    """Criteria as in a spec: `throughput >= 5 Gbit/s for 90 % of pairs`. None: measured, not judged."""
    settings: SettingsName | None = None
    streams: Annotated[GoInt, Field(ge=1, le=128)] | None = None
    rate: LoadField | None = None

    @model_validator(mode="after")
    def _has_a_ratio(self) -> Self:
        if self.number_of_servers not in (1, self.number_of_clients):
            clients, servers = self.number_of_clients, self.number_of_servers
            raise refusal(ClearwayError("door.no-ratio", clients=clients, servers=servers))
        return self

    @model_validator(mode="after")
    def _carries_what_is_judged(self) -> Self:
        for criterion in self.thresholds:
            if (protocol := self.protocol.lower()) not in criterion.metric.protocols:
                metric = criterion.metric.name
                raise refusal(ClearwayError("criterion.not-measured", metric=metric, protocol=protocol))
        return self

    @property
    def ratio(self) -> PairRatio:
        if self.number_of_clients == self.number_of_servers:
            return "1:1" if self.number_of_clients == 1 else "N:M"
        return "N:1"


class NetworkGatherParameters(Part):
    """None: the parameters of the start apply."""


def refuse(params: NetworkStartParameters, settings: SettingsName) -> None:
    """Raises UsageError for what the workers of these settings can't measure."""
    chosen = SETTINGS[settings]
    impossible = {
        params.protocol: params.protocol.lower() not in chosen.tests,
        "N:1": params.ratio == "N:1",
        "streams": params.streams is not None,
        "rate": params.rate is not None,
        "duration": not params.duration.si.is_integer(),
    }
    if chosen.workers is not Workers.CLEARWAY and (found := [what for what, is_so in impossible.items() if is_so]):
        raise UsageError("door.not-by-its-workers", settings=settings, what=found[0])


def spec_of(params: NetworkStartParameters, settings: SettingsName, inventory: Inventory, name: str) -> Spec:
    """The same test as a spec. Raises SiteError if there are too few nodes for it."""
    chosen = SETTINGS[settings]
    protocol = params.protocol.lower()
    test = Test.model_validate(
        {
            "name": f"{protocol}-{params.ratio.replace(':', '-')}",
            "protocol": protocol,
            "scope": "any",
            "judge_cross_zone": True,
            "pairs": params.number_of_clients,
            "duration": params.duration,
            "warm_up": chosen.warm_up,
            "repeats": {"min": 1, "max": 3 if params.thresholds else 1},
            "accept": params.thresholds,
            **_pairing(params, inventory),
            **load_of(params, settings),
        }
    )
    workers = _workers_a_node(params, inventory)
    return Spec(version=1, name=name, workers_per_node=workers, attempts=chosen.attempts, tests=(test,))


def load_of(params: NetworkStartParameters, settings: SettingsName) -> dict[str, Any]:
    """The fields of a spec's test that set the load: those of the settings, replaced by the call's own."""
    own = {"streams": params.streams, "rate": params.rate}
    return {
        **SETTINGS[settings].tests[params.protocol.lower()],
        **{name: value for name, value in own.items() if value is not None},
    }


def _pairing(params: NetworkStartParameters, inventory: Inventory) -> dict[str, Any]:
    if params.ratio == "N:1":
        return {"pairing": INCAST.name, "server": inventory.nodes[0].name if inventory.nodes else None}
    return {"pairing": ONE_TO_ONE.name, "direction": "forward"}


def _workers_a_node(params: NetworkStartParameters, inventory: Inventory) -> int:
    """The fewest that hold all clients and servers, evenly spread. Raises SiteError if that is too many for a node."""
    machines = len({node.on_machine for node in inventory.nodes})
    if machines < 2:
        raise SiteError("kubernetes.too-few-machines", count=machines)
    several = params.ratio == "N:1"
    needed, nodes = (params.number_of_clients, machines - 1) if several else (2 * params.number_of_clients, machines)
    workers = math.ceil(needed / nodes)
    if workers > _MOST_A_NODE:
        raise SiteError("door.too-few-nodes", pairs=params.number_of_clients, nodes=len(inventory.nodes))
    return workers
