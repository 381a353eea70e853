"""New connections are lost, while those that exist carry data."""

from __future__ import annotations

from clearway.base.units import Ratio
from clearway.diagnose.causes.case import Case
from clearway.probe.records import Outcome, Reason, Trial
from clearway.verdict.attempt import outcome, sent_again

_OFTEN, _SELDOM = 0.5, 0.1
"""Share of the attempts that had to ask again for a connection, at the place and elsewhere."""
_LOSSY = 0.02
"""Share of the segments that were sent again: where so much is lost, first packets are lost like all others."""
_UNANSWERED = frozenset(("worker.unanswered", "worker.connect-late"))


def lost_connections(case: Case) -> Reason | None:
    known = [trial for trial in case.attempts if trial.send is not None]
    asked = sum(map(_asked_again, known))
    usual = sum(map(_asked_again, case.elsewhere))
    some = any(outcome(trial) is Outcome.MEASURED for trial in known)
    if not some or asked < _OFTEN * len(known) or usual > _SELDOM * len(case.elsewhere) or _is_lossy(case):
        return None
    return Reason("cause.lost-connections", {"share": Ratio(asked / len(known))})


def _asked_again(trial: Trial) -> bool:
    send = trial.send
    if send is None:
        return False
    risen = (send.counters.network or {}) if send.counters is not None else {}
    return "tcp.syn-retransmits" in risen or (send.reason is not None and send.reason.code in _UNANSWERED)


def _is_lossy(case: Case) -> bool:
    shares = [again[1].si for trial in case.through if (again := sent_again(trial)) is not None]
    return any(share >= _LOSSY for share in shares)
