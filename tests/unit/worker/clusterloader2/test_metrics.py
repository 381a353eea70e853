"""Figures by their place and in ClusterLoader2's units: what it would have made of the same output, or an error."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearway.base.texts import cleaned
from clearway.base.units import Duration, Rate, Size
from clearway.probe.clusterloader2 import NETWORK_TEST_STATUS, NetworkTestStatus
from clearway.probe.histogram import Histogram
from clearway.probe.measurement import Evidence, Http, Measurement, RoundTrip, Tcp, Timing, Udp
from clearway.probe.records import Half, Outcome, Reason, Result
from clearway.worker.clusterloader2.figures import status_of
from golden.loading import Golden, golden

THROUGHPUT, JITTER, LOST_PERCENT, ONE_WAY, PER_SECOND, RESPONSE_TIME = 1, 2, 5, 6, 10, 4
"""Where its controller looks."""


def measured(measurement: Measurement, stdout: str = "", half: Half = Half.SERVE) -> Result:
    evidence = Evidence(("iperf",), stdout=stdout)
    return Result("r", "p", 1, half, Outcome.MEASURED, None, measurement, Timing(Duration(0.25)), evidence=evidence)


def of(captured: Golden) -> NetworkTestStatus:
    half = captured.request.half
    return status_of(measured(captured.read(), captured.output.stdout, half))


def error(what: NetworkTestStatus) -> str:
    assert what.error is not None
    code: str = json.loads(what.error)["code"]
    return code


def test_real_tcp_rows_give_iperfs_own_kbytes() -> None:
    """[  1] 0.0000-1.9240 sec  228196432 Bytes  948860947 bits/sec, warm-up and tail included."""
    kbytes, per_second = of(golden("iperf2/tcp-one-stream/serve")).metrics
    assert per_second == pytest.approx(948_860_947 / 8 / 1024, rel=0.01)
    assert kbytes == pytest.approx(per_second * 1.0)


def test_real_udp_rows_give_all_eleven_columns() -> None:
    """[  1] 0.0000-1.4979 sec  ...  0.007 ms 383/7646 (5%) 0.013/0.004/1.476/0.043 ms 4849 pps."""
    metrics = of(golden("iperf2/udp-lossy/serve")).metrics
    assert len(metrics) == 11
    assert metrics[3:5] == (383, 7646)
    assert metrics[LOST_PERCENT] == pytest.approx(5.0, abs=0.1)
    assert metrics[ONE_WAY : ONE_WAY + 4] == (0.013, 0.004, 1.476, 0.043)
    assert metrics[PER_SECOND] == pytest.approx(4849, rel=0.03)
    assert 0 < metrics[JITTER] < 0.1


def test_real_requests_give_all_eleven_lines() -> None:
    captured = golden("h2load/rate/send")
    client = captured.read()
    assert isinstance(client, Http)
    what = of(captured)
    assert len(what.metrics) == 11
    assert what.metrics[RESPONSE_TIME] == pytest.approx(client.latency.total / client.latency.count)
    assert what.metrics[1] == 100
    assert what.worker_delay == Duration(0.25)


def test_a_silence_is_an_error_and_no_figure() -> None:
    what = of(golden("iperf2/udp-dropped/serve"))
    assert (what.metrics, error(what)) == ((), "worker.nothing-measured")


def test_a_session_without_its_last_row_has_no_one_way_latency_and_so_no_figures() -> None:
    captured = golden("iperf2/udp-lossy/serve")
    whole = captured.output.stdout
    what = status_of(measured(captured.read(), whole[: whole.rindex("[")]))
    assert (what.metrics, error(what)) == ((), "tool.no-totals")


def test_what_is_void_is_reported_with_its_reason() -> None:
    late = Reason("worker.late", {"late": Duration(0.2)})
    what = status_of(Result("r", "p", 1, Half.SEND, Outcome.LATE, late))
    assert what == NetworkTestStatus(error='{"code": "worker.late", "values": {"late": {"s": 0.2}}}')


@pytest.mark.parametrize(
    "nothing",
    [
        Tcp(),
        Tcp(Duration(0.5), (Size(0), Size(0))),
        Udp(received=0, interval=Duration(0.01), series=(Size(0),)),
        Http(Histogram(), {"timeout": 3}, Duration(1)),
        RoundTrip(Histogram.of([1.0]), 1, 1),
    ],
)
def test_nothing_measured_is_never_a_zero(nothing: Measurement) -> None:
    what = status_of(measured(nothing))
    assert (what.metrics, error(what)) == ((), "worker.nothing-measured")


@given(st.lists(st.integers(0, 10**10), min_size=1, max_size=50).filter(any), st.sampled_from([0.01, 0.1, 0.5]))
def test_kbytes_a_second_are_the_same_rate(series: list[int], interval: float) -> None:
    flow = Tcp(Duration(interval), tuple(map(Size, series)))
    kbytes, per_second = status_of(measured(flow)).metrics
    assert kbytes * 1024 == pytest.approx(sum(series))
    over = Duration(interval * len(series))
    assert Rate(per_second * 1024 * 8).si == pytest.approx(Size(sum(series)).per(over).si)


@given(
    st.lists(st.integers(1, 1000), min_size=1, max_size=50),
    st.integers(0, 10**6),
    st.lists(st.floats(0, 1), min_size=1, max_size=50),
)
def test_udp_figures_agree_with_each_other(datagrams: list[int], lost: int, jitter: list[float]) -> None:
    received = sum(datagrams)
    flow = Udp(
        received=received,
        lost_by_sequence=lost,
        interval=Duration(0.1),
        series=tuple(Size(1470 * count) for count in datagrams),
        jitter=tuple(map(Duration, jitter)),
        datagrams=tuple(datagrams),
    )
    row = "[  1] 0.0000-100.0000 sec  1 Bytes  1 bits/sec   0.007 ms 0/1 (0%) -0.5/-0.6/0.7/0.04 ms 1 pps 1/0(0) pkts 1"
    metrics = status_of(measured(flow, row + "\n")).metrics
    assert metrics[3] + received == metrics[4]
    assert metrics[LOST_PERCENT] == pytest.approx(100 * lost / (lost + received))
    assert metrics[JITTER] == pytest.approx(1000 * sum(jitter) / len(jitter))
    assert metrics[PER_SECOND] * 1470 == pytest.approx(metrics[THROUGHPUT] * 1024)
    assert metrics[ONE_WAY : ONE_WAY + 4] == (-0.5, -0.6, 0.7, 0.04)


@given(st.lists(st.floats(1e-6, 10), min_size=1, max_size=50), st.integers(0, 50), st.floats(0.1, 100))
def test_http_figures_agree_with_each_other(times: list[float], failed: int, elapsed: float) -> None:
    client = Http(Histogram.of(times), {"timeout": failed} if failed else {}, Duration(elapsed))
    metrics = status_of(measured(client, half=Half.SEND)).metrics
    assert metrics[RESPONSE_TIME] == pytest.approx(sum(times) / len(times))
    assert metrics[10] == max(times)
    assert metrics[0] == pytest.approx(metrics[5] * elapsed)
    assert metrics[1] == pytest.approx(100 * len(times) / (len(times) + failed))
    assert metrics[7] == pytest.approx(metrics[RESPONSE_TIME] * metrics[5])


@given(st.lists(st.floats(-1e30, 1e30), max_size=11), st.none() | st.text().map(cleaned))
def test_a_status_is_read_as_it_was_written(metrics: list[float], text: str | None) -> None:
    what = NetworkTestStatus(tuple(metrics), text, Duration(0.5))
    assert NETWORK_TEST_STATUS.decode(json.loads(json.dumps(NETWORK_TEST_STATUS.encode(what)))) == what
