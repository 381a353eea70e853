"""The metric table against plain definitions."""

from __future__ import annotations

import statistics
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearway.base.units import Duration, Rate, Size
from clearway.probe.measurement import Counters, Histogram, Http, Measurement, RoundTrip, Tcp, Udp
from clearway.probe.metrics import METRICS, HistogramStats, SampleStats, offered, percent
from clearway.probe.parameters import (
    Parameters,
    TcpParameters,
    UdpParameters,
    Window,
)
from clearway.probe.records import Half, Outcome, Probe, Result, Slot, Trial

SIZES = st.lists(st.integers(0, 10**9), min_size=1, max_size=50)
STATISTICS = st.sampled_from(["mean", "median", "min", "max", "p95", "p99"])


def half(which: Half, measurement: Measurement | None, rcvbuf_errors: int | None = None) -> Result:
    return Result(
        "r", "p", 1, which, Outcome.MEASURED, None, measurement, None, Counters(udp_rcvbuf_errors=rcvbuf_errors)
    )


def trial(
    serve: Measurement | None = None,
    send: Measurement | None = None,
    parameters: Parameters = TcpParameters(1),  # noqa: B008 - a frozen value
    drops: int | None = None,
) -> Trial:
    window = Window(Duration(1), Duration(5))
    probe = Probe("p", "t", Slot("a"), Slot("b"), "any", parameters, window)
    return Trial(probe, 1, half(Half.SERVE, serve, drops), half(Half.SEND, send))


def read(metric: str, one: Trial, statistic: str = "total") -> float | None:
    found = METRICS[metric].read(one)
    return None if found is None else found.statistic(statistic)


def naive(values: list[float], statistic: str) -> float:
    plain: dict[str, Any] = {"mean": statistics.fmean, "min": min, "max": max, "median": statistics.median_low}
    if statistic in plain:
        return float(plain[statistic](values))
    share = float(statistic[1:]) / 100
    return min(v for v in values if sum(w <= v for w in values) >= share * len(values) - 1e-9)


@given(st.lists(st.floats(0, 1e9), min_size=1, max_size=60), STATISTICS)
def test_statistics_of_a_series_are_the_plain_ones(values: list[float], statistic: str) -> None:
    assert SampleStats(tuple(values)).statistic(statistic) == pytest.approx(naive(values, statistic))


@given(st.lists(st.floats(1e-6, 1e3), min_size=1, max_size=60), STATISTICS)
def test_a_spread_says_the_same_to_a_bucket(values: list[float], statistic: str) -> None:
    found = HistogramStats(Histogram.of(values)).statistic(statistic)
    assert found == pytest.approx(naive(values, statistic), rel=1 / 128)


@given(SIZES, st.sampled_from([0.01, 0.5, 1.0]))
def test_throughput_is_bits_received_over_time(sizes: list[int], interval: float) -> None:
    flow = Tcp(interval=Duration(interval), series=tuple(map(Size, sizes)))
    assert read("throughput", trial(serve=flow), "mean") == pytest.approx(sum(sizes) * 8 / (len(sizes) * interval))


def test_throughput_is_the_receivers_word_never_the_senders() -> None:
    flow = Tcp(interval=Duration(1), series=(Size(1),))
    assert read("throughput", trial(send=flow), "mean") is None


@given(st.integers(1, 10**6), st.integers(0, 10**6), st.integers(0, 10**6))
def test_loss_and_host_loss_are_all_that_is_missing(sent: int, received: int, drops: int) -> None:
    one = trial(Udp(received=received), Udp(sent=sent), drops=drops)
    loss, host_loss = read("loss", one), read("host-loss", one)
    assert loss is not None
    assert host_loss is not None
    assert loss + host_loss == pytest.approx(max(0, sent - received) / sent)
    assert host_loss <= drops / sent
    assert loss >= 0


def test_a_silent_receiver_has_lost_everything() -> None:
    assert read("loss", trial(Udp(received=0), Udp(sent=1000))) == 1.0


@pytest.mark.parametrize(
    ("serve", "send"),
    [(None, Udp(sent=10)), (Udp(received=10), None), (Udp(), Udp(sent=10)), (Udp(received=0), Udp(sent=0))],
)
def test_loss_needs_both_halves_and_something_sent(serve: Udp | None, send: Udp | None) -> None:
    assert read("loss", trial(serve, send)) is None


@given(st.integers(1, 1000), st.integers(0, 1000))
def test_reorder_is_a_share_of_what_arrived(received: int, reordered: int) -> None:
    assert read("reorder", trial(Udp(received=received, reordered=reordered))) == reordered / received


@given(st.lists(st.floats(0, 1), min_size=1, max_size=40))
def test_jitter_is_read_over_intervals_not_from_the_last_row(values: list[float]) -> None:
    one = trial(Udp(jitter=tuple(map(Duration, values))))
    assert read("jitter", one, "p95") == pytest.approx(naive(values, "p95"))
    assert read("jitter", one, "max") == max(values)


@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=40))
def test_packet_rate_is_datagrams_over_time(datagrams: list[int]) -> None:
    one = trial(Udp(interval=Duration(0.01), datagrams=tuple(datagrams)))
    assert read("packet-rate", one, "mean") == pytest.approx(sum(datagrams) / (len(datagrams) * 0.01))


def test_http_metrics_are_the_clients() -> None:
    seen = Http(Histogram.of([0.001, 0.002, 0.003]), {"5xx": 2}, Duration(1.5))
    one = trial(send=seen)
    assert read("latency", one, "max") == 0.003
    assert read("request-rate", one) == 2.0
    assert read("errors", one) == 2.0
    counted = METRICS["errors"].read(one)
    assert counted is not None
    assert counted.count == 5


def test_no_request_answered_is_no_latency_but_counts_errors() -> None:
    one = trial(send=Http(Histogram(), {"refused": 9}, Duration(1)))
    assert (read("latency", one, "p99"), read("request-rate", one), read("errors", one)) == (None, None, 9.0)


def test_what_the_senders_kernel_knows() -> None:
    one = trial(send=Tcp(retransmits=7, rtt=(Duration(0.001), Duration(0.003))))
    assert read("retransmits", one) == 7.0
    assert read("tcp-rtt", one, "mean") == pytest.approx(0.002)


def test_round_trip_is_a_whole_round() -> None:
    one = trial(send=RoundTrip(Histogram.of([0.0001]), 1, 1))
    assert read("round-trip", one, "median") == pytest.approx(0.0001)


@pytest.mark.parametrize("metric", sorted(METRICS))
def test_nothing_measured_reads_as_nothing(metric: str) -> None:
    empty = Trial(trial().probe, 1)
    assert METRICS[metric].read(empty) is None
    assert METRICS[metric].read(trial()) is None


@pytest.mark.parametrize("metric", sorted(METRICS))
def test_a_metrics_default_is_one_of_its_statistics(metric: str) -> None:
    row = METRICS[metric]
    assert row.name == metric
    assert row.default is None or row.allows(row.default)
    assert not row.allows("pNN")


def test_percentiles_are_only_for_smaller_is_better() -> None:
    for row in METRICS.values():
        assert row.allows("p99") == ("pNN" in row.statistics)
        assert not (row.allows("p99") and row.better.value == "higher")


def test_a_statistic_that_is_no_percentile_is_refused() -> None:
    assert (percent("median"), percent("p99.9")) == (50.0, 99.9)
    with pytest.raises(ValueError, match="average"):
        percent("average")


def test_only_udp_offers_a_rate() -> None:
    assert offered(trial(parameters=UdpParameters(Rate(5e6)))) == Rate(5e6)
    assert offered(trial()) is None
