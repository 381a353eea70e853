"""iperf2 over UDP: what was sent is the sender's word, what arrived the receiver's, and silence is counted."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from clearway.base.units import Duration
from clearway.probe.measurement import Udp
from golden.loading import Golden, code_of, golden


def _udp(found: Golden) -> Udp:
    measured = found.read()
    assert isinstance(measured, Udp)
    return measured


def _both(case: str) -> tuple[Udp, Udp]:
    return _udp(golden(f"iperf2/{case}/serve")), _udp(golden(f"iperf2/{case}/send"))


@pytest.mark.parametrize("case", ["udp", "udp-v6", "udp-slow", "udp-sparse", "udp-too-fast"])
def test_on_a_path_that_drops_nothing_every_datagram_sent_is_received(case: str) -> None:
    """The tool's own "Sent" is one more than that: it counts the datagram that closes the session."""
    received, sent = _both(case)
    assert sent.sent
    assert received.received == sent.sent
    assert received.lost_by_sequence == 0


def test_what_is_missing_is_what_nft_dropped() -> None:
    """Traps 1 and 22: sent less received equals the drop counter, +-3 for what opens and closes the session."""
    received, sent = _both("udp-lossy")
    assert sent.sent is not None
    assert received.received is not None
    missing = sent.sent - received.received
    assert missing > 300
    assert abs(missing - golden("iperf2/udp-lossy/serve").dropped) <= 3
    assert received.lost_by_sequence == missing


def test_a_path_that_dies_half_way_has_lost_the_rest() -> None:
    """Trap 1: the receiver's own Lost/Total reads 0 %."""
    received, sent = _both("udp-dropped-after-2mb")
    assert sent.sent is not None
    assert received.received is not None
    assert received.lost_by_sequence == 0
    assert received.received < sent.sent / 2


def test_silence_at_a_receiver_that_listened_is_a_proven_zero() -> None:
    received, sent = _both("udp-dropped")
    assert received.received == 0
    assert sent.sent
    assert sum(size.si for size in received.series or ()) == 0


def test_silence_at_a_receiver_that_did_not_listen_throughout_proves_nothing() -> None:
    found = golden("iperf2/udp-dropped/serve")
    assert code_of(replace(found, output=replace(found.output, listened=False))) == "tool.no-rows"


def test_a_dead_path_leaves_the_same_count_whether_or_not_the_totals_were_printed() -> None:
    """A receiver that is ended while it waits for the closing datagram may not come to its totals."""
    found = golden("iperf2/udp-dropped-after-2mb/serve")
    total = re.compile(r"^\[ *1\] 0\.0000-(?!0\.0100).*\n", re.MULTILINE)
    counted = _udp(found.saying(total.sub("", found.output.stdout)))
    assert counted.received == _udp(found).received


def test_the_counts_are_over_the_whole_session_and_the_series_inside_the_window() -> None:
    """Loss has no warm-up: the receiver's count is larger than what the window holds."""
    received = _udp(golden("iperf2/udp/serve"))
    assert received.interval == Duration(0.01)
    assert len(received.series or ()) == len(received.datagrams or ()) == 60
    assert received.received is not None
    assert sum(received.datagrams or ()) < received.received


def test_jitter_is_taken_from_each_interval_that_had_datagrams() -> None:
    """Trap 5: the final row's jitter is only the last smoothed value."""
    received = _udp(golden("iperf2/udp/serve"))
    assert len(received.jitter or ()) == sum(count > 0 for count in received.datagrams or ())
    assert all(jitter.si < 0.005 for jitter in received.jitter or ())


def test_intervals_are_as_short_as_the_receiver_can_follow() -> None:
    """With fewer than 40 datagrams each it falls behind; with fewer than 4 it counts some twice, as out of order."""
    for case, interval in (("udp", 0.01), ("udp-slow", 0.02), ("udp-sparse", 0.1)):
        assert _udp(golden(f"iperf2/{case}/serve")).interval == Duration(interval)
        assert _udp(golden(f"iperf2/{case}/serve")).reordered == 0


def test_a_datagrams_rate_is_counted_not_read() -> None:
    """Trap 5: the PPS column is negative with --txstart-time."""
    stdout = golden("iperf2/udp/serve").output.stdout
    assert re.search(r" -\d+ pps", stdout)
    assert all(count >= 0 for count in _udp(golden("iperf2/udp/serve")).datagrams or ())


def test_every_swapped_datagram_is_counted_once() -> None:
    """A relay on the way swapped every tenth datagram with the one behind it."""
    received, sent = _both("udp-reordered")
    assert sent.sent is not None
    assert received.reordered is not None
    assert received.lost_by_sequence is not None
    assert abs(received.reordered - sent.sent / 10) <= 2
    assert received.received == sent.sent - received.lost_by_sequence


def test_a_sender_that_could_not_keep_up_shows_it() -> None:
    """Trap 1: an offered rate that was not sent voids the probe, so what was sent is told."""
    found = golden("iperf2/udp-too-fast/send")
    sent = _udp(found)
    assert sent.sent_rate is not None
    assert sent.sending_time is not None
    assert sent.sent_rate.si < 0.98 * 100e9
    assert sent.sending_time.si >= 0.2


def test_a_steady_sender_sent_what_it_offered() -> None:
    sent = _udp(golden("iperf2/udp-v6/send"))
    assert sent.sent_rate is not None
    assert sent.sending_time is not None
    assert sent.sent_rate.si <= 1.01 * 60e6
    assert 1.4 < sent.sending_time.si < 1.6


def test_the_receiver_gets_the_datagram_size() -> None:
    """Trap 4's neighbour: a receiver with the default buffer of 1470 cuts datagrams off and miscounts bytes."""
    found = golden("iperf2/udp/serve")
    assert "Read buffer size: 1472 Byte" in found.output.stdout
    assert (_udp(found).series or ())[0].si % 1472 == 0


