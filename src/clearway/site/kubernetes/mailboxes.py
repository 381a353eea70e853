"""The controller's side of a run's mailboxes: one watch receives them all; requests and clock exchanges are patches."""

from __future__ import annotations

import asyncio
from collections import defaultdict, deque
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from statistics import fmean
from typing import Any, Protocol

import msgspec

from clearway.base.clock import Clock
from clearway.base.errors import ClearwayError
from clearway.base.units import Duration
from clearway.kube.api import Api
from clearway.kube.decoding import Decoder
from clearway.kube.errors import NotFound
from clearway.kube.objects import Metadata
from clearway.kube.watch import ObjectChange, watch
from clearway.probe import wire
from clearway.probe.clock_offset import ClockOffset, offset_of
from clearway.probe.records import Observation, Reason, Request, Result, Slot, Worker
from clearway.probe.worker_object import CLOCK_READING, WORKER_SPEC, WorkerSpec
from clearway.site.base import at_once
from clearway.site.kubernetes.names import Paths, selector
from clearway.site.listening import Allowance, not_understood, on_our_clock

_CLOCKS_AT_ONCE = 8
"""Few, so that exchanges don't wait for each other: waiting adds to the uncertainty of the offset."""
_EXCHANGES, _EXCHANGES_OF_ALL = 6, 600
"""With one worker, and with all of them. A thousand workers have one exchange each: an exchange is two writes to the
API server, and thousands of them would take longer than a measurement."""
_GOOD_ENOUGH = Duration(0.005)
"""Uncertainty of a clock's offset at which no further exchange is worth its writes to the API server."""
_ANSWER_WITHIN = 5.0
"""Seconds for a write and an event of the API server; they usually take 0.1 s, under the load of a run up to 1 s."""
_RECENT = 128
"""Writes from which the speed of the API server is estimated; one that met an outage is none of them."""
_GUESS = 0.05
"""Seconds that a write is assumed to take before the first one: somewhat slower than an idle API server."""


_LOADING = 2.0
"""Seconds by which an API server that is just back may take longer: it reads its state, and all its clients return."""


Watching = Callable[[], Coroutine[Any, Any, None]]


class ChannelListener(Protocol):
    """Receives what the workers send, with the name of the mailbox."""

    async def ready(self, name: str, worker: Worker, clock: ClockOffset) -> None: ...

    def received(self, name: str, item: Result | Observation) -> None: ...

    def lost(self, name: str, reason: Reason) -> None: ...


@dataclass(frozen=True)
class MailboxSpec:
    """What one mailbox is to hold."""

    requests: Sequence[Request]
    role: str
    peer: str
    measures: str


_NULL = msgspec.Raw(b"null")


class _MailboxStatus(msgspec.Struct):
    """What a worker wrote. Results and observations stay raw until they are new: an event brings all of them again."""

    worker: msgspec.Raw = _NULL
    clock: Any = None
    round: str | None = None
    results: dict[str, msgspec.Raw] = {}
    observations: dict[str, msgspec.Raw] = {}


_STATUS = Decoder(_MailboxStatus)


class _Mailbox(msgspec.Struct):
    metadata: Metadata
    status: msgspec.Raw = msgspec.Raw(b"{}")
    """Raw until a fault in it is that worker's alone."""


@dataclass
class _Known:
    """What one worker has sent so far."""

    announced: bool = False
    given_up: bool = False
    """It sent what was not understood: nothing more of it is read."""
    allowance: Allowance = field(default_factory=Allowance)
    ahead: Duration = Duration(0)
    results: set[tuple[str, str]] = field(default_factory=set)
    """Round and key of each that was passed on."""
    observations: set[str] = field(default_factory=set)
    answers: dict[int, asyncio.Future[tuple[float, float]]] = field(default_factory=dict)
    """Exchanges under way: the time on the worker's clock, and when it arrived here."""


