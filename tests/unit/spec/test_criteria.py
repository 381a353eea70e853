"""The criterion grammar: what it reads, and how it refuses the rest."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearway.base.errors import ClearwayError
from clearway.base.units import Count, Duration, Quantity, Rate, Ratio
from clearway.probe.metrics import METRICS
from clearway.spec.criteria import (
    GOOD_SIDE,
    SUMMABLE,
    LinkShare,
    Over,
    Relation,
    limit_examples,
    parse_criterion,
)


def refusal(text: str) -> ClearwayError:
    with pytest.raises(ClearwayError) as refused:
        parse_criterion(text)
    return refused.value


@pytest.mark.parametrize(
    ("text", "statistic", "limit", "over", "share"),
    [
        ("throughput >= 5 Gbit/s", "mean", Rate(5e9), Over.PAIRS, 1.0),
        ("throughput min>=5Gbit/s for 90 % of pairs", "min", Rate(5e9), Over.PAIRS, 0.9),
        ("throughput >= 90 % of link", "mean", LinkShare(Ratio(0.9)), Over.PAIRS, 1.0),
        ("throughput >= 90 % of link for 99.5% of the pairs", "mean", LinkShare(Ratio(0.9)), Over.PAIRS, 0.995),
        ("throughput >= 40 Gbit/s in total", "mean", Rate(4e10), Over.TOTAL, 1.0),
        ("throughput >= 5 Gbit/s per node", "mean", Rate(5e9), Over.NODES, 1.0),
        ("latency p99.9 <= 10 ms", "p99.9", Duration(0.01), Over.PAIRS, 1.0),
        ("loss <= 0 %", "total", Ratio(0), Over.PAIRS, 1.0),
        ("errors <= 0 in total", "total", Count(0), Over.TOTAL, 1.0),
    ],
)
def test_criteria_as_people_write_them(
    text: str, statistic: str, limit: Quantity | LinkShare, over: Over, share: float
) -> None:
    criterion = parse_criterion(text)
    assert (criterion.statistic, criterion.limit, criterion.over, criterion.share.si) == (statistic, limit, over, share)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("fast", "criterion.syntax"),
        ("throughput >=", "criterion.syntax"),
        ("throughput mean min >= 5 Gbit/s", "criterion.syntax"),
        ("throughputs >= 5 Gbit/s", "criterion.unknown-metric"),
        ("throughput > 5 Gbit/s", "criterion.unknown-relation"),
        ("loss = 0 %", "criterion.unknown-relation"),
        ("jitter >= 1 ms", "criterion.wrong-way"),
        ("throughput <= 5 Gbit/s", "criterion.wrong-way"),
        ("jitter <= 1 ms", "criterion.statistic-needed"),
        ("loss p95 <= 1 %", "criterion.statistic-not-allowed"),
        ("latency p0 <= 1 ms", "criterion.statistic-not-allowed"),
        ("throughput p5 >= 5 Gbit/s", "criterion.percentile-of-higher"),
        ("throughput >= 5 ms", "criterion.wrong-unit"),
        ("latency p99 <= 10 %", "criterion.wrong-unit"),
        ("throughput >= 5G", "unit.ambiguous"),
        ("throughput >= plenty", "unit.not-a-rate"),
        ("throughput >= 5 Gbit/s for most pairs", "criterion.unknown-scope"),
        ("throughput >= 5 Gbit/s for 0 % of pairs", "criterion.share-out-of-range"),
        ("throughput >= 5 Gbit/s for 101 % of pairs", "criterion.share-out-of-range"),
        ("throughput >= 120 % of link", "criterion.link-share-out-of-range"),
        ("throughput >= 90 % of link in total", "criterion.link-share-in-total"),
        ("latency p99 <= 90 % of link", "criterion.link-share-needs-throughput"),
        ("latency p99 <= 10 ms in total", "criterion.not-summable"),
        ("loss <= 1 % per node", "criterion.not-summable"),
        ("throughput >= 0 bit/s", "criterion.always-holds"),
        ("loss <= 100 %", "criterion.always-holds"),
        ("latency p99 <= 0 ms", "criterion.never-holds"),
    ],
)
def test_what_makes_no_sense_is_refused(text: str, code: str) -> None:
    assert refusal(text).code == code


@pytest.mark.parametrize(
    ("text", "phrase"),
    [
        ("throughput p5 >= 5 Gbit/s", "throughput >= 5 Gbit/s for 95 % of pairs"),
        ("throughput p90 >= 5 Gbit/s", "throughput >= 5 Gbit/s for 90 % of pairs"),
        ("jitter >= 1 ms", "jitter p95 <= 1 ms"),
        ("throughput <= 5 Gbit/s for 90 % of pairs", "throughput >= 5 Gbit/s for 90 % of pairs"),
        ("loss = 0 %", "loss <= 0 %"),
    ],
)
def test_a_refusal_says_the_phrase_to_use_and_the_phrase_is_good(text: str, phrase: str) -> None:
    assert refusal(text).values["phrase"] == phrase
    assert parse_criterion(phrase).text == phrase


def test_a_metric_without_usual_statistic_offers_phrases_that_are_good() -> None:
    phrases = refusal("jitter <= 1 ms").values["phrases"]
    assert [parse_criterion(phrase).statistic for phrase in phrases] == ["p95", "p99"]


def test_a_misspelt_metric_is_recognised() -> None:
    assert refusal("thruput >= 5 Gbit/s").values["suggestion"] == "throughput"


@st.composite
def written(draw: st.DrawFn) -> str:
    metric = draw(st.sampled_from(sorted(METRICS.values(), key=lambda metric: metric.name)))
    statistic = draw(st.sampled_from(["p99" if name == "pNN" else name for name in metric.statistics]))
    overs = ["", " for 90 % of pairs", *([" in total", " per node"] if metric.name in SUMMABLE else [])]
    limit = draw(st.sampled_from(limit_examples(metric)))
    return f"{metric.name} {statistic} {GOOD_SIDE[metric.better]} {limit}{draw(st.sampled_from(overs))}"


@given(written())
def test_every_metric_can_be_asked_for_in_every_way_that_makes_sense(text: str) -> None:
    criterion = parse_criterion(text)
    assert criterion.text == text
    assert parse_criterion(criterion.text) == criterion


@given(st.one_of(st.text(), written().flatmap(lambda text: st.permutations(text.split()).map(" ".join))))
def test_any_text_is_read_or_refused_with_a_code(text: str) -> None:
    with contextlib.suppress(ClearwayError):
        assert parse_criterion(text).metric.name in METRICS


def test_the_limit_itself_is_on_the_good_side() -> None:
    at_least, at_most = parse_criterion("throughput >= 5 Gbit/s"), parse_criterion("loss <= 1 %")
    assert at_least.relation is Relation.AT_LEAST
    assert at_least.is_met(5e9, 5e9)
    assert not at_least.is_met(4.9e9, 5e9)
    assert at_most.is_met(0.01, 0.01)
    assert not at_most.is_met(0.011, 0.01)