@pytest.mark.parametrize("case", ["udp-refused", "udp-nobody", "udp-serve-killed"])
def test_a_sender_only_vouches_for_what_it_sent(case: str) -> None:
    """Nobody received it: the tool exits 0 all the same, so what was received is for the other half to tell."""
    found = golden(f"iperf2/{case}/send")
    assert found.output.exit == 0
    assert _udp(found).sent
    assert _udp(found).received is None


def test_totals_that_contradict_each_other_are_no_measurement() -> None:
    """Trap 1: by bytes and by sequence numbers it must come to the same, +-3."""
    found = golden("iperf2/udp-lossy/serve")
    wrong = re.sub(r"(0\.0000-1\.\d+ sec .* ms +)\d+/", r"\g<1>40/", found.output.stdout)
    assert wrong != found.output.stdout
    assert code_of(found.saying(wrong)) == "tool.totals-differ"


@pytest.mark.parametrize(("case", "clean"), [("udp", True), ("udp-lossy", False), ("udp-flows-bad-member", False)])
def test_each_interval_has_the_gaps_that_showed_in_it(case: str, clean: bool) -> None:
    received, _ = _both(case)
    assert received.losses is not None
    assert received.datagrams is not None
    assert len(received.losses) == len(received.datagrams)
    assert (sum(received.losses) == 0) is clean


def test_datagrams_of_another_size_are_no_measurement() -> None:
    found = golden("iperf2/udp/send")
    assert code_of(found.saying(found.output.stdout.replace("Sending 1472", "Sending 1470"))) == "tool.datagram-size"


def test_every_flow_is_counted_by_its_port_and_a_clean_path_loses_nothing_in_any() -> None:
    received, sent = _both("udp-flows")
    assert received.by_flow is not None
    assert sent.by_flow is not None
    assert sorted(flow.port for flow in received.by_flow) == sorted(flow.port for flow in sent.by_flow)
    assert len(sent.by_flow) == 16
    assert {flow.lost for flow in received.by_flow} == {0}


def test_gaps_show_in_the_flows_of_a_bad_member_only() -> None:
    received, _ = _both("udp-flows-bad-member")
    assert received.by_flow is not None
    for flow in received.by_flow:
        assert bool(flow.lost) is (flow.port & 3 == 1), flow


def test_many_flows_that_all_die_are_a_proven_silence() -> None:
    received, sent = _both("udp-flows-dropped")
    assert received.received == 0
    assert received.by_flow == ()
    assert sent.by_flow is not None
    assert len(sent.by_flow) == 16


def test_every_datagram_twice_is_duplication_and_no_contradiction() -> None:
    """By bytes twice as much came as by sequence numbers; the tool counts each copy as out of order."""
    received, sent = _both("udp-doubled")
    assert sent.sent is not None
    assert received.received is not None
    assert received.duplicates is not None
    assert abs(received.received - 2 * sent.sent) <= 3
    assert abs(received.duplicates - sent.sent) <= 3
    assert (received.lost_by_sequence, received.reordered) == (0, 0)


def test_copies_do_not_hide_what_was_lost_before_they_were_made() -> None:
    """One in 20 was dropped, all others came twice: the tool's own count of lost ones is 0."""
    received, sent = _both("udp-doubled-lossy")
    assert re.search(r"0\.0000-1\.5\d+ sec .* 0/ *7646 \(0%\)", golden("iperf2/udp-doubled-lossy/serve").output.stdout)
    assert sent.sent is not None
    assert received.lost_by_sequence is not None
    assert abs(received.lost_by_sequence - sent.sent / 20) <= 3
    assert received.reordered is None


@pytest.mark.parametrize("case", ["udp", "udp-v6", "udp-slow", "udp-sparse", "udp-lossy", "udp-reordered"])
def test_where_no_copy_came_there_are_none_and_nothing_stood_still(case: str) -> None:
    received = _udp(golden(f"iperf2/{case}/serve"))
    assert received.duplicates == 0
    assert received.stall is not None
    assert received.stall.si < 0.05


def test_an_outage_is_the_time_without_a_datagram() -> None:
    """The road was dead for 0.7 s from 0.7 s on, and rows are of 10 ms."""
    received, sent = _both("udp-outage")
    assert received.stall is not None
    assert received.stalled_at is not None
    assert 0.6 < received.stall.si < 0.75
    assert 0.65 < received.stalled_at.si < 0.8
    assert sent.sent is not None
    assert received.received is not None
    assert (sent.sent - received.received) / (60e6 / 8 / 1472) == pytest.approx(0.7, abs=0.05)


def test_a_silent_receiver_stood_still_for_the_whole_window() -> None:
    received = _udp(golden("iperf2/udp-dropped/serve"))
    assert (received.stall, received.stalled_at) == (Duration(0.6), Duration(0.4))


@pytest.mark.parametrize("case", ["udp", "udp-flows"])
def test_a_datagram_that_comes_after_the_end_of_its_flow_is_no_other_connection(case: str) -> None:
    """Iperf then prints a connection from the same port again, as seen on a road that reorders."""
    found = golden(f"iperf2/{case}/serve")
    lines = found.output.stdout.splitlines(keepends=True)
    again = next(re.sub(r"^\[ *\d+\]", "[ 99]", line) for line in lines if "connected with" in line)
    row = "[ 99] 0.0000-0.0001 sec  200 Bytes  16000000 bits/sec  0.000 ms 0/1 (0%) 0.1/0.1/0.1/0.0 ms 10000 pps\n"
    assert _udp(found.saying("".join([*lines, again, row]))) == _udp(found)
