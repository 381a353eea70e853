"""What providers are known to allow one flow: a figure near it is the provider's limit, and no fault of a road."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from clearway.base.units import Rate
from clearway.ledger.record import Record

_NEAR = 0.9
"""Share of a limit that its goodput reaches at least: headers take 3 to 6 % of it."""


@dataclass(frozen=True, slots=True)
class FlowCeiling:
    """One row of the table."""

    provider: str
    """The begin of a node's `providerID`."""
    name: str
    """As readers know it."""
    rate: Rate
    where: str
    source: str

    def is_met_by(self, rate: Rate) -> bool:
        return _NEAR * self.rate.si <= rate.si <= self.rate.si


_EC2 = "AWS, Amazon EC2 instance network bandwidth: single-flow traffic"
FLOW_CEILINGS = (
    FlowCeiling("aws", "AWS", Rate(5e9), "between instances that are not in the same cluster placement group", _EC2),
    FlowCeiling("aws", "AWS", Rate(10e9), "inside a cluster placement group", _EC2),
    FlowCeiling("aws", "AWS", Rate(25e9), "by ENA Express inside a zone", _EC2),
)
"""Flows are 5-tuples. Google Cloud and Azure state limits of a machine, none of a flow between two of their own."""


def ceiling_of(record: Record, nodes: Collection[str], rate: Rate) -> FlowCeiling | None:
    """The limit of the nodes' common provider that a flow of this rate meets."""
    providers = {node.facts.get("provider") for node in record.inventory.nodes if node.name in nodes}
    return next((one for one in FLOW_CEILINGS if providers == {one.provider} and one.is_met_by(rate)), None)
