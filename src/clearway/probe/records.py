"""The records that travel: inventory, probes and rounds down, results and observations up.

All are frozen, absent is None, instants are Unix seconds on the clock of the process that the field names.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property
from typing import Any, Dict, Mapping, Optional, Tuple

from clearway.base.errors import Reason as Reason  # noqa: PLC0414 - errors carry reasons too: it is defined with them
from clearway.base.units import Rate, Size
from clearway.probe.json_values import Address, Mtu, Port, Version
from clearway.probe.measurement import Counters, Evidence, Measurement, Timing
from clearway.probe.parameters import Endpoint as Endpoint  # noqa: PLC0414 - what a request asks may name some
from clearway.probe.parameters import Parameters, Window
from clearway.probe.slot import POD
from clearway.probe.slot import Pair as Pair  # noqa: PLC0414 - a probe is of a pair
from clearway.probe.slot import Slot as Slot  # noqa: PLC0414 - records name their workers by it


class Half(str, Enum):
    """Which end of a probe: the one that listens or the one that begins."""

    SERVE = "serve"
    SEND = "send"


class Role(str, Enum):
    JUDGED = "judged"
    BACKGROUND = "background"
    """Load that belongs to another probe's conditions: measured and shown, never judged."""
    REPORTED = "reported"
    """Measured and shown, never judged: for instance a pair across zones, where the spec does not ask to judge it."""
    EXPOSED = "exposed"
    """One of its nodes is broken on purpose meanwhile: measured once and shown, never judged."""
    RETEST = "retest"
    """It goes through a suspect: measured to confirm it, never judged."""
    IDLE = "idle"
    """The same pair on an idle road, in turns with the load: what a loaded attempt is held against."""


class Outcome(str, Enum):
    """How one half, or a whole trial, ended. All but MEASURED are void, and UNREACHABLE is itself a finding."""

    MEASURED = "measured"
    TOOL_FAILED = "tool-failed"
    TIMED_OUT = "timed-out"
    LATE = "late"
    WORKER_LOST = "worker-lost"
    UNPARSABLE = "unparsable"
    UNREACHABLE = "unreachable"
    NOT_RUN = "not-run"


class RoundReason(str, Enum):
    """Why a round exists."""

    PLANNED = "planned"
    REPEAT = "repeat"
    """The verdict on some of its pairs was undecided."""
    RETRY = "retry"
    """Some of its probes were void."""
    SEARCH = "search"
    """The next step of a search for the highest rate."""
    RETEST = "retest"
    """Places that are suspected to be at fault are measured again, to confirm them."""


@dataclass(frozen=True)
class Node:
    name: str
    zone: Optional[str] = None
    machine: Optional[str] = None
    """What counts as one machine; None: the node itself."""
    link: Optional[Rate] = None
    """Rate of its link where it is known for sure: a lab's shaper, the spec, a physical NIC."""
    facts: Mapping[str, str] = field(default_factory=dict)

    @property
    def on_machine(self) -> str:
        return self.machine or self.name


@dataclass(frozen=True)
class Inventory:
    """What a site offers. A resumed run compares it."""

    site: str
    """`lab`, `kubernetes`, `hosts`, with what identifies this one."""
    nodes: Tuple[Node, ...]
    versions: Mapping[str, str] = field(default_factory=dict)
    findings: Optional[Tuple[Finding, ...]] = None
    """What a reader has to know of the choice of nodes: those that are left out."""
    in_pods: Optional[bool] = None
    """Whether the workers are in pods: a kernel may refuse to pods what it allows to the machine itself."""

    def node(self, name: str) -> Node:
        return self._by_name[name]

    @cached_property
    def _by_name(self) -> Mapping[str, Node]:
        return {node.name: node for node in self.nodes}


@dataclass(frozen=True)
class ServiceAddress:
    """Where a worker is reached through a Service of its own."""

    path: str
    """The way that this is: `cluster-ip` or `node-port`."""
    transport: str
    """`tcp` or `udp`."""
    endpoint: Endpoint
    port: Port
    """The worker's own, that the cluster translates to."""


@dataclass(frozen=True)
class Worker:
    """A worker that is ready, as it announced itself; may differ at every start."""

    slot: Slot
    addresses: Tuple[Address, ...]
    """The preferred one first."""
    mtu: Mtu
    ports: Tuple[Port, ...]
    """Ports it found free, TCP and UDP."""
    versions: Mapping[str, Version] = field(default_factory=dict)
    """Tool -> version; a tool that is missing is not there."""
    facts: Mapping[str, str] = field(default_factory=dict)
    """Kernel, CPUs, qdisc, congestion control, link speed: what could be read, by name."""
    network: str = POD
    """`pod` or `host`."""
    services: Optional[Tuple[ServiceAddress, ...]] = None
    """Made for it by the site, where its test asks for them."""


