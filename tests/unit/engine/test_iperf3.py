"""iperf3: everything is computed from intervals; its own summaries are no evidence."""

from __future__ import annotations

import json
from typing import Any

import pytest

from clearway.base.units import Duration
from clearway.probe.measurement import Tcp, Udp
from golden.loading import Golden, code_of, golden


def _tcp(found: Golden) -> Tcp:
    measured = found.read()
    assert isinstance(measured, Tcp)
    return measured


def _reports(text: str) -> list[dict[str, Any]]:
    return [json.loads("{" + part) for part in ("\n" + text).split("\n{")[1:]]


def _udp(found: Golden) -> Udp:
    measured = found.read()
    assert isinstance(measured, Udp)
    return measured


@pytest.mark.parametrize("case", ["tcp", "tcp-v6", "tcp-slow", "tcp-stray"])
def test_goodput_is_the_bytes_of_the_servers_intervals_inside_the_window(case: str) -> None:
    """Trap 13: `end` is no steady state; a stray connection's report is passed over (trap 10)."""
    found = golden(f"iperf3/{case}/serve")
    (report,) = [report for report in _reports(found.output.stdout) if report["intervals"]]
    inside = [part for part in report["intervals"] if 0.35 < part["sum"]["start"] < 1.35]
    measured = _tcp(found)
    assert measured.interval == Duration(0.1)
    assert len(measured.series or ()) == len(inside) == 10
    assert sum(size.si for size in measured.series or ()) == sum(part["sum"]["bytes"] for part in inside)
    assert sum(size.si for size in measured.by_stream or ()) == sum(size.si for size in measured.series or ())


def test_the_summaries_are_never_read() -> None:
    """Trap 13."""
    found = golden("iperf3/tcp/serve")
    (report, *_) = _reports(found.output.stdout)
    report["end"]["sum_received"]["bytes"] *= 100
    for interval in report["intervals"]:
        interval["sum"]["bytes"] *= 100
    assert found.saying(json.dumps(report) + "\n").read() == found.read()


def test_the_sender_shows_retransmits_and_round_trip_times() -> None:
    measured = _tcp(golden("iperf3/tcp/send"))
    assert measured.retransmits is not None
    assert len(measured.rtt or ()) == 20


def test_a_path_that_dies_after_2_mb_is_measured_as_dead_though_the_server_had_to_be_ended() -> None:
    measured = _tcp(golden("iperf3/tcp-dropped-after-2mb/serve"))
    assert sum(size.si for size in measured.series or ()) == 0


@pytest.mark.parametrize("case", ["udp", "udp-v6"])
def test_on_a_path_that_drops_nothing_every_datagram_sent_is_received(case: str) -> None:
    received, sent = _udp(golden(f"iperf3/{case}/serve")), _udp(golden(f"iperf3/{case}/send"))
    assert sent.sent
    assert received.received == sent.sent
    assert len(received.jitter or ()) == len(received.datagrams or ()) == 10


def test_what_is_missing_is_what_nft_dropped() -> None:
    """Traps 1 and 22; the tool's first datagram, at connecting, isn't counted by it."""
    found = golden("iperf3/udp-lossy/serve")
    received, sent = _udp(found), _udp(golden("iperf3/udp-lossy/send"))
    assert abs((sent.sent or 0) - (received.received or 0) - found.dropped) <= 3
    assert found.dropped > 300


def test_a_path_that_dies_half_way_has_lost_the_rest() -> None:
    """Trap 1."""
    received, sent = (
        _udp(golden("iperf3/udp-dropped-after-2mb/serve")),
        _udp(golden("iperf3/udp-dropped-after-2mb/send")),
    )
    assert 0 < (received.received or 0) < (sent.sent or 0) / 2
    assert received.lost_by_sequence == 0


@pytest.mark.parametrize(
    ("case", "code"),
    [
        ("tcp-refused/send", "tool.refused"),
        ("tcp-no-route/send", "tool.no-route"),
        ("tcp-nobody/send", "tool.connect-timeout"),
        ("tcp-dropped/send", "tool.connect-timeout"),
        ("tcp-dropped/serve", "tool.no-rows"),
        ("tcp-port-taken/serve", "tool.failed"),
        ("tcp-unknown-congestion/send", "tool.failed"),
        ("tcp-unknown-congestion/serve", "tool.no-rows"),
        ("tcp-serve-killed/serve", "tool.no-rows"),
        ("tcp-serve-killed/send", "tool.cut-short"),
        ("tcp-send-killed/serve", "tool.cut-short"),
        ("tcp-send-killed/send", "tool.no-rows"),
        ("udp-refused/send", "tool.refused"),
        ("udp-dropped/send", "tool.connect-timeout"),
        ("udp-dropped/serve", "tool.no-rows"),
        ("udp-serve-killed/send", "tool.cut-short"),
        ("udp-send-killed/serve", "tool.cut-short"),
    ],
)
def test_what_proves_nothing_is_reported_by_its_reason(case: str, code: str) -> None:
    assert code_of(golden(f"iperf3/{case}")) == code


def test_a_program_that_prints_nothing_and_exits_0_measured_nothing() -> None:
    for half in ("serve", "send"):
        assert code_of(golden(f"iperf3/tcp/{half}").saying("")) == "tool.no-rows"


def test_two_tests_in_one_session_are_no_measurement() -> None:
    found = golden("iperf3/tcp/serve")
    assert code_of(found.saying(found.output.stdout * 2)) == "tool.foreign-stream"


@pytest.mark.parametrize("value", [None, "many", -1, True, float("nan")])
def test_a_field_that_is_no_number_is_no_measurement(value: object) -> None:
    found = golden("iperf3/tcp/serve")
    (report, *_) = _reports(found.output.stdout)
    report["intervals"][5]["streams"][0]["bytes"] = value
    assert code_of(found.saying(json.dumps(report) + "\n")) == "tool.malformed"
