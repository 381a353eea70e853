"""iperf3: everything is computed from intervals; its own summaries are no evidence."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from clearway.base.units import Duration
from clearway.engine.table import ENGINES
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


def test_sums_over_streams_are_never_read() -> None:
    """Trap 13."""
    found = golden("iperf3/tcp/serve")
    (report, *_) = _reports(found.output.stdout)
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


def test_a_program_that_prints_nothing_and_exits_0_measured_nothing() -> None:
    for half in ("serve", "send"):
        assert code_of(golden(f"iperf3/tcp/{half}").saying("")) == "tool.no-rows"


def test_two_tests_in_one_session_are_no_measurement() -> None:
    found = golden("iperf3/tcp/serve")
    assert code_of(found.saying(found.output.stdout * 2)) == "tool.foreign-stream"


@pytest.mark.parametrize(("half", "total"), [("serve", "sum_received"), ("send", "sum_sent")])
@pytest.mark.parametrize("case", ["tcp", "udp"])
def test_a_total_that_contradicts_the_intervals_is_no_measurement(case: str, half: str, total: str) -> None:
    found = golden(f"iperf3/{case}/{half}")
    (report, *_) = _reports(found.output.stdout)
    assert found.saying(json.dumps(report) + "\n").read() == found.read()
    report["end"][total]["bytes"] *= 2
    assert code_of(found.saying(json.dumps(report) + "\n")) == "tool.totals-differ"


@pytest.mark.parametrize("engine", ["iperf2", "iperf3"])
def test_a_sender_gave_its_kernel_what_its_receiver_got_and_what_was_under_way(engine: str) -> None:
    received, sent = _tcp(golden(f"{engine}/tcp/serve")), _tcp(golden(f"{engine}/tcp/send"))
    assert sent.sent is not None
    assert sum(size.si for size in received.series or ()) < sent.sent.si


def test_a_strangers_test_is_left_out_where_the_partners_is_there() -> None:
    found = golden("iperf3/tcp/serve")
    (host,) = ENGINES["iperf3"].clients(found.output)
    other = found.output.stdout.replace(f'"host":	"{host}"', '"host":	"198.51.100.7"')
    both = replace(found, request=replace(found.request, partner=(host,))).saying(other + found.output.stdout)
    assert both.read() == found.read()
    assert ENGINES["iperf3"].clients(both.output) == ("198.51.100.7", host)


@pytest.mark.parametrize("value", [None, "many", -1, True, float("nan")])
def test_a_field_that_is_no_number_is_no_measurement(value: object) -> None:
    found = golden("iperf3/tcp/serve")
    (report, *_) = _reports(found.output.stdout)
    report["intervals"][5]["streams"][0]["bytes"] = value
    assert code_of(found.saying(json.dumps(report) + "\n")) == "tool.malformed"


@pytest.mark.parametrize("case", ["tcp", "tcp-v6", "tcp-slow"])
def test_a_steady_flow_has_no_stall(case: str) -> None:
    measured = _tcp(golden(f"iperf3/{case}/serve"))
    assert (measured.stall, measured.stalled_at) == (Duration(0), None)


def test_an_outage_is_the_time_in_which_nothing_came() -> None:
    """The road was dead for 0.7 s from 0.7 s on; TCP waited for its timer before it went on."""
    found = golden("iperf3/tcp-outage/serve")
    (report,) = [report for report in _reports(found.output.stdout) if report["intervals"]]
    empty = [part["sum"] for part in report["intervals"] if part["sum"]["bytes"] == 0]
    measured = _tcp(found)
    assert measured.interval == Duration(0.2)
    assert measured.stall is not None
    assert measured.stall.si == pytest.approx(empty[-1]["end"] - empty[0]["start"], abs=2e-4)
    assert measured.stalled_at is not None
    assert measured.stalled_at.si == pytest.approx(empty[0]["start"], abs=2e-4)


def test_a_row_that_a_late_timer_moved_is_counted_once() -> None:
    """On a busy machine one row is too long, and the next ones are where they would be anyway."""
    found = golden("iperf3/tcp/serve")
    (report, *_) = _reports(found.output.stdout)
    for stream in range(2):
        long, short = (report["intervals"][place]["streams"][stream] for place in (7, 8))
        long["end"], long["seconds"] = long["end"] + 0.04, long["seconds"] + 0.04
        short["start"], short["seconds"] = short["start"] + 0.04, short["seconds"] - 0.04
    moved = found.saying(json.dumps(report) + "\n").read()
    assert moved == found.read()


def test_a_missing_row_is_no_measurement() -> None:
    found = golden("iperf3/tcp/serve")
    (report, *_) = _reports(found.output.stdout)
    del report["intervals"][7]
    assert code_of(found.saying(json.dumps(report) + "\n")) == "tool.cut-short"


def test_copies_are_counted_from_when_they_come() -> None:
    received, sent = _udp(golden("iperf3/udp-doubled-later/serve")), _udp(golden("iperf3/udp-doubled-later/send"))
    assert received.received is not None
    assert received.duplicates is not None
    assert abs(received.received - (sent.sent or 0) - received.duplicates) <= 3
    assert received.duplicates > 5000
    assert received.lost_by_sequence == 0


def test_a_copy_of_the_first_datagram_leaves_no_sequence_numbers_to_trust() -> None:
    """The tool takes its text, `9876`, for a number of 960 million: what came is known, what was lost is not."""
    found = golden("iperf3/udp-doubled/serve")
    (report, *_) = _reports(found.output.stdout)
    assert report["end"]["sum"]["packets"] > 900_000_000
    received, sent = _udp(found), _udp(golden("iperf3/udp-doubled/send"))
    assert abs((received.received or 0) - 2 * (sent.sent or 0)) <= 3
    assert (received.lost_by_sequence, received.duplicates, received.reordered) == (None, None, None)


def test_an_outage_of_a_udp_stream_is_the_time_without_a_datagram() -> None:
    received = _udp(golden("iperf3/udp-outage/serve"))
    assert received.stall is not None
    assert 0.5 < received.stall.si < 0.75
