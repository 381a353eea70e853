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


@pytest.mark.parametrize(
    ("case", "code"),
    [
        ("udp-no-route/send", "tool.no-route"),
        ("udp-late/send", "tool.late-start"),
        ("udp-serve-killed/serve", "tool.no-totals"),
        ("udp-send-killed/send", "tool.no-totals"),
    ],
)
def test_what_proves_nothing_is_reported_by_its_reason(case: str, code: str) -> None:
    assert code_of(golden(f"iperf2/{case}")) == code


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


def test_datagrams_of_another_size_are_no_measurement() -> None:
    found = golden("iperf2/udp/send")
    assert code_of(found.saying(found.output.stdout.replace("Sending 1472", "Sending 1470"))) == "tool.datagram-size"
