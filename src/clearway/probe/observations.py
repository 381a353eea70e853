"""The kinds of observations: all that is written into observations.jsonl, one row per kind.

Writers make an observation from its kind, readers compare with the kind's name, and docs/result-format.md has the
table as its last section.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Mapping

from clearway.base.units import Duration, Size
from clearway.probe.records import Observation, Reason, Severity


@dataclass(frozen=True)
class ObservationKind:
    name: str
    subject: str
    """What an observation's subject names."""
    meaning: str
    """What was seen, with the names of its values."""
    needs: Mapping[str, type] = field(default_factory=dict, hash=False)
    """Values that readers rely on; the ledger refuses an observation without them."""

    def seen(self, subject: str, at: float, values: Mapping[str, Any] = MappingProxyType({})) -> Observation:
        """One observation of this kind; `at` in Unix seconds on the controller's clock."""
        return Observation(self.name, subject, at, values)


CLOCK = ObservationKind(
    "clock",
    "worker",
    "the worker's clock was measured: `ahead` of the controller's, with an `uncertainty`",
    {"ahead": Duration, "uncertainty": Duration},
)
ROUND_START = ObservationKind(
    "round-start",
    "round",
    "the round's instant is set: `why` the round exists, the `lead` until the instant, the `deadline` after it",
)
HAND_OUT_LATE = ObservationKind(
    "hand-out-late",
    "round",
    "the round was handed out only `after` its first launch was due, as after an outage of the API server: it does not"
    " use up an attempt",
)
WORKER_LOST = ObservationKind("worker-lost", "worker", "the worker is gone; `code` of the reason")
STALE_RESULT = ObservationKind("stale-result", "probe", "a result came after its `round` was over: it does not count")
FOREIGN_MESSAGE = ObservationKind(
    "foreign-message",
    "worker",
    "the worker sent what it was not asked for, as `claimed`: it does not count, and the worker was given up",
    {"claimed": str},
)
STRANGERS = ObservationKind(
    "strangers",
    "worker",
    "while the worker served the half of a `probe`, others than its partner were connected to its server, from these"
    " `addresses`: what they sent is no part of the result",
    {"addresses": str},
)
PATH_MTU = ObservationKind(
    "path-mtu",
    "worker that sends",
    "packets that may not be cut were sent to the `receiver`, over IP of this `family`, up to the size `tried`: the"
    " `largest` that was answered (none: not even small ones were), the size that a router or the own kernel `reported`"
    " as the largest, and whether the search came to its end (`settled`)",
    {"receiver": str, "family": str, "tried": Size, "settled": bool},
)
PATH_MTU_NOT_PROBED = ObservationKind(
    "path-mtu-not-probed", "worker", "it did not find out how large packets may be, and the `cause`", {"cause": Reason}
)
RUN_FINISHED = ObservationKind("run-finished", "run", "all rounds are over")
RUN_INTERRUPTED = ObservationKind("run-interrupted", "run", "the run was interrupted before its last round was over")
RUN_BRAKED = ObservationKind("run-braked", "run", "the run was stopped to protect the cluster; `code` of the reason")
SITE_FINDING = ObservationKind(
    "site-finding",
    "as the finding's",
    "what the site found when the workers were started: `code` of the finding, its `severity`, and its values",
    {"code": str, "severity": Severity},
)
OOM = ObservationKind(
    "oom",
    "pod as `namespace/name`, or node",
    "one kill for memory: `source` (`containers`, `events`, `kernel-log`), `time` on the clock of the node that reports"
    " it, and what is known of `node`, `namespace`, `pod`, `container`, `process`, `pid`, `memory`, `limit`",
)
OOM_OBSERVER = ObservationKind(
    "oom-observer",
    "source",
    "the source was read from the start on; `scope` is `cluster`, a namespace or a node",
)
OOM_NOT_OBSERVED = ObservationKind(
    "oom-not-observed",
    "source",
    "the source could not be read in that `scope`, and the `cause`. Where neither kind is there, no source was read",
)
HOST_DEVICES = ObservationKind(
    "host-devices",
    "node",
    "read over `--provider`'s way to it before the first round: `DEVICE.driver`, `DEVICE.mtu` and `DEVICE.speed` of its"
    " physical cards, `conntrack-count`, `conntrack-max`; what it does not report is absent",
)
HOST_LOSSES = ObservationKind(
    "host-losses",
    "node",
    "by how much the counters of the node's own devices and queues rose until after the last round, named as in"
    " `network` of [Counters](#counters)",
)
HOST_NOT_READ = ObservationKind("host-not-read", "node", "its devices could not be read, and the `cause`")
NODE_LEFT = ObservationKind("node-left", "node", "a node under test is no member of the cluster any more")
NODE_REPLACED = ObservationKind(
    "node-replaced", "node", "another node has the name of one under test: its UID is another"
)
NODE_CORDONED = ObservationKind("node-cordoned", "node", "no new pod may start on the node: it is taken out of service")
NODE_UNCORDONED = ObservationKind("node-uncordoned", "node", "a cordoned node is in service again")
NODE_ADDED = ObservationKind("node-added", "node", "the cluster has a new node, which is not measured")
NODES_NOT_WATCHED = ObservationKind(
    "nodes-not-watched", "`nodes`", "whether nodes left or came could not be observed, and the `cause`"
)
CHAOS_ARMED = ObservationKind(
    "chaos-armed", "node", "the node repairs itself after `fuse`, also without the controller; `kind` of the failure"
)
CHAOS_BREAKING = ObservationKind(
    "chaos-breaking",
    "node",
    "the node is being broken; `kind` of the failure, `fuse` until it repairs itself",
    {"kind": str, "fuse": Duration},
)
CHAOS_BROKEN = ObservationKind("chaos-broken", "node", "the node was seen broken `after` this time; `kind`")
CHAOS_PUTTING_BACK = ObservationKind("chaos-putting-back", "node", "the repair of the node begins; `kind`")
CHAOS_BACK = ObservationKind("chaos-back", "node", "the node works again, `after` this time")
CHAOS_FAILED = ObservationKind(
    "chaos-failed",
    "node",
    "the node could not be broken or repaired; `code` of the reason and its values",
    {"code": str},
)
ANSWER_REFUSED = ObservationKind(
    "answer-refused", "object", "the API server refused a worker's answer to ClusterLoader2, and the `error`"
)

KINDS: Mapping[str, ObservationKind] = {
    kind.name: kind for kind in tuple(vars().values()) if isinstance(kind, ObservationKind)
}
"""All rows above, by name."""
