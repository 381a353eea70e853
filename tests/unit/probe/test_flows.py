"""The flows of a trial: gaps count, silence counts, and a pacing error does not."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearway.base.units import Duration
from clearway.probe.datagrams import FlowLoss, flow_losses
from clearway.probe.measurement import Flow, Udp
from clearway.probe.records import Trial
from unit.probe.test_metrics import read, trial

PER_FLOW = 1000
"""Datagrams of a flow in a session of 6 s; the window is its last 5 s."""


def flows_of(received: dict[int, tuple[int, int]], ports: tuple[int, ...]) -> Trial:
    """A trial whose receiver counted (datagrams, gaps) by port."""
    sender = Udp(sending_time=Duration(6), by_flow=tuple(Flow(port, PER_FLOW * 6 // 5) for port in ports))
    receiver = Udp(by_flow=tuple(Flow(port, seen, lost) for port, (seen, lost) in received.items()))
    return trial(serve=receiver, send=sender)


def test_a_flow_of_which_nothing_arrived_has_lost_all() -> None:
    worst, good = flow_losses(flows_of({7: (PER_FLOW, 0)}, (7, 9)))
    assert worst == FlowLoss(9, PER_FLOW, PER_FLOW, None)
    assert (good.port, good.share) == (7, 0.0)


def test_a_flow_that_goes_silent_leaves_no_gap_and_has_lost_the_rest() -> None:
    (found,) = flow_losses(flows_of({7: (400, 0)}, (7,)))
    assert found.share == 0.6


def test_a_pacing_error_is_no_loss() -> None:
    (found,) = flow_losses(flows_of({7: (PER_FLOW - 15, 0)}, (7,)))
    assert found.lost == 0


def with_silence(seconds: float, received: int, lost: int = 0) -> FlowLoss:
    """The flow of a receiver that saw this silence until the end of its window of 5 s."""
    made = flows_of({7: (received, lost)}, (7,))
    assert made.serve is not None
    flow = Flow(7, received, lost, silent=Duration(seconds))
    (found,) = flow_losses(replace(made, serve=replace(made.serve, measurement=Udp(by_flow=(flow,)))))
    return found


@pytest.mark.fault("host", "a sender without CPU sends its flows unevenly", "No loss: no number of a flow is missing.")
def test_a_flow_that_lacks_datagrams_without_a_gap_or_a_silence_has_lost_none() -> None:
    """Seen: 898 of 943 by an even pace, while the receiver's kernel had every datagram that was sent."""
    assert with_silence(0.0, PER_FLOW * 9 // 10).lost == 0


def test_a_flow_has_lost_what_was_due_in_its_silence_and_not_more_than_is_missing() -> None:
    assert with_silence(2.5, PER_FLOW // 2).share == 0.5
    assert with_silence(0.5, PER_FLOW).lost == 0
    assert with_silence(0.5, PER_FLOW * 9 // 10, lost=30).lost == 100


def test_the_metrics_read_the_worst_flow_and_all_of_them() -> None:
    found = flows_of({7: (PER_FLOW, 0), 9: (900, 100)}, (7, 9))
    assert read("flow-loss", found) == 0.1
    assert read("loss", found) == 0.05
    assert read("flow-loss", trial(serve=Udp(received=1), send=Udp(sent=1))) is None


@given(st.dictionaries(st.integers(1024, 65535), st.tuples(st.integers(0, PER_FLOW), st.integers(0, 50)), min_size=1))
def test_loss_is_a_share_and_never_less_than_the_gaps(received: dict[int, tuple[int, int]]) -> None:
    for flow in flow_losses(flows_of(received, tuple(received))):
        assert 0 <= flow.share <= 1
        assert flow.lost >= received[flow.port][1]
