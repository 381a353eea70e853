"""What comes next: the one place that decides whether, and why, there is another round. Pure.

Planned rounds first, in their order; then probes without a value again, a bounded number of times; then the next
steps of searches, and pairs that are undecided with the limit inside their interval, up to the test's budget; last,
places that are suspected to be at fault, to confirm them. What the road did to an attempt is never retried away: an
attempt with a value has had its turn, and so has one that proves the road bad. A round is run again as a whole, so
that every pair has the conditions of its first value: in a retry the probes that were fine take part as background,
in a repeat all of them add a value.

Where nodes are broken on purpose, all rounds that need the nodes in one state, retries and repeats included, come
before the next state: nodes are not broken a second time for a retry.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from itertools import groupby

from clearway.diagnose.retests import alone, retested, together
from clearway.ledger.record import Record
from clearway.pairing.table import PAIRINGS
from clearway.probe.observations import HAND_OUT_LATE
from clearway.probe.records import Pair, Probe, Role, Round, RoundReason, Trial
from clearway.spec.model import Test
from clearway.verdict.judge import judge_criteria, state_of
from clearway.verdict.model import CriterionVerdict, PairState, State
from clearway.verdict.pair import TOTAL
from clearway.verdict.search import RateSearch
from clearway.verdict.trials import TrialIndex


def next_round(record: Record) -> Round | None:
    """The next round of this run, or None when it is over. Depends on the record alone."""
    # Neighbours that need the nodes in the same state come together.
    for _, phase in groupby(record.spec.tests, lambda test: test.when):
        tests = {test.name for test in phase}
        for candidates in (_planned(record), _retries(record), _searches(record), _repeats(record)):
            if (found := next((round_ for round_ in candidates if round_.test in tests), None)) is not None:
                return found
    return _retest(record)


def _retest(record: Record) -> Round | None:
    """The round that measures suspects again: alone, then those that were sound alone with their company.

    Where all were bad alone, the second round is for suspects that share a node with one of the first.

    None where nodes are broken on purpose: by then they are no longer what they were.
    """
    made = sum(round_.why is RoundReason.RETEST for round_ in record.rounds)
    if made >= _RETESTS or record.spec.chaos is not None or not (found := record.derived(retested)):
        return None
    if made and (again := together(record, found)) is not None:
        return _retest_of(again, again.probes, made)
    probes = alone(record, found)
    origin = next((round_ for round_ in record.plan if probes and probes[0].id in {p.id for p in round_.probes}), None)
    return None if origin is None else _retest_of(origin, probes, made)


def _retest_of(origin: Round, probes: tuple[Probe, ...], made: int) -> Round:
    return Round(f"{origin.id}.retest-{made + 1}", origin.test, probes, RoundReason.RETEST, origin.id)


_RETESTS = 2
"""Rounds that a run with suspects takes longer at most."""


def _planned(record: Record) -> Iterator[Round]:
    done = {round_.id for round_ in record.rounds}
    return (round_ for round_ in record.plan if round_.id not in done)


def _retries(record: Record) -> Iterator[Round]:
    index = record.derived(TrialIndex)
    trials: defaultdict[str, list[Trial]] = defaultdict(list)
    for trial in record.trials:
        trials[trial.probe.id].append(trial)
    for origin in (round_ for round_ in record.rounds if round_.why not in (RoundReason.RETRY, RoundReason.RETEST)):
        void = {probe.id for probe in origin.probes if _is_due(index, trials[probe.id])}
        if void:
            yield _retry(record, origin, void)


def _is_due(index: TrialIndex, trials: list[Trial]) -> bool:
    """Whether no attempt at the probe gave a value that can be judged or a proof, and the budget allows another.

    An attempt that ended with its controller has no result and is not counted. Nor are those that an outage of the API
    server made late, up to the budget once more: it may stay away.
    """
    wanted = [trial for trial in trials if trial.probe.role not in (Role.BACKGROUND, Role.EXPOSED)]
    made = [t for t in trials if t.probe.role is not Role.BACKGROUND and t.halves]
    late = index.record.derived(_handed_out_late)
    spared = sum(trial.round in late for trial in made)
    settled = any(map(index.counts, wanted)) or index.evidence(wanted).breaking
    may_help = bool(wanted) and not any(map(index.disturbances.is_over, wanted))
    budget = index.record.spec.attempts
    return may_help and not settled and len(made) - min(spared, budget) < budget


def _handed_out_late(record: Record) -> frozenset[str]:
    return frozenset(seen.subject for seen in record.observed(HAND_OUT_LATE))


def _retry(record: Record, origin: Round, void: set[str]) -> Round:
    probes = tuple(p if p.id in void else replace(p, role=Role.BACKGROUND) for p in origin.probes)
    number = 1 + sum(
        round_.why is RoundReason.RETRY and round_.id.startswith(f"{origin.id}.") for round_ in record.rounds
    )
    return Round(f"{origin.id}.retry-{number}", origin.test, probes, RoundReason.RETRY, origin.origin or origin.id)


def _searches(record: Record) -> Iterator[Round]:
    """The next step of all pairs of a planned round whose search is not over, each at a rate of its own."""
    index, tests = record.derived(TrialIndex), {test.name: test for test in record.spec.tests if test.search}
    for origin in (round_ for round_ in record.plan if round_.test in tests and not _repeat_of(round_)):
        test, judged = tests[origin.test], (probe for probe in origin.probes if probe.role is Role.JUDGED)
        assert test.search is not None
        searches = [RateSearch(index, test, test.search, probe) for probe in judged]
        probes = tuple(probe for one in searches if (probe := one.next_probe) is not None)
        if probes:
            made = sum(one.why is RoundReason.SEARCH and one.origin == origin.id for one in record.rounds)
            yield Round(f"{origin.id}.search-{made + 1}", origin.test, probes, RoundReason.SEARCH, origin.id)


def _repeats(record: Record) -> Iterator[Round]:
    index = record.derived(TrialIndex)
    for test in (test for test in record.spec.tests if test.search is None):
        straddling = {pair for criterion in judge_criteria(index, test) for pair in _straddling(criterion)}
        if not straddling:
            continue
        origins = (origin for origin in record.plan if origin.test == test.name)
        found = [round_ for origin in origins if (round_ := _repeat(record, test, origin, straddling))]
        # What was repeated least comes first: pairs idle and under load take turns.
        yield from sorted(found, key=_repeat_of)


def _straddling(judged: CriterionVerdict) -> Iterator[Pair | str]:
    """Pairs (or groups) with the limit inside their interval, where to decide them can decide the criterion."""
    doubtful = [pair.subject for pair in judged.pairs if "verdict.straddles" in {one.code for one in pair.reasons}]
    if judged.state is State.INCONCLUSIVE and _may_decide(judged, len(doubtful)):
        yield from doubtful


def _may_decide(judged: CriterionVerdict, doubtful: int) -> bool:
    """Whether the criterion would be decided if all of these pairs held, or if all broke."""
    holds, undecided = judged.count(PairState.HOLDS), judged.count(PairState.UNDECIDED)
    others, pairs, share = undecided - doubtful, len(judged.pairs), judged.criterion.share.si
    ends = {state_of(holds + more, others, pairs, share) for more in (0, doubtful)}
    return ends != {State.INCONCLUSIVE}


def _repeat(record: Record, test: Test, origin: Round, straddling: set[Pair | str]) -> Round | None:
    """The next repeat of a planned round, if one of its pairs needs it and the budget allows."""
    if any(probe.repeat for probe in origin.probes) or not _concerns(test, origin, straddling):
        return None
    first = {(probe.pair, probe.role is Role.IDLE) for probe in origin.probes}
    made = {
        probe.repeat
        for round_ in (*record.plan, *record.rounds)
        if round_.why is not RoundReason.RETRY
        for probe in round_.probes
        if probe.test == test.name and (probe.pair, probe.role is Role.IDLE) in first
    }
    repeat = max(made) + 1
    if repeat >= test.repeats.max:
        return None
    probes = tuple(_again(probe, repeat) for probe in origin.probes)
    return Round(f"{origin.id}.repeat-{repeat}", origin.test, probes, RoundReason.REPEAT, origin.id)


def _repeat_of(round_: Round) -> int:
    return round_.probes[0].repeat


def _concerns(test: Test, origin: Round, straddling: set[Pair | str]) -> bool:
    pairs = {probe.pair for probe in origin.probes if probe.role in (Role.JUDGED, Role.IDLE)}
    if pairs & straddling:
        return True
    groups = {subject for subject in straddling if isinstance(subject, str)}
    nodes = {PAIRINGS[test.pairing].node_of(pair) for pair in pairs}
    return TOTAL in groups or bool(nodes & groups)


def _again(probe: Probe, repeat: int) -> Probe:
    old, new = f"#{probe.repeat}", f"#{repeat}"
    background = probe.background.replace(old, new) if probe.background is not None else None
    return replace(probe, id=probe.id.replace(old, new), repeat=repeat, background=background)
