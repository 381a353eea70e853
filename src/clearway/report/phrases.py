"""Parts of sentences that several reports need: names of metrics, values, pairs and conditions; and the claim on one
criterion, which is made of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from clearway.base.units import Frequency, Quantity, Rate
from clearway.pairing.table import PAIRINGS
from clearway.probe.metrics import PERCENTILE, Metric
from clearway.probe.records import Finding, Pair, Reason
from clearway.probe.wire import FINDING
from clearway.report.wording import Language, knows, sentence
from clearway.spec.criteria import Criterion, LinkShare, Over, Relation
from clearway.spec.model import Test
from clearway.verdict.model import CriterionVerdict, PairState, PairValue, State

_UNTRIED = {"verdict.repeats-missing", "verdict.not-measured"}
"""Reasons that only say that nothing was tried yet."""


@dataclass(frozen=True, slots=True)
class Phrases:
    """The vocabulary of one language, for one run."""

    language: Language
    max_rate: Rate | None = None
    """The run's `max-rate`, a condition of every figure."""

    def say(self, code: str, /, **values: Any) -> str:
        return sentence(code, values, self.language)

    def reason(self, reason: Reason) -> str:
        return sentence(reason.code, reason.values, self.language)

    def value(self, value: Quantity | LinkShare) -> str:
        """A value alone; a rate also in bytes."""
        if isinstance(value, LinkShare):
            return self.say("value.of-link", share=value.share)
        if isinstance(value, Rate):
            return self.say("value.rate", bits=value, bytes=value.in_bytes)
        return str(value)

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

    def asked(self, criterion: Criterion, value: Quantity | LinkShare) -> str:
        """The criterion as a statement about `value`: what is asked of it, or what was found."""
        if criterion.over is Over.PAIRS:
            over = "every" if criterion.share.si >= 1 else "share"
        else:
            over = criterion.over.value
        side = "at-least" if criterion.relation is Relation.AT_LEAST else "at-most"
        return self.say(f"criterion.{over}-{side}", share=criterion.share, value=self.value(value))

    def claimed(self, criterion: Criterion, value: Quantity | LinkShare) -> str:
        """What the subject of a claim did: `carried at least 5.2 Gbit/s`."""
        percentile = PERCENTILE.fullmatch(criterion.statistic)
        side = "at-least" if criterion.relation is Relation.AT_LEAST else "at-most"
        own = f"claimed.{criterion.metric.name}-{'percentile' if percentile else criterion.statistic}-{side}"
        code = own if knows(own, self.language) else f"claimed.{side}"
        if isinstance(value, Quantity) and value.si == 0 and knows(f"{own}-none", self.language):
            code = f"{own}-none"
        return self.say(
            code,
            value=self.value(value),
            metric=self.measure(criterion.metric, criterion.statistic),
            percent=percentile.group(1) if percentile else None,
        )

    def pair(self, pair: PairValue) -> str:
        """One pair and how it stands: `node-3 -> node-1: 0.10 Gbit/s, 0.40 Gbit/s below the limit ...`."""
        said = [self.reason(reason) for reason in pair.reasons]
        if pair.value is not None:
            known = {"value": pair.value, "low": pair.low, "high": pair.high}
            said = [str(pair.value) if pair.low == pair.high else self.say("pair.range", **known), *said]
        return self.say(
            "pair.line",
            subject=self.subject(pair.subject),
            standing=", ".join(dict.fromkeys(said)) or self.say("pair.unmeasured"),
        )

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


_CodedCondition = tuple[str, Mapping[str, Any]]


def _conditions(test: Test) -> Iterator[_CodedCondition]:
    pairing = PAIRINGS[test.pairing]
    yield f"condition.{test.direction if pairing.directed else test.pairing}", {}
    yield _LOADS[test.protocol](test)
    if test.background is not None:
        yield "condition.background", {"streams": test.background.streams}
    if test.when != "whole":
        yield f"condition.{test.when}", {}
    if test.family is not None:
        yield f"condition.{test.family}", {}
    yield "condition.isolated" if test.isolated else pairing.at_once, {}
    yield "condition.time", {"duration": test.duration, "warm_up": test.warm_up}


_LOADS: Mapping[str, Callable[[Test], _CodedCondition]] = {
    "tcp": lambda test: ("condition.tcp", {"streams": test.streams}),
    "udp": lambda test: ("condition.udp", {"rate": test.rate}),
    "http": lambda test: (
        "condition.http-rate" if isinstance(test.rate, Frequency) else "condition.http-closed",
        {"connections": test.connections, "body": test.body, "rate": test.rate},
    ),
    "round-trip": lambda test: (
        "condition.round-trip",
        {"message": test.message, "transport": test.transport.upper()},
    ),
}


