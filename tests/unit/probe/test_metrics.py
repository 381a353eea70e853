"""The metric table against plain definitions."""

from __future__ import annotations

import statistics
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearway.base.units import Duration, Rate, Size
from clearway.probe.distribution import HistogramStats, SampleStats, percent
from clearway.probe.histogram import Histogram
from clearway.probe.measurement import Connecting, Counters, Http, Measurement, RoundTrip, Tcp, Udp
from clearway.probe.metrics import METRICS
from clearway.probe.parameters import (
    Parameters,
    TcpParameters,
    UdpParameters,
    Window,
)
from clearway.probe.readings import offered
from clearway.probe.records import Half, Outcome, Probe, Result, Slot, Trial

SIZES = st.lists(st.integers(0, 10**9), min_size=1, max_size=50)
STATISTICS = st.sampled_from(["mean", "median", "min", "max", "p95", "p99"])


def half(which: Half, measurement: Measurement | None, counters: Counters | None = None) -> Result:
    return Result("r", "p", 1, which, Outcome.MEASURED, None, measurement, None, counters)


def trial(
    serve: Measurement | None = None,
    send: Measurement | None = None,
    parameters: Parameters = TcpParameters(1),  # noqa: B008 - a frozen value
    counters: Counters | None = None,
    window: Window = Window(Duration(1), Duration(5)),  # noqa: B008 - a frozen value
) -> Trial:
    probe = Probe("p", "t", Slot("a"), Slot("b"), "any", parameters, window)
    return Trial(probe, 1, half(Half.SERVE, serve, counters), half(Half.SEND, send))


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
    counted = Udp(received=received, lost_by_sequence=0)
    one = trial(counted, Udp(sent=sent), counters=Counters(socket_drops=drops))
    loss, host_loss = read("loss", one), read("host-loss", one)
    assert loss is not None
    assert host_loss is not None
    assert loss + host_loss == pytest.approx(max(0, sent - received) / sent)
    assert host_loss <= drops / sent
    assert loss >= 0


@given(st.integers(1, 10**6), st.integers(0, 10**6), st.integers(0, 10**6))
def test_the_counter_of_all_sockets_never_changes_a_loss(sent: int, received: int, foreign: int) -> None:
    alone, crowded = Counters(socket_drops=0), Counters(socket_drops=0, udp_rcvbuf_errors=foreign)
    counted = Udp(received=received, lost_by_sequence=0)
    read_with = [read("loss", trial(counted, Udp(sent=sent), counters=one)) for one in (alone, crowded)]
    assert read_with == [max(0, sent - received) / sent] * 2


def test_what_arrived_damaged_was_lost_on_the_way() -> None:
    """The socket counts it among its drops."""
    one = trial(Udp(received=900), Udp(sent=1000), counters=Counters(socket_drops=100, udp_checksum_errors=60))
    assert (read("loss", one), read("host-loss", one)) == (0.06, 0.04)


def test_without_the_count_of_its_socket_a_probe_has_no_host_loss() -> None:
    one = trial(Udp(received=900), Udp(sent=1000), counters=Counters(udp_rcvbuf_errors=100))
    assert (read("loss", one), read("host-loss", one)) == (0.1, None)


def test_a_silent_receiver_has_lost_everything() -> None:
    assert read("loss", trial(Udp(received=0), Udp(sent=1000))) == 1.0


@pytest.mark.parametrize(
    ("serve", "send"),
    [(None, Udp(sent=10)), (Udp(received=10), None), (Udp(), Udp(sent=10)), (Udp(received=0), Udp(sent=0))],
)
def test_loss_needs_both_halves_and_something_sent(serve: Udp | None, send: Udp | None) -> None:
    assert read("loss", trial(serve, send)) is None


@given(st.integers(1, 10**6), st.integers(0, 10**6), st.integers(0, 10**6))
def test_copies_never_make_up_for_a_loss(sent: int, lost: int, copies: int) -> None:
    """By counts alone every copy hides one lost datagram."""
    lost = min(lost, sent)
    doubled = Udp(received=sent - lost + copies, duplicates=copies, lost_by_sequence=lost)
    assert read("loss", trial(doubled, Udp(sent=sent))) == lost / sent


@pytest.mark.parametrize(
    ("received", "gaps", "lost"), [(900, 0, 100), (1000, 50, 50), (900, 120, 120), (0, None, 1000)]
)
def test_loss_is_the_worse_of_both_counts_and_sequence_numbers(received: int, gaps: int | None, lost: int) -> None:
    """Gaps are blind to a dead end; counts are blind to losses that copies make up for."""
    assert read("loss", trial(Udp(received=received, lost_by_sequence=gaps), Udp(sent=1000))) == lost / 1000


def test_every_datagram_twice_is_half_of_them_copies() -> None:
    assert read("duplicates", trial(Udp(received=2000, duplicates=1000))) == 0.5
    assert read("duplicates", trial(Udp(received=2000))) is None


def test_more_received_than_sent_without_sequence_numbers_is_duplication_and_an_unknown_loss() -> None:
    one = trial(Udp(received=1500), Udp(sent=1000))
    assert read("duplicates", one) == pytest.approx(1 / 3)
    assert read("loss", one) is None
    assert read("host-loss", one) is None


@pytest.mark.parametrize("flow", [Tcp(stall=Duration(1)), Udp(stall=Duration(1))])
def test_a_stall_is_the_receivers_word(flow: Tcp | Udp) -> None:
    assert read("stall", trial(serve=flow)) == 1.0
    assert read("stall", trial(send=flow)) is None


def test_of_http_the_client_knows_the_stall_and_how_long_connecting_took() -> None:
    times = Connecting(Duration(0.001), Duration(0.2), Duration(1.01))
    one = trial(send=Http(Histogram(), {}, Duration(1), stall=Duration(0.9), connect=times))
    assert read("stall", one) == 0.9
    assert (read("connect", one, "mean"), read("connect", one, "max")) == (0.2, 1.01)
    assert read("connect", one, "median") is None


def test_no_stall_is_zero_and_not_nothing() -> None:
    assert read("stall", trial(serve=Tcp(stall=Duration(0)))) == 0.0


def test_the_slowest_stream_to_connect_counts() -> None:
    one = trial(send=Tcp(connect=(Duration(0.001), Duration(1.01))))
    assert METRICS["connect"].default == "max"
    assert read("connect", one, "max") == 1.01


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


def test_the_request_rate_is_of_the_answers_inside_the_window() -> None:
    """An outage that is caught up for shows in the lowest half second, not in the whole."""
    latency = Histogram.of([0.001] * 400)
    outage = Http(latency, {}, Duration(1.7), due=400, interval=Duration(0.5), answers=(100, 0, 260, 40))
    one = trial(send=outage, window=Window(Duration(0), Duration(1.7)))
    assert read("request-rate", one) == pytest.approx(400 / 1.7)
    assert read("request-rate", one, "min") == 0
    assert read("request-rate", one, "max") == pytest.approx(260 / 0.5)


def test_the_last_block_of_a_window_may_be_shorter() -> None:
    steady = Http(Histogram.of([0.001] * 120), {}, Duration(1.2), due=120, interval=Duration(0.5), answers=(50, 50, 20))
    one = trial(send=steady, window=Window(Duration(0), Duration(1.2)))
    assert read("request-rate", one, "min") == pytest.approx(100)


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
