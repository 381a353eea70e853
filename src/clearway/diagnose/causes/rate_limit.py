"""A rate that is not exceeded: by each pair alone, or by all pairs that share the place."""

from __future__ import annotations

from collections import defaultdict

from clearway.base.units import Rate
from clearway.diagnose.causes.case import Case, common_rate, rates, typical
from clearway.diagnose.causes.road_drops import road_drops
from clearway.probe.records import Reason, Trial
from clearway.verdict.suspect import Confirmation

_LESS = 0.9
"""Of what is carried elsewhere: roads that are alike differ by less."""


def rate_limit(case: Case) -> Reason | None:
    """Each pair carries nearly the same, less than elsewhere, and nothing is dropped for it."""
    rate, usual = common_rate(case.through), typical(rates(case.elsewhere))
    if rate is None or usual is None or rate.si >= _LESS * usual or road_drops(case) is not None:
        return None
    return Reason("cause.rate-limit", {"rate": rate})


def shared_limit(case: Case) -> Reason | None:
    """Sound alone and slow together: what all pairs of a round carry is the limit."""
    if case.standing is not Confirmation.TOGETHER:
        return None
    by_round: dict[str, list[Trial]] = defaultdict(list)
    for trial in case.through:
        by_round[trial.round or ""].append(trial)
    crowded = [sum(rates(trials)) for trials in by_round.values() if len(trials) > 1]
    carried = typical([total for total in crowded if total])
    return None if carried is None else Reason("cause.shared-limit", {"rate": Rate(carried)})
