"""The agent as a process, spoken to over its pipe, with the real iperf on the loopback."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from agent_pipe import AgentPipe
from clearway.base.units import Duration
from clearway.probe import wire
from clearway.probe.measurement import Sizes, Tcp
from clearway.probe.parameters import Window
from clearway.probe.records import Endpoint, Half, Outcome, Request, Result
from making import request
from sharing import place

pytestmark = pytest.mark.slow
LEADS = (2.0, 4.0, 8.0)
"""Seconds from a request to its instant: what a machine that is busy with other tests may need to prepare."""
PATIENCE = 20.0


class Agent(AgentPipe):
    def __init__(self, scratch: Path, shift: float = 0.0) -> None:
        argv = (sys.executable, "-m", "clearway.worker", "--slot", f"node-1/{place()}")
        super().__init__(argv, CLEARWAY_CLOCK_SHIFT=str(shift), TMPDIR=str(scratch))
        self._shift = shift

    def mailbox(self, *requests: Request) -> None:
        self.tell({"type": "mailbox", "round": "r1", "requests": [wire.REQUEST.encode(one) for one in requests]})

    def results(self, count: int) -> dict[Half, Result]:
        found = []
        for _ in range(count):
            message = self.hear()
            assert message.pop("type") == "result"
            found.append(wire.RESULT.decode(message))
        return {result.half: result for result in found}

    def in_time(self, port: int, *halves: Half) -> dict[Half, Result]:
        """Results of the first attempt that the machine lets begin at its instant: what is late proves nothing."""
        results: dict[Half, Result] = {}
        for lead in LEADS:
            self.mailbox(*(half_of(half, port, time.time() + self._shift + lead) for half in halves))
            results = self.results(len(halves))
            if not any(result.outcome is Outcome.LATE for result in results.values()):
                break
        return results


@pytest.fixture
def scratch(tmp_path: Path) -> Path:
    return tmp_path


@pytest.fixture
def agent(scratch: Path) -> Iterator[Agent]:
    with Agent(scratch) as agent:
        yield agent


def half_of(half: Half, port: int, start: float, duration: float = 1.0) -> Request:
    """With half a second of warm-up."""
    window, server = Window(Duration(0.5), Duration(duration)), Endpoint("127.0.0.1", port)
    return request(half, window=window, server=server, start=start, deadline=start + 15)


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


def tools_of(agent: Agent, count: int) -> list[str]:
    """So many children, as soon as there are."""
    until = time.monotonic() + PATIENCE
    while len(tools := children_of(agent.process.pid)) < count:
        assert time.monotonic() < until, tools
        time.sleep(0.02)
    return tools


def test_it_announces_itself_and_answers_clock_exchanges(agent: Agent) -> None:
    ready = agent.hear()
    worker = wire.WORKER.decode(ready["worker"])
    assert ready["type"] == "ready"
    assert len(worker.ports) == len(set(worker.ports)) > 0
    assert worker.versions["iperf"].startswith("2.")
    agent.tell({"type": "clock", "id": 7})
    answer = agent.hear()
    assert (answer["type"], answer["id"]) == ("clock", 7)
    assert abs(answer["now"] - time.time()) < 5


def test_it_measures_both_halves_and_leaves_nothing_behind(agent: Agent, scratch: Path) -> None:
    results = agent.in_time(port_of(agent.hear()), *Half)
    assert goodput_of(results)
    timing = results[Half.SERVE].timing
    assert timing is not None
    assert timing.listening is not None
    assert timing.listening < Duration(0)
    assert agent.close() == 0
    assert list(scratch.iterdir()) == []


def goodput_of(results: Mapping[Half, Result]) -> Sizes:
    """What the serve half received, once both halves have measured. On a busy machine some interval may be empty."""
    assert {half: result.outcome for half, result in results.items()} == dict.fromkeys(Half, Outcome.MEASURED), results
    served = results[Half.SERVE].measurement
    assert isinstance(served, Tcp)
    assert served.series is not None
    assert any(size.si > 0 for size in served.series)
    return served.series


def test_a_request_whose_instant_has_passed_is_late_and_starts_nothing(agent: Agent) -> None:
    port = port_of(agent.hear())
    agent.mailbox(*(half_of(half, port, time.time() - 1) for half in Half))
    assert {result.outcome for result in agent.results(2).values()} == {Outcome.LATE}


def test_a_client_without_a_server_is_unreachable_with_its_evidence(agent: Agent) -> None:
    result = agent.in_time(port_of(agent.hear()), Half.SEND)[Half.SEND]
    assert result.outcome is Outcome.UNREACHABLE
    assert result.evidence is not None
    assert result.evidence.argv[0] == "iperf"
    assert "refused" in (result.evidence.stdout + result.evidence.stderr).lower()


def test_a_new_mailbox_ends_what_ran(agent: Agent) -> None:
    port = port_of(agent.hear())
    agent.mailbox(*(half_of(half, port, time.time() + LEADS[1], duration=30.0) for half in Half))
    tools_of(agent, 1)
    agent.tell({"type": "mailbox", "round": None, "requests": []})
    results = agent.results(2)
    assert {result.outcome for result in results.values()} == {Outcome.NOT_RUN}
    assert children_of(agent.process.pid) == []


@pytest.mark.parametrize("ending", ["end of input", signal.SIGTERM, signal.SIGKILL])
def test_its_tools_die_with_it(agent: Agent, ending: str | signal.Signals) -> None:
    port = port_of(agent.hear())
    agent.mailbox(*(half_of(half, port, time.time() + LEADS[1], duration=30.0) for half in Half))
    tools = tools_of(agent, 2)
    if isinstance(ending, signal.Signals):
        agent.process.send_signal(ending)
        agent.process.wait(PATIENCE)
    else:
        agent.close()
    until = time.monotonic() + PATIENCE
    while any(Path("/proc", pid).exists() for pid in tools) and time.monotonic() < until:
        time.sleep(0.01)
    assert [pid for pid in tools if Path("/proc", pid).exists()] == []


def test_a_shifted_clock_moves_the_agent_but_not_its_tools(scratch: Path) -> None:
    """The instant is told in the agent's own time; the tools still start together, by the machine's clock."""
    with Agent(scratch, shift=2.0) as agent:
        assert goodput_of(agent.in_time(port_of(agent.hear()), *Half))
