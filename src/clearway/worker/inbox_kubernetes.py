"""The mailbox as an object of the Kubernetes API: requests in its spec, results patched into its status."""

from __future__ import annotations

import json
import threading
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Callable, Dict, Iterator, List, Optional

from clearway.base.clock import Clock
from clearway.base.units import Size
from clearway.probe import wire
from clearway.probe.records import Observation, Outcome, Reason, Result, Worker
from clearway.probe.worker_object import CLOCK_READING, WORKER_SPEC, ClockReading, WorkerPhase, WorkerSpec, result_key
from clearway.worker.api import ApiFailure, Missing, OwnObject, RightMissing
from clearway.worker.inbox import Mailbox
from clearway.worker.retrying import deliver, watched

Operations = List[Dict[str, Any]]
"""A JSON patch."""


@dataclass(frozen=True)
class Ties:
    """How long the worker lives depends on the API: what it calls at an event and at the end."""

    on_event: Callable[[], None]
    """Called, by the agent's own thread, at every event of the API server."""
    leave: Callable[[Reason], None]
    """Ends the worker, which leaves the reason behind; from any thread."""


RESULT_LIMIT = 256 * 1024
"""Bytes of one result: far below the 1.5 MB that the API keeps of an object."""
ROUND_LIMIT = 1024 * 1024
"""Bytes of all results of a round."""


class KubernetesInbox:
    """One object, watched by the agent's own thread and patched by any.

    What could not be delivered for a passing reason is tried again for as long as the worker lives.
    """

    def __init__(self, clock: Clock, own: OwnObject, node: str, ties: Ties) -> None:
        self._clock = clock
        self._own = own
        self._node = node
        self._ties = ties
        self._delivering = threading.Lock()
        self._over = threading.Event()
        self._ping: Optional[int] = None
        self._round = _RoundInHand(WorkerSpec())
        self._observed = 0

    def mailboxes(self) -> Iterator[Mailbox]:
        """Every round that comes, until the object is deleted; clock exchanges are answered in between.

        Raises ApiFailure if watching is forbidden.
        """
        try:
            for wanted in self._wishes():
                self._answer(wanted.ping)
                if wanted.round != self._round.wanted.round:
                    self._round = _RoundInHand(wanted)
                    yield Mailbox(wanted.round, wanted.requests)
                    self._show_begun(self._round)
        finally:
            self._over.set()

    def announce(self, worker: Worker) -> None:
        """The first patch: it proves, before any traffic, that results will be accepted.

        Raises ApiFailure if the object does not come or the right does not.
        """
        ready = {"node": self._node, "worker": wire.WORKER.encode(worker), "phase": WorkerPhase.READY.value}
        self._deliver(lambda: [_add(name, value) for name, value in ready.items()])

    def put(self, result: Result) -> None:
        """Hand in a result; one of a round that is over is dropped."""
        try:
            self._deliver(lambda: self._round.patch_with(result), lambda: self._round.keep(result))
        except RightMissing as failure:
            self._ties.leave(refusal(failure))
        except Missing:
            return  # the object is gone: no controller reads it
        except ApiFailure as failure:
            self._put_refused(result, failure)

    def observe(self, observation: Observation) -> None:
        """Report it; if it is refused, the worker goes on without it."""
        number, self._observed = self._observed, self._observed + 1
        encoded = wire.OBSERVATION.encode(observation)
        self._deliver_if_wanted(lambda: [_add(f"observations/{number}", encoded)])

    def close(self) -> None:
        """Nothing is delivered any more, and what waits to be gives up."""
        self._over.set()
        with self._delivering:
            self._own.close()

    def _wishes(self) -> Iterator[WorkerSpec]:
        for event in watched(self._own.watch, self._over):
            self._ties.on_event()
            if event["type"] == "DELETED":
                return
            if event["type"] != "BOOKMARK":
                yield WORKER_SPEC.decode(event["object"].get("spec", {}))

    def _answer(self, ping: Optional[int]) -> None:
        """With the clock as it is at the moment of sending, not of a first try that failed."""
        if ping is None or ping == self._ping:
            return
        self._ping = ping
        self._deliver_if_wanted(lambda: [_add("clock", CLOCK_READING.encode(ClockReading(ping, self._clock.now())))])

    def _show_begun(self, round_: _RoundInHand) -> None:
        """For people who watch, once a round and after its halves have begun: tried once, and left if it fails."""
        if not round_.wanted.requests:
            return
        with suppress(ApiFailure), self._delivering:
            if round_.is_fresh:
                self._own.patch_status(round_.begun())

    def _put_refused(self, result: Result, failure: ApiFailure) -> None:
        """Replace a result that the API refuses by one that says so; if the round is over, that is refused too."""
        reason = Reason("worker.result-refused", {"error": failure.message})
        void = replace(result, outcome=Outcome.UNPARSABLE, reason=reason, measurement=None, evidence=None)
        self._deliver_if_wanted(lambda: self._round.patch_with(void), lambda: self._round.keep(void))

    def _deliver_if_wanted(self, operations: Callable[[], Operations], done: Callable[[], None] = lambda: None) -> None:
        try:
            self._deliver(operations, done)
        except ApiFailure:
            return

    def _deliver(self, operations: Callable[[], Operations], done: Callable[[], None] = lambda: None) -> None:
        """Patch until it is taken; `operations` are made anew for each try. Raises ApiFailure, never Passing."""

        def patch() -> None:
            with self._delivering:
                self._own.patch_status(operations())
                done()

        deliver(patch, self._over)


