"""The verdict on a run: pairs stand, criteria count them, tests and the run fold.

With share s of N planned pairs: PASS if holds / N >= s; FAIL if (holds + undecided) / N < s; else
INCONCLUSIVE. What was not measured stays in N, undecided: nothing measured is never PASS.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence

from clearway.base.units import Count, Quantity, Ratio
from clearway.ledger.record import Record
from clearway.pairing.table import PAIRINGS
from clearway.probe.metrics import Better
from clearway.probe.records import Outcome, Pair, Reason
from clearway.spec.criteria import Criterion, LinkShare, Over, Relation
from clearway.spec.model import Test
from clearway.verdict.evidence import limit_for, outcome
from clearway.verdict.model import Coverage, PairState, PairValue, State, Verdict
from clearway.verdict.standing import Samples, collect_samples, decide, judge_pair
from clearway.verdict.trial_index import TrialIndex

_ROUNDING = 1e-9
"""A share written as 90 % is not exactly 0.9 in binary."""


def judge(record: Record) -> Verdict:
    """The verdict tree of a run, from its spec, plan and ledger alone; same record, same verdict."""
    index = TrialIndex(record)
    tests = tuple(_judge_test(index, test) for test in record.spec.tests)
    everything = {pair for test in record.spec.tests for pair in index.pairs(test.name)}
    return Verdict(
        name=record.spec.name,
        state=fold(test.state for test in tests),
        coverage=_coverage(index, {t.name: index.pairs(t.name) for t in record.spec.tests}, len(everything)),
        children=tests,
    )


def fold(states: Iterable[State]) -> State:
    """Any FAIL is FAIL, else any INCONCLUSIVE is INCONCLUSIVE; nothing but SKIPPED is INCONCLUSIVE."""
    left = {state for state in states if state is not State.SKIPPED}
    for state in (State.FAIL, State.INCONCLUSIVE, State.PASS, State.MEASURED):
        if state in left:
            return state
    return State.INCONCLUSIVE


def state_of(holds: int, undecided: int, total: int, share: float) -> State:
    """The rule for one criterion. Without pairs it is INCONCLUSIVE."""
    needed = share * total - _ROUNDING
    if total == 0:
        return State.INCONCLUSIVE
    if holds >= needed:
        return State.PASS
    return State.FAIL if holds + undecided < needed else State.INCONCLUSIVE


def _judge_test(index: TrialIndex, test: Test) -> Verdict:
    pairs = index.pairs(test.name)
    coverage = _coverage(index, {test.name: pairs}, len(pairs))
    if not pairs:
        return Verdict(
            name=test.name, state=State.INCONCLUSIVE, coverage=coverage, reasons=(Reason("verdict.no-pairs"),)
        )
    if not test.accept:
        return _measured_only(test, coverage)
    criteria = tuple(_judge_criterion(index, test, criterion, pairs) for criterion in test.accept)
    return Verdict(name=test.name, state=fold(child.state for child in criteria), coverage=coverage, children=criteria)


def _measured_only(test: Test, coverage: Coverage) -> Verdict:
    if coverage.measured == coverage.pairs:
        return Verdict(name=test.name, state=State.MEASURED, coverage=coverage)
    missing = Reason("verdict.pairs-missing", {"count": coverage.pairs - coverage.measured, "pairs": coverage.pairs})
    return Verdict(name=test.name, state=State.INCONCLUSIVE, coverage=coverage, reasons=(missing,))


def _judge_criterion(index: TrialIndex, test: Test, criterion: Criterion, pairs: Sequence[Pair]) -> Verdict:
    members = _members(index, test, criterion, pairs)
    holds = sum(member.standing is PairState.HOLDS for member in members)
    undecided = sum(member.standing is PairState.UNDECIDED for member in members)
    return Verdict(
        name=criterion.text,
        state=state_of(holds, undecided, len(members), criterion.share.si),
        criterion=criterion,
        pairs=tuple(sorted(members, key=lambda member: _worst_first(criterion, member))),
        achieved=_achieved(criterion, members),
        share=Ratio(holds / len(members)),
    )


def _members(index: TrialIndex, test: Test, criterion: Criterion, pairs: Sequence[Pair]) -> list[PairValue]:
    if criterion.over is Over.PAIRS:
        return [judge_pair(index, criterion, test.name, pair, test.repeats.min) for pair in pairs]
    groups: dict[str, list[Pair]] = defaultdict(list)
    for pair in pairs:
        groups[_group(test, criterion, pair)].append(pair)
    return [_of_group(index, test, criterion, name, members) for name, members in groups.items()]


def _group(test: Test, criterion: Criterion, pair: Pair) -> str:
    """What a pair is summed into: the run, or a node."""
    return "total" if criterion.over is Over.TOTAL else PAIRINGS[test.pairing].node_of(pair)


def _of_group(index: TrialIndex, test: Test, criterion: Criterion, name: str, pairs: Sequence[Pair]) -> PairValue:
    """One value a repeat: counts are summed over all rounds, rates over what ran at once (the worst round counts)."""
    readings = {pair: collect_samples(index, criterion, test.name, pair, test.repeats.min) for pair in pairs}
    unusable = [reason for reading in readings.values() for reason in _member_doubts(reading)]
    repeats = min(len(reading.values) for reading in readings.values())
    totals = [_total(index, test, criterion, {p: r.values[n] for p, r in readings.items()}) for n in range(repeats)]
    disqualifying = tuple(reason for reading in readings.values() for reason in reading.disqualifying)
    link = None if name == "total" else index.record.spec.link or index.record.inventory.node(name).link
    return decide(criterion, name, Samples(tuple(totals), tuple(unusable), disqualifying), limit_for(criterion, link))


def _member_doubts(reading: Samples) -> tuple[Reason, ...]:
    return (reading.unreachable,) if reading.unreachable is not None else reading.unusable


def _total(index: TrialIndex, test: Test, criterion: Criterion, values: dict[Pair, float]) -> float:
    if criterion.metric.unit is Count:
        return math.fsum(values.values())
    at_once: dict[str, float] = defaultdict(float)
    for pair, value in values.items():
        first = index.measured(test.name, pair)[0]
        at_once[index.origin(first.round or "")] += value
    worst = min if criterion.metric.better is Better.HIGHER else max
    return worst(at_once.values())


def _worst_first(criterion: Criterion, member: PairValue) -> tuple[int, float, str]:
    order = (PairState.BREAKS, PairState.UNDECIDED, PairState.HOLDS).index(member.standing)
    return order, -_badness(criterion, member), str(member.subject)


def _badness(criterion: Criterion, member: PairValue) -> float:
    """How far on the bad side: relative to the pair's own limit where that is a share of its link."""
    if member.value is None:
        return math.inf
    scale = member.limit.si if isinstance(criterion.limit, LinkShare) and member.limit else 1.0
    level = member.value.si / scale
    return -level if criterion.relation is Relation.AT_LEAST else level


def _achieved(criterion: Criterion, members: Sequence[PairValue]) -> Quantity | None:
    """The limit that the asked share of the members would just have met; None if too few have a value."""
    ends = [m.low if criterion.relation is Relation.AT_LEAST else m.high for m in members]
    known = [end.si for end in ends if end is not None]
    needed = max(1, math.ceil(criterion.share.si * len(members) - _ROUNDING))
    if needed > len(known):
        return None
    ordered = sorted(known, reverse=criterion.relation is Relation.AT_LEAST)
    return criterion.metric.unit(ordered[needed - 1])


def _coverage(index: TrialIndex, tests: dict[str, tuple[Pair, ...]], planned: int) -> Coverage:
    measured = {
        pair
        for test, pairs in tests.items()
        for pair in pairs
        if any(outcome(trial) is Outcome.MEASURED for trial in index.attempts(test, pair))
    }
    nodes = [node.name for node in index.record.inventory.nodes]
    covered = {slot.node for pair in measured for slot in pair}
    return Coverage(
        pairs=planned,
        measured=len(measured),
        nodes=len(nodes),
        nodes_covered=len(covered),
        uncovered=tuple(name for name in nodes if name not in covered),
    )
