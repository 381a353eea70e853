"""What a network test asks for, and the spec that asks the same of clearway."""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from clearway.base.errors import ClearwayError, SiteError, UsageError
from clearway.base.units import Duration
from clearway.cl2.config.model import Part
from clearway.cl2.config.types import GoDuration, GoInt
from clearway.cl2.settings import SETTINGS, SettingsName
from clearway.pairing.incast import INCAST
from clearway.pairing.one_to_one import ONE_TO_ONE
from clearway.probe.records import Inventory
from clearway.site.kubernetes.options import Workers
from clearway.spec.model import Spec, Test
from clearway.spec.types import CriterionField, LoadField, refusal

PairRatio = Literal["1:1", "N:1", "N:M"]
_MOST_A_NODE = 64
_MOST = 100_000
"""Pairs that a spec can ask for."""


class NetworkStartParameters(Part):
    """ClusterLoader2's own, and below them those that only clearway knows."""

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
    """Nothing: what is gathered was said at the start."""


def refuse(wanted: NetworkStartParameters, settings: SettingsName) -> None:
    """Raises UsageError for what the workers of these settings can't be asked."""
    chosen = SETTINGS[settings]
    impossible = {
        wanted.protocol: wanted.protocol.lower() not in chosen.tests,
        "N:1": wanted.ratio == "N:1",
        "streams": wanted.streams is not None,
        "rate": wanted.rate is not None,
        "duration": not wanted.duration.si.is_integer(),
    }
    if chosen.workers is not Workers.CLEARWAY and (found := [what for what, is_so in impossible.items() if is_so]):
        raise UsageError("door.not-by-its-workers", settings=settings, what=found[0])


def spec_of(wanted: NetworkStartParameters, settings: SettingsName, inventory: Inventory, name: str) -> Spec:
    """The same test in clearway's words. Raises SiteError where the nodes are too few to hold it."""
    chosen = SETTINGS[settings]
    protocol = wanted.protocol.lower()
    own: dict[str, Any] = {"streams": wanted.streams, "rate": wanted.rate}
    fields = {**chosen.tests[protocol], **{key: value for key, value in own.items() if value is not None}}
    test = Test.model_validate(
        {
            "name": f"{protocol}-{wanted.ratio.replace(':', '-')}",
            "protocol": protocol,
            "scope": "any",
            "judge_cross_zone": True,
            "pairs": wanted.number_of_clients,
            "duration": wanted.duration,
            "warm_up": chosen.warm_up,
            "repeats": {"min": 1, "max": 3 if wanted.thresholds else 1},
            "accept": wanted.thresholds,
            **_pairing(wanted, inventory),
            **fields,
        }
    )
    workers = _workers_a_node(wanted, inventory)
    return Spec(version=1, name=name, workers_per_node=workers, attempts=chosen.attempts, tests=(test,))


def _pairing(wanted: NetworkStartParameters, inventory: Inventory) -> dict[str, Any]:
    if wanted.ratio == "N:1":
        return {"pairing": INCAST.name, "server": inventory.nodes[0].name if inventory.nodes else None}
    return {"pairing": ONE_TO_ONE.name, "direction": "forward"}


def _workers_a_node(wanted: NetworkStartParameters, inventory: Inventory) -> int:
    """As few as hold all clients and servers, evenly spread. Raises SiteError if that is more than a node takes."""
    machines = len({node.on_machine for node in inventory.nodes})
    if machines < 2:
        raise SiteError("kubernetes.too-few-machines", count=machines)
    several = wanted.ratio == "N:1"
    needed, nodes = (wanted.number_of_clients, machines - 1) if several else (2 * wanted.number_of_clients, machines)
    workers = math.ceil(needed / nodes)
    if workers > _MOST_A_NODE:
        raise SiteError("door.too-few-nodes", pairs=wanted.number_of_clients, nodes=len(inventory.nodes))
    return workers
