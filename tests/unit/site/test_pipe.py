"""The controller's side of a pipe mailbox, spoken to over a real socket."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearway.base.clock import Clock
from clearway.base.units import Duration
from clearway.probe import wire
from clearway.probe.clock_offset import offset_of
from clearway.probe.records import Half, Observation, Outcome, Reason, Result, Slot, Worker
from clearway.site import pipe
from clearway.site.base import Event, Ready, Received
from clearway.site.listening import LINE_LIMIT
from clearway.site.pipe import PipeMailbox
from making import request

SLOT = Slot("node-1")
WORKER = Worker(SLOT, addresses=("198.18.0.1",), mtu=1500, ports=(20_000,))
RESULT = Result("round-1", "probe-1", 1, Half.SEND, Outcome.NOT_RUN, reason=Reason("worker.cancelled"))
REQUEST = request(round="round-1", probe="probe-1", start=1000.0, deadline=1010.0)


def announced(**changed: Any) -> bytes:
    message = {"type": "ready", "worker": wire.WORKER.encode(replace(WORKER, **changed))}
    return json.dumps(message).encode() + b"\n"


@dataclass
class Far:
    """The worker's end of the pipe."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    mailbox: PipeMailbox
    attending: asyncio.Task[Reason | None]
    events: list[Event] = field(default_factory=list)
    clock: Clock = field(default_factory=Clock)

    def say(self, **message: Any) -> None:
        self.writer.write(json.dumps(message).encode() + b"\n")

    async def hear(self) -> dict[str, Any]:
        message: dict[str, Any] = json.loads(await self.reader.readline())
        return message

    async def greet(self) -> None:
        self.say(type="ready", worker=wire.WORKER.encode(WORKER), now=self.clock.now())
        for _ in range(pipe.CLOCK_EXCHANGES):
            self.say(type="clock", id=(await self.hear())["id"], now=self.clock.now())

    async def hang_up(self) -> Reason | None:
        """What the mailbox made of it all."""
        self.writer.close()
        return await self.attending


@asynccontextmanager
async def connected(limit: int = LINE_LIMIT, shift: float = 0.0) -> AsyncIterator[Far]:
    near_end, far_end = socket.socketpair()
    near = await asyncio.open_unix_connection(sock=near_end, limit=limit)
    far = await asyncio.open_unix_connection(sock=far_end)
    events: list[Event] = []
    mailbox = PipeMailbox(SLOT, *near, events.append, WORKER.addresses)
    attending = asyncio.create_task(mailbox.listen())
    try:
        yield Far(*far, mailbox, attending, events, Clock(shift))
    finally:
        attending.cancel()
        await asyncio.gather(attending, return_exceptions=True)
        for writer in (near[1], far[1]):
            writer.close()
            await asyncio.gather(writer.wait_closed(), return_exceptions=True)


@pytest.mark.parametrize("shift", [0.0, 2.0, -3600.0])
async def test_a_worker_that_greets_is_ready_with_its_clock_measured(shift: float) -> None:
    async with connected(shift=shift) as far:
        await far.greet()
        assert await far.hang_up() is None
        (ready,) = far.events
        assert isinstance(ready, Ready)
        assert ready.worker == WORKER
        assert abs(ready.clock.ahead.si - shift) <= ready.clock.uncertainty.si + 1e-6


@given(shift=st.floats(-1e4, 1e4), there=st.floats(0, 1), back=st.floats(0, 1))
def test_the_true_offset_is_within_the_uncertainty_however_uneven_the_ways(
    shift: float, there: float, back: float
) -> None:
    asked = 1000.0
    offset = offset_of(asked, asked + there + shift, asked + there + back)
    assert abs(offset.ahead.si - shift) <= offset.uncertainty.si + 1e-9


async def test_what_is_submitted_arrives_as_the_whole_new_content() -> None:
    async with connected() as far:
        await far.mailbox.submit("round-1", (REQUEST,))
        heard = await far.hear()
        assert (heard["type"], heard["round"]) == ("mailbox", "round-1")
        assert [wire.REQUEST.decode(request) for request in heard["requests"]] == [REQUEST]
        await far.mailbox.submit(None, ())
        assert await far.hear() == {"type": "mailbox", "round": None, "requests": []}


async def test_results_and_observations_are_passed_on_in_order_even_between_clock_exchanges() -> None:
    async with connected() as far:
        await far.mailbox.submit("round-1", (REQUEST, REQUEST))
        assert (await far.hear())["type"] == "mailbox"
        far.say(type="ready", worker=wire.WORKER.encode(WORKER), now=0.0)
        far.say(type="result", **wire.RESULT.encode(RESULT))
        for _ in range(pipe.CLOCK_EXCHANGES):
            far.say(type="clock", id=(await far.hear())["id"], now=far.clock.now())
        far.say(type="result", **wire.RESULT.encode(RESULT))
        assert await far.hang_up() is None
        assert [sent(event) for event in far.events] == [Result, Ready, Result]


def sent(event: Event) -> type[object]:
    """What kind of thing came; a result or an observation comes from the worker at the other end."""
    if not isinstance(event, Received):
        return type(event)
    assert event.slot == SLOT
    return type(event.item)


