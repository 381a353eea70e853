"""Packets are dropped on the way: TCP sends much more of its segments again than elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from clearway.base.units import Ratio
from clearway.diagnose.causes.case import Case, common_rate, typical
from clearway.probe.records import Reason, Trial
from clearway.verdict.attempt import sent_again

_MUCH = 0.002
"""Share of the segments that is worth a word: losses as rare as that halve what TCP carries over a few milliseconds."""
_TIMES = 5.0
"""Of what is sent again elsewhere: all links drop some when flows begin."""


class SentAgain(NamedTuple):
    """The median share of the segments, of the attempts through the place and of the others."""

    here: float
    elsewhere: float


def road_drops(case: Case) -> Reason | None:
    """With the rate of its pairs where that is nearly the same: a limit drops what goes beyond it."""
    if (found := dropped(case)) is None:
        return None
    values = {"share": Ratio(found.here), "elsewhere": Ratio(found.elsewhere), "rate": common_rate(case.through)}
    return Reason("cause.road-drops", values)


def dropped(case: Case) -> SentAgain | None:
    """What TCP sends again, if it is much and much more than elsewhere."""
    share, usual = _share(case.through), _share(case.elsewhere)
    if share is None or usual is None or share < _MUCH or share < _TIMES * usual:
        return None
    return SentAgain(share, usual)


def _share(trials: Sequence[Trial]) -> float | None:
    found = (sent_again(trial) for trial in trials)
    return typical([share.si for again in found if again is not None for _, share in (again,)])
