"""From a record and its verdict to the document that all formats render."""

from __future__ import annotations

from collections.abc import Iterator

from clearway.ledger.record import Record
from clearway.probe.records import Finding, Reason
from clearway.report.chaos import chaos_findings, met_downtime
from clearway.report.claim import claim
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
from clearway.report.evidence import conditions, evidence_parts
from clearway.report.figures import PairFigures, Summary, pair_figures, summaries
from clearway.report.language import Language
from clearway.report.losses import loss_findings
from clearway.report.oom import memory_findings
from clearway.report.phrases import Phrases
from clearway.report.throttling import held_back
from clearway.report.wording import hint
from clearway.spec.criteria import Relation
from clearway.spec.model import Test
from clearway.verdict.model import Coverage, PairState, PairValue, State, Verdict


def compose(record: Record, verdict: Verdict, language: Language) -> ReportDocument:
    """Everything that a report of this run says, in `language`."""
    phrases = Phrases(language, record.spec.max_rate)
    tests = {test.name: test for test in record.spec.tests}
    manifest = record.manifest
    return ReportDocument(
        language=language,
        title=record.spec.name,
        run=manifest.run,
        version=manifest.version,
        started=manifest.started,
        site=manifest.site,
        state=verdict.state,
        word=phrases.say(f"verdict-word.{verdict.state.value}"),
        headline=_headline(verdict, phrases),
        tests=tuple(_test(record, tests[child.name], child, phrases) for child in verdict.children),
        coverage=_coverage(verdict.coverage, phrases),
        conditions=tuple(conditions(record, phrases)),
        evidence=tuple(evidence_parts(record, verdict, phrases)),
        findings=tuple(_said(finding, phrases) for finding in _findings(record, verdict)),
        notes=tuple(_notes(record, phrases)),
    )


def _headline(verdict: Verdict, phrases: Phrases) -> str:
    criteria = [leaf for test in verdict.children for leaf in test.children]
    return phrases.say(
        f"headline.{verdict.state.value}",
        criteria=len(criteria),
        failed=sum(leaf.state is State.FAIL for leaf in criteria),
        open=sum(leaf.state not in (State.PASS, State.FAIL) for leaf in criteria),
    )


def _test(record: Record, test: Test, judged: Verdict, phrases: Phrases) -> TestPart:
    figures = pair_figures(record, test)
    summary = tuple(_summary(found, phrases) for found in summaries(test, figures))
    criteria = tuple(_criterion(test, leaf, phrases) for leaf in judged.children)
    return TestPart(
        name=test.name,
        state=judged.state,
        word=phrases.say(f"state.{judged.state.value}"),
        protocol=test.protocol,
        engine=test.engine_name,
        conditions=phrases.conditions(test),
        claims=tuple(part.claim for part in criteria) or _unjudged(test, judged, summary, phrases),
        criteria=criteria,
        summary=summary,
        measured=tuple(_measured(pair) for pair in figures),
        reasons=tuple(_because(reason, phrases) for reason in judged.reasons),
        notes=tuple(_test_notes(record, test, summary, phrases)),
    )


def _unjudged(test: Test, judged: Verdict, summary: tuple[SummaryPart, ...], phrases: Phrases) -> tuple[str, ...]:
    """What may be said of a test that has no criteria."""
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
            p50=first.p50,
            worst=first.worst,
            worst_pair=first.worst_pair,
            conditions=phrases.conditions(test),
        ),
    )


def _criterion(test: Test, judged: Verdict, phrases: Phrases) -> CriterionPart:
    criterion = judged.criterion
    assert criterion is not None
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
        reasons=tuple(_because(reason, phrases) for reason in judged.reasons),
        pairs=tuple(_pair(pair, phrases) for pair in judged.pairs),
    )


def _both_ways(judged: Verdict, phrases: Phrases) -> str:
    criterion = judged.criterion
    assert criterion is not None
    found = phrases.say("criterion.not-known")
    if judged.achieved is not None:
        found = phrases.asked(criterion, judged.achieved)
    elif judged.state is State.FAIL:
        found = phrases.say("criterion.none" if criterion.relation is Relation.AT_LEAST else "criterion.no-bound")
    return phrases.say(
        "criterion.judged",
        measure=phrases.measure(criterion.metric, criterion.statistic),
        asked=phrases.asked(criterion, criterion.limit),
        found=found,
    )


