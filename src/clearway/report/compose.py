"""From a record and its verdict to the document that all formats render."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from clearway.diagnose.attempts import doubtful_attempts
from clearway.diagnose.figures import Summary, figures_by_test, summaries
from clearway.diagnose.ladders import ladders
from clearway.ledger.files import SPEC
from clearway.ledger.record import Record
from clearway.probe.observations import RUN_FINISHED
from clearway.probe.records import Reason
from clearway.report.attempts import attempt_parts
from clearway.report.claims import claim
from clearway.report.conditions import conditions
from clearway.report.details import curve_parts, node_parts, percentile_parts
from clearway.report.document import (
    CoveragePart,
    CriterionPart,
    MeasuredPart,
    Message,
    PairPart,
    ReportDocument,
    SummaryPart,
    TestPart,
)
from clearway.report.evidence import evidence_parts
from clearway.report.ladders import ladder_parts
from clearway.report.phrases import Phrases, rounded
from clearway.report.remarks import remarks, said, scope_part
from clearway.report.suspects import suspect_parts
from clearway.report.wording import Language, hint
from clearway.spec.criteria import Criterion, Relation
from clearway.spec.model import Spec, Test
from clearway.verdict.model import Coverage, CriterionVerdict, PairState, PairValue, RunVerdict, State, TestVerdict


def compose(record: Record, verdict: RunVerdict, language: Language) -> ReportDocument:
    """Everything that a report of this run says, in `language`."""
    phrases = Phrases(language, record.spec.max_rate)
    tests = {test.name: test for test in record.spec.tests}
    manifest, attempts = record.manifest, doubtful_attempts(record)
    return ReportDocument(
        language=language,
        title=record.spec.name,
        run=manifest.run,
        version=manifest.version,
        started=manifest.started,
        ended=max((seen.at for seen in record.observed(RUN_FINISHED)), default=None),
        site=manifest.site,
        state=verdict.state,
        word=phrases.say(f"verdict-word.{verdict.state.value}"),
        headline=_headline(record.spec, verdict, phrases),
        suspects=tuple(suspect_parts(verdict.suspects, phrases)),
        scope=scope_part(verdict.scope, verdict.state, phrases, verdict.tests),
        remarks=tuple(remarks(record, verdict, attempts, phrases)),
        tests=tuple(_test(record, tests[judged.name], judged, phrases) for judged in verdict.tests),
        ladders=tuple(ladder_parts(ladders(record), phrases)),
        coverage=_coverage(verdict.coverage, phrases),
        conditions=tuple(conditions(record, phrases)),
        attempts=tuple(attempt_parts(record.spec, attempts, phrases)),
        evidence=tuple(evidence_parts(record, verdict, phrases)),
        findings=tuple(said(finding, phrases) for finding in verdict.findings),
        notes=(phrases.say("note.road"),) if any(test.accept for test in record.spec.tests) else (),
        nodes=tuple(node_parts(record)),
        curves=tuple(curve_parts(record)),
        percentiles=tuple(percentile_parts(record)),
        spec_digest=(manifest.digests or {}).get(SPEC),
    )


def _headline(spec: Spec, verdict: RunVerdict, phrases: Phrases) -> str:
    """A criterion of a test without judged pairs is one that could not be decided."""
    states = [one.state for one in verdict.criteria]
    asked, failed = sum(len(test.accept) for test in spec.tests), states.count(State.FAIL)
    left = asked - failed - states.count(State.PASS)
    values = {"criteria": asked, "failed": failed, "open": left}
    for breaking, code in ((True, "headline.pass-breaking"), (False, "headline.pass-far")):
        if pairs := {
            pair.subject for found in verdict.stand_outs if found.breaking is breaking for pair in found.pairs
        }:
            return phrases.say(code, **values, pairs=len(pairs))
    return phrases.say(f"headline.{verdict.state.value}", **values)


def _test(record: Record, test: Test, judged: TestVerdict, phrases: Phrases) -> TestPart:
    figures = record.derived(figures_by_test)[test.name]
    summary = tuple(_summary(found, phrases) for found in summaries(test, figures))
    criteria = tuple(_criterion(test, one, phrases) for one in judged.criteria)
    return TestPart(
        name=test.name,
        state=judged.state,
        word=phrases.say(f"state.{judged.state.value}"),
        protocol=test.protocol,
        engine=test.engine_name,
        conditions=phrases.conditions(test),
        under_load=test.background is not None,
        scope=scope_part(judged.scope, judged.state, phrases),
        claims=tuple(part.claim for part in criteria) or _unjudged(test, judged, summary, phrases),
        criteria=criteria,
        summary=summary,
        measured=tuple(MeasuredPart(str(f.pair[0]), str(f.pair[1]), f.across_zones, f.values) for f in figures),
        reasons=tuple(_because(reason, phrases) for reason in judged.reasons),
        notes=tuple(_test_notes(test, judged, summary, phrases)),
    )


def _unjudged(test: Test, judged: TestVerdict, summary: tuple[SummaryPart, ...], phrases: Phrases) -> tuple[str, ...]:
    """The claims of a test without criteria."""
    if not summary:
        why = "; ".join(phrases.reason(reason) for reason in judged.reasons)
        return (phrases.say("claim.none", test=test.name, why=why or phrases.say("claim.nothing-measured")),)
    first = summary[0]
    return (
        phrases.say(
            "claim.measured",
            test=test.name,
            measure=first.label,
            pairs=first.pairs,
            p50=rounded(first.metric, first.p50),
            worst=rounded(first.metric, first.worst),
            worst_pair=first.worst_pair,
            conditions=phrases.conditions(test),
        ),
    )


def _criterion(test: Test, judged: CriterionVerdict, phrases: Phrases) -> CriterionPart:
    criterion = judged.criterion
    return CriterionPart(
        text=criterion.text,
        state=judged.state,
        word=phrases.say(f"state.{judged.state.value}"),
        metric=criterion.metric.name,
        statistic=criterion.statistic,
        relation=criterion.relation.value,
        limit=str(criterion.limit),
        over=criterion.over.value,
        asked_share=criterion.share,
        share=judged.share,
        achieved=judged.achieved,
        sentence=_both_ways(judged, phrases),
        claim=claim(test, judged, phrases),
        counts=_counts(judged, phrases),
        reasons=(),
        pairs=tuple(_pair(pair, criterion, phrases) for pair in judged.pairs),
    )


def _both_ways(judged: CriterionVerdict, phrases: Phrases) -> str:
    criterion = judged.criterion
    found, limit = phrases.say("criterion.not-known"), phrases.value(criterion.limit)
    if judged.achieved is not None:
        value, limit = phrases.beside_limit(criterion, judged.achieved)
        found = phrases.asked(criterion, value)
    elif judged.state is State.FAIL:
        found = phrases.say("criterion.none" if criterion.relation is Relation.AT_LEAST else "criterion.no-bound")
    return phrases.say(
        "criterion.judged",
        measure=phrases.measure(criterion.metric, criterion.statistic),
        asked=phrases.asked(criterion, limit),
        found=found,
    )


def _counts(judged: CriterionVerdict, phrases: Phrases) -> str:
    return phrases.say(
        "criterion.counts",
        pairs=len(judged.pairs),
        holds=judged.count(PairState.HOLDS),
        breaks=judged.count(PairState.BREAKS),
        undecided=judged.count(PairState.UNDECIDED),
    )


def _pair(pair: PairValue, criterion: Criterion, phrases: Phrases) -> PairPart:
    sender, receiver = (None, None) if isinstance(pair.subject, str) else map(str, pair.subject)
    return PairPart(
        subject=phrases.subject(pair.subject),
        sender=sender,
        receiver=receiver,
        reasons=tuple(_because(reason, phrases) for reason in pair.reasons),
        sentence=phrases.pair(pair, criterion),
        **_same(pair, "standing", "value", "low", "high", "limit", "repeats"),
    )


def _summary(found: Summary, phrases: Phrases) -> SummaryPart:
    return SummaryPart(
        metric=found.figure.metric.name,
        statistic=found.figure.statistic,
        label=phrases.measure(found.figure.metric, found.figure.statistic),
        worst_pair=phrases.subject(found.worst_pair),
        **_same(found, "across_zones", "pairs", "mean", "p5", "p50", "p95", "worst"),
    )


def _same(record: object, *names: str) -> dict[str, Any]:
    """Fields that a part takes as they are."""
    return {name: getattr(record, name) for name in names}


def _test_notes(test: Test, judged: TestVerdict, summary: tuple[SummaryPart, ...], phrases: Phrases) -> Iterator[str]:
    yield from (phrases.reason(note) for note in judged.notes)
    judged_too = test.scope == "cross-zone" or test.judge_cross_zone
    if not judged_too and any(row.across_zones for row in summary):
        yield phrases.say("note.cross-zone")


def _coverage(coverage: Coverage, phrases: Phrases) -> CoveragePart:
    code = "coverage.gaps" if coverage.uncovered else "coverage.all"
    values = asdict(coverage)
    return CoveragePart(**values, sentence=phrases.say(code if coverage.pairs else "coverage.none", **values))


def _because(reason: Reason, phrases: Phrases) -> Message:
    return Message(
        code=reason.code,
        values=reason.values,
        sentence=phrases.because(reason),
        hint=hint(reason.code, reason.values, phrases.language),
    )
