"""ClusterLoader2's worker as a tool: its figures become what they prove, and nothing becomes a zero."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearway.base.errors import Unreadable
from clearway.base.units import Duration, Rate, Size
from clearway.engine.base import Output
from clearway.engine.clusterloader2 import ClusterLoader2Engine
from clearway.probe.measurement import Evidence, Measurement, Tcp, Udp
from clearway.probe.parameters import Parameters, TcpParameters, UdpParameters, Window
from clearway.probe.records import Endpoint, Half, Outcome, Request, Result
from clearway.worker.clusterloader2.figures import status_of

TCP = TcpParameters(1)
UDP = UdpParameters(Rate(750e6))
SECONDS = 10


def request(parameters: Parameters, half: Half = Half.SERVE) -> Request:
    window, server = Window(Duration(0), Duration(SECONDS)), Endpoint("10.0.0.2", 5001)
    return Request("r", "p", 1, half, "netperfbenchmark", parameters, window, server, 1e9, 2e9)


def read(parameters: Parameters, status: Any, half: Half = Half.SERVE) -> Measurement:
    return ClusterLoader2Engine().read(request(parameters, half), Output(json.dumps(status), ""))


def test_its_kbytes_are_of_1024_byte() -> None:
    """As it wrote them: 9,271,680 kbytes in 10 s."""
    flow = read(TCP, {"metrics": [9271680, 927168], "workerDelay": 0.56})
    assert flow == Tcp(interval=Duration(10), series=(Size(9_494_200_320),), by_stream=(Size(9_494_200_320),))


def test_udp_knows_what_arrived_and_not_what_was_sent() -> None:
    status = {"metrics": [915_527, 91_552, 0.02, 7, 637_762, 0.001, 0.1, 0.05, 2.1, 0.03, 63_775]}
    flow = read(UDP, status)
    assert isinstance(flow, Udp)
    assert (flow.received, flow.lost_by_sequence, flow.sent) == (637_755, 7, None)
    assert (flow.jitter, flow.datagrams) == ((Duration(0.02e-3),), (637_750,))


@pytest.mark.parametrize(
    ("status", "code"),
    [
        ({"metrics": []}, "tool.no-rows"),
        ({"metrics": [], "error": "exec: iperf: not found"}, "tool.failed"),
        ({"metrics": [0, 0]}, "tool.no-rows"),
        ({"metrics": [9271680]}, "tool.figures-missing"),
        ({"metrics": [1, 2, 3]}, "tool.figures-missing"),
        ({"metrics": "many"}, "tool.failed"),
        ([], "tool.failed"),
    ],
)
def test_what_is_no_figure_is_none(status: Any, code: str) -> None:
    with pytest.raises(Unreadable) as caught:
        read(TCP, status)
    assert caught.value.code == code


@pytest.mark.parametrize("half", Half)
def test_both_ends_know_seconds_before_the_instant(half: Half) -> None:
    engine = ClusterLoader2Engine()
    command = (engine.serve if half is Half.SERVE else engine.send)(request(TCP, half))
    assert command.launch <= Duration(-3)


def test_of_the_half_that_sends_it_shows_nothing() -> None:
    with pytest.raises(Unreadable):
        read(TCP, {"metrics": [9271680, 927168]}, Half.SEND)


def written(measurement: Measurement, stdout: str = "") -> Any:
    """The metrics that our own worker writes for it."""
    evidence = Evidence(("iperf",), stdout=stdout)
    result = Result("r", "p", 1, Half.SERVE, Outcome.MEASURED, measurement=measurement, evidence=evidence)
    return {"metrics": list(status_of(result).metrics)}


@given(st.lists(st.integers(1, 10**10), min_size=1, max_size=20))
def test_what_our_worker_writes_is_read_as_the_same_rate(series: list[int]) -> None:
    interval = Duration(SECONDS / len(series))
    again = read(TCP, written(Tcp(interval, tuple(map(Size, series)))))
    assert isinstance(again, Tcp)
    assert again.series is not None
    assert again.series[0].si == pytest.approx(sum(series), abs=1)


@given(st.integers(1, 10**6), st.integers(0, 10**6), st.floats(0, 1))
def test_what_our_worker_writes_of_datagrams_is_read_as_the_same(received: int, lost: int, jitter: float) -> None:
    flow = Udp(
        received=received,
        lost_by_sequence=lost,
        interval=Duration(SECONDS),
        series=(Size(received * 1470),),
        jitter=(Duration(jitter),),
        datagrams=(received,),
    )
    row = "[  1] 0.0000-10.5000 sec  1 Bytes  1 bits/sec   0.007 ms 0/1 (0%) 0.1/0.1/0.1/0.1 ms 1 pps 1/0(0) pkts 1\n"
    again = read(UDP, written(flow, row))
    assert isinstance(again, Udp)
    assert (again.received, again.lost_by_sequence, again.datagrams) == (received, lost, (received,))
    assert again.jitter is not None
    assert again.jitter[0].si == pytest.approx(jitter)
