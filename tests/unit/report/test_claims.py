"""What may be claimed: exactly what was shown, with who, how much, which way and under which conditions."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from clearway.base.quantity_text import parse_rate
from clearway.base.units import Count, Duration, Rate, Ratio
from clearway.probe.records import Reason, Slot
from clearway.report.claims import claim
from clearway.report.phrases import Phrases
from clearway.report.wording import Language
from clearway.spec.criteria import parse_criterion
from clearway.spec.model import Test
from clearway.verdict.model import CriterionVerdict, PairState, PairValue, State
from unit.report.factories import HTTP, TCP, UDP, spec

A, B, C = Slot("node-1"), Slot("node-2"), Slot("node-3")


def wish(base: dict[str, Any], **changes: Any) -> Test:
    return spec({**base, **changes}).tests[0]


def leaf(line: str, state: State, *pairs: PairValue, **fields: Any) -> CriterionVerdict:
    return CriterionVerdict(state=state, criterion=parse_criterion(line), pairs=pairs, **fields)


def pair(standing: PairState, rate: float, *reasons: Reason) -> PairValue:
    value, limit = Rate(rate), Rate(5e9)
    return PairValue(
        subject=(A, B), standing=standing, limit=limit, value=value, low=value, high=value, reasons=reasons
    )


def said(test: Test, judged: CriterionVerdict, language: Language = "en") -> str:
    return claim(test, judged, Phrases(language))


HOLDS = pair(PairState.HOLDS, 5.3e9)
MET = leaf("throughput >= 5 Gbit/s", State.PASS, HOLDS, HOLDS, achieved=Rate(5.2e9), share=Ratio(1))


def test_a_met_criterion_over_every_pair() -> None:
    assert said(wish(TCP), MET) == (
        "Every pair of nodes in the same zone that was measured (2 of 2) carried at least 5.20 Gbit/s "
        "(650.00 MB/s) in both directions, 8 TCP streams, all pairs of a round at once, 10 s after 2 s of warm-up; the "
        "limit was 5.00 Gbit/s (625.00 MB/s)."
    )


def test_the_same_in_korean() -> None:
    assert said(wish(TCP), MET, "ko") == (
        "측정한 동일 존 노드 쌍 2개 모두에서 처리량이 5.20 Gbit/s(650.00 MB/s) 이상이었습니다. 측정 조건: 양방향, "
        "TCP 스트림 8개, 라운드의 모든 쌍 동시, 예열 2 s 후 10 s 동안. 기준값: 5.00 Gbit/s(625.00 MB/s)."
    )


def test_a_share_is_claimed_for_that_share_only() -> None:
    judged = leaf("throughput >= 5 Gbit/s for 90 % of pairs", State.PASS, HOLDS, HOLDS, achieved=Rate(5.3e9))
    assert said(wish(TCP), judged).startswith(
        "At least 90 % of the 2 pairs of nodes in the same zone carried at least 5.30"
    )


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"pairing": "one-to-one"}, "Every pair of nodes in the same zone that was measured (2 of 2)"),
        ({"pairing": "mesh", "direction": "forward"}, "in one direction"),
        ({"pairing": "mesh", "isolated": True}, "one pair at a time"),
        ({"pairing": "all-to-all"}, "in both directions at once, 8 TCP streams, all pairs at once"),
        ({"pairing": "incast"}, "with all others sending to one node at once"),
        ({"pairing": "sample", "sample": "10 %"}, "Every sampled pair of nodes in the same zone"),
        ({"scope": "cross-zone"}, "of nodes in different zones"),
        ({"scope": "same-node"}, "of workers on the same node"),
        ({"scope": "any"}, "of nodes in the same zone"),
        ({"scope": "any", "judge_cross_zone": True}, "Every pair of nodes that was measured (2 of 2)"),
        ({"streams": 1}, "1 TCP stream,"),
    ],
)
def test_a_claim_says_how_the_pairs_were_chosen_and_loaded(changes: dict[str, Any], words: str) -> None:
    assert words in said(wish(TCP, **changes), MET)


def test_a_share_also_names_the_worst_pair_that_it_leaves_out() -> None:
    reason = Reason("verdict.below-limit", {"by": Rate(4.9e9), "limit": Rate(5e9), "value": Rate(0.1e9)})
    judged = leaf(
        "throughput >= 5 Gbit/s for 50 % of pairs",
        State.PASS,
        pair(PairState.BREAKS, 0.1e9, reason),
        HOLDS,
        achieved=Rate(5.3e9),
    )
    worst = "The worst pair: node-1 -> node-2: 100.00 Mbit/s, 4.90 Gbit/s below the limit of 5.00 Gbit/s."
    assert said(wish(TCP), judged).endswith(worst)


def test_a_value_just_beside_its_limit_is_not_shown_as_the_limit() -> None:
    reason = Reason("verdict.below-limit", {"by": Rate(3.9e3), "limit": Rate(90e6), "value": Rate(89.9961e6)})
    under = PairValue(
        subject=(A, B), standing=PairState.BREAKS, limit=Rate(90e6), value=Rate(89.9961e6), reasons=(reason,)
    )
    missed = leaf("throughput >= 90 Mbit/s", State.FAIL, under, achieved=Rate(89.9961e6))
    assert "node-1 -> node-2: 89.99 Mbit/s, 3.9 kbit/s below the limit of 90.00 Mbit/s" in said(wish(TCP), missed)
    over = PairValue(subject=(A, B), standing=PairState.HOLDS, limit=Rate(90e6), value=Rate(90.0009e6))
    met = leaf("throughput >= 90 Mbit/s", State.PASS, over, achieved=Rate(90.0009e6))
    assert "carried at least 90.0009 Mbit/s (11.25 MB/s)" in said(wish(TCP), met)
    lower = leaf("throughput >= 89 Mbit/s", State.PASS, under, achieved=Rate(89.9961e6))
    assert "carried at least 89.99 Mbit/s (11.24 MB/s)" in said(wish(TCP), lower)


@given(st.floats(1e3, 1e11), st.integers(1, 15))
def test_no_sentence_shows_a_value_that_misses_its_limit_as_the_limit(limit: float, power: int) -> None:
    value = limit * (1 - 10.0**-power)
    assume(value < limit)
    reason = Reason("verdict.below-limit", {"by": Rate(limit - value), "limit": Rate(limit), "value": Rate(value)})
    under = PairValue(
        subject=(A, B), standing=PairState.BREAKS, limit=Rate(limit), value=Rate(value), reasons=(reason,)
    )
    criterion = replace(parse_criterion("throughput >= 5 Gbit/s"), limit=Rate(limit))
    line = Phrases("en").pair(under, criterion)
    found = re.fullmatch("node-1 -> node-2: (.*), (.*) below the limit of (.*)", line)
    assert found is not None
    assert parse_rate(found[1]) < parse_rate(found[3])
    assert parse_rate(found[1]).si <= value * (1 + 1e-11)
    assert parse_rate(found[2]).si > 0


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (0.00135, "0.035 percentage points above the limit of 0.1 %"),
        (0.002, "2 times the limit of 0.1 %"),
        (1.0, "1,000 times the limit of 0.1 %"),
    ],
)
def test_a_difference_of_shares_is_in_percentage_points_or_a_multiple(value: float, words: str) -> None:
    limit, found = Ratio(0.001), Ratio(value)
    reason = Reason("verdict.above-limit", {"by": found - limit, "limit": limit, "value": found})
    broken = PairValue(subject=(A, B), standing=PairState.BREAKS, limit=limit, value=found, reasons=(reason,))
    assert words in said(wish(UDP), leaf("loss <= 0.1 %", State.FAIL, broken))


def test_latency_is_claimed_at_its_load() -> None:
    judged = leaf("latency p99 <= 10 ms", State.PASS, HOLDS, achieved=Duration(0.0072))
    assert said(wish(HTTP), judged) == (
        "Every pair of nodes in the same zone that was measured (1 of 1) answered 99 % of the HTTP requests "
        "within 7.2 ms in both directions, requests at 500/s over 16 connections with 1.02 kB answers, each timed from "
        "when it was due, while 4 TCP streams filled the same path, all pairs of a round at once, 10 s after 2 s of "
        "warm-up; the limit was 10 ms."
    )


def test_no_loss_is_claimed_as_seen_not_as_a_bound_of_zero() -> None:
    judged = leaf("loss <= 0.1 %", State.PASS, HOLDS, achieved=Ratio(0))
    assert "lost none of the datagrams in both directions, UDP at 200.00 Mbit/s" in said(wish(UDP), judged)


def test_no_errors_are_claimed_as_none() -> None:
    judged = leaf("errors <= 0", State.PASS, HOLDS, achieved=Count(0))
    assert "had no failed requests" in said(wish(HTTP), judged)
    assert "실패한 요청이 없었습니다" in said(wish(HTTP), judged, "ko")


def test_a_share_of_the_link_also_says_what_it_comes_to() -> None:
    judged = leaf("throughput >= 90 % of link", State.PASS, HOLDS, achieved=Rate(5.2e9))
    assert said(wish(TCP), judged).endswith("the limit was 90 % of the link's rate, 5.00 Gbit/s (625.00 MB/s).")


def test_links_that_differ_have_no_one_limit() -> None:
    other = PairValue(subject=(B, C), standing=PairState.HOLDS, limit=Rate(1e9), value=Rate(1e9))
    judged = leaf("throughput >= 90 % of link", State.PASS, HOLDS, other, achieved=Rate(1e9))
    assert said(wish(TCP), judged).endswith("the limit was 90 % of the link's rate.")


def test_a_missed_criterion_names_the_worst_pair_and_what_is_missing() -> None:
    reason = Reason("verdict.below-limit", {"by": Rate(4.9e9), "limit": Rate(5e9), "value": Rate(0.1e9)})
    judged = leaf("throughput >= 5 Gbit/s", State.FAIL, pair(PairState.BREAKS, 0.1e9, reason), HOLDS)
    assert said(wish(TCP), judged) == (
        "Not met - throughput (mean): every pair reaches 5.00 Gbit/s (625.00 MB/s). 1 of 2 pairs of nodes in the same "
        "zone breaks it. Worst: node-1 -> node-2: 100.00 Mbit/s, 4.90 Gbit/s below the limit of 5.00 Gbit/s. Measured "
        "in both directions, 8 TCP streams, all pairs of a round at once, 10 s after 2 s of warm-up."
    )


def test_what_is_not_known_is_said_with_its_reason() -> None:
    ends = {"limit": Rate(5e9), "low": Rate(4.8e9), "high": Rate(5.1e9)}
    reason = Reason("verdict.straddles", {"repeats": 3, **ends})
    torn = PairValue(
        subject=(A, B),
        standing=PairState.UNDECIDED,
        limit=Rate(5e9),
        value=Rate(5e9),
        low=Rate(4.8e9),
        high=Rate(5.1e9),
        repeats=3,
        reasons=(reason,),
    )
    judged = leaf("throughput >= 5 Gbit/s", State.INCONCLUSIVE, torn, HOLDS)
    assert said(wish(TCP), judged) == (
        "Not known - throughput (mean): every pair reaches 5.00 Gbit/s (625.00 MB/s). Of 2 pairs of nodes in the "
        "same zone, 1 held, 0 broke it and 1 could not be decided, such as node-1 -> node-2: 5.00 Gbit/s, by 3 repeats "
        "the true value is between 4.80 Gbit/s and 5.10 Gbit/s, and the limit 5.00 Gbit/s as well."
    )


def test_a_sum_is_claimed_of_all_pairs_together() -> None:
    total = PairValue(subject="total", standing=PairState.HOLDS, limit=Rate(5e9), value=Rate(6e9))
    judged = leaf("throughput >= 5 Gbit/s in total", State.PASS, total, achieved=Rate(6e9))
    assert said(wish(TCP), judged).startswith(
        "All pairs of nodes in the same zone together carried at least 6.00 Gbit/s"
    )


def test_a_nodes_sum_says_which_way_it_is_summed() -> None:
    node = PairValue(subject="node-1", standing=PairState.HOLDS, limit=Rate(5e9), value=Rate(6e9))
    judged = leaf("throughput >= 5 Gbit/s per node", State.PASS, node, achieved=Rate(6e9))
    assert "it sends in" in said(wish(TCP), judged)
    assert "it receives in" in said(wish(TCP, pairing="incast"), judged)


@pytest.mark.parametrize("state", [State.FAIL, State.INCONCLUSIVE])
@pytest.mark.parametrize("language", ["en", "ko"])
def test_nothing_measured_is_never_worded_as_met(state: State, language: Language) -> None:
    nothing = PairValue(
        subject=(A, B), standing=PairState.UNDECIDED, limit=None, reasons=(Reason("verdict.not-measured"),)
    )
    text = said(wish(TCP), leaf("throughput >= 5 Gbit/s", state, nothing), language)
    assert text.startswith(("Not met", "Not known", "처리량(평균) 기준"))
    assert "carried" not in text
    assert "이상이었습니다" not in text


def test_a_rate_that_is_a_share_of_the_link_is_worded_as_one() -> None:
    assert "UDP at 20 % of the link's rate" in Phrases("en").conditions(wish(UDP, rate="20 % of link"))