class Mailboxes:
    def __init__(self, api: Api, paths: Paths, run: str, listener: ChannelListener, clock: Clock) -> None:
        self._api = api
        self._collection = paths.mailboxes
        self._run = run
        self._listener = listener
        self._clock = clock
        self._known: defaultdict[str, _Known] = defaultdict(_Known)
        self._numbers = count(1)
        self._exchanges = _EXCHANGES
        self._took: deque[float] = deque(maxlen=_RECENT)
        self._asking = asyncio.Semaphore(_CLOCKS_AT_ONCE)
        self._announcing: set[asyncio.Task[None]] = set()

    @property
    def watches(self) -> tuple[Watching, ...]:
        return (self._follow,)

    async def create(self, manifests: Iterable[Mapping[str, Any]]) -> None:
        """Put up the mailboxes. Raises KubeError."""
        manifests = tuple(manifests)
        self._exchanges = max(1, min(_EXCHANGES, _EXCHANGES_OF_ALL // max(1, len(manifests))))
        await at_once(self._create(manifest) for manifest in manifests)

    async def _follow(self) -> None:
        """Pass on what the workers send, until cancelled. Raises KubeError if the watch can't go on."""
        try:
            async for change in watch(self._api, self._collection, _Mailbox, selector(self._run)):
                if isinstance(change, ObjectChange):
                    if not change.deleted:
                        self._take(change.item)
                else:
                    for item in change.items:
                        self._take(item)
        finally:
            for task in self._announcing:
                task.cancel()

    async def submit(self, round_id: str | None, specs: Mapping[str, MailboxSpec]) -> None:
        """Replace the content of these mailboxes; one that is deleted is skipped. Raises KubeError."""
        for name, spec in specs.items():
            self._known[name].allowance.handed_out(len(spec.requests))
        await at_once(self._write(name, _content(round_id, spec)) for name, spec in specs.items())

    def handing_out(self, mailboxes: int) -> Duration:
        """From the time that the latest writes took, few at a time: more at a time take no longer in total."""
        latest = list(self._took)[-mailboxes:] or (_GUESS,)
        loading = _LOADING if self._api.presence.is_just_back else 0.0
        return Duration(max(1.0, mailboxes / _CLOCKS_AT_ONCE) * fmean(latest) + loading)

    async def _create(self, manifest: Mapping[str, Any]) -> None:
        await self._api.create(self._collection, dict(manifest))

    async def _write(self, name: str, spec: Mapping[str, Any]) -> None:
        begun = asyncio.get_running_loop().time()
        with suppress(NotFound):
            await self._api.merge(f"{self._collection}/{name}", {"spec": spec})
        if not self._api.presence.was_away_since(begun):
            self._took.append(asyncio.get_running_loop().time() - begun)

    def _take(self, mailbox: _Mailbox) -> None:
        now, name = self._clock.now(), mailbox.metadata.name
        known = self._known[name]
        if known.given_up:
            return
        try:
            self._take_status(name, known, _STATUS.decode(mailbox.status), now)
        except Exception as error:  # noqa: BLE001 - what a worker writes costs that worker only
            known.given_up = True
            self._listener.lost(name, Reason("kubernetes.undecodable", {"cause": not_understood(error)}))

    def _take_status(self, name: str, known: _Known, status: _MailboxStatus, now: float) -> None:
        self._take_answer(known, status, now)
        if status.worker != _NULL and not known.announced:
            known.announced = True
            self._announce(name, known, _worker(known, status.worker))
        for item in self._new_items(known, status):
            self._listener.received(name, item)

    def _take_answer(self, known: _Known, status: _MailboxStatus, received: float) -> None:
        if status.clock is None:
            return
        reading = CLOCK_READING.decode(status.clock)
        waiting = known.answers.pop(reading.ping, None)
        if waiting is not None and not waiting.done():
            waiting.set_result((reading.now, received))

    def _new_items(self, known: _Known, status: _MailboxStatus) -> Iterable[Result | Observation]:
        for key, raw in status.results.items():
            mark = (status.round or "", key)
            if mark not in known.results:
                known.allowance.spend("result", len(bytes(raw)))
                known.results.add(mark)
                yield wire.RESULT.decode(msgspec.json.decode(raw))
        for number, raw in status.observations.items():
            if number not in known.observations:
                known.allowance.spend("observation", len(bytes(raw)))
                known.observations.add(number)
                yield on_our_clock(wire.OBSERVATION.decode(msgspec.json.decode(raw)), known.ahead)

    def _announce(self, name: str, known: _Known, worker: Worker) -> None:
        task = asyncio.create_task(self._report_ready(name, known, worker))
        self._announcing.add(task)
        task.add_done_callback(self._announcing.discard)

    async def _report_ready(self, name: str, known: _Known, worker: Worker) -> None:
        """A worker is ready once its clock is known."""
        try:
            async with self._asking:
                offset = await self._clock_offset(name, known)
        except TimeoutError:
            self._listener.lost(name, Reason("kubernetes.clock-unanswered", {"within": Duration(_ANSWER_WITHIN)}))
        except ClearwayError as error:
            self._listener.lost(name, error.reason)
        else:
            known.ahead = offset.ahead
            await self._listener.ready(name, worker, offset)

    async def _clock_offset(self, name: str, known: _Known) -> ClockOffset:
        best = await self._exchange(name, known)
        for _ in range(self._exchanges - 1):
            if best.uncertainty <= _GOOD_ENOUGH:
                break
            best = min(best, await self._exchange(name, known), key=lambda offset: offset.uncertainty)
        return best

    async def _exchange(self, name: str, known: _Known) -> ClockOffset:
        """The worker reads its clock between our write and the arrival of its answer."""
        begun = asyncio.get_running_loop().time()
        while True:
            try:
                return await self._ask(name, known)
            except TimeoutError:
                if not self._api.presence.was_away_since(begun):
                    raise
                begun = asyncio.get_running_loop().time()  # what is lost in an outage says nothing of the worker

    async def _ask(self, name: str, known: _Known) -> ClockOffset:
        number = next(self._numbers)
        known.answers[number] = answer = asyncio.get_running_loop().create_future()
        asked = self._clock.now()
        await self._write(name, {"ping": number})
        async with asyncio.timeout(_ANSWER_WITHIN):
            now, received = await answer
        return offset_of(asked, now, received)


def _worker(known: _Known, raw: msgspec.Raw) -> Worker:
    known.allowance.spend("ready", len(bytes(raw)))
    return wire.WORKER.decode(msgspec.json.decode(raw))


def _content(round_id: str | None, spec: MailboxSpec) -> Mapping[str, Any]:
    """A merge patch: None removes a key."""
    wanted = WorkerSpec(round_id, tuple(spec.requests), role=spec.role, peer=spec.peer, measures=spec.measures)
    return {"round": None, **WORKER_SPEC.encode(wanted)}


def specs_of_round(requests: Mapping[Slot, Sequence[Request]]) -> dict[Slot, MailboxSpec]:
    """One mailbox spec per worker; `peer` lists the nodes with the other half of its probes."""
    ends: dict[str, set[Slot]] = defaultdict(set)
    for slot, wanted in requests.items():
        for request in wanted:
            ends[request.probe].add(slot)
    return {slot: _mailbox_spec(slot, wanted, ends) for slot, wanted in requests.items()}


def _mailbox_spec(slot: Slot, wanted: Sequence[Request], ends: Mapping[str, set[Slot]]) -> MailboxSpec:
    halves = sorted({request.half.value for request in wanted})
    peers = sorted({peer.node for request in wanted for peer in ends[request.probe] - {slot}})
    measures = sorted({request.parameters.kind for request in wanted})
    return MailboxSpec(wanted, "+".join(halves), ",".join(peers), "+".join(measures))
