"""The verdict on a run: criteria count pairs, tests combine criteria, the run combines tests.

With share s of N planned pairs: PASS if holds / N >= s; FAIL if (holds + undecided) / N < s; else
INCONCLUSIVE. What was not measured stays in N, undecided: nothing measured is never PASS.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

from clearway.base.units import Quantity, Ratio
from clearway.ledger.record import Record
from clearway.probe.records import Outcome, Pair, Reason, Role
from clearway.spec.criteria import Criterion, LinkShare, Relation
from clearway.spec.model import Test
from clearway.verdict.attempt import outcome
from clearway.verdict.model import Coverage, CriterionVerdict, PairState, PairValue, RunVerdict, State, TestVerdict
from clearway.verdict.pair import CriterionContext, judge_members
from clearway.verdict.scope import scope_of
from clearway.verdict.thresholds import ROUNDING
from clearway.verdict.trials import TrialIndex

_WORST_FIRST = (PairState.BREAKS, PairState.UNDECIDED, PairState.HOLDS)


def judge(record: Record) -> RunVerdict:
    """The verdict on a run, from its spec, plan and ledger alone; same record, same verdict."""
    index = record.derived(TrialIndex)
    tests = tuple(_judge_test(index, test) for test in record.spec.tests)
    pairs = {test.name: index.pairs(test.name) for test in record.spec.tests}
    return RunVerdict(
        name=record.spec.name,
        state=fold(test.state for test in tests),
        coverage=_coverage(index, pairs),
        scope=scope_of(index, tuple(pairs)),
        tests=tests,
    )


def fold(states: Iterable[State]) -> State:
    """Any FAIL is FAIL, else any INCONCLUSIVE is INCONCLUSIVE; no state at all is INCONCLUSIVE."""
    found = set(states)
    for state in (State.FAIL, State.INCONCLUSIVE, State.PASS, State.MEASURED):
        if state in found:
            return state
    return State.INCONCLUSIVE


def state_of(holds: int, undecided: int, total: int, share: float) -> State:
    """The rule for one criterion. Without pairs it is INCONCLUSIVE."""
    needed = share * total - ROUNDING
    if total == 0:
        return State.INCONCLUSIVE
    if holds >= needed:
        return State.PASS
    return State.FAIL if holds + undecided < needed else State.INCONCLUSIVE


def _judge_test(index: TrialIndex, test: Test) -> TestVerdict:
    coverage = _coverage(index, {test.name: index.pairs(test.name)})
    scope = scope_of(index, (test.name,))
    criteria = judge_criteria(index, test)
    if not criteria:
        state, reasons = _without_criteria(index, test, coverage)
        return TestVerdict(name=test.name, state=state, coverage=coverage, scope=scope, reasons=reasons)
    state = fold(one.state for one in criteria)
    return TestVerdict(name=test.name, state=state, coverage=coverage, scope=scope, criteria=criteria)


def _without_criteria(index: TrialIndex, test: Test, coverage: Coverage) -> tuple[State, tuple[Reason, ...]]:
    if coverage.pairs == 0:
        # All pairs may cross zones: those are measured, and judged only where the spec asks.
        reported = len(index.pairs(test.name, Role.REPORTED))
        why = Reason("verdict.none-judged", {"pairs": reported}) if reported else Reason("verdict.no-pairs")
        return State.INCONCLUSIVE, (why,)
    if missing := coverage.pairs - coverage.measured:
        return State.INCONCLUSIVE, (Reason("verdict.pairs-missing", {"count": missing, "pairs": coverage.pairs}),)
    return State.MEASURED, ()


def judge_criteria(index: TrialIndex, test: Test) -> tuple[CriterionVerdict, ...]:
    """Of one test, in the spec's order; none of a test without pairs that are judged."""
    pairs = index.pairs(test.name)
    return tuple(_judge_criterion(CriterionContext(index, test, one), pairs) for one in test.accept if pairs)


def _judge_criterion(context: CriterionContext, pairs: Sequence[Pair]) -> CriterionVerdict:
    criterion = context.criterion
    members = judge_members(context, pairs)
    holds = sum(member.standing is PairState.HOLDS for member in members)
    undecided = sum(member.standing is PairState.UNDECIDED for member in members)
    worst_first = sorted(
        members, key=lambda one: (_WORST_FIRST.index(one.standing), -_badness(criterion, one), str(one.subject))
    )
    return CriterionVerdict(
        criterion=criterion,
        state=state_of(holds, undecided, len(members), criterion.share.si),
        pairs=tuple(worst_first),
        achieved=reached(criterion, [member.value for member in members]),
        share=Ratio(holds / len(members)),
    )


def _badness(criterion: Criterion, member: PairValue) -> float:
    """How far a value is on the bad side, relative to the pair's own limit where that is a share of its link."""
    if member.value is None:
        return math.inf
    scale = member.limit.si if isinstance(criterion.limit, LinkShare) and member.limit else 1.0
    level = member.value.si / scale
    return -level if criterion.relation is Relation.AT_LEAST else level


def reached(criterion: Criterion, values: Sequence[Quantity | None]) -> Quantity | None:
    """What the asked share of the members reached, by a value of each; None if too few have one."""
    known = [value.si for value in values if value is not None]
    needed = max(1, math.ceil(criterion.share.si * len(values) - ROUNDING))
    if needed > len(known):
        return None
    ordered = sorted(known, reverse=criterion.relation is Relation.AT_LEAST)
    return criterion.metric.unit(ordered[needed - 1])


def _coverage(index: TrialIndex, tests: Mapping[str, tuple[Pair, ...]]) -> Coverage:
    """A pair is measured if every test that has it measured it."""
    planned = {pair for pairs in tests.values() for pair in pairs}
    missing = {
        pair
        for test, pairs in tests.items()
        for pair in pairs
        if not any(outcome(trial) is Outcome.MEASURED for trial in index.attempts[test, pair])
    }
    measured = planned - missing
    nodes = [node.name for node in index.record.inventory.nodes]
    covered = {slot.node for pair in measured for slot in pair}
    return Coverage(
        pairs=len(planned),
        measured=len(measured),
        nodes=len(nodes),
        nodes_covered=len(covered),
        uncovered=tuple(name for name in nodes if name not in covered),
    )
