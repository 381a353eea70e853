"""One half of a probe, with something wrong around it."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from clearway.base.clock import Clock
from clearway.base.units import Duration
from clearway.probe.parameters import TcpParameters, Window
from clearway.probe.records import Endpoint, Half, Outcome, Request
from clearway.worker import counters
from clearway.worker.network import free_ports
from clearway.worker.probe_half import HalfContext, ProbeHalf
from sharing import place


def serving(start: float) -> Request:
    window = Window(Duration(0.0), Duration(0.5))
    (port,) = free_ports(1, after=1000 + place())
    endpoint = Endpoint("127.0.0.1", port)
    return Request("r", "p", 1, Half.SERVE, "iperf2", TcpParameters(1), window, endpoint, start, start + 10)


@pytest.mark.slow
def test_a_tool_that_the_kernel_killed_for_its_memory_has_measured_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever it had printed by then may look whole."""
    kills = iter((4, 5))
    read = counters.read
    monkeypatch.setattr(counters, "read", lambda: replace(read(), oom_kills=next(kills)))
    setting = HalfContext(Clock(), tmp_path, threading.Event(), shares_udp_counters=False)
    result = ProbeHalf(serving(time.time() + 1.0), setting).result()
    assert result.outcome is Outcome.TOOL_FAILED
    assert result.reason is not None
    assert (result.reason.code, result.reason.values) == ("worker.out-of-memory", {"tool": "iperf"})
    assert result.counters is not None
    assert result.counters.oom_kills == 1


def test_a_tool_killed_for_memory_before_it_listened_is_reported_as_that(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it seems to be, a tool that does not listen, is only what came of it."""
    kills = iter((4, 5))
    read = counters.read
    monkeypatch.setattr(counters, "read", lambda: replace(read(), oom_kills=next(kills)))
    monkeypatch.setattr("clearway.worker.probe_half.is_open", lambda listen: False)
    setting = HalfContext(Clock(), tmp_path, threading.Event(), shares_udp_counters=False)
    result = ProbeHalf(serving(time.time() + 1.0), setting).result()
    assert result.reason is not None
    assert (result.outcome, result.reason.code) == (Outcome.TOOL_FAILED, "worker.out-of-memory")
