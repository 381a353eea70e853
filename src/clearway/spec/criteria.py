"""A criterion: `<metric> [statistic] (<=|>=) <limit> [for NN % of pairs | in total | per node]`."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from clearway.base.errors import ClearwayError, UnitError
from clearway.base.quantity_text import (
    parse_count,
    parse_duration,
    parse_frequency,
    parse_rate,
    parse_ratio,
    parse_size,
)
from clearway.base.units import Count, Duration, Frequency, Quantity, Rate, Ratio, Size
from clearway.probe.distribution import PERCENTILE, percent
from clearway.probe.metrics import METRICS, Better, Metric


class Relation(StrEnum):
    AT_LEAST = ">="
    AT_MOST = "<="


class Over(StrEnum):
    """What a criterion is asked of."""

    PAIRS = "pairs"
    """A share of the pairs; every pair when the share is 100 %."""
    TOTAL = "total"
    """One value: the sum over all pairs at once."""
    NODES = "nodes"
    """One value for each node: the sum over the pairs in which it sends, or receives, as the pairing says."""


@dataclass(frozen=True, slots=True)
class LinkShare:
    """A limit or a rate that is a share of a link's rate."""

    share: Ratio

    def __str__(self) -> str:
        return f"{self.share} of link"


@dataclass(frozen=True, slots=True)
class Criterion:
    metric: Metric
    statistic: str
    relation: Relation
    limit: Quantity | LinkShare
    over: Over
    share: Ratio
    """Share of pairs that have to hold; 100 % for every pair and for `in total` and `per node`."""
    text: str
    """As it was written."""

    def is_met(self, value: float, limit: float) -> bool:
        """Whether one number, in the metric's SI unit, is on the good side; the limit itself is."""
        return value >= limit if self.relation is Relation.AT_LEAST else value <= limit


EVERY = Ratio(1.0)
"""The share of pairs that a criterion without one means."""
SUMMABLE = tuple(metric.name for metric in METRICS.values() if metric.summable)
GOOD_SIDE: Mapping[Better, Relation] = {Better.HIGHER: Relation.AT_LEAST, Better.LOWER: Relation.AT_MOST}


def parse_criterion(text: str) -> Criterion:
    """Read one `accept:` line. Raises ClearwayError or UnitError with the first thing that is wrong."""
    match = _LINE.fullmatch(text)
    if match is None:
        raise ClearwayError("criterion.syntax", text=text)
    parts = _Parts(**match.groupdict())
    metric = METRICS.get(parts.metric)
    if metric is None:
        raise _unknown_metric(parts.metric)
    relation = _relation(metric, parts)
    statistic = _statistic(metric, parts)
    over, share = _over(metric, parts.over)
    limit = _limit(metric, parts.limit, over)
    return Criterion(metric, statistic, relation, limit, over, share, " ".join(text.split()))


def parse_link_share(text: str) -> LinkShare:
    """Read `90 % of link`; the share is more than 0 and at most 100 %. Raises ClearwayError or UnitError."""
    share = parse_ratio(re.sub(r"\s*of\s+link\s*$", "", text))
    if not 0 < share.si <= 1:
        raise ClearwayError("criterion.link-share-out-of-range", text=text.strip())
    return LinkShare(share)


@dataclass(frozen=True, slots=True)
class _Parts:
    metric: str
    statistic: str | None
    relation: str
    limit: str
    over: str | None

    def phrase(self, **changes: str) -> str:
        """The line again with some of its parts changed: a criterion to use instead."""
        known = {"metric": self.metric, "statistic": self.statistic, "relation": self.relation, "limit": self.limit}
        return " ".join(part for part in {**known, "over": self.over, **changes}.values() if part)


_LINE = re.compile(
    r"\s*(?P<metric>[^\s<>=≤≥!]+)(?:\s+(?P<statistic>[^\s<>=≤≥!]+))?\s*(?P<relation>[<>=≤≥!]++)\s*"
    r"(?P<limit>\S.*?)(?:\s+(?P<over>for\s.*|in\s+total|per\s+node))?\s*"
)
_SHARE = re.compile(r"for\s+(?P<share>.+?)\s+of\s+(?:the\s+)?pairs")


def _unknown_metric(name: str) -> ClearwayError:
    close = difflib.get_close_matches(name, METRICS, n=1)
    return ClearwayError(
        "criterion.unknown-metric", metric=name, suggestion=close[0] if close else None, allowed=tuple(METRICS)
    )


def _relation(metric: Metric, parts: _Parts) -> Relation:
    good = GOOD_SIDE[metric.better]
    if parts.relation == good:
        return good
    known = parts.relation in tuple(Relation)
    code = "criterion.wrong-way" if known else "criterion.unknown-relation"
    statistic = parts.statistic or ("" if metric.default else "p95")
    phrase = parts.phrase(statistic=statistic, relation=good)
    raise ClearwayError(code, metric=metric.name, relation=parts.relation, better=metric.better.value, phrase=phrase)