def family_of(address: str) -> str:
    """`ipv4` or `ipv6`."""
    return "ipv6" if ":" in address else "ipv4"


@dataclass(frozen=True)
class Probe:
    """One measurement between two workers."""

    id: str
    test: str
    client: Slot
    server: Slot
    engine: str
    parameters: Parameters
    window: Window
    repeat: int = 0
    """Repeats of one pair and step pool into one value."""
    role: Role = Role.JUDGED
    background: Optional[str] = None
    """Id of the probe that loads the same path during this one."""
    sender: Optional[Slot] = None
    """The end that most of the data leaves from; None: the client (HTTP's responses leave from the server)."""
    path: str = POD
    """How the client reaches the server, a name in `PATHS`; where there are no pods it has no meaning."""
    family: Optional[str] = None
    """`ipv4` or `ipv6`; None: the first of the server's that the client has too."""
    step: Optional[str] = None

    @property
    def is_figure(self) -> bool:
        """Whether what it measures is a figure of its pair, judged or not."""
        return self.role not in (Role.BACKGROUND, Role.RETEST, Role.IDLE)

    @property
    def source(self) -> Slot:
        return self.sender or self.client

    @property
    def target(self) -> Slot:
        return self.client if self.source == self.server else self.server

    @property
    def pair(self) -> Pair:
        """Ordered as the data goes: sender, receiver."""
        return self.source, self.target


@dataclass(frozen=True)
class Round:
    """The only unit of simultaneity: all its probes share one instant."""

    id: str
    test: str
    probes: Tuple[Probe, ...]
    why: RoundReason = RoundReason.PLANNED
    origin: Optional[str] = None
    """The planned round that this one runs again; None for a planned one."""


@dataclass(frozen=True)
class Request:
    """One half of one probe, as a worker finds it in its mailbox."""

    round: str
    probe: str
    attempt: int
    half: Half
    engine: str
    parameters: Parameters
    window: Window
    server: Endpoint
    """Where the serve half listens and the send half goes."""
    start: float
    """The instant, Unix seconds on the worker's own clock."""
    deadline: float
    """When the worker gives up by itself, same clock."""
    partner: Optional[Tuple[str, ...]] = None
    """Addresses of the send half's worker: what comes from another address is a stranger's; absent: not known."""

    def result(
        self,
        outcome: Outcome,
        reason: Optional[Reason] = None,
        *,
        measurement: Optional[Measurement] = None,
        timing: Optional[Timing] = None,
        counters: Optional[Counters] = None,
        evidence: Optional[Evidence] = None,
    ) -> Result:
        """How this half ended."""
        found = (outcome, reason, measurement, timing, counters, evidence)
        return Result(self.round, self.probe, self.attempt, self.half, *found)


@dataclass(frozen=True)
class Result:
    """One half of one attempt, as the worker (or, for a lost worker, the run) reports it."""

    round: str
    probe: str
    attempt: int
    half: Half
    outcome: Outcome
    reason: Optional[Reason] = None
    """Why it is void; None when MEASURED."""
    measurement: Optional[Measurement] = None
    timing: Optional[Timing] = None
    counters: Optional[Counters] = None
    evidence: Optional[Evidence] = None
    strangers: Optional[Tuple[Address, ...]] = None
    """Serve half: addresses other than the partner's that were connected to the server; absent: none was seen."""


@dataclass(frozen=True)
class Trial:
    """One attempt at one probe: what a metric reads."""

    probe: Probe
    attempt: int
    serve: Optional[Result] = None
    send: Optional[Result] = None
    round: Optional[str] = None
    idle: Optional[Trial] = None
    """Of an attempt under load: the one at the same pair and repeat while the road was idle."""
    path_mtu: Optional[Size] = None
    """The largest IP packet that the road of its pair carries, probed before the first round; None: not known."""

    @property
    def halves(self) -> Tuple[Result, ...]:
        """Those that there are."""
        return tuple([half for half in (self.serve, self.send) if half is not None])

    @cached_property
    def read(self) -> Dict[str, Any]:
        """What metrics read of it, by their names: see `Metric.values`."""
        return {}


@dataclass(frozen=True)
class Observation:
    """Something seen around the measurement, with its time on the controller's clock."""

    kind: str
    subject: str
    at: float
    values: Mapping[str, Any] = field(default_factory=dict)


class Severity(str, Enum):
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True)
class Finding:
    """Something that a reader has to know, with the values of its sentence."""

    code: str
    severity: Severity
    subject: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)
