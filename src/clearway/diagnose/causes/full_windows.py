"""TCP waits for room most of the time: in the receiver's window, or in the sender's own buffer."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from clearway.base.units import Duration, Ratio
from clearway.diagnose.causes.case import Case, sockets, typical
from clearway.probe.measurement import TcpSockets
from clearway.probe.records import Reason, Trial

_MOST, _LITTLE = 0.5, 0.2
"""Shares of the time that TCP had data to send: at the place, and elsewhere."""


def receive_window(case: Case) -> Reason | None:
    return _waiting(case, "cause.receive-window", lambda one: one.receiver_limited)


def send_buffer(case: Case) -> Reason | None:
    return _waiting(case, "cause.send-buffer", lambda one: one.buffer_limited)


def _waiting(case: Case, code: str, part: Callable[[TcpSockets], Duration]) -> Reason | None:
    """Not where several flows carry far more than one: then one flow is too few."""
    share, usual = waited(case.through, part), waited(case.elsewhere, part)
    if "flows.single" in case.flows or share is None or share < _MOST or (usual or 0.0) > _LITTLE:
        return None
    round_trip = typical([one.round_trip.si for one in sockets(case.through)]) or 0.0
    values = {"share": Ratio(share), "elsewhere": usual and Ratio(usual), "round_trip": Duration(round_trip)}
    return Reason(code, values)


def waited(trials: Sequence[Trial], part: Callable[[TcpSockets], Duration]) -> float | None:
    """The median share of the time with data to send; None: it is not known."""
    return typical([part(one).over(one.busy) for one in sockets(trials) if one.busy.si > 0])
