"""Suspects measured again before they are accused: which roads show them, and what these showed.

First alone: one road through each suspect, with nothing beside it. Where that is sound, once more together with the
pairs of its planned round, because what pairs share, such as an uplink, is slow only while they all send.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from clearway.base.units import Rate
from clearway.diagnose.comparisons import COMPARISONS, Comparison
from clearway.diagnose.figures import PairFigures, figures_by_test
from clearway.diagnose.places import road_of, surroundings_of
from clearway.diagnose.suspects import candidates
from clearway.ledger.record import Record
from clearway.probe.metrics import THROUGHPUT
from clearway.probe.records import Pair, Probe, Role, Round, Trial
from clearway.verdict.evidence import value_of_all
from clearway.verdict.suspect import PlaceSign, Retest, Suspect
from clearway.verdict.trials import TrialIndex


def alone(record: Record, found: Sequence[Suspect]) -> tuple[Probe, ...]:
    """For each suspect that was not measured again yet, its worst road that goes through no other suspect.

    All of one test, the first that shows the strongest suspect, and no node is in two of them. Each comes with its own
    background traffic.
    """
    wanted = [one for one in found if not one.retests]
    test = wanted[0].signs[0].test if wanted else ""
    places, surroundings = {one.place for one in found}, record.derived(surroundings_of)
    by_id = {probe.id: probe for round_ in record.plan for probe in round_.probes if probe.test == test}
    chosen: list[Probe] = []
    used: set[str] = set()
    for suspect in wanted:
        for probe in _worst_first(record, suspect, test, by_id.values()):
            nodes = road_of(probe.pair)
            if used.isdisjoint(nodes) and places.intersection(surroundings.places_on(nodes)) == {suspect.place}:
                chosen += [replace(probe, role=Role.RETEST), *_background(probe, by_id)]
                used.update(nodes)
                break
    return tuple(chosen)


def _worst_first(record: Record, suspect: Suspect, test: str, probes: Iterable[Probe]) -> list[Probe]:
    """Those of pairs that have a value or are proven dead: a worker that was lost measures nothing again."""
    sign = next((one for one in suspect.signs if one.test == test), None)
    if sign is None:
        return []
    index, comparison = record.derived(TrialIndex), _comparison(sign)
    name, figures = comparison.figure.name, record.derived(figures_by_test)[test]
    levels = {pair: -math.inf for pair in index.pairs(test) if index.evidence(index.attempts[test, pair]).breaking}
    for one in figures:
        if name in one.values:
            levels[one.pair] = comparison.level(one.values[name].si, sign.elsewhere.si)
    measured = [probe for probe in probes if probe.role in (Role.JUDGED, Role.REPORTED) and probe.pair in levels]
    return sorted(measured, key=lambda probe: levels[probe.pair])


def together(record: Record, found: Sequence[Suspect]) -> Round | None:
    """The planned round of a suspect that was sound alone, where there is one: what it shares may be slow."""
    for suspect in (one for one in found if one.is_sound_alone):
        first = suspect.retests[0].sender, suspect.retests[0].receiver
        for round_ in record.plan:
            if any(probe.test == suspect.signs[0].test and road_of(probe.pair) == first for probe in round_.probes):
                return replace(round_, probes=tuple(_once_more(record, found, probe) for probe in round_.probes))
    return None


def retested(record: Record) -> tuple[Suspect, ...]:
    """All candidates of a run with what the rounds that measured them again show, the strongest first."""
    return tuple(replace(one, retests=tuple(_shown(record, one))) for one in candidates(record))


def suspects(record: Record) -> tuple[Suspect, ...]:
    """Those that more than one measurement shows: one alone may have met what is over a moment later."""
    return tuple(one for one in record.derived(retested) if one.measurements > 1 or one.is_confirmed)


def _shown(record: Record, suspect: Suspect) -> Iterator[Retest]:
    surroundings = record.derived(surroundings_of)
    alone = {round_.id for round_ in record.rounds if {p.pair for p in round_.probes} == _retested_pairs(round_)}
    for trial in (one for one in record.trials if one.probe.role is Role.RETEST):
        sign = next((sign for sign in suspect.signs if sign.test == trial.probe.test), None)
        if sign is not None and suspect.place in surroundings.places_on(road_of(trial.probe.pair)):
            yield _retest(record, trial, sign, alone=trial.round in alone)


def _retest(record: Record, trial: Trial, sign: PlaceSign, *, alone: bool) -> Retest:
    index, comparison = record.derived(TrialIndex), _comparison(sign)
    sender, receiver = road_of(trial.probe.pair)
    found = Retest(sender=sender, receiver=receiver, alone=alone)
    if (value := _value(index, trial, comparison)) is None:
        return found
    before = _before(record.derived(figures_by_test)[sign.test], trial.probe.pair, comparison)
    bad, good, again = (
        comparison.level(one, sign.elsewhere.si)
        for one in (sign.value.si if before is None else before, sign.elsewhere.si, value)
    )
    return replace(found, value=comparison.figure.metric.unit(value), bad_again=again < (bad + good) / 2)


def _value(index: TrialIndex, trial: Trial, comparison: Comparison) -> float | None:
    """What it showed; a road that is proven dead carries nothing."""
    if comparison.figure.metric is THROUGHPUT and index.evidence([trial]).breaking:
        return Rate(0).si
    if not index.counts(trial):
        return None
    return value_of_all(comparison.figure.metric, comparison.figure.statistic, [trial])


def _before(figures: Iterable[PairFigures], pair: Pair, comparison: Comparison) -> float | None:
    found = next((one.values.get(comparison.figure.name) for one in figures if one.pair == pair), None)
    return None if found is None else found.si


def _comparison(sign: PlaceSign) -> Comparison:
    return next(
        one for one in COMPARISONS if (one.figure.metric.name, one.figure.statistic) == (sign.metric, sign.statistic)
    )


def _once_more(record: Record, found: Iterable[Suspect], probe: Probe) -> Probe:
    """In company: what goes through a suspect is looked at, all else only sends as it did before."""
    on_the_way = set(record.derived(surroundings_of).places_on(road_of(probe.pair)))
    looked_at = probe.role is not Role.BACKGROUND and any(one.place in on_the_way for one in found)
    return replace(probe, role=Role.RETEST if looked_at else Role.BACKGROUND)


def _background(probe: Probe, by_id: Mapping[str, Probe]) -> tuple[Probe, ...]:
    return () if probe.background is None else (by_id[probe.background],)


def _retested_pairs(round_: Round) -> set[Pair]:
    return {probe.pair for probe in round_.probes if probe.role is Role.RETEST}