async def test_an_observation_has_the_controllers_time() -> None:
    async with connected(shift=100.0) as far:
        await far.greet()
        seen = Observation("worker.throttled", str(SLOT), at=far.clock.now(), values={})
        far.say(type="observation", **wire.OBSERVATION.encode(seen))
        await far.hang_up()
        (told,) = (event.item for event in far.events if isinstance(event, Received))
        assert isinstance(told, Observation)
        assert told.at == pytest.approx(seen.at - 100.0, abs=0.1)


async def test_a_clock_at_the_end_of_all_numbers_costs_its_own_worker_only() -> None:
    """Its observations have no time on the controller's clock, and would have ended the run in its ledger."""
    async with connected(shift=-9e29) as far:
        await far.greet()
        seen = Observation("worker.throttled", str(SLOT), at=9e29)
        far.say(type="observation", **wire.OBSERVATION.encode(seen))
        reason = await far.attending
        assert reason is not None
        assert reason.code == "codec.out-of-range"


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (b"Traceback (most recent call last):\n", "pipe.not-a-message"),
        (b"[1, 2]\n", "pipe.not-a-message"),
        (b'{"no": "type"}\n', "pipe.not-a-message"),
        (b"\xff\xfe\n", "pipe.not-a-message"),
        (b'{"type": "gossip"}\n', "pipe.unknown-message"),
        (b'{"type": ["list"]}\n', "pipe.unknown-message"),
        (b'{"type": "result", "round": 1}\n', "listening.too-many"),
        (b'{"type": "clock", "id": 0, "now": 0}\n', "listening.too-many"),
        (b'{"type": "observation", "kind": "k"}\n', "pipe.undecodable"),
        (b'{"type": "observation", "at": ' + b"9" * 400 + b"}\n", "pipe.undecodable"),
        (b'{"type": "observation", "at": ' + b"9" * 4_000 + b"}\n", "pipe.undecodable"),
        (b'{"type": "observation", "values": ' + b"[" * 1_500 + b"]" * 1_500 + b"}\n", "pipe.not-a-message"),
        (b'{"type": "observation", "values": {"v": ' + b"[" * 400 + b"]" * 400 + b"}}\n", "pipe.undecodable"),
        (announced(slot=Slot("node-2")), "listening.other-node"),
        (announced(addresses=("198.18.0.2",)), "listening.other-address"),
        (announced(addresses=("--help",)), "pipe.undecodable"),
        (b'{"type": "ready", "worker": {}}\n', "pipe.undecodable"),
        (b'{"type": "ready"}\n', "pipe.undecodable"),
        (b"x" * 5000 + b"\n", "pipe.line-too-long"),
    ],
)
async def test_a_worker_that_is_not_understood_is_given_up_with_the_reason(line: bytes, code: str) -> None:
    async with connected(limit=4096) as far:
        far.writer.write(line)
        reason = await far.attending
        assert reason is not None
        assert reason.code == code
        assert all(len(str(value)) <= pipe.QUOTED for value in reason.values.values())


async def test_a_worker_that_observes_without_end_is_given_up() -> None:
    seen = Observation("worker.throttled", str(SLOT), at=0.0)
    async with connected() as far:
        await far.greet()
        for _ in range(1_000):
            far.say(type="observation", **wire.OBSERVATION.encode(seen))
        assert await far.attending == Reason("listening.too-many", {"kind": "observation"})
        assert len(far.events) < 100


async def test_an_observation_of_many_words_is_refused() -> None:
    seen = Observation("worker.throttled", str(SLOT), at=0.0, values={"words": "x" * 50_000})
    async with connected() as far:
        far.say(type="observation", **wire.OBSERVATION.encode(seen))
        reason = await far.attending
        assert reason is not None
        assert reason.code == "listening.too-large"


async def test_a_fault_of_our_own_in_taking_a_message_ends_that_worker_only() -> None:
    async with connected() as far:
        far.mailbox.emit = far.events.remove
        far.say(type="observation", **wire.OBSERVATION.encode(Observation("k", str(SLOT), at=0.0)))
        reason = await far.attending
        assert reason == Reason("listening.not-understood", {"error": "ValueError: list.remove(x): x not in list"})


async def test_a_worker_that_greets_twice_is_given_up() -> None:
    async with connected() as far:
        await far.greet()
        far.say(type="ready", worker=wire.WORKER.encode(WORKER), now=0.0)
        reason = await far.attending
        assert reason == Reason("listening.too-many", {"kind": "ready"})


async def test_a_worker_that_never_greets_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pipe, "READY_WITHIN", 0.01)
    async with connected() as far:
        assert await far.attending == Reason("pipe.never-ready", {"within": Duration(0.01)})


async def test_a_worker_that_takes_nothing_off_the_pipe_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pipe, "TAKEN_WITHIN", 0.01)
    async with connected() as far:
        await far.mailbox.submit("round-1", (REQUEST,) * 20_000)
        assert await far.attending == Reason("pipe.not-taken", {"within": Duration(0.01)})


async def test_submitting_to_a_worker_that_is_gone_is_no_error() -> None:
    async with connected() as far:
        assert await far.hang_up() is None
        await far.mailbox.submit("round-1", (REQUEST,))
        await far.mailbox.submit("round-1", (REQUEST,))


async def test_closing_ends_the_workers_input() -> None:
    async with connected() as far:
        far.mailbox.close()
        assert await far.reader.read() == b""
