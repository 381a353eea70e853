"""Parts of a spec that stand below a test, or beside all of them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from clearway.base.units import Duration, Ratio
from clearway.spec.types import DurationField, RatioField

FailureName = Literal["kubelet-and-runtime", "link-down", "agent", "reboot"]


class SpecPart(BaseModel):
    """What all of them have in common."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", alias_generator=lambda name: name.replace("_", "-"), populate_by_name=True
    )


class Repeats(SpecPart):
    """How often a pair is measured."""

    min: int = Field(
        1, ge=1, le=100, description="Every pair is measured this often. Once is enough for a pair far from its limit."
    )
    max: int = Field(
        default_factory=lambda given: max(6, given.get("min", 1)),
        ge=1,
        le=100,
        description="A pair near its limit is measured again, at most this often: it bounds the time of a run.",
    )


class Search(SpecPart):
    """A search for the highest rate that loses no more than a limit, from `rate` down, by bisection."""

    loss: Annotated[RatioField, Field(gt=Ratio(0), lt=Ratio(1))] = Field(
        Ratio(0.001),
        description="Loss that a rate may have to count as carried. RFC 2544 asks for none; one datagram "
        "in 1,000 is what calls and video stand.",
    )
    step: Annotated[RatioField, Field(ge=Ratio(0.001), le=Ratio(0.5))] = Field(
        Ratio(0.02),
        description="How exactly the rate is found, as a share of `rate`. 2 % takes 7 rounds, 0.1 % 11.",
    )


class Background(SpecPart):
    """Bulk TCP on the same path, so that latency is judged at maximum load."""

    streams: int = Field(
        4,
        ge=1,
        le=128,
        description="TCP streams of the load. 4 fill a link and are few enough not to own its queue.",
    )


class Chaos(SpecPart):
    """Nodes that are broken on purpose while tests `when: failing` run, and put back after; needs `--allow-chaos`."""

    fail: FailureName = Field(
        "kubelet-and-runtime",
        description="What is broken. With the kubelet and the runtime, pods and their network stay; link-down drops "
        "all that the node sends and gets.",
    )
    nodes: Annotated[RatioField, Field(gt=Ratio(0), le=Ratio(0.5))] = Field(
        Ratio(0.1),
        description="Share of the nodes that fail together, rounded down: never more at once. Drawn by the seed, never "
        "a node twice, never one of the control plane.",
    )
    exclude: tuple[str, ...] = Field((), description="Names of nodes that are never broken.")
    downtime: Annotated[DurationField, Field(ge=Duration(5), le=Duration(3600))] = Field(
        Duration(300),
        description="A node comes back by itself after this time, even if clearway is dead. It is put back as soon "
        "as the failing tests are over; what is measured later than this does not count for them.",
    )
    recovery: Annotated[DurationField, Field(ge=Duration(1), le=Duration(3600))] = Field(
        Duration(60),
        description="How long after nodes were put back everything has to hold again: tests `when: recovered` begin "
        "then. A node that is not Ready by then is an error.",
    )
