"""A policer: what exceeds a rate is dropped at once, and no queue grows before that."""

from __future__ import annotations

from clearway.base.units import Rate, Ratio
from clearway.diagnose.causes.case import Case, common_rate, rates, typical
from clearway.diagnose.causes.full_queue import queued
from clearway.diagnose.causes.road_drops import dropped
from clearway.probe.datagrams import loss
from clearway.probe.measurement import Udp
from clearway.probe.readings import measured
from clearway.probe.records import Reason, Trial
from clearway.verdict.suspect import PlaceKind

_LESS = 0.9
"""Of what is carried elsewhere."""
_LOSES, _WHOLE = 0.01, 0.001
"""Loss of datagrams above the limit, and below it."""


def policer(case: Case) -> Reason | None:
    """Of TCP, or of datagrams: much is lost at one rate, and nothing at a lower one."""
    return _of_tcp(case) or _of_udp(case)


def _of_tcp(case: Case) -> Reason | None:
    share, rate, usual = dropped(case), typical(rates(case.through)), typical(rates(case.elsewhere))
    if queued(case) is not None or not _alike(case):
        return None
    if share is None or rate is None or usual is None or rate >= _LESS * usual:
        return None
    return Reason("cause.policer", {"rate": Rate(rate), "share": Ratio(share.here)})


def _alike(case: Case) -> bool:
    """Whether all roads of the place carry the same, as far as there are several."""
    return case.place.kind is PlaceKind.LINK or common_rate(case.through) is not None


def _of_udp(case: Case) -> Reason | None:
    seen = [(rate, lost) for trial in case.through for rate, lost in ((_arrived(trial), _lost(trial)),)]
    over = [(rate, lost) for rate, lost in seen if rate and lost is not None and lost >= _LOSES]
    under = [rate for rate, lost in seen if rate and lost is not None and lost <= _WHOLE]
    rate, share = typical([rate for rate, _ in over]), typical([lost for _, lost in over])
    if rate is None or share is None or not under or max(under) > rate:
        return None
    return Reason("cause.policer", {"rate": Rate(rate), "share": Ratio(share)})


def _arrived(trial: Trial) -> float | None:
    """Payload, bit/s."""
    receiver = measured(trial.serve, Udp)
    if receiver is None or not receiver.series or receiver.interval is None:
        return None
    return 8 * sum(size.si for size in receiver.series) / (receiver.interval.si * len(receiver.series))


def _lost(trial: Trial) -> float | None:
    found = loss(trial)
    return None if found is None else found.statistic("total")