def claim(test: Test, judged: CriterionVerdict, phrases: Phrases) -> str:
    """One sentence or two on one criterion of `test`, never saying more than was shown."""
    if judged.state is State.PASS:
        return _met(test, judged, phrases)
    if judged.state is State.FAIL:
        return _not_met(test, judged, phrases)
    return phrases.say(
        "claim.not-known",
        asked=_asked(judged, phrases),
        undecided=judged.count(PairState.UNDECIDED),
        pairs=len(judged.pairs),
        kind=_members(test, judged, phrases),
        why=_why(judged, phrases),
    )


def _met(test: Test, judged: CriterionVerdict, phrases: Phrases) -> str:
    criterion = judged.criterion
    return phrases.say(
        "claim.met",
        subject=_subject(test, judged, phrases),
        predicate=phrases.claimed(criterion, judged.achieved or criterion.limit),
        conditions=phrases.conditions(test),
        limit=_limit(judged, phrases),
    )


def _limit(judged: CriterionVerdict, phrases: Phrases) -> str:
    """The limit; a share of links that all have one rate also as that rate."""
    criterion = judged.criterion
    limits = {pair.limit for pair in judged.pairs}
    rate = limits.pop() if len(limits) == 1 else None
    if isinstance(criterion.limit, LinkShare) and rate is not None:
        return phrases.say("value.of-link-known", share=criterion.limit.share, rate=phrases.value(rate))
    return phrases.value(criterion.limit)


def _not_met(test: Test, judged: CriterionVerdict, phrases: Phrases) -> str:
    worst = next((pair for pair in judged.pairs if pair.standing is PairState.BREAKS), None)
    return phrases.say(
        "claim.not-met",
        asked=_asked(judged, phrases),
        breaks=judged.count(PairState.BREAKS),
        pairs=len(judged.pairs),
        kind=_members(test, judged, phrases),
        worst=phrases.pair(worst) if worst else _why(judged, phrases),
        conditions=phrases.conditions(test),
    )


def _asked(judged: CriterionVerdict, phrases: Phrases) -> str:
    criterion = judged.criterion
    return phrases.say(
        "claim.asked",
        measure=phrases.measure(criterion.metric, criterion.statistic),
        asked=phrases.asked(criterion, criterion.limit),
    )


def _why(judged: CriterionVerdict, phrases: Phrases) -> str:
    """An undecided pair, rather one that was tried."""
    undecided = [pair for pair in judged.pairs if pair.standing is PairState.UNDECIDED]
    tried = [pair for pair in undecided if not {reason.code for reason in pair.reasons} <= _UNTRIED]
    chosen = next(iter(tried or undecided), None)
    return phrases.pair(chosen) if chosen else phrases.say("claim.nothing-measured")


def _subject(test: Test, judged: CriterionVerdict, phrases: Phrases) -> str:
    criterion = judged.criterion
    members = len(judged.pairs)
    if criterion.over is Over.TOTAL:
        return phrases.say("claim.total", kind=_kind(test, 2, phrases))
    if criterion.over is Over.NODES:
        return phrases.say(PAIRINGS[test.pairing].node_claim, nodes=members, kind=_kind(test, 2, phrases))
    if criterion.share.si >= 1:
        return phrases.say("claim.every", pairs=members, kind=_kind(test, 1, phrases))
    return phrases.say("claim.share", share=criterion.share, pairs=members, kind=_kind(test, 2, phrases))


def _members(test: Test, judged: CriterionVerdict, phrases: Phrases) -> str:
    """What the criterion counts: pairs of a kind, nodes, or the one total."""
    criterion = judged.criterion
    if criterion.over is Over.PAIRS:
        return _kind(test, len(judged.pairs), phrases)
    return phrases.say(f"claim.members-{criterion.over.value}")


def _kind(test: Test, pairs: int, phrases: Phrases) -> str:
    """Which pairs: how they were chosen and where they lie. Cross-zone pairs only where they were judged."""
    scope = "same-zone" if test.scope == "any" and not test.judge_cross_zone else test.scope
    return phrases.say(
        "claim.kind", pairing=phrases.say(f"pairing.{test.pairing}", pairs=pairs), scope=phrases.say(f"scope.{scope}")
    )
