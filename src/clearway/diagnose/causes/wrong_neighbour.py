"""Packets for the partner go to a hardware address that is not its own, or the question for it has no answer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from clearway.diagnose.causes.case import Case
from clearway.ledger.record import Record
from clearway.probe.measurement import UNANSWERED
from clearway.probe.records import Reason, Slot, Trial


@dataclass(frozen=True, slots=True)
class _Neighbour:
    """What one worker's kernel had for its partner."""

    node: str
    partner: Slot
    hardware: str


def wrong_neighbour(case: Case) -> Reason | None:
    """Nothing where no entry is right, or where several partners have the same: a router may answer for them."""
    own, known = _own(case.record), list(_neighbours(case.record.trials))
    wrong = [one for one in known if own.get(one.partner) and one.hardware not in (UNANSWERED, *own[one.partner])]
    if len(wrong) == len(known):
        return None
    for one in (one for one in _neighbours(case.attempts) if one in wrong):
        if all(other.partner == one.partner for other in wrong if other.hardware == one.hardware):
            values = {"node": one.node, "other": one.partner.node, "found": one.hardware, "own": own[one.partner][0]}
            return Reason("cause.wrong-neighbour", values)
    return None


def silent_neighbour(case: Case) -> Reason | None:
    for one in _neighbours(case.attempts):
        if one.hardware == UNANSWERED:
            return Reason("cause.silent-neighbour", {"node": one.node, "other": one.partner.node})
    return None


def _own(record: Record) -> dict[Slot, list[str]]:
    """What workers said of themselves."""
    found: dict[Slot, list[str]] = {}
    for worker in record.workers:
        if (own := worker.facts.get("hardware-address")) is not None:
            found.setdefault(worker.slot, []).append(own)
    return found


def _neighbours(trials: Sequence[Trial]) -> Iterator[_Neighbour]:
    for trial in trials:
        ends = (
            (trial.send, trial.probe.client, trial.probe.server),
            (trial.serve, trial.probe.server, trial.probe.client),
        )
        for half, here, partner in ends:
            if half is not None and half.counters is not None and half.counters.neighbour is not None:
                yield _Neighbour(here.node, partner, half.counters.neighbour)