class _RoundInHand:
    """What is handed in of one round, and how the next result goes into the object."""

    def __init__(self, wanted: WorkerSpec) -> None:
        self.wanted = wanted
        self._outcomes: List[Outcome] = []
        self._bytes = 0

    @property
    def is_fresh(self) -> bool:
        """Whether nothing of it is handed in."""
        return not self._outcomes

    def begun(self) -> Operations:
        """What people see until the first result; the results of the round before stay for the controller."""
        held = {"op": "test", "path": "/spec/round", "value": self.wanted.round}
        return [held, _add("phase", WorkerPhase.MEASURING.value), _add("result", "")]

    def patch_with(self, result: Result) -> Operations:
        """The first result of a round takes the last one's away; each lands only while its round stands."""
        key, encoded = result_key(result.probe, result.half), wire.RESULT.encode(self._bounded(result))
        outcomes = [*self._outcomes, result.outcome]
        whole = len(outcomes) >= len(self.wanted.requests)
        begun = [_add(f"results/{_escaped(key)}", encoded)]
        fresh = [_add("round", result.round), _add("results", {key: encoded})]
        return [
            {"op": "test", "path": "/spec/round", "value": result.round},
            *(begun if self._outcomes else fresh),
            _add("phase", (WorkerPhase.DONE if whole else WorkerPhase.MEASURING).value),
            _add("result", ", ".join(f"{count} {one.value}" for one, count in Counter(outcomes).items())),
        ]

    def keep(self, result: Result) -> None:
        """It was taken."""
        self._outcomes.append(result.outcome)
        self._bytes += _size(self._bounded(result))

    def _bounded(self, result: Result) -> Result:
        """Without its evidence where that is more than its share, and void where even that is too much."""
        share = ROUND_LIMIT // max(1, len(self.wanted.requests))
        if _size(result) <= min(RESULT_LIMIT, share):
            return result
        bare, limit = replace(result, evidence=None), min(RESULT_LIMIT, ROUND_LIMIT - self._bytes)
        if (size := _size(bare)) <= limit:
            return bare
        reason = Reason("worker.result-too-large", {"size": Size(size), "limit": Size(limit)})
        return replace(bare, outcome=Outcome.UNPARSABLE, reason=reason, measurement=None)


def refusal(failure: ApiFailure) -> Reason:
    """Why a worker had to leave, for its termination log."""
    code = "worker.forbidden" if isinstance(failure, RightMissing) else "worker.not-accepted"
    return Reason(code, {"error": failure.message})


def _add(name: str, value: Any) -> Dict[str, Any]:
    return {"op": "add", "path": f"/status/{name}", "value": value}


def _escaped(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1")


def _size(result: Result) -> int:
    return len(json.dumps(wire.RESULT.encode(result), separators=(",", ":")))
