"""iperf2 over TCP: goodput is the receiver's rows inside the window, and nothing else counts as evidence."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from clearway.base.errors import Unreadable
from clearway.base.units import Duration
from clearway.engine.iperf2.rows import connect_times
from clearway.engine.table import ENGINES
from clearway.probe.measurement import Tcp
from golden.loading import Golden, code_of, golden

_GOOD = ("tcp", "tcp-one-stream", "tcp-cubic", "tcp-v6", "tcp-slow")


def _tcp(found: Golden) -> Tcp:
    measured = found.read()
    assert isinstance(measured, Tcp)
    return measured


def _bytes_by_hand(stdout: str, begin: float, end: float) -> dict[str, int]:
    """Bytes a stream over the rows of 0.1 s inside the window, read with other means than the parser's."""
    sums: dict[str, int] = {}
    for line in stdout.splitlines():
        row = re.match(r"\[ *(\d+)\] +([\d.]+)-([\d.]+) sec +([\d.]+) Bytes", line)
        if row and round(float(row[3]) - float(row[2]), 3) == 0.1 and begin - 1e-6 < float(row[2]) < end - 1e-6:
            sums[row[1]] = sums.get(row[1], 0) + int(float(row[4]))
    return sums


@pytest.mark.parametrize("case", _GOOD)
def test_goodput_is_the_exact_bytes_of_all_streams_inside_the_window(case: str) -> None:
    """Trap 7: rows inside [warm-up, end], exact bytes; trap 8: streams are summed here, SUM rows are not read."""
    found = golden(f"iperf2/{case}/serve")
    measured = _tcp(found)
    by_hand = _bytes_by_hand(found.output.stdout, 0.4, 1.4)
    assert measured.interval == Duration(0.1)
    assert measured.series is not None
    assert measured.by_stream is not None
    assert len(measured.series) == 10
    assert sum(size.si for size in measured.series) == sum(by_hand.values())
    assert sorted(size.si for size in measured.by_stream) == sorted(by_hand.values())


def test_sum_rows_are_never_read() -> None:
    """Trap 8: without them, or with wrong ones, nothing changes."""
    found = golden("iperf2/tcp/serve")
    lines = found.output.stdout.splitlines(keepends=True)
    without = "".join(line for line in lines if not line.startswith("[SUM]"))
    wrong = re.sub(r"(?m)^(\[SUM\].*sec +)\d+", r"\g<1>999999999", found.output.stdout)
    assert found.saying(without).read() == found.read() == found.saying(wrong).read()


def test_the_totals_with_their_drain_are_never_read() -> None:
    """Trap 8: the server's total row includes what arrived after the end."""
    found = golden("iperf2/tcp-slow/serve")
    total = re.compile(r"^\[ *\d+\] 0\.0000-(?!0\.1000).*\n", re.MULTILINE)
    assert total.search(found.output.stdout)
    assert found.saying(total.sub("", found.output.stdout)).read() == found.read()


def test_one_stream_needs_no_sum_row() -> None:
    """Trap 8: a single stream has none."""
    found = golden("iperf2/tcp-one-stream/serve")
    assert "[SUM]" not in found.output.stdout
    assert len(_tcp(found).by_stream or ()) == 1


def test_streams_stand_in_order_of_connecting() -> None:
    found = golden("iperf2/tcp/serve")
    first = re.findall(r"^\[ *(\d+)\] local", found.output.stdout, re.MULTILINE)[0]
    by_hand = _bytes_by_hand(found.output.stdout, 0.4, 1.4)
    assert _tcp(found).by_stream is not None
    assert (_tcp(found).by_stream or ())[0].si == by_hand[first]


@pytest.mark.parametrize("case", _GOOD)
def test_the_sender_shows_retransmits_and_round_trip_times(case: str) -> None:
    measured = _tcp(golden(f"iperf2/{case}/send"))
    streams = len(_tcp(golden(f"iperf2/{case}/serve")).by_stream or ())
    assert measured.series is None
    assert measured.retransmits is not None
    assert measured.rtt is not None
    assert len(measured.rtt) == 10 * streams
    assert all(0 < rtt.si < 1 for rtt in measured.rtt)


