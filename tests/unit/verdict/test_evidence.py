"""How the repeats of a pair are put together: by what is asked of them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from clearway.base.units import Rate, Ratio
from clearway.ledger.record import Record
from clearway.probe.histogram import Histogram
from clearway.probe.measurement import Http, Tcp
from clearway.probe.records import Half, Probe, Result, Round
from clearway.spec.load import read_spec
from clearway.verdict.judge import judge
from clearway.verdict.model import PairState, PairValue
from making import after as carried_out
from making import inventory, measured, planned

SPEC = """
version: 1
tests:
- {{name: t, protocol: {protocol}, direction: forward, repeats: {{min: {repeats}, max: 6}}, accept: ["{criterion}"]}}
"""


def only_pair(protocol: str, criterion: str, values: list[float], count: int = 2_000) -> PairValue:
    """One pair that measures these values, one in each repeat."""
    record = _planned(protocol, criterion, len(values))
    done = carried_out(record, record.plan, lambda r, p: measured(r, p, values[p.repeat], count=count))
    return _only(done)


def _planned(protocol: str, criterion: str, repeats: int) -> Record:
    rate = {"udp": "udp, rate: 100 Mbit/s", "http": "http, rate: 200/s"}.get(protocol, protocol)
    return planned(read_spec(SPEC.format(protocol=rate, criterion=criterion, repeats=repeats)), inventory(2))


def _only(record: Record) -> PairValue:
    (pair,) = judge(record).tests[0].criteria[0].pairs
    return pair


def test_means_are_averaged() -> None:
    assert only_pair("tcp", "throughput >= 100 Mbit/s", [4e8, 6e8, 8e8]).value == Rate(6e8)


def test_lost_datagrams_of_all_repeats_are_added() -> None:
    pair = only_pair("udp", "loss <= 1 %", [0.0, 0.004], count=5_000)
    assert pair.value == Ratio(0.002)
    assert pair.standing is PairState.HOLDS


def test_what_one_repeat_of_datagrams_cannot_show_two_can() -> None:
    once, twice = (only_pair("udp", "loss <= 0.1 %", [0.0] * repeats, count=3_500) for repeats in (1, 2))
    assert (once.standing, twice.standing) == (PairState.UNDECIDED, PairState.HOLDS)


def test_a_limit_of_no_loss_breaks_with_the_first_datagram_and_holds_without_one() -> None:
    assert only_pair("udp", "loss <= 0 %", [0.0, 0.0]).standing is PairState.HOLDS
    assert only_pair("udp", "loss <= 0 %", [0.0, 0.001]).standing is PairState.BREAKS


def test_the_worst_repeat_is_the_value_of_a_number_of_things() -> None:
    record = _planned("tcp", "retransmits <= 10", 3)

    def answer(round_: Round, probe: Probe) -> tuple[Result, ...]:
        sent_again = Tcp(retransmits=(0, 20, 1)[probe.repeat])
        return tuple(
            replace(one, measurement=sent_again) if one.half is Half.SEND else one
            for one in measured(round_, probe, 9e8)
        )

    pair = _only(carried_out(record, record.plan, answer))
    assert (pair.standing, pair.value and pair.value.si) == (PairState.BREAKS, 20)


SPREAD, BURST = (1, 0, 0) * 6, (0, 0, 0, 6)
"""How many of 100 requests are late in each of the first blocks."""


@pytest.mark.parametrize(("late", "standing"), [(SPREAD, PairState.HOLDS), (BURST, PairState.UNDECIDED)])
def test_the_bad_end_of_a_percentile_is_judged_and_one_burst_widens_it(
    late: tuple[int, ...], standing: PairState
) -> None:
    """0.3 % of the requests are late either way: spread over the time, or all in one block of 20."""
    record = _planned("http", "latency p99 <= 20 ms", 1)
    counts = [*late, *[0] * (20 - len(late))]
    blocks = tuple(Histogram.of([0.05] * count + [0.005] * (100 - count)) for count in counts)

    def answer(round_: Round, probe: Probe) -> tuple[Result, ...]:
        serve, send = measured(round_, probe, 0.005)
        assert isinstance(send.measurement, Http)
        client = replace(send.measurement, latency=Histogram.sum(blocks), blocks=blocks)
        return serve, replace(send, measurement=client)

    pair = _only(carried_out(record, record.plan, answer))
    assert (pair.standing, pair.value and pair.value.si < 0.006) == (standing, True)
