"""The lab file, and the nodes that follow from it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from string import ascii_lowercase
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import InitErrorDetails

from clearway.base.errors import UsageError
from clearway.base.units import Rate, Ratio
from clearway.spec.faults import closest
from clearway.spec.load import SpecSource, dump_mapping, read_model
from clearway.spec.types import DurationField, RateField, RatioField, refusal

LEAST_MTU = {4: 576, 6: 1280}


def _share(loss: Ratio) -> Ratio:
    if loss.si > 1:
        raise refusal(UsageError("lab.loss-above-all"))
    return loss


def _family(version: int) -> int:
    if version not in LEAST_MTU:
        raise refusal(UsageError("lab.unknown-family", choices=tuple(map(str, LEAST_MTU))))
    return version


LossField = Annotated[RatioField, AfterValidator(_share)]
FamilyField = Annotated[int, AfterValidator(_family)]
MtuField = Annotated[int, Field(ge=LEAST_MTU[4], le=65_535)]


class _LabPart(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Link(_LabPart):
    """The road between a node and the fabric, the same both ways."""

    rate: RateField | None = Field(Rate(1e9), description="Shaped rate; null: as fast as the machine is.")
    loss: LossField = Field(Ratio(0), description="Share of packets that are dropped on arrival at the node.")
    mtu: MtuField = Field(1500, description="Largest IP packet, in byte. 1500: that of most networks.")
    delay: DurationField | None = Field(None, description="Added to what leaves the node; needs the kernel's netem.")


class LinkException(_LabPart):
    """How one node differs from the others; what is left out is as theirs."""

    node: str = Field(description="Its name: node-1, node-2, ...")
    zone: str | None = Field(None, description="Zone that it is in instead.")
    rate: RateField | None = Field(None, description="Shaped rate of its link.")
    loss: LossField | None = Field(None, description="Loss on arrival at it.")
    mtu: MtuField | None = Field(None, description="Largest IP packet of its link, in byte.")
    delay: DurationField | None = Field(None, description="Delay of what leaves it.")

    def applied_to(self, link: Link) -> Link:
        named = {name: getattr(self, name) for name in Link.model_fields}
        return link.model_copy(update={name: value for name, value in named.items() if value is not None})


@dataclass(frozen=True)
class LabNode:
    """One node as it will be built."""

    number: int
    """Counts from 1."""
    name: str
    zone: str | None
    link: Link


class LabSpec(_LabPart):
    """A lab: so many nodes, in so many zones, on links of this kind."""

    nodes: int = Field(4, ge=2, le=250, description="Nodes, named node-1, node-2, ... 4: two in each zone.")
    zones: int | None = Field(
        2, ge=1, le=26, description="Zones, named zone-a, zone-b, ..., in blocks of neighbours; null: no zone labels."
    )
    link: Link = Field(Link(), description="Every node's link.")
    exceptions: tuple[LinkException, ...] = Field((), description="Nodes that differ.")
    ip: FamilyField = Field(4, description="Address family of the whole lab.")

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        problems = [*self._unknown_nodes(), *self._narrow_links()]
        if problems:
            raise ValidationError.from_exception_data("lab", problems)
        return self

    def _unknown_nodes(self) -> Iterator[InitErrorDetails]:
        known = self.names
        for index, exception in enumerate(self.exceptions):
            if exception.node not in known:
                suggestion = closest(exception.node, known)
                problem = refusal(UsageError("lab.unknown-node", nodes=self.nodes, suggestion=suggestion))
                yield InitErrorDetails(type=problem, loc=("exceptions", index, "node"), input=exception.node)

    def _narrow_links(self) -> Iterator[InitErrorDetails]:
        least = LEAST_MTU[self.ip]
        places: list[tuple[tuple[str | int, ...], int | None]] = [(("link", "mtu"), self.link.mtu)]
        places += [(("exceptions", index, "mtu"), one.mtu) for index, one in enumerate(self.exceptions)]
        for place, mtu in places:
            if mtu is not None and mtu < least:
                problem = refusal(UsageError("lab.mtu-too-small", least=least))
                yield InitErrorDetails(type=problem, loc=place, input=mtu)

    @property
    def names(self) -> tuple[str, ...]:
        """Of all nodes, in order."""
        return tuple(f"node-{number}" for number in range(1, self.nodes + 1))

    def resolved(self) -> tuple[LabNode, ...]:
        """Every node with the exceptions applied, later ones over earlier ones."""
        return tuple(self._node(number, name) for number, name in enumerate(self.names, 1))

    def _node(self, number: int, name: str) -> LabNode:
        link = self.link
        zone = f"zone-{ascii_lowercase[(number - 1) * self.zones // self.nodes]}" if self.zones is not None else None
        for exception in self.exceptions:
            if exception.node == name:
                link, zone = exception.applied_to(link), exception.zone or zone
        return LabNode(number, name, zone, link)


def lab_of(source: SpecSource) -> LabSpec:
    """The lab in a source. Raises SpecError with every problem at once."""
    return read_model(source, LabSpec)


def dump_lab(lab: LabSpec) -> str:
    """YAML that `lab_of` reads back to an equal lab, with the defaults written out."""
    exceptions = [one.model_dump(mode="json", exclude_none=True) for one in lab.exceptions]
    return dump_mapping({**lab.model_dump(mode="json"), "exceptions": exceptions})


BUILT_IN = LabSpec(link=Link(rate=Rate(500e6)))
"""The lab of `--lab`. Half the usual rate, so that two busy cores can carry several pairs at once and the shaper, not
the machine, decides the figures."""
