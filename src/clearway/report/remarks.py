"""What stands right below a verdict: what part of the network it is about, and what an acceptance must not hide."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from clearway.base.units import DOWN, UP, Rounding
from clearway.diagnose.attempts import DoubtfulAttempt
from clearway.ledger.record import Record
from clearway.pairing.table import PAIRINGS
from clearway.probe.records import Finding
from clearway.report.attempts import attempt_remarks
from clearway.report.document import Message, ScopePart
from clearway.report.phrases import Phrases, rounded
from clearway.report.wording import hint
from clearway.spec.criteria import Over, Relation
from clearway.spec.model import Test
from clearway.verdict.model import PairValue, RunVerdict, StandOut, State, TestVerdict, VerdictScope
from clearway.verdict.thresholds import ROADS
from clearway.verdict.tolerance import Tolerance, pairs_needed, tolerance

_HIDDEN = ("flows.", "kubernetes.beside-others")
"""Areas and codes of findings on what the figures of an accepted run hide."""
_CAUSE = "cause."
_NAMED = 3
"""Pairs that a first line names."""


def scope_part(scope: VerdictScope, state: State, phrases: Phrases, tests: Iterable[TestVerdict] = ()) -> ScopePart:
    """With its sentence; of a run, also how many roads each test is about where they differ."""
    said = [_about(scope, state, phrases)]
    if scope.shown:
        said.append(phrases.say("about.shown", roads=scope.shown))
    by_test = {test.name: test.scope.judged for test in tests}
    if set(by_test.values()) - {scope.judged}:
        said.append(phrases.say("about.by-test", tests=[f"{name} {judged}" for name, judged in by_test.items()]))
    known = {name: getattr(scope, name) for name in ("same_zone", "cross_zone", "nodes", "nodes_covered")}
    return ScopePart(**known, sentence=" ".join(said))


def _about(scope: VerdictScope, state: State, phrases: Phrases) -> str:
    values = {
        "subject": phrases.say("about.figures" if state is State.MEASURED else "about.verdict"),
        "judged": scope.judged,
        "total": scope.total,
        "nodes": scope.nodes,
        "covered": scope.nodes_covered,
    }
    if scope.judged == 0 and scope.nodes_covered:
        return phrases.say("about.inside", **values)
    same, cross = scope.same_zone, scope.cross_zone
    if not cross.total:
        return phrases.say("about.roads", **values)
    zones = {"same": same.judged, "all_same": same.total, "cross": cross.judged, "all_cross": cross.total}
    return phrases.say("about.roads-by-zone", **values, **zones)


def remarks(
    record: Record, verdict: RunVerdict, attempts: Iterable[DoubtfulAttempt], phrases: Phrases
) -> Iterator[Message]:
    """Of an accepted run; any other verdict has its reasons in its criteria, and their likely causes here."""
    if verdict.state is not State.PASS:
        yield from (said(finding, phrases) for finding in verdict.findings if finding.code.startswith(_CAUSE))
        return
    yield from (_standing_out(found, phrases) for found in verdict.stand_outs)
    yield from (said(finding, phrases) for finding in verdict.findings if finding.code.startswith(_HIDDEN))
    yield from _of_all_roads(record, verdict, phrases)
    yield from attempt_remarks(attempts, phrases)


def said(finding: Finding, phrases: Phrases) -> Message:
    values = {"subject": finding.subject, **finding.values}
    return Message(
        code=finding.code,
        values=finding.values,
        sentence=phrases.say(finding.code, **values),
        hint=hint(finding.code, values, phrases.language),
        severity=finding.severity,
        subject=finding.subject,
    )


def _standing_out(found: StandOut, phrases: Phrases) -> Message:
    criterion, side = found.criterion, "below" if found.criterion.relation is Relation.AT_LEAST else "above"
    named = [_named(pair, found, phrases) for pair in found.pairs[:_NAMED]]
    if (more := len(found.pairs) - _NAMED) > 0:
        named = [phrases.say("report.and-more", shown=named, more=more)]
    values = {
        "test": found.test,
        "measure": phrases.measure(criterion.metric, criterion.statistic),
        "count": len(found.pairs),
        "pairs": found.of,
        "limit": str(criterion.limit),
        "named": tuple(named),
        "median": None if found.median is None else rounded(criterion.metric.name, found.median),
    }
    code = "remark.breaking" if found.breaking else f"remark.far-{side}"
    return Message(code=code, values=values, sentence=phrases.say(code, **values))


def _named(pair: PairValue, found: StandOut, phrases: Phrases) -> str:
    """The pair with its value, or with the reason why it has none."""
    if pair.value is not None:
        standing = rounded(found.criterion.metric.name, pair.value)
    else:
        standing = ", ".join(phrases.because(reason) for reason in pair.reasons)
    return phrases.say("pair.line", subject=phrases.subject(pair.subject), standing=standing)


def _of_all_roads(record: Record, verdict: RunVerdict, phrases: Phrases) -> Iterator[Message]:
    """The weakest of the statements that the criteria support.

    None where all roads were measured, or where the network has fewer than such a statement needs.
    """
    tests = {test.name: test for test in record.spec.tests}
    found = [
        (tolerance(criterion), tests[judged.name])
        for judged in verdict.tests
        for criterion in judged.criteria
        if criterion.criterion.over is Over.PAIRS and _is_sample(tests[judged.name], judged)
    ]
    if found:
        yield _stated(*min(found, key=lambda one: one[0].confidence), phrases)


def _is_sample(test: Test, judged: TestVerdict) -> bool:
    scope = judged.scope
    roads = {"same-zone": scope.same_zone.total, "cross-zone": scope.cross_zone.total, "same-node": 0}
    total = roads.get(test.scope, scope.total if test.judge_cross_zone else scope.same_zone.total)
    return PAIRINGS[test.pairing].drawn and scope.judged < total and pairs_needed(0, ROADS.value) < total


def _stated(found: Tolerance, test: Test, phrases: Phrases) -> Message:
    values = {
        "pairs": found.pairs,
        "missed": found.missed,
        "needed": found.needed,
        "share": found.share,
        "confidence": found.confidence.shown(Rounding(DOWN)).text,
        "kind": phrases.roads(test),
        "broken": found.broken.shown(Rounding(UP)).text,
        "times": found.times,
        "nodes": _bad_nodes(found, phrases),
    }
    code = "remark.all-roads" if found.is_sure else "remark.all-roads-unsure"
    return Message(code=code, values=values, sentence=phrases.say(code, **values))


def _bad_nodes(found: Tolerance, phrases: Phrases) -> str | None:
    if found.bad_nodes is None:
        return None
    return (
        phrases.say("remark.bad-nodes", count=found.bad_nodes) if found.bad_nodes else phrases.say("remark.no-bad-node")
    )
