"""The agent as a pod of ClusterLoader2's Deployment."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Sequence

from clearway.base.clock import Clock
from clearway.probe.clusterloader2 import GROUP, NAMESPACE, PLURAL, VERSION
from clearway.probe.records import Slot
from clearway.worker.agent import Agent
from clearway.worker.api import ApiFailure, Collection, ServiceAccount
from clearway.worker.clusterloader2.flags import NotUnderstood, load_of
from clearway.worker.clusterloader2.inbox import ClusterLoader2Inbox
from clearway.worker.facts import worker
from clearway.worker.inbox import PipeInbox

_REQUESTS = f"/apis/{GROUP}/{VERSION}/namespaces/{NAMESPACE}/{PLURAL}"


def attend_clusterloader2(argv: Sequence[str], pod: str, clock: Clock, scratch: Path) -> int:
    """Work until SIGTERM comes; returns the exit status.

    A flag that is not supported ends the pod at once: ClusterLoader2 fails if its pods do not run, but it counts a
    request that was answered with an error as a success.
    """
    try:
        load = load_of(argv)
    except NotUnderstood as error:
        sys.stderr.write(f"not understood: {error.word}\n")
        return 2
    inbox = ClusterLoader2Inbox(Collection(ServiceAccount.of_pod(), _REQUESTS), pod, load, PipeInbox(clock), clock)
    try:
        Agent(worker(Slot(pod), "pod"), inbox, clock, scratch).run()
    except ApiFailure as failure:
        sys.stderr.write(f"{failure.message}\n")
        return 1
    return 0
