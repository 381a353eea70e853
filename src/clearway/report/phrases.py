"""Parts of sentences that several reports need: names of metrics, values, pairs and conditions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from clearway.base.quantity_text import apart
from clearway.base.units import DOWN, UP, USUAL, Count, Frequency, Quantity, Rate, Ratio, Rounding
from clearway.pairing.table import PAIRINGS
from clearway.probe.distribution import PERCENTILE
from clearway.probe.metrics import METRICS, Better, Metric
from clearway.probe.records import Finding, Pair, Reason
from clearway.probe.wire import FINDING
from clearway.report.wording import Wording, knows
from clearway.spec.criteria import Criterion, LinkShare, Over, Relation
from clearway.spec.model import Test
from clearway.verdict.model import PairValue


@dataclass(frozen=True, slots=True)
class Phrases(Wording):
    """The vocabulary of one language, for one run."""

    max_rate: Rate | None = None
    """The run's `max-rate`, a condition of every figure."""

    def because(self, reason: Reason) -> str:
        """A reason of a pair; a value that is far from its limit by little is said with digits enough to see it."""
        worse = _WORSE_OF.get(reason.code)
        value, limit = reason.values.get("value"), reason.values.get("limit")
        if worse is None or not isinstance(value, Quantity) or not isinstance(limit, Quantity):
            return self.reason(reason)
        by = type(value)(abs(value.si - limit.si))
        if isinstance(value, Ratio) and limit.si and value.si >= 2 * limit.si:
            times = Count(value.si / limit.si).shown(Rounding(worse)).text
            return self.say("verdict.times-limit", times=times, limit=apart(value, limit, worse)[1])
        gap = self._points(by) if isinstance(by, Ratio) else by.shown(Rounding(UP)).text
        return self.say(reason.code, by=gap, limit=apart(value, limit, worse)[1])

    def _points(self, gap: Ratio) -> str:
        """A difference of shares: `0.05 percentage points`."""
        return self.say("value.points", number=Count(gap.si * 100).shown(Rounding(UP)).text)

    def value(self, value: Quantity | LinkShare) -> str:
        """A value alone; a rate also in bytes."""
        return self.say("value.of-link", share=value.share) if isinstance(value, LinkShare) else self._whole(value)

    def _whole(self, value: Quantity, rounding: Rounding = USUAL, text: str | None = None) -> str:
        shown = text or value.shown(rounding).text
        if isinstance(value, Rate):
            return self.say("value.rate", bits=shown, bytes=value.in_bytes(rounding))
        return shown

    def beside_limit(self, criterion: Criterion, value: Quantity) -> tuple[str, str]:
        """A value that was found, and the limit of `criterion`, as they stand in one sentence."""
        worse = worse_side(criterion)
        if isinstance(criterion.limit, LinkShare):
            return self._whole(value, Rounding(worse)), self.value(criterion.limit)
        found, limit = apart(value, criterion.limit, worse)
        return self._whole(value, Rounding(worse), found), self._whole(criterion.limit, text=limit)

    def measure(self, metric: Metric, statistic: str) -> str:
        """A metric with its statistic: `latency (p99)`; a total needs no statistic."""
        name = self.say(f"metric.{metric.name}")
        if statistic == "total":
            return name
        word = statistic if PERCENTILE.fullmatch(statistic) else self.say(f"statistic.{statistic}")
        return self.say("metric.with-statistic", metric=name, statistic=word)

    def subject(self, subject: Pair | str) -> str:
        """`node-3 -> node-1`, a node, or all pairs together."""
        if isinstance(subject, str):
            return self.say("pair.total") if subject == "total" else subject
        return self.say("pair.arrow", sender=subject[0].label, receiver=subject[1].label)

    def asked(self, criterion: Criterion, value: str) -> str:
        """The criterion as a statement about `value`: what is asked of it, or what was found."""
        if criterion.over is Over.PAIRS:
            over = "every" if criterion.share.si >= 1 else "share"
        else:
            over = criterion.over.value
        side = "at-least" if criterion.relation is Relation.AT_LEAST else "at-most"
        return self.say(f"criterion.{over}-{side}", share=criterion.share, value=value)

    def claimed(self, criterion: Criterion, value: Quantity) -> str:
        """What the subject of a claim did: `carried at least 5.2 Gbit/s`."""
        percentile = PERCENTILE.fullmatch(criterion.statistic)
        side = "at-least" if criterion.relation is Relation.AT_LEAST else "at-most"
        own = f"claimed.{criterion.metric.name}-{'percentile' if percentile else criterion.statistic}-{side}"
        code = own if knows(own, self.language) else f"claimed.{side}"
        if value.si == 0 and knows(f"{own}-none", self.language):
            code = f"{own}-none"
        return self.say(
            code,
            value=self.beside_limit(criterion, value)[0],
            metric=self.measure(criterion.metric, criterion.statistic),
            percent=percentile.group(1) if percentile else None,
        )

    def pair(self, pair: PairValue, criterion: Criterion) -> str:
        """One pair and how it stands: `node-3 -> node-1: 0.10 Gbit/s, 0.40 Gbit/s below the limit ...`."""
        said = [self.because(reason) for reason in pair.reasons]
        if pair.value is not None:
            said = [self._value(pair, worse_side(criterion)), *said]
        return self.say(
            "pair.line",
            subject=self.subject(pair.subject),
            standing=", ".join(dict.fromkeys(said)) or self.say("pair.unmeasured"),
        )

    def _value(self, pair: PairValue, worse: str) -> str:
        """The value of a pair, with digits enough to see on which side of the limit it lies."""
        assert pair.value is not None
        return pair.value.shown(Rounding(worse)).text if pair.limit is None else apart(pair.value, pair.limit, worse)[0]

    def roads(self, test: Test) -> str:
        """Where the pairs lie that a test judges: `of nodes in the same zone`."""
        return self.say(f"scope.{'same-zone' if test.scope == 'any' and not test.judge_cross_zone else test.scope}")

    def finding_data(self, finding: Finding) -> dict[str, Any]:
        """A finding as JSON, with its sentence."""
        return {
            **FINDING.encode(finding),
            "sentence": self.say(finding.code, subject=finding.subject, **finding.values),
        }

    def conditions(self, test: Test) -> str:
        """Under which conditions the figures of this test hold."""
        coded = [*_conditions(test)]
        if self.max_rate is not None:
            coded.append(("condition.max-rate", {"rate": self.max_rate}))
        said = []
        for code, values in coded:
            shown = {name: self.value(one) if isinstance(one, LinkShare) else one for name, one in values.items()}
            said.append(self.say(code, **shown))
        return ", ".join(said)


