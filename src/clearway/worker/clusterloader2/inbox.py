"""The mailbox as ClusterLoader2 has it: one object per pair, found by its pods' names, answered by one of them."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Any, Dict, Iterator, Optional, Set

from clearway.base.clock import Clock
from clearway.base.errors import ClearwayError
from clearway.probe.clusterloader2 import (
    CLIENT_LABEL,
    NETWORK_TEST_SPEC,
    NETWORK_TEST_STATUS,
    SERVER_LABEL,
    NetworkTestSpec,
    NetworkTestStatus,
)
from clearway.probe.observations import ANSWER_REFUSED
from clearway.probe.records import Half, Observation, Reason, Result, Worker
from clearway.worker.api import ApiFailure, Collection, Missing
from clearway.worker.clusterloader2.figures import error_text, request_of, status_of
from clearway.worker.clusterloader2.flags import Load
from clearway.worker.inbox import Inbox, Mailbox
from clearway.worker.retrying import deliver, watched


@dataclass(frozen=True)
class _HalfRequest:
    """A request of which this worker does one half."""

    name: str
    spec: NetworkTestSpec
    half: Half


class ClusterLoader2Inbox:
    """The controller counts how often objects change: each is written once, by the half whose figures it reads.

    The other half, counters and evidence have no place in the object: they go to the log, which is another inbox.
    """

    def __init__(self, requests: Collection, pod: str, load: Load, log: Inbox, clock: Clock) -> None:
        self._requests = requests
        self._pod = pod
        self._load = load
        self._log = log
        self._clock = clock
        self._seen: Set[str] = set()
        self._requested: Dict[str, _HalfRequest] = {}
        self._delivering = threading.Lock()
        self._over = threading.Event()

    def mailboxes(self) -> Iterator[Mailbox]:
        """Every request for this pod, until `close`. Raises ApiFailure if watching is forbidden."""
        selector = f"{self._pod} in ({CLIENT_LABEL},{SERVER_LABEL})"
        try:
            for event in watched(lambda: self._requests.watch(labelSelector=selector), self._over):
                item = event["object"]
                if event["type"] == "DELETED" and self._requested.pop(item["metadata"]["name"], None) is not None:
                    yield Mailbox()
                elif event["type"] in ("ADDED", "MODIFIED") and (asked := self._new(item)) is not None:
                    self._requested[asked.name] = asked
                    yield Mailbox(asked.name, (request_of(asked.name, asked.spec, asked.half, self._load),))
        finally:
            self._over.set()

    def announce(self, worker: Worker) -> None:
        """To the log only: the controller just waits until the pods run."""
        self._log.announce(worker)

    def put(self, result: Result) -> None:
        """Write the figures, or why there are none; an object that is gone needs no answer."""
        self._log.put(result)
        asked = self._requested.get(result.round)
        if asked is not None and asked.half is asked.spec.protocol.writer:
            self._answer(asked.name, status_of(result))

    def observe(self, observation: Observation) -> None:
        self._log.observe(observation)

    def close(self) -> None:
        """Nothing is delivered any more."""
        self._over.set()
        with self._delivering:
            self._requests.close()

    def _new(self, item: Dict[str, Any]) -> Optional[_HalfRequest]:
        """What an object asks of this pod, if it is new and not answered yet."""
        name, uid = item["metadata"]["name"], item["metadata"]["uid"]
        if uid in self._seen:
            return None
        self._seen.add(uid)
        try:
            if NETWORK_TEST_STATUS.decode({"metrics": [], **(item.get("status") or {})}) != NetworkTestStatus():
                return None
            spec = NETWORK_TEST_SPEC.decode(item["spec"])
        except ClearwayError as error:
            self._answer(
                name, NetworkTestStatus(error=error_text(Reason("worker.not-a-request", {"cause": error.reason})))
            )
            return None
        half = spec.half_of(self._pod)
        return None if half is None else _HalfRequest(name, spec, half)

    def _answer(self, name: str, what: NetworkTestStatus) -> None:
        """Read the object and write the whole of it, again if it changed in between."""

        def write() -> None:
            with self._delivering:
                try:
                    item = self._requests.get(name)
                    self._requests.replace(name, {**item, "status": NETWORK_TEST_STATUS.encode(what)})
                except Missing:
                    return

        try:
            deliver(write, self._over)
        except ApiFailure as failure:
            refused = {"error": failure.message}
            self._log.observe(ANSWER_REFUSED.seen(name, self._clock.now(), refused))
