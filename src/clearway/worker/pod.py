"""The agent in a pod: configuration from environment variables, lease, termination message."""

from __future__ import annotations

import json
import os
import signal
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Mapping, Tuple

from clearway.base.clock import Clock
from clearway.base.units import Duration
from clearway.probe.records import Reason, Slot
from clearway.probe.wire import REASON
from clearway.probe.worker_object import GROUP, PLURAL, VERSION
from clearway.worker.agent import Agent
from clearway.worker.api import ApiFailure, OwnObject, ServiceAccount
from clearway.worker.facts import worker
from clearway.worker.inbox_kubernetes import KubernetesInbox, Ties, refusal
from clearway.worker.lease import Lease

TERMINATION_LOG = Path("/dev/termination-log")


@dataclass(frozen=True)
class PodConfig:
    """The configuration of a pod, from its environment."""

    namespace: str
    job: str
    index: int
    node: str
    network: str
    addresses: Tuple[str, ...]
    """As the cluster gave them, the preferred family first."""
    lease: Duration
    """How long it works on without an event from the cluster: also on a node that is cut off."""

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> PodConfig:
        """Raises KeyError if it is not in a pod of ours."""
        return cls(
            namespace=environment["CLEARWAY_NAMESPACE"],
            job=environment["CLEARWAY_JOB"],
            index=int(environment["JOB_COMPLETION_INDEX"]),
            node=environment["CLEARWAY_NODE"],
            network=environment.get("CLEARWAY_NETWORK", "pod"),
            addresses=tuple(filter(None, environment.get("CLEARWAY_ADDRESSES", "").split(","))),
            lease=Duration(float(environment["CLEARWAY_LEASE"])),
        )

    @property
    def mailbox(self) -> str:
        return f"{self.job}-{self.index}"


class TerminationMessage:
    """The termination log: a reason as JSON, kept with the pod. The first one counts."""

    def __init__(self, path: Path = TERMINATION_LOG) -> None:
        self._path = path
        self._writing = threading.Lock()
        self._written = False

    def write(self, reason: Reason) -> None:
        with self._writing:
            if not self._written:
                self._written = True
                self._path.write_text(json.dumps(REASON.encode(reason)), encoding="utf-8")


def run_agent(clock: Clock, scratch: Path) -> int:
    """Work until the mailbox is deleted, SIGTERM comes or the lease runs out; returns the exit status."""
    config, message = PodConfig.of(os.environ), TerminationMessage()
    lease = Lease(config.lease, message.write)

    def leave(reason: Reason) -> None:
        message.write(reason)
        os.kill(os.getpid(), signal.SIGTERM)

    collection = f"/apis/{GROUP}/{VERSION}/namespaces/{config.namespace}/{PLURAL}"
    own = OwnObject(ServiceAccount.of_pod(), collection, config.mailbox)
    inbox = KubernetesInbox(clock, own, config.node, Ties(lease.renew, leave))
    me = worker(Slot(config.node, config.index), config.network, config.addresses)
    try:
        Agent(me, inbox, clock, scratch).run()
    except ApiFailure as failure:
        message.write(refusal(failure))
        return 1
    return 0