def test_retransmits_add_up_from_the_instant_to_the_end_of_the_window() -> None:
    found = golden("iperf2/tcp-dropped-after-2mb/send")
    rows = re.findall(r"\] (\d\.\d+)-(\d\.\d+) sec .*? \d+/\d+ +(\d+) +\S+/", found.output.stdout)
    rows = [(float(begin), float(end), int(again)) for begin, end, again in rows]
    inside = [again for begin, end, again in rows if round(end - begin, 3) == 0.1 and end <= 1.4001]
    assert sum(inside) > 0
    assert _tcp(found).retransmits == sum(inside)


def test_a_path_that_dies_after_2_mb_is_measured_as_dead() -> None:
    """Everything dropped half-way: the receiver's zero rows are evidence of zero."""
    measured = _tcp(golden("iperf2/tcp-dropped-after-2mb/serve"))
    assert sum(size.si for size in measured.series or ()) == 0


def test_a_refused_client_did_say_connected_and_exit_0() -> None:
    """Trap 11, the bait itself: without it the reason that is expected of it would prove little."""
    found = golden("iperf2/tcp-refused/send")
    assert "connected with" in found.output.stdout
    assert found.output.exit == 0


def test_a_start_that_had_passed_is_late_not_measured() -> None:
    """Trap 12: iperf warns, begins at once and prints good figures."""
    found = golden("iperf2/tcp-late/send")
    assert "WARNING" in found.output.stdout
    assert code_of(found) == "tool.late-start"


def test_a_strangers_stream_voids_the_session() -> None:
    """Trap 8, one server process a session: two clients mixed are told apart from one."""
    assert code_of(golden("iperf2/tcp-stranger/serve")) == "tool.foreign-stream"


def test_a_stream_of_another_address_is_left_out_and_changes_no_figure() -> None:
    found = golden("iperf2/tcp-stranger/serve")
    elsewhere = found.saying(
        found.output.stdout.replace("connected with 10.9.0.1 port 51622", "connected with 10.9.0.9 port 1")
    )
    assert code_of(elsewhere) == "tool.foreign-stream", "whose address is not known"
    known = replace(elsewhere, request=replace(found.request, partner=("fd00::1", "10.9.0.1")))
    translated = replace(elsewhere, request=replace(found.request, partner=("192.0.2.1",)))
    alone = "".join(line for line in known.output.stdout.splitlines(keepends=True) if not line.startswith("[  3]"))
    assert _tcp(known) == _tcp(found.saying(alone))
    assert len(_tcp(known).by_stream or ()) == 2
    assert code_of(translated) == "tool.foreign-stream"


def test_a_server_says_who_was_connected() -> None:
    assert ENGINES["iperf2"].clients(golden("iperf2/tcp-stranger/serve").output) == ("10.9.0.1",)
    assert ENGINES["iperf2"].clients(golden("iperf2/tcp-dropped/serve").output) == ()


def test_a_stray_connection_disturbs_nothing() -> None:
    """Trap 10: something connects and leaves; the session's own streams are all there."""
    found = golden("iperf2/tcp-stray/serve")
    assert found.output.stdout.count("connected with") == 3
    assert len(_tcp(found).by_stream or ()) == 2


def test_a_congestion_control_that_was_not_set_voids_the_sender() -> None:
    """Trap 14: pinned means pinned; iperf goes on with another one and exits 0."""
    assert code_of(golden("iperf2/tcp-unknown-congestion/send")) == "tool.failed"


def test_a_program_that_prints_nothing_and_exits_0_measured_nothing() -> None:
    for half in ("serve", "send"):
        assert code_of(golden(f"iperf2/tcp/{half}").saying("")) == "tool.no-rows"


def test_a_row_with_other_columns_is_quoted_not_guessed() -> None:
    found = golden("iperf2/tcp/serve")
    rounded = re.sub(r"(?m)^(\[ *\d+\] .* sec +)\d+ Bytes", r"\g<1>11.4 MBytes", found.output.stdout, count=1)
    with pytest.raises(Unreadable) as caught:
        found.saying(rounded).read()
    assert caught.value.code == "tool.malformed"
    assert "11.4 MBytes" in caught.value.values["quote"]


def test_a_row_reported_twice_is_not_counted_twice() -> None:
    found = golden("iperf2/tcp/serve")
    row = re.search(r"^\[ *\d+\] 0\.5000-0\.6000.*\n", found.output.stdout, re.MULTILINE)
    assert row is not None
    assert code_of(found.saying(found.output.stdout + row.group(0))) == "tool.ambiguous-rows"