def _statistic(metric: Metric, parts: _Parts) -> str:
    name = parts.statistic or metric.default
    if name is None:
        phrases = (parts.phrase(statistic=example) for example in ("p95", "p99"))
        raise ClearwayError(
            "criterion.statistic-needed", metric=metric.name, allowed=metric.statistics, phrases=tuple(phrases)
        )
    if metric.allows(name) and name != "p0":
        return name
    if metric.better is Better.HIGHER and PERCENTILE.fullmatch(name):
        # A low percentile that has to reach a limit means: nearly all pairs reach it. Who writes p90 means the same.
        share = f"for {max(percent(name), 100 - percent(name)):g} % of pairs"
        phrase = parts.phrase(statistic="", over=share)
        raise ClearwayError("criterion.percentile-of-higher", metric=metric.name, statistic=name, phrase=phrase)
    raise ClearwayError(
        "criterion.statistic-not-allowed", metric=metric.name, statistic=name, allowed=metric.statistics
    )


def _over(metric: Metric, text: str | None) -> tuple[Over, Ratio]:
    if text is None:
        return Over.PAIRS, EVERY
    if text.startswith("for"):
        return Over.PAIRS, _share(text)
    if not metric.summable:
        raise ClearwayError("criterion.not-summable", metric=metric.name, over=text, allowed=SUMMABLE)
    return (Over.TOTAL if text.startswith("in") else Over.NODES), EVERY


def _share(text: str) -> Ratio:
    match = _SHARE.fullmatch(text)
    if match is None:
        raise ClearwayError("criterion.unknown-scope", text=text)
    share = parse_ratio(match["share"])
    if not 0 < share.si <= 1:
        raise ClearwayError("criterion.share-out-of-range", text=text)
    return share


_LIMITS: Mapping[type[Quantity], Callable[[str], Quantity]] = {
    Rate: parse_rate,
    Frequency: parse_frequency,
    Ratio: parse_ratio,
    Duration: parse_duration,
    Count: parse_count,
    Size: parse_size,
}
_LIMIT_EXAMPLES: Mapping[type[Quantity], tuple[str, ...]] = {
    Rate: ("5 Gbit/s", "625 MB/s"),
    Frequency: ("1000/s", "20 k/s"),
    Ratio: ("0.1 %",),
    Duration: ("10 ms", "500 us"),
    Count: ("0", "100"),
    Size: ("1450 B",),
}


def limit_examples(metric: Metric) -> tuple[str, ...]:
    """Limits that a criterion may have; 0 only where less is better."""
    return tuple(text for text in _LIMIT_EXAMPLES[metric.unit] if text != "0" or metric.better is Better.LOWER)


def _limit(metric: Metric, text: str, over: Over) -> Quantity | LinkShare:
    """A limit that everything or nothing can meet is a mistake too."""
    if re.search(r"\bof\s+link$", text):
        return _link_limit(metric, text, over)
    try:
        limit = _LIMITS[metric.unit](text)
    except UnitError as error:
        raise _wrong_unit(metric, text, error) from None
    always = limit.si <= 0 if metric.better is Better.HIGHER else metric.unit is Ratio and limit.si >= 1
    if always:
        raise ClearwayError("criterion.always-holds", metric=metric.name, limit=text)
    if metric.unit is Duration and limit.si <= 0:
        raise ClearwayError("criterion.never-holds", metric=metric.name, limit=text)
    return limit


def _link_limit(metric: Metric, text: str, over: Over) -> LinkShare:
    if metric.unit is not Rate:
        raise ClearwayError("criterion.link-share-needs-throughput", metric=metric.name, limit=text)
    if over is Over.TOTAL:
        raise ClearwayError("criterion.link-share-in-total", metric=metric.name, limit=text)
    return parse_link_share(text)


def _wrong_unit(metric: Metric, text: str, error: UnitError) -> ClearwayError:
    """The unit's own refusal, or, where another kind of quantity was written, which kind is meant."""
    others = [parse for unit, parse in _LIMITS.items() if unit is not metric.unit]
    if error.code == "unit.ambiguous" or not any(_reads(parse, text) for parse in others):
        return error
    examples = limit_examples(metric)
    return ClearwayError("criterion.wrong-unit", metric=metric.name, limit=text, allowed=examples)


def _reads(parse: Callable[[str], Quantity], text: str) -> bool:
    try:
        parse(text)
    except UnitError:
        return False
    return True


__all__ = [
    "METRICS",
    "Criterion",
    "LinkShare",
    "Over",
    "Relation",
    "parse_criterion",
    "parse_link_share",
]
