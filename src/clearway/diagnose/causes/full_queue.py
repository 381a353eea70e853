"""A queue grows before a slower link or a shaper: round trips under load take far longer than elsewhere."""

from __future__ import annotations

from typing import NamedTuple

from clearway.base.units import Duration, Rate
from clearway.diagnose.causes.case import Case, rates, sockets, typical
from clearway.probe.records import Reason

_TIMES = 4.0
"""Of the round trip elsewhere, which is that of a full road too."""
_LESS = 0.9
"""Of what is carried elsewhere."""


class Queued(NamedTuple):
    """Median round trips of bulk TCP, seconds."""

    here: float
    elsewhere: float


def full_queue(case: Case) -> Reason | None:
    found, rate, usual = queued(case), typical(rates(case.through)), typical(rates(case.elsewhere))
    if found is None or rate is None or usual is None or rate >= _LESS * usual:
        return None
    trips = {"round_trip": Duration(found.here), "elsewhere": Duration(found.elsewhere)}
    return Reason("cause.full-queue", {"rate": Rate(rate), **trips})


def queued(case: Case) -> Queued | None:
    """Round trips under load, if they show a longer queue than the other roads have."""
    here = typical([one.round_trip.si for one in sockets(case.through)])
    elsewhere = typical([one.round_trip.si for one in sockets(case.elsewhere)])
    if here is None or elsewhere is None or here < _TIMES * elsewhere:
        return None
    return Queued(here, elsewhere)
