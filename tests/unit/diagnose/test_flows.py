"""Flows that differ from the others of their pair: outliers are found, an even loss accuses none."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace

import pytest

from clearway.base.units import Duration, Ratio, Size
from clearway.diagnose.flows import delayed_flows, flow_findings, lossy_flows
from clearway.probe.datagrams import FlowLoss
from clearway.probe.measurement import Tcp, Udp
from clearway.probe.records import Finding, Half, Probe, Result, Round
from clearway.spec.load import read_spec
from making import after, inventory, measured, planned

SENT = 1000


def flows(*losses: float, seed: int = 1) -> tuple[FlowLoss, ...]:
    """Flows whose datagrams were lost by chance, each with its own probability."""
    dice = random.Random(seed)
    counted = (sum(dice.random() < loss for _ in range(SENT)) for loss in losses)
    return tuple(FlowLoss(port, SENT, lost, None) for port, lost in enumerate(counted, start=40_000))


@pytest.mark.parametrize("seed", range(20))
def test_one_lossy_flow_of_32_is_found_and_no_other(seed: int) -> None:
    assert [flow.port for flow in lossy_flows(flows(*[0.0005] * 31, 0.03, seed=seed))] == [40_031]


@pytest.mark.slow
def test_an_even_loss_accuses_a_flow_in_few_runs_in_a_thousand() -> None:
    for loss in (0.0, 0.001, 0.01, 0.05):
        accused = sum(bool(lossy_flows(flows(*[loss] * 32, seed=seed))) for seed in range(100))
        assert accused <= 2, loss


def test_a_dead_flow_is_found() -> None:
    assert [flow.share for flow in lossy_flows(flows(*[0.0] * 23, 1.0))] == [1.0]


def test_a_flow_that_arrives_later_than_the_others_is_found() -> None:
    usual = [FlowLoss(port, SENT, 0, Duration(0.0002 + port * 1e-6)) for port in range(31)]
    (behind,) = delayed_flows((*usual, FlowLoss(99, SENT, 0, Duration(0.005))))
    assert behind.si == pytest.approx(0.0048, abs=1e-4)
    assert delayed_flows(tuple(usual)) == ()


ONE_AND_EIGHT = """
version: 1
tests:
- {name: eight, protocol: tcp, streams: 8, direction: forward, duration: 60s}
- {name: one, protocol: tcp, streams: 1, direction: forward, duration: 60s}
"""
EIGHT = """
version: 1
tests:
- {name: eight, protocol: tcp, streams: 8, direction: forward, duration: 10s, warm-up: 2s}
"""


def findings(one: float, eight: float, last_third: float = 1.0) -> list[Finding]:
    """Of a run of two nodes; each probe carries its rate, and a share of it in the last third."""
    record = planned(read_spec(ONE_AND_EIGHT), inventory(2))
    rates = {"one": one, "eight": eight}
    answered = after(
        record,
        record.plan,
        lambda round_, probe: tuple(
            _tired(result, last_third) for result in measured(round_, probe, rates[probe.test])
        ),
    )
    return list(flow_findings(answered))


def _tired(result: Result, share: float) -> Result:
    if result.half is Half.SEND or not isinstance(result.measurement, Tcp):
        return result
    series = result.measurement.series or ()
    kept = len(series) - len(series) // 3
    falling = (*series[:kept], *(Size(size.si * share) for size in series[kept:]))
    return replace(result, measurement=replace(result.measurement, series=falling))


def test_a_single_flow_far_below_eight_is_a_finding_with_its_share() -> None:
    (found,) = findings(one=24e6, eight=96e6)
    assert (found.code, found.values["share"], found.values["streams"]) == ("flows.single", Ratio(0.25), 8)


def test_a_single_flow_of_nearly_the_rate_of_eight_is_none() -> None:
    assert findings(one=90e6, eight=96e6) == []


def test_a_rate_that_falls_behind_a_credit_is_a_finding_of_its_pair() -> None:
    assert [found.code for found in findings(one=96e6, eight=96e6, last_third=0.3)] == ["flows.fallen"]
    assert findings(one=96e6, eight=96e6, last_third=0.95) == []


def test_many_segments_sent_again_are_a_finding_and_few_are_not() -> None:
    """12 s at 96 Mbit/s are about 100,000 segments."""
    for again, expected in ((20_000, ["flows.sent-again"]), (1_000, [])):
        record = planned(read_spec(EIGHT), inventory(2))
        answered = after(record, record.plan, _answer(again))
        assert [found.code for found in flow_findings(answered)] == expected


def _answer(retransmits: int) -> Callable[[Round, Probe], tuple[Result, ...]]:
    def answer(round_: Round, probe: Probe) -> tuple[Result, ...]:
        serve, send = measured(round_, probe, 96e6)
        return serve, replace(send, measurement=Tcp(retransmits=retransmits))

    return answer


def test_each_pair_is_reported_once_and_the_worst_ones_are_listed() -> None:
    record = planned(read_spec(EIGHT.replace("streams: 8", "streams: 8, repeats: {min: 2}")), inventory(26))
    answered = after(record, record.plan, _answer(20_000))
    *shown, rest = flow_findings(answered)
    assert len({found.subject for found in shown}) == len(shown) == 10
    assert (rest.code, rest.values) == ("flows.more", {"count": 3})


DATAGRAMS = """
version: 1
tests:
- {name: datagrams, protocol: udp, rate: 20 Mbit/s, direction: forward, duration: 10s, warm-up: 2s}
"""


def _seen(spec: str, serve: Tcp | Udp, send: Tcp | Udp | None = None) -> list[Finding]:
    """The findings of one pair that measured this."""
    record = planned(read_spec(spec), inventory(2))

    def answer(round_: Round, probe: Probe) -> tuple[Result, ...]:
        first, second = measured(round_, probe, 0.0 if isinstance(serve, Udp) else 96e6)
        return replace(first, measurement=serve), second if send is None else replace(second, measurement=send)

    return list(flow_findings(after(record, record.plan, answer)))


@pytest.mark.parametrize("spec", [EIGHT, DATAGRAMS])
def test_a_road_that_stood_still_is_a_finding_with_its_moment(spec: str) -> None:
    kind = Tcp if spec == EIGHT else Udp
    (found,) = _seen(spec, kind(stall=Duration(1.0), stalled_at=Duration(6.0)))
    assert (found.code, found.values) == ("flows.stalled", {"length": Duration(1.0), "at": Duration(6.0)})
    assert _seen(spec, kind(stall=Duration(0.2), stalled_at=Duration(6.0))) == []


def test_copies_are_a_finding_and_a_few_are_not() -> None:
    (found,) = _seen(DATAGRAMS, Udp(received=2000, duplicates=1000))
    assert (found.code, found.values) == ("flows.duplicated", {"share": Ratio(0.5)})
    assert _seen(DATAGRAMS, Udp(received=20_000, duplicates=4)) == []