def test_an_interval_in_which_the_sender_stood_still_is_zero_not_malformed() -> None:
    """As iperf prints it on a starved machine: no window, no RTT, no deviation."""
    found = golden("iperf2/tcp/send")
    standing = r"\g<1>0.000 Bytes  0.000 bits/sec  0/0          0       NA/0 us  NAN"
    stalled = re.sub(r"(?m)^(\[ *\d+\] 0\.9000-1\.0000 sec +).*", standing, found.output.stdout, count=1)
    assert stalled != found.output.stdout
    assert len(_tcp(found.saying(stalled)).rtt or ()) == len(_tcp(found).rtt or ()) - 1


@pytest.mark.parametrize(("count", "printed"), [(8, "8.00"), (80, "80.0"), (100, " 100"), (1448, "1448")])
def test_an_interval_in_which_little_arrived_is_read_as_exactly_as_any(count: int, printed: str) -> None:
    """iperf prints a small count with decimals: a slow stream's first interval may hold its greeting alone."""
    found = golden("iperf2/tcp/serve")
    row = re.search(r"^(\[ *\d+\] 0\.9000-1\.0000 sec +)(\d+)( Bytes.*)$", found.output.stdout, re.MULTILINE)
    assert row is not None
    little = found.output.stdout.replace(row[0], f"{row[1]}{printed}{row[3]}")
    assert _total(_tcp(found)) - _total(_tcp(found.saying(little))) == int(row[2]) - count


def _total(measured: Tcp) -> float:
    assert measured.series is not None
    return sum(size.si for size in measured.series)


@pytest.mark.parametrize("case", _GOOD)
def test_a_steady_flow_has_no_stall_and_every_stream_connected_at_once(case: str) -> None:
    received, sent = _tcp(golden(f"iperf2/{case}/serve")), _tcp(golden(f"iperf2/{case}/send"))
    assert (received.stall, received.stalled_at) == (Duration(0), None)
    assert len(sent.connect or ()) == len(received.by_stream or ())
    assert all(0 < time.si < 0.1 for time in sent.connect or ())


def test_an_outage_is_the_time_in_which_nothing_came() -> None:
    """The road was dead for 0.7 s from 0.7 s on; TCP waited for its timer before it went on."""
    found = golden("iperf2/tcp-outage/serve")
    measured = _tcp(found)
    empty = re.findall(r"^\[SUM\] (\d\.\d)000-(\d\.\d)000 sec  0\.000 Bytes", found.output.stdout, re.MULTILINE)
    assert measured.interval == Duration(0.2)
    assert measured.stall is not None
    assert measured.stall.si == pytest.approx(float(empty[-1][1]) - float(empty[0][0]))
    assert measured.stall.si > 0.6
    assert measured.stalled_at == Duration(float(empty[0][0]))


def test_a_path_that_died_stood_still_for_the_whole_window() -> None:
    measured = _tcp(golden("iperf2/tcp-dropped-after-2mb/serve"))
    assert (measured.stall, measured.stalled_at) == (Duration(1), Duration(0.4))


def test_a_connection_time_that_is_not_printed_is_not_known() -> None:
    found = golden("iperf2/tcp/send")
    assert _tcp(found.saying(re.sub(r" \(ct=\S+ ms\)", "", found.output.stdout, count=1))).connect is None


def test_a_lost_syn_shows_in_the_connection_time_though_the_start_is_late() -> None:
    """Linux sends it again after 1 s."""
    found = golden("iperf2/tcp-syn-lost/send")
    assert code_of(found) == "tool.late-start"
    assert all(1 < time.si < 1.1 for time in connect_times(found.output) or (Duration(0),))


def test_rows_that_drift_are_those_of_their_interval() -> None:
    """After 5 s the times are printed 0.1 ms late; every byte between is counted once all the same."""
    found = golden("iperf2/tcp-long/serve")
    assert re.search(r"^\[ *1\] 5\.\d001-5\.\d001 sec", found.output.stdout, re.MULTILINE)
    rows = re.findall(r"^\[ *1\] (\d\.\d)\d+-\S+ sec +([\d.]+) Bytes", found.output.stdout, re.MULTILINE)[:64]
    assert _total(_tcp(found)) == sum(int(float(size)) for begin, size in rows if float(begin) >= 0.4)
    assert len(_tcp(found).series or ()) == 30
