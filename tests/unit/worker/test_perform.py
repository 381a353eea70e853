"""One half of a probe, with something wrong around it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from clearway.base.clock import Clock
from clearway.base.units import Duration
from clearway.probe.records import Endpoint, Half, Outcome, Request, Result
from clearway.worker import counters
from clearway.worker.heartbeat import Heartbeat
from clearway.worker.network import free_ports
from clearway.worker.probe_half import HalfContext, ProbeHalf
from making import request
from sharing import place


def serving(start: float) -> Request:
    (port,) = free_ports(1, after=128 * place())
    about = {"server": Endpoint("127.0.0.1", port), "start": start, "deadline": start + 10}
    return request(Half.SERVE, duration=0.5, **about)


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], Result]:
    """A half that serves, while the kernel kills a process for its memory."""
    kills, read = iter((4, 5)), counters.read
    monkeypatch.setattr(counters, "read", lambda: replace(read(), oom_kills=next(kills)))
    setting = HalfContext(Clock(), tmp_path, threading.Event(), Heartbeat())
    return lambda: ProbeHalf(serving(time.time() + 1.0), setting).result()


@pytest.mark.slow
@pytest.mark.fault("host", "a tool runs out of memory", "The attempt is void: the kernel killed the tool.")
def test_a_tool_that_the_kernel_killed_for_its_memory_has_measured_nothing(served: Callable[[], Result]) -> None:
    """What it had printed by then may look whole."""
    result = served()
    assert result.outcome is Outcome.TOOL_FAILED
    assert result.reason is not None
    assert (result.reason.code, result.reason.values) == ("worker.out-of-memory", {"tool": "iperf"})
    assert result.counters is not None
    assert result.counters.oom_kills == 1


def test_a_tool_killed_for_memory_before_it_listened_is_reported_as_that(
    served: Callable[[], Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it seems to be, a tool that does not listen, is only what came of it."""
    monkeypatch.setattr("clearway.worker.probe_half.is_open", lambda listen: False)
    result = served()
    assert result.reason is not None
    assert (result.outcome, result.reason.code) == (Outcome.TOOL_FAILED, "worker.out-of-memory")


@dataclass(frozen=True)
class SetAt(Clock):
    """A machine whose clock is set forward by 0.3 s at an instant."""

    instant: float = 0.0

    def stepped(self) -> float:
        return 0.3 if self.until(self.instant) < 0 else 0.0


@pytest.mark.slow
@pytest.mark.fault(
    "host",
    "a clock is set while a tool runs",
    "The attempt is void, says by how much the clock was set, and is measured again.",
)
def test_a_tool_whose_clock_was_set_while_it_ran_has_measured_nothing(tmp_path: Path) -> None:
    start = time.time() + 1.0
    setting = HalfContext(SetAt(instant=start + 0.2), tmp_path, threading.Event(), Heartbeat())
    result = ProbeHalf(serving(start), setting).result()
    assert result.reason is not None
    assert (result.outcome, result.reason.code) == (Outcome.TOOL_FAILED, "worker.clock-set")
    assert result.reason.values["by"] == Duration(0.3)


@pytest.mark.slow
@pytest.mark.fault(
    "host", "a clock is set between two rounds", "Nothing: instants that were agreed on stay where they are."
)
def test_a_clock_that_was_set_before_a_tool_runs_is_no_matter(tmp_path: Path) -> None:
    """The tool gets its instant in the machine's new time; nothing sends to it here."""
    start = time.time() + 1.0
    setting = HalfContext(SetAt(instant=start - 60), tmp_path, threading.Event(), Heartbeat())
    result = ProbeHalf(serving(start), setting).result()
    assert result.reason is not None
    assert result.reason.code != "worker.clock-set"