def _counts(judged: Verdict, phrases: Phrases) -> str:
    return phrases.say(
        "criterion.counts",
        pairs=len(judged.pairs),
        holds=judged.count(PairState.HOLDS),
        breaks=judged.count(PairState.BREAKS),
        undecided=judged.count(PairState.UNDECIDED),
    )


def _pair(pair: PairValue, phrases: Phrases) -> PairPart:
    sender, receiver = (None, None) if isinstance(pair.subject, str) else map(str, pair.subject)
    return PairPart(
        subject=phrases.subject(pair.subject),
        sender=sender,
        receiver=receiver,
        standing=pair.standing,
        value=pair.value,
        low=pair.low,
        high=pair.high,
        limit=pair.limit,
        repeats=pair.repeats,
        reasons=tuple(_because(reason, phrases) for reason in pair.reasons),
        sentence=phrases.pair(pair),
    )


def _summary(found: Summary, phrases: Phrases) -> SummaryPart:
    return SummaryPart(
        metric=found.figure.metric.name,
        statistic=found.figure.statistic,
        label=phrases.measure(found.figure.metric, found.figure.statistic),
        across_zones=found.across_zones,
        pairs=found.pairs,
        mean=found.mean,
        p5=found.p5,
        p50=found.p50,
        p95=found.p95,
        worst=found.worst,
        worst_pair=phrases.subject(found.worst_pair),
    )


def _measured(figures: PairFigures) -> MeasuredPart:
    sender, receiver = figures.pair
    return MeasuredPart(
        sender=str(sender), receiver=str(receiver), across_zones=figures.across_zones, values=figures.values
    )


def _test_notes(record: Record, test: Test, summary: tuple[SummaryPart, ...], phrases: Phrases) -> Iterator[str]:
    if (held := held_back(record, test)) is not None:
        yield phrases.say("note.throttled", workers=held.workers, longest=held.longest, subject=held.node)
    if (met := met_downtime(record, test)) is not None:
        yield phrases.say("note.met-downtime", count=met.count, nodes=met.nodes, named=met.named)
    if test.scope == "any" and not test.judge_cross_zone and any(row.across_zones for row in summary):
        yield phrases.say("note.cross-zone")


def _coverage(coverage: Coverage | None, phrases: Phrases) -> CoveragePart | None:
    if coverage is None:
        return None
    values = {
        "pairs": coverage.pairs,
        "measured": coverage.measured,
        "nodes": coverage.nodes,
        "nodes_covered": coverage.nodes_covered,
        "uncovered": coverage.uncovered,
    }
    code = "coverage.gaps" if coverage.uncovered else "coverage.all"
    return CoveragePart(
        pairs=coverage.pairs,
        measured=coverage.measured,
        nodes=coverage.nodes,
        nodes_covered=coverage.nodes_covered,
        uncovered=coverage.uncovered,
        sentence=phrases.say(code, **values),
    )


def _findings(record: Record, verdict: Verdict) -> tuple[Finding, ...]:
    """What the plan says of this inventory, what the verdict found, what was done to nodes or seen there; each once."""
    found = [*record.findings, *_found(verdict)]
    found += [*chaos_findings(record), *memory_findings(record), *loss_findings(record)]
    return tuple(finding for index, finding in enumerate(found) if finding not in found[:index])


def _found(verdict: Verdict) -> Iterator[Finding]:
    yield from verdict.findings
    for child in verdict.children:
        yield from _found(child)


def _said(finding: Finding, phrases: Phrases) -> Message:
    values = {"subject": finding.subject, **finding.values}
    return Message(
        code=finding.code,
        values=finding.values,
        sentence=phrases.say(finding.code, **values),
        hint=hint(finding.code, values, phrases.language),
        severity=finding.severity,
        subject=finding.subject,
    )


def _because(reason: Reason, phrases: Phrases) -> Message:
    return Message(
        code=reason.code,
        values=reason.values,
        sentence=phrases.reason(reason),
        hint=hint(reason.code, reason.values, phrases.language),
    )


def _notes(record: Record, phrases: Phrases) -> Iterator[str]:
    if any(test.accept for test in record.spec.tests):
        yield phrases.say("note.road")