def rounded(metric: str, value: Quantity) -> str:
    """A figure of a metric, rounded to its worse side."""
    return value.shown(Rounding(DOWN if METRICS[metric].better is Better.HIGHER else UP)).text


def worse_side(criterion: Criterion) -> str:
    """The side that a value found is rounded to."""
    return DOWN if criterion.relation is Relation.AT_LEAST else UP


_WORSE_OF = {"verdict.below-limit": DOWN, "verdict.above-limit": UP}
"""The side on which a value lies, by the reason that says how far it is from its limit."""
_CodedCondition = tuple[str, Mapping[str, Any]]


def _conditions(test: Test) -> Iterator[_CodedCondition]:
    pairing = PAIRINGS[test.pairing]
    yield f"condition.{test.direction if pairing.directed else test.pairing}", {}
    yield _LOADS[test.protocol](test)
    if test.search is not None:
        yield "condition.search", {"most": test.search.loss, "step": test.search.step}
    if test.background is not None:
        yield "condition.background", {"streams": test.background.streams}
    if test.against_idle:
        yield "condition.against-idle", {}
    if test.when != "whole":
        yield f"condition.{test.when}", {}
    if test.path is not None:
        yield f"condition.path-{test.path}", {}
    if test.family is not None:
        yield f"condition.{test.family}", {}
    yield "condition.isolated" if test.isolated else pairing.at_once, {}
    yield "condition.time", {"duration": test.duration, "warm_up": test.warm_up}


_LOADS: Mapping[str, Callable[[Test], _CodedCondition]] = {
    "tcp": lambda test: ("condition.tcp", {"streams": test.streams}),
    "udp": lambda test: ("condition.udp", {"rate": test.rate, "flows": test.flows}),
    "http": lambda test: (
        "condition.http-rate" if isinstance(test.rate, Frequency) else "condition.http-closed",
        {"connections": test.connections, "body": test.body, "rate": test.rate},
    ),
    "round-trip": lambda test: (
        "condition.round-trip",
        {"message": test.message, "transport": test.transport.upper()},
    ),
}
