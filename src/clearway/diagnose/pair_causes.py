"""Likely causes of roads that break a criterion and go through no suspect: of few pairs there may be none."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

from clearway.diagnose.causes.table import causes_of_place
from clearway.diagnose.places import Road, road_of, surroundings_of
from clearway.ledger.record import Record
from clearway.probe.records import Finding, Severity
from clearway.verdict.model import PairState, RunVerdict
from clearway.verdict.suspect import Place, PlaceKind, Suspect

_ASKED = 5
"""Roads whose cause is looked for, in the order of the report: each takes a look at the whole run."""


def pair_findings(record: Record, verdict: RunVerdict, suspects: Iterable[Suspect]) -> Iterator[Finding]:
    """One for each such road that has a cause, the most direct one."""
    suspected, surroundings = {one.place for one in suspects}, record.derived(surroundings_of)
    left = (road for road in _broken(verdict) if suspected.isdisjoint(surroundings.places_on(road)))
    for road in islice(left, _ASKED):
        for cause in causes_of_place(record, Place(PlaceKind.LINK, road))[:1]:
            yield Finding(cause.code, Severity.WARNING, " -> ".join(road), cause.values)


def _broken(verdict: RunVerdict) -> dict[Road, None]:
    judged = (one for test in verdict.tests for one in test.criteria)
    pairs = (pair for one in judged for pair in one.pairs if pair.standing is PairState.BREAKS)
    return {road_of(pair.subject): None for pair in pairs if not isinstance(pair.subject, str)}
