"""What a user can ask for. Every field says its unit, its default and the reason for it.

These descriptions are the spec reference: docs/spec-reference.md and `clearway init` are made of them.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import AfterValidator, Field

from clearway.base.units import Duration, Frequency, Rate, Ratio, Size
from clearway.engine.table import DEFAULT_ENGINES, ENGINES
from clearway.pairing.base import PairScope
from clearway.pairing.table import DEFAULT_PAIRING, PAIRINGS
from clearway.probe.paths import PATHS
from clearway.spec.criteria import Criterion, LinkShare
from clearway.spec.ladder import put_out
from clearway.spec.parts import Background, Chaos, FailureName, Repeats, Search, SpecPart
from clearway.spec.types import (
    CriterionField,
    DurationField,
    LoadField,
    RateField,
    RatioField,
    SizeField,
    VersionField,
)

ProtocolName = Literal["tcp", "udp", "http", "round-trip"]
FamilyName = Literal["ipv4", "ipv6"]
Direction = Literal["both-ways", "forward"]
When = Literal["whole", "failing", "recovered"]

if TYPE_CHECKING:
    EngineName = str
    PairingName = str
    PathName = str
else:  # the names are the table's: a type checker can't read them, the model and its reference can
    EngineName = Literal[tuple(ENGINES)]
    PairingName = Literal[tuple(PAIRINGS)]
    PathName = Literal[tuple(PATHS)]


def _engines() -> str:
    """The engines by what they measure unasked, and what else a row says."""
    usual = [f"{row.name} for {' and '.join(row.default_for)}" for row in ENGINES.values() if row.default_for]
    notes = [row.note for row in ENGINES.values() if row.note]
    return " ".join((f"Tool that measures; left out: {', '.join(usual)}.", *notes))


class Test(SpecPart):
    """One kind of measurement over a set of pairs, and what it must reach."""

    # By its name, pytest would take it for a test of ours.
    __test__ = False

    name: str = Field(
        description="Name in reports and in `--set tests.<name>.…`; unique in the spec.",
        pattern=r"^[A-Za-z0-9][A-Za-z0-9 ._-]*$",
        max_length=80,
    )
    protocol: ProtocolName = Field(description="What is sent: it decides which metrics can be judged.")
    engine: EngineName | None = Field(None, description=_engines())
    pairing: PairingName = Field(
        DEFAULT_PAIRING.name,
        description="Who measures against whom. One-to-one loads every node once, at the least cost.",
    )
    scope: PairScope = Field(
        "same-zone", description="Which pairs count. Paths between zones are longer: they deserve limits of their own."
    )
    path: PathName | None = Field(
        None,
        examples=["cluster-ip"],
        description="How the client reaches the server in a cluster: host and host-to-pod from the network of the "
        "node, cluster-ip and node-port through a Service; left out: from pod to pod.",
    )
    ladder: Annotated[tuple[PathName, ...], Field(min_length=2, max_length=8)] | None = Field(
        None,
        examples=[["host", "pod", "cluster-ip", "node-port"]],
        description="The same test over several paths, each its rung: measured in turns, six times at least, so that "
        "the report can state what each costs beside the one before.",
    )
    direction: Direction = Field(
        "both-ways",
        description="Whether each pair is measured in both directions: a link can be bad in only one of them.",
    )
    isolated: bool = Field(
        False,
        description="true: one pair at a time, for a path's own best; false: all pairs of a round at once, as in use.",
    )
    judge_cross_zone: bool = Field(
        False, description="Judge the pairs across zones too; otherwise they are measured and shown."
    )
    show_cross_zone: bool = Field(
        False,
        description="Measure one round of pairs across zones too, once, each node in one pair: shown, not judged.",
    )
    sample: RatioField | None = Field(
        None,
        gt=Ratio(0),
        le=Ratio(1),
        description="Share of all pairs to measure, in whole rings that the seed draws: in a ring every node sends to "
        "one node and receives from one.",
    )
    pairs: int | None = Field(
        None,
        ge=1,
        le=100_000,
        examples=[10],
        description="At most so many pairs, all in one round, for a stated load rather than a whole cluster; "
        "left out: every node takes part.",
    )
    server: str | None = Field(
        None, examples=["node-1"], description="Node that all others send to; left out: each node in turn."
    )
    family: FamilyName | None = Field(
        None,
        examples=["ipv6"],
        description="Address family, where workers have both; left out: the one that the cluster prefers.",
    )
    streams: int = Field(
        8,
        ge=1,
        le=128,
        description="Parallel connections: a single flow fills only one core, or one cloud's flow limit.",
    )
    congestion: str | None = Field(
        None,
        pattern=r"^[a-z0-9_]+$",
        examples=["cubic"],
        description="Congestion control to pin, where results of different machines are compared; left out: their own.",
    )
    buffer: SizeField | None = Field(
        None,
        gt=Size(0),
        le=Size(2**31 - 1),
        examples=["4 MB"],
        description="Socket buffer to ask for; left out: the kernel tunes it for tcp, 4 MB for udp, "
        "because the kernel's 208 KB drops datagrams inside the host at 1 Gbit/s.",
    )
    rate: LoadField | None = Field(
        None,
        description="udp: payload rate, below the link's, or its share; http: requests per second over all "
        "connections, left out: as many as go, which measures the web server rather than the network.",
    )
    datagram: SizeField | None = Field(
        None,
        gt=Size(0),
        le=Size(65_507),
        examples=["1400 B"],
        description="Payload of a datagram; left out: path MTU less the headers, because fragments double the loss.",
    )
    flows: int = Field(
        1,
        ge=1,
        le=128,
        description="Sockets that share the rate, each with a port of its own. 32 meet a given one of eight links of "
        "a bundle, or of eight equal-cost paths, in 98.6 % of all runs; the loss of each flow is counted.",
    )
    search: Search | None = Field(
        None,
        description="Look for the highest rate with little loss, up to `rate`; `{}` is enough. Left out: `rate` only.",
    )
    connections: int = Field(
        16,
        ge=1,
        le=10_000,
        description="Keep-alive connections. Each has one request open: at least `rate` times "
        "the limit of the latency, or requests wait for a connection before the limit is reached.",
    )
    body: Annotated[SizeField, Field(le=Size(100_000_000))] = Field(
        Size(1024), description="Size of the response's body: small, so that time means latency."
    )
    message: Annotated[SizeField, Field(gt=Size(0), le=Size(65_507))] = Field(
        Size(64), description="Size of a message: smaller than any packet."
    )
    transport: Literal["tcp", "udp"] = Field(
        "tcp", description="What carries the message: tcp also shows what retransmits cost."
    )
    duration: Annotated[DurationField, Field(gt=Duration(0), le=Duration(86_400))] = Field(
        Duration(10), description="How long is measured, after the warm-up: 10 s are steady within 1 %."
    )
    warm_up: Annotated[DurationField, Field(le=Duration(3600))] = Field(
        Duration(2), description="Sent before, and left out of the figures: TCP has to find its rate first."
    )
    repeats: Repeats = Field(default_factory=Repeats, description="How often a pair is measured.")
    when: When = Field(
        "whole",
        description="With which nodes it is judged; the other two need `chaos`. failing: while nodes are broken, and "
        "only pairs between the others are judged. recovered: all pairs, once the recovery time is over.",
    )
    background: Background | None = Field(
        None,
        description="Bulk TCP on the same path from before the warm-up until after the end; `{}` is enough. "
        "Left out: the path is idle but for the test.",
    )
    against_idle: bool = Field(
        False,
        description="true: every pair is measured on the idle road too, in turns with the load of `background`: what "
        "the load adds becomes a figure.",
    )
    accept: tuple[CriterionField, ...] = Field(
        (), description="Criteria, all of which have to pass; none: measured, not judged."
    )

    @property
    def engine_name(self) -> EngineName:
        return self.engine or DEFAULT_ENGINES[self.protocol].name


class Spec(SpecPart):
    """A whole acceptance test."""

    version: VersionField = Field(description="Version of this format: 1.")
    name: str = Field("network acceptance", min_length=1, max_length=200, description="Title of the reports.")
    seed: int | None = Field(
        None,
        ge=0,
        le=2**63 - 1,
        examples=[1],
        description="Fixes every random choice: the same seed plans the same. Left out: drawn for each run, so that "
        "runs together meet more pairs, and written into the run directory.",
    )
    link: RateField | None = Field(
        None,
        gt=Rate(0),
        description="Rate of a node's link, for limits like `90 % of link`; left out: as the site knows it for sure.",
    )
    max_rate: RateField | None = Field(
        None,
        gt=Rate(0),
        description="What a node may send, and receive, at most, payload, all its probes of a round together: for a "
        "network that is in use. Bulk TCP is held back to it. Left out: as much as the network takes.",
    )
    nodes: tuple[str, ...] = Field((), description="Names of the nodes to measure; left out: all that the site has.")
    machine_label: str | None = Field(
        None,
        min_length=1,
        examples=["example.com/host"],
        description="Node label that names the physical machine, so that two VMs of one host are never a pair; "
        "left out: every node is a machine.",
    )
    workers_per_node: int = Field(
        1, ge=1, le=64, description="Workers started on each node; more than one where pairs inside a node are wanted."
    )
    attempts: int = Field(
        3, ge=1, le=10, description="How often a void measurement is tried in all, before it counts as not measured."
    )
    gap: Annotated[DurationField, Field(le=Duration(3600))] = Field(
        Duration(0.5), description="Silence between rounds, so that queues drain before the next one."
    )
    chaos: Chaos | None = Field(None, description="Nodes that are broken on purpose; left out: none.")
    tests: Annotated[tuple[Test, ...], AfterValidator(put_out)] = Field(
        min_length=1, description="What is measured, run in this order."
    )

    def with_seed(self) -> Spec:
        """The same, with a seed drawn where it has none: what a run records, so that it can be planned again."""
        return self if self.seed is not None else self.model_copy(update={"seed": secrets.randbelow(_SEEDS)})

    @property
    def chance(self) -> int:
        """What random choices begin with; a spec that no run has drawn a seed for is planned with one and the same."""
        return 1 if self.seed is None else self.seed


_SEEDS = 1_000_000
"""Seeds to draw from: few enough digits to be typed again."""

__all__ = [
    "Background",
    "Chaos",
    "Criterion",
    "FailureName",
    "Frequency",
    "LinkShare",
    "Rate",
    "Ratio",
    "Repeats",
    "Search",
    "Spec",
    "Test",
]
