"""The agent as a process, spoken to over its pipe, with the real iperf on the loopback."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from clearway.base.units import Duration
from clearway.probe import wire
from clearway.probe.measurement import Tcp
from clearway.probe.parameters import TcpParameters, Window
from clearway.probe.records import Endpoint, Half, Outcome, Request, Result
from sharing import place

pytestmark = pytest.mark.slow
LEAD = 3.0
"""Seconds from the request to its instant: what a machine that is busy with other tests may need to prepare."""
PATIENCE = 20.0


class Pipe:
    """One agent process and the controller's ends of its pipes."""

    def __init__(self, scratch: Path, shift: float = 0.0) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "clearway.worker", "--slot", f"node-1/{place()}"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "CLEARWAY_CLOCK_SHIFT": str(shift), "TMPDIR": str(scratch)},
        )

    def tell(self, message: dict[str, Any]) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(message) + "\n")
        self.process.stdin.flush()

    def hear(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, "the agent ended"
        message: dict[str, Any] = json.loads(line)
        return message

    def mailbox(self, *requests: Request) -> None:
        self.tell({"type": "mailbox", "round": "r", "requests": [wire.REQUEST.encode(r) for r in requests]})

    def results(self, count: int) -> dict[Half, Result]:
        found = []
        for _ in range(count):
            message = self.hear()
            assert message.pop("type") == "result"
            found.append(wire.RESULT.decode(message))
        return {result.half: result for result in found}

    def close(self) -> int:
        assert self.process.stdin is not None
        self.process.stdin.close()
        return self.process.wait(10)


@pytest.fixture
def scratch(tmp_path: Path) -> Path:
    return tmp_path


@pytest.fixture
def agent(scratch: Path) -> Iterator[Pipe]:
    pipe = Pipe(scratch)
    with pipe.process:
        yield pipe
        pipe.process.kill()


def requests(port: int, start: float, *, duration: float = 1.0) -> tuple[Request, Request]:
    def half(which: Half) -> Request:
        return Request(
            round="r",
            probe="p",
            attempt=1,
            half=which,
            engine="iperf2",
            parameters=TcpParameters(2),
            window=Window(Duration(0.5), Duration(duration)),
            server=Endpoint("127.0.0.1", port),
            start=start,
            deadline=start + 15,
        )

    return half(Half.SERVE), half(Half.SEND)


def port_of(ready: dict[str, Any]) -> int:
    return wire.WORKER.decode(ready["worker"]).ports[0]


def children_of(pid: int) -> list[str]:
    """Those that have not ended."""
    try:
        listed = [path.read_text() for path in Path(f"/proc/{pid}/task").glob("*/children")]
    except OSError:
        return []
    return [child for line in listed for child in line.split() if lives(child)]


def lives(pid: str) -> bool:
    try:
        return Path("/proc", pid, "stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def tools_of(agent: Pipe, count: int) -> list[str]:
    """So many children, as soon as there are."""
    until = time.monotonic() + PATIENCE
    while len(tools := children_of(agent.process.pid)) < count:
        assert time.monotonic() < until, tools
        time.sleep(0.02)
    return tools


def test_it_announces_itself_and_answers_clock_exchanges(agent: Pipe) -> None:
    ready = agent.hear()
    worker = wire.WORKER.decode(ready["worker"])
    assert ready["type"] == "ready"
    assert len(worker.ports) == len(set(worker.ports)) > 0
    assert worker.versions["iperf"].startswith("2.")
    agent.tell({"type": "clock", "id": 7})
    answer = agent.hear()
    assert (answer["type"], answer["id"]) == ("clock", 7)
    assert abs(answer["now"] - time.time()) < 5


def test_it_measures_both_halves_and_leaves_nothing_behind(agent: Pipe, scratch: Path) -> None:
    port = port_of(agent.hear())
    agent.mailbox(*requests(port, time.time() + LEAD))
    results = agent.results(2)
    assert {half: result.outcome for half, result in results.items()} == dict.fromkeys(Half, Outcome.MEASURED)
    served = results[Half.SERVE].measurement
    assert isinstance(served, Tcp)
    assert served.series is not None
    assert all(size.si > 0 for size in served.series)
    timing = results[Half.SERVE].timing
    assert timing is not None
    assert timing.listening is not None
    assert timing.listening < Duration(0)
    assert agent.close() == 0
    assert list(scratch.iterdir()) == []


def test_a_request_whose_instant_has_passed_is_late_and_starts_nothing(agent: Pipe) -> None:
    port = port_of(agent.hear())
    agent.mailbox(*requests(port, time.time() - 1))
    assert {result.outcome for result in agent.results(2).values()} == {Outcome.LATE}


def test_a_client_without_a_server_is_unreachable_with_its_evidence(agent: Pipe) -> None:
    port = port_of(agent.hear())
    agent.mailbox(requests(port, time.time() + LEAD)[1])
    result = agent.results(1)[Half.SEND]
    assert result.outcome is Outcome.UNREACHABLE
    assert result.evidence is not None
    assert result.evidence.argv[0] == "iperf"
    assert "refused" in (result.evidence.stdout + result.evidence.stderr).lower()


def test_a_new_mailbox_ends_what_ran(agent: Pipe) -> None:
    port = port_of(agent.hear())
    agent.mailbox(*requests(port, time.time() + LEAD, duration=30.0))
    tools_of(agent, 1)
    agent.tell({"type": "mailbox", "round": None, "requests": []})
    results = agent.results(2)
    assert {result.outcome for result in results.values()} == {Outcome.NOT_RUN}
    assert children_of(agent.process.pid) == []


@pytest.mark.parametrize("ending", ["end of input", signal.SIGTERM, signal.SIGKILL])
def test_its_tools_die_with_it(agent: Pipe, ending: str | signal.Signals) -> None:
    port = port_of(agent.hear())
    agent.mailbox(*requests(port, time.time() + LEAD, duration=30.0))
    tools = tools_of(agent, 2)
    if isinstance(ending, signal.Signals):
        agent.process.send_signal(ending)
        agent.process.wait(15)
    else:
        agent.close()
    until = time.monotonic() + 10
    while any(Path("/proc", pid).exists() for pid in tools) and time.monotonic() < until:
        time.sleep(0.01)
    assert [pid for pid in tools if Path("/proc", pid).exists()] == []


def test_a_shifted_clock_moves_the_agent_but_not_its_tools(scratch: Path) -> None:
    """The instant is told in the agent's own time; the tools still start together, by the machine's clock."""
    pipe = Pipe(scratch, shift=2.0)
    port = port_of(pipe.hear())
    pipe.mailbox(*requests(port, time.time() + 2.0 + LEAD))
    results = pipe.results(2)
    with pipe.process:
        pipe.close()
    assert {result.outcome for result in results.values()} == {Outcome.MEASURED}
    served = results[Half.SERVE].measurement
    assert isinstance(served, Tcp)
    assert served.series is not None
    assert all(size.si > 0 for size in served.series)
